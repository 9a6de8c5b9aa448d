"""A complex image of the input as one run of lines: StripMap as it is, bursts cut in the middle of their overlaps."""

from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.safe.annotation import Annotation
from refsys.chains.sentinel1.safe.reading import PixelRows, ProductImage
from refsys.kernels.sar.border import mask_of_limits
from refsys.kernels.sar.grids import ImageGrid
from refsys.model.errors import InputCorrupt

_SLACK_LINES = 0.01


class LineSource(NamedTuple):
    """Where lines of the run come from: rows `first_row` on of the file are lines `first_line` up to `stop_line`."""

    first_line: int
    stop_line: int
    first_row: int


class Swath(NamedTuple):
    """A swath in one polarisation.

    Attributes
    ----------
    image, annotation
        Files, and what they say.
    grid
        Lines of all bursts on one grid; times since the epoch.
    sources
        Where they lie in the file; lines between them are empty.
    limits
        First and last valid sample of each line of the file, int64 (lines,) each, -1 where none is; None: all are.
    """

    image: ProductImage
    annotation: Annotation
    grid: ImageGrid
    sources: tuple[LineSource, ...]
    limits: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None

    def read(self, rows: PixelRows, first: int, count: int) -> NDArray[np.complex64]:
        """Return lines of the run, complex64 (count, samples); zero is what is outside, between bursts or not valid."""
        pixels = np.zeros((count, self.grid.samples), np.complex64)
        for source in self.sources:
            begin, end = max(first, source.first_line), min(first + count, source.stop_line)
            if begin < end:
                row = source.first_row + begin - source.first_line
                taken = rows.read(row, end - begin)
                if self.limits is not None:
                    low, high = (limit[row : row + end - begin] for limit in self.limits)
                    taken[~mask_of_limits(low, high, self.grid.samples)] = 0
                pixels[begin - first : end - first] = taken
        return pixels


def open_swath(image: ProductImage, epoch: datetime) -> Swath:
    """Return the swath of an image.

    Raises
    ------
    InputCorrupt
        If the lines of its bursts are not on one grid.
    """
    annotation = image.read_annotation()
    said = annotation.image
    first_s = (said.first_line - epoch).total_seconds()
    interval = said.line_interval_s
    sampling = annotation.product.range_sampling_hz
    if not annotation.bursts:
        grid = ImageGrid(first_s, interval, said.lines, said.slant_range_time_s, sampling, said.samples)
        return Swath(image, annotation, grid, (LineSource(0, said.lines, 0),))
    sources = _cut(annotation, epoch, first_s)
    grid = ImageGrid(first_s, interval, sources[-1].stop_line, said.slant_range_time_s, sampling, said.samples)
    limits = (
        np.concatenate([burst.first_valid for burst in annotation.bursts]),
        np.concatenate([burst.last_valid for burst in annotation.bursts]),
    )
    return Swath(image, annotation, grid, sources, limits)


def _cut(annotation: Annotation, epoch: datetime, first_s: float) -> tuple[LineSource, ...]:
    """Return the lines to take of each burst: its valid ones, overlaps cut in the middle."""
    spans = []
    for number, burst in enumerate(annotation.bursts):
        place = ((burst.time - epoch).total_seconds() - first_s) / annotation.image.line_interval_s
        if abs(place - round(place)) > _SLACK_LINES:
            raise InputCorrupt(f"burst {number + 1} lies between the lines of the first", where=annotation.header.swath)
        valid = np.flatnonzero(burst.first_valid >= 0)
        if valid.size:
            row = number * annotation.lines_per_burst + int(valid[0])
            spans.append(LineSource(round(place) + int(valid[0]), round(place) + int(valid[-1]) + 1, row))
    if not spans:
        raise InputCorrupt("no burst has a valid line", where=annotation.header.swath)
    for k in range(1, len(spans)):
        before, behind = spans[k - 1], spans[k]
        middle = max((before.stop_line + behind.first_line) // 2, behind.first_line)
        if before.stop_line > behind.first_line:
            spans[k - 1] = before._replace(stop_line=middle)
            spans[k] = LineSource(middle, behind.stop_line, behind.first_row + middle - behind.first_line)
    return tuple(spans)
