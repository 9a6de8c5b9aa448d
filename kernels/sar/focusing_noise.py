"""What focusing makes of white noise: the number that thermal noise of raw data is multiplied by in an image."""

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sar.focusing_extent import REFERENCE_RANGE_M, Radar
from refsys.kernels.sar.focusing_phase import inverse_pulse
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, RawGrid
from refsys.kernels.sar.velocity import RangeHistory
from refsys.kernels.sar.windows import Window

_STEPS = 4096


def noise_gain(
    raw_grid: RawGrid, radar: Radar, history: RangeHistory, slant_range_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return mean |image|^2 over mean |raw|^2 for raw data that are white noise.

    The equalised spectra of pulse and antenna pattern let the noise at their edges grow; both are contained.

    Parameters
    ----------
    raw_grid, radar, history
        As `focus` takes them.
    slant_range_m
        float64 (samples,).

    Returns
    -------
    ndarray
        float64 (samples,).

    Raises
    ------
    ValueError
        As `focus` for the pulse and the pattern.
    """
    frequency = np.asarray(np.fft.fftfreq(8 * radar.pulse.size, 1 / raw_grid.range_sampling_hz), np.float64)
    band = Window(radar.range_bandwidth_hz, radar.range_window)
    in_range = np.mean(np.abs(inverse_pulse(radar.pulse, raw_grid.range_sampling_hz, frequency, band)) ** 2)
    doppler = radar.doppler_bandwidth_hz * ((np.arange(_STEPS) + 0.5) / _STEPS - 0.5)
    weights = Window(radar.doppler_bandwidth_hz, radar.azimuth_window).weights(doppler)
    squared = np.mean((weights / radar.pattern(doppler)) ** 2) / np.mean(weights) ** 2
    rate = 2 * radar.carrier_hz * history.velocities_m_s(slant_range_m) ** 2 / (LIGHT_SPEED_M_S * REFERENCE_RANGE_M)
    return np.asarray(in_range * squared * rate * raw_grid.pri_s / radar.doppler_bandwidth_hz)
