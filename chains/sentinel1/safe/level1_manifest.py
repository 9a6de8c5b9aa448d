"""The manifest of a Sentinel-1 Level-1 product, element names and order as in real ones (S1-RS-MDA-52-7441)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from lxml import etree
from pydantic import Field

from refsys.chains.sentinel1.safe import manifest_parts as parts
from refsys.chains.sentinel1.safe.manifest_parts import LEVEL1, XFDU, DataObject, add
from refsys.model.values import UtcTime, Value

QUICK_LOOK = "preview/quick-look.png"
_POLARISATIONS = {"SV": "VV", "SH": "HH", "DV": "VV VH", "DH": "HH HV", "HH": "HH", "HV": "HV", "VV": "VV", "VH": "VH"}
_METADATA = (
    ("product", "s1Level1ProductSchema", "annotation/{}.xml"),
    ("noise", "s1Level1NoiseSchema", "annotation/calibration/noise-{}.xml"),
    ("calibration", "s1Level1CalibrationSchema", "annotation/calibration/calibration-{}.xml"),
)
_MEASUREMENT = "s1Level1MeasurementSchema"
_QUICK_LOOK_SCHEMA = "s1Level1QuickLookSchema"


class Level1Content(Value):
    """What the manifest of a Level-1 product says, apart from its files."""

    satellite: str = Field(
        pattern="^[A-D]$", description="Manifests are written for A and B: orbit rules of others lack."
    )
    beam: str = Field(description="As in the product's name: `S1` to `S6`, `IW`, `EW`.")
    swaths: tuple[str, ...] = Field(min_length=1, description="Of the images: `S3`, or `IW1`, `IW2`, `IW3`, or `IW`.")
    product_type: Literal["SLC", "GRD"]
    resolution: Literal["_", "F", "H", "M"] = "_"
    polarisation: str = Field(pattern="^(S[VH]|D[VH]|HH|HV|VV|VH)$", description="As in the product's name.")
    start: UtcTime = Field(description="First zero-Doppler time of all images.")
    stop: UtcTime
    orbit: parts.OrbitReference
    data_take_id: int = Field(ge=0, lt=1 << 24)
    instrument_configuration_id: int = Field(0, ge=0)
    timeliness: str = "Fast-24h"
    composition: Literal["Individual", "Slice", "Assembled"] = "Individual"
    segment_start: UtcTime = Field(description="Start of the raw data.")
    slice_number: int = Field(0, ge=0, description="0: the product is no slice of a longer data take.")
    total_slices: int = Field(0, ge=0)
    footprint: tuple[tuple[float, float], ...] = Field(
        min_length=4, max_length=4, description="Latitude and longitude of the corners, in degrees."
    )
    origin: parts.Origin

    @property
    def mode(self) -> str:
        """Instrument mode: `SM` for StripMap beams."""
        return "SM" if self.beam[0] == "S" else self.beam


class ImageFiles(NamedTuple):
    """Files of one image: what their names have in common, `s1a-s3-slc-vv-...-001`, and the end of its TIFF's name."""

    stem: str

    @property
    def measurement(self) -> str:
        """Path of the measurement file."""
        return f"measurement/{self.stem}.tiff"

    @property
    def metadata(self) -> tuple[str, str, str]:
        """Paths of annotation, noise and calibration."""
        return (_METADATA[0][2].format(self.stem), _METADATA[1][2].format(self.stem), _METADATA[2][2].format(self.stem))


