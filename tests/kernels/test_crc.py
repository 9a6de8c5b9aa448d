import binascii

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.kernels.ccsds.crc import crc16, crc16_of_packets, crc16_ok


def as_array(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=8))
def test_batch_equals_the_standard_library(pieces: list[bytes]) -> None:
    lengths = np.array([len(p) for p in pieces], np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]]) if pieces else np.empty(0, np.int64)
    expected = [binascii.crc_hqx(p, 0xFFFF) for p in pieces]
    assert crc16_of_packets(as_array(b"".join(pieces)), offsets, lengths).tolist() == expected


@given(st.binary(min_size=1, max_size=40), st.integers(0, 319))
def test_one_flipped_bit_is_seen(body: bytes, bit: int) -> None:
    packet = bytearray(body + binascii.crc_hqx(body, 0xFFFF).to_bytes(2, "big"))
    assert crc16(as_array(bytes(packet))) == 0
    packet[bit // 8 % len(packet)] ^= 1 << bit % 8
    assert not crc16_ok(as_array(bytes(packet)), np.array([0]), np.array([len(packet)]))[0]


def test_pieces_too_short_for_a_crc_are_not_ok() -> None:
    assert crc16_ok(as_array(b"\xff\xff\x1d\x0f"), np.array([0, 0, 0]), np.array([0, 1, 2])).tolist() == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(("offset", "length"), [(-1, 2), (3, 3), (0, 6), (2, -1), (2**62, 2**62), (6, 0)])
def test_pieces_outside_the_buffer_are_refused(offset: int, length: int) -> None:
    with pytest.raises(ValueError, match=f"piece 1 \\({length} bytes at {offset}\\)"):
        crc16_of_packets(np.zeros(5, np.uint8), np.array([0, offset]), np.array([5, length]))


def test_wrong_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="uint8"):
        crc16(np.zeros(3, np.int16))
    with pytest.raises(ValueError, match="equal"):
        crc16_of_packets(np.zeros(3, np.uint8), np.zeros(1, np.int64), np.zeros(2, np.int64))
