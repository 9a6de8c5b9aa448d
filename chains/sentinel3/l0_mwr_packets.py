"""Frames of all receiving channels to the packets of one instrument, in order of time, and what is missing of them."""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from refsys.chains.frame_merging import SourceFrames
from refsys.chains.sentinel3.mwr_packets import MEDIAN_STEP_S, TIME_AT_BYTE
from refsys.kernels.ccsds.crc import crc16_ok
from refsys.kernels.ccsds.frame_headers import POINTER_IDLE, first_header_pointers
from refsys.kernels.ccsds.packet_assembly import Packets, assemble_packets
from refsys.kernels.ccsds.packets import parse_packet_headers, sequence_gaps, unwrap_sequence
from refsys.kernels.ccsds.times import cuc_to_ns, gps_to_utc_ns

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SEQUENCE_UNKNOWN = -1
_TIME_BYTES = 7
_LEAST_PACKET_BYTES = TIME_AT_BYTE + _TIME_BYTES + 2
_STEP_NS = MEDIAN_STEP_S * 1e9


class Edge(NamedTuple):
    """What is known of losses before the first packet, or behind the last."""

    unreadable_frames: int
    """Frames whose header was read and whose contents were not, before the first good one (behind the last)."""
    partial_packet: bool | Literal["unknown"]
    """Whether a part of one more packet of the instrument was received."""


class Missing(NamedTuple):
    """Packets that are missing, by rising sequence: unwrapped count (m,) int64, expected UTC (m,) ns int64."""

    sequence: Integers
    utc_ns: Integers


class InstrumentPackets(NamedTuple):
    """Packets of one APID in order of time.

    `data` (b,) uint8, end to end; `offset`, `length` (n,) int64; `utc_ns` (n,) int64 since 1970; `sequence` (n,) int64
    unwrapped, -1 where a packet with a wrong CRC does not fit between its neighbours; `crc_ok` (n,) bool;
    `first_frame`, `last_frame` (n,) int64, unwrapped frame counters. `counts` are figures of the product.
    """

    data: Bytes
    offset: Integers
    length: Integers
    utc_ns: Integers
    sequence: Integers
    crc_ok: Flags
    first_frame: Integers
    last_frame: Integers
    missing: Missing
    head: Edge
    tail: Edge
    counts: dict[str, int]


def extract(frames: SourceFrames, apid: int) -> InstrumentPackets:
    """Packets of one APID: reassembled, checked, put in order of time, with their gaps.

    Parameters
    ----------
    frames
        Of one virtual channel.
    apid
        0 to 2046.

    Raises
    ------
    ValueError
        No intact packet of this APID; the message says which there are.
    """
    packets = assemble_packets(frames.counter, frames.mpdus, frames.valid)
    headers = parse_packet_headers(packets.data, packets.offsets)
    wanted = (headers.apid == apid) & (packets.lengths >= _LEAST_PACKET_BYTES)
    crc_ok = crc16_ok(packets.data, packets.offsets, packets.lengths) & wanted
    if not crc_ok.any():
        there = ", ".join(str(i) for i in np.unique(headers.apid)) or "none"
        raise ValueError(f"no intact packet of APID {apid}; APIDs there: {there}")
    rows = np.flatnonzero(wanted)
    gps_ns = cuc_to_ns(packets.data[packets.offsets[rows, None] + TIME_AT_BYTE + np.arange(_TIME_BYTES)])
    trusted_ns = _time_of_the_good(gps_ns, crc_ok[rows])
    order = np.argsort(trusted_ns, kind="stable")
    count = headers.sequence_count[rows].astype(np.int64)
    fresh = order[~_repeated(packets, rows[order], count[order], trusted_ns[order])]
    sequence = _sequence(count[fresh], trusted_ns[fresh], crc_ok[rows][fresh])
    taken = rows[fresh]
    head, tail = _edges(frames, packets, headers.apid, apid)
    utc_ns = gps_to_utc_ns(gps_ns[fresh])
    missing = _missing(sequence, utc_ns, crc_ok[taken], head, tail)
    lengths = packets.lengths[taken]
    return InstrumentPackets(
        data=_gather(packets.data, packets.offsets[taken], lengths),
        offset=np.cumsum(lengths) - lengths,
        length=lengths,
        utc_ns=utc_ns,
        sequence=sequence,
        crc_ok=crc_ok[taken],
        first_frame=frames.counter[packets.first_frame[taken]],
        last_frame=frames.counter[packets.last_frame[taken]],
        missing=missing,
        head=head,
        tail=tail,
        counts={
            "packets": taken.size,
            "packets_missing": missing.sequence.size,
            "packets_crc_errors": int((~crc_ok[taken]).sum()),
            "packets_duplicate": rows.size - taken.size,
            "packets_reordered": int((np.diff(trusted_ns) < 0).sum()),
            "packets_other_apid": int((headers.apid != apid).sum()),
            "packets_too_short": int(((headers.apid == apid) & ~wanted).sum()),
            "packets_idle": packets.idle,
            "packets_partial": packets.partial,
            "packets_malformed": packets.malformed,
            "sequence_steps_back": int((np.diff(sequence[crc_ok[taken]]) < 0).sum()),
        },
    )


