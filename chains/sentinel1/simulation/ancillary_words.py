"""Sub-commutated words of simulated packets: orbit, attitude and temperatures, 64 words to a cycle.

Position and velocity are the simulated orbit's at whole seconds of GPS time. The quaternion turns Earth-fixed axes into
those of the satellite (x along the flight, z from nadir to the right by the roll).

Source: S1-IF-ASD-PL-0007, section 3.2.3.
"""

import math

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.simulation.antenna import roll_deg
from refsys.chains.sentinel1.simulation.geometry import height
from refsys.chains.sentinel1.simulation.orbit import EPOCH, SimulatedOrbit, states
from refsys.kernels.ccsds.times import utc_to_gps_ns
from refsys.kernels.sentinel1.subcom import CYCLE_DTYPE, WORDS_PER_CYCLE

_CUC_FRACTION = 1 << 24
_TILE_CODE, _TGU_CODE = 120, 80  # 20 degrees Celsius in the simulated tables
_POINTING_MODE = 5


def gps_ns(time_s: float) -> int:
    """Return GPS time in nanoseconds since 1980 of a time since the simulation's epoch."""
    epoch_ns = utc_to_gps_ns(np.array(int(EPOCH.timestamp()) * 1_000_000_000)).item()
    return int(epoch_ns) + round(time_s * 1e9)


def ancillary_words(orbit: SimulatedOrbit, time_s: float) -> NDArray[np.uint16]:
    """Return the words of the cycle that begins with a packet of a time since the epoch, uint16 (64,)."""
    second = gps_ns(time_s) // 1_000_000_000
    known_s = (second * 1_000_000_000 - gps_ns(0.0)) * 1e-9
    (position,), (velocity,) = states(orbit, known_s)
    cycle = np.zeros(1, CYCLE_DTYPE)
    cycle["position_m"], cycle["velocity_m_s"] = position, velocity
    cycle["pvt_time_stamp"] = cycle["attitude_time_stamp"] = second * _CUC_FRACTION
    cycle["quaternion"] = _quaternion(position, velocity)
    cycle["angular_rate_rad_s"] = (0.0, -orbit.latitude_rate_rad_s, 0.0)
    cycle["aocs_mode"] = _POINTING_MODE
    cycle["tile_temperature"], cycle["tgu_temperature"] = _TILE_CODE, _TGU_CODE
    words = np.asarray(cycle.view(">u2"), np.uint16).reshape(-1)
    assert words.size == WORDS_PER_CYCLE
    return words


def _quaternion(position: NDArray[np.float64], velocity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return scalar and vector part, float64 (4,), for the satellite rolled to the right of its flight."""
    ahead = velocity / np.linalg.norm(velocity)
    down = -position / np.linalg.norm(position)
    down -= ahead * (down @ ahead)
    down /= np.linalg.norm(down)
    roll = math.radians(roll_deg(height((float(position[0]), float(position[1]), float(position[2])))))
    right = np.cross(down, ahead)
    look = math.cos(roll) * down + math.sin(roll) * right
    axes = np.array([ahead, np.cross(look, ahead), look])
    scalar = 0.5 * math.sqrt(max(1.0 + float(np.trace(axes)), 1e-12))
    vector = np.array([axes[1, 2] - axes[2, 1], axes[2, 0] - axes[0, 2], axes[0, 1] - axes[1, 0]]) / (4 * scalar)
    return np.array([scalar, *vector])
