"""Earth Explorer files that came from outside: orbits, masks, plans, reports, Sentinel-2 auxiliary files and GIPPs.

Source: Earth Explorer Ground Segment File Format Standard PE-TN-ESA-GS-0001. A header stands alone (`.HDR`) or at the
beginning of the file; the on-board memory configuration (AUX_OBMEMC) has no header, but elements of the same names.
"""

import json
from typing import Any

from pydantic import JsonValue

from refsys.chains.extraction_elements import OPEN_END, Elements
from refsys.chains.extraction_manifests import read_elements
from refsys.chains.extraction_sources import Source
from refsys.chains.units import ProductDraft
from refsys.model.attributes import Attributes
from refsys.model.errors import InputCorrupt
from refsys.model.names import EofName, S2PdiName, parse_name
from refsys.model.times import format_time

_TEXTS = {"version": "File_Version", "site": "System", "processor_version": "Creator_Version"}
_ORBITS = ("AUX_RESORB", "AUX_POEORB", "AUX_PREORB")
_HEADERS = (".HDR", ".EOF", ".xml", ".XML")


def earth_explorer_draft(source: Source) -> ProductDraft:
    """Return the draft of an Earth Explorer file, or of a folder with one: its times are its validity.

    Raises
    ------
    InputCorrupt
        If its name or file type is of another kind, or an element is absent or bad.
    """
    name = parse_name(source.name)
    if not isinstance(name, EofName | S2PdiName):
        raise InputCorrupt("file is no Earth Explorer file", where=source.where)
    path = header_path(source)
    if path is None:
        raise InputCorrupt("no Earth Explorer header is in it (.HDR, .EOF, .xml)", where=source.where)
    header = read_elements(source, path)
    file_type = header.text("File_Type")
    if file_type is not None and file_type != name.file_type:
        said = f"file type is {file_type!r} inside, {name.file_type!r} in its name"
        raise InputCorrupt(said, where=header.where)
    return ProductDraft(
        name=source.name,
        product_type=name.product_type,
        mission=name.mission,
        satellite=name.satellite,
        start=header.time("Validity_Start"),
        stop=header.end("Validity_Stop"),
        creation_time=header.time("Creation_Date" if header.text("Creation_Date") else "Creation_Time"),
        attributes=_attributes(header, name),
        figures=_figures(header, name),
    )


def header_path(source: Source) -> str | None:
    """Return the path of the file with the header: the source itself, or the first `.HDR`, `.EOF` or `.xml` on top."""
    for ending in _HEADERS:
        for path in source.paths():
            if "/" not in path and path.endswith(ending):
                return path
    return None


def mask_features(mask: Elements) -> list[dict[str, Any]]:
    """Return the GeoJSON features of a mask (`InputCorrupt` if its data block holds none).

    Examples
    --------
    >>> from pathlib import Path
    >>> from refsys.chains.safe_xml import parse_xml
    >>> mask_features(Elements(parse_xml(b'<a><Data_Block>{"features": []}</Data_Block></a>'), Path("mask")))
    []
    """
    try:
        features = json.loads(mask.needed("Data_Block"))["features"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputCorrupt(f"Data_Block holds no GeoJSON features: {error!r}", where=mask.where) from error
    if not isinstance(features, list):
        raise InputCorrupt("Data_Block holds no list of GeoJSON features", where=mask.where)
    return features


def _attributes(header: Elements, name: EofName | S2PdiName) -> Attributes:
    vector = _second_vector(header, name)
    pdi = name if isinstance(name, S2PdiName) else None
    return Attributes(
        absolute_orbit=vector[0] if vector else pdi and pdi.orbit,
        polarisation=header.text("Polarisation"),
        band=pdi and pdi.band,
        station=header.text("System"),
    )


def _second_vector(header: Elements, name: EofName | S2PdiName) -> tuple[int, str] | None:
    """Return orbit and time of the second state vector: the first may lie before the node that begins the orbit."""
    vectors = list(header.all("OSV")) if name.file_type in _ORBITS else []
    if len(vectors) < 2:
        return None
    orbit = header.as_integer("OSV/Absolute_Orbit", (vectors[1].findtext("{*}Absolute_Orbit") or "").strip())
    return orbit, format_time(header.as_time("OSV/UTC", (vectors[1].findtext("{*}UTC") or "").strip()))


def _figures(header: Elements, name: EofName | S2PdiName) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {key: text for key, path in _TEXTS.items() if (text := header.text(path))}
    if vector := _second_vector(header, name):
        found |= {"state_vectors": len(list(header.all("OSV"))), "orbit": vector[0], "first_azimuth_time": vector[1]}
    if name.file_type.startswith("MSK_"):
        text = header.text("Data_Block")
        found |= {"features": len(mask_features(header))} if text and text.startswith("{") else {}
    return found


__all__ = ["OPEN_END", "earth_explorer_draft", "header_path", "mask_features"]
