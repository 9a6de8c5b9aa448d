"""Focusing of raw echoes to a complex image: a matched filter, exact at each range in azimuth.

Source: I. Cumming and F. Wong, Digital Processing of Synthetic Aperture Radar Data (2005), chapters 5 and 6 (exact
spectrum of a point target; range-Doppler). How exact it is, and what else was thought of:
`docs/decisions/0005-focusing.md`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from refsys.kernels.sar.focusing_extent import (
    REFERENCE_RANGE_M,
    Radar,
    aperture_s,
    check_bands,
    check_covered,
    valid_grid,
)
from refsys.kernels.sar.focusing_filters import AzimuthRows, filter_azimuth, filter_block
from refsys.kernels.sar.focusing_phase import PulseFit, block_rows, fit_pulse, inverse_pulse, row_phase
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid, RawGrid
from refsys.kernels.sar.velocity import RangeHistory
from refsys.kernels.sar.windows import Window

__all__ = ["REFERENCE_RANGE_M", "Radar", "aperture_s", "focus", "valid_grid", "workspace_shape"]

Floats = NDArray[np.float64]
Complex = NDArray[np.complex64]


class _Task(NamedTuple):
    grid: RawGrid
    radar: Radar
    history: RangeHistory
    pulse: PulseFit
    centroid_hz: float
    output: ImageGrid


class _Block(NamedTuple):
    """Padded sizes; the rows kept and their Doppler; all range frequencies and the columns kept, by sign."""

    lines: int
    samples: int
    rows: NDArray[np.intp]
    doppler_hz: Floats
    frequency_hz: Floats
    columns: tuple[slice, slice]


def focus(
    raw: NDArray[np.complex64],
    raw_grid: RawGrid,
    radar: Radar,
    history: RangeHistory,
    *,
    doppler_centroid_hz: float,
    output: ImageGrid,
    workspace: NDArray[np.complex64] | None = None,
) -> NDArray[np.complex64]:
    """Focus one block of raw lines.

    A point whose echoes have amplitude a at the beam centre, with slant range R0 and zero-Doppler time t0, gives the
    response of the two windows with its peak at (t0, 2 R0 / c), of value
    a * sqrt(R0 / REFERENCE_RANGE_M) * exp(-4j pi R0 carrier_hz / c). The platform moves during the pulse and between
    transmission and reception; both are accounted for. Migration is exact in the middle of the output's range.

    Parameters
    ----------
    raw
        complex64 (raw_grid.lines, raw_grid.samples); lost lines are zero.
    raw_grid
        Where they lie.
    radar
        Instrument and processing.
    history
        Of points at the middle time of the output.
    doppler_centroid_hz
        True one, not aliased to the PRF.
    output
        Any first time and first delay; its interval is the PRI, its sampling that of the raw data.
    workspace
        complex64 of `workspace_shape(raw_grid)`, contiguous, apart from the raw data, overwritten: one for many blocks
        spares the operating system from finding that much memory for each.

    Returns
    -------
    ndarray
        complex64 (output.lines, output.samples).

    Raises
    ------
    ValueError
        If arrays or the workspace do not fit their grids, samplings differ, bands or windows do not fit, the pulse or
        the pattern does not span its band, or the output reaches beyond `valid_grid`.
    """
    if raw.shape != (raw_grid.lines, raw_grid.samples) or raw.dtype != np.complex64 or not raw.size:
        raise ValueError(f"raw data {raw.shape} {raw.dtype} do not fit {raw_grid.lines} x {raw_grid.samples}")
    check_bands(raw_grid, radar, output)
    check_covered(valid_grid(raw_grid, radar, history, doppler_centroid_hz), output)
    pulse = fit_pulse(radar.pulse, raw_grid.range_sampling_hz, radar.range_bandwidth_hz)
    task = _Task(raw_grid, radar, history, pulse, doppler_centroid_hz, output)
    block = _block(task)
    if workspace is None:
        workspace = np.empty(workspace_shape(raw_grid), np.complex64)
    data = _spectrum(raw, block, workspace)
    _compress_range(data, block, task)
    return _compress_azimuth(data[:, : output.samples], block, task)


def workspace_shape(raw_grid: RawGrid) -> tuple[int, int]:
    """Return the padded size of a block: lines and samples of the transforms."""
    return fft.next_fast_len(raw_grid.lines), fft.next_fast_len(raw_grid.samples)


def _block(task: _Task) -> _Block:
    lines, samples = workspace_shape(task.grid)
    prf = 1 / task.grid.pri_s
    aliased = np.asarray(np.fft.fftfreq(lines, task.grid.pri_s), np.float64)
    doppler = aliased + prf * np.round((task.centroid_hz - aliased) / prf)
    rows = np.flatnonzero(np.abs(doppler - task.centroid_hz) <= 0.5 * task.radar.doppler_bandwidth_hz)
    frequency = np.asarray(np.fft.fftfreq(samples, 1 / task.grid.range_sampling_hz), np.float64)
    inside = np.abs(frequency) <= 0.5 * task.radar.range_bandwidth_hz
    positive = int(np.count_nonzero(inside & (frequency >= 0)))
    negative = int(np.count_nonzero(inside & (frequency < 0)))
    columns = slice(0, positive), slice(samples - negative, samples)
    return _Block(lines, samples, rows, doppler[rows], frequency, columns)


def _spectrum(raw: Complex, block: _Block, data: Complex) -> Complex:
    """Fill in the two-dimensional spectrum; columns outside the range band are without meaning."""
    lines, samples = raw.shape
    if data.shape != (block.lines, block.samples) or data.dtype != np.complex64 or not data.flags.c_contiguous:
        raise ValueError(f"a workspace {data.shape} {data.dtype} for a block of {block.lines} x {block.samples}")
    if np.may_share_memory(raw, data):
        raise ValueError("the workspace, which is overwritten, shares memory with the raw data")
    data[:lines, :samples] = raw
    data[:lines, samples:] = 0
    data[lines:] = 0
    _transform(data[:lines], axis=1)
    for part in block.columns:
        _transform(data[:, part], axis=0)
    return data


def _compress_range(data: Complex, block: _Block, task: _Task) -> None:
    """Turn the rows kept, in place, into range without migration; column 0 is the output's."""
    radar, grid = task.radar, task.grid
    window = Window(radar.range_bandwidth_hz, radar.range_window)
    table = inverse_pulse(radar.pulse, grid.range_sampling_hz, block.frequency_hz, window)
    table *= np.exp(2j * np.pi * block.frequency_hz * (task.output.first_delay_s - grid.first_delay_s))
    ends_m = task.output.slant_ranges_m()[[0, -1]]
    each = block_rows(radar.carrier_hz, block.doppler_hz, float(ends_m.mean()), task.history, task.pulse)
    step_hz = grid.range_sampling_hz / block.samples
    for part in block.columns:
        if part.stop > part.start:
            first_hz = float(block.frequency_hz[part.start])
            filter_block(data[:, part], block.rows, table[part], each, (first_hz, step_hz))
    for rows in _runs(block.rows):
        data[rows, block.columns[0].stop : block.columns[1].start] = 0
        _transform(data[rows], axis=1, inverse=True)


