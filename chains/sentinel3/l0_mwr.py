"""Chain S3-L0-MWR: the microwave radiometer's packets out of a Sentinel-3 reception session, as a Level-0 product.

Two units: `s3-l0-mwr.frames`, once per receiving channel, decodes frames into the workspace; `s3-l0-mwr.product` merges
the channels, reassembles the packets and writes the product.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, cast

import numpy as np
from pydantic import Field, JsonValue

from refsys.chains.frame_decoding import channel_chunks, decode_channel
from refsys.chains.frame_merging import ChannelFrames, SourceFrames, merge_channels, read_channel
from refsys.chains.sentinel3.l0_mwr_packets import InstrumentPackets, extract
from refsys.chains.sentinel3.l0_mwr_product import DESCRIPTIONS, utc_from_ns, write_product_files
from refsys.chains.sentinel3.mwr_packets import APID
from refsys.chains.sentinel3.sen3 import Sen3Content, content_of, write_manifest
from refsys.chains.sessions import read_session
from refsys.chains.units import Predecessor, ProductDraft, UnitContext, UnitOutcome, unit
from refsys.model.errors import InputCorrupt
from refsys.model.names_s3 import S3ProductName
from refsys.model.products import InputRef, Quality
from refsys.model.values import Value, canonical_json

PRODUCT_TYPE = "MW_0_MWR___"
Satellite = Literal["A", "B", "C", "D"]


class FramesParameters(Value):
    """Parameters of `s3-l0-mwr.frames`."""

    channel: str = Field(pattern="^[1-9]$", description="Number of the receiving channel; set by the planner.")
    virtual_channel: int = Field(5, ge=0, le=62, description="Virtual channel of the packets (simulated sessions: 5).")
    marker_bit_errors: int = Field(4, ge=0, le=8, description="Wrong bits of 32 at which a frame marker still counts.")


class ProductParameters(Value):
    """Parameters of `s3-l0-mwr.product`; a product beyond one of the limits is degraded."""

    apid: int = Field(APID, ge=0, le=2046, description="Application process identifier of the packets.")
    centre: str = Field("REF", pattern="^[A-Z0-9]{3}$", description="Processing centre in the product name.")
    product_class: str = Field(
        "D_NR_001", pattern="^[OFDR]_(NR|ST|NT)_[0-9]{3}$", description="Platform, timeliness and baseline in the name."
    )
    most_missing_packets: float = Field(0.001, ge=0, le=1, description="Missing packets, part of all.")
    most_missing_frames: float = Field(0.001, ge=0, le=1, description="Frames on no channel, part of all.")
    most_uncorrectable_frames: float = Field(0.01, ge=0, le=1, description="Uncorrectable frames, part of received.")
    most_crc_errors: float = Field(0.0, ge=0, le=1, description="Packets with a wrong CRC, part of those there.")


@unit("s3-l0-mwr.frames", version="1", parameters=FramesParameters)
def frames(context: UnitContext, parameters: FramesParameters) -> UnitOutcome:
    """Decode one receiving channel of a session into the workspace."""
    used = context.input("session")
    session = read_session(used.folder)
    chunks = channel_chunks(session, used.folder, parameters.channel)
    figures = decode_channel(
        chunks,
        {parameters.virtual_channel: context.open_workspace()},
        marker_bit_errors=parameters.marker_bit_errors,
        progress=context.progress,
    )
    source: dict[str, JsonValue] = {
        "channel": parameters.channel,
        "session": session.session_id,
        "satellite": session.satellite,
        "virtual_channel": parameters.virtual_channel,
        "input": {name: getattr(used.ref, name) for name in ("role", "name", "product_type", "digest")},
    }
    return UnitOutcome(figures={**source, **figures})


@unit("s3-l0-mwr.product", version="1", parameters=ProductParameters)
def product(context: UnitContext, parameters: ProductParameters) -> UnitOutcome:
    """Merge the channels and write the Level-0 product."""
    said = [step.figures for step in context.before]
    where = str(said[0]["session"])
    try:
        source = merge_channels([_channel(step) for step in context.before])
        packets = extract(source, parameters.apid)
    except ValueError as error:
        seen = ", ".join(f"channel {f['channel']}: {f['frames_of_virtual_channel']}" for f in said)
        raise InputCorrupt(
            f"no product: {error}",
            where=where,
            hint=f"frames by virtual channel: {seen}; the packets were looked for in {said[0]['virtual_channel']}",
        ) from error
    context.progress(0.5, f"{packets.offset.size} packets")
    figures = _figures(source, packets, said)
    reasons = _reasons(figures, parameters)
    draft = _draft(context, parameters, packets, {**figures, "degraded_because": reasons})
    folder = context.out / draft.name
    folder.mkdir(parents=True)
    write_product_files(folder, packets, parameters.apid)
    write_manifest(folder, _manifest(context, parameters, draft), DESCRIPTIONS)
    return UnitOutcome(products=(draft,), figures=draft.figures)


def _channel(step: Predecessor) -> ChannelFrames:
    group = step.workspace
    if group is None:
        raise InputCorrupt("the step before left no frames", where=step.name)
    return read_channel(group)


def _figures(
    source: SourceFrames, packets: InstrumentPackets, said: Sequence[Mapping[str, JsonValue]]
) -> dict[str, JsonValue]:
    used = source.counter[source.valid]
    span = int(used[-1] - used[0]) + 1
    runs = np.diff(packets.missing.sequence) > 1
    return {
        "frames": used.size,
        "frames_missing": span - used.size,
        "frames_duplicate": source.duplicates,
        "frames_conflicting": source.conflicting,
        "frames_of_other_spacecraft": source.foreign,
        "frames_received": sum(cast("int", f["frames"]) for f in said),
        "frames_uncorrectable": sum(cast("int", f["uncorrectable_frames"]) for f in said),
        "corrected_symbols": sum(cast("int", f["corrected_symbols"]) for f in said),
        **packets.counts,
        "gaps": int(runs.sum()) + 1 if packets.missing.sequence.size else 0,
        "channels": [dict(f) for f in said],
    }


def _reasons(figures: dict[str, JsonValue], limits: ProductParameters) -> list[JsonValue]:
    """Return why the product is degraded; empty for a nominal one."""
    number = {name: value for name, value in figures.items() if isinstance(value, int)}
    fractions = (
        ("packets_missing", number["packets"] + number["packets_missing"], limits.most_missing_packets),
        ("frames_missing", number["frames"] + number["frames_missing"], limits.most_missing_frames),
        ("frames_uncorrectable", number["frames_received"], limits.most_uncorrectable_frames),
        ("packets_crc_errors", number["packets"], limits.most_crc_errors),
    )
    reasons: list[JsonValue] = [
        f"{name}: {number[name]} of {of}, at most {limit:g} of them may be"
        for name, of, limit in fractions
        if number[name] > limit * of
    ]
    never = ("frames_conflicting", "sequence_steps_back", "packets_too_short")
    return reasons + [f"{name}: {number[name]}, none may be" for name in never if number[name]]


def _draft(
    context: UnitContext, parameters: ProductParameters, packets: InstrumentPackets, figures: dict[str, JsonValue]
) -> ProductDraft:
    satellite = cast("Satellite", context.before[0].figures["satellite"])
    times = packets.utc_ns[packets.crc_ok]
    start, stop = utc_from_ns(int(times[0])), utc_from_ns(int(times[-1]))
    name = S3ProductName(
        satellite=satellite,
        instrument="MW",
        level="0",
        data_type="MWR___",
        start=start.replace(microsecond=0),
        stop=stop.replace(microsecond=0),
        creation_time=context.creation_time,
        # Cycle, relative orbit and frame are not known here: the packets hold no orbit. In their place stands the
        # step's key, for two sessions may hold the same packets and be processed in the same second.
        instance=f"{min(int((stop - start).total_seconds()), 9999):04d}_{context.step.key[:8].upper()}".ljust(17, "_"),
        centre=parameters.centre,
        class_id=parameters.product_class,
    ).format()
    return ProductDraft(
        name=name,
        product_type=PRODUCT_TYPE,
        mission="S3",
        satellite=satellite,
        start=start,
        stop=stop,
        creation_time=context.creation_time,
        quality=Quality.DEGRADED if figures["degraded_because"] else Quality.NOMINAL,
        figures=figures,
        volatile=context.volatile(name),
    )


def _manifest(context: UnitContext, parameters: ProductParameters, draft: ProductDraft) -> Sen3Content:
    inputs = {canonical_json(step.figures["input"]): step.figures["input"] for step in context.before}
    return content_of(
        context,
        draft,
        instrument=("MWR", "MicroWave Radiometer"),
        parameters=parameters,
        inputs=tuple(InputRef.model_validate(item) for item in inputs.values()),
    )
