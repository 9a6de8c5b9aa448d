import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refsys.kernels.ccsds.frame_order import frame_order, merge_frames, take_merged, unwrap_counters

WRAP = 1 << 24
start_counters = st.sampled_from([0, 5, WRAP // 2, WRAP - 3, WRAP - 20])


def all_valid(counters: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    return np.ones(len(counters), bool)


@given(start_counters, st.permutations(range(6)), st.integers(1, 9))
def test_swapped_and_late_chunks_are_put_in_order_through_the_wrap(start: int, chunks: list[int], size: int) -> None:
    true = np.concatenate([np.arange(size) + chunk * size for chunk in chunks])
    received = (true + start) % WRAP
    unwrapped = unwrap_counters(received, all_valid(received))
    assert np.array_equal(np.diff(unwrapped), np.diff(true))
    assert unwrapped[0] == received[0]
    assert np.array_equal(true[frame_order(received, all_valid(received))], np.arange(6 * size))


def test_a_session_may_be_longer_than_the_counter() -> None:
    true = np.arange(0, 4 * WRAP, WRAP // 3)
    assert np.array_equal(unwrap_counters(true % WRAP, all_valid(true)), true)


@given(st.lists(st.integers(0, WRAP - 1), min_size=1, max_size=5), st.integers(0, 10))
def test_counters_of_invalid_frames_move_no_other(garbage: list[int], where: int) -> None:
    true = WRAP - 5 + np.arange(10)
    received = np.insert(true % WRAP, where, garbage)
    valid = np.insert(all_valid(true), where, np.zeros(len(garbage), bool))
    unwrapped = unwrap_counters(received, valid)
    assert np.array_equal(unwrapped[valid], true)
    assert np.array_equal(unwrapped % WRAP, received)
    assert (np.abs(unwrapped - true[0]) <= WRAP // 2 + 10).all()


channel = st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=40)


@given(st.lists(channel, min_size=1, max_size=3), start_counters)
def test_merge_is_the_union_with_the_best_copy(channels: list[list[tuple[int, bool]]], start: int) -> None:
    received = [np.array([(c + start) % WRAP for c, _ in frames], np.int64) for frames in channels]
    valid = [np.array([v for _, v in frames], bool) for frames in channels]
    merge = merge_frames(received, valid)
    copies: dict[int, list[tuple[bool, int, int]]] = {}
    for k, frames in enumerate(channels):
        for row, (counter, good) in enumerate(frames):
            copies.setdefault(counter, []).append((not good, k, row))
    expected = [(counter, *min(found)) for counter, found in sorted(copies.items())]
    got = list(zip((~merge.valid).tolist(), merge.channel.tolist(), merge.row.tolist(), strict=True))
    assert got == [e[1:] for e in expected]
    assert np.array_equal(np.diff(merge.counter), np.diff([e[0] for e in expected]))
    assert merge.copies.tolist() == [
        [sum(k == i for _, i, _ in copies[e[0]]) for k in range(len(channels))] for e in expected
    ]


def test_taking_gathers_the_chosen_rows() -> None:
    blocks = [np.array([[1, 1], [3, 3]], np.uint8), np.array([[30, 30], [20, 20]], np.uint8)]
    merge = merge_frames([np.array([1, 3]), np.array([3, 2])], [np.array([True, False]), np.array([True, True])])
    assert take_merged(blocks, merge).tolist() == [[1, 1], [20, 20], [30, 30]]


def test_no_frames_merge_to_none() -> None:
    empty = np.empty(0, np.int64)
    merge = merge_frames([empty, empty], [empty.astype(bool), empty.astype(bool)])
    assert [len(column) for column in merge] == [0] * 5


def test_wrong_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="of one dimension and equal"):
        unwrap_counters(np.zeros(2, np.int64), np.ones(3, bool))
    with pytest.raises(ValueError, match="must be 0 to"):
        unwrap_counters(np.array([WRAP]), np.ones(1, bool))
    with pytest.raises(ValueError, match="1 channels of counters, 0 of validity"):
        merge_frames([np.zeros(1, np.int64)], [])
    for counters, valid in ((np.arange(2), np.ones(3, bool)), (np.zeros((1, 2), np.int64), np.ones((1, 2), bool))):
        with pytest.raises(ValueError, match="of a channel"):
            merge_frames([np.arange(3), counters], [np.ones(3, bool), valid])
