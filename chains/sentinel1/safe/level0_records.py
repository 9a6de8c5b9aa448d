"""Records of the annotation and index files of Sentinel-1 Level-0 products.

Layout after S1PD.SP.00110.ASTR (Sentinel-1 Level-0 Product Format Specifications), big-endian: 26 bytes for each packet
and 36 bytes for each block of packets. No real file is at hand to compare with; the lengths of records follow from the
sizes in real manifests. Days count from 2000-01-01; that they do so in the index too, and that a block has a thousand
packets, is assumed.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.model.errors import InputCorrupt, InputMissing

ANNOTATION = np.dtype(
    [
        ("sensing_day", ">u2"),
        ("sensing_ms", ">u4"),
        ("sensing_us", ">u2"),
        ("downlink_day", ">u2"),
        ("downlink_ms", ">u4"),
        ("downlink_us", ">u2"),
        ("packet_length", ">u2"),
        ("frames", ">u2"),
        ("missing_frames", ">u2"),
        ("crc_error", "u1"),
        ("vcid", "u1"),
        ("channel", "u1"),
        ("spare", "u1"),
    ]
)
"""`packet_length` is the field of the packet's header; `vcid` has its top bit set where bits 1 to 6 hold the virtual
channel; bit 0 of `vcid` and bit 7 of `channel` are the two bits of the downlink channel."""

INDEX = np.dtype(
    [
        ("day", ">f8"),
        ("step_ms", ">f8"),
        ("packet_bytes", ">u4"),
        ("first_packet", ">u4"),
        ("byte_offset", ">u8"),
        ("variable_size", "u1"),
        ("spare", "V3"),
    ]
)
"""Time of a block's first packet, mean time between its packets, size of its first packet, where it begins."""

BLOCK_PACKETS = 1000
_EPOCH_NS = 946_684_800_000_000_000
_DAY_NS = 86_400_000_000_000
_MS_NS = 1_000_000
_US_NS = 1_000
_HEADER_BYTES = 7


class PacketBlock(NamedTuple):
    """Whole packets of one virtual channel in order, and how they came down.

    Attributes
    ----------
    buffer
        uint8 (b,), packets end to end.
    lengths
        int64 (n,), bytes of each whole packet; they sum to b.
    sensing_utc_ns, downlink_utc_ns
        int64 (n,), since 1970-01-01.
    frames, missing_frames
        int64 (n,), transfer frames that carried each packet, and those missing of them.
    crc_error
        bool (n,).
    virtual_channel
        0 to 63.
    downlink_channel
        1 or 2.
    """

    buffer: NDArray[np.uint8]
    lengths: NDArray[np.int64]
    sensing_utc_ns: NDArray[np.int64]
    downlink_utc_ns: NDArray[np.int64]
    frames: NDArray[np.int64]
    missing_frames: NDArray[np.int64]
    crc_error: NDArray[np.bool_]
    virtual_channel: int
    downlink_channel: int


def check_block(block: PacketBlock, where: str) -> None:
    """Raise `InputCorrupt` where the columns of a block do not fit each other or the records."""
    columns = block[1:7]
    if any(column.shape != block.lengths.shape for column in columns):
        raise InputCorrupt("columns of packets differ in length", where=where)
    if int(block.lengths.sum()) != block.buffer.size:
        raise InputCorrupt(f"packets of {block.lengths.sum()} bytes in {block.buffer.size}", where=where)
    if np.any((block.lengths < _HEADER_BYTES) | (block.lengths > 0xFFFF + _HEADER_BYTES)):
        raise InputCorrupt("packet shorter than its header or longer than its length field can say", where=where)
    if not (0 <= block.virtual_channel < 1 << 6 and block.downlink_channel in {1, 2}):
        raise InputCorrupt(
            f"virtual channel {block.virtual_channel} or downlink channel {block.downlink_channel}", where=where
        )
    if min(block.sensing_utc_ns.min(initial=_EPOCH_NS), block.downlink_utc_ns.min(initial=_EPOCH_NS)) < _EPOCH_NS:
        raise InputCorrupt("packet time before 2000, the origin of the records", where=where)


def annotation_records(block: PacketBlock) -> NDArray[np.void]:
    """Return the annotation of each packet of a block that `check_block` passed."""
    records = np.zeros(block.lengths.size, dtype=ANNOTATION)
    for name, times in (("sensing", block.sensing_utc_ns), ("downlink", block.downlink_utc_ns)):
        day, rest = np.divmod(times - _EPOCH_NS, _DAY_NS)
        milliseconds, rest = np.divmod(rest, _MS_NS)
        records[f"{name}_day"] = day
        records[f"{name}_ms"] = milliseconds
        records[f"{name}_us"] = rest // _US_NS
    records["packet_length"] = block.lengths - _HEADER_BYTES
    records["frames"] = block.frames
    records["missing_frames"] = block.missing_frames
    records["crc_error"] = block.crc_error
    records["vcid"] = 0x80 | block.virtual_channel << 1 | block.downlink_channel >> 1
    records["channel"] = (block.downlink_channel & 1) << 7
    return records


def index_records(lengths: NDArray[np.int64], sensing_utc_ns: NDArray[np.int64]) -> NDArray[np.void]:
    """Return the index over all packets of a file, each int64 (n,); a block's times are taken as evenly spaced."""
    starts = np.arange(0, lengths.size, BLOCK_PACKETS)
    records = np.zeros(starts.size, dtype=INDEX)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    records["day"] = (sensing_utc_ns[starts] - _EPOCH_NS) / _DAY_NS
    records["packet_bytes"] = lengths[starts]
    records["first_packet"] = starts
    records["byte_offset"] = offsets[starts]
    for record, start in zip(records, starts.tolist(), strict=True):
        part = slice(start, start + BLOCK_PACKETS)
        times = sensing_utc_ns[part]
        record["step_ms"] = (times[-1] - times[0]) / max(times.size - 1, 1) / _MS_NS
        record["variable_size"] = np.unique(lengths[part]).size > 1
    return records


def sensing_times_ns(records: NDArray[np.void]) -> NDArray[np.int64]:
    """Return the sensing time of each annotation, int64 nanoseconds since 1970 at microsecond resolution."""
    day, ms, us = (records[f"sensing_{unit}"].astype(np.int64) for unit in ("day", "ms", "us"))
    return np.asarray(_EPOCH_NS + day * _DAY_NS + ms * _MS_NS + us * _US_NS)


def read_records(path: Path, layout: np.dtype[np.void]) -> NDArray[np.void]:
    """Read an annotation or index file (`ANNOTATION` or `INDEX`).

    Raises
    ------
    InputMissing
        If there is no such file.
    InputCorrupt
        If its size is not a whole number of records.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputMissing("file of records does not exist", where=path) from error
    if len(data) % layout.itemsize:
        raise InputCorrupt(f"{len(data)} bytes are no whole number of {layout.itemsize}-byte records", where=path)
    return np.frombuffer(data, dtype=layout)
