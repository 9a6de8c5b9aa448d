"""The orbit that the packets themselves hold, and what follows from it: pass and ascending node.

Source: S1-IF-ASD-PL-0007, section 3.2.3: position (m) and velocity (m/s), Earth-fixed, from the navigation receiver.
"""

from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.ccsds.times import gps_to_utc_ns
from refsys.kernels.sentinel1.packets import Headers
from refsys.kernels.sentinel1.radar import platform_time_ns
from refsys.kernels.sentinel1.subcom import decode_cycles, distinct_cycles, find_cycles

EARTH_RATE_RAD_S = 7.292_115e-5
_GRAVITATION_M3_S2 = 3.986_004_418e14
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OnboardOrbit(NamedTuple):
    """State vectors in order of time: int64 (n,) UTC ns since 1970, float64 (n, 3) m, float64 (n, 3) m/s."""

    utc_ns: NDArray[np.int64]
    position_m: NDArray[np.float64]
    velocity_m_s: NDArray[np.float64]


class NodeCrossing(NamedTuple):
    """Direction of flight and the last crossing of the equator northward."""

    direction: Literal["ASCENDING", "DESCENDING"]
    ascending_node_time: datetime


def onboard_orbit(headers: Headers) -> OnboardOrbit:
    """Return the distinct state vectors of all complete cycles of ancillary words; there may be none.

    Parameters
    ----------
    headers
        Columns (packets,) of `decode_headers`, in order of time, of one data take and polarisation.
    """
    starts = find_cycles(headers["space_packet_count"].astype(np.uint32), headers["subcom_index"].astype(np.uint8))
    cycles = decode_cycles(headers["subcom_word"].astype(np.uint16), starts)
    cycles = cycles[distinct_cycles(cycles)]
    utc_ns = gps_to_utc_ns(platform_time_ns(cycles["pvt_time_stamp"]))
    utc_ns, order = np.unique(utc_ns, return_index=True)
    return OnboardOrbit(
        np.asarray(utc_ns, np.int64),
        np.asarray(cycles["position_m"][order], np.float64),
        np.asarray(cycles["velocity_m_s"][order], np.float64),
    )


def node_crossing(utc_ns: int, position_m: NDArray[np.float64], velocity_m_s: NDArray[np.float64]) -> NodeCrossing:
    """Return pass and ascending node of a state, on the circle that it is on; right to some seconds.

    Parameters
    ----------
    utc_ns
        Time of the state.
    position_m, velocity_m_s
        float64 (3,), Earth-fixed.

    Raises
    ------
    ValueError
        If the state is no orbit: at rest, or over the Earth's axis throughout.
    """
    inertial = velocity_m_s + EARTH_RATE_RAD_S * np.array([-position_m[1], position_m[0], 0.0])
    normal = np.cross(position_m, inertial)
    node = np.array([-normal[1], normal[0], 0.0])
    radius = float(np.linalg.norm(position_m))
    if not np.linalg.norm(node) > 0:
        raise ValueError("the state vector is no orbit that crosses the equator")
    across = np.cross(normal / np.linalg.norm(normal), node / np.linalg.norm(node))
    along = float(position_m @ (node / np.linalg.norm(node)))
    argument = float(np.arctan2(position_m @ across, along)) % (2 * np.pi)
    seconds = argument * np.sqrt(radius**3 / _GRAVITATION_M3_S2)
    time = _EPOCH + timedelta(microseconds=utc_ns // 1000) - timedelta(seconds=float(seconds))
    return NodeCrossing("ASCENDING" if inertial[2] >= 0 else "DESCENDING", time)
