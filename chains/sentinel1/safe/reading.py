"""Level-1 products of Sentinel-1 in SAFE form, read: manifest, the images and their files, rows of pixels."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import rasterio
from lxml import etree
from numpy.typing import NDArray

from refsys.chains.safe_xml import parse_xml
from refsys.chains.sentinel1.safe.annotation import Annotation
from refsys.chains.sentinel1.safe.annotation_files import read_annotation, read_calibration, read_noise
from refsys.chains.sentinel1.safe.calibration import Calibration, Noise
from refsys.chains.sentinel1.safe.level1_manifest import Level1Content
from refsys.chains.sentinel1.safe.manifest_parts import GML, LEVEL1, S1, SAFE, SIMULATED, Origin
from refsys.chains.sentinel1.safe.naming import MANIFEST
from refsys.model.errors import InputCorrupt, InputMissing
from refsys.model.names_s1 import S1ProductName
from refsys.model.times import parse_time

_CACHE_BYTES = 64 << 20
_SPACES = {"safe": SAFE, "s1": S1, "s1sarl1": LEVEL1, "gml": GML}


class ProductImage(NamedTuple):
    """Files of one image of a product."""

    annotation: Path
    calibration: Path
    noise: Path
    measurement: Path

    def read_annotation(self) -> Annotation:
        """Read the annotation; see `annotation_files.read_annotation`."""
        return read_annotation(self.annotation)

    def read_calibration(self) -> Calibration:
        """Read the calibration vectors."""
        return read_calibration(self.calibration)

    def read_noise(self) -> Noise:
        """Read the noise vectors."""
        return read_noise(self.noise)


class PixelRows:
    """Rows of an open measurement file.

    Parameters
    ----------
    dataset
        As rasterio opened it.
    path
        For messages.
    """

    def __init__(self, dataset: Any, path: Path) -> None:  # noqa: ANN401  (rasterio has no types)
        self._dataset = dataset
        self._path = path
        self.lines: int = dataset.height
        self.samples: int = dataset.width

    def read(self, first: int, count: int, first_sample: int = 0, samples: int | None = None) -> NDArray[Any]:
        """Return pixels, complex64 (SLC) or uint16 (GRD), (count, samples).

        Raises
        ------
        ValueError
            If rows or samples are not whole numbers.
        InputCorrupt
            If they are outside the image, or the file does not hold what it should, as when it is cut short.
        """
        width = self.samples - first_sample if samples is None else samples
        if not all(isinstance(number, (int, np.integer)) for number in (first, count, first_sample, width)):
            raise ValueError(f"rows {first}, {count} and samples {first_sample}, {width} must be whole numbers")
        if min(first, count, first_sample, width) < 0 or first + count > self.lines:
            raise InputCorrupt(f"rows {first} to {first + count} of an image of {self.lines}", where=self._path)
        if first_sample + width > self.samples:
            raise InputCorrupt(f"samples beyond {self.samples}", where=self._path)
        window = ((first, first + count), (first_sample, first_sample + width))
        try:
            pixels = self._dataset.read(1, window=window)
        except rasterio.errors.RasterioIOError as error:
            raise InputCorrupt(f"pixels cannot be read: {error}", where=self._path) from error
        return np.asarray(pixels, dtype=np.complex64 if np.iscomplexobj(pixels) else pixels.dtype)


@contextmanager
def open_pixels(path: Path) -> Iterator[PixelRows]:
    """Open a measurement file (`InputMissing` if there is none, `InputCorrupt` if it is no raster)."""
    if not path.exists():
        raise InputMissing("measurement file does not exist", where=path)
    with rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES):
        try:
            dataset = rasterio.open(path)
        except rasterio.errors.RasterioIOError as error:
            raise InputCorrupt(f"measurement cannot be opened: {error}", where=path) from error
        with dataset:
            yield PixelRows(dataset, path)


def product_images(folder: Path) -> tuple[ProductImage, ...]:
    """Return the images of a product in the order of their numbers.

    Raises
    ------
    InputMissing
        If there is no annotation, or calibration, noise or measurement of one.
    """
    annotations = sorted(folder.glob("annotation/*.xml"), key=lambda path: (path.stem.rpartition("-")[2], path.name))
    if not annotations:
        raise InputMissing("product without annotation", where=folder)
    images = [
        ProductImage(
            path,
            folder / "annotation" / "calibration" / f"calibration-{path.name}",
            folder / "annotation" / "calibration" / f"noise-{path.name}",
            folder / "measurement" / f"{path.stem}.tiff",
        )
        for path in annotations
    ]
    for image in images:
        for path in image:
            if not path.exists():
                raise InputMissing("file of a product's image does not exist", where=path)
    return tuple(images)


def read_level1_manifest(folder: Path) -> Level1Content:
    """Read what the manifest of a Level-1 product says; the folder's name is the product's.

    Raises
    ------
    InputMissing
        If there is no manifest.
    InputCorrupt
        If it lacks an element or says something impossible, or the name is no product's.
    """
    root = parse_xml(folder / MANIFEST)
    name = S1ProductName.parse(folder.name)
    said = _Said(root, folder / MANIFEST)
    try:
        return Level1Content.model_validate({**_from_name(name), **_from_manifest(root, said)})
    except InputCorrupt:
        raise
    except (ValueError, OverflowError) as error:
        raise InputCorrupt(f"manifest: {error}", where=folder / MANIFEST) from error


def _from_name(name: S1ProductName) -> dict[str, Any]:
    return {"beam": name.beam, "resolution": name.resolution, "polarisation": name.polarisation}


def _from_manifest(root: etree._Element, said: "_Said") -> dict[str, Any]:
    return {
        "satellite": said.text("safe:platform/safe:number"),
        "swaths": said.texts("s1sarl1:swath"),
        "product_type": said.text("s1sarl1:productType"),
        "start": said.time("safe:acquisitionPeriod/safe:startTime"),
        "stop": said.time("safe:acquisitionPeriod/safe:stopTime"),
        "orbit": {
            "absolute_orbit": int(said.text("safe:orbitNumber")),
            "pass_direction": said.text("s1:pass"),
            "ascending_node_time": said.time("s1:ascendingNodeTime"),
        },
        "data_take_id": int(said.text("s1sarl1:missionDataTakeID")),
        "instrument_configuration_id": int(said.text("s1sarl1:instrumentConfigurationID")),
        "timeliness": said.text("s1sarl1:productTimelinessCategory"),
        "composition": said.text("s1sarl1:productComposition"),
        "segment_start": said.time("s1sarl1:segmentStartTime"),
        "slice_number": int(said.text("s1sarl1:sliceNumber", "0")),
        "total_slices": int(said.text("s1sarl1:totalSlices", "0")),
        "footprint": said.footprint(),
        "origin": _origin(root, said),
    }


def _origin(root: etree._Element, said: "_Said") -> Origin:
    processing, facility, software = (
        said.element(path)
        for path in ("safe:processing", "safe:processing/safe:facility", "safe:processing/safe:facility/safe:software")
    )
    comments = {comment.text for comment in root.iter(etree.Comment)}
    simulated = SIMULATED in comments
    return Origin(
        processing=processing.get("name", ""),
        start=parse_time(processing.get("start", "")),
        stop=parse_time(processing.get("stop", "")),
        software=software.get("name", ""),
        version=software.get("version", ""),
        facility=facility.get("name", "").removesuffix(" (simulated data)"),
        inputs=tuple(
            (used.get("name", ""), used.get("role", "")) for used in processing.findall("safe:resource", _SPACES)
        ),
        simulated=simulated,
    )


class _Said:
    """Elements of a manifest by path."""

    def __init__(self, root: etree._Element, where: Path) -> None:
        self.root = root
        self.where = where

    def element(self, path: str) -> etree._Element:
        found = self.root.find(f".//{path}", _SPACES)
        if found is None:
            raise InputCorrupt(f"manifest has no element {path}", where=self.where)
        return found

    def text(self, path: str, missing: str | None = None) -> str:
        if missing is not None and self.root.find(f".//{path}", _SPACES) is None:
            return missing
        return (self.element(path).text or "").strip()

    def texts(self, path: str) -> tuple[str, ...]:
        return tuple((element.text or "").strip() for element in self.root.findall(f".//{path}", _SPACES))

    def time(self, path: str) -> datetime:
        try:
            return parse_time(self.text(path))
        except (ValueError, OverflowError) as error:
            raise InputCorrupt(f"manifest: {path}: {error}", where=self.where) from error

    def footprint(self) -> tuple[tuple[float, ...], ...]:
        pairs = self.text("gml:coordinates").split()
        return tuple(tuple(float(part) for part in pair.split(",")) for pair in pairs)
