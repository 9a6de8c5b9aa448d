"""The whole path in blocks: the same packets as at once, and memory that does not grow with the stream."""

import tracemalloc
from collections.abc import Iterator

import numpy as np

from refsys.kernels.ccsds.crc import crc16_of_packets, crc16_ok
from refsys.kernels.ccsds.frame_encoding import build_mpdus, encode_cadus
from refsys.kernels.ccsds.frame_headers import VCDU_HEADER_BYTES, build_vcdus, parse_vcdu_headers
from refsys.kernels.ccsds.frame_sync import Frames, FrameSynchroniser
from refsys.kernels.ccsds.packet_assembly import PacketAssembler, Packets
from refsys.kernels.ccsds.randomizer import derandomise
from refsys.kernels.ccsds.reed_solomon import decode

BLOCK_BYTES = 100_003  # no multiple of a frame


def make_stream(packets: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Packets of 20 to 3000 bytes with CRC, and their CADUs with some wrong bytes."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(20, 3000, packets)
    ends = np.cumsum(lengths)
    data = rng.integers(0, 256, int(ends[-1]), dtype=np.uint8)
    for i, (end, length) in enumerate(zip(ends, lengths, strict=True)):
        head = [8, 77, 0xC0 | i >> 8 & 0x3F, i & 0xFF, length - 7 >> 8, length - 7 & 0xFF]
        data[end - length : end - length + 6] = head
    checks = crc16_of_packets(data, ends - lengths, lengths - 2)
    data[ends - 2], data[ends - 1] = checks >> 8, checks & 0xFF
    mpdus = build_mpdus(data, lengths, 1776)
    cadus = encode_cadus(build_vcdus(mpdus, spacecraft_id=1, virtual_channel_id=5))
    rows = rng.integers(0, len(cadus), len(cadus) // 4)
    cadus[rows, rng.integers(4, cadus.shape[1], rows.size)] ^= 0xFF
    return data, cadus.reshape(-1)


def packets_of(blocks: Iterator[np.ndarray]) -> Iterator[Packets]:
    synchroniser, assembler = FrameSynchroniser(), PacketAssembler()

    def assemble(frames: Frames) -> Packets:
        vcdus, corrected = decode(derandomise(frames.cadus))
        good = np.asarray((corrected >= 0).all(axis=1))
        return assembler.push(parse_vcdu_headers(vcdus).counter, vcdus[:, VCDU_HEADER_BYTES:], good)

    for block in blocks:
        yield assemble(synchroniser.push(block))
    yield assemble(synchroniser.finish())
    yield assembler.finish()


def blocks_of(stream: np.ndarray, times: int) -> Iterator[np.ndarray]:
    """The stream so many times over."""
    for _ in range(times):
        for begin in range(0, stream.size, BLOCK_BYTES):
            yield stream[begin : begin + BLOCK_BYTES]


def peak_bytes(stream: np.ndarray, times: int) -> tuple[int, int]:
    """Most memory that was held at once, and how many packets came out."""
    tracemalloc.start()
    try:
        count = sum(packets.offsets.size for packets in packets_of(blocks_of(stream, times)))
        return tracemalloc.get_traced_memory()[1], count
    finally:
        tracemalloc.stop()


def test_blocks_give_the_packets_that_went_in() -> None:
    data, stream = make_stream(1500, seed=3)
    parts = list(packets_of(blocks_of(stream, 1)))
    assert np.array_equal(np.concatenate([part.data for part in parts]), data)
    assert all(crc16_ok(part.data, part.offsets, part.lengths).all() for part in parts)
    assert sum(part.partial + part.malformed for part in parts) == 0


def test_memory_is_the_same_for_ten_times_the_stream() -> None:
    _, stream = make_stream(700, seed=4)
    once, packets = peak_bytes(stream, 1)  # compiles
    once, packets = peak_bytes(stream, 1)
    ten_times, more = peak_bytes(stream, 10)
    assert more == 10 * packets
    assert ten_times < 1.02 * once + 4096
    assert once < 10 * BLOCK_BYTES
