"""Where targets lie and how they are seen: the simulator's own geometry, shared with no processor.

A place is found from zero-Doppler time and slant range by Newton's method on three conditions: on the ellipsoid, at
the range, in the plane across the velocity (I. Cumming and F. Wong, Digital Processing of Synthetic Aperture Radar
Data, chapter 4). The satellite looks to the right.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from refsys.chains.sentinel1.simulation.orbit import SimulatedOrbit, Vector, motion, position
from refsys.kernels.jit import jit

LIGHT_SPEED_M_S = 299_792_458.0
WGS84_MAJOR_M = 6_378_137.0
WGS84_MINOR_M = 6_356_752.314245

_NEWTON_STEPS = 8
_DELAY_STEPS = 3
_MEAN_RADIUS_M = 6_371_000.0


class View(NamedTuple):
    """How a place is seen at zero Doppler.

    Attributes
    ----------
    time_s
        Zero-Doppler time: the velocity is at right angles to the line of sight.
    slant_range_m
        Then.
    incidence_rad
        Between the line of sight and the ellipsoid's normal.
    look_rad
        At the satellite, between the directions to the Earth's centre and to the place.
    """

    time_s: float
    slant_range_m: float
    incidence_rad: float
    look_rad: float


def _distance_body(a: Vector, b: Vector) -> float:
    return math.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2)


distance = jit(_distance_body)


def _dot_body(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


dot = jit(_dot_body)


def _cross_body(a: Vector, b: Vector) -> Vector:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


cross = jit(_cross_body)


def _delay_body(orbit: SimulatedOrbit, place: Vector, emission_s: float) -> float:
    there = distance(position(orbit, emission_s), place)
    delay = 2.0 * there / LIGHT_SPEED_M_S
    # Each step brings the error down by the ratio of the range rate to the speed of light, 1e-6 at most.
    for _ in range(_DELAY_STEPS):
        delay = (there + distance(position(orbit, emission_s + delay), place)) / LIGHT_SPEED_M_S
    return delay


delay = jit(_delay_body)
"""Two-way travel time of what is emitted at a time: there, and back to where the satellite is then."""


def _place_body(orbit: SimulatedOrbit, time_s: float, slant_range_m: float) -> Vector:
    """Return the place on the ellipsoid; NaN where the range does not reach it, or only beyond the horizon."""
    sat = position(orbit, time_s)
    vel = motion(orbit, time_s)[0]
    radius, speed = math.sqrt(dot(sat, sat)), math.sqrt(dot(vel, vel))
    right = cross(vel, sat)
    side = math.sqrt(dot(right, right))
    cos_look = (radius**2 + slant_range_m**2 - _MEAN_RADIUS_M**2) / (2 * radius * slant_range_m)
    down = slant_range_m * min(cos_look, 1.0) / radius
    off = slant_range_m * math.sqrt(max(1.0 - cos_look**2, 1e-6)) / side
    x, y, z = sat[0] * (1 - down) + off * right[0], sat[1] * (1 - down) + off * right[1], 0.0
    z = sat[2] * (1 - down) + off * right[2]
    major, minor = WGS84_MAJOR_M**2, WGS84_MINOR_M**2
    for _ in range(_NEWTON_STEPS):
        line = (x - sat[0], y - sat[1], z - sat[2])
        # Rows scaled to metres: range, Doppler plane, ellipsoid.
        far = math.sqrt(dot(line, line))
        one = (line[0] / far, line[1] / far, line[2] / far)
        two = (vel[0] / speed, vel[1] / speed, vel[2] / speed)
        size = math.sqrt((x * x + y * y) / major + z * z / minor)
        scale = WGS84_MAJOR_M / size
        three = (scale * x / major, scale * y / major, scale * z / minor)
        e1, e2, e3 = far - slant_range_m, dot(line, two), WGS84_MAJOR_M * (size - 1.0)
        c23, c31, c12 = cross(two, three), cross(three, one), cross(one, two)
        whole = dot(one, c23)
        x -= (e1 * c23[0] + e2 * c31[0] + e3 * c12[0]) / whole
        y -= (e1 * c23[1] + e2 * c31[1] + e3 * c12[1]) / whole
        z -= (e1 * c23[2] + e2 * c31[2] + e3 * c12[2]) / whole
    back = ((sat[0] - x) * x + (sat[1] - y) * y) / major + (sat[2] - z) * z / minor
    if not (abs(distance(sat, (x, y, z)) - slant_range_m) < 1e-3 and back > 0):
        return (math.nan, math.nan, math.nan)
    return (x, y, z)


place = jit(_place_body)
"""Earth-fixed place on WGS84 (height 0) to the right of the satellite, from zero-Doppler time and slant range."""


def _zero_doppler_body(orbit: SimulatedOrbit, target: Vector, guess_s: float) -> float:
    time_s = guess_s
    for _ in range(_NEWTON_STEPS):
        sat = position(orbit, time_s)
        vel, acc = motion(orbit, time_s)
        line = (target[0] - sat[0], target[1] - sat[1], target[2] - sat[2])
        time_s -= dot(line, vel) / (dot(line, acc) - dot(vel, vel))
    return time_s


zero_doppler_time = jit(_zero_doppler_body)
"""Time at which the velocity is at right angles to the line of sight, by Newton's method from a guess."""


