"""How the range of a point on the ground changes while the radar passes: the one thing focusing knows of geometry.

Source: R. K. Raney, A comment on Doppler FM rate (1987): the curvature of the squared range contains the acceleration
of the platform and the rotation of the Earth. I. Cumming and F. Wong, Digital Processing of Synthetic Aperture Radar
Data (2005), chapter 4 for the hyperbola. The cubic term is kept because a burst sees its targets up to 1.4 s from
zero Doppler, where it is worth 5 degrees of phase.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sar.orbit import Orbit, interpolate

_EQUATOR_M, _POLE_M = 6_378_137.0, 6_356_752.314245
_JERK_STEP_S = 1.0
_NODES, _DEGREE = 13, 6
"""Of the polynomials in range: 0.02 mm/s over 160 km."""

_BISECTIONS = 60


class RangeHistory(NamedTuple):
    """R(t)^2 = R0^2 + V^2 t^2 + C t^3, t from zero Doppler, of a point whose range at zero Doppler is R0.

    Attributes
    ----------
    reference_m
        Slant range about which the polynomials are written.
    velocity_m_s
        V, float64 (n,): coefficients of rising powers of R0 - reference_m.
    cubic_m2_s3
        C, float64 (n,): likewise.
    """

    reference_m: float
    velocity_m_s: NDArray[np.float64]
    cubic_m2_s3: NDArray[np.float64]

    def velocities_m_s(self, slant_range_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return V at slant ranges."""
        return np.asarray(np.polynomial.polynomial.polyval(slant_range_m - self.reference_m, self.velocity_m_s))

    def cubics_m2_s3(self, slant_range_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return C at slant ranges."""
        return np.asarray(np.polynomial.polynomial.polyval(slant_range_m - self.reference_m, self.cubic_m2_s3))


def range_history(
    orbit: Orbit,
    time_s: float,
    slant_range_m: tuple[float, float],
    *,
    looks_right: bool = True,
    height_m: float = 0.0,
) -> RangeHistory:
    """Return the history over a span of slant ranges for points at zero Doppler at one time.

    Parameters
    ----------
    orbit
        As `interpolate` needs it around `time_s`.
    time_s
        Zero-Doppler time, seconds since the epoch of the orbit.
    slant_range_m
        Nearest and farthest.
    looks_right
        Side of the track.
    height_m
        Of the points above the WGS84 ellipsoid (its axes lengthened by it).

    Raises
    ------
    ValueError
        As `interpolate`; if the ranges are not increasing or do not meet the ellipsoid on that side.
    """
    near, far = slant_range_m
    if not 0 < near < far:
        raise ValueError(f"slant ranges from {near} to {far} m are no span")
    states = interpolate(orbit, time_s + _JERK_STEP_S * np.array([-1.0, 0.0, 1.0]))
    position, velocity, acceleration = (part[1] for part in states)
    jerk = (states.acceleration_m_s2[2] - states.acceleration_m_s2[0]) / (2 * _JERK_STEP_S)
    ranges = np.linspace(near, far, _NODES)
    sight = _lines_of_sight(position, velocity, ranges, height_m, 1.0 if looks_right else -1.0)
    squared = velocity @ velocity - sight @ acceleration
    cubic = velocity @ acceleration - sight @ jerk / 3
    middle = 0.5 * (near + far)
    fit = np.polynomial.polynomial.polyfit
    velocities = fit(ranges - middle, np.sqrt(squared), _DEGREE)
    return RangeHistory(middle, velocities, fit(ranges - middle, cubic, _DEGREE))


def _lines_of_sight(
    position: NDArray[np.float64],
    velocity: NDArray[np.float64],
    ranges: NDArray[np.float64],
    height: float,
    side: float,
) -> NDArray[np.float64]:
    """Vectors (n, 3) from the platform to the ellipsoid, perpendicular to the velocity, by bisection in look angle."""
    along = velocity / np.linalg.norm(velocity)
    up = position - along * (position @ along)
    up /= np.linalg.norm(up)
    across = side * np.cross(along, up)
    axes = np.array([_EQUATOR_M, _EQUATOR_M, _POLE_M]) + height

    def sight(look: NDArray[np.float64]) -> NDArray[np.float64]:
        return ranges[:, None] * (np.sin(look)[:, None] * across - np.cos(look)[:, None] * up)

    def above(look: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(np.sum(((position + sight(look)) / axes) ** 2, axis=1) > 1)

    low, high = np.zeros(ranges.size), np.full(ranges.size, 0.5 * np.pi)
    if np.any(above(low)) or not np.all(above(high)):
        raise ValueError("slant ranges that do not meet the ellipsoid")
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        higher = above(middle)
        low, high = np.where(higher, low, middle), np.where(higher, middle, high)
    return sight(0.5 * (low + high))
