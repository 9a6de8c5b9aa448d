"""Sentinel-2 products that came from outside: datastrips, granules, tiles, images, user products, telemetry.

Source: Sentinel-2 Products Specification Document S2-PDGS-TAS-DI-PSD (inventory and PDI metadata), and real products.
The inventory counts first; the sensing times of Level-0 datastrips and granules are those of their own metadata, which
are finer.
"""

import re
from typing import Any

from pydantic import JsonValue

from refsys.chains.extraction_elements import Elements
from refsys.chains.extraction_manifests import (
    SAFE_MANIFEST,
    check_listed_files,
    creation_of,
    footprint_fields,
    orbit_fields,
    pass_direction,
    read_elements,
)
from refsys.chains.extraction_s2_images import image_elements
from refsys.chains.extraction_sources import Source
from refsys.chains.units import ProductDraft
from refsys.model.attributes import Attributes
from refsys.model.errors import InputCorrupt, InputMissing
from refsys.model.names import S2CompactName, S2HktmName, S2PdiName, parse_name
from refsys.model.products import Quality

INVENTORY = "Inventory_Metadata.xml"
_PRODUCT_METADATA = re.compile(r"(?:.*_)?MTD_[^/]*[.]xml")
_DATA_TAKE = re.compile("GS2[A-Z_]_[0-9]{8}T[0-9]{6}_([0-9]{6})_N.*")


class _Nothing(Elements):
    """The elements of a file that is not there."""

    def __init__(self, source: Source) -> None:
        self.where = source.where
        self._by_name = {}


def s2_draft(source: Source) -> ProductDraft:
    """Return the draft of a product data item or user product of Sentinel-2.

    Raises
    ------
    InputMissing
        If it has neither inventory nor product metadata, or a file that its manifest lists is absent.
    InputCorrupt
        If an element is absent or bad, or the type in its inventory is not that of its name.
    """
    name = parse_name(source.name)
    if not isinstance(name, S2PdiName | S2CompactName):
        raise InputCorrupt("is no product of Sentinel-2, by its name", where=source.where)
    inventory, metadata, grid = _files(source)
    said = inventory.text("File_Type")
    if said is not None and said != name.product_type:
        two = f"{said!r} in its inventory, {name.product_type!r} in its name"
        raise InputCorrupt(f"type is {two}", where=inventory.where)
    start, stop = _times(inventory, metadata, name)
    made = inventory.optional_time("Generation_Time") or metadata.optional_time("GENERATION_TIME")
    quality = _quality(inventory, metadata, name)
    footprint = footprint_fields(*_positions(inventory, metadata, name))
    figures = _figures(inventory, metadata) | quality | footprint["figures"] | grid
    nominal = quality.get("quality_nominal", True)
    return ProductDraft(
        name=source.name,
        product_type=name.product_type,
        mission="S2",
        satellite=name.satellite,
        start=start,
        stop=stop,
        creation_time=made or _name_creation(name),
        footprint=footprint["geometry"],
        quality=Quality.NOMINAL if nominal else Quality.DEGRADED,
        attributes=Attributes(**_attributes(inventory, metadata, name), footprint_state=footprint["state"]),
        figures=figures,
    )


def s2_hktm_draft(source: Source) -> ProductDraft:
    """Return the draft of house-keeping telemetry; errors as `s2_draft`."""
    name = parse_name(source.name)
    if not isinstance(name, S2HktmName):
        raise InputCorrupt("is no house-keeping telemetry of Sentinel-2, by its name", where=source.where)
    manifest = read_elements(source, SAFE_MANIFEST)
    check_listed_files(source, manifest)
    return ProductDraft(
        name=source.name,
        product_type=name.product_type,
        mission="S2",
        satellite=name.satellite,
        start=manifest.time("acquisitionPeriod/startTime"),
        stop=manifest.time("acquisitionPeriod/stopTime"),
        creation_time=creation_of(manifest, "start"),
        attributes=Attributes(
            **orbit_fields(manifest), station=manifest.attribute("processing/facility", "site"), mode="HKTM"
        ),
    )


def _files(source: Source) -> tuple[Elements, Elements, dict[str, JsonValue]]:
    """Return inventory and product metadata, of which one may be empty, and figures of an image."""
    if source.is_file and source.name.lower().endswith(".jp2"):
        inventory, grid = image_elements(source)
        return inventory, _Nothing(source), grid
    paths = source.paths()
    own = [path for path in paths if _PRODUCT_METADATA.fullmatch(path)]
    if len(own) > 1:
        raise InputCorrupt(f"{len(own)} files of product metadata: {', '.join(own)}", where=source.where)
    if not own and INVENTORY not in paths:
        said = f"neither {INVENTORY} nor product metadata (*MTD_*.xml) are there"
        raise InputMissing(said, where=source.where, hint="fetch it again")
    if SAFE_MANIFEST in paths:
        check_listed_files(source, read_elements(source, SAFE_MANIFEST))
    inventory = read_elements(source, INVENTORY) if INVENTORY in paths else _Nothing(source)
    return inventory, read_elements(source, own[0]) if own else _Nothing(source), {}


