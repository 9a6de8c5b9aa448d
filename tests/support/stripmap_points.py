"""Echoes of points in StripMap S3, what the focuser is told of them, and a time-domain backprojection as oracle."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.simulation.antenna import azimuth_gain
from refsys.chains.sentinel1.simulation.echoes import simulate_points
from refsys.chains.sentinel1.simulation.geometry import delay, place, squint
from refsys.chains.sentinel1.simulation.instrument import CARRIER_HZ, S3, stripmap
from refsys.chains.sentinel1.simulation.orbit import SimulatedOrbit, Vector, state_vectors, states
from refsys.chains.sentinel1.simulation.point_echoes import beam_of, weight
from refsys.chains.sentinel1.simulation.scene import PointTarget, point_target
from refsys.kernels.jit import jit
from refsys.kernels.sar.focusing import Radar
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid, RawGrid
from refsys.kernels.sar.velocity import RangeHistory, range_history

ACQUISITION = stripmap(S3)
ORBIT = ACQUISITION.orbit
SPEED_M_S = float(np.linalg.norm(states(ORBIT, [0.0])[1]))
NEAR_M = 0.5 * LIGHT_SPEED_M_S * S3.first_delay_s
SWATH_M = 0.5 * LIGHT_SPEED_M_S * (S3.samples / S3.range_sampling_hz - S3.pulse().length_s)
FINE = 32


class Point(NamedTuple):
    """A target of unit cross-section and where it belongs."""

    time_s: float
    slant_range_m: float

    def target(self) -> PointTarget:
        return point_target(ORBIT, self.time_s, self.slant_range_m)

    def amplitude(self) -> float:
        """Of its echoes in the beam's centre."""
        return float(weight(beam_of(ACQUISITION), self.target().position_m, self.time_s))

    def turn(self) -> complex:
        """Phase factor of its image."""
        return complex(np.exp(-4j * np.pi * self.slant_range_m * CARRIER_HZ / LIGHT_SPEED_M_S))


def pulse() -> NDArray[np.complex64]:
    """Return the replica."""
    sent = S3.pulse()
    time_s = np.arange(math.ceil(sent.length_s * S3.range_sampling_hz)) / S3.range_sampling_hz
    turns = time_s * (sent.start_frequency_hz + 0.5 * sent.ramp_rate_hz_s * time_s)
    return np.asarray(np.exp(2j * np.pi * turns), np.complex64)


def radar(range_window: float = 1.0, azimuth_window: float = 1.0) -> Radar:
    """Return the processing of S3 (59.4 MHz and 1399 Hz), with the pattern of the simulated antenna."""
    doppler = np.linspace(-900, 900, 721)
    wavelength = ACQUISITION.wavelength_m
    gains = [
        azimuth_gain(ACQUISITION.antenna, wavelength, math.asin(0.5 * wavelength * hz / SPEED_M_S), 0.0)
        for hz in doppler.tolist()
    ]
    return Radar(CARRIER_HZ, pulse(), 59.4e6, range_window, 1399.0, azimuth_window, doppler, np.array(gains))


def history(time_s: float) -> RangeHistory:
    return range_history(state_vectors(ORBIT, -10.0, 10.0), time_s, (NEAR_M, NEAR_M + SWATH_M))


def grid_around(point: Point, lines: int, samples_before: float, samples_after: int) -> RawGrid:
    """Return raw lines centred on a point, with room for the image before and after it."""
    fs, tau = S3.range_sampling_hz, 2 * point.slant_range_m / LIGHT_SPEED_M_S
    first = point.time_s - 0.5 * tau - 0.5 * lines * S3.pri_s
    return RawGrid(first, S3.pri_s, lines, tau - samples_before / fs, fs, pulse().size + samples_after)


def echoes(grid: RawGrid, *points: Point) -> NDArray[np.complex64]:
    return simulate_points(grid, ACQUISITION, [point.target() for point in points])


def pixel(grid: ImageGrid, point: Point) -> tuple[float, float]:
    """Line and sample where a point belongs."""
    line = (point.time_s - grid.first_time_s) / grid.line_interval_s
    return line, (2 * point.slant_range_m / LIGHT_SPEED_M_S - grid.first_delay_s) * grid.range_sampling_hz


