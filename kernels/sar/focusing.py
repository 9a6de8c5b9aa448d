"""Focusing of raw echoes to a complex image: a matched filter, exact at each range in azimuth.

Source: I. Cumming and F. Wong, Digital Processing of Synthetic Aperture Radar Data (2005), chapters 5 and 6 (exact
spectrum of a point target; range-Doppler). How exact it is, and what else was thought of:
`docs/decisions/0005-focusing.md`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from refsys.kernels.sar.focusing_filters import AzimuthRows, filter_azimuth, filter_block
from refsys.kernels.sar.focusing_phase import (
    PulseFit,
    block_phase,
    fit_pulse,
    inverse_pulse,
    row_phase,
    stationary_time_s,
)
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid, RawGrid
from refsys.kernels.sar.velocity import RangeHistory
from refsys.kernels.sar.windows import Window

Floats = NDArray[np.float64]

REFERENCE_RANGE_M = 800e3
"""Echoes of amplitude a at the beam centre focus to a peak of a * sqrt(R0 / REFERENCE_RANGE_M)."""

_PITCH = 8
"""Samples added to a row in memory: columns whose rows lie a power of two apart fall into the same few cache lines."""

_SAME = 1e-9
"""Relative difference of samplings that are the same."""

_SLACK = 0.5
"""Lines or samples that an image may reach beyond what is covered."""


class Radar(NamedTuple):
    """What the filter must know of the instrument and of the processing.

    Attributes
    ----------
    carrier_hz
        Frequency of the carrier.
    pulse
        complex64 (p,): measured or nominal replica at the range sampling of the raw data, first sample at the start
        of transmission, amplitude 1 where echoes of amplitude 1 are meant.
    range_bandwidth_hz
        Processed band, centred at the carrier.
    range_window
        Its generalised Hamming coefficient; 1 is a rectangle.
    doppler_bandwidth_hz
        Processed band, centred at the Doppler centroid; None keeps all of one PRF, unweighted, for those who window
        later.
    azimuth_window
        Its coefficient.
    pattern_frequency_hz, pattern_amplitude
        float64 (k,): two-way azimuth antenna pattern, amplitude, over Doppler relative to the centroid; frequencies
        increase and span the processed band. The spectrum is divided by it. Empty: nothing is equalised.
    """

    carrier_hz: float
    pulse: NDArray[np.complex64]
    range_bandwidth_hz: float
    range_window: float
    doppler_bandwidth_hz: float | None
    azimuth_window: float
    pattern_frequency_hz: NDArray[np.float64]
    pattern_amplitude: NDArray[np.float64]


class _Block(NamedTuple):
    """Padded sizes; the rows kept and their Doppler; the columns kept, by sign, and their frequencies."""

    lines: int
    samples: int
    rows: NDArray[np.intp]
    doppler_hz: NDArray[np.float64]
    frequency_hz: NDArray[np.float64]
    columns: tuple[slice, slice]


def focus(
    raw: NDArray[np.complex64],
    raw_grid: RawGrid,
    radar: Radar,
    history: RangeHistory,
    doppler_centroid_hz: float,
    output: ImageGrid,
) -> NDArray[np.complex64]:
    """Focus one block of raw lines.

    A point whose echoes have amplitude a at the beam centre, with slant range R0 and zero-Doppler time t0, gives the
    response of the two windows with its peak at (t0, 2 R0 / c), of value
    a * sqrt(R0 / REFERENCE_RANGE_M) * exp(-4j pi R0 carrier_hz / c). The platform moves during the pulse and between
    transmission and reception; both are accounted for.

    Parameters
    ----------
    raw
        complex64 (raw_grid.lines, raw_grid.samples); lost lines are zero.
    raw_grid
        Where they lie.
    radar
        Instrument and processing.
    history
        Of points at the middle time of the block.
    doppler_centroid_hz
        True one, not aliased to the PRF.
    output
        Any first time and first delay; its interval is the PRI, its sampling that of the raw data. Where the Doppler
        band is None, lines beyond `output` come in again at its other end, so ask for all that the echoes reach.

    Returns
    -------
    ndarray
        complex64 (output.lines, output.samples).

    Raises
    ------
    ValueError
        If arrays do not fit their grids, samplings differ, bands do not fit, the pulse or the pattern does not span
        its band, or the output reaches beyond `valid_grid`.
    """
    _check(raw, raw_grid, radar, output)
    valid = valid_grid(raw_grid, radar, history, doppler_centroid_hz)
    _check_covered(valid, output, lines_too=radar.doppler_bandwidth_hz is not None)
    block = _block(raw_grid, radar, doppler_centroid_hz, output)
    pulse = fit_pulse(radar.pulse, raw_grid.range_sampling_hz, radar.range_bandwidth_hz)
    data = _spectrum(raw, block)
    _compress(data, block, raw_grid, radar, history, pulse, output)
    image = _azimuth(data, block, raw_grid, radar, history, pulse, doppler_centroid_hz, output)
    return np.asarray(fft.ifft(image, axis=0, overwrite_x=True)[: output.lines], np.complex64)


def aperture_s(radar: Radar, history: RangeHistory, slant_range_m: float, doppler_centroid_hz: float) -> float:
    """Return for how long a point at a slant range is within the processed Doppler band.

    Raises
    ------
    ValueError
        If the Doppler band is None.
    """
    if radar.doppler_bandwidth_hz is None:
        raise ValueError("without a Doppler band there is no aperture")
    edges = doppler_centroid_hz + radar.doppler_bandwidth_hz * np.array([-0.5, 0.5])
    return float(np.ptp(_times_s(radar, history, edges, slant_range_m)))


def valid_grid(raw_grid: RawGrid, radar: Radar, history: RangeHistory, doppler_centroid_hz: float) -> ImageGrid:
    """Return the image whose points have all their pulses, and all of each pulse, within the raw data.

    Its first time need not be that of a pulse. Lines or samples are 0 where the raw data are too short. Where the
    Doppler band is None, only the range is limited: times are those of the pulses.
    """
    band = radar.doppler_bandwidth_hz or 1 / raw_grid.pri_s
    doppler = doppler_centroid_hz + band * np.linspace(-0.5, 0.5, 65)
    sampling = raw_grid.range_sampling_hz
    last_delay = raw_grid.first_delay_s + (raw_grid.samples - radar.pulse.size) / sampling
    velocity = history.velocities_m_s(np.asarray(0.5 * LIGHT_SPEED_M_S * raw_grid.first_delay_s))
    cosine = np.sqrt(1 - (0.5 * LIGHT_SPEED_M_S * doppler / (radar.carrier_hz * velocity)) ** 2)
    first_delay, last_delay = raw_grid.first_delay_s * cosine.max(), last_delay * cosine.min()
    samples = max(int(np.floor((last_delay - first_delay) * sampling)) + 1, 0)
    first_time, last_time = raw_grid.first_pulse_time_s, raw_grid.pulse_times_s()[-1]
    if radar.doppler_bandwidth_hz is not None:
        ends = 0.5 * LIGHT_SPEED_M_S * np.array([[first_delay], [last_delay]])
        seen = _times_s(radar, history, doppler, ends) - ends / LIGHT_SPEED_M_S
        first_time, last_time = first_time - seen.min(), last_time - seen.max()
    lines = max(int(np.floor((last_time - first_time) / raw_grid.pri_s)) + 1, 0)
    return ImageGrid(float(first_time), raw_grid.pri_s, lines, float(first_delay), sampling, samples)


def _times_s(radar: Radar, history: RangeHistory, doppler_hz: Floats, slant_range_m: Floats | float) -> Floats:
    ranges = np.asarray(slant_range_m, np.float64)
    return stationary_time_s(radar.carrier_hz, doppler_hz, ranges, history.velocities_m_s(ranges))


def _check(raw: NDArray[np.complex64], grid: RawGrid, radar: Radar, output: ImageGrid) -> None:
    if raw.shape != (grid.lines, grid.samples) or raw.dtype != np.complex64 or not raw.size:
        raise ValueError(f"raw data {raw.shape} {raw.dtype} do not fit a grid of {grid.lines} x {grid.samples}")
    if output.lines < 1 or output.samples < 1:
        raise ValueError(f"an image of {output.lines} x {output.samples} was asked for")
    for name, ours, theirs in (
        ("line interval", output.line_interval_s, grid.pri_s),
        ("range sampling", output.range_sampling_hz, grid.range_sampling_hz),
    ):
        if abs(ours - theirs) > _SAME * theirs:
            raise ValueError(f"{name} of the image, {ours}, is not that of the raw data, {theirs}")
    if not 0 < radar.range_bandwidth_hz <= grid.range_sampling_hz:
        raise ValueError(f"range band of {radar.range_bandwidth_hz} Hz, sampled at {grid.range_sampling_hz} Hz")
    if radar.doppler_bandwidth_hz is not None and not 0 < radar.doppler_bandwidth_hz <= 1 / grid.pri_s:
        raise ValueError(f"Doppler band of {radar.doppler_bandwidth_hz} Hz, pulses at {1 / grid.pri_s} Hz")
    if radar.pulse.ndim != 1 or not 2 <= radar.pulse.size <= grid.samples:
        raise ValueError(f"a pulse {radar.pulse.shape} does not fit lines of {grid.samples} samples")


def _check_covered(valid: ImageGrid, output: ImageGrid, *, lines_too: bool) -> None:
    line = (output.first_time_s - valid.first_time_s) / valid.line_interval_s
    sample = (output.first_delay_s - valid.first_delay_s) * valid.range_sampling_hz
    for name, first, asked, there in (
        ("line", line, output.lines, valid.lines),
        ("sample", sample, output.samples, valid.samples),
    ):
        if (name == "sample" or lines_too) and not (first > -_SLACK and first + asked <= there + _SLACK):
            raise ValueError(f"{name}s {first:.2f} to {first + asked:.2f} were asked for; raw data give 0 to {there}")


def _block(grid: RawGrid, radar: Radar, centroid_hz: float, output: ImageGrid) -> _Block:
    samples = fft.next_fast_len(grid.samples)
    lines = fft.next_fast_len(max(grid.lines, output.lines))
    prf = 1 / grid.pri_s
    doppler = np.fft.fftfreq(lines, grid.pri_s)
    doppler += prf * np.round((centroid_hz - doppler) / prf)
    band = radar.doppler_bandwidth_hz or 2 * prf
    rows = np.flatnonzero(np.abs(doppler - centroid_hz) <= 0.5 * band)
    frequency = np.fft.fftfreq(samples, 1 / grid.range_sampling_hz)
    inside = np.abs(frequency) <= 0.5 * radar.range_bandwidth_hz
    positive = int(np.count_nonzero(inside & (frequency >= 0)))
    negative = int(np.count_nonzero(inside & (frequency < 0)))
    columns = slice(0, positive), slice(samples - negative, samples)
    return _Block(lines, samples, rows, doppler[rows], frequency, columns)


def _spectrum(raw: NDArray[np.complex64], block: _Block) -> NDArray[np.complex64]:
    """Return the two-dimensional spectrum; columns outside the range band are zero."""
    data = np.zeros((block.lines, block.samples + _PITCH), np.complex64)[:, : block.samples]
    data[: raw.shape[0]] = fft.fft(raw, block.samples, axis=1)
    data[:, block.columns[0].stop : block.columns[1].start] = 0
    for part in block.columns:
        data[:, part] = fft.fft(data[:, part], axis=0)
    return data


def _compress(
    data: NDArray[np.complex64],
    block: _Block,
    grid: RawGrid,
    radar: Radar,
    history: RangeHistory,
    pulse: PulseFit,
    output: ImageGrid,
) -> None:
    """Turn the spectrum, in place, into range-compressed rows without migration; column 0 is the output's."""
    window = Window(radar.range_bandwidth_hz, radar.range_window)
    table = inverse_pulse(radar.pulse, grid.range_sampling_hz, block.frequency_hz, window)
    table *= np.exp(2j * np.pi * block.frequency_hz * (output.first_delay_s - grid.first_delay_s))
    reference_m = 0.5 * (output.slant_ranges_m()[0] + output.slant_ranges_m()[-1])
    phase = block_phase(radar.carrier_hz, block.doppler_hz, reference_m, history, pulse)
    step_hz = grid.range_sampling_hz / block.samples
    for part in block.columns:
        if part.stop > part.start:
            first_hz = float(block.frequency_hz[part.start])
            filter_block(data[:, part], block.rows, table[part].astype(np.complex64), *phase, (first_hz, step_hz))
    for rows in _runs(block.rows):
        data[rows] = fft.ifft(data[rows], axis=1)


