"""The band that moves with the line of a burst's image: which bins count, and how much."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sar.tops_burst import Burst, Pattern
from refsys.kernels.sar.tops_geometry import BurstRates

_SIDELOBES = 15
"""Inverse bandwidths within which the response is that of the window."""

_GRID_HZ = 0.5
_GRID_SIZE = 8192
"""Grid on which the band is shaped: the chirp of the steering must not alias over its inverse."""


class BeamBand(NamedTuple):
    """What of the beam is kept before the spectrum is unfolded, over Doppler in the beam.

    Beyond half the PRF the spectrum repeats itself. A cut there would ripple the band of every target; what lies
    beyond is the target's own as well, and what else it is comes from outside the processed band.

    Attributes
    ----------
    flat_hz, end_hz
        Up to the first all is kept; from the second on, nothing.
    pattern
        By which it is divided.
    """

    flat_hz: float
    end_hz: float
    pattern: Pattern

    def weights(self, beam_hz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weights at Doppler in the beam."""
        beyond = np.clip((np.abs(beam_hz) - self.flat_hz) / max(self.end_hz - self.flat_hz, 1.0), 0, 1)
        kept = np.clip(beam_hz, -self.flat_hz, self.flat_hz)
        return np.asarray(np.cos(0.5 * np.pi * beyond) ** 2 / self.pattern.at(kept))


def beam_band(burst: Burst, rates: BurstRates) -> BeamBand:
    """Return what is kept of the beam: half the PRF on each side, and as much more as the processed band allows."""
    radar, prf = burst.radar, 1 / burst.raw_grid.pri_s
    processed = 0.5 * burst.band().bandwidth_hz * float(rates.compression()[0])
    pattern = Pattern(radar.pattern_frequency_hz, radar.pattern_amplitude)
    return BeamBand(0.5 * prf, max(0.5 * prf, prf - processed), pattern)


def band_weights(
    doppler_hz: NDArray[np.float64], centroid_hz: NDArray[np.float64], burst: Burst, rates: BurstRates
) -> NDArray[np.complex128]:
    """Return the weights of bins in lines, complex128 (lines, bins): window over patterns.

    What a line should have is not its own band but those of the targets whose responses it holds, which differ by
    k_t times their distance. Their transform is that of the line's own, times a chirp of twice that rate: without it,
    equalised sidelobes are 0.9 dB too high at the tenth.
    """
    relative = doppler_hz[None, :] - centroid_hz[:, None]
    frequency, blurred = blurred_window(burst, float(rates.image_hz_s[0]))
    weights = np.interp(relative, frequency, blurred.real) + 1j * np.interp(relative, frequency, blurred.imag)
    weights[np.abs(relative) > reach_hz(burst, rates)] = 0
    step_hz = float(doppler_hz[1] - doppler_hz[0])
    scale = step_hz * burst.raw_grid.pri_s / burst.band().integral_hz()
    return np.asarray(scale * weights / burst.sweep.element.at(doppler_hz))


def blurred_window(burst: Burst, rate_hz_s: float) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """Return a grid of Doppler around a centroid, and there the window that a chirp of twice the rate has blurred."""
    frequency, own = _target_weights(burst)
    time_s = np.fft.fftfreq(frequency.size, _GRID_HZ)
    chirp = np.exp(-2j * np.pi * rate_hz_s * time_s**2)
    return frequency, np.fft.fftshift(np.fft.fft(np.fft.ifft(np.fft.ifftshift(own)) * chirp))


def _target_weights(burst: Burst) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a grid of Doppler around a target's centroid, and the window; a cell cut by the edge counts in part."""
    band = burst.band()
    frequency = np.asarray(_GRID_HZ * (np.arange(_GRID_SIZE) - _GRID_SIZE // 2), np.float64)
    inside = np.clip((0.5 * band.bandwidth_hz - np.abs(frequency)) / _GRID_HZ + 0.5, 0, 1)
    within = np.clip(frequency, -0.5 * band.bandwidth_hz, 0.5 * band.bandwidth_hz)
    return frequency, np.asarray(inside * band.weights(within), np.float64)


def reach_hz(burst: Burst, rates: BurstRates) -> float:
    """Return how far from a line's centroid bins count: what the beam holds, and the shift of distant sidelobes."""
    held = 0.5 / burst.raw_grid.pri_s / float(rates.compression()[0])
    return held + float(rates.image_hz_s[0]) * _SIDELOBES / burst.band().bandwidth_hz
