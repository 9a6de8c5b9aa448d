"""Simulated data takes: packets decode back to what was sent, with the right times; sessions hold them."""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from refsys.chains.frame_decoding import CADU_BYTES
from refsys.chains.sentinel1.l0_labels import label
from refsys.chains.sentinel1.simulated_tables import simulated_tables
from refsys.chains.sentinel1.simulation.acquisition import CALIBRATION, NOISE_PACKETS, DataTake, simulate_packets
from refsys.chains.sentinel1.simulation.ancillary_words import ancillary_words, gps_ns
from refsys.chains.sentinel1.simulation.echoes import Noise, simulate_echoes
from refsys.chains.sentinel1.simulation.geometry import height
from refsys.chains.sentinel1.simulation.instrument import IW1, IW2, S3, shortened, stripmap
from refsys.chains.sentinel1.simulation.orbit import EPOCH, SIMULATED_ORBIT, states
from refsys.chains.sentinel1.simulation.scene import Scene, point_target
from refsys.chains.sentinel1.simulation.session import SessionOptions, simulate_session
from refsys.chains.sentinel1.simulation.tops import Burst, iw_bursts
from refsys.chains.sessions import read_session
from refsys.kernels.ccsds.frame_headers import parse_vcdu_headers
from refsys.kernels.ccsds.frame_order import merge_frames
from refsys.kernels.ccsds.packet_assembly import assemble_packets
from refsys.kernels.ccsds.randomizer import derandomise
from refsys.kernels.ccsds.reed_solomon import decode
from refsys.kernels.sentinel1.baq import STATUS_OK, Samples, decode_samples
from refsys.kernels.sentinel1.baq_tables import compile_tables
from refsys.kernels.sentinel1.packets import Headers, decode_headers, find_packets, header_flags
from refsys.kernels.sentinel1.radar import gps_time_ns, platform_time_ns
from refsys.kernels.sentinel1.subcom import decode_cycles, find_cycles

Axis = npt.NDArray[np.float64]

LOOKUP = compile_tables(simulated_tables())
STRIP = stripmap(shortened(S3, 3200), gain=150.0)
PART = Burst(0, STRIP, STRIP.raw_grid(0.25, 90))
SCENE = Scene((point_target(SIMULATED_ORBIT, 0.28, 800.2e3),))
TAKE = DataTake(noise=Noise(100.0, seed=5))


def decoded(packets: bytes) -> tuple[Headers, Samples]:
    buffer = np.frombuffer(packets, np.uint8)
    index = find_packets(buffer)
    assert index.unread_bytes == 0
    headers = decode_headers(buffer, index.offsets)
    assert not header_flags(headers, index.lengths).any()
    samples = decode_samples(buffer, index.offsets, index.lengths, headers, LOOKUP)
    assert set(samples.status.tolist()) == {STATUS_OK}
    return headers, samples


@pytest.fixture(scope="module")
def strip() -> tuple[bytes, Headers, Samples]:
    packets = b"".join(simulate_packets([PART], SCENE, TAKE))
    return (packets, *decoded(packets))


def test_a_data_take_has_the_real_order(strip: tuple[bytes, Headers, Samples]) -> None:
    _, headers, _ = strip
    kinds = [label("ses_signal_type", code) for code in headers["ses_signal_type"].tolist()]
    pulses = ["Tx cal", "Rx cal", "EPDN cal", "TA cal", "APDN cal"] * 2
    assert len(CALIBRATION) == 5
    assert kinds == ["noise"] * 8 + pulses + ["echo"] * 90 + ["noise"] * 8 + pulses
    assert headers["space_packet_count"].tolist() == list(range(126))
    # Pulses whose echoes were still under way have no packet: ten before calibration, ten before the first echo.
    steps = np.diff(headers["pri_count"].astype(np.int64))
    assert {k: step for k, step in enumerate(steps.tolist()) if step != 1} == {7: 11, 17: 11, 115: 11}
    assert set(headers["ecc_number"].tolist()) == {13}
    assert set(headers["swl"][headers["ses_signal_type"] == 8].tolist()) == {1758}  # as in the real Tx cal packet


