"""The timeline of IW: bursts of three swaths in turn, each with a beam that turns from behind to ahead.

Cycle, starts and steering rates are facts: of the sensing times in annotations of S1A and S1B IW products of 2021, and
of AUX_INS (`azimuthSteeringRate`). A burst begins with as many pulses without echo as are under way (rank), and ends so
that its last echo is received before the next burst begins.
"""

import math
from typing import NamedTuple

from refsys.chains.sentinel1.simulation.antenna import Steering
from refsys.chains.sentinel1.simulation.instrument import ANTENNAS, IW1, IW2, IW3, Acquisition, SwathCodes
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT, SimulatedOrbit
from refsys.kernels.sar.grids import RawGrid

CYCLE_S = 2.758277
IW_SWATHS = (IW1, IW2, IW3)

_STARTS_S = {"IW1": 0.0, "IW2": 0.831938, "IW3": 1.909551}
STEERING_DEG_S = {"IW1": 1.590368784, "IW2": 0.979863325, "IW3": 1.397440818}


class Burst(NamedTuple):
    """Pulses of one swath that follow one another: a burst, or a whole StripMap data take.

    `number` counts the bursts of the swath; the grid holds the echoes.
    """

    number: int
    acquisition: Acquisition
    grid: RawGrid


def burst_lines(swath: str, pri_s: float, rank: int) -> int:
    """Return how many echoes a burst of a swath has.

    Raises
    ------
    ValueError
        If it is no swath of IW.
    """
    if swath not in _STARTS_S:
        raise ValueError(f"IW has no swath {swath!r}")
    starts = [*_STARTS_S.values(), CYCLE_S]
    place = list(_STARTS_S).index(swath)
    return int((starts[place + 1] - starts[place]) / pri_s) - rank


def iw_bursts(
    cycles: int,
    *,
    codes: tuple[SwathCodes, ...] = IW_SWATHS,
    first_s: float = 0.0,
    gain: float = 1.0,
    orbit: SimulatedOrbit = SIMULATED_ORBIT,
) -> tuple[Burst, ...]:
    """Return the bursts of so many cycles in order of time.

    Parameters
    ----------
    cycles
        Bursts of each swath.
    codes
        One to three swaths, with their own windows or shortened ones; a swath left out leaves its time empty.
    first_s
        Start of the first cycle, seconds since the epoch.
    gain
        As `Acquisition` has it.
    orbit
        The satellite's.

    Raises
    ------
    ValueError
        If there is no cycle, or a swath that is not one of IW.
    """
    if cycles < 1:
        raise ValueError(f"{cycles} cycles of bursts cannot be simulated")
    bursts = []
    for number in range(cycles):
        for own in codes:
            lines = burst_lines(own.swath, own.pri_s, own.rank)
            start_s = first_s + number * CYCLE_S + _STARTS_S[own.swath]
            middle_delay_s = own.first_delay_s + 0.5 * own.samples / own.range_sampling_hz
            steering = Steering(
                rate_rad_s=math.radians(STEERING_DEG_S[own.swath]),
                mid_time_s=start_s + 0.5 * (lines - 1) * own.pri_s + 0.5 * middle_delay_s,
            )
            acquisition = Acquisition(own, ANTENNAS[own.swath], steering, orbit, gain)
            bursts.append(Burst(number, acquisition, acquisition.raw_grid(start_s, lines)))
    return tuple(sorted(bursts, key=lambda burst: burst.grid.first_pulse_time_s))
