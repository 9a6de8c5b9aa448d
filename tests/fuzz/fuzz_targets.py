"""What is fuzzed: decoders of packets and frames on any bytes. A target returns, or an assertion fails.

Input is data from outside, so no error is expected of these calls: whatever the bytes are, they are sound arguments.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.isp_encoder import encode_packets, encode_user_data
from refsys.chains.sentinel1.simulated_tables import simulated_tables
from refsys.kernels.ccsds.frame_headers import first_header_pointers, parse_vcdu_headers
from refsys.kernels.ccsds.frame_sync import FrameSynchroniser, synchronise
from refsys.kernels.ccsds.packet_assembly import assemble_packets
from refsys.kernels.sentinel1 import baq
from refsys.kernels.sentinel1.baq_tables import compile_tables
from refsys.kernels.sentinel1.header_encoding import encode_headers
from refsys.kernels.sentinel1.packets import HEADER_BYTES, decode_headers, find_packets, header_flags
from refsys.kernels.sentinel1.subcom import decode_cycles, distinct_cycles, find_cycles

LOOKUP = compile_tables(simulated_tables())


def packet_file(data: bytes) -> None:
    """A file that claims to be packets: walk, headers, samples of those that are long enough."""
    buffer = np.frombuffer(data, np.uint8)
    index = find_packets(buffer)
    assert index.lengths.sum() + index.unread_bytes == buffer.size
    whole = index.lengths >= HEADER_BYTES
    offsets, lengths = index.offsets[whole], index.lengths[whole]
    headers = decode_headers(buffer, offsets)
    assert header_flags(headers, lengths).shape == offsets.shape
    check_samples(baq.decode_samples(buffer, offsets, lengths, headers, LOOKUP), lengths)


def one_packet(data: bytes) -> None:
    """User data of any length under a header of any mode and number of quads; what lies around must not matter."""
    mode, quads, payload = data[0] & 31, int.from_bytes(data[1:3], "big") >> (data[3] & 15), data[4:]
    header = encode_headers({"baq_mode": mode, "quads": quads}, 1).tobytes()
    found = []
    for filler in (b"\x00", b"\xff"):
        buffer = np.frombuffer(filler * 3 + header + payload + filler * 5, np.uint8)
        offsets, lengths = np.array([3]), np.array([HEADER_BYTES + len(payload)])
        found.append(baq.decode_samples(buffer, offsets, lengths, decode_headers(buffer, offsets), LOOKUP))
        check_samples(found[-1], lengths)
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def check_samples(samples: baq.Samples, lengths: NDArray[np.int64]) -> None:
    assert np.all(samples.status < len(baq.STATUS_MEANINGS))
    # Every sample takes four bits at least.
    assert np.all(4 * np.diff(samples.starts) <= 8 * lengths)
    for k, status in enumerate(samples.status):
        own = samples.iq[samples.starts[k] : samples.starts[k + 1]]
        rates = samples.brc[samples.block_starts[k] : samples.block_starts[k + 1]]
        if status == baq.STATUS_OK:
            assert np.all(np.isfinite(own))
            assert np.all((rates < 5) | (rates == baq.NO_BRC))
        else:
            assert np.all(np.isnan(own))


def header_fields(data: bytes) -> None:
    """Any header: its fields written anew are read as the same."""
    packets = len(data) // HEADER_BYTES
    buffer = np.frombuffer(data, np.uint8)
    offsets = np.arange(packets) * HEADER_BYTES
    headers = decode_headers(buffer, offsets)
    again = decode_headers(encode_headers(headers, packets).reshape(-1), offsets)
    for name, column in headers.items():
        np.testing.assert_array_equal(column, again[name])


def frame_stream(data: bytes) -> None:
    """A stream of frames: in pieces as at once; then headers and packets of the frames."""
    size, rules = 16 + (data[0] & 31), {"marker_bit_errors": data[1] & 7, "flywheel_frames": data[1] >> 4}
    stream = np.frombuffer(data, np.uint8)[2:]
    whole = synchronise(stream, size, **rules)
    assert whole.cadus.shape == (whole.positions.size, size)
    piecewise = FrameSynchroniser(size, **rules)
    cut = stream.size * data[0] // 256
    parts = [piecewise.push(stream[:cut]), piecewise.finish(stream[cut:])]
    np.testing.assert_array_equal(np.concatenate([part.positions for part in parts]), whole.positions)
    vcdus = whole.cadus[:, 4:]
    headers = parse_vcdu_headers(vcdus)
    check_assembly(headers.counter, np.ascontiguousarray(vcdus[:, 6:]), np.ones(len(vcdus), np.bool_))


def frames(data: bytes) -> None:
    """Frames of any content, some lost, some repeated."""
    size = 3 + (data[0] & 31)
    count = (len(data) - 1) // (size + 1)
    rows = np.frombuffer(data, np.uint8)[1 : 1 + count * (size + 1)].reshape(count, size + 1)
    steps = np.array([0, 1, 1, 1, 1, 1, 2, 1 << 23])[rows[:, 0] & 7]
    check_assembly(np.cumsum(steps) & 0xFFFFFF, np.ascontiguousarray(rows[:, 1:]), (rows[:, 0] & 24) != 0)


def check_assembly(counters: NDArray[np.int64], mpdus: NDArray[np.uint8], valid: NDArray[np.bool_]) -> None:
    assert first_header_pointers(mpdus).shape == counters.shape
    packets = assemble_packets(counters, mpdus, valid)
    assert packets.lengths.sum() <= packets.data.size <= mpdus.size
    if packets.offsets.size:
        assert packets.offsets.min() >= 0
        assert (packets.offsets + packets.lengths).max() <= packets.data.size


def ancillary(data: bytes) -> None:
    """Words of sub-commutated data whose counts mostly go on as they should."""
    triples = np.frombuffer(data[: len(data) // 3 * 3], np.uint8).reshape(-1, 3)
    jumps = np.where(triples[:, 0] > 250, triples[:, 0], 1)
    counts = np.cumsum(jumps).astype(np.uint32)
    words = triples[:, 1].astype(np.uint16) << np.uint16(8) | triples[:, 2]
    index = np.where(triples[:, 0] == 7, triples[:, 1], np.arange(len(triples)) % 64 + 1).astype(np.uint8)
    starts = find_cycles(counts, index)
    cycles = decode_cycles(words, starts)
    assert cycles.shape == starts.shape
    assert distinct_cycles(cycles).size <= starts.size


def seeds() -> list[bytes]:
    """Sound inputs of every target to start from."""
    rng = np.random.default_rng(1)
    found = []
    for mode in (0, 3, 4, 5, 12):
        quads = 20 if mode == 0 else 134
        iq = 9 * rng.standard_normal((2, 4 * quads), dtype=np.float32).view(np.complex64)
        rates = rng.integers(0, 5, (2, 2), dtype=np.uint8) if mode == 12 else None
        user = encode_user_data(iq, mode, rates, simulated_tables())
        packets = encode_packets({"baq_mode": mode, "quads": quads}, user)
        data = user.buffer[: user.offsets[1]].tobytes()
        found += [b"\x00" + packets, bytes([1, mode, *quads.to_bytes(2, "big"), 0]) + data]
    cadus = b"".join(b"\x1a\xcf\xfc\x1d" + rng.integers(0, 9, 16, dtype=np.uint8).tobytes() for _ in range(9))
    words = b"".join(bytes([1, *rng.integers(0, 256, 2)]) for _ in range(140))
    rows = b"".join(bytes([25, 0, 0, 8, 1, 192, count, 0, 8, *range(9)]) for count in range(9))
    return [*found, b"\x03" + packets, b"\x04\x04\x42" + cadus, b"\x05\x0e" + rows, b"\x06" + words]


TARGETS: tuple[Callable[[bytes], None], ...] = (
    packet_file, one_packet, one_packet, header_fields, frame_stream, frames, ancillary,
)  # fmt: skip


def one_input(data: bytes) -> None:
    """Give an input to the target that its first byte selects."""
    if len(data) > 8:
        TARGETS[data[0] % len(TARGETS)](data[1:])
