from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.kernels.ccsds import packet_assembly
from refsys.kernels.ccsds.frame_encoding import build_mpdus
from refsys.kernels.ccsds.packet_assembly import PacketAssembler, Packets, assemble_packets

WRAP = 1 << 24
bodies = st.lists(st.one_of(st.integers(1, 12), st.integers(1, 90)), max_size=40)


def make_packets(body_bytes: list[int], apid: int = 802) -> list[bytes]:
    rng = np.random.default_rng(len(body_bytes))
    return [
        bytes([8 | apid >> 8, apid & 255, 0xC0 | i >> 8, i & 255]) + (n - 1).to_bytes(2, "big") + rng.bytes(n)
        for i, n in enumerate(body_bytes)
    ]


def mpdus_of(packets: list[bytes], zone: int) -> np.ndarray:
    stream = np.frombuffer(b"".join(packets), np.uint8)
    return build_mpdus(stream, np.array([len(p) for p in packets], np.int64), zone)


def as_list(got: Packets) -> list[bytes]:
    return [got.data[o : o + n].tobytes() for o, n in zip(got.offsets, got.lengths, strict=True)]


def assemble(mpdus: np.ndarray, rows: list[int] | None = None, first: int = 0) -> Packets:
    rows = list(range(len(mpdus))) if rows is None else rows
    return assemble_packets((np.array(rows, np.int64) + first) % WRAP, mpdus[rows], np.ones(len(rows), bool))


