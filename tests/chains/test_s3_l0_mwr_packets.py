"""Merging, extraction and what is missing: against what went in, for any losses and any order of the frames."""

import binascii

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.chains.frame_merging import ChannelFrames, merge_channels
from refsys.chains.sentinel3.l0_mwr_packets import SEQUENCE_UNKNOWN, InstrumentPackets, extract
from refsys.chains.sentinel3.mwr_packets import MEDIAN_STEP_S, simulate_mwr_packets
from refsys.kernels.ccsds.frame_encoding import build_mpdus

APID = 1323
ZONE = 1776
Bytes = npt.NDArray[np.uint8]


def channel(mpdus: Bytes, rows: npt.NDArray[np.int64], first: int = 0, spacecraft: int = 1) -> ChannelFrames:
    """What a channel has that received these frames in this order."""
    return ChannelFrames(
        counter=(rows + first) % (1 << 24),
        spacecraft_id=np.full(rows.size, spacecraft, np.uint8),
        valid=np.ones(rows.size, np.bool_),
        mpdus=mpdus[rows],
    )


def whole(packets: Bytes, zone: int = ZONE) -> ChannelFrames:
    mpdus = build_mpdus(packets.reshape(-1), np.full(len(packets), packets.shape[1]), zone)
    return channel(mpdus, np.arange(len(mpdus)))


def extracted(*channels: ChannelFrames) -> InstrumentPackets:
    return extract(merge_channels(channels), APID)


def with_crc(packet: Bytes) -> Bytes:
    crc = binascii.crc_hqx(packet[:-2].tobytes(), 0xFFFF)
    return np.concatenate([packet[:-2], np.frombuffer(crc.to_bytes(2, "big"), np.uint8)])


