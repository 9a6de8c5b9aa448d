"""Between zero-Doppler image coordinates and places on the Earth.

The range and Doppler equations with the height above the ellipsoid as third, solved by Newton's method.
Source: J. Curlander and R. McDonough, Synthetic Aperture Radar: Systems and Signal Processing (1991), section 8.2.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from refsys.kernels.sar.ellipsoid import SEMI_MAJOR_M, to_geodetic, vertical
from refsys.kernels.sar.orbit import Orbit, interpolate

_STEPS = 20
_TIME_TOLERANCE_S = 1e-10
_PLACE_TOLERANCE_M = 1e-6


class ZeroDoppler(NamedTuple):
    """Where points appear in an image; float64 (n,) each.

    Attributes
    ----------
    time_s
        When the line of sight is normal to the Earth-fixed velocity, seconds since the epoch of the orbit.
    slant_range_m
        Distance then.
    """

    time_s: NDArray[np.float64]
    slant_range_m: NDArray[np.float64]


class ViewAngles(NamedTuple):
    """How points are seen; float64 (n,) each.

    Attributes
    ----------
    incidence_deg
        Between the line of sight and the normal of the ellipsoid at the point.
    elevation_deg
        Between the line of sight and the direction from the platform to the Earth's centre.
    """

    incidence_deg: NDArray[np.float64]
    elevation_deg: NDArray[np.float64]


def zero_doppler(orbit: Orbit, position_m: ArrayLike) -> ZeroDoppler:
    """Find the zero-Doppler time and slant range of points.

    Parameters
    ----------
    orbit
        State vectors around the passage.
    position_m
        float64 (n, 3), Earth-fixed.

    Raises
    ------
    ValueError
        If the positions are of another shape or not finite, or a point has no zero-Doppler time within the orbit.
    """
    points = _checked_points(position_m)
    time = _nearest_vector(orbit, points)
    first, last = orbit.time_s[0], orbit.time_s[-1]
    for _ in range(_STEPS):
        state = interpolate(orbit, time)
        sight = points - state.position_m
        along = _dot(state.velocity_m_s, sight)
        slope = _dot(state.acceleration_m_s2, sight) - _dot(state.velocity_m_s, state.velocity_m_s)
        step = -along / slope
        moved = np.clip(time + step, first, last)
        # A step that ends at the border of the orbit counts in full, so that such a point never seems to be solved.
        settled = np.abs(step) < _TIME_TOLERANCE_S
        time = moved
        if np.all(settled):
            return ZeroDoppler(time, np.linalg.norm(points - interpolate(orbit, time).position_m, axis=1))
    worst = int(np.argmax(~settled))
    raise ValueError(f"point {worst} has no zero-Doppler time between {first} and {last} s of the orbit")


def geolocate(
    orbit: Orbit,
    time_s: ArrayLike,
    slant_range_m: ArrayLike,
    height_m: ArrayLike,
    *,
    look_right: bool = True,
) -> NDArray[np.float64]:
    """Find the points seen at given zero-Doppler times and slant ranges; float64 (n, 3), Earth-fixed metres.

    Parameters
    ----------
    orbit
        State vectors.
    time_s, slant_range_m, height_m
        Of one shape (n,) or broadcasting to it: zero-Doppler time since the epoch of the orbit, distance, geodetic
        height of the point.
    look_right
        Side of the track, seen along the velocity.

    Raises
    ------
    ValueError
        If the orbit does not cover a time, or no point at that height lies at that range.
    """
    time, slant_range, height = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(given, dtype=np.float64)) for given in (time_s, slant_range_m, height_m))
    )
    if time.ndim != 1 or not (np.all(np.isfinite(slant_range)) and np.all(np.isfinite(height))):
        raise ValueError("times, ranges and heights are finite and have one axis")
    state = interpolate(orbit, time)
    point = _first_point(state.position_m, state.velocity_m_s, slant_range, height, look_right=look_right)
    for _ in range(_STEPS):
        sight = point - state.position_m
        distance = np.linalg.norm(sight, axis=1)
        normal = vertical(point)
        rows = np.stack([sight / distance[:, None], _unit(state.velocity_m_s), normal], axis=1)
        missing = np.stack([slant_range - distance, -_dot(rows[:, 1], sight), height - _height(point)], axis=1)
        step = np.linalg.solve(rows, missing[..., None])[..., 0]
        point = point + step
        if np.all(np.abs(step) < _PLACE_TOLERANCE_M):
            return np.asarray(point)
    raise ValueError(f"no point for range {slant_range[np.argmax(np.abs(step).max(axis=1))]} m")


def view_angles(orbit: Orbit, time_s: ArrayLike, position_m: ArrayLike) -> ViewAngles:
    """Return the angles at which points are seen from the orbit at given times.

    Parameters
    ----------
    orbit
        State vectors.
    time_s
        float64 (n,), or one time for all.
    position_m
        float64 (n, 3), Earth-fixed.

    Raises
    ------
    ValueError
        If the orbit does not cover a time or the positions are of another shape or not finite.
    """
    points = _checked_points(position_m)
    times = np.broadcast_to(np.asarray(time_s, dtype=np.float64), points.shape[:1])
    platform = interpolate(orbit, times).position_m
    sight = _unit(points - platform)
    # The tangent of half an angle keeps its digits at small angles, where a cosine loses them.
    return ViewAngles(_angle_deg(-sight, vertical(points)), _angle_deg(sight, _unit(-platform)))


def _checked_points(position_m: ArrayLike) -> NDArray[np.float64]:
    points = np.asarray(position_m, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 3 or not np.all(np.isfinite(points)):
        raise ValueError(f"positions are finite and (n, 3), not {points.shape}")
    return points


def _nearest_vector(orbit: Orbit, points: NDArray[np.float64]) -> NDArray[np.float64]:
    nearest = np.zeros(points.shape[0], dtype=np.intp)
    smallest = np.full(points.shape[0], np.inf)
    for index, position in enumerate(orbit.position_m):
        distance = np.linalg.norm(points - position, axis=1)
        nearest[distance < smallest] = index
        smallest = np.minimum(distance, smallest)
    return np.asarray(orbit.time_s[nearest], dtype=np.float64)


def _first_point(
    platform: NDArray[np.float64],
    velocity: NDArray[np.float64],
    slant_range: NDArray[np.float64],
    height: NDArray[np.float64],
    *,
    look_right: bool,
) -> NDArray[np.float64]:
    """Intersect with a sphere, in the plane normal to the velocity."""
    forward = _unit(velocity)
    down = _unit(-platform + _dot(platform, forward)[:, None] * forward)
    side = np.cross(forward, -down) if look_right else np.cross(forward, down)
    away = np.linalg.norm(platform, axis=1)
    radius = SEMI_MAJOR_M + height - SEMI_MAJOR_M / 298.257 * (platform[:, 2] / away) ** 2
    cosine = (slant_range**2 + away**2 - radius**2) / (2 * slant_range * away)
    if not np.all((np.abs(cosine) < 1) & (slant_range > 0)):
        worst = int(np.argmax(~((np.abs(cosine) < 1) & (slant_range > 0))))
        raise ValueError(f"no point at a height of {height[worst]} m lies at a range of {slant_range[worst]} m")
    look = np.arccos(cosine)[:, None]
    return np.asarray(platform + slant_range[:, None] * (np.cos(look) * down + np.sin(look) * side))


def _height(point: NDArray[np.float64]) -> NDArray[np.float64]:
    return to_geodetic(point).height_m


def _angle_deg(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    apart = np.linalg.norm(first - second, axis=1), np.linalg.norm(first + second, axis=1)
    return np.asarray(np.degrees(2 * np.arctan2(*apart)))


def _dot(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.einsum("nx,nx->n", first, second))


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1)[:, None])