def _squint_body(orbit: SimulatedOrbit, target: Vector, time_s: float) -> float:
    sat = position(orbit, time_s)
    vel = motion(orbit, time_s)[0]
    line = (target[0] - sat[0], target[1] - sat[1], target[2] - sat[2])
    return math.asin(dot(line, vel) / math.sqrt(dot(line, line) * dot(vel, vel)))


squint = jit(_squint_body)
"""Angle of the line of sight out of the plane across the velocity, positive ahead, radians."""


def _look_body(sat: Vector, target: Vector) -> float:
    radius2, range2, place2 = dot(sat, sat), distance(sat, target) ** 2, dot(target, target)
    return math.acos((radius2 + range2 - place2) / (2 * math.sqrt(radius2 * range2)))


look_angle = jit(_look_body)
"""Angle at the satellite between the directions to the Earth's centre and to the target, radians."""


def _height_body(sat: Vector) -> float:
    # B. Bowring (1976), one step: far below a millimetre at these heights.
    flat = math.sqrt(sat[0] ** 2 + sat[1] ** 2)
    e2 = 1.0 - (WGS84_MINOR_M / WGS84_MAJOR_M) ** 2
    beta = math.atan2(sat[2] * WGS84_MAJOR_M, flat * WGS84_MINOR_M)
    latitude = math.atan2(
        sat[2] + e2 / (1 - e2) * WGS84_MINOR_M * math.sin(beta) ** 3, flat - e2 * WGS84_MAJOR_M * math.cos(beta) ** 3
    )
    normal = WGS84_MAJOR_M / math.sqrt(1 - e2 * math.sin(latitude) ** 2)
    return flat * math.cos(latitude) + sat[2] * math.sin(latitude) - normal * (1 - e2 * math.sin(latitude) ** 2)


height = jit(_height_body)
"""Height above the WGS84 ellipsoid, metres."""


def place_at(orbit: SimulatedOrbit, time_s: float, slant_range_m: float) -> NDArray[np.float64]:
    """Return the place on WGS84 seen at a zero-Doppler time and slant range, float64 (3,), Earth-fixed metres.

    Raises
    ------
    ValueError
        If the range does not reach the ellipsoid, or passes beyond the horizon.
    """
    found = np.array(place(orbit, float(time_s), float(slant_range_m)))
    if np.isnan(found).any():
        raise ValueError(f"no place on the ellipsoid is seen at {slant_range_m} m from the satellite")
    return found


def view(orbit: SimulatedOrbit, target: ArrayLike, guess_s: float = 0.0) -> View:
    """Return how a place, Earth-fixed metres (3,), is seen at zero Doppler; the time is looked for from a guess."""
    x, y, z = np.asarray(target, np.float64).tolist()
    time_s = zero_doppler_time(orbit, (x, y, z), float(guess_s))
    sat = position(orbit, time_s)
    line = np.subtract(sat, (x, y, z))
    normal = np.array([x / WGS84_MAJOR_M**2, y / WGS84_MAJOR_M**2, z / WGS84_MINOR_M**2])
    slant_range_m = float(np.linalg.norm(line))
    incidence = math.acos(float(line @ normal) / slant_range_m / float(np.linalg.norm(normal)))
    return View(time_s, slant_range_m, incidence, look_angle(sat, (x, y, z)))
