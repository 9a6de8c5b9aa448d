"""Level-1 products of Sentinel-1 in SAFE form: pixels, annotation, calibration and noise of each image, manifest."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from refsys.chains.sentinel1.safe.annotation import AdsHeader, Annotation
from refsys.chains.sentinel1.safe.annotation_files import write_annotation, write_calibration, write_noise
from refsys.chains.sentinel1.safe.calibration import Calibration, Noise
from refsys.chains.sentinel1.safe.drafts import draft_folder, named
from refsys.chains.sentinel1.safe.level1_manifest import QUICK_LOOK, ImageFiles, Level1Content, write_level1_manifest
from refsys.chains.sentinel1.safe.measurement import MeasurementPlan, MeasurementSummary, write_measurement
from refsys.chains.sentinel1.safe.naming import ProductIdentity
from refsys.model.errors import InputCorrupt, InputMissing

_COMPLEX_BYTES = 4


class Level1Image(NamedTuple):
    """One image of a product: a swath, or merged swaths, in one polarisation.

    Attributes
    ----------
    annotation, calibration, noise
        Their headers are those of one image. Statistics and byte offsets of bursts are filled in from the pixels.
    blocks
        Rows of pixels in order, complex64 (SLC) or real (GRD), (k, samples) each; bursts below each other.
    """

    annotation: Annotation
    calibration: Calibration
    noise: Noise
    blocks: Iterable[NDArray[Any]]


class Level1Written(NamedTuple):
    """A product's name (`<...>_<crc>.SAFE`), which is its folder's, and what was written of each image."""

    name: str
    summaries: tuple[MeasurementSummary, ...]


def write_level1(
    folder: Path, content: Level1Content, images: Sequence[Level1Image], quick_look: bytes | None = None
) -> Level1Written:
    """Write a Level-1 product below a folder.

    Memory is that of some blocks of rows. Same pixels and content give the same bytes.

    Parameters
    ----------
    folder
        Where the product's own folder is made.
    content
        What the manifest says.
    images
        In the order of their image numbers.
    quick_look
        PNG file for `preview/`.

    Raises
    ------
    InputMissing
        If there is no image.
    InputCorrupt
        Headers of an image that differ, two images of one number, rows that do not fit.
    ValueError
        A number of annotation, calibration or noise that is not finite.
    FileExistsError
        If the product is there already.
    """
    if not images:
        raise InputMissing("a Level-1 product needs at least one image", where=folder)
    _check_headers(images, folder)
    identity = _identity(content)
    files = [_files(identity, image.annotation.header) for image in images]
    with draft_folder(folder) as draft:
        for part in ("measurement", "annotation/calibration"):
            (draft / part).mkdir(parents=True)
        if quick_look is not None:
            (draft / QUICK_LOOK).parent.mkdir()
            (draft / QUICK_LOOK).write_bytes(quick_look)
        summaries = [_write_image(draft, content, paths, image) for paths, image in zip(files, images, strict=True)]
        name = named(draft, identity, write_level1_manifest(draft, content, files))
    return Level1Written(name, tuple(summaries))


def _check_headers(images: Sequence[Level1Image], folder: Path) -> None:
    for image in images:
        if not image.annotation.header == image.calibration.header == image.noise.header:
            raise InputCorrupt("headers of annotation, calibration and noise differ", where=folder)
    numbers = [image.annotation.header.image_number for image in images]
    if len(set(numbers)) < len(numbers):
        raise InputCorrupt(f"image numbers {', '.join(numbers)} repeat", where=folder)


def _identity(content: Level1Content) -> ProductIdentity:
    return ProductIdentity(
        satellite=content.satellite,
        beam=content.beam,
        content=content.product_type,
        resolution=content.resolution,
        level="1",
        product_class="S",
        polarisation=content.polarisation,
        start=content.start,
        stop=content.stop,
        orbit=content.orbit.absolute_orbit,
        data_take_id=content.data_take_id,
    )


def _files(identity: ProductIdentity, header: AdsHeader) -> ImageFiles:
    stem = identity.file_stem(header.swath, header.polarisation, header.start, header.stop)
    return ImageFiles(f"{stem}-{header.image_number}")


def _write_image(draft: Path, content: Level1Content, files: ImageFiles, image: Level1Image) -> MeasurementSummary:
    said = image.annotation.image
    plan = MeasurementPlan(
        lines=said.lines,
        samples=said.samples,
        detected=said.pixel_value == "Detected",
        grid=image.annotation.grid,
        description=f"Sentinel-1{content.satellite} {content.mode} {content.product_type} L1",
        software=f"{content.origin.software} {content.origin.version}",
        time=content.stop,  # not when it was made: the same pixels are the same bytes
    )
    annotation, noise, calibration = (draft / path for path in files.metadata)
    write_noise(noise, image.noise)
    write_calibration(calibration, image.calibration)
    summary = write_measurement(draft / files.measurement, plan, image.blocks)
    write_annotation(annotation, _completed(image.annotation, summary))
    return summary


def _completed(annotation: Annotation, summary: MeasurementSummary) -> Annotation:
    """Return the annotation with what is known once the pixels are written."""
    burst_bytes = annotation.lines_per_burst * annotation.samples_per_burst * _COMPLEX_BYTES
    return annotation._replace(
        image=annotation.image._replace(statistics=summary.statistics),
        qualities=tuple(quality._replace(statistics=summary.statistics) for quality in annotation.qualities),
        bursts=tuple(
            burst._replace(byte_offset=summary.first_byte + k * burst_bytes)
            for k, burst in enumerate(annotation.bursts)
        ),
    )
