"""Phases of a point target in the two-dimensional spectrum of a burst, and the polynomials that approximate them.

Source: I. Cumming and F. Wong, Digital Processing of Synthetic Aperture Radar Data (2005), section 5.3 (exact spectrum
of a point target). Slow time is that of transmission; what the platform moves until reception adds the two terms named.
"""

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sar.grids import LIGHT_SPEED_M_S
from refsys.kernels.sar.velocity import RangeHistory


def migration_turns(
    carrier_hz: float,
    doppler_hz: NDArray[np.float64],
    range_hz: NDArray[np.float64],
    slant_range_m: float,
    history: RangeHistory,
) -> NDArray[np.float64]:
    """Return what removes migration and its coupling to range frequency, in turns; float64 (dopplers, ranges).

    Nothing of it is left at range frequency 0: that is the azimuth filter's.

    Parameters
    ----------
    carrier_hz
        Of the radar.
    doppler_hz, range_hz
        float64 (n,) and (m,), true Doppler and frequency from the carrier.
    slant_range_m, history
        At zero Doppler, of the target for which it is exact.
    """
    root = 0.5 * LIGHT_SPEED_M_S * doppler_hz[:, None] / history.velocities_m_s(np.asarray(slant_range_m))
    frequency = carrier_hz + range_hz[None, :]
    # Differences of square roots, written so that no digits cancel.
    far, near = np.sqrt(frequency**2 - root**2), np.sqrt(carrier_hz**2 - root**2)
    lag = -(root**2) / (far + frequency) + root**2 / (near + carrier_hz)
    return np.asarray(2 * slant_range_m / LIGHT_SPEED_M_S * lag)


def azimuth_turns(
    carrier_hz: float,
    doppler_hz: NDArray[np.float64],
    slant_range_m: NDArray[np.float64],
    history: RangeHistory,
    pulse_centre_s: float,
) -> NDArray[np.float64]:
    """Return what removes a target's azimuth phase, in turns; float64 (dopplers, ranges).

    What is left is -2 R0 / wavelength and the zero-Doppler time.

    Parameters
    ----------
    carrier_hz
        Of the radar.
    doppler_hz
        float64 (n,), true Doppler.
    slant_range_m
        float64 (m,), at zero Doppler.
    history
        Of the targets.
    pulse_centre_s
        When within the pulse its frequency is that of the carrier.
    """
    doppler = doppler_hz[:, None]
    velocity, cubic = history.velocities_m_s(slant_range_m), history.cubics_m2_s3(slant_range_m)
    sine = 0.5 * LIGHT_SPEED_M_S * doppler / (velocity * carrier_hz)
    cosine = np.sqrt(1 - sine**2)
    seen_m = slant_range_m / cosine
    away_s = -seen_m * sine / velocity
    turns_per_m = 2 * carrier_hz / LIGHT_SPEED_M_S
    hyperbola = -turns_per_m * slant_range_m * sine**2 / (1 + cosine)
    lean = turns_per_m * cubic * away_s**3 / (2 * seen_m)
    # The way there and back is longer than twice the range at its middle time by V^2 R0 / c^2.
    both_ways = turns_per_m * slant_range_m * (velocity / LIGHT_SPEED_M_S) ** 2 / 2
    timing = -doppler * (seen_m / LIGHT_SPEED_M_S + pulse_centre_s)
    # A falling Doppler leaves an eighth of a turn.
    return np.asarray(hyperbola + lean + both_ways + timing + 0.125)


def fit_rows(turns: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cubic through four columns, float64 (rows, 4), from turns (rows, 4) at columns (4,)."""
    inverse = np.linalg.inv(np.vander(columns, 4, increasing=True))
    # Not a product of matrices: the last bits of those change with the number of threads.
    return np.asarray(np.einsum("rn,kn->rk", turns, inverse))