def _azimuth(
    data: NDArray[np.complex64],
    block: _Block,
    grid: RawGrid,
    radar: Radar,
    history: RangeHistory,
    pulse: PulseFit,
    centroid_hz: float,
    output: ImageGrid,
) -> NDArray[np.complex64]:
    """Return the azimuth spectrum of the image, (block.lines, output.samples)."""
    prf = 1 / grid.pri_s
    relative = block.doppler_hz - centroid_hz
    window = Window(radar.doppler_bandwidth_hz or prf, radar.azimuth_window)
    weights = window.weights(relative) if radar.doppler_bandwidth_hz else np.ones(relative.size)
    area = window.integral_hz() if radar.doppler_bandwidth_hz else prf
    gain = weights / _pattern(radar, relative) / area
    gain *= np.sqrt(2 * radar.carrier_hz / (LIGHT_SPEED_M_S * REFERENCE_RANGE_M))
    phase = row_phase(block.doppler_hz, output.first_time_s - grid.first_pulse_time_s, pulse)
    image = np.empty((block.lines, output.samples), np.complex64)
    kept = np.zeros(block.lines, np.bool_)
    kept[block.rows] = True
    image[~kept] = 0
    ranges = output.slant_ranges_m()
    filter_azimuth(
        data, image, block.rows, AzimuthRows(block.doppler_hz, phase, gain), radar.carrier_hz, ranges, history
    )
    return image


def _pattern(radar: Radar, relative_hz: Floats) -> Floats:
    frequency, amplitude = radar.pattern_frequency_hz, radar.pattern_amplitude
    if not frequency.size:
        return np.ones(relative_hz.size)
    if frequency.shape != amplitude.shape or not np.all(np.diff(frequency) > 0):
        raise ValueError("an antenna pattern has as many amplitudes as frequencies, and those increase")
    if frequency[0] > relative_hz.min() or frequency[-1] < relative_hz.max():
        raise ValueError(f"an antenna pattern from {frequency[0]} to {frequency[-1]} Hz does not span the Doppler band")
    pattern = np.interp(relative_hz, frequency, amplitude)
    if not np.all(pattern > 0):
        raise ValueError("an antenna pattern that is not positive within the Doppler band")
    return np.asarray(pattern)


def _runs(rows: NDArray[np.intp]) -> list[slice]:
    """Group increasing row numbers into slices."""
    breaks = np.flatnonzero(np.diff(rows) > 1) + 1
    return [slice(int(run[0]), int(run[-1]) + 1) for run in np.split(rows, breaks) if run.size]
