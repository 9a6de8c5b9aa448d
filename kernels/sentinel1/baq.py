"""Decode the samples of Sentinel-1 packets: bypass, BAQ and FDBAQ (S1-IF-ASD-PL-0007, sections 4 and 5.2).

A packet holds four channels one after the other, each padded to 16 bits: even I, odd I, even Q, odd Q, of `quads`
values. A value is a sign bit and a magnitude code. Blocks have 128 values; FDBAQ writes a 3-bit rate code (BRC) before
each block of even I, BAQ and FDBAQ an 8-bit threshold index before each block of even Q.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.jit import jit
from refsys.kernels.sentinel1.baq_tables import BLOCK_QUADS, BRC_COUNT, LOOKUP_SHAPES, BaqLookup
from refsys.kernels.sentinel1.bits import (
    ROOM,
    SPARE_BYTES,
    HuffmanTables,
    copy_packet,
    read_fixed,
    read_head,
    read_huffman,
    read_integers,
)
from refsys.kernels.sentinel1.packets import BAQ_MODES, HEADER_BYTES, Headers, packet_bytes

STATUS_OK = 0
STATUS_MODE = 1
STATUS_TRUNCATED = 2
STATUS_BRC = 3
STATUS_EXCESS = 4
STATUS_MEANINGS = (
    "decoded",
    "unknown BAQ mode",
    "ends before its samples do",
    "rate code above 4",
    "holds more data than its samples take",
)
"""What each status says, by its number."""

NO_BRC = 255

_U = np.uint64
_CHANNELS = 4
_MOST_QUADS = 65535
_PLACES = (0, 2, 1, 3)  # of even I, odd I, even Q, odd Q among the parts of a quad
_BYPASS = 0
_BYPASS_BITS = 10
_FDBAQ_FIRST = 12
_FIRST_BAQ = 3
_FIRST_BRC_KIND = 3
_WORD_BITS = 16
_PACKET_WORD_BITS = 32


class Samples(NamedTuple):
    """Decoded samples of many packets, end to end.

    Attributes
    ----------
    iq
        complex64 (sum of samples,), in quantiser units; NaN throughout a packet whose status is not 0.
    starts
        int64 (packets + 1,): packet k owns `iq[starts[k]:starts[k + 1]]`.
    brc, thidx
        uint8 (sum of blocks,): rate code (255 where the mode has none) and threshold index of each block.
    block_starts
        int64 (packets + 1,): packet k owns `brc[block_starts[k]:block_starts[k + 1]]`; bypass has no blocks.
    status
        uint8 (packets,), a `STATUS_` value.
    """

    iq: NDArray[np.complex64]
    starts: NDArray[np.int64]
    brc: NDArray[np.uint8]
    thidx: NDArray[np.uint8]
    block_starts: NDArray[np.int64]
    status: NDArray[np.uint8]


class _Packets(NamedTuple):
    """Where the user data of each packet lie, in bytes, and how to read them; int64 (packets,)."""

    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    modes: NDArray[np.int64]
    quads: NDArray[np.int64]


class _Packet(NamedTuple):
    """One packet on its way: size in bytes, mode, and the places its blocks, codes and samples go to.

    Codes are four times quads + ROOM, end to end, samples parts of quads (4 * quads,).
    """

    size: np.int64
    mode: np.int64
    quads: np.int64
    brc: NDArray[np.uint8]
    thidx: NDArray[np.uint8]
    codes: NDArray[np.uint8]
    parts: NDArray[np.float32]


def decode_samples(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    lengths: NDArray[np.int64],
    headers: Headers,
    lookup: BaqLookup,
) -> Samples:
    """Decode the user data of many packets.

    A damaged packet never reads outside its own bytes; it gets a status, and room only if its bytes could hold its
    samples, so that memory follows the size of the input whatever a header claims.

    Parameters
    ----------
    buffer
        uint8 (bytes,).
    offsets, lengths
        int64 (packets,), start and whole length of each packet in `buffer`, both headers included.
    headers
        Columns of `decode_headers`, of which `baq_mode` and `quads` (packets,) are used.
    lookup
        From `compile_tables`.

    Raises
    ------
    ValueError
        If the arrays disagree in length, a packet lies outside the buffer or has quads that 16 bits cannot say, or the
        look-ups have other shapes.
    """
    shapes = tuple(table.shape for table in lookup)
    if shapes != LOOKUP_SHAPES:
        raise ValueError(f"look-ups {shapes} are not {LOOKUP_SHAPES}")
    data = packet_bytes(buffer)
    packets = _bounded_packets(data, offsets, lengths, headers)
    samples = _make_room(packets)
    if samples.status.size:
        _decode_packets(data, packets, lookup, samples, samples.iq.view(np.float32))
    return samples


def _bounded_packets(
    buffer: NDArray[np.uint8], offsets: NDArray[np.int64], lengths: NDArray[np.int64], headers: Headers
) -> _Packets:
    starts, sizes = np.asarray(offsets, dtype=np.int64), np.asarray(lengths, dtype=np.int64)
    modes, quads = headers["baq_mode"].astype(np.int64), headers["quads"].astype(np.int64)
    if starts.ndim != 1 or not starts.shape == sizes.shape == modes.shape == quads.shape:
        raise ValueError(f"{starts.size} offsets, {sizes.size} lengths and {modes.size} headers do not agree")
    impossible = (quads < 0) | (quads > _MOST_QUADS)
    if np.any(impossible):
        raise ValueError(
            f"packet {int(np.argmax(impossible))} has {quads[impossible][0]} quads, not 0 to {_MOST_QUADS}"
        )
    outside = (starts < 0) | (sizes < HEADER_BYTES) | (sizes > buffer.size - starts)
    if np.any(outside):
        first = int(np.argmax(outside))
        raise ValueError(
            f"packet {first} (offset {starts[first]}, length {sizes[first]}) is shorter than its headers "
            f"or reaches outside the {buffer.size} bytes given"
        )
    return _Packets(starts + HEADER_BYTES, starts + sizes, modes, quads)


def _make_room(packets: _Packets) -> Samples:
    modes = packets.modes
    least_bits = np.where(modes == _BYPASS, _BYPASS_BITS, np.where(modes >= _FDBAQ_FIRST, 2, modes))
    status = np.full(modes.shape, STATUS_OK, dtype=np.uint8)
    status[_CHANNELS * packets.quads * least_bits > (packets.ends - packets.begins) * 8] = STATUS_TRUNCATED
    status[~np.isin(modes, BAQ_MODES)] = STATUS_MODE
    quads = np.where(status == STATUS_OK, packets.quads, 0)
    blocks = np.where(modes == _BYPASS, 0, -(-quads // BLOCK_QUADS))
    starts = np.concatenate([[0], np.cumsum(2 * quads)])
    block_starts = np.concatenate([[0], np.cumsum(blocks)])
    return Samples(
        iq=np.empty(starts[-1], dtype=np.complex64),
        starts=starts,
        brc=np.full(block_starts[-1], NO_BRC, dtype=np.uint8),
        thidx=np.zeros(block_starts[-1], dtype=np.uint8),
        block_starts=block_starts,
        status=status,
    )


def _read_block_head_body(
    data: NDArray[np.uint8], packet: _Packet, channel: int, block: int, bit: np.int64
) -> np.int64:
    """Read the rate code or threshold index that precedes a block, where the channel has one; returns the next bit."""
    if channel == 0 and packet.mode >= _FDBAQ_FIRST:
        packet.brc[block] = read_head(data, bit, 3)
        return bit + 3
    if channel == 2 and packet.mode != _BYPASS:
        packet.thidx[block] = read_head(data, bit, 8)
        return bit + 8
    return bit


_read_block_head = jit(_read_block_head_body)


def _read_channel_body(
    data: NDArray[np.uint8], packet: _Packet, channel: int, bit: np.int64, tables: HuffmanTables
) -> tuple[int, np.int64]:
    """Read one channel of BAQ or FDBAQ, block by block; returns status and next bit."""
    begin, quads = channel * (packet.quads + ROOM), packet.quads
    for block in range(packet.thidx.size):
        first = begin + block * BLOCK_QUADS
        last = begin + min(np.int64((block + 1) * BLOCK_QUADS), quads)
        bit = _read_block_head(data, packet, channel, block, bit)
        if packet.mode < _FDBAQ_FIRST:
            bit = read_fixed(data, bit, (packet.mode, first, last), packet.codes)
        elif bit > packet.size * 8:
            return STATUS_TRUNCATED, bit
        elif packet.brc[block] >= BRC_COUNT:
            return STATUS_BRC, bit
        else:
            bit = read_huffman(data, bit, (np.int64(packet.brc[block]), first, last), tables, packet.codes)
        if bit > packet.size * 8:
            return STATUS_TRUNCATED, bit
    return STATUS_OK, bit


_read_channel = jit(_read_channel_body)


def _read_channels_body(data: NDArray[np.uint8], packet: _Packet, tables: HuffmanTables) -> int:
    """Read the four channels of a packet; returns its status."""
    bit, status = np.int64(0), STATUS_OK
    for channel in range(_CHANNELS):
        if packet.mode == _BYPASS:
            bit = read_integers(data, bit, packet.quads, packet.parts[_PLACES[channel] :])
        else:
            status, bit = _read_channel(data, packet, channel, bit, tables)
        bit += -bit % _WORD_BITS
        if status != STATUS_OK:
            return status
        if bit > packet.size * 8:
            return STATUS_TRUNCATED
    return STATUS_EXCESS if packet.size * 8 - bit >= _PACKET_WORD_BITS else STATUS_OK


_read_channels = jit(_read_channels_body)


def _reconstruct_body(packet: _Packet, values: NDArray[np.float32]) -> None:
    """Turn the codes of the four channels into samples: even and odd in turn."""
    row, quads = _U(packet.quads + ROOM), packet.quads
    for block in range(packet.thidx.size):
        kind, thidx = packet.mode - _FIRST_BAQ, np.int64(packet.thidx[block])
        if packet.mode >= _FDBAQ_FIRST:
            kind = np.int64(packet.brc[block]) + _FIRST_BRC_KIND
        for quad in range(block * BLOCK_QUADS, min(np.int64((block + 1) * BLOCK_QUADS), quads)):
            k = _U(quad)
            packet.parts[_U(4) * k] = values[kind, thidx, packet.codes[k]]
            packet.parts[_U(4) * k + _U(1)] = values[kind, thidx, packet.codes[k + _U(2) * row]]
            packet.parts[_U(4) * k + _U(2)] = values[kind, thidx, packet.codes[k + row]]
            packet.parts[_U(4) * k + _U(3)] = values[kind, thidx, packet.codes[k + _U(3) * row]]


_reconstruct = jit(_reconstruct_body)


def _decode_packets_body(
    data: NDArray[np.uint8], packets: _Packets, lookup: BaqLookup, samples: Samples, parts: NDArray[np.float32]
) -> None:
    """Decode every packet that has room, from a copy; `parts` are `samples.iq`, real and imaginary parts in turn."""
    codes = np.empty(_CHANNELS * (packets.quads.max() + ROOM), dtype=np.uint8)
    tables = HuffmanTables(lookup.prefixes, lookup.runs, lookup.code_bits)
    copy = np.empty((packets.ends - packets.begins).max() + SPARE_BYTES, dtype=np.uint8)
    for k in range(packets.begins.size):
        if samples.status[k] != STATUS_OK:
            continue
        first, last = samples.block_starts[k], samples.block_starts[k + 1]
        own = parts[2 * samples.starts[k] : 2 * samples.starts[k + 1]]
        packet = _Packet(
            packets.ends[k] - packets.begins[k],
            packets.modes[k],
            packets.quads[k],
            samples.brc[first:last],
            samples.thidx[first:last],
            codes,
            own,
        )
        copy_packet(data, packets.begins[k], packets.ends[k], copy)
        samples.status[k] = _read_channels(copy, packet, tables)
        if samples.status[k] != STATUS_OK:
            own[:] = np.nan
        elif packet.mode != _BYPASS:
            _reconstruct(packet, lookup.signed_values)


_decode_packets = jit(_decode_packets_body)