@given(
    count=st.integers(1, 300),
    zone=st.sampled_from([100, 256, ZONE]),
    first=st.sampled_from([0, (1 << 24) - 3, 12345]),
    sequence=st.sampled_from([0, 16_380, 9_000]),
    data=st.data(),
)
@settings(max_examples=100, deadline=None)
def test_any_losses_in_any_order(count: int, zone: int, first: int, sequence: int, data: st.DataObject) -> None:
    packets = simulate_mwr_packets(count, seed=count, first_sequence_count=sequence)
    mpdus = build_mpdus(packets.reshape(-1), np.full(count, packets.shape[1]), zone)
    frames = np.arange(len(mpdus))
    kept = [data.draw(st.sets(st.sampled_from(frames.tolist()))) for _ in range(2)]
    order = [np.array(data.draw(st.permutations(sorted(rows))), np.int64) for rows in kept]
    there = kept[0] | kept[1]
    lived = [set(range(i * 58 // zone, (i * 58 + 57) // zone + 1)) for i in range(count)]
    recovered = [i for i in range(count) if lived[i] <= there]
    if not recovered:
        with pytest.raises(ValueError, match=r"no intact packet|no frame"):
            extracted(*(channel(mpdus, rows, first) for rows in order))
        return
    result = extracted(*(channel(mpdus, rows, first) for rows in order))
    assert result.data.tobytes() == packets[recovered].tobytes()
    traced = [
        i for i in range(count) if i not in recovered and min(there) <= max(lived[i]) and min(lived[i]) <= max(there)
    ]
    # A packet that opens or closes what was received shows itself; others beyond the edges do not.
    inside = [i for i in traced if recovered[0] < i < recovered[-1]]
    edges = [i for i in traced if i == recovered[0] - 1 or i == recovered[-1] + 1]
    reported = (result.missing.sequence - result.sequence[0] + recovered[0]).tolist()
    assert set(inside) <= set(reported) <= set(inside) | set(edges)
    assert len(set(reported)) == len(reported)
    steps = np.diff(result.missing.utc_ns)
    assert (steps > 0).all()


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_edges_are_reported_where_their_frames_follow_each_other(data: st.DataObject) -> None:
    """Losses at head and tail only: the packet cut by the edge is reported, those beyond are not."""
    packets = simulate_mwr_packets(200, seed=1)
    mpdus = build_mpdus(packets.reshape(-1), np.full(200, 58), 256)
    begin = data.draw(st.integers(0, len(mpdus) - 3))
    end = data.draw(st.integers(begin + 2, len(mpdus)))
    result = extracted(channel(mpdus, np.arange(begin, end)))
    first, last = -(-begin * 256 // 58), min(end * 256 // 58, 200) - 1
    assert result.sequence.size == last - first + 1
    expected = [first - 1] * (begin * 256 % 58 > 0) + [last + 1] * (last < 199 and end * 256 % 58 > 0)
    # With one byte of it there, its APID cannot be read.
    if end * 256 % 58 == 1 and last < 199:
        assert result.tail.partial_packet == "unknown"
        expected = expected[:-1]
    assert (result.missing.sequence - result.sequence[0] + first).tolist() == expected


def test_a_loss_longer_than_the_sequence_count() -> None:
    packets = simulate_mwr_packets(60_000, seed=1)
    kept = np.r_[0:1000, 55_000:60_000]
    result = extracted(whole(packets[kept]))
    assert (result.sequence - result.sequence[0] == kept).all()
    assert result.missing.sequence.size == 54_000
    assert np.abs(np.diff(result.missing.utc_ns) - MEDIAN_STEP_S * 1e9).max() < 1e3


def test_times_that_jump_without_a_loss() -> None:
    packets = simulate_mwr_packets(400, seed=1)
    ticks = int.from_bytes(packets[200, 10:17].tobytes(), "big")
    for i in range(200, 400):
        ticks_i = ticks + (1 << 24) * 2 + i * 100
        packets[i, 10:17] = np.frombuffer(ticks_i.to_bytes(7, "big"), np.uint8)
        packets[i] = with_crc(packets[i])
    assert extracted(whole(packets)).missing.sequence.size == 0


def test_packets_come_in_order_of_time() -> None:
    packets = simulate_mwr_packets(300, seed=1)
    result = extracted(whole(np.concatenate([packets[200:], packets[:200]])))
    assert result.data.tobytes() == packets.tobytes()
    assert result.counts["packets_reordered"] == 1


def test_packets_sent_twice_are_there_once() -> None:
    packets = simulate_mwr_packets(300, seed=1)
    result = extracted(whole(np.concatenate([packets, packets[100:150]])))
    assert result.data.tobytes() == packets.tobytes()
    assert result.counts["packets_duplicate"] == 50


def test_a_wrong_crc_is_kept_and_flagged() -> None:
    packets = simulate_mwr_packets(100, seed=1, first_sequence_count=16_350)
    spoilt = packets.copy()
    spoilt[50, 30] ^= 1  # measurement
    spoilt[60, 12] ^= 0x80  # time
    spoilt[70, 2] ^= 0x10  # sequence count, by 4096
    spoilt[0, 20] ^= 4
    spoilt[99, 20] ^= 4
    result = extracted(whole(spoilt))
    assert result.data.tobytes() == spoilt.tobytes()
    assert np.flatnonzero(~result.crc_ok).tolist() == [0, 50, 60, 70, 99]
    expected = 16_350 + np.arange(100)
    expected[70] = SEQUENCE_UNKNOWN
    result_sequence = result.sequence - (result.sequence[1] - expected[1])
    result_sequence[70] = result.sequence[70]
    assert result_sequence.tolist() == expected.tolist()
    assert (result.missing.sequence - result.sequence[1]).tolist() == [69], "the count of 70 is nowhere"
    assert result.counts["packets_crc_errors"] == 5


def test_channels_that_contradict_each_other() -> None:
    packets = simulate_mwr_packets(300, seed=1)
    good, other = whole(packets), whole(packets)
    other.mpdus[3, 100] ^= 1
    source = merge_channels([good, other])
    assert (source.duplicates, source.conflicting) == (len(good.counter), 1)
    assert extract(source, APID).data.tobytes() == packets.tobytes()


def test_frames_of_another_spacecraft_are_left_out() -> None:
    packets = simulate_mwr_packets(300, seed=1)
    own = whole(packets)
    foreign = channel(own.mpdus[:3] ^ np.uint8(1), np.array([0, 1, 2]), first=1 << 23, spacecraft=2)
    source = merge_channels([own, foreign])
    assert source.foreign == 3
    assert extract(source, APID).data.tobytes() == packets.tobytes()


def test_unreadable_frames_count_as_lost_and_known() -> None:
    packets = simulate_mwr_packets(300, seed=1)
    frames = whole(packets)
    frames.valid[[0, 1, -1]] = False
    result = extracted(frames)
    assert (result.head.unreadable_frames, result.tail.unreadable_frames) == (2, 1)
    copies = [whole(packets), frames]
    assert extracted(*copies).data.tobytes() == packets.tobytes(), "the other channel has them"


def test_other_packets_on_the_channel() -> None:
    packets = simulate_mwr_packets(300, seed=1)
    mixed = packets.copy()
    mixed[1::3, 0:2] = [0x08, 0x2A]
    result = extracted(whole(mixed))
    ours = np.arange(300) % 3 != 1
    assert result.data.tobytes() == packets[ours].tobytes()
    assert result.counts["packets_other_apid"] == 100
    # The first packet is of another APID's if its head is not there: nobody can tell.
    frames = whole(mixed)
    cut = ChannelFrames._make(column[1:] for column in frames)
    assert extracted(cut).head.partial_packet == "unknown"


def test_packets_too_short_for_a_time() -> None:
    short = np.frombuffer(bytes.fromhex("0d2bc0000003") + bytes(4), np.uint8)
    packets = simulate_mwr_packets(50, seed=1)
    stream = np.concatenate([packets.reshape(-1), short])
    mpdus = build_mpdus(stream, np.array([58] * 50 + [10]), ZONE)
    result = extracted(channel(mpdus, np.arange(len(mpdus))))
    assert result.counts["packets_too_short"] == 1
    assert result.data.tobytes() == packets.tobytes()


@given(st.binary(min_size=ZONE + 2, max_size=4 * (ZONE + 2)))
@settings(max_examples=60, deadline=None)
def test_garbage_frames_end_in_an_error_or_a_result(garbage: bytes) -> None:
    count = len(garbage) // (ZONE + 2)
    mpdus = np.frombuffer(garbage, np.uint8)[: count * (ZONE + 2)].reshape(count, -1)
    packets = simulate_mwr_packets(40, seed=1)
    good = build_mpdus(packets.reshape(-1), np.full(40, 58), ZONE)
    frames = channel(np.concatenate([mpdus, good]), np.arange(count + len(good)))
    result = extracted(frames)
    assert result.data.tobytes().endswith(packets.tobytes())
