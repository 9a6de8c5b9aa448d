"""Products with an XFDU manifest: Sentinel-3 folders (SEN3) and Sentinel-1 auxiliary folders (SAFE).

Sources: CCSDS 661.0-B (XFDU), Sentinel SAFE control book, and the manifests of real products. Elements are found by
their local names, for the name spaces differ from issue to issue.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from lxml import etree
from pydantic import JsonValue

from refsys.chains.footprints import polygon_footprint
from refsys.chains.safe_xml import parse_xml
from refsys.chains.units import ProductDraft
from refsys.model.errors import InputCorrupt, InputMissing
from refsys.model.names import S1AuxName, S3ProductName, parse_name
from refsys.model.products import Quality
from refsys.model.times import parse_time

SEN3_MANIFEST = "xfdumanifest.xml"
SAFE_MANIFEST = "manifest.safe"
OPEN_END = datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)
"""Validity stop of what is valid until replaced."""

_SEN3_FIGURES = {
    "cycle": ("cycleNumber", int),
    "timeliness": ("timeliness", str),
    "baseline": ("baselineCollection", str),
    "online_quality_check": ("onlineQualityCheck", str),
    "degradation_flags": ("degradationFlags", str),
    "granule_number": ("granuleNumber", int),
    "granule_position": ("granulePosition", str),
    "dump_start": ("dumpStart", str),
}


_ACQUISITION = ("acquisitionPeriod/startTime", "acquisitionPeriod/stopTime")
_VALIDITY = ("generalProductInformation/validityStartTime", "generalProductInformation/validityStopTime")


def sen3_draft(folder: Path) -> ProductDraft:
    """Return the draft of a SEN3 folder, product or auxiliary file, whose listed files are all there and right."""
    name = parse_name(folder.name)
    if not isinstance(name, S3ProductName):
        raise InputCorrupt("folder is no Sentinel-3 product, by its name", where=folder)
    manifest = folder / SEN3_MANIFEST
    root = parse_xml(manifest)
    said = first_text(root, "productName")
    if said is not None and said.removesuffix(".SEN3") != folder.name.removesuffix(".SEN3"):
        raise InputCorrupt(f"product is {said!r} in its manifest, {folder.name!r} by its folder", where=manifest)
    check_listed_files(folder, root, manifest)
    start, stop = _VALIDITY if name.is_auxiliary else _ACQUISITION
    last = time_of(root, stop, manifest)
    return ProductDraft(
        name=folder.name,
        product_type=name.product_type,
        mission="S3",
        satellite=name.satellite,
        start=time_of(root, start, manifest),
        stop=OPEN_END if last.year == 9999 else last,
        creation_time=name.creation_time,
        footprint=footprint_of(root, manifest),
        quality=Quality.DEGRADED if first_text(root, "onlineQualityCheck") == "FAILED" else Quality.NOMINAL,
        figures=_sen3_figures(root),
    )


def aux_safe_draft(folder: Path) -> ProductDraft:
    """Return the draft of a Sentinel-1 auxiliary SAFE folder; without a stop it is valid until replaced.

    Times come from the manifest; where it holds none (AUX_TEC, AUX_TRO), from the name.
    """
    name = parse_name(folder.name)
    if not isinstance(name, S1AuxName):
        raise InputCorrupt("of .SAFE folders only auxiliary files of Sentinel-1 are accepted", where=folder)
    manifest = folder / SAFE_MANIFEST
    root = parse_xml(manifest)
    said = first_text(root, "auxProductType")
    if said is not None and said != name.product_type:
        raise InputCorrupt(f"type is {said!r} in its manifest, {name.product_type!r} by its folder", where=manifest)
    check_listed_files(folder, root, manifest)
    has_times = first_text(root, "validity") is not None
    figures = {"instrument_configuration": first_text(root, "instrumentConfigurationId")}
    return ProductDraft(
        name=folder.name,
        product_type=name.product_type,
        mission="S1",
        satellite=name.satellite,
        start=time_of(root, "validity", manifest) if has_times else name.start,
        stop=name.stop or OPEN_END,
        creation_time=time_of(root, "generation", manifest) if has_times else name.creation_time,
        figures={key: int(value) for key, value in figures.items() if value is not None},
    )


def first_text(root: etree._Element, local_path: str) -> str | None:
    """Return the text of the first element at a path of local names; None if there is none, or it is empty."""
    element = root.find(".//" + "/".join(f"{{*}}{name}" for name in local_path.split("/")))
    text = "" if element is None else (element.text or "").strip()
    return text or None


def time_of(root: etree._Element, local_path: str, where: Path) -> datetime:
    """Return the time in the first element at a path of local names (`InputCorrupt` if absent or no time)."""
    text = first_text(root, local_path)
    if text is None:
        raise InputCorrupt(f"no element {local_path}", where=where)
    try:
        return parse_time(text)
    except ValueError as error:
        raise InputCorrupt(f"{local_path} is {text!r}, no time", where=where) from error


@dataclass(frozen=True)
class ListedFile:
    """A file as a manifest lists it; what the manifest does not say is None."""

    path: str
    size_bytes: int | None
    md5: str | None


def listed_files(root: etree._Element, where: Path) -> Iterator[ListedFile]:
    """Yield the files that a manifest's data objects point to (`InputCorrupt` for a size that is no number)."""
    for stream in root.iterfind(".//{*}dataObject/{*}byteStream"):
        size = stream.get("size")
        if size is not None and not size.isdecimal():
            raise InputCorrupt(f"size of a listed file is {size!r}", where=where)
        checksum = next((e for e in stream.iterfind("{*}checksum") if e.get("checksumName") == "MD5"), None)
        md5 = None if checksum is None else (checksum.text or "").strip().lower()
        for location in stream.iterfind("{*}fileLocation"):
            yield ListedFile(location.get("href", ""), None if size is None else int(size), md5)