def _times(inventory: Elements, metadata: Elements, name: S2PdiName | S2CompactName) -> tuple[Any, Any]:
    level_0 = name.product_type.startswith("MSI_L0")
    pairs = [
        (metadata, "DATASTRIP_SENSING_START", "DATASTRIP_SENSING_STOP"),
        (metadata, "PRODUCT_START_TIME", "PRODUCT_STOP_TIME"),
        (metadata, "SENSING_TIME", "SENSING_TIME"),
    ]
    pairs.insert(len(pairs) if level_0 else 0, (inventory, "Validity_Start", "Validity_Stop"))
    for elements, start, stop in pairs:
        if elements.text(start) is not None:
            return elements.time(start), elements.end(stop)
    raise InputCorrupt("no element Validity_Start or SENSING_TIME", where=inventory.where)


def _name_creation(name: S2PdiName | S2CompactName) -> Any:  # noqa: ANN401  (a time; mypy knows both)
    return name.creation_time if isinstance(name, S2PdiName) else name.discriminator


def _attributes(inventory: Elements, metadata: Elements, name: S2PdiName | S2CompactName) -> dict[str, Any]:
    pdi = name if isinstance(name, S2PdiName) else None
    data_take = inventory.text("Group_ID") or _identifier(metadata)
    in_data_take = _DATA_TAKE.fullmatch(data_take or "")
    orbit = inventory.integer("Start_Orbit_Number")
    if orbit is None:
        orbit = int(in_data_take[1]) if in_data_take else None if pdi is None else pdi.orbit
    cloud = inventory.percentage("CloudPercentage")
    for path in ("CLOUDY_PIXEL_PERCENTAGE", "Cloud_Coverage_Assessment"):
        cloud = metadata.percentage(path) if cloud is None else cloud
    return {
        "mode": metadata.text("DATATAKE_TYPE"),
        "data_take_id": data_take,
        "datastrip": metadata.text("DATASTRIP_ID") or inventory.text("Parent_ID"),
        "tile": name.tile,
        "detector": (pdi and pdi.detector) or inventory.text("Detector") or metadata.text("DETECTOR_ID"),
        "band": pdi and pdi.band,
        "absolute_orbit": orbit,
        "absolute_orbit_stop": inventory.integer("Stop_Orbit_Number"),
        "relative_orbit": _relative_orbit(metadata, name),
        "pass_direction": _pass(inventory, metadata),
        "baseline": metadata.text("PROCESSING_BASELINE") or name.baseline or inventory.text("File_Version"),
        "station": inventory.text("Acquisition_Station") or metadata.text("RECEPTION_STATION"),
        "cloud_cover_percent": cloud,
    }


def _identifier(metadata: Elements) -> str | None:
    return metadata.attribute("Datatake_Info", "datatakeIdentifier") or metadata.attribute(
        "Datatake", "datatakeIdentifier"
    )


def _relative_orbit(metadata: Elements, name: S2PdiName | S2CompactName) -> int | None:
    said = metadata.integer("SENSING_ORBIT_NUMBER")
    return name.relative_orbit if said is None else said


def _pass(inventory: Elements, metadata: Elements) -> Any:  # noqa: ANN401  (one of two words or None)
    path = "Ascending_Flag"
    flag = inventory.choice(path, inventory.text(path), ("TRUE", "FALSE"))
    if flag is not None:
        return "ASCENDING" if flag == "TRUE" else "DESCENDING"
    return pass_direction(metadata, "SENSING_ORBIT_DIRECTION", metadata.text("SENSING_ORBIT_DIRECTION"))


def _quality(inventory: Elements, metadata: Elements, name: S2PdiName | S2CompactName) -> dict[str, JsonValue]:
    """Return the quality figure and its verdict: Level 0 counts what is lost, all others what is good (100)."""
    if name.product_type.startswith("MSI_L0"):
        path = "DEGRADED_MSI_DATA_PERCENTAGE" if name.product_type.endswith("GR") else "NUMBER_OF_LOST_PACKETS"
        if (lost := metadata.number(path)) is not None:
            return {"quality_info": lost, "quality_nominal": lost == 0}
    good = inventory.number("Quality_Info")
    return {} if good is None else {"quality_info": good, "quality_nominal": good == 100}


def _positions(
    inventory: Elements, metadata: Elements, name: S2PdiName | S2CompactName
) -> tuple[Elements, str, list[tuple[float, float]]]:
    """Return the outline: of Level-0 granules latitude, longitude and height in turn, of all others without height."""
    points = list(inventory.all("Geo_Pnt"))
    if points:
        text = " ".join(f"{p.findtext('{*}LATITUDE', '?')} {p.findtext('{*}LONGITUDE', '?')}" for p in points)
        return inventory, "Geo_Pnt", inventory.positions("Geo_Pnt", text)
    text = metadata.text("EXT_POS_LIST") or ""
    heights = name.product_type.startswith("MSI_L0") and name.product_type.endswith("GR")
    return metadata, "EXT_POS_LIST", metadata.positions("EXT_POS_LIST", text, heights=heights)


def _figures(inventory: Elements, metadata: Elements) -> dict[str, JsonValue]:
    sun = metadata.number("Mean_Sun_Angle/ZENITH_ANGLE")
    found: dict[str, JsonValue] = {
        "sensor": inventory.text("Sensor_Code"),
        "processing_station": inventory.text("Processing_Station"),
        "software_version": inventory.text("Source_Sw_Version"),
        "sun_zenith_deg": metadata.number("Solar_Angles/ZENITH_ANGLE") if sun is None else sun,
    }
    return {key: value for key, value in found.items() if value is not None}
