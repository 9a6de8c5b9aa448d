"""Positions and velocities between the state vectors of an orbit.

Source: polynomials through the vectors around a time (Hermite: position and velocity), as in D. Schulze, Orbit
Interpolation (2013); ten-second vectors of a low orbit give millimetres.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_VECTORS = 6
"""State vectors of one polynomial: degree 11 with position and velocity."""

_LONGEST_STEP = 1.5
"""Of the median step; vectors further apart are a gap."""


class Orbit(NamedTuple):
    """State vectors, Earth-fixed.

    Attributes
    ----------
    time_s
        float64 (n,), increasing, seconds since the caller's epoch.
    position_m, velocity_m_s
        float64 (n, 3).
    """

    time_s: NDArray[np.float64]
    position_m: NDArray[np.float64]
    velocity_m_s: NDArray[np.float64]


class States(NamedTuple):
    """What the platform does at given times; float64 (m, 3) each, Earth-fixed."""

    position_m: NDArray[np.float64]
    velocity_m_s: NDArray[np.float64]
    acceleration_m_s2: NDArray[np.float64]


def interpolate(orbit: Orbit, time_s: NDArray[np.float64]) -> States:
    """Return position, velocity and acceleration at given times.

    Parameters
    ----------
    orbit
        Six vectors or more.
    time_s
        float64 (m,), seconds since the epoch of the orbit, in any order, within its span.

    Raises
    ------
    ValueError
        If the vectors are fewer than six, of wrong shape, not finite or not increasing in time; if a time lies
        outside their span or is not finite; if vectors needed lie more than 1.5 median steps apart.
    """
    _check(orbit)
    times = np.atleast_1d(np.asarray(time_s, np.float64))
    first = _first_vectors(orbit.time_s, times)
    picked = first[:, None] + np.arange(_VECTORS)
    position, velocity = orbit.position_m[picked], orbit.velocity_m_s[picked]
    weights = _hermite(orbit.time_s[picked], times)
    states = [np.einsum("mv,mvx->mx", a, position) + np.einsum("mv,mvx->mx", b, velocity) for a, b in weights]
    return States(*states)


def _check(orbit: Orbit) -> None:
    count = orbit.time_s.size
    if orbit.time_s.shape != (count,) or count < _VECTORS:
        raise ValueError(f"an orbit has {_VECTORS} state vectors or more, not {orbit.time_s.shape}")
    if orbit.position_m.shape != (count, 3) or orbit.velocity_m_s.shape != (count, 3):
        raise ValueError(f"positions and velocities are ({count}, 3), not {orbit.position_m.shape}")
    if not all(np.all(np.isfinite(part)) for part in orbit):
        raise ValueError("state vectors are not finite")
    if not np.all(np.diff(orbit.time_s) > 0):
        raise ValueError("state vectors do not increase in time")


def _first_vectors(vector_s: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.intp]:
    if not np.all((times >= vector_s[0]) & (times <= vector_s[-1])):
        raise ValueError(f"times outside the orbit, {vector_s[0]} to {vector_s[-1]} s")
    interval = np.searchsorted(vector_s, times, side="right") - 1
    first = np.clip(interval - (_VECTORS // 2 - 1), 0, vector_s.size - _VECTORS)
    steps = np.diff(vector_s)
    too_long = np.concatenate([[0], np.cumsum(steps > _LONGEST_STEP * np.median(steps))])
    if np.any(too_long[first + _VECTORS - 1] > too_long[first]):
        raise ValueError(f"the orbit has a gap of {steps.max()} s among the vectors needed")
    return np.asarray(first, np.intp)


def _hermite(
    nodes: NDArray[np.float64], times: NDArray[np.float64]
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Weights (m, v) of positions and of velocities for the value and its first two derivatives."""
    away = times[:, None] - nodes
    basis, slope, curve = np.ones_like(nodes), np.zeros_like(nodes), np.zeros_like(nodes)
    slope_at_node = np.zeros_like(nodes)
    for other in range(_VECTORS):
        rate = np.zeros_like(nodes)
        kept = np.arange(_VECTORS) != other
        rate[:, kept] = 1 / (nodes[:, kept] - nodes[:, [other]])
        factor = np.where(kept, rate * away[:, [other]], 1)
        curve = curve * factor + 2 * slope * rate
        slope = slope * factor + basis * rate
        basis = basis * factor
        slope_at_node += rate
    square, square_1, square_2 = basis**2, 2 * basis * slope, 2 * (slope**2 + basis * curve)
    lean = 1 - 2 * slope_at_node * away
    return [
        (lean * square, away * square),
        (lean * square_1 - 2 * slope_at_node * square, away * square_1 + square),
        (lean * square_2 - 4 * slope_at_node * square_1, away * square_2 + 2 * square_1),
    ]