def backproject(raw: NDArray[np.complex64], grid: RawGrid, told: Radar, chip: ImageGrid) -> NDArray[np.complex128]:
    """Sum compressed pulses along the true delays of each pixel's place on the ellipsoid.

    Weights are matched to the focuser's by the true Doppler of the place at each pulse: window over pattern, divided
    by the sum of the windows; in range the same flat spectrum under the same window.
    """
    size = 1 << math.ceil(math.log2(grid.samples))
    frequency = np.fft.fftfreq(size, 1 / grid.range_sampling_hz)
    inside = np.abs(frequency) <= 0.5 * told.range_bandwidth_hz
    lobe = told.range_window + (1 - told.range_window) * np.cos(2 * np.pi * frequency / told.range_bandwidth_hz)
    weights = np.where(inside, lobe, 0)
    spectrum = np.fft.fft(raw.astype(np.complex128), size, axis=1)
    spectrum *= weights / np.fft.fft(told.pulse.astype(np.complex128), size) * (size / weights.sum())
    # Fine samples only about the chip, by the inverse transform at those times.
    first = (chip.first_delay_s - grid.first_delay_s) * grid.range_sampling_hz - 4
    time = first + np.arange((chip.samples + 8) * FINE) / FINE
    kept = np.flatnonzero(inside)
    turning = np.exp(2j * np.pi * np.outer(frequency[kept] / grid.range_sampling_hz, time)) / size
    fine = spectrum[:, kept] @ turning
    image = np.zeros((chip.lines, chip.samples), np.complex128)
    window = told.doppler_bandwidth_hz, told.azimuth_window
    pattern = told.pattern_frequency_hz, told.pattern_amplitude
    sent = S3.pulse()
    sampling = first, sent.length_s, sent.ramp_rate_hz_s
    _backproject(fine, (grid, chip, sampling), ORBIT, (window, pattern), image)
    return image


def _backproject_body(
    fine: NDArray[np.complex128],
    grids: tuple[RawGrid, ImageGrid, tuple[float, float, float]],
    orbit: SimulatedOrbit,
    weighting: tuple[tuple[float, float], tuple[NDArray[np.float64], NDArray[np.float64]]],
    image: NDArray[np.complex128],
) -> None:
    grid, chip, (first, length_s, ramp) = grids
    (band, coefficient), (pattern_hz, pattern) = weighting
    for i in range(chip.lines):
        for j in range(chip.samples):
            back = chip.first_delay_s + j / chip.range_sampling_hz
            spot: Vector = place(orbit, chip.first_time_s + i * chip.line_interval_s, 0.5 * LIGHT_SPEED_M_S * back)
            total, value = 0.0, 0j
            for line in range(grid.lines):
                sent = grid.first_pulse_time_s + line * grid.pri_s + 0.5 * length_s
                travel = delay(orbit, spot, sent)
                # Doppler at the place: twice the speed towards it, when the middle of the pulse is there.
                sine = math.sin(squint(orbit, spot, sent + 0.5 * travel))
                doppler = 2 * SPEED_M_S * sine * CARRIER_HZ / LIGHT_SPEED_M_S
                if abs(doppler) > 0.5 * band:
                    continue
                weight_here = coefficient + (1 - coefficient) * math.cos(2 * math.pi * doppler / band)
                total += weight_here
                # A chirp that comes back higher in frequency is compressed earlier.
                at = (((travel - doppler / ramp) - grid.first_delay_s) * grid.range_sampling_hz - first) * FINE
                low = int(at)
                echo = fine[line, low] * (low + 1 - at) + fine[line, low + 1] * (at - low)
                turns = CARRIER_HZ * travel
                phase = 2 * math.pi * (turns - math.floor(turns))
                gain = weight_here / np.interp(doppler, pattern_hz, pattern)
                value += gain * echo * complex(math.cos(phase), math.sin(phase))
            turns = CARRIER_HZ * back
            phase = -2 * math.pi * (turns - math.floor(turns))
            image[i, j] = value / total * complex(math.cos(phase), math.sin(phase))


_backproject = jit(_backproject_body)
