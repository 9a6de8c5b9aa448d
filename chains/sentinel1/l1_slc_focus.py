"""One block of a complex image from the raw lines in the workspace: azimuth lines of StripMap, or a burst of IW."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.blocks import BlockPlace
from refsys.chains.sentinel1.l1_slc_facts import RAW, Facts, RunFacts, SegmentFacts
from refsys.chains.sentinel1.l1_slc_grids import burst_grids, radar_of, strip_block, strip_grid, sweep_of
from refsys.chains.sentinel1.l1_slc_radiometry import LineView, element_noise, noise_gain, pixel_gain, view_line
from refsys.kernels.sar.focusing import Radar, focus
from refsys.kernels.sar.grids import ImageGrid, RawGrid
from refsys.kernels.sar.preprocessing import RawStatistics as RawModel
from refsys.kernels.sar.preprocessing import correct_samples
from refsys.kernels.sar.tops import focus_burst, valid_lines

if TYPE_CHECKING:
    import zarr

_ROWS = 64


class FocusedBlock(NamedTuple):
    """Pixels of a block.

    Attributes
    ----------
    pixels
        complex64 (lines, samples): DN of beta0, whatever integers they become.
    grid
        Where they lie.
    first_line
        Of the block in a StripMap image; 0 for a burst.
    valid
        First line, and first line behind, that hold pixels.
    view
        How the middle line is seen.
    noise_power
        float64 (n,), DN squared of raw noise of unit power at the samples of `view`; mean over the valid lines.
    """

    pixels: NDArray[np.complex64]
    grid: ImageGrid
    first_line: int
    valid: tuple[int, int]
    view: LineView
    noise_power: NDArray[np.float64]


def focus_block(facts: Facts, segment: SegmentFacts, place: BlockPlace, raw: "zarr.Group") -> FocusedBlock:
    """Focus a block of a segment.

    Parameters
    ----------
    facts, segment
        What is known of the raw data.
    place
        Which block.
    raw
        The segment's group.

    Raises
    ------
    ValueError
        If the raw data are too short for an image, or the state vectors do not cover them.
    """
    radar = radar_of(facts, segment)
    if segment.steering_rate_rad_s:
        return _burst(facts, segment, radar, place, raw)
    return _strip(facts, segment, radar, place, raw)


def _strip(facts: Facts, segment: SegmentFacts, radar: Radar, place: BlockPlace, raw: "zarr.Group") -> FocusedBlock:
    lines = place.share(strip_grid(facts, segment, radar).lines)
    if lines[0] == lines[1]:
        raise ValueError(f"block {place.number} of {place.of} of {segment.name} has no line")
    block = strip_block(facts, segment, radar, lines)
    data = _raw_lines(raw, segment, segment.runs[0], block.first_row, block.stop_row)
    centroid = segment.doppler_centroid_hz
    pixels = focus(data, block.raw, radar, block.history, doppler_centroid_hz=centroid, output=block.output)
    return _scaled(facts, segment, segment.runs[0], radar, FocusedPixels(pixels, block.output, lines[0]))


def _burst(facts: Facts, segment: SegmentFacts, radar: Radar, place: BlockPlace, raw: "zarr.Group") -> FocusedBlock:
    run = segment.runs[place.number - 1]
    grid = burst_grids(facts, segment, radar)[place.number - 1]
    data = _raw_lines(raw, segment, run, 0, run.grid.lines)
    pixels = focus_burst(data, _widened(run.grid, data), radar, sweep_of(facts, segment, run), grid)
    return _scaled(facts, segment, run, radar, FocusedPixels(pixels, grid, 0))


class FocusedPixels(NamedTuple):
    """What a kernel made, and where it lies."""

    pixels: NDArray[np.complex64]
    grid: ImageGrid
    first_line: int


def _scaled(facts: Facts, segment: SegmentFacts, run: RunFacts, radar: Radar, made: FocusedPixels) -> FocusedBlock:
    grid = made.grid
    view = view_line(facts, grid, grid.first_time_s + 0.5 * (grid.lines - 1) * grid.line_interval_s)
    gain = pixel_gain(facts, segment, run, radar, view)
    columns = np.interp(np.arange(grid.samples), view.sample, gain).astype(np.float32)
    for first in range(0, grid.lines, _ROWS):
        made.pixels[first : first + _ROWS] *= columns
    valid = (0, grid.lines)
    if segment.steering_rate_rad_s:
        valid = valid_lines(run.grid, radar, sweep_of(facts, segment, run), grid)
    power = noise_gain(facts, segment, run, radar, view) * gain**2
    power *= float(np.mean(element_noise(facts, segment, run, view, grid.times_s()[slice(*valid)])))
    return FocusedBlock(made.pixels, grid, made.first_line, valid, view, power)


def _raw_lines(
    group: "zarr.Group", segment: SegmentFacts, run: RunFacts, first: int, stop: int
) -> NDArray[np.complex64]:
    """Read raw lines of a run and correct them; lines that are not there, and what pads short ones, stay zero."""
    rows = slice(run.first_row + first, run.first_row + stop)
    data = np.asarray(group[RAW][rows], np.complex64)  # type: ignore[index]  # an array
    found = segment.statistics
    if not (found.deviation_i > 0 and found.deviation_q > 0):
        return data
    departure = float(np.degrees(np.arcsin(np.clip(found.correlation, -1, 1))))
    model = RawModel(found.mean_i, found.mean_q, found.deviation_q / found.deviation_i, departure, 0.0, 0.0)
    for first_row in range(0, data.shape[0], _ROWS):
        block = data[first_row : first_row + _ROWS]
        padding = np.arange(block.shape[1]) >= _sent(block)[:, None]
        correct_samples(block, model)
        block[padding] = 0
    return data


def _sent(lines: NDArray[np.complex64]) -> NDArray[np.int64]:
    """Return how many samples each line has up to its last that is not zero, int64 (lines,)."""
    there = lines != 0
    return np.where(there.any(axis=1), lines.shape[1] - there[:, ::-1].argmax(axis=1), 0)


def _widened(grid: RawGrid, data: NDArray[np.complex64]) -> RawGrid:
    return grid._replace(samples=data.shape[1])
