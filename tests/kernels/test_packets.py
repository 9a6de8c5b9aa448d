from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refsys.kernels.ccsds.packets import parse_packet_headers, sequence_gaps, split_packets, unwrap_sequence


@given(st.binary(min_size=6, max_size=60))
def test_every_field_has_its_bits(raw: bytes) -> None:
    offsets = np.arange(len(raw) - 5)
    got = parse_packet_headers(np.frombuffer(raw, np.uint8), offsets)
    fields = [(45, 3), (44, 1), (43, 1), (32, 11), (30, 2), (16, 14), (0, 16)]
    for i in offsets:
        word = int.from_bytes(raw[i : i + 6], "big")
        expected = [word >> shift & (1 << bits) - 1 for shift, bits in fields]
        assert [int(column[i]) for column in got] == [*expected[:6], expected[6] + 7]


@pytest.mark.parametrize("offset", [-1, 5, 100])
def test_headers_outside_the_buffer_are_refused(offset: int) -> None:
    with pytest.raises(ValueError, match="outside the buffer of 10 bytes"):
        parse_packet_headers(np.zeros(10, np.uint8), np.array([0, offset]))


def test_split_refuses_what_is_cut_short() -> None:
    whole = bytes.fromhex("0801c0000001aabb")
    for cut in (4, 7):
        with pytest.raises(ValueError, match=r"header at 8 is cut short|packet at 8 ends at 16, the bytes at 15"):
            split_packets(np.frombuffer(whole + whole[:cut], np.uint8))
    assert split_packets(np.empty(0, np.uint8))[0].size == 0


steps = st.lists(st.integers(1, 16383), min_size=1, max_size=50)


@given(st.integers(0, 16383), steps)
def test_losses_shorter_than_the_counter_need_no_hint(first: int, losses: list[int]) -> None:
    true = first + np.cumsum([0, *losses])
    assert np.array_equal(unwrap_sequence(true % 16384), true)


@given(
    st.integers(0, 16383), st.lists(st.tuples(st.integers(0, 10**6), st.floats(-8191, 8191)), min_size=1, max_size=50)
)
def test_with_a_hint_losses_may_be_longer_than_the_counter(first: int, moves: list[tuple[int, float]]) -> None:
    true = first + np.cumsum([0, *(step for step, _ in moves)])
    expected = 1e5 + np.cumsum([0.0, *(step + error for step, error in moves)])
    assert np.array_equal(unwrap_sequence(true % 16384, expected), true)


def test_an_equal_count_is_a_duplicate() -> None:
    assert unwrap_sequence(np.array([16383, 0, 0, 1])).tolist() == [16383, 16384, 16384, 16385]


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(0, 16383))
def test_gaps_name_exactly_what_is_missing(present: list[bool], first: int) -> None:
    counts = first + np.flatnonzero(present)
    gaps = sequence_gaps(counts)
    missing = [
        n for start, number in zip(gaps.first_missing, gaps.missing, strict=True) for n in range(start, start + number)
    ]
    expected = set(range(counts[0], counts[-1] + 1)) - set(counts.tolist()) if counts.size else set()
    assert missing == sorted(expected)
    assert np.array_equal(counts[gaps.before] + 1, gaps.first_missing)


def test_wrong_hints_are_refused() -> None:
    with pytest.raises(ValueError, match="must be finite and as long"):
        unwrap_sequence(np.arange(3), np.zeros(2))
    with pytest.raises(ValueError, match="must be finite and as long"):
        unwrap_sequence(np.arange(2), np.array([0, np.nan]))
    assert unwrap_sequence(np.empty(0, np.uint16)).size == 0


def test_other_arrays_are_refused() -> None:
    others: tuple[Any, ...] = np.zeros((2, 8), np.uint8), np.zeros(16, np.int8), np.zeros(16, np.uint16)
    for other in others:
        with pytest.raises(ValueError, match="need uint8"):
            parse_packet_headers(other, np.zeros(1, np.int64))
        with pytest.raises(ValueError, match="need uint8"):
            split_packets(other)
    with pytest.raises(ValueError, match="offsets must be of one dimension"):
        parse_packet_headers(np.zeros(16, np.uint8), np.zeros((1, 1), np.int64))