def test_times_are_those_of_the_pulses(strip: tuple[bytes, Headers, Samples]) -> None:
    _, headers, _ = strip
    echo = headers["ses_signal_type"] == 0
    since_s = (gps_time_ns(headers["coarse_time"], headers["fine_time"]) - gps_ns(0.0)) * 1e-9
    # The packet's time is that of the PRI in which the window opens, `rank` after the pulse; cut to 2^-16 s.
    sent = PART.grid.pulse_times_s() + 10 * PART.grid.pri_s
    assert np.abs(since_s[echo] - sent).max() <= 2**-17 + 1e-9
    pulse = headers["pri_count"].astype(np.float64) - headers["pri_count"][echo][0]
    assert np.abs(since_s - (sent[0] + pulse * PART.grid.pri_s)).max() <= 2**-17 + 1e-9
    # Sixteen leap seconds in 2013.
    assert gps_ns(0.0) == (int(EPOCH.timestamp()) - 315_964_800 + 16) * 1_000_000_000


def test_echoes_come_back_but_for_their_quantisation(strip: tuple[bytes, Headers, Samples]) -> None:
    _, headers, samples = strip
    found = samples.iq.reshape(-1)
    starts = np.concatenate([[0], np.cumsum(2 * headers["quads"].astype(np.int64))])
    echoes = np.flatnonzero(headers["ses_signal_type"] == 0)
    raw = simulate_echoes(PART.grid, STRIP, SCENE, TAKE.noise)
    for line, packet in ((0, echoes[0]), (77, echoes[77])):
        own = found[starts[packet] : starts[packet + 1]]
        error = np.mean(np.abs(own - raw[line]) ** 2) / np.mean(np.abs(raw[line]) ** 2)
        assert error < 0.03  # 14 levels for a Gaussian: 0.012
    noise = found[starts[0] : starts[NOISE_PACKETS]]
    assert np.mean(np.abs(noise) ** 2) == pytest.approx(100.0, rel=0.03)
    tx = found[starts[NOISE_PACKETS] : starts[NOISE_PACKETS + 1]]
    loud = np.flatnonzero(np.abs(tx) > 80)
    assert (loud[0], loud[-1], tx.size) == (30, 2977, 3034)  # the places of the real pulse


def test_the_orbit_is_in_the_packets() -> None:
    # A cycle is 64 packets: three of them in this take, the first from noise on.
    headers, _ = decoded(b"".join(simulate_packets([PART._replace(grid=STRIP.raw_grid(0.0, 192))], Scene(), TAKE)))
    starts = find_cycles(headers["space_packet_count"].astype(np.uint32), headers["subcom_index"].astype(np.uint8))
    cycles = decode_cycles(headers["subcom_word"].astype(np.uint16), starts)
    assert starts.tolist() == [0, 64, 128]
    for cycle in cycles:
        time_s = (int(platform_time_ns(cycle["pvt_time_stamp"])) - gps_ns(0.0)) * 1e-9
        assert time_s == pytest.approx(round(time_s), abs=1e-9)
        (position,), (velocity,) = states(SIMULATED_ORBIT, time_s)
        np.testing.assert_allclose(cycle["position_m"], position, rtol=0, atol=1e-6)
        np.testing.assert_allclose(cycle["velocity_m_s"], velocity, rtol=1e-7)
        scalar, *vector = cycle["quaternion"].tolist()
        assert scalar**2 + sum(part**2 for part in vector) == pytest.approx(1, abs=1e-6)
        # The satellite's z axis, turned into Earth-fixed ones, points to the right of the way down.
        axis = rotated(np.array([0.0, 0.0, 1.0]), scalar, np.array(vector))
        off = math.degrees(math.acos(-axis @ position / np.linalg.norm(position)))
        assert off == pytest.approx(29.45 - 5.66e-5 * (height(tuple(position.tolist())) - 711_700), abs=0.3)
        assert np.cross(velocity, axis) @ position < 0
        ahead = rotated(np.array([1.0, 0.0, 0.0]), scalar, np.array(vector))
        np.testing.assert_allclose(ahead, velocity / np.linalg.norm(velocity), atol=1e-6)


