"""Sentinel-1 products in SAFE folders that came from outside: Level 0 and Level 1.

Sources: manifests of real products (S1-RS-MDA-52-7441, S1PD.SP.00110.ASTR). What the chains need of a product is read
from its own files: the swaths of Level 0 from the headers of its packets, polarisations of Level 1 from file names.
"""

from datetime import datetime
from pathlib import Path

from lxml import etree
from pydantic import JsonValue

from refsys.chains.extraction_manifests import (
    SAFE_MANIFEST,
    aux_safe_draft,
    check_listed_files,
    first_text,
    footprint_of,
    time_of,
)
from refsys.chains.safe_xml import parse_xml
from refsys.chains.units import ProductDraft
from refsys.model.errors import InputCorrupt
from refsys.model.names import S1AuxName, S1ProductName, parse_name
from refsys.model.times import parse_time

_START, _STOP = "acquisitionPeriod/startTime", "acquisitionPeriod/stopTime"


def s1_safe_draft(folder: Path) -> ProductDraft:
    """Return the draft of a SAFE folder of Sentinel-1: auxiliary file, or product of Level 0 or 1.

    Raises
    ------
    InputCorrupt
        If it is of another kind, its manifest and files disagree, or its packets are no packets.
    """
    name = parse_name(folder.name)
    if isinstance(name, S1AuxName):
        return aux_safe_draft(folder)
    if not isinstance(name, S1ProductName) or (name.level, name.product_class) not in {("0", "S"), ("1", "S")}:
        raise InputCorrupt(
            "of .SAFE folders auxiliary files and standard products of Level 0 and 1 are accepted", where=folder
        )
    manifest = folder / SAFE_MANIFEST
    root = parse_xml(manifest)
    check_listed_files(folder, root, manifest)
    figures: dict[str, JsonValue] = {"beam": name.beam, "orbit": name.orbit}
    direction = first_text(root, "pass")
    if direction is not None:
        figures["orbit_direction"] = direction.lower()
    figures |= _level0_figures(folder) if name.level == "0" else _level1_figures(folder)
    return ProductDraft(
        name=folder.name,
        product_type=name.product_type,
        mission="S1",
        satellite=name.satellite,
        start=time_of(root, _START, manifest),
        stop=time_of(root, _STOP, manifest),
        creation_time=_created(root, manifest),
        footprint=footprint_of(root, manifest),
        figures=figures,
    )


def _created(root: etree._Element, manifest: Path) -> datetime:
    """Return when the processing that made the product ended."""
    processing = root.find(".//{*}processing")
    stop = None if processing is None else processing.get("stop")
    if stop is None:
        raise InputCorrupt("manifest does not say when the product was made", where=manifest)
    try:
        return parse_time(stop)
    except ValueError as error:
        raise InputCorrupt(f"processing ended at {stop!r}, no time", where=manifest) from error


def _level0_figures(folder: Path) -> dict[str, JsonValue]:
    """Return polarisations and segments (`InputCorrupt` for modes that are not processed)."""
    # Compiled loops, which only products of Level 0 need.
    from refsys.chains.sentinel1.l0_reading import measurement_files, open_packets  # noqa: PLC0415
    from refsys.chains.sentinel1.l0_segments import beam_of, segments  # noqa: PLC0415

    polarisations: list[JsonValue] = []
    found: list[JsonValue] = []
    for path in measurement_files(folder):
        file = open_packets(path)
        beam_of(int(file.headers["ecc_number"][0]))
        polarisations.append(file.polarisation)
        found += segments(file.headers, file.polarisation)
    return {"polarisations": polarisations, "segments": found}


def _level1_figures(folder: Path) -> dict[str, JsonValue]:
    names = [path.name.split("-")[3].upper() for path in sorted(folder.glob("annotation/*.xml"))]
    return {"polarisations": list[JsonValue](dict.fromkeys(names))}