def _compress_azimuth(data: Complex, block: _Block, task: _Task) -> Complex:
    """Filter the rows kept, clear the others, and return the lines of the output."""
    radar, output = task.radar, task.output
    relative = block.doppler_hz - task.centroid_hz
    weights = Window(radar.doppler_bandwidth_hz, radar.azimuth_window).weights(relative)
    # The spectrum of an echo has the amplitude of one over the root of its Doppler rate, 2 f0 V^2 / (c R).
    gain = weights / radar.pattern(relative) * (block.lines * task.grid.pri_s / weights.sum())
    gain *= np.sqrt(2 * radar.carrier_hz / (LIGHT_SPEED_M_S * REFERENCE_RANGE_M))
    phase = row_phase(block.doppler_hz, output.first_time_s - task.grid.first_pulse_time_s, task.pulse)
    each = AzimuthRows(block.doppler_hz, phase, gain)
    filter_azimuth(data, block.rows, each, radar.carrier_hz, output.slant_ranges_m(), history=task.history)
    others = np.ones(block.lines, np.bool_)
    others[block.rows] = False
    for rows in _runs(np.flatnonzero(others)):
        data[rows] = 0
    _transform(data, axis=0, inverse=True)
    return data[: output.lines].copy()


def _transform(data: Complex, *, axis: int, inverse: bool = False) -> None:
    """Transform in place."""
    result = (fft.ifft if inverse else fft.fft)(data, axis=axis, overwrite_x=True)
    if not np.may_share_memory(result, data):
        data[...] = result


def _runs(rows: NDArray[np.intp]) -> list[slice]:
    """Group increasing row numbers into slices."""
    breaks = np.flatnonzero(np.diff(rows) > 1) + 1
    return [slice(int(run[0]), int(run[-1]) + 1) for run in np.split(rows, breaks) if run.size]
