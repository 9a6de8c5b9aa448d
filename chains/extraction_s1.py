"""Sentinel-1 products in SAFE folders that came from outside: Level 0 to 2, timing corrections (ETAD).

Sources: manifests of real products (S1-RS-MDA-52-7441, S1PD.SP.00110.ASTR). What the chains need of a product is read
from its own files: the swaths of Level 0 from the headers of its packets, polarisations of Level 1 from file names.
Of ETAD no manifest was at hand: it is read as one of Level 1.
"""

import re
from typing import Any

from pydantic import JsonValue

from refsys.chains.extraction_elements import Elements
from refsys.chains.extraction_manifests import (
    SAFE_MANIFEST,
    FootprintFields,
    aux_safe_draft,
    check_listed_files,
    creation_of,
    footprint_fields,
    manifest_footprint,
    orbit_fields,
    pass_direction,
    read_elements,
)
from refsys.chains.extraction_s1_slices import packet_store_timeliness, slice_count
from refsys.chains.extraction_s1_wave import wave_outline
from refsys.chains.extraction_sources import Source
from refsys.chains.units import ProductDraft
from refsys.model.attributes import Attributes, Timeliness
from refsys.model.errors import InputCorrupt
from refsys.model.names import S1AuxName, S1ProductName, parse_name

_CATEGORIES: dict[str, Timeliness] = {"NRT": "NRT", "FAST": "FAST24"}
_PACKETS_READ = re.compile("S[1-6]|IW")
_NUMBERS = {
    "slice_overlap_s": "sliceOverlap",
    "slice_length_s": "theoreticalSliceLength",
    "start_anx_ms": "startTimeANX",
    "stop_anx_ms": "stopTimeANX",
}
_ELEMENTS = {
    "elements": "numOfElements",
    "missing_elements": "numOfMissingElements",
    "corrupted_elements": "numOfCorruptedElements",
    "uncorrectable_elements": "numOfRSIncorrigibleElements",
    "corrected_elements": "numOfRSCorrectedElements",
    "corrected_symbols": "numOfRSCorrectedSymbols",
}


def s1_safe_draft(source: Source) -> ProductDraft:
    """Return the draft of a SAFE folder of Sentinel-1: auxiliary file, or product of Level 0, 1 or 2.

    Raises
    ------
    InputCorrupt
        If it is of another kind, its manifest lacks an element or gives one badly, its manifest and files disagree, or
        its packets are no packets.
    InputMissing
        If the manifest, or a file that it lists, is absent.
    """
    name = parse_name(source.name)
    if isinstance(name, S1AuxName):
        return aux_safe_draft(source)
    if not isinstance(name, S1ProductName):
        raise InputCorrupt(
            "of .SAFE folders auxiliary files and products of Sentinel-1 are accepted", where=source.where
        )
    manifest = read_elements(source, SAFE_MANIFEST)
    check_listed_files(source, manifest)
    attributes = _attributes(manifest, name)
    footprint = _footprint(manifest, name)
    figures = _figures(manifest, name) | footprint["figures"] | _file_figures(source, name)
    return ProductDraft(
        name=source.name,
        product_type=name.product_type,
        mission="S1",
        satellite=name.satellite,
        start=manifest.time("acquisitionPeriod/startTime"),
        stop=manifest.time("acquisitionPeriod/stopTime"),
        creation_time=creation_of(manifest),
        footprint=footprint["geometry"],
        attributes=Attributes(**attributes, footprint_state=footprint["state"]),
        figures=figures,
    )


def _attributes(manifest: Elements, name: S1ProductName) -> dict[str, Any]:
    data_take = manifest.integer("missionDataTakeID")
    if data_take is None:
        data_take = name.data_take_id
    level_0 = name.level == "0"
    return orbit_fields(manifest) | {
        "mode": name.beam,
        "swath": name.beam,
        "polarisation": None if name.polarisation == "__" else name.polarisation,
        "data_take_id": None if data_take is None else str(data_take),
        "pass_direction": pass_direction(manifest, "pass", manifest.text("pass")),
        "instrument_configuration_id": manifest.integer("instrumentConfigurationID"),
        "slice_number": _slice_number(manifest, name),
        "slice_count": _slice_count(manifest, name),
        "consolidation": manifest.text("productConsolidation"),
        "sensing_consolidation": manifest.text("productSensingConsolidation"),
        "timeliness": _store_timeliness(manifest, name) if level_0 else _category(manifest),
        "station": manifest.attribute("processing/facility", "site"),
    }


