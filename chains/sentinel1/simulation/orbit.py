"""The orbit of the simulated satellite: a circle about the turning Earth, in closed form at any time.

Source: two-body motion on a circle whose node precesses with the sun (D. Vallado, Fundamentals of Astrodynamics and
Applications, chapters 2 and 11); neither eccentricity nor drag, so that position and velocity agree to rounding.
"""

import math
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from refsys.kernels.jit import jit
from refsys.kernels.sar.orbit import Orbit

EPOCH = datetime(2013, 6, 1, 12, tzinfo=UTC)
"""Time 0 of every simulated acquisition, before any satellite flew."""

STATE_VECTOR_STEP_S = 10.0

_EARTH_RATE_RAD_S = 7.2921151467e-5
_SUN_RATE_RAD_S = 2 * math.pi / (365.2422 * 86400)
_GRAVITY_M3_S2 = 3.986004418e14
_SEMI_MAJOR_AXIS_M = 7_070_980.0

Vector = tuple[float, float, float]


class SimulatedOrbit(NamedTuple):
    """A circular orbit seen from the Earth.

    Attributes
    ----------
    radius_m
        From the Earth's centre.
    inclination_rad
        Against the equator; above 90 degrees it is retrograde.
    latitude_argument_rad
        Angle from the ascending node at time 0.
    latitude_rate_rad_s
        Its change.
    node_longitude_rad
        Earth-fixed longitude of the ascending node's direction at time 0.
    node_rate_rad_s
        Its change: precession less the Earth's rotation.
    """

    radius_m: float
    inclination_rad: float
    latitude_argument_rad: float
    latitude_rate_rad_s: float
    node_longitude_rad: float
    node_rate_rad_s: float

    def period_s(self) -> float:
        """Return the time from node to node."""
        return 2 * math.pi / self.latitude_rate_rad_s


SIMULATED_ORBIT = SimulatedOrbit(
    radius_m=_SEMI_MAJOR_AXIS_M,
    inclination_rad=math.radians(98.1813),
    latitude_argument_rad=math.radians(45.0),
    latitude_rate_rad_s=math.sqrt(_GRAVITY_M3_S2 / _SEMI_MAJOR_AXIS_M**3),
    node_longitude_rad=math.radians(25.0),
    node_rate_rad_s=_SUN_RATE_RAD_S - _EARTH_RATE_RAD_S,
)
"""Size and inclination of Sentinel-1's; at time 0 it rises over 44 degrees of northern latitude."""


def _position_body(orbit: SimulatedOrbit, time_s: float) -> Vector:
    angle = orbit.latitude_argument_rad + orbit.latitude_rate_rad_s * time_s
    node = orbit.node_longitude_rad + orbit.node_rate_rad_s * time_s
    along = orbit.radius_m * math.cos(angle)
    across = orbit.radius_m * math.sin(angle) * math.cos(orbit.inclination_rad)
    return (
        along * math.cos(node) - across * math.sin(node),
        along * math.sin(node) + across * math.cos(node),
        orbit.radius_m * math.sin(angle) * math.sin(orbit.inclination_rad),
    )


position = jit(_position_body)
"""Earth-fixed position in metres, for compiled loops."""


def _motion_body(orbit: SimulatedOrbit, time_s: float) -> tuple[Vector, Vector]:
    angle = orbit.latitude_argument_rad + orbit.latitude_rate_rad_s * time_s
    node = orbit.node_longitude_rad + orbit.node_rate_rad_s * time_s
    cos_i, rate, turn = math.cos(orbit.inclination_rad), orbit.latitude_rate_rad_s, orbit.node_rate_rad_s
    sin_a, cos_a = orbit.radius_m * math.sin(angle), orbit.radius_m * math.cos(angle)
    sin_n, cos_n = math.sin(node), math.cos(node)
    # Rates of the two components that turn with the node: along it, and at right angles to it.
    along = -rate * sin_a - turn * cos_i * sin_a
    across = rate * cos_i * cos_a + turn * cos_a
    along_2 = -(rate * rate + 2 * rate * turn * cos_i + turn * turn) * cos_a
    across_2 = -(rate * rate * cos_i + 2 * rate * turn + turn * turn * cos_i) * sin_a
    up = math.sin(orbit.inclination_rad) * rate
    velocity = (along * cos_n - across * sin_n, along * sin_n + across * cos_n, up * cos_a)
    acceleration = (along_2 * cos_n - across_2 * sin_n, along_2 * sin_n + across_2 * cos_n, -up * rate * sin_a)
    return velocity, acceleration


motion = jit(_motion_body)
"""Earth-fixed velocity (m/s) and acceleration (m/s^2), for compiled loops."""


def states(orbit: SimulatedOrbit, times_s: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return positions (m) and velocities (m/s) at times, Earth-fixed, float64 (n, 3) each.

    Parameters
    ----------
    orbit
        The satellite's.
    times_s
        float64 (n,), seconds since `EPOCH`.
    """
    times = np.atleast_1d(np.asarray(times_s, np.float64))
    positions = np.array([position(orbit, time) for time in times.tolist()]).reshape(-1, 3)
    velocities = np.array([motion(orbit, time)[0] for time in times.tolist()]).reshape(-1, 3)
    return positions, velocities


def state_vectors(orbit: SimulatedOrbit, first_s: float, last_s: float, margin: int = 6) -> Orbit:
    """Return state vectors at whole multiples of ten seconds that enclose a span of time.

    Parameters
    ----------
    orbit
        The satellite's.
    first_s, last_s
        The span, seconds since `EPOCH`.
    margin
        Vectors more on each side.

    Raises
    ------
    ValueError
        If the span ends before it begins.
    """
    if last_s < first_s:
        raise ValueError(f"a span from {first_s} s to {last_s} s does not exist")
    first = math.floor(first_s / STATE_VECTOR_STEP_S) - margin
    last = math.ceil(last_s / STATE_VECTOR_STEP_S) + margin
    times = np.asarray(STATE_VECTOR_STEP_S * np.arange(first, last + 1), np.float64)
    return Orbit(times, *states(orbit, times))
