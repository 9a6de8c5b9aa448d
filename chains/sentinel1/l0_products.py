"""One data take of a session as a Level-0 product."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue, ValidationError

from refsys.chains.sentinel1.l0_assembly import MergedFrames
from refsys.chains.sentinel1.l0_labels import SIGNAL_ECHO, SIGNAL_NOISE, label
from refsys.chains.sentinel1.l0_segments import beam_of, mission_data_take, segments
from refsys.chains.sentinel1.l0_streams import Stream, Survey, blocks
from refsys.chains.sentinel1.onboard_orbit import NodeCrossing, node_crossing, onboard_orbit
from refsys.chains.sentinel1.safe.level0 import Level0Channel, write_level0
from refsys.chains.sentinel1.safe.level0_manifest import Level0Content
from refsys.chains.sentinel1.safe.manifest_parts import OrbitReference, Origin
from refsys.chains.units import ProductDraft, UnitContext
from refsys.model.errors import InputCorrupt, NameInvalid
from refsys.model.names_s1 import S1ProductName
from refsys.model.names_sessions import SessionName
from refsys.model.products import Quality
from refsys.model.values import UtcTime, Value

FIRST_LAUNCH = datetime(2014, 4, 3, tzinfo=UTC)
"""Of Sentinel-1A: what was sensed before is simulated."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_CALIBRATION = 8
_COMPRESSIONS = {0: "BYPASS", 3: "BAQ_3", 4: "BAQ_4", 5: "BAQ_5", 12: "FDBAQ_0", 13: "FDBAQ_1", 14: "FDBAQ_2"}


class Received(Value):
    """What is known of the reception."""

    session: str
    satellite: str
    received_at: UtcTime


class DataTake(NamedTuple):
    """The streams of one data take, a polarisation each; `doubts` are reasons for which its product is degraded."""

    data_take_id: int
    streams: tuple[Stream, ...]
    node: NodeCrossing
    doubts: tuple[str, ...]

    @property
    def start(self) -> datetime:
        """Time of the first packet."""
        return _time(min(int(stream.utc_ns.min()) for stream in self.streams))

    @property
    def stop(self) -> datetime:
        """Time of the last packet."""
        return _time(max(int(stream.utc_ns.max()) for stream in self.streams))

    def figures(self) -> dict[str, JsonValue]:
        """Return what the product's figures say of the packets; `segments` is what the planner divides into blocks."""
        return {
            "beam": beam_of(int(self.streams[0].headers["ecc_number"][0])),
            "polarisations": [stream.key.polarisation for stream in self.streams],
            "segments": [part for stream in self.streams for part in segments(stream.headers, stream.key.polarisation)],
            "packets": sum(stream.utc_ns.size for stream in self.streams),
            "packets_missing": sum(stream.missing_packets for stream in self.streams),
            "packets_corrupt": sum(int(stream.corrupt.sum()) for stream in self.streams),
            "sequence_steps_back": sum(stream.steps_back for stream in self.streams),
            "gaps": {stream.key.polarisation: stream.gaps() for stream in self.streams},
            "orbit_direction": self.node.direction.lower(),
        }


def lasting_name(product: str) -> str:
    """Return a product's name without the CRC of its manifest, which differs each time that the product is made.

    Other names come back whole. What is made of a product must not depend on when that was made.

    Examples
    --------
    >>> lasting_name("S1A_S3_RAW__0SSV_20130601T120000_20130601T120001_000123_001313_CC4D.SAFE")
    'S1A_S3_RAW__0SSV_20130601T120000_20130601T120001_000123_001313'
    """
    try:
        S1ProductName.parse(product)
    except NameInvalid:
        return product
    return product.removesuffix(".SAFE")[:-5]


def data_takes(surveys: Mapping[int, Survey]) -> list[DataTake]:
    """Return the data takes that hold echoes, in order of time, their polarisations in order of name."""
    streams = [stream for found in surveys.values() for stream in found.streams]
    with_echoes = [stream for stream in streams if (stream.headers["ses_signal_type"] == SIGNAL_ECHO).any()]
    by_take: dict[int, list[Stream]] = {}
    for stream in sorted(with_echoes, key=lambda stream: (int(stream.utc_ns[0]), stream.key)):
        by_take.setdefault(stream.key.data_take_id, []).append(stream)
    return [_data_take(number, sorted(own, key=lambda stream: stream.key)) for number, own in by_take.items()]


