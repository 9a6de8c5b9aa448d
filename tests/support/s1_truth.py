"""Simulated Sentinel-1 scenes through all chains, and what the files of the products say of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from s1_session import write_session
from unit_runner import ChainRun, run_chain

from refsys.chains.sentinel1.safe.calibration import CalibrationVector, NoiseRangeVector
from refsys.chains.sentinel1.safe.reading import ProductImage, open_pixels, product_images
from refsys.chains.sentinel1.simulation.acquisition import DataTake, simulate_packets
from refsys.chains.sentinel1.simulation.auxiliary import simulate_auxiliary
from refsys.chains.sentinel1.simulation.scene import Scene
from refsys.chains.sentinel1.simulation.tops import Burst
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S

EPOCH = datetime(2013, 6, 1, 12, tzinfo=UTC)
ROLES = ("AUX_INS", "AUX_CAL", "AUX_PP1", "AUX_RESORB")

Floats = NDArray[np.float64]


class Source(NamedTuple):
    """What a complex product is made of: inputs by role, and the figures of the Level-0 product."""

    beam: str
    inputs: dict[str, Path]
    figures: dict[str, Any]


class Made(NamedTuple):
    """A product: its images, its folder, its figures."""

    images: tuple[ProductImage, ...]
    folder: Path
    figures: dict[str, Any]


def make_source(work: Path, parts: Sequence[Burst], scene: Scene, take: DataTake) -> Source:
    """Simulate packets, of parts of one gain, and auxiliary files, and run S1-L0 on them; `work` is empty."""
    packets = b"".join(simulate_packets(parts, scene, take))
    beam = "S3" if parts[0].acquisition.codes.swath == "S3" else "IW"
    level0 = run_chain("S1-L0", {"session": write_session(work, {24: packets})}, work / "l0", channels=["1"])
    files = dict(zip(ROLES, simulate_auxiliary(work / "aux", gain=parts[0].acquisition.gain), strict=True))
    said: dict[str, Any] = level0.product(f"{beam}_RAW__0S").figures
    return Source(beam, {"packets": level0.product_folder(f"{beam}_RAW__0S"), **files}, said)


def make_complex(source: Source, work: Path, *, rectangular: bool = False) -> Made:
    """Run S1-L1-SLC, with the windows of AUX_PP1 or none."""
    windows = {f"focus.{axis}_window": "rectangular" for axis in ("range", "azimuth")} if rectangular else {}
    run = run_chain("S1-L1-SLC", source.inputs, work / "slc", parameters=windows, **source.figures)
    return _made(run, f"{source.beam}_SLC__1S")


def make_detected(source: Source, made: Made, work: Path) -> Made:
    """Run S1-L1-GRD on a complex product."""
    run = run_chain("S1-L1-GRD", {"slc": made.folder}, work / "grd", **made.figures)
    return _made(run, f"{source.beam}_GRDH_1S")


def _made(run: ChainRun, product_type: str) -> Made:
    draft = run.product(product_type)
    assert draft.quality.value == "nominal", draft.figures["degraded_because"]
    folder = run.product_folder(product_type)
    return Made(product_images(folder), folder, dict(draft.figures))


class Area(NamedTuple):
    """Lines and samples of an image, last ones not included."""

    first_line: int
    stop_line: int
    first_sample: int
    stop_sample: int

    @property
    def lines(self) -> Floats:
        """Numbers of the lines."""
        return np.arange(self.first_line, self.stop_line, dtype=np.float64)

    @property
    def samples(self) -> Floats:
        """Numbers of the samples."""
        return np.arange(self.first_sample, self.stop_sample, dtype=np.float64)


class Calibrated(NamedTuple):
    """Sigma nought of an area, noise not taken off, and the annotated noise in it: float64 (lines, samples)."""

    sigma0: Floats
    noise: Floats


def whole(image: ProductImage) -> Area:
    """Return the area of all pixels."""
    with open_pixels(image.measurement) as pixels:
        return Area(0, pixels.lines, 0, pixels.samples)


def calibrated(image: ProductImage, area: Area) -> Calibrated:
    """Calibrate an area with the product's own tables, bilinear between points; NaN where a detected one is empty."""
    with open_pixels(image.measurement) as pixels:
        read = pixels.read(area.first_line, area.lines.size, area.first_sample, area.samples.size)
    numbers = np.abs(read.astype(np.complex128)) ** 2
    if read.dtype == np.uint16:
        numbers[numbers == 0] = np.nan
    vectors = image.read_calibration().vectors
    scale = _table(vectors, [vector.sigma_nought for vector in vectors], area) ** 2
    noise = image.read_noise()
    assert all(np.all(each.factor == 1) for each in noise.azimuth_vectors)
    power = _table(noise.range_vectors, [vector.power for vector in noise.range_vectors], area)
    return Calibrated(numbers / scale, power / scale)


def _table(vectors: Sequence[CalibrationVector | NoiseRangeVector], values: Sequence[Floats], area: Area) -> Floats:
    rows = [np.interp(area.samples, vector.pixel, value) for vector, value in zip(vectors, values, strict=True)]
    lines = [vector.line for vector in vectors]
    return np.stack([np.interp(area.lines, lines, column) for column in np.stack(rows, axis=1)], axis=1)


class Place(NamedTuple):
    """Line and sample."""

    line: float
    sample: float


def detected_place(image: ProductImage, time_s: float, slant_range_m: float) -> Place:
    """Return where a detected image says that a place lies; seconds since `EPOCH`."""
    said = image.read_annotation()
    line = (time_s - (said.image.first_line - EPOCH).total_seconds()) / said.image.line_interval_s
    times = [(each.time - EPOCH).total_seconds() for each in said.conversions]
    grounds = [np.polynomial.polynomial.polyval(slant_range_m - each.sr0_m, each.srgr) for each in said.conversions]
    return Place(line, float(np.interp(time_s, times, grounds)) / said.image.range_spacing_m)


def detected_area(image: ProductImage, times_s: tuple[float, float], ranges_m: tuple[float, float]) -> Area:
    """Return the pixels of a detected image whose centres lie in a piece of ground."""
    corners = [detected_place(image, time, slant) for time in times_s for slant in ranges_m]
    lines, samples = zip(*corners, strict=True)
    near, far = max(samples[0], samples[2]), min(samples[1], samples[3])
    return Area(int(np.ceil(lines[0])), int(lines[3]), int(np.ceil(near)), int(far))


def complex_place(image: ProductImage, time_s: float, slant_range_m: float, burst: int | None = None) -> Place:
    """Return the row and sample of a place in a complex image, in the lines of a burst if it has any."""
    said = image.read_annotation()
    first = said.image.first_line if burst is None else said.bursts[burst].time
    line = (time_s - (first - EPOCH).total_seconds()) / said.image.line_interval_s
    delay_s = 2 * slant_range_m / LIGHT_SPEED_M_S - said.image.slant_range_time_s
    return Place(line + (burst or 0) * said.lines_per_burst, delay_s * said.product.range_sampling_hz)