def rotated(axis: Axis, scalar: float, vector: Axis) -> Axis:
    """Turn a vector of the satellite's axes into Earth-fixed ones."""
    return np.asarray(axis + 2 * np.cross(vector, np.cross(vector, axis) + scalar * axis), np.float64)


def test_bursts_of_two_swaths_alternate() -> None:
    codes = (shortened(IW1, 16), shortened(IW2, 16))
    parts = [burst._replace(grid=burst.grid._replace(lines=70)) for burst in iw_bursts(2, codes=codes)]
    headers, _ = decoded(b"".join(simulate_packets(parts, Scene(), DataTake("VH"))))
    echo = headers["ses_signal_type"] == 0
    assert headers["ses_swath_number"][echo].tolist() == [10] * 70 + [11] * 70 + [10] * 70 + [11] * 70
    assert set(headers["rx_channel_id"].tolist()) == {1}
    assert set(headers["sas_polarisation"].tolist()) == {5}
    assert set(headers["baq_mode"][echo].tolist()) == {12}
    since_s = (gps_time_ns(headers["coarse_time"], headers["fine_time"]) - gps_ns(0.0)) * 1e-9
    assert np.all(np.diff(since_s) > 0)


def test_same_seed_same_bytes(strip: tuple[bytes, Headers, Samples]) -> None:
    packets, *_ = strip
    assert b"".join(simulate_packets([PART], SCENE, TAKE)) == packets
    other = TAKE._replace(noise=TAKE.noise._replace(seed=6))
    assert b"".join(simulate_packets([PART], SCENE, other)) != packets


def test_a_data_take_needs_parts_in_order() -> None:
    for parts in ([], [PART, PART]):
        with pytest.raises(ValueError, match="one part at least, in order"):
            next(simulate_packets(parts, Scene(), TAKE))
    assert ancillary_words(SIMULATED_ORBIT, 0.0).shape == (64,)


@pytest.mark.parametrize("channels", ["single", "duplicate", "split"])
def test_a_session_holds_the_packets(channels: str, tmp_path: Path, strip: tuple[bytes, Headers, Samples]) -> None:
    packets, *_ = strip
    options = SessionOptions.model_validate({"start": EPOCH, "channels": channels, "chunk_frames": 60})
    cross = packets[: 27104 // 2]
    whole = find_packets(np.frombuffer(cross, np.uint8))
    cross = cross[: len(cross) - whole.unread_bytes]
    place = simulate_session({"VV": [packets], "VH": [cross]}, tmp_path, options)
    session = read_session(place)
    assert (session.mission, session.satellite) == ("S1", "A")
    assert sorted(session.channels) == (["1"] if channels == "single" else ["1", "2"])
    for number, wanted in ((24, packets), (25, cross)):
        counters, valid, mpdus = [], [], []
        for chunks in session.channels.values():
            stream = b"".join((place / chunk.path).read_bytes() for chunk in chunks)
            frames = decode(derandomise(np.frombuffer(stream, np.uint8).reshape(-1, CADU_BYTES)))[0]
            heads = parse_vcdu_headers(frames)
            own = heads.virtual_channel_id == number
            counters.append(heads.counter[own])
            valid.append(np.ones(own.sum(), np.bool_))
            mpdus.append(frames[own][:, 6:])
        merge = merge_frames(counters, valid)
        taken = np.array([mpdus[c][r] for c, r in zip(merge.channel.tolist(), merge.row.tolist(), strict=True)])
        assert assemble_packets(merge.counter, taken, merge.valid).data.tobytes() == wanted


def test_sessions_of_no_polarisation_or_broken_packets_are_refused(tmp_path: Path) -> None:
    options = SessionOptions(start=EPOCH)
    for packets in ({}, {"XX": [b""]}):
        with pytest.raises(ValueError, match="cannot be sent"):
            simulate_session(packets, tmp_path, options)
    with pytest.raises(ValueError, match="no whole packet"):
        simulate_session({"VV": [bytes(100)[:3]]}, tmp_path, options)
