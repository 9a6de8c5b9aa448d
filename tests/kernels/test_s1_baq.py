"""Sample decoding: against an encoder and a slow decoder on text of bits, and with any bytes at all."""

import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from s1_tables import SIZES, THIDX, made_up_tables

from refsys.kernels.sentinel1 import baq as s1_baq
from refsys.kernels.sentinel1 import bits as s1_bits
from refsys.kernels.sentinel1.baq_tables import compile_tables, huffman_codes
from refsys.kernels.sentinel1.packets import Headers

FDBAQ = (12, 13, 14)
MODES = (0, 3, 4, 5, *FDBAQ)

Channels = list[list[tuple[int, int]]]
Sent = tuple[int, int, Channels, list[int], list[int]]
Decoded = tuple[int, np.ndarray | None, list[int] | None, list[int] | None]


TABLES = made_up_tables()
LOOKUP = compile_tables(TABLES)
CODES = [huffman_codes(tree) for tree in TABLES.huffman_trees]


def kind_of(mode: int, brc: int) -> int:
    return 3 + brc if mode in FDBAQ else mode - 3


def slow_value(mode: int, brc: int, thidx: int, sign: int, magnitude: int) -> float:
    value = float(magnitude)
    if mode != 0:
        kind = kind_of(mode, brc)
        if thidx > THIDX[kind]:
            value = TABLES.normalised_levels[kind][magnitude] * TABLES.sigma_factors[thidx]
        elif magnitude == SIZES[kind] - 1:
            value = TABLES.simple_levels[kind][thidx]
    return -value if sign else value


class UndecodableError(Exception):
    """The packet ends too early, or holds what cannot be; its argument is the status."""