def _slice_number(manifest: Elements, name: S1ProductName) -> int | None:
    """Return the number of a slice; wave mode and products that go with slices are slice 1 where none is said."""
    said = manifest.integer("sliceNumber")
    if said is not None or name.level != "0":
        return said
    is_slice = (manifest.text("sliceProductFlag") or "").upper() == "TRUE"
    return 1 if is_slice or name.beam == "WV" or name.product_class in "ACN" else None


def _slice_count(manifest: Elements, name: S1ProductName) -> int | None:
    """Return the slices of the segment, as told; else computed from the times of what covers the whole segment."""
    for element in ("totalNumberOfSlices", "totalSlices"):
        if (said := manifest.integer(element)) is not None:
            return said
    if name.level != "0" or name.product_class not in "ACN":
        return None
    start, stop = manifest.time("acquisitionPeriod/startTime"), manifest.time("acquisitionPeriod/stopTime")
    return slice_count(name.beam, start, stop)


def _store_timeliness(manifest: Elements, name: S1ProductName) -> Timeliness | None:
    """Return the timeliness of the packet stores; GPS and house-keeping data without any are near-real-time."""
    stores = [manifest.as_integer("packetStoreID", text) for text in manifest.texts("packetStoreID")]
    if not stores:
        return "NRT" if name.beam in ("GP", "HK") else None
    try:
        return packet_store_timeliness(stores)
    except InputCorrupt as error:
        raise InputCorrupt(error.message, where=manifest.where) from error


def _category(manifest: Elements) -> Timeliness | None:
    """Return the timeliness of a Level-1 or -2 product; of `Off-line` and `Reprocessing` there is none."""
    said = manifest.text("productTimelinessCategory") or ""
    return _CATEGORIES.get(said.partition("-")[0].upper())


def _footprint(manifest: Elements, name: S1ProductName) -> FootprintFields:
    """Return the footprint: of wave mode products the ring round all images; none of GPS and house-keeping data."""
    if name.beam in ("GP", "HK"):
        return {"geometry": None, "state": None, "figures": {}}
    if name.beam != "WV" or name.level == "0":
        return manifest_footprint(manifest)
    path = "frame/footPrint/coordinates"
    frames = [manifest.positions(path, text) for text in manifest.texts(path)]
    if any(len(frame) != 4 for frame in frames):
        raise InputCorrupt(f"{path} has other than 4 positions", where=manifest.where)
    return footprint_fields(manifest, path, wave_outline(frames) if frames else [])


def _figures(manifest: Elements, name: S1ProductName) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {"beam": name.beam, "orbit": name.orbit}
    direction = manifest.text("pass")
    if direction is not None:
        found["orbit_direction"] = direction.lower()
    for figure, element in _NUMBERS.items():
        if (number := manifest.number(element)) is not None:
            found[figure] = number
    if (flag := manifest.integer("circulationFlag")) is not None:
        found["circulation_flag"] = flag
    for figure, element in _ELEMENTS.items():
        if texts := manifest.texts(element):
            found[figure] = [manifest.as_integer(element, text) for text in texts]
    said = {
        "product_timeliness": manifest.text("productTimelinessCategory"),
        "product_composition": manifest.text("productComposition"),
        "processor": manifest.attribute("software", "name"),
        "processor_version": manifest.attribute("software", "version"),
    }
    return found | {figure: text for figure, text in said.items() if text is not None}


def _file_figures(source: Source, name: S1ProductName) -> dict[str, JsonValue]:
    if not source.whole or source.where.name != source.name:
        return {}
    if name.level == "0":
        is_read = name.product_class == "S" and _PACKETS_READ.fullmatch(name.beam)
        return _level0_figures(source) if is_read else {}
    return _level1_figures(source) if name.level == "1" else {}


def _level0_figures(source: Source) -> dict[str, JsonValue]:
    """Return polarisations and segments (`InputCorrupt` for modes that are not processed)."""
    # Compiled loops, which only products of Level 0 need.
    from refsys.chains.sentinel1.l0_reading import measurement_files, open_packets  # noqa: PLC0415
    from refsys.chains.sentinel1.l0_segments import beam_of, segments  # noqa: PLC0415

    polarisations: list[JsonValue] = []
    found: list[JsonValue] = []
    for path in measurement_files(source.where):
        file = open_packets(path)
        beam_of(int(file.headers["ecc_number"][0]))
        polarisations.append(file.polarisation)
        found += segments(file.headers, file.polarisation)
    return {"polarisations": polarisations, "segments": found}


def _level1_figures(source: Source) -> dict[str, JsonValue]:
    names = [path.name.split("-")[3].upper() for path in sorted(source.where.glob("annotation/*.xml"))]
    return {"polarisations": list[JsonValue](dict.fromkeys(names))}
