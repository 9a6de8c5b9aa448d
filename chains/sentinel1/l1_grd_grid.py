"""The ground-range grid of a detected image, and where its pixels lie in the swaths of the input."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.l1_grd_swath import Swath
from refsys.kernels.sar.geometry import geolocate
from refsys.kernels.sar.ground_range import GroundRange, distances_along_m, fit_ground_range, ground_boxes
from refsys.kernels.sar.multilook import Boxes
from refsys.kernels.sar.orbit import Orbit
from refsys.model.errors import InputCorrupt

_CONVERSION_STEP_S = 1.0
_POINTS = 256


class GroundGrid(NamedTuple):
    """Pixels of a detected image.

    Attributes
    ----------
    first_time_s, line_interval_s, lines
        Zero-Doppler times since the epoch.
    spacing_m, samples
        Ground range from the first pixel.
    near_m, far_m
        Slant ranges of all swaths together.
    conversion_times_s, conversions
        Slant to ground range at some times; between them positions are interpolated. Ground range is 0 at `near_m`.
    cuts_m
        Slant ranges where one swath gives way to the next, at the first conversion.
    """

    first_time_s: float
    line_interval_s: float
    lines: int
    spacing_m: float
    samples: int
    near_m: float
    far_m: float
    conversion_times_s: tuple[float, ...]
    conversions: tuple[GroundRange, ...]
    cuts_m: tuple[float, ...]

    def times_s(self) -> NDArray[np.float64]:
        """Return the zero-Doppler time of each line, float64 (lines,)."""
        return np.asarray(self.first_time_s + self.line_interval_s * np.arange(self.lines))

    def ground_m(self) -> NDArray[np.float64]:
        """Return the ground range of each pixel, float64 (samples,)."""
        return np.asarray(self.spacing_m * np.arange(self.samples))

    def nodes(self, time_s: float) -> tuple[int, int, float]:
        """Return the two conversions around a time, and the weight of the second."""
        times = np.array(self.conversion_times_s)
        upper = int(np.clip(np.searchsorted(times, time_s), 1, max(times.size - 1, 1)))
        if times.size == 1:
            return 0, 0, 0.0
        weight = (time_s - times[upper - 1]) / (times[upper] - times[upper - 1])
        return upper - 1, upper, float(np.clip(weight, 0.0, 1.0))


def ground_grid(swaths: list[Swath], orbit: Orbit, spacing_m: float) -> GroundGrid:
    """Return the grid that covers all swaths, in order from near to far.

    Raises
    ------
    InputCorrupt
        If swaths do not overlap in time and range, or the orbit does not cover them.
    """
    spans = [swath.grid.slant_ranges_m()[[0, -1]] for swath in swaths]
    near, far = float(spans[0][0]), float(spans[-1][1])
    for before, behind in pairwise(spans):
        if not before[0] < behind[0] < before[1] < behind[1]:
            raise InputCorrupt("swaths do not overlap in slant range", where=swaths[0].annotation.header.swath)
    first = min(swath.grid.first_time_s for swath in swaths)
    last = max(float(swath.grid.times_s()[-1]) for swath in swaths)
    count = max(2, int(np.ceil((last - first) / _CONVERSION_STEP_S)) + 1)
    times = np.linspace(first, last, count)
    try:
        conversions = tuple(_conversion(orbit, time, near, far) for time in times.tolist())
        speed = _ground_speed_m_s(orbit, 0.5 * (first + last), 0.5 * (near + far))
    except ValueError as error:
        raise InputCorrupt(f"no ground range: {error}", where=swaths[0].annotation.header.swath) from error
    width = min(float(_ground(conversion, far)) for conversion in conversions)
    interval = spacing_m / speed
    return GroundGrid(
        first_time_s=first,
        line_interval_s=interval,
        lines=int((last - first) / interval) + 1,
        spacing_m=spacing_m,
        samples=int(width / spacing_m) + 1,
        near_m=near,
        far_m=far,
        conversion_times_s=tuple(times.tolist()),
        conversions=conversions,
        cuts_m=tuple(0.5 * float(a[1] + b[0]) for a, b in pairwise(spans)),
    )


def sample_boxes(grid: GroundGrid, swath: Swath, times_s: NDArray[np.float64], width_m: float) -> Boxes:
    """Return where the pixels of some lines lie in the samples of a swath: (lines, samples) each."""
    made = [
        ground_boxes(conversion, swath.grid, first_m=0.0, spacing_m=grid.spacing_m, count=grid.samples, width_m=width_m)
        for conversion in grid.conversions
    ]
    centre, width = np.empty((times_s.size, grid.samples)), np.empty((times_s.size, grid.samples))
    for row, time in enumerate(times_s.tolist()):
        lower, upper, weight = grid.nodes(time)
        centre[row] = made[lower].centre + weight * (made[upper].centre - made[lower].centre)
        width[row] = made[lower].width + weight * (made[upper].width - made[lower].width)
    return Boxes(centre, width)


def swath_columns(grid: GroundGrid) -> list[tuple[int, int]]:
    """Return first pixel, and first pixel behind, of each swath."""
    ends = [int(np.ceil(float(_ground(grid.conversions[0], cut)) / grid.spacing_m)) for cut in grid.cuts_m]
    return list(zip([0, *ends], [*ends, grid.samples], strict=True))


def slant_range_at(grid: GroundGrid, time_s: float, pixel: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the slant range of pixels at a time."""
    lower, upper, weight = grid.nodes(time_s)
    ground = grid.spacing_m * np.asarray(pixel, np.float64)
    both = [_slant(grid.conversions[k], ground) for k in (lower, upper)]
    return np.asarray(both[0] + weight * (both[1] - both[0]))


def _ground(conversion: GroundRange, slant_m: float) -> float:
    offset = slant_m - conversion.slant_origin_m
    return float(np.polynomial.polynomial.polyval(offset, conversion.slant_to_ground))


def _slant(conversion: GroundRange, ground_m: NDArray[np.float64]) -> NDArray[np.float64]:
    offset = ground_m - conversion.ground_origin_m
    return np.asarray(np.polynomial.polynomial.polyval(offset, conversion.ground_to_slant))


def _conversion(orbit: Orbit, time_s: float, near: float, far: float) -> GroundRange:
    # Somewhat beyond both ends, where boxes of the outermost pixels reach to.
    margin = 0.002 * (far - near) + 50.0
    slant = np.linspace(near - margin, far + margin, _POINTS)
    slant = np.unique(np.append(slant, near))
    places = geolocate(orbit, np.full(slant.size, time_s), slant, 0.0)
    ground = distances_along_m(places)
    return fit_ground_range(slant, ground - ground[np.searchsorted(slant, near)])


def _ground_speed_m_s(orbit: Orbit, time_s: float, slant_m: float) -> float:
    times = time_s + np.array([-0.5, 0.5])
    places = geolocate(orbit, times, np.full(2, slant_m), 0.0)
    return float(np.linalg.norm(places[1] - places[0]))
