"""Chain S1-L1-SLC: Level-0 packets of Sentinel-1 to calibrated complex images in slant range, StripMap and IW.

Three units: `s1-l1-slc.decode`, once per polarisation, turns packets into raw lines in the workspace and says all that
is known of them; `s1-l1-slc.focus`, once per block, focuses azimuth lines of StripMap or a burst of IW;
`s1-l1-slc.product` writes the product.
"""

from typing import Literal, cast

import numpy as np
import zarr
from pydantic import Field, JsonValue

from refsys.chains.blocks import block_place
from refsys.chains.sentinel1.l1_slc_decode import DecodeParameters, decode_file
from refsys.chains.sentinel1.l1_slc_facts import FACTS, IMAGE, Facts, SegmentFacts
from refsys.chains.sentinel1.l1_slc_focus import focus_block
from refsys.chains.sentinel1.l1_slc_product import ProductParameters, write_product
from refsys.chains.units import Predecessor, UnitContext, UnitOutcome, unit
from refsys.model.errors import InputCorrupt
from refsys.model.values import Value

WindowChoice = Literal["auxiliary", "rectangular"]
_BLOCK_ROWS = 256


class FocusParameters(Value):
    """Parameters of `s1-l1-slc.focus`."""

    block: str = Field(min_length=1, description="Segment and number of the block; set by the planner.")
    range_window: WindowChoice = Field("auxiliary", description="Range window: of the AUX_PP1, or none.")
    azimuth_window: WindowChoice = Field("auxiliary", description="Azimuth window: of the AUX_PP1, or none.")


@unit("s1-l1-slc.decode", version="1", parameters=DecodeParameters)
def decode(context: UnitContext, parameters: DecodeParameters) -> UnitOutcome:
    """Decode the packets of one polarisation into raw lines."""
    return UnitOutcome(figures=decode_file(context, parameters, context.open_workspace()))


@unit("s1-l1-slc.focus", version="1", parameters=FocusParameters)
def focus(context: UnitContext, parameters: FocusParameters) -> UnitOutcome:
    """Focus one block into the workspace."""
    try:
        place = block_place(parameters.block)
        source, facts, segment = _source(context, place.segment)
    except (ValueError, KeyError) as error:
        raise InputCorrupt(f"no such block: {error}", where=parameters.block) from error
    segment = with_windows(segment, parameters)
    try:
        block = focus_block(facts, segment, place, cast("zarr.Group", source[segment.name]))
    except ValueError as error:
        raise InputCorrupt(f"no image: {error}", where=parameters.block) from error
    context.progress(0.8, "focused")
    lines, samples = block.pixels.shape
    rows = min(_BLOCK_ROWS, lines)
    array = context.open_workspace().create_array(
        IMAGE, shape=block.pixels.shape, chunks=(rows, samples), dtype=np.complex64
    )
    for first in range(0, lines, rows):
        array[first : first + rows] = block.pixels[first : first + rows]
    figures: dict[str, JsonValue] = {
        "block": parameters.block,
        "grid": list(block.grid),
        "first_line": block.first_line,
        "valid": list(block.valid),
        "processing": segment.processing.plain(),
        "view": {name: np.asarray(column).tolist() for name, column in block.view._asdict().items()},
        "noise_power": block.noise_power.tolist(),
    }
    return UnitOutcome(figures=figures)


@unit("s1-l1-slc.product", version="1", parameters=ProductParameters)
def product(context: UnitContext, parameters: ProductParameters) -> UnitOutcome:
    """Write the product."""
    return write_product(context, parameters)


def with_windows(segment: SegmentFacts, parameters: FocusParameters) -> SegmentFacts:
    """Return the segment with the windows that the parameters ask for."""
    changed: dict[str, object] = {}
    if parameters.range_window == "rectangular":
        changed["range_window"] = 1.0
    if parameters.azimuth_window == "rectangular":
        changed["azimuth_window"] = 1.0
    if not changed:
        return segment
    return segment.model_copy(update={"processing": segment.processing.model_copy(update=changed)})


def _source(context: UnitContext, name: str) -> tuple[zarr.Group, Facts, SegmentFacts]:
    """Return the workspace that holds a segment's raw lines, and what is known of them (`KeyError`)."""
    for step in context.before:
        facts = facts_of(step)
        if facts is not None and step.workspace is not None and any(name == each.name for each in facts.segments):
            return step.workspace, facts, facts.segment(name)
    raise KeyError(name)


def facts_of(step: Predecessor) -> Facts | None:
    """Return what a decoding step says of its polarisation; None for other steps."""
    if step.workspace is None or FACTS not in step.workspace.attrs:
        return None
    return Facts.model_validate(step.workspace.attrs[FACTS])
