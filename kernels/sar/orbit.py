"""Positions and velocities between the state vectors of an orbit.

Source: polynomials through the vectors around a time (Hermite: position and velocity), as in D. Schulze, Orbit
Interpolation (2013); ten-second vectors of a low orbit give millimetres.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_VECTORS = 6
"""State vectors of one polynomial: degree 11 with position and velocity."""


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
