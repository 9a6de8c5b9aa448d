"""Focusing of a TOPS burst: unfolded spectrum, matched filter, and a band that moves with the output line.

A burst sweeps several times the PRF, while at any time the beam holds less than one. So the raw data are turned to
baseband with the steering's chirp, interpolated to a rate that holds the whole sweep, and turned back: the spectrum is
unfolded. The matched filter is then that of any other radar. The image is longer than the raw data; each of its lines
is summed from just the bins of its own band, so that the period of the transform may be that of the raw data.

Source: R. Engen and Y. Larsen, Efficient Full Aperture Processing of TOPS Mode Data Using the Moving Band Chirp
Z-Transform (IEEE TGRS 49(10), 2011), for the moving band. What else was thought of: `docs/decisions/0006-tops.md`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from refsys.kernels.sar.focusing import REFERENCE_RANGE_M, Radar
from refsys.kernels.sar.focusing_phase import PulseFit, fit_pulse, inverse_pulse
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid, RawGrid
from refsys.kernels.sar.orbit import Orbit
from refsys.kernels.sar.phase_rows import rotate_rows
from refsys.kernels.sar.tops_geometry import BurstRates, Steering, burst_extent, burst_rates
from refsys.kernels.sar.tops_phase import azimuth_turns, fit_rows, migration_turns
from refsys.kernels.sar.velocity import RangeHistory, range_history
from refsys.kernels.sar.windows import Window

_COLUMNS = 512
"""Image columns that share a reference range: it is wrong by 0.02 sample of migration at their edges."""

_MARGIN = 32
"""Columns on each side for the tails of the range window."""

_LINES = 64
"""Image lines that share their matched filter and their bins."""


class _Unfolded(NamedTuple):
    """Spectrum of a block of columns over true Doppler; (bins, columns)."""

    data: NDArray[np.complex64]
    doppler_hz: NDArray[np.float64]


class _Scene(NamedTuple):
    """What all blocks of a burst share."""

    raw_grid: RawGrid
    radar: Radar
    pulse: PulseFit
    steering: Steering
    orbit: Orbit
    output: ImageGrid
    looks_right: bool
    height_m: float

    def history(self, time_s: float) -> RangeHistory:
        """Return how ranges change for targets at a zero-Doppler time."""
        ranges = self.output.slant_ranges_m()
        span = float(ranges[0]) - 1e3, float(ranges[-1]) + 1e3
        return range_history(self.orbit, time_s, span, looks_right=self.looks_right, height_m=self.height_m)


def focus_burst(
    raw: NDArray[np.complex64],
    raw_grid: RawGrid,
    radar: Radar,
    orbit: Orbit,
    steering: Steering,
    output: ImageGrid,
    *,
    looks_right: bool = True,
    height_m: float = 0.0,
) -> NDArray[np.complex64]:
    """Focus one burst onto given lines.

    A point whose echoes have amplitude a at the beam centre gives a peak of
    a * sqrt(R0 / REFERENCE_RANGE_M) * exp(-4j pi R0 carrier_hz / c) at its zero-Doppler time and range, as `focus`
    does for StripMap. No phase ramp is taken out. Lines not seen whole (`valid_lines`) are zero.

    Parameters
    ----------
    raw
        complex64 (raw_grid.lines, raw_grid.samples); lost lines are zero.
    raw_grid
        Where they lie.
    radar
        As for StripMap; the Doppler band is that of a target (a few hundred Hz), the pattern is over Doppler in the
        beam.
    orbit
        State vectors around the burst and its image.
    steering
        Of the beam.
    output
        Any lines and first delay; its range sampling is that of the raw data.
    looks_right, height_m
        Side of the track and mean height of the ground above the ellipsoid.

    Returns
    -------
    ndarray
        complex64 (output.lines, output.samples).

    Raises
    ------
    ValueError
        If arrays do not fit their grids, samplings differ, there is no Doppler band or the beam holds more of it than
        one PRF, or the output reaches beyond the ranges of the raw data.
    """
    _check(raw, raw_grid, radar, output)
    pulse = fit_pulse(radar.pulse, raw_grid.range_sampling_hz, radar.range_bandwidth_hz)
    scene = _Scene(raw_grid, radar, pulse, steering, orbit, output, looks_right, height_m)
    valid = valid_lines(raw_grid, radar, orbit, steering, output, looks_right=looks_right, height_m=height_m)
    compressed = _compress(raw, raw_grid, radar)
    image = np.zeros((output.lines, output.samples), np.complex64)
    for first in range(0, output.samples, _COLUMNS):
        columns = slice(first, min(first + _COLUMNS, output.samples))
        _focus_columns(compressed, scene, columns, valid, image)
    return image


def valid_lines(
    raw_grid: RawGrid,
    radar: Radar,
    orbit: Orbit,
    steering: Steering,
    output: ImageGrid,
    *,
    looks_right: bool = True,
    height_m: float = 0.0,
) -> tuple[int, int]:
    """Return first and end of the lines that the burst saw with the whole processed band, at every range.

    Raises
    ------
    ValueError
        If the radar has no Doppler band, or the burst is shorter than a target's passage through it.
    """
    if radar.doppler_bandwidth_hz is None:
        raise ValueError("a burst has a processed Doppler band")
    scene = _Scene(raw_grid, radar, PulseFit(0.0, 0.0), steering, orbit, output, looks_right, height_m)
    ends = output.slant_ranges_m()[[0, -1]]
    rates = burst_rates(steering, orbit, scene.history(steering.mid_time_s), ends, radar.carrier_hz)
    begin, end = burst_extent(raw_grid, steering, rates, ends, radar.doppler_bandwidth_hz)
    first = int(np.ceil((begin.max() - output.first_time_s) / output.line_interval_s))
    last = int(np.floor((end.min() - output.first_time_s) / output.line_interval_s))
    return min(max(first, 0), output.lines), min(max(last + 1, 0), output.lines)


def _check(raw: NDArray[np.complex64], grid: RawGrid, radar: Radar, output: ImageGrid) -> None:
    if raw.shape != (grid.lines, grid.samples) or raw.dtype != np.complex64 or not raw.size:
        raise ValueError(f"raw data {raw.shape} {raw.dtype} do not fit a grid of {grid.lines} x {grid.samples}")
    if not np.isclose(output.range_sampling_hz, grid.range_sampling_hz, rtol=1e-9, atol=0):
        raise ValueError(f"image and raw data are sampled at {output.range_sampling_hz} and {grid.range_sampling_hz} Hz")
    if radar.doppler_bandwidth_hz is None or not radar.doppler_bandwidth_hz > 0:
        raise ValueError("a burst has a processed Doppler band")
    first = (output.first_delay_s - grid.first_delay_s) * grid.range_sampling_hz
    there = grid.samples - radar.pulse.size + 1
    if output.lines < 1 or output.samples < 1 or first < -0.5 or first + output.samples > there + 0.5:
        raise ValueError(f"samples {first:.2f} to {first + output.samples:.2f} were asked for; raw data give {there}")


def _compress(raw: NDArray[np.complex64], grid: RawGrid, radar: Radar) -> NDArray[np.complex64]:
    """Return range-compressed lines at the delays of the raw data; complex64, shape of `raw`."""
    size = fft.next_fast_len(grid.samples)
    frequency = np.fft.fftfreq(size, 1 / grid.range_sampling_hz)
    window = Window(radar.range_bandwidth_hz, radar.range_window)
    inverse = inverse_pulse(radar.pulse, grid.range_sampling_hz, frequency, window).astype(np.complex64)
    compressed = np.empty_like(raw)
    for first in range(0, raw.shape[0], _LINES):
        spectrum = fft.fft(raw[first : first + _LINES], size, axis=1)
        spectrum *= inverse
        compressed[first : first + _LINES] = fft.ifft(spectrum, axis=1, overwrite_x=True)[:, : grid.samples]
    return compressed


def _focus_columns(
    compressed: NDArray[np.complex64],
    scene: _Scene,
    columns: slice,
    valid: tuple[int, int],
    image: NDArray[np.complex64],
) -> None:
    output = scene.output
    ranges = output.slant_ranges_m()[columns]
    reference_m = float(0.5 * (ranges[0] + ranges[-1]))
    history = scene.history(scene.steering.mid_time_s)
    rates = burst_rates(scene.steering, scene.orbit, history, np.array([reference_m]), scene.radar.carrier_hz)
    _check_band(scene, rates)
    unfolded = _unfold(compressed, scene, columns, rates, history, reference_m)
    for first in range(valid[0], valid[1], _LINES):
        lines = slice(first, min(first + _LINES, valid[1]))
        image[lines, columns] = _moving_band(unfolded, scene, rates, ranges, lines)


def _check_band(scene: _Scene, rates: BurstRates) -> None:
    held = (scene.radar.doppler_bandwidth_hz or 0.0) * float(rates.compression()[0])
    if held > 1 / scene.raw_grid.pri_s:
        raise ValueError(f"the processed band takes {held:.1f} Hz of the beam, more than the PRF")


def _unfold(
    compressed: NDArray[np.complex64],
    scene: _Scene,
    columns: slice,
    rates: BurstRates,
    history: RangeHistory,
    reference_m: float,
) -> _Unfolded:
    """Return the unfolded azimuth spectrum of columns, migration removed, sample 0 at the first column."""
    grid, output = scene.raw_grid, scene.output
    shift = (output.first_delay_s - grid.first_delay_s) * grid.range_sampling_hz + columns.start
    far = int(np.ceil(_migration_samples(scene, rates, history, reference_m)))
    first = int(np.floor(shift)) - _MARGIN
    width = fft.next_fast_len(columns.stop - columns.start + far + 2 * _MARGIN + 1)
    wide = np.zeros((grid.lines, width), np.complex64)
    held = slice(max(first, 0), min(first + width, grid.samples))
    wide[:, held.start - first : held.stop - first] = compressed[:, held]
    data, doppler = _unfold_azimuth(wide, scene, rates, reference_m)
    data = fft.fft(data, axis=1, overwrite_x=True)
    _remove_migration(data, doppler, scene, history, reference_m, shift - first)
    data = fft.ifft(data, axis=1, overwrite_x=True)
    return _Unfolded(data[:, : columns.stop - columns.start], doppler)


def _migration_samples(scene: _Scene, rates: BurstRates, history: RangeHistory, reference_m: float) -> float:
    grid = scene.raw_grid
    sweep_hz = rates.steering_hz_s * grid.lines * grid.pri_s + 1 / grid.pri_s
    velocity = float(history.velocities_m_s(np.asarray(reference_m)))
    sine = 0.25 * sweep_hz * LIGHT_SPEED_M_S / (velocity * scene.radar.carrier_hz)
    return float(reference_m * sine**2 / LIGHT_SPEED_M_S * grid.range_sampling_hz)


def _unfold_azimuth(
    wide: NDArray[np.complex64], scene: _Scene, rates: BurstRates, reference_m: float
) -> tuple[NDArray[np.complex64], NDArray[np.float64]]:
    grid = scene.raw_grid
    prf = 1 / grid.pri_s
    # Time on the ground, half the delay after transmission, from the middle of the sweep.
    begin_s = grid.first_pulse_time_s + reference_m / LIGHT_SPEED_M_S - scene.steering.mid_time_s
    size = fft.next_fast_len(grid.lines)
    sweep_hz = rates.steering_hz_s * grid.lines * grid.pri_s
    fine = fft.next_fast_len(int(np.ceil(size * (sweep_hz + prf) / prf)))
    slow_s = begin_s + grid.pri_s * np.arange(grid.lines)
    wide *= _chirp(-rates.steering_hz_s, slow_s)[:, None]
    narrow = fft.fft(wide, size, axis=0)
    padded = np.zeros((fine, wide.shape[1]), np.complex64)
    half = (size + 1) // 2
    padded[:half], padded[fine - (size - half) :] = narrow[:half], narrow[half:]
    data = fft.ifft(padded, axis=0, overwrite_x=True)
    fine_s = begin_s + grid.pri_s * size / fine * np.arange(fine)
    # The last of the period belong to the interpolation of the first line.
    ahead = fine_s > begin_s + grid.pri_s * (0.5 * (size + grid.lines - 1))
    fine_s[ahead] -= grid.pri_s * size
    data *= _chirp(rates.steering_hz_s, fine_s)[:, None]
    data = fft.fft(data, axis=0, overwrite_x=True)
    step_hz = prf / size
    doppler = np.fft.fftfreq(fine, 1 / (fine * step_hz))
    centre = rates.steering_hz_s * 0.5 * (slow_s[0] + slow_s[-1])
    doppler += fine * step_hz * np.round((centre - doppler) / (fine * step_hz))
    order = np.argsort(doppler)
    return data[order], doppler[order]


def _chirp(rate_hz_s: float, time_s: NDArray[np.float64]) -> NDArray[np.complex64]:
    return np.exp(1j * np.pi * rate_hz_s * time_s**2).astype(np.complex64)


def _remove_migration(
    data: NDArray[np.complex64],
    doppler_hz: NDArray[np.float64],
    scene: _Scene,
    history: RangeHistory,
    reference_m: float,
    shift: float,
) -> None:
    """Filter in range frequency, in place; the image's first column comes to column 0."""
    width, sampling = data.shape[1], scene.raw_grid.range_sampling_hz
    velocity = float(history.velocities_m_s(np.asarray(reference_m)))
    half = (width + 1) // 2
    for part in (slice(0, half), slice(half, width)):
        bins = np.arange(part.start, part.stop, dtype=np.float64) - (width if part.start else 0)
        nodes = np.linspace(0, bins.size - 1, 4)
        turns = migration_turns(
            scene.radar.carrier_hz,
            doppler_hz,
            (bins[0] + nodes) * sampling / width,
            reference_m,
            velocity,
            -scene.pulse.curve_rad_per_hz2 / np.pi,
        )
        coefficients = fit_rows(turns + (bins[0] + nodes) * shift / width, nodes)
        rotate_rows(data[:, part], coefficients, data[:, part])


