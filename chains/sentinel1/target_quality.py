"""Point targets of a simulated scene, found again in a published complex image and measured.

Where, how wide, how strong and of what phase each must be follows from the scene and the windows of the annotation, not
from how the image was made.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.safe.annotation import Annotation, Band
from refsys.chains.sentinel1.safe.calibration import Calibration, Noise
from refsys.chains.sentinel1.safe.reading import PixelRows, open_pixels, product_images
from refsys.chains.sentinel1.simulation.showcase import Cell, SceneTruth, TrueTarget
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S
from refsys.kernels.sar.impulse_response import Cut, expected_response, measure_impulse_response
from refsys.kernels.sar.windows import Window
from refsys.model.errors import InputCorrupt

CHIP = 64
"""Lines and samples around a target."""

_LEAST_MARGIN = CHIP // 2 + 1
_CELL_EDGE = 4  # pixels at the edge of a cell that its neighbours reach into


class Axis(NamedTuple):
    """One axis of a target: what was measured, and what theory gives for the window; widths in pixels.

    `error` is where the peak lies less where it must, in pixels.
    """

    error: float
    measured: Cut
    expected: Cut

    @property
    def width_ratio(self) -> float:
        """Measured width over the expected one."""
        return self.measured.width / self.expected.width

    @property
    def pslr_error_db(self) -> float:
        """Peak to sidelobe ratio less the expected one."""
        return self.measured.pslr_db - self.expected.pslr_db


class TargetQuality(NamedTuple):
    """A target as it is in the image.

    Attributes
    ----------
    name
        In the scene.
    azimuth, range
        The two axes.
    phase_error_deg
        Phase at the peak less that of the way, -4 pi R / wavelength.
    rcs_error_db
        Radar cross-section from the calibrated energy of the response over the true one.
    chip
        complex64 (`CHIP`, `CHIP`), pixels around it.
    """

    name: str
    azimuth: Axis
    range: Axis
    phase_error_deg: float
    rcs_error_db: float
    chip: NDArray[np.complex64]


class Windows(NamedTuple):
    """Windows of an image, and the pixels of one inverse bandwidth along lines and samples."""

    azimuth: Window
    range: Window
    null_pixels: tuple[float, float]


def measure_targets(product: Path, truth: SceneTruth) -> tuple[TargetQuality, ...]:
    """Measure the targets that lie far enough inside the image of a StripMap SLC product.

    Parameters
    ----------
    product
        Folder of the product in SAFE form.
    truth
        What the scene holds.

    Raises
    ------
    InputCorrupt
        If the product is no StripMap SLC, or no target lies in its image.
    InputMissing
        If a file of it is not there.
    """
    image = product_images(product)[0]
    said, calibration = image.read_annotation(), image.read_calibration()
    if said.bursts or said.header.product_type != "SLC":
        raise InputCorrupt("targets are measured in StripMap SLC products", where=product)
    found = []
    with open_pixels(image.measurement) as pixels:
        for target in truth.targets:
            line, sample = _place(said, target.time, target.slant_range_m)
            first = round(line) - CHIP // 2, round(sample) - CHIP // 2
            margins = *first, pixels.lines - first[0] - CHIP, pixels.samples - first[1] - CHIP
            if min(margins) < _LEAST_MARGIN - CHIP // 2:
                continue
            chip = pixels.read(first[0], CHIP, first[1], CHIP)
            found.append(_measured(said, calibration, target, chip, (line - first[0], sample - first[1])))
    if not found:
        raise InputCorrupt("no target of the scene lies in the image", where=product)
    return tuple(found)


def image_windows(product: Path) -> Windows:
    """Return the windows of the first image of a product; errors as of `measure_targets`."""
    return windows_of(product_images(product)[0].read_annotation())


def windows_of(said: Annotation) -> Windows:
    """Return the windows that an annotation states."""
    swath = said.processing.swaths[0]
    azimuth, across = _window(swath.azimuth_band), _window(swath.range_band)
    nulls = (
        1 / (said.image.line_interval_s * azimuth.bandwidth_hz),
        said.product.range_sampling_hz / across.bandwidth_hz,
    )
    return Windows(azimuth, across, nulls)


def _window(band: Band) -> Window:
    return Window(band.processing_bandwidth_hz, band.window_coefficient if band.window == "Hamming" else 1.0)


def _place(said: Annotation, time: datetime, slant_range_m: float) -> tuple[float, float]:
    """Return line and sample of a place."""
    line = (time - said.image.first_line).total_seconds() / said.image.line_interval_s
    delay = 2 * slant_range_m / LIGHT_SPEED_M_S - said.image.slant_range_time_s
    return line, delay * said.product.range_sampling_hz


def _measured(
    said: Annotation,
    calibration: Calibration,
    target: TrueTarget,
    chip: NDArray[np.complex64],
    place: tuple[float, float],
) -> TargetQuality:
    windows = windows_of(said)
    found = measure_impulse_response(chip, (CHIP // 2, CHIP // 2), windows.null_pixels, chip=CHIP)
    way_turns = 2 * target.slant_range_m / LIGHT_SPEED_M_S * said.product.radar_frequency_hz
    turns = np.angle(found.peak) / (2 * np.pi) + way_turns % 1.0
    return TargetQuality(
        name=target.name,
        azimuth=_axis(found.azimuth, place[0], windows.azimuth, 1 / said.image.line_interval_s),
        range=_axis(found.range, place[1], windows.range, said.product.range_sampling_hz),
        phase_error_deg=float(360 * (turns - np.round(turns))),
        rcs_error_db=float(10 * np.log10(_rcs_m2(said, calibration, windows, abs(found.peak)) / target.rcs_m2)),
        chip=chip,
    )


def _axis(cut: Cut, place: float, window: Window, rate_hz: float) -> Axis:
    theory = expected_response(window)
    return Axis(cut.position - place, cut, theory._replace(width=theory.width * rate_hz))


def _rcs_m2(said: Annotation, calibration: Calibration, windows: Windows, peak: float) -> float:
    """Return the cross-section: beta nought times the slant area of a pixel, summed over the response."""
    beta = float(np.mean([vector.beta_nought.mean() for vector in calibration.vectors]))
    speed_m_s = said.image.azimuth_spacing_m / said.image.line_interval_s
    area_m2 = windows.azimuth.equivalent_width_s() * speed_m_s
    area_m2 *= windows.range.equivalent_width_s() * 0.5 * LIGHT_SPEED_M_S
    return (peak / beta) ** 2 * area_m2


class AreaQuality(NamedTuple):
    """Ground of a known backscatter as it is in the image: pixels looked at, and sigma nought less the true one."""

    name: str
    pixels: int
    sigma0_error_db: float


def measure_areas(product: Path, truth: SceneTruth) -> tuple[AreaQuality, ...]:
    """Measure the mean backscatter, noise subtracted, of each area, some pixels off the edges of its cells.

    Parameters and errors as of `measure_targets`; areas of which nothing lies in the image are left out.
    """
    image = product_images(product)[0]
    said, calibration, noise = image.read_annotation(), image.read_calibration(), image.read_noise()
    found = []
    with open_pixels(image.measurement) as pixels:
        for area in truth.areas:
            sums = [_cell_sums(said, calibration, noise, pixels, cell) for cell in area.cells]
            total, count = (sum(column) for column in zip(*sums, strict=True))
            if count:
                error = 10 * np.log10(max(total / count, 1e-30)) - area.sigma0_db
                found.append(AreaQuality(area.name, int(count), float(error)))
    return tuple(found)


def _cell_sums(
    said: Annotation, calibration: Calibration, noise: Noise, pixels: PixelRows, cell: Cell
) -> tuple[float, int]:
    """Return the sum of sigma nought over the inner pixels of a cell, and their number."""
    corners = ((cell.first_time, cell.near_m), (cell.last_time, cell.far_m))
    (top, left), (bottom, right) = (_place(said, time, slant_range) for time, slant_range in corners)
    first, last = int(np.ceil(top)) + _CELL_EDGE, int(bottom) - _CELL_EDGE
    near, far = int(np.ceil(left)) + _CELL_EDGE, int(right) - _CELL_EDGE
    if first < 0 or near < 0 or last > pixels.lines or far > pixels.samples or last <= first or far <= near:
        return 0.0, 0
    power = np.abs(pixels.read(first, last - first, near, far - near)) ** 2
    columns = np.arange(near, far)
    table, floor = calibration.vectors[0], noise.range_vectors[0]
    scale = np.interp(columns, table.pixel, table.sigma_nought)
    sigma0 = (power - np.interp(columns, floor.pixel, floor.power)) / scale**2
    return float(sigma0.sum()), sigma0.size
