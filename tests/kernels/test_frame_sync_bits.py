"""Frames that begin at any bit, beside a slow synchroniser that knows bits only and has the whole stream before it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.kernels.ccsds.frame_sync import MARKER, Frames, FrameSynchroniser, synchronise

FRAME = 14  # bytes
FRAME_BITS = 8 * FRAME
MARKER_BITS = [MARKER >> (31 - i) & 1 for i in range(32)]
SETTINGS = {"marker_bit_errors": 3, "flywheel_frames": 2}


def make_frames(count: int, seed: int) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    return [MARKER_BITS + rng.integers(0, 2, FRAME_BITS - 32).tolist() for _ in range(count)]


def pack(bits: list[int]) -> np.ndarray:
    """Whole bytes; bits over are cut off."""
    return np.packbits(np.array(bits[: len(bits) // 8 * 8], np.uint8))


def run(frames: list[list[int]]) -> list[int]:
    return [bit for frame in frames for bit in frame]


def slow_synchronise(bits: list[int], tolerance: int, flywheel: int) -> list[int]:
    """First bits of the frames, by the rules as they are written, one bit after the other."""

    def wrong(at: int) -> int:
        if not 0 <= at <= len(bits) - 32:
            return 33
        return sum(a != b for a, b in zip(bits[at : at + 32], MARKER_BITS, strict=True))

    def acceptable(at: int, anchor: int) -> bool:
        near = wrong(at)
        on_grid = (at - anchor) % FRAME_BITS == 0 and at - anchor <= (flywheel + 1) * FRAME_BITS
        confirmed = min(wrong(at + FRAME_BITS), wrong(at + 2 * FRAME_BITS)) <= tolerance
        return near == 0 or (near <= tolerance and (on_grid or confirmed))

    def grid(anchor: int, end: int) -> list[int]:
        return list(range(anchor + FRAME_BITS, end - FRAME_BITS + 1, FRAME_BITS))

    starts: list[int] = []
    anchor, real, reach = -FRAME_BITS, False, (flywheel + 1) * FRAME_BITS
    while True:
        candidates = range(max(anchor + 1, 0), len(bits) - FRAME_BITS + 1)
        if wrong(anchor + FRAME_BITS) <= tolerance:
            candidates = range(anchor + FRAME_BITS, min(anchor + FRAME_BITS + 1, candidates.stop))
        found = next((at for at in candidates if acceptable(at, anchor)), None)
        if found is None:
            alive = real and wrong(anchor + reach) == 33  # the last marker that could come lies behind the end
            return starts + (grid(anchor, min(len(bits), anchor + reach)) if alive else [])
        if found - anchor <= reach and (real or (found - anchor) % FRAME_BITS == 0):
            starts += [at for at in grid(anchor, found) if at >= 0]
        starts.append(found)
        anchor, real = found, True


def check(found: Frames, bits: list[int], tolerance: int, flywheel: int) -> None:
    starts = slow_synchronise(bits, tolerance, flywheel)
    assert (8 * found.positions + found.bit_offsets).tolist() == starts
    assert found.cadus.tolist() == [pack(bits[at : at + FRAME_BITS]).tolist() for at in starts]
    wrong = [sum(a != b for a, b in zip(bits[at : at + 32], MARKER_BITS, strict=True)) for at in starts]
    assert found.marker_bit_errors.tolist() == wrong


@st.composite
def streams(draw: st.DrawFn) -> list[int]:
    """Frames with wrong bits in their markers, with bits put in and left out anywhere, and noise between."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    bits: list[int] = rng.integers(0, 2, draw(st.integers(0, 130))).tolist()
    for frame in make_frames(draw(st.integers(0, 9)), seed):
        for bit in rng.choice(32, draw(st.sampled_from([0, 0, 0, 0, 1, 3, 4, 32])), replace=False):
            frame[bit] ^= 1
        change = draw(st.sampled_from([0, 0, 0, 0, -1, 1, -7, 3, 40, -60]))
        at = draw(st.integers(0, FRAME_BITS - 60))
        inserted = rng.integers(0, 2, max(change, 0)).tolist()
        bits += frame[:at] + inserted + frame[at + max(-change, 0) :]
        if draw(st.integers(0, 5)) == 0:
            bits += rng.integers(0, 2, draw(st.integers(1, 400))).tolist()
    return bits[: len(bits) // 8 * 8]


@settings(deadline=None, max_examples=150)
@given(streams(), st.integers(0, 4), st.integers(0, 3))
def test_equals_the_slow_synchroniser(bits: list[int], tolerance: int, flywheel: int) -> None:
    found = synchronise(pack(bits), FRAME, marker_bit_errors=tolerance, flywheel_frames=flywheel)
    check(found, bits, tolerance, flywheel)


@settings(deadline=None, max_examples=60)
@given(streams(), st.data())
def test_result_does_not_depend_on_how_the_stream_is_cut(bits: list[int], data: st.DataObject) -> None:
    stream = pack(bits)
    whole = synchronise(stream, FRAME, **SETTINGS)
    cuts = data.draw(st.lists(st.integers(0, stream.size), max_size=8))
    for edges in (sorted(cuts), list(range(stream.size))):
        synchroniser = FrameSynchroniser(FRAME, **SETTINGS)
        parts = [synchroniser.push(block) for block in np.split(stream, edges)] + [synchroniser.finish()]
        for column, *pieces in zip(whole, *parts, strict=True):
            assert np.array_equal(np.concatenate(pieces), column)


def test_a_stream_cut_off_at_every_byte() -> None:
    first, second = make_frames(3, seed=1), make_frames(4, seed=2)
    second[1][:32] = [1 - bit for bit in second[1][:32]]
    bits = [1, 0, 1] + run(first) + [0, 1] + run(second) + [0] * 5
    for size in range(len(bits) // 8 + 1):
        check(synchronise(pack(bits[: 8 * size]), FRAME, **SETTINGS), bits[: 8 * size], 3, 2)


@pytest.mark.parametrize("offset", range(8))
def test_frames_at_every_bit_offset_come_out_as_bytes(offset: int) -> None:
    frames = make_frames(20, seed=offset)
    found = synchronise(pack([0] * offset + run(frames) + [0] * 8), FRAME)
    assert found.cadus.tolist() == [pack(frame).tolist() for frame in frames]
    assert found.bit_offsets.tolist() == [offset] * 20


@pytest.mark.parametrize("slip", [-9, -1, 1, 7])
def test_a_slip_inside_a_frame_costs_that_frame_only(slip: int) -> None:
    frames = make_frames(12, seed=20 + slip)
    hit = frames[5][:70] + [0] * max(slip, 0) + frames[5][70 - min(slip, 0) :]
    bits = run(frames[:5]) + hit + run(frames[6:]) + [0] * 8
    found = synchronise(pack(bits), FRAME)
    expected = [pack(frame).tolist() for frame in frames]
    assert found.cadus.tolist()[:5] == expected[:5]
    assert found.cadus.tolist()[6:] == expected[6:]
    assert found.bit_offsets.tolist() == [0] * 6 + [slip % 8] * 6
