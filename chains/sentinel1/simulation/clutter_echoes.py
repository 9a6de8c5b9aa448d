"""Echoes of many scatterers: impulses on a fine time axis for each pulse, then one convolution with the pulse.

The impulses lie between samples: each is spread by a Kaiser-Bessel kernel over neighbours of an axis twice as dense,
and the kernel's spectrum divided out (J. Jackson and others, IEEE Trans. Med. Imaging 10, 1991). The delay of a
scatterer is the exact one at six instants while the beam passes over it, and the polynomial through them between.
"""

import math
from typing import NamedTuple

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from refsys.chains.sentinel1.simulation.geometry import delay, squint
from refsys.chains.sentinel1.simulation.instrument import CARRIER_HZ, Acquisition
from refsys.chains.sentinel1.simulation.orbit import Vector
from refsys.chains.sentinel1.simulation.point_echoes import Beam, beam_of, weight
from refsys.chains.sentinel1.simulation.scene import Scatterers
from refsys.kernels.jit import jit
from refsys.kernels.sar.grids import RawGrid
from refsys.kernels.sentinel1.chirp import nominal_chirp

_OVERSAMPLING = 2
_TAPS = 4
_TAP_STEPS = 2048
_BETA = math.pi * math.sqrt((_TAPS / _OVERSAMPLING) ** 2 * (_OVERSAMPLING - 0.5) ** 2 - 0.8)
_DEGREE = 5
_HALF_WAY = (2 / math.pi) ** 2  # the two-way lobe half way from its centre to its null
_MARGIN_SAMPLES = 16
_LINES_AT_ONCE = 16

# Sine and cosine of turns between -1/2 and 1/2, by odd and even powers (Taylor: 2e-5 at the ends).
_SINE = tuple((-1) ** k * (2 * math.pi) ** (2 * k + 1) / math.factorial(2 * k + 1) for k in range(7))
_COSINE = tuple((-1) ** k * (2 * math.pi) ** (2 * k) / math.factorial(2 * k) for k in range(8))
# The two-way lobe from null to null, sinc squared, by even powers: 1/2 (1 - cos(2 pi z)) / (pi z)^2.
_LOBE = tuple((-1) ** k * 2 * (2 * math.pi) ** (2 * k) / math.factorial(2 * k + 2) for k in range(9))


_Room = tuple[NDArray[np.float32], NDArray[np.int32]]
"""Of each impulse, real and imaginary part and place between points (3, n); points (n,)."""


class _Tables(NamedTuple):
    """Nodes of a passage, the matrix that turns values there into a polynomial, and kernel taps (steps + 1, taps)."""

    nodes: NDArray[np.float64]
    fit: NDArray[np.float64]
    taps: NDArray[np.float32]


class _Axis(NamedTuple):
    """The dense time axis: delay of its first point, points per second; the pulse: half its length, its ramp rate."""

    first_delay_s: float
    rate_hz: float
    middle_s: float
    ramp_rate_hz_s: float