@settings(deadline=None)
@given(bodies, st.integers(7, 40), st.sampled_from([0, 77, WRAP - 2]))
def test_what_was_laid_into_frames_comes_out_again(body_bytes: list[int], zone: int, first: int) -> None:
    packets = make_packets(body_bytes)
    mpdus = mpdus_of(packets, zone)
    got = assemble(mpdus, first=first)
    assert as_list(got) == packets
    ends = np.cumsum([len(p) for p in packets], dtype=np.int64)
    assert got.last_frame.tolist() == [(end - 1) // zone for end in ends]
    assert got.first_frame.tolist() == [(end - len(p)) // zone for end, p in zip(ends, packets, strict=True)]
    assert not got.after_gap.any()
    assert (got.idle, got.partial, got.malformed) == (int(sum(map(len, packets)) % zone > 0), 0, 0)


@settings(deadline=None)
@given(bodies, st.integers(7, 40), st.data())
def test_exactly_the_packets_that_lived_in_lost_frames_are_lost(
    body_bytes: list[int], zone: int, data: st.DataObject
) -> None:
    packets = make_packets(body_bytes)
    mpdus = mpdus_of(packets, zone)
    present = data.draw(st.lists(st.booleans(), min_size=len(mpdus), max_size=len(mpdus)))
    ends = np.cumsum([len(p) for p in packets], dtype=np.int64)
    homes = [range((end - len(p)) // zone, (end - 1) // zone + 1) for end, p in zip(ends, packets, strict=True)]
    expected = [i for i, home in enumerate(homes) if all(present[f] for f in home)]
    removed = assemble(mpdus, np.flatnonzero(present).tolist(), first=WRAP - 3)
    flagged = assemble_packets(np.arange(len(mpdus)), mpdus, np.array(present, bool))
    assert as_list(removed) == as_list(flagged) == [packets[i] for i in expected]
    assert flagged.first_frame.tolist() == [homes[i][0] for i in expected]
    assert flagged.last_frame.tolist() == [homes[i][-1] for i in expected]
    began = np.flatnonzero(present)[0] if any(present) else 0
    seen = [i for i in expected if homes[i][0] >= began]
    gaps = [any(not present[f] for f in range(homes[a][-1], homes[b][0] + 1)) for a, b in pairwise(seen)]
    assert flagged.after_gap[1:].tolist() == gaps


def test_duplicates_of_a_frame_are_left_out() -> None:
    packets = make_packets([30] * 20)
    mpdus = mpdus_of(packets, 25)
    assert as_list(assemble(mpdus, np.repeat(np.arange(len(mpdus)), 2).tolist())) == packets


def test_idle_packets_and_idle_frames_are_left_out() -> None:
    packets = make_packets([20, 20])
    idle = make_packets([20], apid=2047)
    mpdus = mpdus_of([packets[0], *idle, packets[1]], 26)
    empty = np.full_like(mpdus[:1], 0x55)
    empty[0, :2] = 0x07, 0xFE
    got = assemble(np.concatenate([mpdus[:2], empty, mpdus[2:]]))
    assert as_list(got) == packets
    assert (got.idle, got.malformed, bool(got.after_gap.any())) == (1, 0, False)


def test_a_wrong_length_costs_the_packets_up_to_the_next_pointer_only() -> None:
    packets = make_packets([20] * 12)  # 26 bytes; three to a zone
    mpdus = mpdus_of(packets, 78)
    mpdus[1, 2 + 4 : 2 + 6] = 0xFF
    got = assemble(mpdus)
    assert as_list(got) == packets[:3] + packets[6:]
    assert got.malformed == 1
    assert got.after_gap.tolist() == [False] * 3 + [True] + [False] * 5


def test_a_length_that_contradicts_the_pointer_drops_the_packet_it_belongs_to() -> None:
    packets = make_packets([100, 20, 20])
    mpdus = mpdus_of(packets, 80)
    mpdus[0, 2 + 5] -= 3  # ends three bytes before the pointer of the next frame
    assert as_list(assemble(mpdus)) == packets[1:]


@pytest.mark.parametrize("pointer", [2045, 80])
def test_a_pointer_outside_the_zone_is_malformed(pointer: int) -> None:
    packets = make_packets([54] * 4)
    mpdus = mpdus_of(packets, 60)
    mpdus[1, :2] = pointer >> 8, pointer & 255
    got = assemble(mpdus)
    assert as_list(got) == [packets[0], *packets[2:]]
    assert got.malformed == 1


garbage = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=200)
@given(bodies, st.integers(7, 40), st.data())
def test_garbage_is_survived_and_compiled_equals_checked(body_bytes: list[int], zone: int, data: st.DataObject) -> None:
    """The plain bodies on NumPy raise on an index outside; both must agree on damaged frames, order and flags."""
    seed = data.draw(garbage)
    rng = np.random.default_rng(seed)
    mpdus = mpdus_of(make_packets(body_bytes), zone)
    mpdus = np.concatenate([mpdus, rng.integers(0, 256, (3, zone + 2), dtype=np.uint8)])
    for _ in range(data.draw(st.integers(0, 10))):
        mpdus[rng.integers(len(mpdus)), rng.integers(min(8, zone + 2))] = rng.integers(256)
    counters = np.arange(len(mpdus)) + rng.choice([0, 0, 0, 1, -1, 2**40], len(mpdus))
    valid = rng.random(len(mpdus)) > data.draw(st.sampled_from([0.0, 0.3]))
    got = assemble_packets(counters, mpdus, valid)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("abandon", "feed", "close", "take_whole", "frame", "assemble"):
            patch.setattr(packet_assembly, f"_{name}", getattr(packet_assembly, f"_{name}_body"))
        plain = assemble_packets(counters, mpdus, valid)
    assert all(np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(got, plain, strict=True))
    assert got.data.size == got.lengths.sum()
    assert all(len(p) == int.from_bytes(p[4:6], "big") + 7 for p in as_list(got))
    assert (got.first_frame <= got.last_frame).all()


def test_more_packets_than_first_guessed() -> None:
    packets = make_packets([1] * 2000)
    assert as_list(assemble(mpdus_of(packets, 700))) == packets


def test_no_frames_give_no_packets() -> None:
    got = assemble_packets(np.empty(0, np.int64), np.empty((0, 10), np.uint8), np.empty(0, bool))
    assert (got.data.size, got.offsets.size, got.partial) == (0, 0, 0)


def test_wrong_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="need uint8"):
        assemble_packets(np.zeros(1, np.int64), np.zeros((1, 2), np.uint8), np.ones(1, bool))
    with pytest.raises(ValueError, match="validities"):
        assemble_packets(np.zeros(1, np.int64), np.zeros((1, 9), np.uint8), np.ones(2, bool))


@settings(deadline=None, max_examples=150)
@given(bodies, st.integers(7, 40), st.data())
def test_result_does_not_depend_on_how_the_frames_come(body_bytes: list[int], zone: int, data: st.DataObject) -> None:
    """Idle packets, damaged bytes and lost frames, in blocks of frames cut anywhere, one by one, and at once."""
    rng = np.random.default_rng(data.draw(garbage))
    packets = make_packets(body_bytes)
    for i in data.draw(st.lists(st.integers(0, max(0, len(packets) - 1)), max_size=4)):
        packets[i : i + 1] = make_packets([9], apid=2047) + packets[i : i + 1]
    mpdus = mpdus_of(packets, zone)
    for _ in range(data.draw(st.integers(0, 4)) if len(mpdus) else 0):
        mpdus[rng.integers(len(mpdus)), rng.integers(min(8, zone + 2))] = rng.integers(256)
    counters = (np.arange(len(mpdus)) + rng.choice([0, 0, 0, 1, -1], len(mpdus)) + WRAP - 3) % WRAP
    valid = rng.random(len(mpdus)) > data.draw(st.sampled_from([0.0, 0.3]))
    whole = assemble_packets(counters, mpdus, valid)
    cuts = data.draw(st.lists(st.integers(0, len(mpdus)), max_size=6))
    for edges in (sorted(cuts), list(range(len(mpdus)))):
        assembler = PacketAssembler()
        blocks = np.split(np.arange(len(mpdus)), edges)
        parts = [assembler.push(counters[rows], mpdus[rows], valid[rows]) for rows in blocks] + [assembler.finish()]
        assert [packet for part in parts for packet in as_list(part)] == as_list(whole)
        for name in ("lengths", "first_frame", "last_frame", "after_gap"):
            assert np.array_equal(np.concatenate([getattr(part, name) for part in parts]), getattr(whole, name))
        for name in ("idle", "partial", "malformed"):
            assert sum(getattr(part, name) for part in parts) == getattr(whole, name)
