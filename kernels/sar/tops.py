"""Focusing of a TOPS burst: range compression, unfolded spectrum, matched filter, a band that moves with the line.

How exact it is and what else was thought of: `docs/decisions/0006-tops.md`.
"""

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sar.focusing import Radar
from refsys.kernels.sar.focusing_extent import check_pattern, check_processing
from refsys.kernels.sar.focusing_phase import PulseFit, fit_pulse
from refsys.kernels.sar.grids import ImageGrid, RawGrid
from refsys.kernels.sar.tops_band import focus_lines
from refsys.kernels.sar.tops_burst import Burst, Sweep
from refsys.kernels.sar.tops_compression import compress_lines, resampling
from refsys.kernels.sar.tops_geometry import burst_extent
from refsys.kernels.sar.tops_unfold import Columns, unfold
from refsys.kernels.sar.velocity import RangeHistory

_COLUMNS = 512
"""Image columns that share a reference range: migration is wrong by 0.02 sample at their edges."""

_LINES = 64
"""Image lines that share their matched filter and their bins."""


def focus_burst(
    raw: NDArray[np.complex64],
    raw_grid: RawGrid,
    radar: Radar,
    sweep: Sweep,
    output: ImageGrid,
) -> NDArray[np.complex64]:
    """Focus one burst onto given lines.

    A point whose echoes have amplitude a at the beam centre gives a peak of
    a * sqrt(R0 / REFERENCE_RANGE_M) * exp(-4j pi R0 carrier_hz / c) at its zero-Doppler time and range, as `focus`
    does for StripMap. No phase ramp is taken out. Lines not seen whole (`valid_lines`) are zero. Beside its arguments
    and result it needs the compressed raw data and some 150 MB.

    Parameters
    ----------
    raw
        complex64 (raw_grid.lines, raw_grid.samples); lost lines are zero.
    raw_grid
        Where they lie.
    radar
        As for StripMap; the Doppler band is that of a target (a few hundred Hz), the pattern is over Doppler in the
        beam, relative to its centre.
    sweep
        Of the beam over the ground.
    output
        Any lines and first delay; its range sampling may be finer than that of the raw data.

    Returns
    -------
    ndarray
        complex64 (output.lines, output.samples).

    Raises
    ------
    ValueError
        If arrays do not fit their grids, the image is sampled less finely than they or in no simple ratio, there is no
        Doppler band or the beam needs more than the PRF for it, a band, window or line interval is impossible, a
        pattern is malformed or does not span its band, or the output reaches beyond the ranges of the raw data.
    """
    _check(raw, raw_grid, radar, output)
    pulse = fit_pulse(radar.pulse, raw_grid.range_sampling_hz, radar.range_bandwidth_hz)
    burst = Burst(raw_grid, radar, pulse, sweep, output)
    history = burst.history(sweep.steering.mid_time_s)
    _check_beam(burst, history)
    groups = _groups(burst, _valid_lines(burst))
    compressed, finer = compress_lines(raw, raw_grid, radar, output.range_sampling_hz)
    burst = burst._replace(raw_grid=finer)
    image = np.zeros((output.lines, output.samples), np.complex64)
    for first in range(0, output.samples, _COLUMNS):
        ranges = output.slant_ranges_m()[first : first + _COLUMNS]
        middle = 0.5 * (ranges[:1] + ranges[-1:])
        columns = Columns(first, ranges, history, burst.rates(history, middle))
        unfolded = unfold(compressed, burst, columns)
        for lines, there in groups:
            focused = focus_lines(unfolded, burst, columns, there, output.times_s()[lines])
            image[lines, first : first + ranges.size] = focused
    return image


def valid_lines(
    raw_grid: RawGrid,
    radar: Radar,
    sweep: Sweep,
    output: ImageGrid,
) -> tuple[int, int]:
    """Return first and end of the lines that the burst saw with the whole processed band, at every range.

    Parameters are those of `focus_burst`.

    Raises
    ------
    ValueError
        If the radar has no Doppler band, or the burst is shorter than a target's passage through it.
    """
    if not radar.doppler_bandwidth_hz > 0:
        raise ValueError("a burst has a processed Doppler band")
    return _valid_lines(Burst(raw_grid, radar, PulseFit(0, 0), sweep, output))


def _valid_lines(burst: Burst) -> tuple[int, int]:
    output = burst.output
    ends = output.slant_ranges_m()[[0, -1]]
    rates = burst.rates(burst.history(burst.sweep.steering.mid_time_s), ends)
    begin, end = burst_extent(burst.raw_grid, burst.sweep.steering, rates, ends, burst.band().bandwidth_hz)
    first = int(np.ceil((begin.max() - output.first_time_s) / output.line_interval_s))
    last = int(np.floor((end.min() - output.first_time_s) / output.line_interval_s))
    return min(max(first, 0), output.lines), min(max(last + 1, 0), output.lines)


def _check(raw: NDArray[np.complex64], grid: RawGrid, radar: Radar, output: ImageGrid) -> None:
    if raw.shape != (grid.lines, grid.samples) or raw.dtype != np.complex64 or not raw.size:
        raise ValueError(f"raw data {raw.shape} {raw.dtype} do not fit a grid of {grid.lines} x {grid.samples}")
    if not radar.doppler_bandwidth_hz > 0:
        raise ValueError("a burst has a processed Doppler band")
    check_processing(grid, radar)
    if not 0 < output.line_interval_s < np.inf:
        raise ValueError(f"a line interval of {output.line_interval_s} s")
    ratio = resampling(grid, output.range_sampling_hz)
    first = (output.first_delay_s - grid.first_delay_s) * output.range_sampling_hz
    there = int((grid.samples - radar.pulse.size) * ratio) + 1
    if output.lines < 1 or output.samples < 1 or first < -0.5 or first + output.samples > there + 0.5:
        raise ValueError(f"samples {first:.2f} to {first + output.samples:.2f} were asked for; raw data give {there}")


def _check_beam(burst: Burst, history: RangeHistory) -> None:
    rates = burst.rates(history, burst.output.slant_ranges_m()[[0, -1]])
    held = burst.band().bandwidth_hz * float(rates.compression().max())
    if held > 1 / burst.raw_grid.pri_s:
        raise ValueError(f"the processed band takes {held:.1f} Hz of the beam, more than the PRF")
    check_pattern(burst.radar.pattern_frequency_hz, burst.radar.pattern_amplitude, (-0.5 * held, 0.5 * held))
    first, end = _valid_lines(burst)
    since_s = burst.output.times_s()[first:end] - burst.sweep.steering.mid_time_s
    centroids = np.outer(rates.image_hz_s, since_s) if since_s.size else np.zeros(1)
    half = 0.5 * burst.band().bandwidth_hz
    check_pattern(*burst.sweep.element, (float(centroids.min()) - half, float(centroids.max()) + half), "element")


def _groups(burst: Burst, valid: tuple[int, int]) -> list[tuple[slice, RangeHistory]]:
    times = burst.output.times_s()
    slices = [slice(first, min(first + _LINES, valid[1])) for first in range(valid[0], valid[1], _LINES)]
    return [(lines, burst.history(float(0.5 * (times[lines.start] + times[lines.stop - 1])))) for lines in slices]
