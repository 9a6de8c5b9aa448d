"""Where bursts, and swaths, are cut and joined on a grid they share.

Neighbours overlap, and each is worst at its ends; so a cut lies in the middle of what both hold.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sar.grids import ImageGrid

_OFF_GRID = 1e-3
"""Of a pixel: grids farther apart than this share no pixels."""


class Span(NamedTuple):
    """Pixels from `first` up to but not including `end`, along one axis."""

    first: int
    end: int


class Piece(NamedTuple):
    """What one image gives to the merged one: rectangles of the same size.

    Attributes
    ----------
    source_lines, source_samples
        In the image.
    lines, samples
        In the merged image.
    """

    source_lines: slice
    source_samples: slice
    lines: slice
    samples: slice


class Merged(NamedTuple):
    """A merged image and the pieces of it, in the order of the images."""

    grid: ImageGrid
    pieces: tuple[Piece, ...]


def cut_overlaps(spans: Sequence[Span]) -> list[Span]:
    """Return spans cut in the middle of where neighbours overlap; gaps stay.

    Examples
    --------
    >>> cut_overlaps([Span(0, 10), Span(6, 20)])
    [Span(first=0, end=8), Span(first=8, end=20)]

    Raises
    ------
    ValueError
        If a span is empty, or does not begin and end later than the one before, or three overlap in one place.
    """
    for one in spans:
        if one.end <= one.first:
            raise ValueError(f"pixels {one.first} to {one.end} are none")
    cut = list(spans)
    for index in range(1, len(spans)):
        before, after = spans[index - 1], spans[index]
        if not (after.first > before.first and after.end > before.end):
            raise ValueError(f"pixels {after.first} to {after.end} do not follow {before.first} to {before.end}")
        if index > 1 and after.first < spans[index - 2].end:
            raise ValueError(f"pixels {after.first} to {spans[index - 2].end} are held three times")
        if after.first < before.end:
            middle = (after.first + before.end) // 2
            cut[index - 1] = cut[index - 1]._replace(end=middle)
            cut[index] = cut[index]._replace(first=middle)
    return cut


def merge_bursts(grids: Sequence[ImageGrid], valid: Sequence[Span]) -> Merged:
    """Return how bursts of a swath join, in order of time.

    Parameters
    ----------
    grids
        Of the bursts; same intervals, delays and samples, and line times on one grid.
    valid
        Lines of each that hold data.

    Raises
    ------
    ValueError
        If there is none, the grids share no lines, or the bursts are not in order (see `cut_overlaps`).
    """
    offsets = _offsets(grids)
    if len({(grid.samples, sample) for grid, (_, sample) in zip(grids, offsets, strict=True)}) > 1:
        raise ValueError("bursts of a swath have the same delays and samples")
    lines = cut_overlaps(_shifted(valid, [line for line, _ in offsets]))
    return _merged(grids, offsets, lines, [Span(0, grids[0].samples)] * len(lines))


def merge_swaths(grids: Sequence[ImageGrid], valid_lines: Sequence[Span], valid_samples: Sequence[Span]) -> Merged:
    """Return how swaths join, from near to far range; the merged grid holds all of them.

    Parameters
    ----------
    grids
        Of the swaths; same intervals and sampling, line times and delays on one grid.
    valid_lines, valid_samples
        Of each, that hold data.

    Raises
    ------
    ValueError
        As `merge_bursts`.
    """
    offsets = _offsets(grids)
    samples = cut_overlaps(_shifted(valid_samples, [sample for _, sample in offsets]))
    return _merged(grids, offsets, _shifted(valid_lines, [line for line, _ in offsets]), samples)


def valid_samples(lines: int, valid_lines: Span, samples: Span) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the first and the last valid sample of each line of a burst, int32 (lines,) each; -1 where none is.

    Raises
    ------
    ValueError
        If the valid lines are not among the lines, or there is no valid sample.
    """
    if not 0 <= valid_lines.first <= valid_lines.end <= lines or not 0 <= samples.first < samples.end:
        raise ValueError(f"lines {valid_lines} of {lines}, samples {samples}")
    first, last = np.full(lines, -1, np.int32), np.full(lines, -1, np.int32)
    first[valid_lines.first : valid_lines.end] = samples.first
    last[valid_lines.first : valid_lines.end] = samples.end - 1
    return first, last


def paste(merged: NDArray[np.complex64], image: NDArray[np.complex64], piece: Piece) -> None:
    """Copy a piece of an image into the merged image, in place.

    Raises
    ------
    ValueError
        If either does not hold its rectangle.
    """
    there, here = merged[piece.lines, piece.samples], image[piece.source_lines, piece.source_samples]
    wanted = piece.lines.stop - piece.lines.start, piece.samples.stop - piece.samples.start
    if there.shape != wanted or here.shape != wanted:
        raise ValueError(f"a piece of {wanted} does not lie within images {merged.shape} and {image.shape}")
    there[...] = here


def _offsets(grids: Sequence[ImageGrid]) -> list[tuple[int, int]]:
    """Return line and sample of each grid's first pixel in the grid that holds all."""
    if not grids:
        raise ValueError("nothing to merge")
    reference = grids[0]
    first_s = min(grid.first_time_s for grid in grids)
    nearest_s = min(grid.first_delay_s for grid in grids)
    offsets = []
    for index, grid in enumerate(grids):
        if (grid.line_interval_s, grid.range_sampling_hz) != (reference.line_interval_s, reference.range_sampling_hz):
            raise ValueError(f"image {index} has another line interval or sampling than image 0")
        line = (grid.first_time_s - first_s) / grid.line_interval_s
        sample = (grid.first_delay_s - nearest_s) * grid.range_sampling_hz
        if max(abs(line - round(line)), abs(sample - round(sample))) > _OFF_GRID:
            raise ValueError(f"image {index} lies {line:.3f} lines and {sample:.3f} samples from the first pixel")
        offsets.append((round(line), round(sample)))
    return offsets


def _shifted(spans: Sequence[Span], offsets: Sequence[int]) -> list[Span]:
    return [Span(span.first + offset, span.end + offset) for span, offset in zip(spans, offsets, strict=True)]


def _merged(
    grids: Sequence[ImageGrid], offsets: Sequence[tuple[int, int]], lines: Sequence[Span], samples: Sequence[Span]
) -> Merged:
    pieces = []
    for (line, sample), along, across in zip(offsets, lines, samples, strict=True):
        own = slice(along.first - line, along.end - line), slice(across.first - sample, across.end - sample)
        pieces.append(Piece(*own, slice(*along), slice(*across)))
    whole = grids[0]._replace(
        first_time_s=min(grid.first_time_s for grid in grids),
        first_delay_s=min(grid.first_delay_s for grid in grids),
        lines=max(line + grid.lines for (line, _), grid in zip(offsets, grids, strict=True)),
        samples=max(sample + grid.samples for (_, sample), grid in zip(offsets, grids, strict=True)),
    )
    return Merged(whole, tuple(pieces))