class SlowPacket:
    """User data as text of bits, read value by value."""

    def __init__(self, data: bytes, mode: int, quads: int) -> None:
        self.bits, self.at = "".join(f"{byte:08b}" for byte in data), 0
        self.mode, self.quads = mode, quads
        self.brc, self.thidx = [s1_baq.NO_BRC] * -(-quads // 128), [0] * -(-quads // 128)

    def take(self, count: int) -> str:
        if self.at + count > len(self.bits):
            raise UndecodableError(s1_baq.STATUS_TRUNCATED)
        self.at += count
        return self.bits[self.at - count : self.at]

    def symbol(self, codes: dict[str, int]) -> int:
        text = ""
        while text not in codes:
            text += self.take(1)
        return codes[text]

    def channel(self, channel: int) -> list[tuple[int, int]]:
        codes = []
        for k in range(self.quads):
            block = k // 128
            if k % 128 == 0 and channel == 0 and self.mode in FDBAQ:
                self.brc[block] = int(self.take(3), 2)
                if self.brc[block] > 4:
                    raise UndecodableError(s1_baq.STATUS_BRC)
            if k % 128 == 0 and channel == 2 and self.mode != 0:
                self.thidx[block] = int(self.take(8), 2)
            sign = int(self.take(1))
            if self.mode in FDBAQ:
                codes.append((sign, self.symbol(CODES[self.brc[block]])))
            else:
                codes.append((sign, int(self.take(9 if self.mode == 0 else self.mode - 1), 2)))
        self.take(-self.at % 16)
        return codes

    def samples(self, channels: Channels) -> np.ndarray:
        ie, io, qe, qo = (
            [slow_value(self.mode, self.brc[k // 128], self.thidx[k // 128], *code) for k, code in enumerate(codes)]
            for codes in channels
        )
        iq = np.empty(2 * self.quads, np.complex64)
        iq[0::2] = np.array(ie) + 1j * np.array(qe)
        iq[1::2] = np.array(io) + 1j * np.array(qo)
        return iq


def slow_decode(data: bytes, mode: int, quads: int) -> Decoded:
    """Return status and, where it is 0, samples, rate codes and threshold indices."""
    packet = SlowPacket(data, mode, quads)
    least = 10 if mode == 0 else 2 if mode in FDBAQ else mode
    if mode not in MODES:
        return s1_baq.STATUS_MODE, None, None, None
    if 4 * quads * least > len(packet.bits):
        return s1_baq.STATUS_TRUNCATED, None, None, None
    try:
        channels = [packet.channel(channel) for channel in range(4)]
    except UndecodableError as error:
        return error.args[0], None, None, None
    if len(packet.bits) - packet.at >= 32:
        return s1_baq.STATUS_EXCESS, None, None, None
    iq = packet.samples(channels)
    return (s1_baq.STATUS_OK, iq, [], []) if mode == 0 else (s1_baq.STATUS_OK, iq, packet.brc, packet.thidx)


def encode(mode: int, channels: Channels, brc: list[int], thidx: list[int]) -> bytes:
    """Write user data: channels are four lists of (sign, magnitude)."""
    backward = [{symbol: code for code, symbol in codes.items()} for codes in CODES]
    bits = ""
    for channel, codes in enumerate(channels):
        for k, (sign, magnitude) in enumerate(codes):
            if k % 128 == 0 and channel == 0 and mode in FDBAQ:
                bits += f"{brc[k // 128]:03b}"
            if k % 128 == 0 and channel == 2 and mode != 0:
                bits += f"{thidx[k // 128]:08b}"
            width = 9 if mode == 0 else mode - 1
            bits += str(sign) + (backward[brc[k // 128]][magnitude] if mode in FDBAQ else f"{magnitude:0{width}b}")
        bits += "0" * (-len(bits) % 16)
    bits += "0" * (-len(bits) % 32)
    return int(bits, 2).to_bytes(len(bits) // 8, "big") if bits else b""


def decode(
    payloads: list[bytes], modes: list[int], quads: list[int], lead: int = 0, filler: int = 0xA5
) -> s1_baq.Samples:
    """Decode packets that lie among filler bytes."""
    parts, offsets, at = [bytes([filler]) * lead], [], lead
    for payload in payloads:
        offsets.append(at)
        parts.append(bytes([filler]) * 68 + payload)
        at += 68 + len(payload)
    buffer = np.frombuffer(b"".join([*parts, bytes([filler]) * 9]), np.uint8)
    lengths = np.array([68 + len(payload) for payload in payloads], np.int64)
    headers: Headers = {"baq_mode": np.array(modes, np.uint8), "quads": np.array(quads, np.uint16)}
    return s1_baq.decode_samples(buffer, np.array(offsets, np.int64), lengths, headers, LOOKUP)


@st.composite
def packets(draw: st.DrawFn) -> Sent:
    """A mode, and what the four channels of a packet hold."""
    mode = draw(st.sampled_from(MODES))
    quads = draw(st.one_of(st.integers(0, 40), st.sampled_from([127, 128, 129, 255, 256, 257, 300])))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    blocks = -(-quads // 128)
    brc, thidx = rng.integers(0, 5, blocks), rng.integers(0, 256, blocks)
    if draw(st.booleans()):
        thidx = rng.integers(0, 12, blocks)
    sizes = [512 if mode == 0 else SIZES[kind_of(mode, brc[k // 128])] for k in range(quads)]
    channels = [[(int(rng.integers(2)), int(rng.integers(size))) for size in sizes] for _ in range(4)]
    return mode, quads, channels, brc.tolist(), thidx.tolist()


def assert_packet(samples: s1_baq.Samples, k: int, expected: Decoded) -> None:
    status, iq, brc, thidx = expected
    got = samples.iq[samples.starts[k] : samples.starts[k + 1]]
    blocks = slice(samples.block_starts[k], samples.block_starts[k + 1])
    assert int(samples.status[k]) == status
    if iq is None:
        assert np.all(np.isnan(got))
    else:
        np.testing.assert_array_equal(got, iq)
        assert samples.brc[blocks].tolist() == brc
        assert samples.thidx[blocks].tolist() == thidx


@settings(deadline=None)
@given(st.lists(packets(), min_size=1, max_size=3), st.integers(0, 3))
def test_round_trip(sent: list[Sent], lead: int) -> None:
    payloads = [encode(mode, channels, brc, thidx) for mode, _, channels, brc, thidx in sent]
    samples = decode(payloads, [packet[0] for packet in sent], [packet[1] for packet in sent], lead)
    for k, (mode, quads, channels, brc, thidx) in enumerate(sent):
        packet = SlowPacket(b"", mode, quads)
        packet.brc, packet.thidx = brc, thidx
        iq = packet.samples(channels)
        rates = [] if mode == 0 else brc if mode in FDBAQ else [s1_baq.NO_BRC] * len(brc)
        assert_packet(samples, k, (s1_baq.STATUS_OK, iq, rates, [] if mode == 0 else thidx))
        assert_packet(samples, k, slow_decode(payloads[k], mode, quads))


@settings(deadline=None)
@given(packets(), st.data())
def test_damaged_packets_equal_the_slow_decoder(sent: Sent, data: st.DataObject) -> None:
    mode, quads, channels, brc, thidx = sent
    payload = bytearray(encode(mode, channels, brc, thidx))
    damage = data.draw(st.sampled_from(["cut", "flip", "longer", "mode", "quads"]))
    if damage == "cut":
        del payload[data.draw(st.integers(0, len(payload))) :]
    elif damage == "longer":
        payload += bytes(data.draw(st.integers(1, 12)))
    elif damage == "flip" and payload:
        payload[data.draw(st.integers(0, len(payload) - 1))] ^= data.draw(st.integers(1, 255))
    elif damage == "mode":
        mode = data.draw(st.integers(0, 31))
    else:
        quads = data.draw(st.integers(0, 65535))
    assert_packet(decode([bytes(payload)], [mode], [quads]), 0, slow_decode(bytes(payload), mode, quads))


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=300), st.integers(0, 31), st.one_of(st.integers(0, 300), st.integers(0, 65535)))
def test_any_bytes_equal_the_slow_decoder_and_ignore_what_lies_around(payload: bytes, mode: int, quads: int) -> None:
    first, second = (decode([payload], [mode], [quads], lead=5, filler=filler) for filler in (0x00, 0xFF))
    assert_packet(first, 0, slow_decode(payload, mode, quads))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


class Fenced:
    """Bytes that may be read only between two places; shaped like the array the kernel gets."""

    def __init__(self, data: bytes, begin: int, end: int) -> None:
        self.data, self.begin, self.end = data, begin, end

    def __getitem__(self, at: int) -> int:
        assert self.begin <= at < self.end, f"read of byte {at} outside {self.begin} to {self.end}"
        return self.data[at]


def uncompiled(module: ModuleType, **names: Callable[..., object]) -> ModuleType:
    """A copy of a kernel module in which every body runs as plain Python."""
    spec = importlib.util.spec_from_file_location(f"{module.__name__}_uncompiled", module.__file__)
    assert spec is not None
    assert spec.loader is not None
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    bodies = {name.removesuffix("_body"): value for name, value in vars(copy).items() if name.endswith("_body")}
    vars(copy).update(bodies | names)
    return copy


BITS = uncompiled(s1_bits)
PLAIN = uncompiled(
    s1_baq,
    copy_packet=BITS._copy_packet_body,
    read_head=BITS._read_head_body,
    read_fixed=BITS._read_fixed_body,
    read_huffman=BITS._read_huffman_body,
    read_integers=BITS._read_integers_body,
)


def assert_fenced(payload: bytes, mode: int, quads: int) -> int:
    """Decode as plain Python with every byte read watched; must equal the compiled result. Returns the status."""
    begin, end = 3 + 68, 3 + 68 + len(payload)
    one = np.array([0])
    found = PLAIN._Packets(one + begin, one + end, one + mode, one + quads)
    samples = PLAIN._make_room(found)
    PLAIN._decode_packets(
        Fenced(bytes(begin) + payload + bytes(9), begin, end), found, LOOKUP, samples, samples.iq.view(np.float32)
    )
    for got, expected in zip(samples, decode([payload], [mode], [quads], lead=3), strict=True):
        np.testing.assert_array_equal(got, expected)
    return int(samples.status[0])


@settings(deadline=None)
@given(st.binary(min_size=40, max_size=120), st.sampled_from(MODES), st.integers(10, 140))
def test_no_read_outside_any_bytes_and_same_result_uncompiled(payload: bytes, mode: int, quads: int) -> None:
    assert_fenced(payload, mode, quads)


def test_no_read_outside_a_packet_cut_anywhere() -> None:
    # Long codes, so that a packet cut early still passes the check of its least size.
    longest = CODES[4][max(CODES[4], key=len)]
    payload = encode(12, [[(1, longest)] * 20] * 4, [4], [200])
    statuses = [assert_fenced(payload[:size], 12, 20) for size in range(len(payload) + 1)]
    assert set(statuses[:-3]) == {s1_baq.STATUS_TRUNCATED}
    assert statuses[-1] == s1_baq.STATUS_OK


@pytest.mark.parametrize(
    ("mode", "quads", "first_byte", "status"),
    [
        (12, 200, 0b000_00000, s1_baq.STATUS_OK),
        (12, 200, 0b101_00000, s1_baq.STATUS_BRC),
        (13, 200, 0b110_00000, s1_baq.STATUS_BRC),
        (14, 200, 0b111_00000, s1_baq.STATUS_BRC),
        (15, 200, 0, s1_baq.STATUS_MODE),
        (1, 200, 0, s1_baq.STATUS_MODE),
        (5, 200, 0, s1_baq.STATUS_TRUNCATED),
        (12, 65535, 0, s1_baq.STATUS_TRUNCATED),
        (12, 0, 0, s1_baq.STATUS_EXCESS),
    ],
)
def test_each_fault_has_its_status(mode: int, quads: int, first_byte: int, status: int) -> None:
    sent = encode(12, [[(0, 0)] * 200] * 4, [0, 0], [9, 9])
    samples = decode([bytes([first_byte]) + sent[1:]], [mode], [quads])
    assert samples.status.tolist() == [status]
    assert np.isnan(samples.iq).all() == (status != s1_baq.STATUS_OK)


def test_claims_of_a_header_cost_no_memory() -> None:
    count = 2000
    payloads = [b"\xff\xff\xff\xff"] * count
    samples = decode(payloads, [12] * count, [65535] * count)
    assert samples.iq.size == samples.brc.size == 0
    assert set(samples.status.tolist()) == {s1_baq.STATUS_TRUNCATED}


def test_one_damaged_packet_leaves_its_neighbours_alone() -> None:
    good = encode(3, [[(0, 3)] * 4, [(1, 2)] * 4, [(0, 1)] * 4, [(1, 0)] * 4], [], [0])
    samples = decode([good, good[:-4], good], [3, 3, 3], [4, 4, 4])
    assert samples.status.tolist() == [s1_baq.STATUS_OK, s1_baq.STATUS_TRUNCATED, s1_baq.STATUS_OK]
    np.testing.assert_array_equal(samples.iq[:8], samples.iq[samples.starts[2] :])


@pytest.mark.parametrize(
    ("offsets", "lengths"), [([-1], [80]), ([0], [67]), ([0], [101]), ([50], [60]), ([0], [2**62]), ([2**62], [80])]
)
def test_packets_outside_the_buffer_are_refused(offsets: list[int], lengths: list[int]) -> None:
    headers: Headers = {"baq_mode": np.zeros(1, np.uint8), "quads": np.ones(1, np.uint16)}
    with pytest.raises(ValueError, match="packet 0"):
        s1_baq.decode_samples(np.zeros(100, np.uint8), np.array(offsets), np.array(lengths), headers, LOOKUP)


def test_arguments_that_disagree_are_refused() -> None:
    headers: Headers = {"baq_mode": np.zeros(2, np.uint8), "quads": np.ones(2, np.uint16)}
    buffer, one = np.zeros(100, np.uint8), np.array([0])
    with pytest.raises(ValueError, match="1 offsets, 1 lengths and 2 headers"):
        s1_baq.decode_samples(buffer, one, one + 100, headers, LOOKUP)
    with pytest.raises(ValueError, match="one-dimensional uint8"):
        s1_baq.decode_samples(buffer.astype(np.int32), one, one + 100, headers, LOOKUP)
    with pytest.raises(ValueError, match="look-ups"):
        s1_baq.decode_samples(buffer, one, one, headers, LOOKUP._replace(prefixes=LOOKUP.prefixes[:, :16]))
    for quads in (-1, 65536, 2**61):
        wide: Any = {"baq_mode": np.zeros(1, np.uint8), "quads": np.array([quads])}
        with pytest.raises(ValueError, match="packet 0 has"):
            s1_baq.decode_samples(buffer, one, one + 100, wide, LOOKUP)


def test_every_status_has_a_meaning() -> None:
    statuses = [value for name, value in vars(s1_baq).items() if name.startswith("STATUS_") and isinstance(value, int)]
    assert sorted(statuses) == list(range(len(s1_baq.STATUS_MEANINGS)))
