"""The manifest of a Sentinel-1 Level-0 product, element names and order as in real ones (S1PD.SP.00110.ASTR)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from lxml import etree
from pydantic import Field

from refsys.chains.sentinel1.safe import manifest_parts as parts
from refsys.chains.sentinel1.safe.manifest_parts import SAFE, SAR, XFDU, add
from refsys.model.values import UtcTime, Value

_CLASS_TEXTS = {"S": "SAR Slice L0 product", "N": "SAR Noise L0 product", "C": "SAR Calibration L0 product"}
_VERSION_MODES = {"S": "sm", "I": "iw", "E": "ew", "W": "wv"}
_FILES = (
    ("measurementAnnotData", "measurementAnnotationSchema", "-annot.dat", "Annotation for Measurement Data"),
    ("measurementData", "measurementSchema", ".dat", "Measurement Data Unit"),
    ("measurementIndexData", "measurementIndexAnnotationSchema", "-index.dat", "Index for Measurement Data"),
)
_UNITS = ("Metadata Unit", "Measurement Data Unit", "Metadata Unit")


class Level0Content(Value):
    """What the manifest of a Level-0 product says, apart from its files."""

    satellite: str = Field(pattern="^[AB]$")
    beam: str = Field(description="`S1` to `S6`, `IW`, `EW`, ...; the mode of StripMap beams is `SM`.")
    polarisation: str = Field(pattern="^(S[VH]|D[VH]|HH|HV|VV|VH)$", description="As in the product's name.")
    product_class: Literal["S", "N", "C"] = "S"
    start: UtcTime = Field(description="Sensing time of the first packet.")
    stop: UtcTime
    orbit: parts.OrbitReference
    data_take_id: int = Field(ge=0, lt=1 << 24)
    instrument_configuration_id: int = Field(0, ge=0)
    circulation_flag: int = Field(0, ge=0)
    slice_number: int = Field(0, ge=0, description="0: the product is no slice of a longer data take.")
    slice_length_s: float = Field(25.0, gt=0)
    slice_overlap_s: float = Field(7.4, ge=0)
    calibration_present: bool
    noise_present: bool
    echo_compression: str = "FDBAQ_0"
    noise_compression: str = "BAQ_5"
    calibration_compression: str = "BYPASS"
    footprint: tuple[tuple[float, float], ...] = Field((), description="Latitude, longitude in degrees; empty: none.")
    origin: parts.Origin


class ChannelFiles(NamedTuple):
    """The three files of one polarisation: what their names begin with, and how many packets they hold."""

    stem: str
    polarisation: str
    packets: int
    missing_packets: int
    corrupt_packets: int


def write_level0_manifest(folder: Path, content: Level0Content, channels: Sequence[ChannelFiles]) -> Path:
    """Write `manifest.safe` over the files of each polarisation, which must lie in the folder; return its path."""
    mode = f"{_VERSION_MODES.get(content.beam[0], 'sm')}{'dp' if content.polarisation[0] == 'D' else 'sp'}"
    version = f"esa/safe/sentinel-1.0/sentinel-1/sar/level-0/standard/{mode}"
    root = parts.new_manifest(version, simulated=content.origin.simulated)
    _add_map(root, len(channels))
    section = add(root, "", "metadataSection")
    node = content.orbit.ascending_node_time
    parts.add_period(section, content.start, content.stop, node, "Z")
    instrument_mode = "SM" if content.beam[0] == "S" else content.beam
    parts.add_platform(section, content.satellite, instrument_mode, (), SAR)
    _add_product_information(section, folder, content, channels)
    parts.add_orbit(section, content.satellite, content.orbit, "Z")
    parts.add_processing(section, content.origin)
    if content.footprint:
        parts.add_footprint(section, (*content.footprint, content.footprint[0]))
    _add_quality(section, channels)
    for number in range(1, len(channels) + 1):
        parts.add_pointer_object(section, f"measurement{number}Annotation", f"measurementAnnotData{number}")
        parts.add_pointer_object(section, f"measurement{number}IndexAnnotation", f"measurementIndexData{number}")
    parts.add_data_objects(
        root,
        [
            parts.data_object(folder, f"{channel.stem}{end}", f"{identifier}{number}", schema, text)
            for identifier, schema, end, text in _FILES
            for number, channel in enumerate(channels, 1)
        ],
    )
    return parts.write_root(root, folder)


def _add_map(root: etree._Element, channels: int) -> None:
    package = add(add(root, "", "informationPackageMap"), XFDU, "contentUnit")
    package.set("unitType", "SAFE Archive Information Package")
    package.set("textInfo", "Sentinel-1 Level 0 Package")
    package.set("dmdID", "acquisitionPeriod platform generalProductInformation")
    package.set("pdiID", "processing")
    for (identifier, schema, _, text), kind in zip(_FILES, _UNITS, strict=True):
        for number in range(1, channels + 1):
            unit = add(package, XFDU, "contentUnit", unitType=kind, textInfo=f"{text} {number}", repID=schema)
            if kind == "Measurement Data Unit":
                own = f"measurement{number}IndexAnnotation measurement{number}Annotation"
                shared = "measurementOrbitReference measurementFrameSet measurementQualityInformation"
                unit.set("dmdID", f"{shared} {own}")
            add(unit, "", "dataObjectPointer", dataObjectID=f"{identifier}{number}")


def _add_product_information(
    section: etree._Element, folder: Path, content: Level0Content, channels: Sequence[ChannelFiles]
) -> None:
    data = parts.wrapped(section, "generalProductInformation", "General Product Information")
    said = add(data, SAR, "standAloneProductInformation")
    is_slice = content.slice_number > 0
    for name, text in (
        ("productClass", content.product_class),
        ("productClassDescription", _CLASS_TEXTS[content.product_class]),
        ("productConsolidation", "SLICE"),
        ("calISPPresent", str(content.calibration_present).upper()),
        ("noiseISPPresent", str(content.noise_present).upper()),
        ("instrumentConfigurationID", str(content.instrument_configuration_id)),
        ("missionDataTakeID", str(content.data_take_id)),
        ("circulationFlag", str(content.circulation_flag)),
        ("sliceProductFlag", str(is_slice).upper()),
        *((("sliceNumber", str(content.slice_number)),) if is_slice else ()),
        *((("theoreticalSliceLength", f"{content.slice_length_s:g}"),) if is_slice else ()),
        *((("sliceOverlap", f"{content.slice_overlap_s:g}"),) if is_slice else ()),
        ("echoCompressionType", content.echo_compression),
        ("noiseCompressionType", content.noise_compression),
        ("calCompressionType", content.calibration_compression),
    ):
        add(said, SAR, name, text)
    seconds = max((content.stop - content.start).total_seconds(), 1e-6)
    for number, channel in enumerate(channels, 1):
        bits = (folder / f"{channel.stem}.dat").stat().st_size * 8
        target = f"measurementData{number}"
        add(said, SAR, "transmitterReceiverPolarisation", channel.polarisation, dataObjectID=target)
        add(said, SAR, "byteOrder", "BIG_ENDIAN", dataObjectID=target)
        add(said, SAR, "averageBitRate", str(round(bits / seconds)), dataObjectID=target)


def _add_quality(section: etree._Element, channels: Sequence[ChannelFiles]) -> None:
    data = parts.wrapped(section, "measurementQualityInformation", "Quality Information")
    for number, channel in enumerate(channels, 1):
        extension = add(add(data, SAFE, "qualityInformation"), SAFE, "extension")
        properties = add(extension, parts.S1, "qualityProperties")
        add(properties, parts.S1, "dataObjectID", f"measurementData{number}")
        add(properties, parts.S1, "numOfElements", str(channel.packets))
        add(properties, parts.S1, "numOfMissingElements", str(channel.missing_packets))
        add(properties, parts.S1, "numOfCorruptedElements", str(channel.corrupt_packets))
