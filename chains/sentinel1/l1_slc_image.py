"""One complex image as the steps before left it: blocks in order, their grids, views and noise."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.blocks import block_place
from refsys.chains.sentinel1.l1_slc_facts import FACTS, IMAGE, Facts, SegmentFacts, SwathProcessing
from refsys.chains.sentinel1.l1_slc_radiometry import LineView
from refsys.chains.units import Predecessor
from refsys.kernels.sar.grids import ImageGrid
from refsys.model.errors import InputCorrupt

_ROWS = 256


class ImageBlock(NamedTuple):
    """One block of an image; see `refsys.chains.sentinel1.l1_slc_focus.FocusedBlock`."""

    step: Predecessor
    number: int
    grid: ImageGrid
    valid: tuple[int, int]
    view: LineView
    noise_power: NDArray[np.float64]

    def rows(self) -> Iterator[NDArray[np.complex64]]:
        """Yield the pixels, some lines at a time."""
        if self.step.workspace is None:
            raise InputCorrupt("the step before left no pixels", where=self.step.name)
        array: Any = self.step.workspace[IMAGE]
        for first in range(0, self.grid.lines, _ROWS):
            yield np.asarray(array[first : first + _ROWS], np.complex64)


class SlcImage(NamedTuple):
    """A swath in one polarisation.

    Attributes
    ----------
    facts, segment
        Of the raw data; the windows are those that were used.
    blocks
        In order of time: parts of a StripMap image, or bursts.
    """

    facts: Facts
    segment: SegmentFacts
    blocks: tuple[ImageBlock, ...]

    @property
    def is_tops(self) -> bool:
        """Whether the blocks are bursts."""
        return self.segment.steering_rate_rad_s > 0

    @property
    def grid(self) -> ImageGrid:
        """Grid of the first line on, with the lines of all blocks; of bursts below each other, times are no grid."""
        return self.blocks[0].grid._replace(lines=self.lines)

    @property
    def lines(self) -> int:
        """Lines of all blocks."""
        return sum(block.grid.lines for block in self.blocks)

    @property
    def first_time_s(self) -> float:
        """Zero-Doppler time of the first line."""
        return self.blocks[0].grid.first_time_s

    @property
    def last_time_s(self) -> float:
        """Zero-Doppler time of the last line."""
        grid = self.blocks[-1].grid
        return grid.first_time_s + (grid.lines - 1) * grid.line_interval_s

    def first_lines(self) -> list[int]:
        """Return the line of the image at which each block begins."""
        return [sum(block.grid.lines for block in self.blocks[:k]) for k in range(len(self.blocks))]

    def rows(self) -> Iterator[NDArray[np.complex64]]:
        """Yield the pixels of all blocks below each other."""
        for block in self.blocks:
            yield from block.rows()


def slc_images(steps: Sequence[Predecessor]) -> list[SlcImage]:
    """Return the images that decoding and focusing steps left, by polarisation, then swath.

    Raises
    ------
    InputCorrupt
        If a segment lacks blocks, or its blocks were made with different windows.
    """
    facts = [
        Facts.model_validate(s.workspace.attrs[FACTS]) for s in steps if s.workspace and FACTS in s.workspace.attrs
    ]
    by_segment: dict[str, list[Predecessor]] = {}
    for step in steps:
        if isinstance(element := step.figures.get("block"), str):
            by_segment.setdefault(block_place(element).segment, []).append(step)
    facts.sort(key=lambda each: each.segments[0].polarisation)
    return [_image(own, segment, by_segment.get(segment.name, [])) for own in facts for segment in own.segments]


def _image(facts: Facts, segment: SegmentFacts, steps: list[Predecessor]) -> SlcImage:
    blocks = sorted((_block(step) for step in steps), key=lambda block: block.number)
    counts = {block_place(str(step.figures["block"])).of for step in steps}
    if len(counts) != 1 or [block.number for block in blocks] != list(range(1, counts.pop() + 1)):
        raise InputCorrupt(f"blocks {[block.number for block in blocks]} are not all there", where=segment.name)
    made = {SwathProcessing.model_validate(step.figures["processing"]) for step in steps}
    if len(made) > 1:
        raise InputCorrupt("blocks were focused with different windows", where=segment.name)
    return SlcImage(facts, segment.model_copy(update={"processing": made.pop()}), tuple(blocks))


def _block(step: Predecessor) -> ImageBlock:
    said: Any = step.figures
    view = said["view"]
    return ImageBlock(
        step=step,
        number=block_place(said["block"]).number,
        grid=ImageGrid(*said["grid"]),
        valid=(int(said["valid"][0]), int(said["valid"][1])),
        view=LineView(
            time_s=float(view["time_s"]),
            sample=np.array(view["sample"], np.int64),
            slant_range_m=np.array(view["slant_range_m"]),
            incidence_rad=np.array(view["incidence_rad"]),
            boresight_rad=np.array(view["boresight_rad"]),
        ),
        noise_power=np.array(said["noise_power"]),
    )
