"""Echoes of point targets, exact: each sample of a pulse is what was emitted when its delay says.

The delay of each instant of the pulse solves |S(t) - P| + |P - S(t + delay)| = c delay: nothing stands still while the
pulse is under way, neither between transmission and reception nor from its beginning to its end.
"""

import cmath
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.simulation.antenna import (
    Antenna,
    Steering,
    azimuth_gain,
    elevation_gain,
    roll_deg,
)
from refsys.chains.sentinel1.simulation.geometry import delay, distance, height, look_angle, squint
from refsys.chains.sentinel1.simulation.instrument import (
    CARRIER_HZ,
    REFERENCE_RANGE_M,
    Acquisition,
    Pulse,
    beam_half_width_rad,
)
from refsys.chains.sentinel1.simulation.orbit import SimulatedOrbit, Vector, position
from refsys.chains.sentinel1.simulation.scene import PointTarget
from refsys.kernels.jit import jit
from refsys.kernels.sar.grids import RawGrid


class Beam(NamedTuple):
    """What decides how strong an echo is; `half_width_rad` is where the beam ends."""

    orbit: SimulatedOrbit
    antenna: Antenna
    steering: Steering
    half_width_rad: float
    wavelength_m: float


class Sampling(NamedTuple):
    """Of a line, and the pulse that fills it."""

    first_delay_s: float
    range_sampling_hz: float
    pulse: Pulse


def add_point(
    block: NDArray[np.complex64], grid: RawGrid, first_line: int, acquisition: Acquisition, target: PointTarget
) -> None:
    """Add the echoes of a target to lines of a grid.

    Parameters
    ----------
    block
        complex64 (lines, samples), in place; its first line is `first_line` of the grid.
    grid
        Where samples lie in time.
    first_line
        Of the block in the grid.
    acquisition
        Radar, orbit and beam.
    target
        Which.
    """
    times_s = grid.first_pulse_time_s + grid.pri_s * np.arange(first_line, first_line + block.shape[0])
    sampling = Sampling(grid.first_delay_s, grid.range_sampling_hz, acquisition.codes.pulse())
    amplitude = acquisition.gain * math.sqrt(target.rcs_m2) * cmath.exp(1j * target.phase_rad)
    _add_point(block, times_s, sampling, beam_of(acquisition), (target.position_m, amplitude))


def beam_of(acquisition: Acquisition) -> Beam:
    """Return what compiled loops need to weigh an echo."""
    return Beam(
        acquisition.orbit,
        acquisition.antenna,
        acquisition.steering,
        beam_half_width_rad(acquisition),
        acquisition.wavelength_m,
    )


def _weight_body(beam: Beam, target: Vector, ground_s: float) -> float:
    """Return pattern and spreading of an echo whose pulse meets the ground at a time; 0 outside the beam."""
    angle = squint(beam.orbit, target, ground_s)
    steered = beam.steering.rate_rad_s * (ground_s - beam.steering.mid_time_s)
    if abs(angle - steered) >= beam.half_width_rad:
        return 0.0
    sat = position(beam.orbit, ground_s)
    elevation = math.degrees(look_angle(sat, target)) - roll_deg(height(sat))
    gain = azimuth_gain(beam.antenna, beam.wavelength_m, angle, steered) * elevation_gain(beam.antenna, elevation)
    return gain * (REFERENCE_RANGE_M / distance(sat, target)) ** 2


weight = jit(_weight_body)


def _add_point_body(
    block: NDArray[np.complex64],
    pulse_times_s: NDArray[np.float64],
    sampling: Sampling,
    beam: Beam,
    target: tuple[Vector, complex],
) -> None:
    place, amplitude = target
    half = 0.5 * sampling.pulse.length_s
    for line in range(block.shape[0]):
        time_s = pulse_times_s[line]
        begin = delay(beam.orbit, place, time_s)
        gain = weight(beam, place, time_s + 0.5 * begin)
        if gain == 0.0:
            continue
        # Delay of what is emitted x after the start: begin + slope x + bend x^2, through three instants of the pulse.
        middle = delay(beam.orbit, place, time_s + half) - begin
        end = delay(beam.orbit, place, time_s + 2 * half) - begin
        course = (begin, (4 * middle - end) / (2 * half), (end - 2 * middle) / (2 * half * half))
        _add_pulse(block[line], sampling, course, amplitude * gain)


def _add_pulse_body(
    line: NDArray[np.complex64], sampling: Sampling, course: tuple[float, float, float], amplitude: complex
) -> None:
    begin, slope, bend = course
    pulse, fs = sampling.pulse, sampling.range_sampling_hz
    first = max(0, math.ceil((begin - sampling.first_delay_s) * fs))
    # The last instant of the pulse returns `slope` of its length late, and may fall on the next sample.
    last = min(line.size, math.ceil((begin + pulse.length_s * (1 + slope) - sampling.first_delay_s) * fs))
    if first >= last:
        return
    # Emission x after the start of the pulse for a return y after the start of the echo; x = a + b n + c n^2.
    y = sampling.first_delay_s + first / fs - begin
    b = 1.0 / (1.0 + slope) / fs
    c = -bend * b * b
    a = y / (1.0 + slope) - bend * y * y
    # Turns of the chirp at x and of the carrier over the delay, y + begin - x: both quadratic in n.
    linear, square = CARRIER_HZ + pulse.start_frequency_hz, 0.5 * pulse.ramp_rate_hz_s
    constant = CARRIER_HZ * (a - y - begin) + a * (pulse.start_frequency_hz + square * a)
    per_step = linear * b - CARRIER_HZ / fs + 2 * square * a * b
    per_square = square * b * b + linear * c
    value = amplitude * cmath.exp(2j * math.pi * (constant - math.floor(constant)))
    step = cmath.exp(2j * math.pi * (per_step + per_square))
    growth = cmath.exp(4j * math.pi * per_square)
    for n in range(first, last):
        line[n] += value
        value *= step
        step *= growth


_add_pulse = jit(_add_pulse_body)
_add_point = jit(_add_point_body)
