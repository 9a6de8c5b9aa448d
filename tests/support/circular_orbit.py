"""A circular orbit over a rotating Earth, in closed form: state vectors for tests of geometry."""

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sar.orbit import Orbit

_RADIUS_M = 7_071_000.0
_MOTION_RAD_S = np.sqrt(3.986004418e14 / _RADIUS_M**3)
_EARTH_RAD_S = 7.2921159e-5
_INCLINATION_RAD = np.radians(98.18)


def position_at(time_s: NDArray[np.float64], start_rad: float = 0.4) -> NDArray[np.float64]:
    """Earth-fixed position, float64 (n, 3)."""
    along = start_rad + _MOTION_RAD_S * np.asarray(time_s)
    x, y = np.cos(along), np.cos(_INCLINATION_RAD) * np.sin(along)
    turned = _EARTH_RAD_S * np.asarray(time_s)
    rotated = np.stack(
        [
            np.cos(turned) * x + np.sin(turned) * y,
            -np.sin(turned) * x + np.cos(turned) * y,
            np.sin(_INCLINATION_RAD) * np.sin(along),
        ],
        axis=-1,
    )
    return np.asarray(_RADIUS_M * rotated)


def circular_orbit(first_s: float = -60.0, vectors: int = 13, start_rad: float = 0.4) -> Orbit:
    """State vectors every ten seconds; the velocity by a central difference good to 1e-7 m/s."""
    times: NDArray[np.float64] = np.asarray(first_s + 10.0 * np.arange(vectors), dtype=np.float64)
    step = 0.05
    near = [position_at(times + k * step, start_rad) for k in (-2, -1, 1, 2)]
    velocity = (near[0] - 8 * near[1] + 8 * near[2] - near[3]) / (12 * step)
    return Orbit(times, position_at(times, start_rad), velocity)
