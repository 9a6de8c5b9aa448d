"""What white noise in the raw data of a burst becomes in its image."""

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sar.focusing import REFERENCE_RANGE_M, Radar
from refsys.kernels.sar.focusing_phase import PulseFit, inverse_pulse
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid, RawGrid
from refsys.kernels.sar.tops_burst import Burst, Sweep
from refsys.kernels.sar.tops_weights import beam_band, blurred_window
from refsys.kernels.sar.windows import Window

_BINS = 4096


def burst_noise_gain(raw_grid: RawGrid, radar: Radar, sweep: Sweep, output: ImageGrid) -> NDArray[np.float64]:
    """Return the power of noise in a focused burst over that of white noise in its raw data; float64 (samples,).

    The element pattern is left out: where it is given, divide by its power at the centroid of the line.

    Parameters
    ----------
    raw_grid, radar, sweep, output
        As for `focus_burst`.

    Raises
    ------
    ValueError
        If there is no Doppler band or the pulse does not fill its band.
    """
    if not radar.doppler_bandwidth_hz > 0:
        raise ValueError("a burst has a processed Doppler band")
    burst = Burst(raw_grid, radar, PulseFit(0.0, 0.0), sweep, output)
    history = burst.history(sweep.steering.mid_time_s)
    ranges = output.slant_ranges_m()
    ends = burst.rates(history, ranges[[0, -1]])
    kept = beam_band(burst, ends)
    # Noise passes through the band of the beam and that of the line, which differ by half the chirp between lines.
    relative, window = blurred_window(burst, 0.5 * float(np.mean(ends.image_hz_s)))
    step_hz = float(relative[1] - relative[0])
    squares = [
        float(np.sum((np.abs(window) * kept.weights(relative * compression)) ** 2)) * step_hz
        for compression in ends.compression()
    ]
    square_hz = np.interp(ranges, ranges[[0, -1]], squares)
    chirp_hz_s = 2 * radar.carrier_hz / LIGHT_SPEED_M_S * history.velocities_m_s(ranges) ** 2 / REFERENCE_RANGE_M
    azimuth = chirp_hz_s * raw_grid.pri_s * square_hz / burst.band().integral_hz() ** 2
    return np.asarray(azimuth * _range_gain(raw_grid, radar))


def _range_gain(grid: RawGrid, radar: Radar) -> float:
    size = max(_BINS, 2 * radar.pulse.size)
    frequency = np.asarray(np.fft.fftfreq(size, 1 / grid.range_sampling_hz), np.float64)
    window = Window(radar.range_bandwidth_hz, radar.range_window)
    return float(np.mean(np.abs(inverse_pulse(radar.pulse, grid.range_sampling_hz, frequency, window)) ** 2))
