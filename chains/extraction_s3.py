"""Sentinel-3 products that came from outside: SEN3 folders of Level 0 to 2, auxiliary files, ISIP granules.

Source: the manifests of real products (Sentinel-3 product data format specifications, S3IPF.PDS.001 to .007), and the
information files of ISIP granules.
"""

from typing import Any, Literal

from pydantic import JsonValue

from refsys.chains.extraction_elements import Elements
from refsys.chains.extraction_manifests import (
    SEN3_MANIFEST,
    check_listed_files,
    manifest_footprint,
    orbit_fields,
    pass_direction,
    read_elements,
)
from refsys.chains.extraction_sources import Source
from refsys.chains.units import ProductDraft
from refsys.model.attributes import Attributes
from refsys.model.errors import InputCorrupt
from refsys.model.names import S3ProductName, parse_name
from refsys.model.products import Quality

TIMELINESS = {"NR": ("NRT",), "ST": ("STC",), "NT": ("NTC",)} | {
    "NN": ("NRT", "NTC"),
    "NS": ("NRT", "STC"),
    "SN": ("STC", "NTC"),
    "AL": ("NRT", "STC", "NTC"),
    "__": ("NRT", "STC", "NTC"),
}
"""Which timelinesses the code in a name serves."""

GranulePosition = Literal["FIRST", "LAST", "INSIDE", "NONE"]
_POSITIONS: tuple[GranulePosition, ...] = ("FIRST", "LAST", "INSIDE", "NONE")
_TEXTS = {
    "timeliness": "timeliness",
    "baseline": "baselineCollection",
    "online_quality_check": "onlineQualityCheck",
    "degradation_flags": "degradationFlags",
    "granule_position": "granulePosition",
    "dump_start": "dumpStart",
    "adf_quality_check": "adfQualityCheck",
}
_PIXELS = {
    "bright": "bright",
    "snow_or_ice": "snowOrIce",
    "saline_water": "salineWater",
    "coastal": "coastal",
    "fresh_inland_water": "freshInlandWater",
    "tidal_region": "tidalRegion",
    "land": "land",
    "cloudy": "cloudy",
}
_SURFACES = {
    "land": "landPercentage",
    "closed_sea": "closedSeaPercentage",
    "continental_ice": "continentalIcePercentage",
    "open_ocean": "openOceanPercentage",
}
_ACQUISITION = ("acquisitionPeriod/startTime", "acquisitionPeriod/stopTime")
_VALIDITY = ("generalProductInformation/validityStartTime", "generalProductInformation/validityStopTime")


def sen3_draft(source: Source) -> ProductDraft:
    """Return the draft of a SEN3 folder, product or auxiliary file.

    Raises
    ------
    InputCorrupt
        If its manifest lacks an element or gives one badly, or disagrees with its name or its files.
    InputMissing
        If the manifest, or a file that it lists, is absent.
    """
    name = _name(source)
    manifest = read_elements(source, SEN3_MANIFEST)
    said = manifest.text("productName")
    if said is not None and said.removesuffix(".SEN3") != source.name.removesuffix(".SEN3"):
        two = f"{said!r} in its manifest, {source.name!r} by its folder"
        raise InputCorrupt(f"product is {two}", where=manifest.where)
    check_listed_files(source, manifest)
    start, stop = _VALIDITY if name.is_auxiliary else _ACQUISITION
    footprint = manifest_footprint(manifest)
    figures = _figures(manifest) | footprint["figures"]
    if name.is_auxiliary or name.timeliness not in ("NR", "ST", "NT"):
        figures["serves_timeliness"] = list(TIMELINESS.get(name.timeliness, ()))
    return ProductDraft(
        name=source.name,
        product_type=name.product_type,
        mission="S3",
        satellite=name.satellite,
        start=manifest.time(start),
        stop=manifest.end(stop),
        creation_time=name.creation_time,
        footprint=footprint["geometry"],
        quality=Quality.DEGRADED if figures.get("online_quality_check") == "FAILED" else Quality.NOMINAL,
        attributes=Attributes(**_attributes(manifest, name), footprint_state=footprint["state"]),
        figures=figures,
    )


