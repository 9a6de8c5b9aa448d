"""What all blocks of columns of one burst share while it is focused."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sar.focusing import Radar
from refsys.kernels.sar.focusing_phase import PulseFit
from refsys.kernels.sar.grids import ImageGrid, RawGrid
from refsys.kernels.sar.orbit import Orbit
from refsys.kernels.sar.tops_geometry import BurstRates, Steering, burst_rates
from refsys.kernels.sar.velocity import RangeHistory, range_history
from refsys.kernels.sar.windows import Window

_BEYOND_M = 1e3
"""Histories are fitted this far beyond the image, so that narrow images have a span too."""


class Ground(NamedTuple):
    """Where the beam meets the ground.

    Attributes
    ----------
    looks_right
        Side of the track.
    height_m
        Mean, above the ellipsoid.
    """

    looks_right: bool = True
    height_m: float = 0.0


class Pattern(NamedTuple):
    """A two-way antenna pattern.

    Attributes
    ----------
    frequency_hz
        float64 (k,), Doppler, increasing.
    amplitude
        float64 (k,).
    """

    frequency_hz: NDArray[np.float64]
    amplitude: NDArray[np.float64]

    def at(self, doppler_hz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the amplitude at Doppler frequencies; 1 where there is no pattern."""
        if not self.frequency_hz.size:
            return np.ones(doppler_hz.shape)
        return np.asarray(np.interp(doppler_hz, self.frequency_hz, self.amplitude))


NO_PATTERN = Pattern(np.zeros(0), np.zeros(0))
ELLIPSOID = Ground()


class Sweep(NamedTuple):
    """How the beam passes over the ground.

    Attributes
    ----------
    orbit
        State vectors around the burst and its image.
    steering
        Of the beam.
    element
        Pattern of one element, which bounds the steered beam; over Doppler from zero.
    ground
        Side of the track and height.
    """

    orbit: Orbit
    steering: Steering
    element: Pattern = NO_PATTERN
    ground: Ground = ELLIPSOID


class Burst(NamedTuple):
    """A burst to be focused."""

    raw_grid: RawGrid
    radar: Radar
    pulse: PulseFit
    sweep: Sweep
    output: ImageGrid

    def band(self) -> Window:
        """Return the processed Doppler band of a target."""
        return Window(self.radar.doppler_bandwidth_hz, self.radar.azimuth_window)

    def history(self, time_s: float) -> RangeHistory:
        """Return how ranges change for targets at a zero-Doppler time."""
        ranges = self.output.slant_ranges_m()
        span = float(ranges[0]) - _BEYOND_M, float(ranges[-1]) + _BEYOND_M
        right, height = self.sweep.ground
        return range_history(self.sweep.orbit, time_s, span, looks_right=right, height_m=height)

    def rates(self, history: RangeHistory, slant_range_m: NDArray[np.float64]) -> BurstRates:
        """Return Doppler rates at slant ranges, float64 (n,)."""
        return burst_rates(self.sweep.steering, self.sweep.orbit, history, slant_range_m, self.radar.carrier_hz)
