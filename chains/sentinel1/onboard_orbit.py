"""The orbit that the packets themselves hold, and what follows from it: pass and ascending node.

Source: S1-IF-ASD-PL-0007, section 3.2.3: position (m) and velocity (m/s), Earth-fixed, from the navigation receiver.
"""

from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.ccsds.times import gps_to_utc_ns
from refsys.kernels.sar.orbit import Orbit
from refsys.kernels.sentinel1.packets import Headers
from refsys.kernels.sentinel1.radar import platform_time_ns
from refsys.kernels.sentinel1.subcom import decode_cycles, distinct_cycles, find_cycles
from refsys.model.errors import InputCorrupt

EARTH_RATE_RAD_S = 7.292_115e-5
_GRAVITATION_M3_S2 = 3.986_004_418e14
_J2, _EQUATOR_M = 1.082_63e-3, 6_378_137.0
_ORBIT_M, _ORBIT_RATE_RAD_S = 7.1e6, 1.1e-3
_ORBIT_SPEED_M_S, _ORBIT_SLACK = 7.5e3, 0.1
_LEAST_VECTORS = 6
_LONGEST_REACH_S = 10.0
_LONGEST_STEP_S = 1.0
_VELOCITY_WEIGHT_S = 10.0
_LARGEST_RESIDUAL_M = 50.0
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


def smoothed_orbit(onboard: OnboardOrbit, epoch: datetime, span_s: tuple[float, float]) -> Orbit:
    """Return state vectors a second apart over a span, from those of the receiver.

    Position and velocity of six vectors or more are fitted together by one polynomial of time, just high enough for the
    orbit's curvature, which takes out the receiver's noise. Fewer are carried on by the Earth's attraction, flattening
    included, from the one in the middle.

    Parameters
    ----------
    onboard
        At least one vector.
    epoch
        Times count from it.
    span_s
        First and last second wanted, since the epoch.

    Raises
    ------
    InputCorrupt
        If a vector is none of a low orbit, if vectors are more than twenty seconds apart, if the span reaches more than
        ten beyond them, or if they contradict one polynomial.
    """
    _check_states(onboard)
    time_s = np.asarray((onboard.utc_ns - int(epoch.timestamp()) * 1_000_000_000) * 1e-9, np.float64)
    reach = max(time_s[0] - span_s[0], span_s[1] - time_s[-1])
    if reach > _LONGEST_REACH_S:
        raise InputCorrupt(
            f"the packets' state vectors end {reach:.1f} s before the data do", where="packets", hint="give AUX_RESORB"
        )
    wanted = np.arange(np.floor(span_s[0]) - 3, np.ceil(span_s[1]) + 4)
    if time_s.size < _LEAST_VECTORS:
        middle = time_s.size // 2
        state = np.concatenate([onboard.position_m[middle], onboard.velocity_m_s[middle]])
        states = np.array([_carried(state, float(time - time_s[middle])) for time in wanted])
        return Orbit(wanted, states[:, :3], states[:, 3:])
    return _fitted(time_s, onboard, wanted)


def _check_states(onboard: OnboardOrbit) -> None:
    radius = np.linalg.norm(onboard.position_m, axis=1) / _ORBIT_M
    speed = np.linalg.norm(onboard.velocity_m_s, axis=1) / _ORBIT_SPEED_M_S
    near = (np.abs(radius - 1) < _ORBIT_SLACK) & (np.abs(speed - 1) < _ORBIT_SLACK)
    if not near.all():
        raise InputCorrupt("a state vector in the packets is no orbit", where="packets", hint="give AUX_RESORB")
    gap_s = float(np.diff(onboard.utc_ns).max(initial=0)) * 1e-9
    if gap_s > 2 * _LONGEST_REACH_S:
        raise InputCorrupt(
            f"the packets' state vectors have a gap of {gap_s:.1f} s", where="packets", hint="give AUX_RESORB"
        )


def _fitted(time_s: NDArray[np.float64], onboard: OnboardOrbit, wanted: NDArray[np.float64]) -> Orbit:
    middle, half = 0.5 * (time_s[0] + time_s[-1]), 0.5 * (time_s[-1] - time_s[0])
    degree = _degree(half + _LONGEST_REACH_S)
    scaled = (time_s - middle) / half
    legendre = np.polynomial.legendre
    value, slope = legendre.legvander(scaled, degree), _slopes(scaled, degree) / half
    # A velocity of the receiver is worth its position after ten seconds: both enter with about their accuracy.
    rows = np.concatenate([value, _VELOCITY_WEIGHT_S * slope])
    right = np.concatenate([onboard.position_m, _VELOCITY_WEIGHT_S * onboard.velocity_m_s])
    fitted, *_ = np.linalg.lstsq(rows, right, rcond=None)
    wrong = float(np.abs(value @ fitted - onboard.position_m).max())
    if wrong > _LARGEST_RESIDUAL_M:
        raise InputCorrupt(f"state vectors in the packets are {wrong:.0f} m off one orbit", where="packets")
    at = (wanted - middle) / half
    return Orbit(wanted, legendre.legvander(at, degree) @ fitted, _slopes(at, degree) / half @ fitted)


def _degree(reach_s: float) -> int:
    """Return the degree at which the rest of a circle's Taylor series is below a millimetre."""
    degree, rest = 2, _ORBIT_M * (_ORBIT_RATE_RAD_S * reach_s) ** 3 / 6
    while rest > 1e-3:
        degree += 1
        rest *= _ORBIT_RATE_RAD_S * reach_s / (degree + 1)
    return degree


def _slopes(at: NDArray[np.float64], degree: int) -> NDArray[np.float64]:
    legendre = np.polynomial.legendre
    return np.stack([legendre.legval(at, legendre.legder(row)) for row in np.eye(degree + 1)], axis=1)


def _carried(state: NDArray[np.float64], seconds: float) -> NDArray[np.float64]:
    """Integrate an Earth-fixed state (6,) by Runge and Kutta's method, fourth order."""
    steps = max(int(np.ceil(abs(seconds) / _LONGEST_STEP_S)), 1)
    step = seconds / steps
    for _ in range(steps):
        first = _motion(state)
        second = _motion(state + 0.5 * step * first)
        third = _motion(state + 0.5 * step * second)
        fourth = _motion(state + step * third)
        state = state + step / 6 * (first + 2 * second + 2 * third + fourth)
    return state


def _motion(state: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return velocity and acceleration in the rotating frame: attraction with J2, centrifugal and Coriolis terms."""
    position, velocity = state[:3], state[3:]
    distance = float(np.linalg.norm(position))
    polar = 5 * (position[2] / distance) ** 2
    flattening = 1.5 * _J2 * (_EQUATOR_M / distance) ** 2 * np.array([1 - polar, 1 - polar, 3 - polar])
    attraction = -_GRAVITATION_M3_S2 / distance**3 * position * (1 + flattening)
    turned = EARTH_RATE_RAD_S**2 * position + 2 * EARTH_RATE_RAD_S * np.array([velocity[1], -velocity[0], 0.0])
    turned[2] = 0.0
    return np.concatenate([velocity, attraction + turned])
