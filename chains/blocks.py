"""How much of an input one step takes: blocks that follow from the input's figures and the memory of a step alone.

The number of workers is no part of it, so the same input gives the same blocks, and the same bytes, on every cluster.
"""

import re
from math import ceil
from typing import NamedTuple

from pydantic import Field, JsonValue, ValidationError

from refsys.model.chains import BlockRule
from refsys.model.errors import PlanInvalid
from refsys.model.values import Value

_ELEMENT = re.compile(r"(?P<segment>[a-z0-9-]+):(?P<number>[1-9][0-9]*)/(?P<count>[1-9][0-9]*)")


class Segment(Value):
    """A part of an input that is one grid of lines and samples, as the input's figures list it."""

    name: str = Field(pattern="^[a-z0-9-]+$", description="Unique in the product, for example `s3-vv`.")
    lines: int = Field(ge=1, description="Lines; of the longest burst if it has bursts.")
    samples: int = Field(ge=1, description="Samples of the longest line.")
    bursts: int = Field(0, ge=0, description="Bursts, each of which is one block; 0 for a continuous acquisition.")


class Block(NamedTuple):
    """One block and the memory it takes.

    Attributes
    ----------
    element
        `s3-vv:2/4` is the second of four blocks of segment `s3-vv`.
    memory_bytes
        Of its lines and samples; what the unit takes besides is in the rule of the step.
    """

    element: str
    memory_bytes: int


class BlockPlace(NamedTuple):
    """An element taken apart; `number` counts from 1."""

    segment: str
    number: int
    of: int

    def share(self, lines: int) -> tuple[int, int]:
        """Return first line, and first line behind, of this block of a segment that turned out to have `lines`.

        Examples
        --------
        >>> [BlockPlace("s3-vv", number, 3).share(10) for number in (1, 2, 3)]
        [(0, 3), (3, 6), (6, 10)]
        """
        return (self.number - 1) * lines // self.of, self.number * lines // self.of


def divide(segments: JsonValue, rule: BlockRule, *, where: str | None = None) -> list[Block]:
    """Return the blocks of all segments, in order.

    A continuous segment is divided into the fewest equal blocks that keep within the memory of the rule; a burst is
    never divided.

    Parameters
    ----------
    segments
        Figure of the main input: a list of mappings with the fields of `Segment`.
    rule
        Memory of a block, bytes for each sample, lines a block needs besides its own.
    where
        Name of the input, for errors.

    Raises
    ------
    PlanInvalid
        If the figure lists no segments, or not even one line fits the memory.
    """
    return [block for segment in _segments(segments, rule, where) for block in _blocks(segment, rule, where)]


def block_place(element: str) -> BlockPlace:
    """Take an element apart (`ValueError` if it is none).

    Examples
    --------
    >>> block_place("iw1-vv:3/9")
    BlockPlace(segment='iw1-vv', number=3, of=9)
    """
    match = _ELEMENT.fullmatch(element)
    if match is None or int(match["number"]) > int(match["count"]):
        raise ValueError(f"block is {element!r}, must be <segment>:<number>/<count>")
    return BlockPlace(match["segment"], int(match["number"]), int(match["count"]))


def _segments(figure: JsonValue, rule: BlockRule, where: str | None) -> list[Segment]:
    if not isinstance(figure, list) or not figure:
        raise PlanInvalid(f"the main input lists no {rule.figure} to divide into blocks", where=where)
    try:
        segments = [Segment.model_validate(item) for item in figure]
    except ValidationError as error:
        raise PlanInvalid(f"{rule.figure} of the main input: {error.errors()[0]['msg']}", where=where) from error
    if len({segment.name for segment in segments}) < len(segments):
        raise PlanInvalid(f"{rule.figure} of the main input bear one name twice", where=where)
    return segments


def _blocks(segment: Segment, rule: BlockRule, where: str | None) -> list[Block]:
    line_bytes = rule.bytes_per_sample * segment.samples
    if segment.bursts:
        size = round(line_bytes * segment.lines)
        return [Block(f"{segment.name}:{k + 1}/{segment.bursts}", size) for k in range(segment.bursts)]
    most_lines = int(rule.memory_bytes / line_bytes) - rule.overlap_lines
    if most_lines < 1:
        raise PlanInvalid(
            f"a block of {segment.name} needs {rule.overlap_lines + 1} lines of {segment.samples} samples, "
            f"more than {rule.memory_bytes / 2**20:.0f} MiB",
            where=where,
            hint="raise `blocks.memory_bytes` of the step in the chain file",
        )
    count = ceil(segment.lines / most_lines)
    size = round(line_bytes * (ceil(segment.lines / count) + rule.overlap_lines))
    return [Block(f"{segment.name}:{k + 1}/{count}", size) for k in range(count)]
