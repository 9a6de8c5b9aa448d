"""What the simulated instrument is told to do: codes as they stand in packet headers, and all that follows from them.

Codes of StripMap S3 and of the three swaths of IW are facts of real acquisitions (a packet of S1B S3, 2020-06-15;
annotations of IW, 2021): pulse, repetition, rank, window, sampling. Codes become physical by S1-IF-ASD-PL-0007,
sections 3.2.5 and 5.1.
"""

import math
from typing import NamedTuple

import numpy as np

from refsys.chains.sentinel1.simulation.antenna import UNSTEERED, Antenna, Steering
from refsys.chains.sentinel1.simulation.geometry import LIGHT_SPEED_M_S
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT, SimulatedOrbit
from refsys.kernels.sar.grids import RawGrid
from refsys.kernels.sentinel1.radar import (
    FREF_HZ,
    clock_seconds,
    sampling_frequency_hz,
    tx_ramp_rate_hz_per_s,
    tx_start_frequency_hz,
    window_samples,
)

CARRIER_HZ = 5_405_000_454.334_35
REFERENCE_RANGE_M = 800e3
SUPPRESSED_S = 320 / (8 * FREF_HZ)
"""Between the opening of the window and the first sample that leaves the filter (S1-IF-ASD-PL-0007, 3.2.5.11)."""

_ANTENNA_M = 12.3


class SwathCodes(NamedTuple):
    """Integers that all echo packets of a swath share, by the names of the header fields.

    `pri`, `swst`, `swl` and `tx_pulse_length` count periods of the reference clock.
    """

    swath: str
    swath_number: int
    ecc_number: int
    range_decimation: int
    rx_gain: int
    tx_ramp_rate: int
    tx_start_frequency: int
    tx_pulse_length: int
    rank: int
    pri: int
    swst: int
    swl: int

    @property
    def pri_s(self) -> float:
        """Time from pulse to pulse."""
        return clock_seconds(self.pri).item()

    @property
    def samples(self) -> int:
        """Complex samples of a line."""
        return window_samples(self.swl, self.range_decimation).item()

    @property
    def range_sampling_hz(self) -> float:
        """Complex samples per second."""
        return sampling_frequency_hz(self.range_decimation).item()

    @property
    def first_delay_s(self) -> float:
        """From the start of transmission of a pulse to sample 0 of its echo, `rank` pulses later."""
        return self.rank * self.pri_s + clock_seconds(self.swst).item() + SUPPRESSED_S

    def pulse(self) -> "Pulse":
        """Return the transmitted pulse."""
        return Pulse(
            ramp_rate_hz_s=tx_ramp_rate_hz_per_s(self.tx_ramp_rate).item(),
            start_frequency_hz=tx_start_frequency_hz(self.tx_start_frequency, self.tx_ramp_rate).item(),
            length_s=clock_seconds(self.tx_pulse_length).item(),
        )


class Pulse(NamedTuple):
    """A linear chirp of unit amplitude."""

    ramp_rate_hz_s: float
    start_frequency_hz: float
    length_s: float


class Acquisition(NamedTuple):
    """Everything that turns a scene into echoes, but for the times of the pulses.

    Attributes
    ----------
    codes
        What the headers say.
    antenna, steering
        The beam and how it turns.
    orbit
        Of the satellite.
    gain
        Amplitude in quantiser units of the echo of 1 m^2 at `REFERENCE_RANGE_M` in the beam's centre, for a pulse of
        unit amplitude.
    """

    codes: SwathCodes
    antenna: Antenna
    steering: Steering = UNSTEERED
    orbit: SimulatedOrbit = SIMULATED_ORBIT
    gain: float = 1.0

    @property
    def wavelength_m(self) -> float:
        """Of the carrier."""
        return LIGHT_SPEED_M_S / CARRIER_HZ

    def raw_grid(self, first_pulse_time_s: float, lines: int) -> RawGrid:
        """Return where the samples of so many pulses lie, the first transmitted at a time since the epoch."""
        return RawGrid(
            first_pulse_time_s=first_pulse_time_s,
            pri_s=self.codes.pri_s,
            lines=lines,
            first_delay_s=self.codes.first_delay_s,
            range_sampling_hz=self.codes.range_sampling_hz,
            samples=self.codes.samples,
        )


_UP = 0x8000

S3 = SwathCodes("S3", 2, 13, 4, 12, _UP | 2002, 12970, 1658, 10, 19499, 5271, 12178)
IW1 = SwathCodes("IW1", 10, 8, 8, 8, _UP | 1605, 12335, 1967, 9, 21859, 4072, 13968)
IW2 = SwathCodes("IW2", 11, 8, 11, 8, _UP | 1160, 10546, 2327, 8, 25857, 5533, 16641)
IW3 = SwathCodes("IW3", 12, 8, 9, 8, _UP | 1193, 9341, 2004, 10, 22265, 3583, 15882)

ANTENNAS = {
    "S3": Antenna(_ANTENNA_M, -1.675, 4.79),
    "IW1": Antenna(_ANTENNA_M, -0.255, 4.95),
    "IW2": Antenna(_ANTENNA_M, 4.415, 4.57),
    "IW3": Antenna(_ANTENNA_M, 8.38, 3.54),
}
"""Beams whose two-way half power lies at the look angles between which a real swath is used."""


def shortened(codes: SwathCodes, samples: int, later_s: float = 0.0) -> SwathCodes:
    """Return the codes with a window of at least so many samples, opened later than the swath's own.

    Parameters
    ----------
    codes
        Of the whole swath.
    samples
        Wanted; packets hold even numbers and the window is counted in periods of the clock, so it may be a few more.
    later_s
        Rounded to a period of the clock.

    Raises
    ------
    ValueError
        If the window would not fit into the swath's own.
    """
    swst = codes.swst + round(later_s * FREF_HZ)
    enough = window_samples(np.arange(codes.swl + 1), codes.range_decimation) >= samples
    swl = int(np.argmax(enough)) if enough.any() else codes.swl + 1
    if samples < 1 or later_s < 0 or swst + swl > codes.swst + codes.swl:
        raise ValueError(f"{samples} samples from {later_s} s on do not lie in the window of {codes.swath}")
    return codes._replace(swst=swst, swl=swl)


def stripmap(codes: SwathCodes = S3, *, gain: float = 1.0, orbit: SimulatedOrbit = SIMULATED_ORBIT) -> Acquisition:
    """Return a StripMap acquisition: the beam looks across the flight all the time."""
    return Acquisition(codes, ANTENNAS[codes.swath], UNSTEERED, orbit, gain)


def beam_half_width_rad(acquisition: Acquisition) -> float:
    """Return the squint from the beam's centre beyond which nothing is seen: its first null."""
    return math.asin(acquisition.wavelength_m / acquisition.antenna.length_m)