def isip_draft(source: Source) -> ProductDraft:
    """Return the draft of an ISIP granule from its information file; granules are near-real-time.

    Raises
    ------
    InputCorrupt
        If the information file lacks an element or gives one badly.
    InputMissing
        If it is absent.
    """
    name = _name(source)
    item = read_elements(source, f"{source.name.removesuffix('.ISIP')}_iif.xml")
    said = {feature.get("key"): (feature.text or "").strip() for feature in item.all("feature")}
    number, dump_start = said.get("granuleNumber"), said.get("dumpStart")
    figures: dict[str, JsonValue] = {"serves_timeliness": ["NRT"]}
    for figure, key in (
        ("provider", "ISIPProvider"),
        ("receiving_start", "receivingStartTime"),
        ("receiving_stop", "receivingStopTime"),
    ):
        if text := said.get(key):
            figures[figure] = text
    if quality := item.text("quality"):
        figures["granule_quality"] = quality
    return ProductDraft(
        name=source.name,
        product_type=name.product_type,
        mission="S3",
        satellite=name.satellite,
        start=item.time("temporalCoverage/startTime"),
        stop=item.time("temporalCoverage/stopTime"),
        creation_time=name.creation_time,
        attributes=Attributes(
            granule_number=item.as_integer("granuleNumber", number) if number else None,
            granule_position=_position(item, said.get("granulePosition")),
            dump_start=item.as_time("dumpStart", dump_start) if dump_start else None,
            station=said.get("receivingGroundStation") or None,
            timeliness="NRT",
        ),
        figures=figures,
    )


def _name(source: Source) -> S3ProductName:
    name = parse_name(source.name)
    if not isinstance(name, S3ProductName):
        raise InputCorrupt("folder is no Sentinel-3 product, by its name", where=source.where)
    return name


def _position(elements: Elements, text: str | None) -> GranulePosition | None:
    return elements.choice("granulePosition", text or None, _POSITIONS)


def _attributes(manifest: Elements, name: S3ProductName) -> dict[str, Any]:
    orbit = manifest.first("orbitReference/orbitNumber")
    serves = TIMELINESS.get(name.timeliness, ())
    nodes = _nodes(manifest)
    return orbit_fields(manifest) | {
        "mode": manifest.attribute("instrument/mode", "identifier"),
        "pass_direction": pass_direction(
            manifest, "orbitNumber/@groundTrackDirection", None if orbit is None else orbit.get("groundTrackDirection")
        ),
        "granule_number": manifest.integer("granuleNumber"),
        "granule_position": _position(manifest, manifest.text("granulePosition")),
        "dump_start": manifest.optional_time("dumpStart"),
        "node_before": nodes[0] if nodes else None,
        "node_after": nodes[1] if len(nodes) > 1 else None,
        "calibration_class": manifest.attribute("L1Triggering", "triggers"),
        "timeliness": serves[0] if len(serves) == 1 else None,
        "baseline": manifest.text("baselineCollection"),
        "station": manifest.text("receivingGroundStation"),
        "cloud_cover_percent": _percentage(manifest, "cloudy"),
    }


def _nodes(manifest: Elements) -> list[Any]:
    """Return the times of the state vectors in the orbit reference: ascending nodes before and after."""
    return [
        manifest.as_time("ephemeris/epoch", (epoch.text or "").strip())
        for epoch in manifest.all("orbitReference/elementSet/ephemeris/epoch")
        if epoch.get("type") == "UTC"
    ]


def _percentage(manifest: Elements, kind: str) -> float | None:
    """Return the share of pixels of a kind; of several grids (SLSTR) that of 1 km counts."""
    path = f"classificationSummary/{kind}Pixels"
    found = list(manifest.all(path))
    of_1_km = [entry for entry in found if (parent := entry.getparent()) is not None and parent.get("grid") == "1 km"]
    text = next((entry.get("percentage") for entry in [*of_1_km, *found]), None)
    if text is None:
        return None
    share = manifest.as_number(f"{path}/@percentage", text)
    if not 0 <= share <= 100:
        raise InputCorrupt(f"{path}/@percentage is {text!r}, no percentage", where=manifest.where)
    return share


def _figures(manifest: Elements) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {key: manifest.text(path) for key, path in _TEXTS.items()}
    found |= {"cycle": manifest.integer("cycleNumber"), "granule_number": manifest.integer("granuleNumber")}
    orbits = orbit_fields(manifest)
    found |= {"orbit": orbits["absolute_orbit"], "relative_orbit": orbits["relative_orbit"]}
    orbit = manifest.first("orbitReference/orbitNumber")
    found["orbit_direction"] = None if orbit is None else orbit.get("groundTrackDirection")
    shares: dict[str, JsonValue] = {
        f"{kind}_percent": _percentage(manifest, element) for kind, element in _PIXELS.items()
    }
    found |= {key: share for key, share in shares.items() if share is not None}
    for kind, element in _SURFACES.items():
        if (share := manifest.percentage(element)) is not None:
            found[f"{kind}_percent"] = share
    return {key: value for key, value in found.items() if value is not None}
