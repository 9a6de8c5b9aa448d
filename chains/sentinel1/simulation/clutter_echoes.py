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
_TURN_STEPS = 1024
_LOBE_STEPS = 2048
_DEGREE = 5
_HALF_WAY = (2 / math.pi) ** 2  # the two-way lobe half way from its centre to its null
_MARGIN_SAMPLES = 16
_MARGIN_S = 0.02


class _Tables(NamedTuple):
    """Kernel taps (steps + 1, taps), one turn of the unit circle, the two-way lobe from its centre to its null."""

    taps: NDArray[np.float32]
    circle: NDArray[np.complex128]
    lobe: NDArray[np.float64]
    nodes: NDArray[np.float64]
    fit: NDArray[np.float64]


class _Axis(NamedTuple):
    """The dense time axis: `first_delay_s` of its first point, points per second, number of samples of the result."""

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
    """

    def __init__(self, grid: RawGrid, acquisition: Acquisition) -> None:
        self.grid, self.beam, self.gain = grid, beam_of(acquisition), acquisition.gain
        pulse = acquisition.codes.pulse()
        fs = grid.range_sampling_hz
        chirp = nominal_chirp(pulse.ramp_rate_hz_s, pulse.start_frequency_hz, pulse.length_s, fs)
        self.before = chirp.size + _MARGIN_SAMPLES
        self.size = 2 * scipy.fft.next_fast_len(-(-(grid.samples + self.before + _MARGIN_SAMPLES) // 2))
        self.axis = _Axis(
            first_delay_s=grid.first_delay_s - self.before / fs,
            rate_hz=_OVERSAMPLING * fs,
            middle_s=0.5 * pulse.length_s,
            ramp_rate_hz_s=pulse.ramp_rate_hz_s,
        )
        turns = scipy.fft.fftfreq(self.size) / _OVERSAMPLING
        self.spectrum = (scipy.fft.fft(chirp, self.size) / _kernel_spectrum(turns)).astype(np.complex64)
        self.tables = _tables()

    def add(self, block: NDArray[np.complex64], first_line: int, scatterers: Scatterers) -> None:
        """Add echoes to a block, complex64 (lines, samples) in place, which begins with a line of the grid."""
        first_s = self.grid.first_pulse_time_s + first_line * self.grid.pri_s
        span = self._visible(first_s, first_s + block.shape[0] * self.grid.pri_s, scatterers)
        if span.start >= span.stop:
            return
        dense = np.zeros((block.shape[0], _OVERSAMPLING * self.size), np.complex64)
        _scatter(
            dense,
            (first_s, self.grid.pri_s),
            (self.axis, self.beam, self.tables),
            scatterers.position_m[span],
            (scatterers.time_s[span], self.gain * scatterers.amplitude[span]),
        )
        half = self.size // 2
        for number in range(block.shape[0]):
            whole = scipy.fft.fft(dense[number])
            band = np.concatenate([whole[:half], whole[-half:]]) * self.spectrum
            block[number] += scipy.fft.ifft(band)[self.before : self.before + block.shape[1]]

    def _visible(self, first_s: float, last_s: float, scatterers: Scatterers) -> slice:
        """Return the scatterers, sorted by zero-Doppler time, that the beam may pass between two pulses."""
        beam = self.beam
        edges = []
        for place, time_s in ((scatterers.position_m[k].tolist(), scatterers.time_s[k]) for k in (0, -1)):
            target = (place[0], place[1], place[2])
            rate = (squint(beam.orbit, target, time_s - 0.1) - squint(beam.orbit, target, time_s + 0.1)) / 0.2
            for instant in (first_s, last_s):
                steered = beam.steering.rate_rad_s * (instant - beam.steering.mid_time_s)
                edges += [instant + (steered + sign * beam.half_width_rad) / rate for sign in (-1, 1)]
        stretch = 0.02 * (max(edges) - min(edges)) + _MARGIN_S
        found = np.searchsorted(scatterers.time_s, [min(edges) - stretch, max(edges) + stretch])
        return slice(int(found[0]), int(found[1]))


def _tables() -> _Tables:
    offset = np.arange(_TAPS) - (_TAPS // 2 - 1)
    distance = offset[None, :] - np.arange(_TAP_STEPS + 1)[:, None] / _TAP_STEPS
    inside = np.maximum(1 - (2 * distance / _TAPS) ** 2, 0)
    turns = np.linspace(0, 1, _LOBE_STEPS + 2)
    nodes = np.cos(math.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
    return _Tables(
        taps=np.asarray(np.i0(_BETA * np.sqrt(inside)) / np.i0(_BETA), np.float32),
        circle=np.exp(2j * math.pi * np.arange(_TURN_STEPS) / _TURN_STEPS),
        lobe=np.sinc(turns * (_LOBE_STEPS + 1) / _LOBE_STEPS) ** 2,
        nodes=nodes,
        fit=np.linalg.inv(np.vander(nodes, increasing=True)),
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


def _add_passage_body(
    dense: NDArray[np.complex64],
    lines: tuple[int, int, float, float],
    course: NDArray[np.float64],
    amplitude: complex,
    tables: _Tables,
) -> None:
    """Add the impulses of one scatterer to lines: first, end, where line 0 lies in the passage, and a step there."""
    first_line, end_line, at_zero, per_line = lines
    for line in range(first_line, end_line):
        z = at_zero + per_line * line
        turns = ((((course[0, 5] * z + course[0, 4]) * z + course[0, 3]) * z + course[0, 2]) * z + course[0, 1]) * z
        turns += course[0, 0]
        place = ((course[1, 3] * z + course[1, 2]) * z + course[1, 1]) * z + course[1, 0]
        first = math.floor(place)
        if first < _TAPS or first >= dense.shape[1] - _TAPS:
            continue
        lobe = abs(z) * _LOBE_STEPS
        step = int(lobe)
        gain = tables.lobe[step] + (lobe - step) * (tables.lobe[step + 1] - tables.lobe[step])
        gain *= (course[2, 2] * z + course[2, 1]) * z + course[2, 0]
        fine = (turns - math.floor(turns)) * _TURN_STEPS
        nearest = int(fine + 0.5)
        rest = (fine - nearest) * (2 * math.pi / _TURN_STEPS)
        value = tables.circle[nearest % _TURN_STEPS] * complex(1.0 - 0.5 * rest * rest, rest) * (amplitude * gain)
        spread = np.complex64(value)
        taps = tables.taps[int((place - first) * _TAP_STEPS + 0.5)]
        start = first - (_TAPS // 2 - 1)
        for k in range(_TAPS):
            dense[line, start + k] += taps[k] * spread


_add_passage = jit(_add_passage_body)


def _scatter_body(
    dense: NDArray[np.complex64],
    pulses: tuple[float, float],
    settings: tuple[_Axis, Beam, _Tables],
    places: NDArray[np.float64],
    scatterers: tuple[NDArray[np.float64], NDArray[np.complex128]],
) -> None:
    times_s, amplitudes = scatterers
    course = np.empty((3, settings[2].nodes.size))
    for number in range(times_s.size):
        target = (places[number, 0], places[number, 1], places[number, 2])
        centre, half = _passage(settings[1], target, times_s[number])
        first = max(0, math.ceil((centre - half - pulses[0]) / pulses[1]))
        last = min(dense.shape[0], math.floor((centre + half - pulses[0]) / pulses[1]) + 1)
        if first >= last:
            continue
        _course(settings, target, (centre, half), course)
        lines = (first, last, (pulses[0] - centre) / half, pulses[1] / half)
        _add_passage(dense, lines, course, amplitudes[number], settings[2])


_scatter = jit(_scatter_body)
