"""Where the pixels of a complex image lie, and which raw lines a block of them needs: from facts alone.

Every step computes the same grids from the same facts, whichever block it works on.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.l1_slc_facts import Facts, RunFacts, SegmentFacts
from refsys.kernels.sar.focusing import Radar, valid_grid
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid, RawGrid
from refsys.kernels.sar.orbit import interpolate
from refsys.kernels.sar.tops import valid_lines
from refsys.kernels.sar.tops_burst import Pattern, Sweep
from refsys.kernels.sar.tops_geometry import Steering
from refsys.kernels.sar.velocity import RangeHistory, range_history
from refsys.kernels.sentinel1.radar import sampling_frequency_hz

LINE_INTERVAL_S = 1 / 486.486_486_313_56
"""Of TOPS images: that of real products, the same for all swaths."""

TOPS_SAMPLING_HZ = sampling_frequency_hz(8).item()
"""Of TOPS images, the same for all swaths: that of the raw data of IW1, the finest."""

_MARGIN_LINES = 16
"""Lines left out at both ends: the range history of the middle of the image is not that of its ends."""

_MARGIN_SAMPLES = 2


class StripBlock(NamedTuple):
    """What one block of a StripMap image is made of.

    Attributes
    ----------
    output
        Its lines.
    first_line
        Of the block in the image.
    first_row, stop_row
        Raw lines it needs.
    raw
        Grid of those.
    history
        Of its targets.
    """

    output: ImageGrid
    first_line: int
    first_row: int
    stop_row: int
    raw: RawGrid
    history: RangeHistory


def radar_of(facts: Facts, segment: SegmentFacts) -> Radar:
    """Return what the filter must know; the azimuth pattern is over Doppler in the beam, from its middle."""
    run = segment.runs[len(segment.runs) // 2]
    middle_s = run.grid.first_pulse_time_s + 0.5 * run.grid.lines * run.grid.pri_s
    speed = float(np.linalg.norm(interpolate(facts.orbit.orbit(), np.array([middle_s])).velocity_m_s))
    doppler = _doppler_hz(facts, speed, segment.azimuth_pattern.angle_rad)
    processing = segment.processing
    return Radar(
        carrier_hz=facts.carrier_hz,
        pulse=segment.replica(),
        range_bandwidth_hz=processing.range_bandwidth_hz,
        range_window=processing.range_window,
        doppler_bandwidth_hz=processing.azimuth_bandwidth_hz,
        azimuth_window=processing.azimuth_window,
        pattern_frequency_hz=doppler,
        pattern_amplitude=np.array(segment.azimuth_pattern.amplitude),
    )


def history_at(facts: Facts, run: RunFacts, time_s: float) -> RangeHistory:
    """Return how ranges of targets change that are at zero Doppler at a time, over the ranges of a run."""
    delays = run.grid.delays_s()
    near, far = 0.5 * LIGHT_SPEED_M_S * float(delays[0]), 0.5 * LIGHT_SPEED_M_S * float(delays[-1])
    return range_history(facts.orbit.orbit(), time_s, (near - 1e3, far + 1e3))


def strip_grid(facts: Facts, segment: SegmentFacts, radar: Radar) -> ImageGrid:
    """Return the grid of a whole StripMap image; `ValueError` if the raw data are shorter than an aperture."""
    run = segment.runs[0]
    middle_s = run.grid.first_pulse_time_s + 0.5 * run.grid.lines * run.grid.pri_s
    valid = valid_grid(run.grid, radar, history_at(facts, run, middle_s), segment.doppler_centroid_hz)
    lines, samples = valid.lines - 2 * _MARGIN_LINES, valid.samples - 2 * _MARGIN_SAMPLES
    if lines < 1 or samples < 1:
        raise ValueError(
            f"raw data of {run.grid.lines} x {run.grid.samples} leave an image of {max(lines, 0)} x {max(samples, 0)}"
        )
    return valid._replace(
        first_time_s=valid.first_time_s + _MARGIN_LINES * valid.line_interval_s,
        lines=lines,
        first_delay_s=valid.first_delay_s + _MARGIN_SAMPLES / valid.range_sampling_hz,
        samples=samples,
    )


def strip_block(facts: Facts, segment: SegmentFacts, radar: Radar, lines: tuple[int, int]) -> StripBlock:
    """Return what lines `lines[0]` up to `lines[1]` of the image are made of."""
    run, image = segment.runs[0], strip_grid(facts, segment, radar)
    first, stop = lines
    pri_s = run.grid.pri_s
    output = image._replace(first_time_s=image.first_time_s + first * pri_s, lines=stop - first)
    history = history_at(facts, run, output.first_time_s + 0.5 * output.lines * pri_s)
    valid = valid_grid(run.grid, radar, history, segment.doppler_centroid_hz)
    # What `valid` leaves out at either end of all raw lines is what a block of lines needs besides its own.
    before = (valid.first_time_s - run.grid.first_pulse_time_s) / pri_s
    behind = run.grid.lines - 1 - before - (valid.lines - 1)
    at = (output.first_time_s - run.grid.first_pulse_time_s) / pri_s
    first_row = max(int(np.floor(at - before)) - 2, 0)
    stop_row = min(int(np.ceil(at + output.lines - 1 + behind)) + 3, run.grid.lines)
    raw = run.grid._replace(
        first_pulse_time_s=run.grid.first_pulse_time_s + first_row * pri_s, lines=stop_row - first_row
    )
    return StripBlock(output, first, first_row, stop_row, raw, history)


def ground_speed_m_s(
    facts: Facts, run: RunFacts, time_s: float, slant_range_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how fast the zero-Doppler line moves over the ground at slant ranges, float64 (n,)."""
    speed = float(np.linalg.norm(interpolate(facts.orbit.orbit(), np.array([time_s])).velocity_m_s))
    return np.asarray(history_at(facts, run, time_s).velocities_m_s(slant_range_m) ** 2 / speed)