class ClutterEchoes:
    """Adds the echoes of scatterers to blocks of lines of one grid.

    Parameters
    ----------
    grid
        Where samples lie in time.
    acquisition
        Radar, orbit and beam.
    scatterers
        Any number.
    """

    def __init__(self, grid: RawGrid, acquisition: Acquisition, scatterers: Scatterers) -> None:
        self.grid, self.beam, self.gain = grid, beam_of(acquisition), acquisition.gain
        pulse, fs = acquisition.codes.pulse(), grid.range_sampling_hz
        chirp = nominal_chirp(pulse.ramp_rate_hz_s, pulse.start_frequency_hz, pulse.length_s, fs)
        self.before = chirp.size + _MARGIN_SAMPLES
        self.size = 2 * scipy.fft.next_fast_len(-(-(grid.samples + self.before + _MARGIN_SAMPLES) // 2))
        first_delay_s = grid.first_delay_s - self.before / fs
        self.axis = _Axis(first_delay_s, _OVERSAMPLING * fs, 0.5 * pulse.length_s, pulse.ramp_rate_hz_s)
        turns = scipy.fft.fftfreq(self.size) / _OVERSAMPLING
        self.spectrum = (scipy.fft.fft(chirp, self.size) / _kernel_spectrum(turns)).astype(np.complex64)
        self.tables = _tables()
        self.scatterers = scatterers
        self.passages = np.empty((scatterers.time_s.size, 2))
        _passages(self.beam, scatterers.position_m, scatterers.time_s, self.passages)

    def add(self, block: NDArray[np.complex64], first_line: int) -> None:
        """Add echoes to a block, complex64 (lines, samples) in place, which begins with a line of the grid."""
        first_s = self.grid.first_pulse_time_s + first_line * self.grid.pri_s
        last_s = first_s + block.shape[0] * self.grid.pri_s
        centre, half = self.passages.T
        seen = np.flatnonzero((centre + half > first_s) & (centre - half < last_s))
        if seen.size == 0:
            return
        # Lines side by side: the impulses of a scatterer move little from line to line, and so stay in the cache.
        dense = np.zeros((_OVERSAMPLING * self.size, block.shape[0]), np.complex64)
        _scatter(
            dense.view(np.float32),
            (first_s, self.grid.pri_s),
            (self.axis, self.beam, self.tables),
            (self.scatterers.position_m[seen], self.passages[seen]),
            self.gain * self.scatterers.amplitude[seen],
        )
        for first in range(0, block.shape[0], _LINES_AT_ONCE):
            part = slice(first, first + _LINES_AT_ONCE)
            block[part] += self._convolved(np.ascontiguousarray(dense[:, part].T))[:, : block.shape[1]]

    def _convolved(self, impulses: NDArray[np.complex64]) -> NDArray[np.complex64]:
        whole, half = scipy.fft.fft(impulses, overwrite_x=True), self.size // 2
        band = np.concatenate([whole[:, :half], whole[:, -half:]], axis=1) * self.spectrum
        return np.asarray(scipy.fft.ifft(band, overwrite_x=True)[:, self.before :], np.complex64)


def _tables() -> _Tables:
    offset = np.arange(_TAPS) - (_TAPS // 2 - 1)
    distance = offset[None, :] - np.arange(_TAP_STEPS + 1)[:, None] / _TAP_STEPS
    inside = np.maximum(1 - (2 * distance / _TAPS) ** 2, 0)
    nodes = np.cos(math.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
    return _Tables(
        nodes=nodes,
        fit=np.linalg.inv(np.vander(nodes, increasing=True)),
        taps=np.asarray(np.i0(_BETA * np.sqrt(inside)) / np.i0(_BETA), np.float32),
    )


def _kernel_spectrum(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the kernel's Fourier transform at frequencies in turns per point of the dense axis."""
    root = np.sqrt(_BETA**2 - (math.pi * _TAPS * turns) ** 2)
    return np.asarray(_TAPS / np.i0(_BETA) * np.sinh(root) / root)


def _passage_body(beam: Beam, target: Vector, time_s: float) -> tuple[float, float]:
    """Return when the pulse leaves that meets a target in the beam's centre, and half of how long the beam sees it."""
    rate, mid = beam.steering.rate_rad_s, beam.steering.mid_time_s
    centre, half = time_s, 0.1
    for _ in range(4):
        before, after = squint(beam.orbit, target, centre - half), squint(beam.orbit, target, centre + half)
        slope = (after - before) / (2 * half) - rate
        centre -= (squint(beam.orbit, target, centre) - rate * (centre - mid)) / slope
    return centre - 0.5 * delay(beam.orbit, target, centre), beam.half_width_rad / abs(slope)


_passage = jit(_passage_body)


def _passages_body(
    beam: Beam, places: NDArray[np.float64], times_s: NDArray[np.float64], found: NDArray[np.float64]
) -> None:
    for k in range(times_s.size):
        found[k, 0], found[k, 1] = _passage(beam, (places[k, 0], places[k, 1], places[k, 2]), times_s[k])


_passages = jit(_passages_body)


def _course_body(
    settings: tuple[_Axis, Beam, _Tables], target: Vector, passage: tuple[float, float], course: NDArray[np.float64]
) -> None:
    """Fill in polynomials over a passage from -1 to 1: turns of the carrier, place on the dense axis, weight."""
    axis, beam, tables = settings
    centre, half = passage
    base = delay(beam.orbit, target, centre + axis.middle_s)
    course[:] = 0.0
    for j in range(tables.nodes.size):
        # Emitted in the middle of the pulse.
        late = delay(beam.orbit, target, centre + half * tables.nodes[j] + axis.middle_s) - base
        for k in range(tables.nodes.size):
            course[0, k] += tables.fit[k, j] * late
    # A change of delay within the pulse is a Doppler shift, which a chirp takes for a delay.
    coupling = CARRIER_HZ / axis.ramp_rate_hz_s / half
    for k in range(tables.nodes.size - 1):
        course[1, k] = (course[0, k] + coupling * (k + 1) * course[0, k + 1]) * axis.rate_hz
    course[1, 0] += (base - axis.first_delay_s) * axis.rate_hz
    start = CARRIER_HZ * base
    for k in range(tables.nodes.size):
        course[0, k] *= -CARRIER_HZ
    course[0, 0] -= start - math.floor(start)
    # Pattern and spreading over the lobe alone, at three instants.
    ground = centre + 0.5 * base
    early = weight(beam, target, ground - 0.5 * half) / _HALF_WAY
    late = weight(beam, target, ground + 0.5 * half) / _HALF_WAY
    course[2, 0] = weight(beam, target, ground)
    course[2, 1], course[2, 2] = late - early, 2 * (late + early) - 4 * course[2, 0]


_course = jit(_course_body)


def _impulses_body(
    course: NDArray[np.float64], along: tuple[float, float], amplitude: complex, count: int, room: _Room
) -> None:
    """Fill in one scatterer's impulses in so many lines; `along`: where the first lies in the passage, and a step.

    Kept apart from `_spread`, so that it is compiled into vector instructions.
    """
    values, points = room
    turn, place, weights = course[0], course[1], course[2]
    for k in range(count):
        z = along[0] + along[1] * k
        turns = ((((turn[5] * z + turn[4]) * z + turn[3]) * z + turn[2]) * z + turn[1]) * z + turn[0]
        at = ((place[3] * z + place[2]) * z + place[1]) * z + place[0]
        q = z * z
        lobe = _LOBE[4] + q * (_LOBE[5] + q * (_LOBE[6] + q * (_LOBE[7] + q * _LOBE[8])))
        lobe = _LOBE[0] + q * (_LOBE[1] + q * (_LOBE[2] + q * (_LOBE[3] + q * lobe)))
        gain = lobe * ((weights[2] * z + weights[1]) * z + weights[0])
        x = turns - np.int32(turns + (0.5 if turns > 0 else -0.5))
        y = x * x
        sine = _SINE[3] + y * (_SINE[4] + y * (_SINE[5] + y * _SINE[6]))
        sine = x * (_SINE[0] + y * (_SINE[1] + y * (_SINE[2] + y * sine)))
        cosine = _COSINE[4] + y * (_COSINE[5] + y * (_COSINE[6] + y * _COSINE[7]))
        cosine = _COSINE[0] + y * (_COSINE[1] + y * (_COSINE[2] + y * (_COSINE[3] + y * cosine)))
        point = np.int32(at)
        points[k] = point
        values[0, k] = np.float32(gain * (amplitude.real * cosine - amplitude.imag * sine))
        values[1, k] = np.float32(gain * (amplitude.real * sine + amplitude.imag * cosine))
        values[2, k] = np.float32(at - point)


_impulses = jit(_impulses_body)


def _spread_body(dense: NDArray[np.float32], lines: tuple[int, int], room: _Room, taps: NDArray[np.float32]) -> None:
    values, points = room
    first_line = lines[0]
    last = dense.shape[0] - _TAPS
    for k in range(lines[1] - first_line):
        if points[k] < _TAPS or points[k] >= last:
            continue
        tap = np.int32(values[2, k] * np.float32(_TAP_STEPS) + np.float32(0.5))
        start, column = np.uint32(points[k] - (_TAPS // 2 - 1)), np.uint32(2 * (first_line + k))
        for j in range(_TAPS):
            dense[start + np.uint32(j), column] += taps[tap, j] * values[0, k]
            dense[start + np.uint32(j), column + np.uint32(1)] += taps[tap, j] * values[1, k]


_spread = jit(_spread_body)


def _scatter_body(
    dense: NDArray[np.float32],
    pulses: tuple[float, float],
    settings: tuple[_Axis, Beam, _Tables],
    scatterers: tuple[NDArray[np.float64], NDArray[np.float64]],
    amplitudes: NDArray[np.complex128],
) -> None:
    places, passages = scatterers
    course = np.empty((3, settings[2].nodes.size))
    room = (np.empty((3, dense.shape[1] // 2), np.float32), np.empty(dense.shape[1] // 2, np.int32))
    for number in range(amplitudes.size):
        target = (places[number, 0], places[number, 1], places[number, 2])
        centre, half = passages[number, 0], passages[number, 1]
        first = max(0, math.ceil((centre - half - pulses[0]) / pulses[1]))
        last = min(dense.shape[1] // 2, math.floor((centre + half - pulses[0]) / pulses[1]) + 1)
        if first >= last:
            continue
        _course(settings, target, (centre, half), course)
        along = ((pulses[0] + first * pulses[1] - centre) / half, pulses[1] / half)
        # Whole arrays, not parts of them: only those are known to be contiguous.
        _impulses(course, along, amplitudes[number], last - first, room)
        _spread(dense, (first, last), room, settings[2].taps)


_scatter = jit(_scatter_body)