def check_listed_files(folder: Path, root: etree._Element, where: Path) -> None:
    """Compare every file that a manifest lists with what lies in the folder.

    Raises
    ------
    InputMissing
        If a listed file is absent.
    InputCorrupt
        If a listed path leads out of the folder, or a size or MD5 differs.
    """
    for listed in listed_files(root, where):
        parts = PurePosixPath(listed.path).parts
        path = folder.joinpath(*parts)
        if not parts or ".." in parts or "\0" in listed.path or not path.resolve().is_relative_to(folder.resolve()):
            raise InputCorrupt(f"manifest lists {listed.path!r}, outside the product", where=where)
        if not path.is_file():
            raise InputMissing("file is listed in the manifest and not there", where=path, hint="fetch it again")
        size_bytes = path.stat().st_size
        if listed.size_bytes is not None and size_bytes != listed.size_bytes:
            raise InputCorrupt(f"file has {size_bytes} bytes, the manifest says {listed.size_bytes}", where=path)
        if listed.md5 and _md5(path) != listed.md5:
            raise InputCorrupt("file has another MD5 than the manifest says", where=path, hint="fetch it again")


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def footprint_of(root: etree._Element, where: Path) -> dict[str, Any] | None:
    """Return the footprint of a manifest as GeoJSON, cut at the antimeridian and made valid; None if it has none.

    Raises
    ------
    InputCorrupt
        If positions are no pairs of numbers on the globe.
    """
    text = first_text(root, "posList") or first_text(root, "footPrint/coordinates")
    if text is None:
        return None
    try:
        values = [float(value) for value in text.replace(",", " ").split()]
        positions = list(zip(values[1::2], values[::2], strict=True))
    except ValueError as error:
        raise InputCorrupt(f"posList holds no pairs of latitude and longitude: {error}", where=where) from error
    try:
        return polygon_footprint(positions)
    except InputCorrupt as error:
        raise InputCorrupt(f"posList is no polygon: {error.message}", where=where) from error


def _sen3_figures(root: etree._Element) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for figure, (element, kind) in _SEN3_FIGURES.items():
        text = first_text(root, element)
        if text is not None:
            found[figure] = int(text) if kind is int and text.isdecimal() else text
    for figure, element in (("orbit", "orbitNumber"), ("relative_orbit", "relativeOrbitNumber")):
        orbit = root.find(f".//{{*}}orbitReference/{{*}}{element}")
        if orbit is not None and (orbit.text or "").strip().isdecimal():
            found[figure] = int(orbit.text or "")
            if (direction := orbit.get("groundTrackDirection")) is not None:
                found["orbit_direction"] = direction
    return found
