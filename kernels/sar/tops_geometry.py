"""What steering the beam does to a burst: which zero-Doppler times it sees, and at which Doppler.

The beam sweeps from behind to ahead, so its Doppler centroid rises by k_s = 2 v rate / wavelength while the Doppler of
a target falls by k_a. A target at zero-Doppler time t0 is met at |k_a| / (k_s + |k_a|) of its distance from the middle
of the burst, and its centroid in the focused image rises by k_t = k_s |k_a| / (k_s + |k_a|).

Source: F. De Zan and A. Monti Guarnieri, TOPSAR: Terrain Observation by Progressive Scans (IEEE TGRS 44(9), 2006).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid, RawGrid
from refsys.kernels.sar.orbit import Orbit, interpolate
from refsys.kernels.sar.velocity import RangeHistory

_EDGE = 0.3
"""Of the time in which a target crosses a Doppler band of as many hertz as that time has inverse seconds."""


class Steering(NamedTuple):
    """How the beam turns during a burst.

    Attributes
    ----------
    rate_rad_s
        From behind to ahead, positive.
    mid_time_s
        When it points across the flight, seconds since the caller's epoch; counted for what meets the ground then,
        half the delay after transmission.
    """

    rate_rad_s: float
    mid_time_s: float


class BurstRates(NamedTuple):
    """Doppler rates at slant ranges.

    Attributes
    ----------
    steering_hz_s
        k_s, of the beam's centroid in the raw data.
    target_hz_s
        |k_a|, float64 (n,), of targets.
    image_hz_s
        k_t, float64 (n,), of the centroid over zero-Doppler time in the focused image.
    """

    steering_hz_s: float
    target_hz_s: NDArray[np.float64]
    image_hz_s: NDArray[np.float64]

    def compression(self) -> NDArray[np.float64]:
        """Return Doppler in the beam over Doppler in a target's band, (k_s + |k_a|) / |k_a|; float64 (n,)."""
        return np.asarray((self.steering_hz_s + self.target_hz_s) / self.target_hz_s)


def burst_rates(
    steering: Steering, orbit: Orbit, history: RangeHistory, slant_range_m: NDArray[np.float64], carrier_hz: float
) -> BurstRates:
    """Return the Doppler rates of a burst.

    Parameters
    ----------
    steering
        Of the beam.
    orbit
        State vectors around the burst.
    history
        Of targets at the middle of the burst.
    slant_range_m
        float64 (n,).
    carrier_hz
        Of the radar.

    Raises
    ------
    ValueError
        If the beam does not turn ahead, or the orbit does not cover the burst.
    """
    if not steering.rate_rad_s > 0:
        raise ValueError(f"a beam that turns by {steering.rate_rad_s} rad/s is not that of a burst")
    velocity = interpolate(orbit, np.array([steering.mid_time_s])).velocity_m_s[0]
    per_speed = 2 * carrier_hz / LIGHT_SPEED_M_S
    steered = float(per_speed * np.linalg.norm(velocity) * steering.rate_rad_s)
    target = per_speed * history.velocities_m_s(slant_range_m) ** 2 / slant_range_m
    return BurstRates(steered, target, steered * target / (steered + target))


def burst_extent(
    raw_grid: RawGrid, steering: Steering, rates: BurstRates, slant_range_m: NDArray[np.float64], bandwidth_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the first and last zero-Doppler time at which the processed band was seen whole; float64 (n,) each.

    A chirp that begins at the edge of the band lacks some of it: 0.1 dB and 0.5 dB of a sidelobe. So a little more is
    asked for, 6 ms of the burst.

    Parameters
    ----------
    raw_grid
        Pulses of the burst.
    steering, rates
        Of the burst, at the ranges.
    slant_range_m
        float64 (n,).
    bandwidth_hz
        Processed band of a target.

    Raises
    ------
    ValueError
        If the burst is shorter than a target's passage through the band.
    """
    on_ground_s = slant_range_m / LIGHT_SPEED_M_S
    half_dwell_s = 0.5 * bandwidth_hz / rates.target_hz_s + _EDGE / np.sqrt(rates.target_hz_s)
    begin = raw_grid.first_pulse_time_s + on_ground_s + half_dwell_s
    end = raw_grid.first_pulse_time_s + (raw_grid.lines - 1) * raw_grid.pri_s + on_ground_s - half_dwell_s
    if not np.all(begin < end):
        raise ValueError(
            f"{raw_grid.lines} lines are shorter than {2 * half_dwell_s.max():.3f} s in the processed band"
        )
    stretch = rates.compression()
    middle = steering.mid_time_s
    return middle + (begin - middle) * stretch, middle + (end - middle) * stretch


def deramp_phase(image_grid: ImageGrid, steering: Steering, rates: BurstRates) -> NDArray[np.float64]:
    """Return the phase in radians that takes the centroid's rise out of a focused burst; float64 (lines, samples).

    The image times exp(1j phase) has its spectrum around zero Doppler everywhere. Focused bursts keep their ramp: users
    who resample them take it out with this and put it back afterwards.

    Parameters
    ----------
    image_grid
        Of the burst.
    steering
        Of the burst.
    rates
        At the slant ranges of the grid.
    """
    since = image_grid.times_s() - steering.mid_time_s
    return np.asarray(-np.pi * rates.image_hz_s[None, :] * since[:, None] ** 2)