def write_data_take(
    context: UnitContext,
    take: DataTake,
    merged: Mapping[int, MergedFrames],
    received: Received,
    figures: dict[str, JsonValue],
) -> ProductDraft:
    """Write the product of one data take below `context.out` and return its draft."""
    downlink_ns = int((received.received_at - _EPOCH) / timedelta(microseconds=1)) * 1000
    channels = [
        Level0Channel(
            polarisation=stream.key.polarisation,
            blocks=blocks(merged[stream.virtual_channel], stream.key, stream.virtual_channel, downlink_ns),
            missing_packets=stream.missing_packets,
            corrupt_packets=int(stream.corrupt.sum()),
        )
        for stream in take.streams
    ]
    content = _content(context, take, received)
    name = write_level0(context.out, content, channels)
    return ProductDraft(
        name=name,
        product_type=f"{content.beam}_RAW__0S",
        mission="S1",
        satellite=received.satellite,
        start=take.start,
        stop=take.stop,
        creation_time=context.creation_time,
        quality=Quality.DEGRADED if figures["degraded_because"] else Quality.NOMINAL,
        figures={**figures, "orbit": content.orbit.absolute_orbit, "simulated": content.origin.simulated},
        volatile=context.volatile(name),
    )


def _data_take(number: int, streams: list[Stream]) -> DataTake:
    for stream in streams:
        states = onboard_orbit(stream.headers)
        if states.utc_ns.size:
            crossing = node_crossing(int(states.utc_ns[0]), states.position_m[0], states.velocity_m_s[0])
            return DataTake(number, tuple(streams), crossing, ())
    unknown = NodeCrossing("ASCENDING", _time(int(streams[0].utc_ns[0])))
    doubt = "no state vector in the packets: pass and ascending node in the manifest are not known"
    return DataTake(number, tuple(streams), unknown, (doubt,))


def _content(context: UnitContext, take: DataTake, received: Received) -> Level0Content:
    headers = take.streams[0].headers
    signals = headers["ses_signal_type"]
    sent = take.streams[0].key.polarisation[0]
    simulated = take.stop < FIRST_LAUNCH
    try:
        return Level0Content(
            satellite=received.satellite,
            beam=beam_of(int(headers["ecc_number"][0])),
            polarisation=("D" if len(take.streams) > 1 else "S") + sent,
            start=take.start,
            stop=take.stop,
            orbit=OrbitReference(
                absolute_orbit=_downlink_orbit(received.session),
                pass_direction=take.node.direction,
                ascending_node_time=take.node.ascending_node_time,
            ),
            data_take_id=mission_data_take(take.data_take_id),
            instrument_configuration_id=int(headers["instrument_configuration_id"][0]),
            calibration_present=bool((signals >= _FIRST_CALIBRATION).any()),
            noise_present=bool((signals == SIGNAL_NOISE).any()),
            echo_compression=_compression(take, signals == SIGNAL_ECHO),
            noise_compression=_compression(take, signals == SIGNAL_NOISE),
            calibration_compression=_compression(take, signals >= _FIRST_CALIBRATION),
            origin=Origin(
                processing="Generation of Sentinel-1 L0 SAR Product",
                start=context.creation_time,
                stop=context.creation_time,
                version=version("refsys"),
                inputs=((received.session, "Raw Data"),),
                simulated=simulated,
            ),
        )
    except ValidationError as error:
        raise InputCorrupt(f"no manifest: {error.errors()[0]['msg']}", where=received.session) from error


def _compression(take: DataTake, own: NDArray[np.bool_]) -> str:
    modes = take.streams[0].headers["baq_mode"][own]
    return _COMPRESSIONS.get(int(modes[0]), label("baq_mode", int(modes[0]))) if modes.size else "NONE"


def _downlink_orbit(session: str) -> int:
    """Return the orbit in the session's identifier, which stands for that of the data; 0 if it has none."""
    try:
        return SessionName.parse(session).downlink_orbit
    except NameInvalid:
        return 0


def _time(utc_ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=utc_ns // 1000)
