from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.kernels.ccsds import frame_sync
from refsys.kernels.ccsds.frame_sync import MARKER, Frames, FrameSynchroniser, synchronise

FRAME = 60
ASM = np.frombuffer(MARKER.to_bytes(4, "big"), np.uint8)


def make_frames(count: int, seed: int, length: int = FRAME) -> np.ndarray:
    frames = np.random.default_rng(seed).integers(0, 256, (count, length), dtype=np.uint8)
    frames[:, :4] = ASM
    return frames


def in_blocks(stream: np.ndarray, cuts: list[int], **settings_: int) -> Frames:
    synchroniser = FrameSynchroniser(FRAME, **settings_)
    parts = [synchroniser.push(block) for block in np.split(stream, sorted(cuts))] + [synchroniser.finish()]
    return Frames(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def flip_bits(marker: np.ndarray, bits: int, rng: np.random.Generator) -> None:
    for bit in rng.choice(32, bits, replace=False):
        marker[bit // 8] ^= 1 << bit % 8


slips = st.lists(st.one_of(st.just(0), st.integers(-12, 40)), min_size=1, max_size=14)


@settings(deadline=None, max_examples=150)
@given(slips, st.integers(0, 100), st.integers(0, 2**32 - 1))
def test_every_whole_frame_is_found_whatever_slips_between(slip_bytes: list[int], lead: int, seed: int) -> None:
    """Positive: so many bytes inserted behind the frame; negative: so many dropped from its end."""
    rng = np.random.default_rng(seed)
    frames = make_frames(len(slip_bytes), seed)
    parts, positions, at = [rng.integers(0, 256, lead, dtype=np.uint8)], [], lead
    for frame, slip in zip(frames, slip_bytes, strict=True):
        part = np.concatenate([frame[: FRAME + min(slip, 0)], rng.integers(0, 256, max(slip, 0), dtype=np.uint8)])
        positions.append(at)
        parts.append(part)
        at += part.size
    found = synchronise(np.concatenate(parts), FRAME)
    whole = {p: f.tobytes() for p, f, s in zip(positions, frames, slip_bytes, strict=True) if s >= 0}
    got = {int(p): f.tobytes() for p, f in zip(found.positions, found.cadus, strict=True)}
    assert whole.items() <= got.items()
    # Shortened frames come too, as long as bytes follow; nothing else does, but by flywheel at the end, and what goes
    # before the first marker by just a frame.
    assert set(positions[:-1]) <= set(got)
    assert set(found.positions[found.marker_bit_errors <= 4].tolist()) <= set(positions)
    assert len(got) <= len(positions) + (lead == FRAME)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_result_does_not_depend_on_how_the_stream_is_cut(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    parts = []
    for frame in make_frames(data.draw(st.integers(0, 12)), seed):
        flip_bits(frame, data.draw(st.sampled_from([0, 0, 0, 1, 4, 5, 20])), rng)
        parts.append(frame[: data.draw(st.sampled_from([FRAME, FRAME, FRAME, FRAME - 1, FRAME - 30, 3]))])
        if data.draw(st.integers(0, 3)) == 0:
            parts.append(
                data.draw(st.sampled_from([ASM, ASM[:3], np.tile(ASM, 3), rng.integers(0, 256, 400, np.uint8)]))
            )
    stream = np.concatenate([*parts, np.empty(0, np.uint8)])
    cuts = data.draw(st.lists(st.integers(0, stream.size), max_size=12))
    flywheel = data.draw(st.integers(0, 4))
    whole = in_blocks(stream, [], flywheel_frames=flywheel)
    for pieces in (cuts, list(range(stream.size))):
        cut = in_blocks(stream, pieces, flywheel_frames=flywheel)
        assert all(np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(whole, cut, strict=True))
    assert all(np.array_equal(f, stream[p : p + FRAME]) for f, p in zip(whole.cadus, whole.positions, strict=True))
    assert (np.diff(whole.positions) > 0).all()


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_bit_errors_in_every_marker(bits: int) -> None:
    frames = make_frames(50, bits)
    rng = np.random.default_rng(bits)
    for frame in frames:
        flip_bits(frame, bits, rng)
    found = synchronise(np.concatenate([np.zeros(17, np.uint8), frames.ravel()]), FRAME)
    assert np.array_equal(found.cadus, frames)
    assert (found.marker_bit_errors == bits).all()


@pytest.mark.parametrize("hit", [[0], [5], [19], [3, 4, 5, 6], [0, 1, 2], [16, 17, 18, 19], [2, 9, 10, 17]])
def test_flywheel_keeps_the_grid_through_destroyed_markers(hit: list[int]) -> None:
    frames = make_frames(20, 1)
    frames[hit, :4] = ~ASM
    found = synchronise(frames.ravel(), FRAME)
    assert np.array_equal(found.cadus, frames)
    assert np.flatnonzero(found.marker_bit_errors == 32).tolist() == hit


def test_flywheel_before_a_slip() -> None:
    frames = make_frames(6, 2)
    frames[2, :4] = 0
    stream = np.concatenate([frames[:3].ravel(), np.zeros(7, np.uint8), frames[3:].ravel()])
    assert np.array_equal(synchronise(stream, FRAME).cadus, frames)


def test_grid_is_given_up_after_too_many_destroyed_markers_and_found_again() -> None:
    frames = make_frames(20, 3)
    frames[4:10, :4] = 0
    found = synchronise(frames.ravel(), FRAME, flywheel_frames=4)
    assert found.positions.tolist() == [FRAME * i for i in range(20) if not 4 <= i < 10]


def test_long_outage_costs_only_what_lies_in_it() -> None:
    frames = make_frames(8, 4)
    noise = np.random.default_rng(4).integers(0, 256, 5000, dtype=np.uint8)
    found = synchronise(np.concatenate([frames[:4].ravel(), noise, frames[4:].ravel()]), FRAME)
    assert np.array_equal(found.cadus, frames)


@pytest.mark.parametrize("junk", ["noise", "zeros", "text", "nothing"])
def test_what_is_no_stream_of_frames_gives_none(junk: str) -> None:
    content = {
        "noise": np.random.default_rng(8).integers(0, 256, 300_000, dtype=np.uint8),
        "zeros": np.zeros(300_000, np.uint8),
        "text": np.frombuffer(b"<DCSU_Session_Information_Block>" * 5000, np.uint8),
        "nothing": np.empty(0, np.uint8),
    }[junk]
    found = synchronise(content, 2044)
    assert (found.cadus.shape, found.positions.size, found.marker_bit_errors.size) == ((0, 2044), 0, 0)


def test_marker_bomb_is_refused_before_it_fills_the_memory() -> None:
    bomb = np.tile(np.concatenate([ASM, [0]]).astype(np.uint8), 20_000)
    with pytest.raises(ValueError, match="not a stream of frames of 2044 bytes"):
        synchronise(bomb, 2044)


def test_memory_kept_between_blocks_is_a_few_frames() -> None:
    rng = np.random.default_rng(9)
    synchroniser = FrameSynchroniser(FRAME, flywheel_frames=4)
    most = 0
    for i in range(300):
        frames = make_frames(3, i)
        if i % 7 > 4:
            frames[:, :4] = 0
        synchroniser.push(np.concatenate([frames.ravel(), rng.integers(0, 256, i % 5, dtype=np.uint8)]))
        most = max(most, synchroniser._carry.size)
    assert FRAME <= most <= 8 * FRAME


def test_compiled_and_plain_loops_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = make_frames(12, 10)
    frames[4, :4] = 0
    stream = np.concatenate([frames[:7].ravel(), np.zeros(5, np.uint8), frames[7:].ravel()])[:-9]
    compiled = synchronise(stream, FRAME)
    for name in ("marker_errors", "find", "deliver", "synchronise", "cut"):
        monkeypatch.setattr(frame_sync, f"_{name}", getattr(frame_sync, f"_{name}_body"))
    assert all(
        np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(compiled, synchronise(stream, FRAME), strict=True)
    )


def test_settings_and_arrays_out_of_range_are_refused() -> None:
    whole: tuple[dict[str, Any], ...] = ({"frame_bytes": 4}, {"marker_bit_errors": 9}, {"flywheel_frames": -1})
    for bad in (*whole, {"flywheel_frames": 1001}, {"frame_bytes": 60.0}, {"flywheel_frames": np.inf}):
        with pytest.raises(ValueError, match="frame synchroniser"):
            FrameSynchroniser(**{"frame_bytes": 60, **bad})
    with pytest.raises(ValueError, match="uint8"):
        FrameSynchroniser(60).push(np.zeros((2, 60), np.uint8))


def test_nothing_comes_after_the_end() -> None:
    synchroniser = FrameSynchroniser(60)
    synchroniser.finish()
    with pytest.raises(ValueError, match="has been finished"):
        synchroniser.push(np.zeros(3, np.uint8))
