"""Packets of a session sorted into streams: those of one data take and one polarisation, in order, and their gaps."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from refsys.chains.sentinel1.l0_assembly import MergedFrames, PacketWindow
from refsys.chains.sentinel1.l0_segments import polarisation_of
from refsys.chains.sentinel1.safe.level0_records import PacketBlock
from refsys.kernels.ccsds.times import gps_to_utc_ns
from refsys.kernels.sentinel1.packets import (
    FLAG_SYNC,
    FLAG_VERSION,
    HEADER_BYTES,
    SYNC_MARKER,
    Headers,
    decode_headers,
    header_flags,
)
from refsys.kernels.sentinel1.radar import gps_time_ns

_LISTED_GAPS = 100


class StreamKey(NamedTuple):
    """Data take as its packets number it, and polarisation."""

    data_take_id: int
    polarisation: str


class Stream(NamedTuple):
    """What the packets of one stream say.

    Attributes
    ----------
    key
        Data take and polarisation.
    virtual_channel
        Where they came down.
    headers
        Columns (packets,) of `decode_headers`.
    utc_ns
        int64 (packets,), since 1970.
    corrupt
        bool (packets,): the header is not sound.
    """

    key: StreamKey
    virtual_channel: int
    headers: Headers
    utc_ns: NDArray[np.int64]
    corrupt: NDArray[np.bool_]

    @property
    def steps(self) -> NDArray[np.int64]:
        """Steps of the packet count from one sound packet to the next; 1 where nothing is missing."""
        counts = self.headers["space_packet_count"][~self.corrupt].astype(np.int64)
        return np.asarray(np.diff(counts), np.int64)

    @property
    def missing_packets(self) -> int:
        """Packets that are missing between the first and the last."""
        steps = self.steps
        return int((steps[steps > 1] - 1).sum()) - int(self._corrupt_inside().sum())

    @property
    def steps_back(self) -> int:
        """Places where the packet count does not rise."""
        return int(np.count_nonzero(self.steps < 1))

    def gaps(self) -> list[JsonValue]:
        """Return the first hundred gaps: packet count before, packets missing."""
        counts = self.headers["space_packet_count"][~self.corrupt].astype(np.int64)
        at = np.flatnonzero(self.steps > 1)[:_LISTED_GAPS]
        return [{"after_packet": int(counts[k]), "missing": int(counts[k + 1] - counts[k] - 1)} for k in at.tolist()]

    def _corrupt_inside(self) -> NDArray[np.bool_]:
        """Return which corrupt packets lie between sound ones: they are there, whatever their count."""
        sound = np.flatnonzero(~self.corrupt)
        places = np.flatnonzero(self.corrupt)
        return np.asarray((places > sound[0]) & (places < sound[-1])) if sound.size else np.zeros(0, np.bool_)


class Survey(NamedTuple):
    """Streams of one virtual channel, and the packets that belong to none."""

    streams: tuple[Stream, ...]
    foreign_packets: int


def survey(frames: MergedFrames, virtual_channel: int) -> Survey:
    """Return the streams of a virtual channel in order of their first packets."""
    parts = [_window(window) for window in frames.windows()]
    foreign = sum(int(np.count_nonzero(~own)) for own, _ in parts)
    lists = [headers for _, headers in parts if headers["sync_marker"].size]
    if not lists:
        return Survey((), foreign)
    headers: Headers = {name: np.concatenate([part[name] for part in lists]) for name in lists[0]}
    keys = _keys(headers)
    streams = []
    for key in dict.fromkeys(keys):
        own = np.array([each == key for each in keys])
        streams.append(_stream(key, virtual_channel, {name: column[own] for name, column in headers.items()}))
    return Survey(tuple(streams), foreign)


def blocks(frames: MergedFrames, key: StreamKey, virtual_channel: int, downlink_utc_ns: int) -> Iterator[PacketBlock]:
    """Yield the packets of one stream, a window of frames at a time; when they came down is known for all together."""
    for window in frames.windows():
        own, headers = _window(window)
        rows = np.flatnonzero(own)
        rows = rows[np.array([each == key for each in _keys(headers)], np.bool_)]
        if not rows.size:
            continue
        lengths = window.lengths[rows]
        starts = (np.cumsum(window.lengths) - window.lengths)[rows]
        kept = np.concatenate(
            [window.data[at : at + n] for at, n in zip(starts.tolist(), lengths.tolist(), strict=True)]
        )
        stream = _stream(key, virtual_channel, decode_headers(kept, np.cumsum(lengths) - lengths))
        yield PacketBlock(
            buffer=kept,
            lengths=lengths,
            sensing_utc_ns=stream.utc_ns,
            downlink_utc_ns=np.full(rows.size, downlink_utc_ns, np.int64),
            frames=window.frames[rows],
            missing_frames=np.zeros(rows.size, np.int64),
            crc_error=np.zeros(rows.size, np.bool_),
            virtual_channel=virtual_channel,
            downlink_channel=1,
        )


def _window(window: PacketWindow) -> tuple[NDArray[np.bool_], Headers]:
    """Return which packets are Sentinel-1's own, (n,), and the headers of those."""
    starts = np.cumsum(window.lengths) - window.lengths
    long = np.flatnonzero(window.lengths >= HEADER_BYTES)
    headers = decode_headers(window.data, starts[long])
    flags = header_flags(headers, window.lengths[long])
    sound = (headers["sync_marker"] == SYNC_MARKER) & (flags & (FLAG_SYNC | FLAG_VERSION) == 0)
    own = np.zeros(window.lengths.size, np.bool_)
    own[long[sound]] = True
    return own, {name: column[sound] for name, column in headers.items()}


def _keys(headers: Headers) -> list[StreamKey]:
    takes = headers["data_take_id"].tolist()
    codes = zip(headers["sas_polarisation"].tolist(), headers["rx_channel_id"].tolist(), strict=True)
    return [StreamKey(take, polarisation_of(*code)) for take, code in zip(takes, codes, strict=True)]


def _stream(key: StreamKey, virtual_channel: int, headers: Headers) -> Stream:
    gps_ns = gps_time_ns(headers["coarse_time"], headers["fine_time"])
    lengths = headers["data_length"].astype(np.int64) + 7
    return Stream(key, virtual_channel, headers, gps_to_utc_ns(gps_ns), header_flags(headers, lengths) != 0)