def _time_of_the_good(gps_ns: Integers, good: Flags) -> Integers:
    """Return the times, those of bad packets replaced by that of the good one before (or the first)."""
    last_good = np.maximum.accumulate(np.where(good, np.arange(good.size), -1))
    return gps_ns[np.where(last_good < 0, np.argmax(good), last_good)]


def _repeated(packets: Packets, rows: Integers, count: Integers, time_ns: Integers) -> Flags:
    """Return which packets equal the one before them, byte by byte."""
    same = np.zeros(rows.size, np.bool_)
    for i in np.flatnonzero((np.diff(count) == 0) & (np.diff(time_ns) == 0)) + 1:
        ours, before = (
            packets.data[packets.offsets[row] : packets.offsets[row] + packets.lengths[row]]
            for row in (rows[i], rows[i - 1])
        )
        same[i] = np.array_equal(ours, before)
    return same


def _sequence(count: Integers, time_ns: Integers, good: Flags) -> Integers:
    """Unwrap the counts of good packets; a bad one's is kept if it fits between its good neighbours."""
    sequence = np.full(count.size, SEQUENCE_UNKNOWN, np.int64)
    chain = unwrap_sequence(count[good], (time_ns[good] - time_ns[good][0]) / _STEP_NS)
    sequence[good] = chain
    limits = np.concatenate([[chain[0] - (1 << 14)], chain, [chain[-1] + (1 << 14)]])
    for i in np.flatnonzero(~good):
        place = int(good[:i].sum())
        fits = limits[place] + (count[i] - limits[place]) % (1 << 14)
        if max(limits[place], sequence[:i].max(initial=-1)) < fits < limits[place + 1]:
            sequence[i] = fits
    return sequence


def _edges(frames: SourceFrames, packets: Packets, apids: npt.NDArray[np.uint16], apid: int) -> tuple[Edge, Edge]:
    good = np.flatnonzero(frames.valid)
    only_ours = bool((apids == apid).all())
    pointers = first_header_pointers(frames.mpdus[good])
    # A head's beginning, with its APID, is not there: it is ours if the virtual channel carries nothing else.
    opens_inside = bool(pointers[0] != 0 and pointers[0] != POINTER_IDLE)
    head = Edge(int(good[0]), ("unknown" if opens_inside and not only_ours else opens_inside))
    return head, Edge(frames.valid.size - 1 - int(good[-1]), _open_at_the_end(frames, good, pointers, apid))


def _open_at_the_end(frames: SourceFrames, good: Integers, pointers: Integers, apid: int) -> bool | Literal["unknown"]:
    """Say whether a packet of the APID begins in the last frames and does not end there."""
    starting = np.flatnonzero(pointers < POINTER_IDLE)
    if not starting.size:
        return "unknown"
    rows = good[starting[-1] :]
    rest = frames.mpdus[rows, 2:].reshape(-1)[pointers[starting[-1]] :]
    whole = assemble_packets(frames.counter[rows], frames.mpdus[rows], frames.valid[rows])
    if not whole.partial:
        return False
    begin = _end_of_whole_packets(rest)
    if rest.size - begin < 2:
        return "unknown"
    return (int(rest[begin]) & 7) << 8 | int(rest[begin + 1]) == apid


def _end_of_whole_packets(rest: Bytes) -> int:
    at = 0
    while at + 6 <= rest.size:
        end = at + 7 + (int(rest[at + 4]) << 8 | int(rest[at + 5]))
        if end > rest.size:
            break
        at = end
    return at


def _missing(sequence: Integers, utc_ns: Integers, good: Flags, head: Edge, tail: Edge) -> Missing:
    known, times = sequence[good], utc_ns[good]
    gaps = sequence_gaps(known)
    runs = [np.arange(first, first + many) for first, many in zip(gaps.first_missing, gaps.missing, strict=True)]
    inside = np.setdiff1d(np.concatenate([np.empty(0, np.int64), *runs]), sequence[~good])
    # Between neighbours by sequence; steps back would break the order that interpolation needs.
    rising = np.flatnonzero(known == np.maximum.accumulate(known))
    base = int(times[0])
    expected = base + np.rint(np.interp(inside, known[rising], (times[rising] - base).astype(np.float64))).astype(
        np.int64
    )
    step = round(_STEP_NS)
    before = [(int(known[0]) - 1, base - step)] if head.partial_packet is True else []
    behind = [(int(known[-1]) + 1, int(times[-1]) + step)] if tail.partial_packet is True else []
    edges = np.array(before + behind, np.int64).reshape(-1, 2)
    cut = len(before)
    return Missing(
        np.concatenate([edges[:cut, 0], inside, edges[cut:, 0]]),
        np.concatenate([edges[:cut, 1], expected, edges[cut:, 1]]),
    )


def _gather(data: Bytes, offsets: Integers, lengths: Integers) -> Bytes:
    starts = np.cumsum(lengths) - lengths
    return data[np.repeat(offsets - starts, lengths) + np.arange(int(lengths.sum()))]
