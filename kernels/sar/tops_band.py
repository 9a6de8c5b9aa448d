"""Lines of a burst's image: the matched filter in azimuth, and a band that moves with the line.

Source: R. Engen and Y. Larsen, Efficient Full Aperture Processing of TOPS Mode Data Using the Moving Band Chirp
Z-Transform (IEEE TGRS 49(10), 2011), for the moving band; here it is a sum over its bins, a product of matrices.
"""

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sar.focusing import REFERENCE_RANGE_M
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S
from refsys.kernels.sar.line_sums import sum_rows
from refsys.kernels.sar.phase_rows import rotate_rows
from refsys.kernels.sar.tops_burst import Burst
from refsys.kernels.sar.tops_phase import azimuth_turns, fit_rows
from refsys.kernels.sar.tops_unfold import Columns, Unfolded
from refsys.kernels.sar.tops_weights import band_weights, reach_hz
from refsys.kernels.sar.velocity import RangeHistory


def focus_lines(
    unfolded: Unfolded, burst: Burst, columns: Columns, history: RangeHistory, times_s: NDArray[np.float64]
) -> NDArray[np.complex64]:
    """Return image lines at zero-Doppler times, complex64 (lines, columns).

    The image is several times longer than the period of the transform. That does no harm as long as what is aliased in
    time has its band elsewhere, so the lines must be few: those that share a filter.

    Parameters
    ----------
    unfolded
        Spectrum of the columns.
    burst, columns
        Which.
    history
        Of targets at the middle of the lines.
    times_s
        float64 (lines,), increasing.
    """
    centroid = float(columns.rates.image_hz_s[0]) * (times_s - burst.sweep.steering.mid_time_s)
    reach = reach_hz(burst, columns.rates)
    low, high = np.searchsorted(unfolded.doppler_hz, [centroid[0] - reach, centroid[-1] + reach])
    doppler = unfolded.doppler_hz[low:high]
    focused = _matched(unfolded.data[low:high], doppler, burst, columns.slant_range_m, history)
    weights = band_weights(doppler, centroid, burst, columns.rates)
    since = times_s - burst.raw_grid.first_pulse_time_s
    turning = weights * np.exp(2j * np.pi * doppler * since[:, None])
    return sum_rows(turning.astype(np.complex64), focused)


def _matched(
    data: NDArray[np.complex64],
    doppler_hz: NDArray[np.float64],
    burst: Burst,
    ranges: NDArray[np.float64],
    history: RangeHistory,
) -> NDArray[np.complex64]:
    """Return the spectrum with the azimuth phase of targets removed, and the strength of their chirps."""
    nodes = np.linspace(0, ranges.size - 1, 4)
    at_nodes = ranges[0] + nodes * (ranges[1] - ranges[0] if ranges.size > 1 else 0.0)
    centre_s = -burst.pulse.slope_rad_per_hz / (2 * np.pi)
    turns = azimuth_turns(burst.radar.carrier_hz, doppler_hz, at_nodes, history, centre_s)
    focused = np.empty(data.shape, np.complex64)
    rotate_rows(data, fit_rows(turns, nodes if ranges.size > 1 else np.arange(4.0)), focused)
    at_reference = np.sqrt(2 * burst.radar.carrier_hz / (LIGHT_SPEED_M_S * REFERENCE_RANGE_M))
    focused *= (history.velocities_m_s(ranges) * at_reference).astype(np.float32)
    return focused