def write_level1_manifest(folder: Path, content: Level1Content, images: Sequence[ImageFiles]) -> Path:
    """Write `manifest.safe` over the files of each image, which must lie in the folder; return its path."""
    mode = f"{content.mode.lower()}{'dp' if content.polarisation[0] == 'D' else 'sp'}"
    kind = content.product_type.lower()
    version = f"esa/safe/sentinel-1.0/sentinel-1/sar/level-1/{kind}/standard/{mode}"
    root = parts.new_manifest(version, simulated=content.origin.simulated)
    has_quick_look = (folder / QUICK_LOOK).exists()
    _add_map(root, content, images, has_quick_look=has_quick_look)
    section = add(root, "", "metadataSection")
    for image in images:
        for prefix, _, _ in _METADATA:
            identifier = prefix + _plain(image.stem)
            parts.add_pointer_object(section, f"{identifier}Annotation", identifier)
    parts.add_processing(section, content.origin)
    parts.add_platform(section, content.satellite, content.mode, content.swaths, LEVEL1)
    parts.add_orbit(section, content.satellite, content.orbit)
    _add_product_information(section, content)
    parts.add_period(section, content.start, content.stop, content.orbit.ascending_node_time)
    parts.add_footprint(section, content.footprint)
    parts.add_data_objects(root, _data_objects(folder, images, has_quick_look=has_quick_look))
    return parts.write_root(root, folder)


def _plain(stem: str) -> str:
    return stem.replace("-", "")


def _data_objects(folder: Path, images: Sequence[ImageFiles], *, has_quick_look: bool) -> list[DataObject]:
    metadata = [
        parts.data_object(folder, path.format(image.stem), prefix + _plain(image.stem), schema)
        for image in images
        for prefix, schema, path in _METADATA
    ]
    pixels = [parts.data_object(folder, image.measurement, _plain(image.stem), _MEASUREMENT) for image in images]
    look = [parts.data_object(folder, QUICK_LOOK, "quicklook", _QUICK_LOOK_SCHEMA)] if has_quick_look else []
    return metadata + pixels + look


def _add_map(
    root: etree._Element, content: Level1Content, images: Sequence[ImageFiles], *, has_quick_look: bool
) -> None:
    package = add(add(root, "", "informationPackageMap"), XFDU, "contentUnit")
    package.set("unitType", "SAFE Archive Information Package")
    package.set("textInfo", f"Sentinel-1 {content.mode} Level-1 {content.product_type} Product")
    known = "acquisitionPeriod platform generalProductInformation measurementOrbitReference measurementFrameSet"
    package.set("dmdID", known)
    package.set("pdiID", "processing")
    for image in images:
        for prefix, schema, _ in _METADATA:
            unit = add(package, XFDU, "contentUnit", unitType="Metadata Unit", repID=schema)
            add(unit, "", "dataObjectPointer", dataObjectID=prefix + _plain(image.stem))
    for image in images:
        own = " ".join(f"{prefix}{_plain(image.stem)}Annotation" for prefix, _, _ in _METADATA)
        unit = add(package, XFDU, "contentUnit", unitType="Measurement Data Unit", repID=_MEASUREMENT, dmdID=own)
        add(unit, "", "dataObjectPointer", dataObjectID=_plain(image.stem))
    if has_quick_look:
        unit = add(package, XFDU, "contentUnit", unitType="Measurement Data Unit", repID=_QUICK_LOOK_SCHEMA)
        add(unit, "", "dataObjectPointer", dataObjectID="quicklook")


def _add_product_information(section: etree._Element, content: Level1Content) -> None:
    data = parts.wrapped(section, "generalProductInformation", "General Product Information")
    said = add(data, LEVEL1, "standAloneProductInformation")
    is_slice = content.slice_number > 0
    for name, text in (
        ("instrumentConfigurationID", str(content.instrument_configuration_id)),
        ("missionDataTakeID", str(content.data_take_id)),
        *(("transmitterReceiverPolarisation", pair) for pair in _POLARISATIONS[content.polarisation].split()),
        ("productClass", "S"),
        ("productClassDescription", "SAR Standard L1 Product"),
        ("productComposition", content.composition),
        ("productType", content.product_type),
        ("productTimelinessCategory", content.timeliness),
        ("sliceProductFlag", str(is_slice).lower()),
        ("segmentStartTime", parts.safe_time(content.segment_start)),
        *((("sliceNumber", str(content.slice_number)),) if is_slice else ()),
        *((("totalSlices", str(content.total_slices)),) if is_slice else ()),
    ):
        add(said, LEVEL1, name, text)