def _moving_band(
    unfolded: _Unfolded, scene: _Scene, rates: BurstRates, ranges: NDArray[np.float64], lines: slice
) -> NDArray[np.complex64]:
    """Return image lines, each the sum of the bins of its own band."""
    times = scene.output.times_s()[lines]
    centroid = float(rates.image_hz_s[0]) * (times - scene.steering.mid_time_s)
    half = 0.5 * (scene.radar.doppler_bandwidth_hz or 0.0)
    step = unfolded.doppler_hz[1] - unfolded.doppler_hz[0]
    low, high = np.searchsorted(unfolded.doppler_hz, [centroid[0] - half - step, centroid[-1] + half + step])
    doppler = unfolded.doppler_hz[low:high]
    nodes = np.linspace(0, ranges.size - 1, 4)
    at_nodes = np.interp(nodes, np.arange(ranges.size), ranges)
    history = scene.history(float(0.5 * (times[0] + times[-1])))
    centre_s = -scene.pulse.slope_rad_per_hz / (2 * np.pi)
    turns = azimuth_turns(scene.radar.carrier_hz, doppler, at_nodes, history, centre_s)
    focused = np.empty((doppler.size, ranges.size), np.complex64)
    rotate_rows(unfolded.data[low:high], fit_rows(turns, nodes), focused)
    weights = _weights(scene, rates, doppler[None, :] - centroid[:, None])
    since = times - scene.raw_grid.first_pulse_time_s
    weights = weights * np.exp(2j * np.pi * doppler[None, :] * since[:, None])
    summed = weights.astype(np.complex64) @ focused
    # Targets of a range-dependent velocity have chirps of different strength.
    gain = history.velocities_m_s(ranges) * np.sqrt(
        2 * scene.radar.carrier_hz / (LIGHT_SPEED_M_S * REFERENCE_RANGE_M)
    )
    return np.asarray(summed * gain.astype(np.float32)[None, :])


def _weights(scene: _Scene, rates: BurstRates, relative_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of bins (lines, bins): window over pattern; a bin cut by the edge of the band counts in part."""
    radar = scene.radar
    band = float(radar.doppler_bandwidth_hz or 0.0)
    step = relative_hz[0, 1] - relative_hz[0, 0]
    inside = np.clip((0.5 * band - np.abs(relative_hz)) / step + 0.5, 0, 1)
    within = np.clip(relative_hz, -0.5 * band, 0.5 * band)
    weights = inside * Window(band, radar.azimuth_window).weights(within)
    if radar.pattern_frequency_hz.size:
        in_beam = within * float(rates.compression()[0])
        weights /= np.interp(in_beam, radar.pattern_frequency_hz, radar.pattern_amplitude)
    scale = step * scene.raw_grid.pri_s / Window(band, radar.azimuth_window).integral_hz()
    return np.asarray(weights * scale)
