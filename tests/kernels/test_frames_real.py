"""From CADUs to packets on real data: Suomi-NPP frames, and Sentinel-3A radiometer packets wrapped into frames."""

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from refsys.kernels.ccsds.crc import crc16_ok
from refsys.kernels.ccsds.frame_encoding import build_mpdus, encode_cadus
from refsys.kernels.ccsds.frame_headers import build_vcdus, parse_vcdu_headers
from refsys.kernels.ccsds.frame_sync import synchronise
from refsys.kernels.ccsds.packet_assembly import Packets, assemble_packets
from refsys.kernels.ccsds.packets import parse_packet_headers, sequence_gaps, split_packets, unwrap_sequence
from refsys.kernels.ccsds.randomizer import derandomise
from refsys.kernels.ccsds.reed_solomon import decode, encode
from refsys.kernels.ccsds.times import GPS_EPOCH_NS, cuc_to_ns

pytestmark = pytest.mark.shared


def packets_of(stream: np.ndarray, frame_bytes: int) -> tuple[Packets, np.ndarray]:
    data, corrected = decode(derandomise(synchronise(stream, frame_bytes).cadus))
    return assemble_packets(
        parse_vcdu_headers(data).counter, data[:, 6:], np.asarray((corrected >= 0).all(axis=1))
    ), corrected


@pytest.fixture(scope="module")
def npp(shared_data: Path) -> npt.NDArray[np.uint8]:
    return np.fromfile(shared_data / "ccsds" / "cadu" / "snpp_synchronized_cadus.dat", np.uint8)


@pytest.fixture(scope="module")
def mwr(shared_data: Path) -> npt.NDArray[np.uint8]:
    return np.fromfile(shared_data / "s3_l0" / "S3A_MWR_L0_20221101T092439_isp.dat", np.uint8)


@pytest.fixture(scope="module")
def mwr_cadus(mwr: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    mpdus = build_mpdus(mwr, split_packets(mwr)[1], 1776)
    return encode_cadus(build_vcdus(mpdus, spacecraft_id=1, virtual_channel_id=5, first_counter=(1 << 24) - 600))


def test_npp_frames_give_the_known_packets(npp: npt.NDArray[np.uint8]) -> None:
    packets, corrected = packets_of(npp, 1024)
    assert (corrected == 0).all()
    assert hashlib.md5(packets.data.tobytes()).hexdigest() == "5e11051d86c46ddc3500904c99bbe978"
    headers = parse_packet_headers(packets.data, packets.offsets)
    assert headers.apid.tolist() == [802] + [803] * 11
    assert headers.sequence_count.tolist() == [9875, 9859, *range(9861, 9871)]
    assert np.flatnonzero(packets.after_gap).tolist() == [2]


def test_npp_frames_are_what_our_encoder_makes(npp: npt.NDArray[np.uint8]) -> None:
    cadus = npp.reshape(-1, 1024)
    data = decode(derandomise(cadus))[0]
    assert np.array_equal(encode_cadus(data), cadus)
    headers = parse_vcdu_headers(data)
    assert set(
        zip(headers.version.tolist(), headers.spacecraft_id.tolist(), headers.virtual_channel_id.tolist(), strict=True)
    ) == {(1, 157, 16)}
    assert headers.counter[[0, -1]].tolist() == [9842876, 9842941]


def test_mwr_packets_come_back_identical(mwr: npt.NDArray[np.uint8], mwr_cadus: npt.NDArray[np.uint8]) -> None:
    packets, corrected = packets_of(mwr_cadus.ravel(), 2044)
    assert packets.lengths.size == 39_477
    assert np.array_equal(packets.data, mwr)
    assert (corrected == 0).all()
    assert crc16_ok(packets.data, packets.offsets, packets.lengths).all()


@pytest.mark.parametrize("wrong", [8, 16, 17])
def test_mwr_packets_with_wrong_bytes_in_every_codeword(
    mwr: npt.NDArray[np.uint8], mwr_cadus: npt.NDArray[np.uint8], wrong: int
) -> None:
    rng = np.random.default_rng(wrong)
    cadus = mwr_cadus.copy()
    words = cadus[:, 4:].reshape(-1, 255, 8)
    for way in range(8):
        where = rng.permuted(np.tile(np.arange(255), (len(words), 1)), axis=1)[:, :wrong]
        words[np.arange(len(words))[:, None], where, way] ^= rng.integers(1, 256, where.shape, dtype=np.uint8)
    cadus[:, 4:] = words.reshape(len(words), -1)
    packets, corrected = packets_of(cadus.ravel(), 2044)
    assert (corrected == (wrong if wrong <= 16 else -1)).all()
    assert np.array_equal(packets.data, mwr if wrong <= 16 else mwr[:0])


def test_mwr_packets_of_lost_frames_are_the_missing_ones(
    mwr: npt.NDArray[np.uint8], mwr_cadus: npt.NDArray[np.uint8]
) -> None:
    lost = np.sort(np.random.default_rng(3).choice(np.arange(1, len(mwr_cadus) - 1), 13, replace=False))
    packets, _ = packets_of(np.delete(mwr_cadus, lost, axis=0).ravel(), 2044)
    begins = np.arange(39_477) * 58
    hit = np.isin(begins // 1776, lost) | np.isin((begins + 57) // 1776, lost)
    assert np.array_equal(packets.data.reshape(-1, 58), mwr.reshape(-1, 58)[~hit])
    sequence = unwrap_sequence(parse_packet_headers(packets.data, packets.offsets).sequence_count)
    gaps = sequence_gaps(sequence)
    missing = np.concatenate([np.arange(n) + first for first, n in zip(gaps.first_missing, gaps.missing, strict=True)])
    assert np.array_equal(missing - sequence[0], np.flatnonzero(hit))


def test_mwr_header_columns_and_times(mwr: npt.NDArray[np.uint8]) -> None:
    headers = parse_packet_headers(mwr, split_packets(mwr)[0])
    assert set(headers.apid.tolist()) == {1323}
    assert sequence_gaps(unwrap_sequence(headers.sequence_count)).missing.size == 0
    gps = (cuc_to_ns(mwr.reshape(-1, 58)[:, 10:17]) + GPS_EPOCH_NS).view("datetime64[ns]")
    expected = np.array(["2022-11-01T09:24:57.695148", "2022-11-01T11:05:35.581942"], "datetime64[us]")
    assert (np.abs(gps[[0, -1]] - expected) <= np.timedelta64(500, "ns")).all()
    steps_s = np.diff(gps).astype(np.int64) / 1e9
    assert (round(float(np.median(steps_s)), 5), round(float(steps_s.max()), 4)) == (0.15288, 1.5631)


def test_encoded_frames_have_the_real_length(mwr_cadus: npt.NDArray[np.uint8]) -> None:
    assert mwr_cadus.shape == (1290, 2044)
    assert np.array_equal(encode(decode(derandomise(mwr_cadus[:3]))[0]), derandomise(mwr_cadus[:3]))
