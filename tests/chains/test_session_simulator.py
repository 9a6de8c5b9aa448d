"""The simulated session has the form it says and the faults that were asked for, and its truth is true."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.chains.sentinel3.mwr_packets import PACKET_BYTES, simulate_mwr_packets
from refsys.chains.sentinel3.session_simulator import (
    CADU_BYTES,
    ZONE_BYTES,
    SessionOptions,
    SessionTruth,
    _missing_packets,
    simulate_session,
)
from refsys.chains.sessions import read_session
from refsys.kernels.ccsds.crc import crc16_of_packets
from refsys.kernels.ccsds.times import cuc_gps_to_utc_ns
from refsys.model.errors import InputCorrupt

START = datetime(2022, 11, 1, 11, 5, 15, tzinfo=UTC)
PACKETS = simulate_mwr_packets(1000, seed=3)
FRAMES = -(-PACKETS.size // ZONE_BYTES)


def simulate(folder: Path, **options: object) -> tuple[SessionTruth, dict[int, list[bytes]]]:
    """Return the truth and, by channel, the chunks in order of their numbers."""
    values = SessionOptions.model_validate({"start": START, **options})
    truth = simulate_session(PACKETS.reshape(-1), np.full(len(PACKETS), PACKET_BYTES), folder, values)
    files = sorted((folder / truth.session_id).glob("*.raw"))
    chunks: dict[int, list[bytes]] = {}
    for file in files:
        chunks.setdefault(int(file.name.split("_ch")[1][0]), []).append(file.read_bytes())
    return truth, chunks


def cadus(chunks: list[bytes]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(b"".join(chunks), np.uint8).reshape(-1, CADU_BYTES)


def slow_randomiser() -> npt.NDArray[np.uint8]:
    state, bits = [1] * 8, []
    for _ in range(8 * 2040):
        bits.append(state[0])
        state = [*state[1:], state[7] ^ state[5] ^ state[3] ^ state[0]]
    return np.packbits(bits)


def test_frames_have_the_form_that_is_documented(tmp_path: Path) -> None:
    truth, chunks = simulate(tmp_path, channels="single", chunk_frames=7)
    assert all(len(chunk) == 7 * CADU_BYTES for chunk in chunks[1][:-1])
    frames = cadus(chunks[1])
    assert (frames[:, :4] == [0x1A, 0xCF, 0xFC, 0x1D]).all()
    plain = frames[:, 4:] ^ slow_randomiser()
    assert (plain[:, 0] >> 6 == 1).all()
    own = plain[plain[:, 1] & 0x3F == 5]
    counters = own[:, 2:5].astype(int) @ [1 << 16, 1 << 8, 1]
    assert counters.tolist() == [(truth.first_counter + i) % (1 << 24) for i in range(truth.frames)]
    assert truth.frames == len(own) == FRAMES
    pointers = own[:, 6].astype(int) << 8 | own[:, 7]
    assert pointers.tolist() == [-(i * ZONE_BYTES) % PACKET_BYTES for i in range(FRAMES)]
    zones = own[:, 8 : 8 + ZONE_BYTES].tobytes()
    assert zones.startswith(PACKETS.tobytes())
    assert {5, 9, 63} == set((plain[:, 1] & 0x3F).tolist()), "other channels are there to be left out"


def test_the_same_options_give_the_same_bytes(tmp_path: Path) -> None:
    faults = {"wrong_bytes_per_codeword": 3, "byte_slips": 4, "lost_frame_fraction": 0.1, "marker_bit_errors": 2}
    first, again = (simulate(tmp_path / place, seed=5, **faults) for place in "ab")
    assert first == again
    assert simulate(tmp_path / "c", seed=6, **faults) != first
    assert SessionTruth.from_json(first[0].to_json()) == first[0]


@pytest.mark.parametrize("options", [{}, {"channels": "split"}, {"channels": "single"}, {"late_chunk": True}])
def test_the_session_is_a_session(tmp_path: Path, options: dict[str, object]) -> None:
    truth, chunks = simulate(tmp_path, chunk_frames=10, **options)
    session = read_session(tmp_path / truth.session_id)
    assert (session.session_id, session.satellite, session.start) == (truth.session_id, "A", START)
    assert session.stop > START
    assert {channel: len(own) for channel, own in session.channels.items()} == {
        str(channel): len(own) for channel, own in chunks.items()
    }


def test_channels_hold_what_is_said(tmp_path: Path) -> None:
    (_, single), (_, duplicate), (_, split) = (
        simulate(tmp_path / form, channels=form) for form in ("single", "duplicate", "split")
    )
    whole = [frame.tobytes() for frame in cadus(single[1])]
    assert set(single) == {1}
    assert duplicate[1] == duplicate[2] == single[1]
    parts = [[frame.tobytes() for frame in cadus(split[channel])] for channel in (1, 2)]
    assert parts == [whole[::2], whole[1::2]]


@pytest.mark.parametrize("wrong", [1, 8, 16, 17, 255])
def test_every_codeword_has_as_many_wrong_bytes_as_asked(tmp_path: Path, wrong: int) -> None:
    _, clean = simulate(tmp_path / "clean", channels="single")
    _, spoilt = simulate(tmp_path / "spoilt", channels="single", wrong_bytes_per_codeword=wrong)
    differ = cadus(clean[1]) != cadus(spoilt[1])
    assert not differ[:, :4].any()
    assert (differ[:, 4:].reshape(-1, 255, 8).sum(axis=1) == wrong).all()


def test_every_marker_has_as_many_wrong_bits_as_asked(tmp_path: Path) -> None:
    _, chunks = simulate(tmp_path, channels="single", marker_bit_errors=3)
    wrong = cadus(chunks[1])[:, :4] ^ np.array([0x1A, 0xCF, 0xFC, 0x1D], np.uint8)
    assert (np.unpackbits(wrong, axis=1).sum(axis=1) == 3).all()


def test_lost_frames_are_not_there(tmp_path: Path) -> None:
    _, clean = simulate(tmp_path / "clean")
    everywhere, gone = simulate(tmp_path / "all", lost_frame_fraction=0.25)
    one_channel, one = simulate(tmp_path / "first", lost_frame_fraction=0.25, lost_on="first")
    lost = round(0.25 * FRAMES)
    assert everywhere.lost_frames == one_channel.lost_frames
    assert len(everywhere.lost_frames) == lost
    assert len(cadus(gone[1])) == len(cadus(gone[2])) == len(cadus(one[1])) == len(cadus(clean[1])) - lost
    assert one[2] == clean[2]
    assert one_channel.missing_packets == ()
    assert everywhere.missing_packets


def test_split_channels_lose_for_good_what_channel_1_alone_had(tmp_path: Path) -> None:
    truth, chunks = simulate(tmp_path, channels="split", lost_frame_fraction=0.5, lost_on="first")
    frames = np.concatenate([cadus(own) for own in chunks.values()])[:, 4:] ^ slow_randomiser()
    own = frames[frames[:, 1] & 0x3F == 5]
    there = {(int.from_bytes(f[2:5].tobytes(), "big") - truth.first_counter) % (1 << 24) for f in own}
    gone = set(range(truth.frames)) - there
    assert gone < set(truth.lost_frames)
    assert truth.missing_packets == slow_missing([PACKET_BYTES] * truth.packets, gone)


def slow_missing(lengths: list[int], gone: set[int]) -> tuple[int, ...]:
    missing, at = [], 0
    for index, length in enumerate(lengths):
        if any((at + k) // ZONE_BYTES in gone for k in range(length)):
            missing.append(index)
        at += length
    return tuple(missing)


@given(st.lists(st.integers(7, 5000), min_size=1, max_size=30), st.data())
@settings(max_examples=60, deadline=None)
def test_missing_packets_are_those_that_lived_in_lost_frames(lengths: list[int], data: st.DataObject) -> None:
    frames = -(-sum(lengths) // ZONE_BYTES)
    gone = data.draw(st.sets(st.integers(0, frames - 1)))
    there = np.array([i not in gone for i in range(frames)])
    missing, invisible = _missing_packets(np.array(lengths), there)
    assert tuple(missing.tolist()) == slow_missing(lengths, gone)
    seen = [i for i in range(frames) if i not in gone]
    begins = np.cumsum([0, *lengths])
    for index in missing:
        lived = range(begins[index] // ZONE_BYTES, (begins[index + 1] - 1) // ZONE_BYTES + 1)
        no_trace = not seen or max(lived) < seen[0] or min(lived) > seen[-1]
        assert (index in invisible) == no_trace


def test_bytes_slip_between_frames(tmp_path: Path) -> None:
    _, clean = simulate(tmp_path / "clean", channels="single")
    _, slipped = simulate(tmp_path / "slipped", channels="single", byte_slips=6)
    before, after = b"".join(clean[1]), b"".join(slipped[1])
    assert before != after
    assert len(after) % CADU_BYTES, "the grid has moved"
    frames = [frame.tobytes() for frame in cadus(clean[1])]
    whole = sum(frame in after for frame in frames)
    assert len(frames) - whole == 3, "every second slip shortens a frame"


def test_chunks_swapped_and_late(tmp_path: Path) -> None:
    _, clean = simulate(tmp_path / "clean", chunk_frames=10)
    _, swapped = simulate(tmp_path / "swapped", chunk_frames=10, swapped_chunks=True)
    late, same = simulate(tmp_path / "late", chunk_frames=10, late_chunk=True)
    for channel in (1, 2):
        assert swapped[channel] == [clean[channel][1], clean[channel][0], *clean[channel][2:]]
    assert same == clean
    for listed in read_session(tmp_path / "late" / late.session_id).channels.values():
        numbers = [chunk.path.rpartition("_")[2] for chunk in listed]
        assert numbers == [*sorted(numbers)[1:], "00001.raw"]


def test_a_truncated_chunk_is_named(tmp_path: Path) -> None:
    truth, _ = simulate(tmp_path, chunk_frames=10, truncated=True)
    with pytest.raises(InputCorrupt, match=r"ch1_DSDB_00001\.raw"):
        read_session(tmp_path / truth.session_id)


def test_what_cannot_be_simulated(tmp_path: Path) -> None:
    options = SessionOptions(start=START)
    with pytest.raises(ValueError, match="no packets"):
        simulate_session(np.empty(0, np.uint8), np.empty(0, np.int64), tmp_path, options)
    with pytest.raises(ValueError, match="lengths"):
        simulate_session(PACKETS.reshape(-1), np.array([58]), tmp_path, options)
    simulate(tmp_path)
    with pytest.raises(FileExistsError):
        simulate(tmp_path)


def test_simulated_packets_have_the_form_of_real_ones() -> None:
    packets = simulate_mwr_packets(500, seed=1, start=START, first_sequence_count=16000)
    flat, lengths = packets.reshape(-1), np.full(500, PACKET_BYTES)
    assert not crc16_of_packets(flat, np.arange(500) * PACKET_BYTES, lengths).any()
    sequence = (packets[:, 2].astype(int) << 8 | packets[:, 3]) & 0x3FFF
    assert sequence.tolist() == [(16000 + i) % 16384 for i in range(500)]
    utc_ns = cuc_gps_to_utc_ns(packets[:, 10:17])
    assert abs(int(utc_ns[0]) - int(START.timestamp() * 1e9)) < 100
    assert np.median(np.diff(utc_ns)) == pytest.approx(0.15288e9, abs=100)
    with pytest.raises(ValueError, match="2017"):
        simulate_mwr_packets(1, seed=0, start=datetime(2016, 1, 1, tzinfo=UTC))


@pytest.mark.shared
def test_constant_bytes_are_those_of_real_packets(shared_data: Path) -> None:
    real = np.fromfile(shared_data / "s3_l0" / "S3A_MWR_L0_20221101T092439_isp.dat", np.uint8).reshape(-1, PACKET_BYTES)
    constant = [0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 17]
    assert (real[:, constant] == simulate_mwr_packets(1, seed=0)[0, constant]).all()
