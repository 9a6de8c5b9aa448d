"""Range compression of a burst, at the range sampling of its image.

Swaths are sampled at different rates and their images at one, so compressed lines are interpolated in the spectrum.
"""

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from refsys.kernels.sar.focusing import Radar
from refsys.kernels.sar.focusing_phase import inverse_pulse
from refsys.kernels.sar.grids import RawGrid
from refsys.kernels.sar.windows import Window

_LINES = 64
_LARGEST_DENOMINATOR = 1000
_SAME = 1e-9


def resampling(grid: RawGrid, sampling_hz: float) -> Fraction:
    """Return the ratio of a sampling to that of the raw data.

    Raises
    ------
    ValueError
        If it is below 1, or not one of small whole numbers.
    """
    wanted = sampling_hz / grid.range_sampling_hz
    ratio = Fraction(wanted).limit_denominator(_LARGEST_DENOMINATOR)
    if ratio < 1 or abs(float(ratio) / wanted - 1) > _SAME:
        raise ValueError(f"an image sampled at {sampling_hz} Hz from raw data at {grid.range_sampling_hz} Hz")
    return ratio


def compress_lines(
    raw: NDArray[np.complex64], grid: RawGrid, radar: Radar, sampling_hz: float
) -> tuple[NDArray[np.complex64], RawGrid]:
    """Return range-compressed lines and where their samples lie.

    Parameters
    ----------
    raw
        complex64 (grid.lines, grid.samples).
    grid
        Where they lie.
    radar
        Of which pulse and range window are used; an echo of amplitude a gives a peak of a.
    sampling_hz
        Of the result.

    Raises
    ------
    ValueError
        As `resampling`; if the pulse does not fill its band.
    """
    ratio = resampling(grid, sampling_hz)
    blocks = -(-grid.samples // ratio.denominator)
    while fft.next_fast_len(blocks) != blocks:
        blocks += 1
    size, fine = blocks * ratio.denominator, blocks * ratio.numerator
    frequency = np.asarray(np.fft.fftfreq(size, 1 / grid.range_sampling_hz), np.float64)
    window = Window(radar.range_bandwidth_hz, radar.range_window)
    inverse = (inverse_pulse(radar.pulse, grid.range_sampling_hz, frequency, window) * float(ratio)).astype(
        np.complex64
    )
    finer = grid._replace(range_sampling_hz=sampling_hz, samples=math.ceil(grid.samples * ratio))
    compressed = np.empty((grid.lines, finer.samples), np.complex64)
    half = (size + 1) // 2
    for first in range(0, grid.lines, _LINES):
        spectrum = fft.fft(raw[first : first + _LINES], size, axis=1)
        spectrum *= inverse
        padded = np.zeros((spectrum.shape[0], fine), np.complex64)
        padded[:, :half], padded[:, fine - (size - half) :] = spectrum[:, :half], spectrum[:, half:]
        compressed[first : first + _LINES] = fft.ifft(padded, axis=1, overwrite_x=True)[:, : finer.samples]
    return compressed, finer
