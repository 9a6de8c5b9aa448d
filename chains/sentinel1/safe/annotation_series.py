"""What annotation says along the track: orbit, Doppler, bursts, antenna, geolocation (S1-RS-MDA-52-7441).

Columns named `_utc_ns` are int64 nanoseconds since 1970-01-01.
"""

from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.safe.xml_kinds import utc_ns
from refsys.kernels.sar.orbit import Orbit

_NS = 1_000_000_000


class StateVectors(NamedTuple):
    """Orbit, Earth-fixed: int64 (n,), float64 (n, 3) metres and metres a second; `frame` texts (n,)."""

    utc_ns: NDArray[np.int64]
    frame: NDArray[np.str_]
    position_m: NDArray[np.float64]
    velocity_m_s: NDArray[np.float64]

    def orbit(self, epoch: datetime) -> Orbit:
        """Return the state vectors with times in seconds since an epoch."""
        return Orbit(seconds_since(epoch, self.utc_ns), self.position_m, self.velocity_m_s)

    @classmethod
    def of(cls, orbit: Orbit, epoch: datetime) -> "StateVectors":
        """Return the state vectors of an orbit whose times count from an epoch, rounded to microseconds."""
        microseconds = np.rint(orbit.time_s * 1e6).astype(np.int64)
        frame = np.full(orbit.time_s.size, "Earth Fixed")
        return cls(utc_ns(epoch) + microseconds * 1000, frame, orbit.position_m, orbit.velocity_m_s)


class Attitudes(NamedTuple):
    """Attitude, columns (n,): quaternion (n, 4), angular rates (n, 3) in degrees a second, angles in degrees."""

    utc_ns: NDArray[np.int64]
    frame: NDArray[np.str_]
    quaternion: NDArray[np.float64]
    rate_deg_per_s: NDArray[np.float64]
    roll_deg: NDArray[np.float64]
    pitch_deg: NDArray[np.float64]
    yaw_deg: NDArray[np.float64]

    @classmethod
    def none(cls) -> "Attitudes":
        """Return no attitudes."""
        empty = np.zeros(0)
        rates = (np.zeros((0, 4)), np.zeros((0, 3)))
        return cls(np.zeros(0, np.int64), np.zeros(0, np.str_), *rates, empty, empty, empty)


class TerrainHeights(NamedTuple):
    """Average height in metres along the track, (n,) each."""

    utc_ns: NDArray[np.int64]
    height_m: NDArray[np.float64]


class FmRate(NamedTuple):
    """Azimuth FM rate in Hz a second as a polynomial, float64 (3,), over two-way slant range time less `t0_s`."""

    time: datetime
    t0_s: float
    polynomial: NDArray[np.float64]


class FineDoppler(NamedTuple):
    """Single estimates of the Doppler centroid over slant range time, (n,) each."""

    slant_range_time_s: NDArray[np.float64]
    frequency_hz: NDArray[np.float64]


class DopplerEstimate(NamedTuple):
    """Doppler centroid in Hz as polynomials, float64 (n,), over two-way slant range time less `t0_s`."""

    time: datetime
    t0_s: float
    geometry: NDArray[np.float64]
    data: NDArray[np.float64]
    data_rms_hz: float
    rms_above_threshold: bool
    fine_start: datetime
    fine_stop: datetime
    fine: FineDoppler


class AntennaPattern(NamedTuple):
    """Two-way elevation pattern at a time: columns (n,), the pattern complex128; angles in degrees."""

    swath: str
    time: datetime
    slant_range_time_s: NDArray[np.float64]
    elevation_deg: NDArray[np.float64]
    pattern: NDArray[np.complex128]
    incidence_deg: NDArray[np.float64]
    terrain_height_m: float
    roll_deg: float


class Burst(NamedTuple):
    """A burst of a TOPS image.

    Attributes
    ----------
    time, anx_time_s, sensing_time
        Zero-Doppler time of its first line, the same after the ascending node, and when its first pulse was sent.
    byte_offset
        Of its first pixel in the measurement's file.
    first_valid, last_valid
        int64 (lines of a burst,), first and last valid sample of each line, -1 where there is none.
    """

    time: datetime
    anx_time_s: float
    sensing_time: datetime
    byte_offset: int
    first_valid: NDArray[np.int64]
    last_valid: NDArray[np.int64]


class GeolocationGrid(NamedTuple):
    """Grid points, columns (n,), line by line: image coordinates, WGS84 degrees and metres, angles in degrees."""

    azimuth_utc_ns: NDArray[np.int64]
    slant_range_time_s: NDArray[np.float64]
    line: NDArray[np.int64]
    pixel: NDArray[np.int64]
    latitude_deg: NDArray[np.float64]
    longitude_deg: NDArray[np.float64]
    height_m: NDArray[np.float64]
    incidence_deg: NDArray[np.float64]
    elevation_deg: NDArray[np.float64]


class CoordinateConversion(NamedTuple):
    """Ground range of slant range less `sr0_m`, slant range of ground range less `gr0_m`: polynomials in metres."""

    time: datetime
    slant_range_time_s: float
    sr0_m: float
    srgr: NDArray[np.float64]
    gr0_m: float
    grsr: NDArray[np.float64]


class SwathBounds(NamedTuple):
    """Which lines and samples of a merged image come from a swath, columns (n,) int64, inclusive."""

    utc_ns: NDArray[np.int64]
    first_line: NDArray[np.int64]
    first_sample: NDArray[np.int64]
    last_line: NDArray[np.int64]
    last_sample: NDArray[np.int64]


class SwathMerge(NamedTuple):
    """A swath of a merged image and where it lies."""

    swath: str
    bounds: SwathBounds


def seconds_since(epoch: datetime, nanoseconds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return times as float64 seconds since an epoch."""
    return np.asarray((nanoseconds - utc_ns(epoch)) / _NS)