def steering_of(segment: SegmentFacts, run: RunFacts) -> Steering:
    """Return how the beam turns in a burst: straight across when the middle of its echoes meets the ground."""
    grid = run.grid
    middle_delay_s = grid.first_delay_s + 0.5 * grid.samples / grid.range_sampling_hz
    mid_time_s = grid.first_pulse_time_s + 0.5 * (grid.lines - 1) * grid.pri_s + 0.5 * middle_delay_s
    return Steering(segment.steering_rate_rad_s, mid_time_s)


def sweep_of(facts: Facts, segment: SegmentFacts, run: RunFacts) -> Sweep:
    """Return how the beam of a burst passes over the ground, and how an element's pattern bounds it."""
    orbit, steering = facts.orbit.orbit(), steering_of(segment, run)
    speed = float(np.linalg.norm(interpolate(orbit, np.array([steering.mid_time_s])).velocity_m_s))
    element = segment.element_pattern
    return Sweep(
        orbit, steering, Pattern(_doppler_hz(facts, speed, element.angle_rad), np.array(element.amplitude, np.float64))
    )


def _doppler_hz(facts: Facts, speed_m_s: float, squint_rad: tuple[float, ...]) -> NDArray[np.float64]:
    return np.asarray(2 * speed_m_s * facts.carrier_hz / LIGHT_SPEED_M_S * np.sin(np.array(squint_rad, np.float64)))


def burst_grids(facts: Facts, segment: SegmentFacts, radar: Radar) -> list[ImageGrid]:
    """Return the grid of each burst of a swath: as many lines and the same ranges for all.

    Lines of all bursts and swaths are on one grid of times from the epoch on, ranges are those that every burst has.
    A burst that is shorter than others has lines without pixels at its end: see `burst_valid`.

    Raises
    ------
    ValueError
        If a burst is shorter than a target's passage through the band, or its lines than the pulse.
    """
    first_delay_s = max(run.grid.first_delay_s for run in segment.runs)
    ends = [
        run.grid.first_delay_s + (run.grid.samples - radar.pulse.size) / run.grid.range_sampling_hz
        for run in segment.runs
    ]
    samples = int(np.floor((min(ends) - first_delay_s) * TOPS_SAMPLING_HZ))
    if samples < 1:
        raise ValueError(f"lines of {segment.name} are shorter than the pulse")
    spans = []
    for run in segment.runs:
        wide = _wide_grid(run, first_delay_s, samples)
        first, stop = valid_lines(run.grid, radar, sweep_of(facts, segment, run), wide)
        spans.append((wide.first_time_s + first * LINE_INTERVAL_S, stop - first))
    lines = max(count for _, count in spans)
    if min(count for _, count in spans) < 1:
        raise ValueError(f"a burst of {segment.name} sees no target whole")
    return [ImageGrid(first, LINE_INTERVAL_S, lines, first_delay_s, TOPS_SAMPLING_HZ, samples) for first, _ in spans]


def _wide_grid(run: RunFacts, first_delay_s: float, samples: int) -> ImageGrid:
    """Return a grid of seven times the length of the burst, on the common lines: more than any steering sees."""
    length_s = run.grid.lines * run.grid.pri_s
    first_line = int(np.floor((run.grid.first_pulse_time_s - 3 * length_s) / LINE_INTERVAL_S))
    lines = int(7 * length_s / LINE_INTERVAL_S)
    return ImageGrid(first_line * LINE_INTERVAL_S, LINE_INTERVAL_S, lines, first_delay_s, TOPS_SAMPLING_HZ, samples)
