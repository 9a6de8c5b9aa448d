"""Chain S1-L0: the radar's packets out of a Sentinel-1 reception session, as Level-0 products in SAFE form.

Two units: `s1-l0.frames`, once per receiving channel, decodes frames into the workspace; `s1-l0.product` merges the
channels, reassembles the packets, sorts them by data take and polarisation and writes a product for each data take.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import zarr
from pydantic import Field, JsonValue

from refsys.chains.frame_decoding import channel_chunks, decode_channel
from refsys.chains.sentinel1.l0_assembly import MergedFrames, merge_groups
from refsys.chains.sentinel1.l0_products import DataTake, Received, data_takes, write_data_take
from refsys.chains.sentinel1.l0_streams import survey
from refsys.chains.sessions import read_session
from refsys.chains.units import UnitContext, UnitOutcome, unit
from refsys.model.errors import InputCorrupt
from refsys.model.times import format_time
from refsys.model.values import Value


class FramesParameters(Value):
    """Parameters of `s1-l0.frames`."""

    channel: str = Field(pattern="^[1-9]$", description="Number of the receiving channel; set by the planner.")
    virtual_channels: tuple[int, ...] = Field(
        (24, 25), min_length=1, description="Virtual channels of the radar's packets (simulated sessions: 24 and 25)."
    )
    marker_bit_errors: int = Field(4, ge=0, le=8, description="Wrong bits of 32 at which a frame marker still counts.")


class ProductParameters(Value):
    """Parameters of `s1-l0.product`; a product beyond one of the limits is degraded."""

    most_missing_packets: float = Field(0.001, ge=0, le=1, description="Missing packets, part of all.")
    most_missing_frames: float = Field(0.001, ge=0, le=1, description="Frames on no channel, part of all.")
    most_uncorrectable_frames: float = Field(0.01, ge=0, le=1, description="Uncorrectable frames, part of received.")
    most_corrupt_packets: float = Field(0.0, ge=0, le=1, description="Packets with an unsound header, part of all.")


@unit("s1-l0.frames", version="1", parameters=FramesParameters)
def frames(context: UnitContext, parameters: FramesParameters) -> UnitOutcome:
    """Decode one receiving channel of a session into the workspace, a group for each virtual channel."""
    used = context.input("session")
    session = read_session(used.folder)
    chunks = channel_chunks(session, used.folder, parameters.channel)
    workspace = context.open_workspace()
    figures = decode_channel(
        chunks,
        {number: workspace.create_group(f"virtual-channel-{number}") for number in parameters.virtual_channels},
        marker_bit_errors=parameters.marker_bit_errors,
        progress=context.progress,
    )
    source: dict[str, JsonValue] = {
        "channel": parameters.channel,
        "session": session.session_id,
        "satellite": session.satellite,
        "received_at": format_time(session.start),
        "virtual_channels": list(parameters.virtual_channels),
    }
    return UnitOutcome(figures={**source, **figures})


@unit("s1-l0.product", version="1", parameters=ProductParameters)
def product(context: UnitContext, parameters: ProductParameters) -> UnitOutcome:
    """Merge the channels and write one Level-0 product for each data take."""
    said = [step.figures for step in context.before]
    merged = _merged(context)
    takes = data_takes({number: survey(frames, number) for number, frames in merged.items()})
    if not takes:
        seen = ", ".join(f"channel {f['channel']}: {f['frames_of_virtual_channel']}" for f in said)
        raise InputCorrupt(
            "no product: no packets of Sentinel-1 echoes",
            where=str(said[0]["session"]),
            hint=f"frames by virtual channel: {seen}; looked at {said[0]['virtual_channels']}",
        )
    shared = _shared_figures(merged, said)
    received = Received.model_validate({name: said[0][name] for name in Received.model_fields})
    drafts = []
    for number, take in enumerate(takes):
        context.progress(number / len(takes), f"data take {take.data_take_id}")
        figures = {**take.figures(), **shared}
        figures["degraded_because"] = _reasons(figures, take, parameters)
        drafts.append(write_data_take(context, take, merged, received, figures))
    return UnitOutcome(products=tuple(drafts), figures=shared)


def _merged(context: UnitContext) -> dict[int, MergedFrames]:
    """Return the frames of each virtual channel that any receiving channel has."""
    merged = {}
    for number in cast("list[int]", context.before[0].figures["virtual_channels"]):
        groups = [_group(step.workspace, number, step.name) for step in context.before]
        try:
            merged[number] = merge_groups(groups)
        except ValueError:
            continue  # a single polarisation leaves the other's virtual channel empty
    return merged


def _group(workspace: zarr.Group | None, virtual_channel: int, where: str) -> zarr.Group:
    if workspace is None:
        raise InputCorrupt("the step before left no frames", where=where)
    return cast("zarr.Group", workspace[f"virtual-channel-{virtual_channel}"])


def _shared_figures(
    merged: Mapping[int, MergedFrames], said: Sequence[Mapping[str, JsonValue]]
) -> dict[str, JsonValue]:
    return {
        "session": said[0]["session"],
        "frames": sum(frames.merge.counter.size for frames in merged.values()),
        "frames_missing": sum(frames.missing for frames in merged.values()),
        "frames_duplicate": sum(frames.duplicates for frames in merged.values()),
        "frames_of_other_spacecraft": sum(frames.foreign for frames in merged.values()),
        "frames_received": sum(cast("int", f["frames"]) for f in said),
        "frames_uncorrectable": sum(cast("int", f["uncorrectable_frames"]) for f in said),
        "corrected_symbols": sum(cast("int", f["corrected_symbols"]) for f in said),
        "channels": [dict(f) for f in said],
    }


def _reasons(figures: Mapping[str, JsonValue], take: DataTake, limits: ProductParameters) -> list[JsonValue]:
    """Return why the product is degraded; empty for a nominal one."""
    number: dict[str, Any] = {name: value for name, value in figures.items() if isinstance(value, int)}
    fractions = (
        ("packets_missing", number["packets"] + number["packets_missing"], limits.most_missing_packets),
        ("frames_missing", number["frames"] + number["frames_missing"], limits.most_missing_frames),
        ("frames_uncorrectable", number["frames_received"], limits.most_uncorrectable_frames),
        ("packets_corrupt", number["packets"], limits.most_corrupt_packets),
    )
    reasons: list[JsonValue] = [
        f"{name}: {number[name]} of {of}, at most {limit:g} of them may be"
        for name, of, limit in fractions
        if number[name] > limit * of
    ]
    if number["sequence_steps_back"]:
        reasons.append(f"sequence_steps_back: {number['sequence_steps_back']}, none may be")
    return reasons + list(take.doubts)
