"""Chunks of one channel to frames in a group: however the stream is cut, whatever lies between."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

import refsys.chains.frame_decoding as module
from refsys.chains.frame_decoding import MPDU_BYTES, decode_channel
from refsys.chains.sentinel3.mwr_packets import simulate_mwr_packets
from refsys.chains.sentinel3.session_simulator import SessionOptions, simulate_session
from refsys.model.errors import InputCorrupt

START = datetime(2022, 11, 1, 11, 5, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> npt.NDArray[np.uint8]:
    packets = simulate_mwr_packets(1200, seed=1)
    options = SessionOptions(start=START, channels="single", chunk_frames=10_000)
    folder = tmp_path_factory.mktemp("session")
    truth = simulate_session(packets.reshape(-1), np.full(1200, 58), folder, options)
    (chunk,) = (folder / truth.session_id).glob("*.raw")
    return np.fromfile(chunk, np.uint8)


def decoded(folder: Path, chunks: list[bytes]) -> tuple[dict[str, npt.NDArray[np.generic]], dict[str, JsonValue]]:
    paths = [folder / f"{number}.raw" for number in range(len(chunks))]
    for path, chunk in zip(paths, chunks, strict=True):
        path.write_bytes(chunk)
    group = zarr.open_group(folder / "group.zarr", mode="w", zarr_format=3)
    told: list[float] = []
    figures = decode_channel(paths, {5: group}, marker_bit_errors=4, progress=lambda fraction, _: told.append(fraction))
    assert told == sorted(told)
    assert told[-1] == 1
    return {name: np.asarray(array[...]) for name, array in group.arrays()}, figures


@given(data=st.data())
@settings(max_examples=8, deadline=None)
def test_the_cuts_between_chunks_and_blocks_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, stream: npt.NDArray[np.uint8], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, stream.size - 1), max_size=5)))
    chunks = [part.tobytes() for part in np.split(stream, cuts)]
    reference, figures = decoded(tmp_path_factory.mktemp("whole"), [stream.tobytes()])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK_BYTES", data.draw(st.integers(3_000, 60_000)))
        patch.setattr(module, "_ROWS", 16)
        columns, cut_figures = decoded(tmp_path_factory.mktemp("cut"), chunks)
    assert all((columns[name] == reference[name]).all() for name in reference)
    assert {**cut_figures, "chunks": 1} == figures
    assert columns["mpdus"].shape == (figures["frames_kept"], MPDU_BYTES)


def test_bytes_before_between_and_behind(tmp_path: Path, stream: npt.NDArray[np.uint8]) -> None:
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, n, dtype=np.uint8) for n in (777, 5000, 31)]
    half = stream.size // 2044 // 2 * 2044
    spoilt = np.concatenate([noise[0], stream[:half], noise[1], stream[half:], noise[2]])
    columns, figures = decoded(tmp_path, [spoilt.tobytes()])
    reference, _ = decoded(tmp_path, [stream.tobytes()])
    assert all((columns[name] == reference[name]).all() for name in reference)
    assert figures["slips"] == 1


def test_a_frame_with_a_readable_header_alone_is_kept_as_not_valid(
    tmp_path: Path, stream: npt.NDArray[np.uint8]
) -> None:
    reference, _ = decoded(tmp_path, [stream.tobytes()])
    frames = stream.copy().reshape(-1, 2044)
    frames[:, 4 + 6 :: 8][:, 10:30] ^= 0x5A  # 20 symbols of codeword 6: none of the header's
    columns, figures = decoded(tmp_path, [frames.tobytes()])
    assert (columns["counter"] == reference["counter"]).all()
    assert not columns["valid"].any()
    assert figures["uncorrectable_frames"] == len(frames)
    frames[:, 4 + 2 :: 8][:, 10:30] ^= 0x5A  # of codeword 2: the counter's
    columns, figures = decoded(tmp_path, [frames.tobytes()])
    assert columns["counter"].size == figures["frames_kept"] == 0


def test_the_chunk_that_is_not_made_of_cadus_is_named(tmp_path: Path, stream: npt.NDArray[np.uint8]) -> None:
    third = stream.size // 3
    parts = [stream[:third].tobytes(), bytes(third), stream[2 * third :].tobytes()]
    with pytest.raises(InputCorrupt, match=r"0 markers.*1\.raw"):
        decoded(tmp_path, parts)


def test_a_chunk_with_markers_everywhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputCorrupt, match=r"not .*CADUs.*0\.raw"):
        decoded(tmp_path, [bytes.fromhex("1acffc1d" + "00" * 5) * 5000])


def test_a_chunk_shorter_than_a_frame_is_no_reason_to_fail(tmp_path: Path, stream: npt.NDArray[np.uint8]) -> None:
    _, figures = decoded(tmp_path, [stream[:-100].tobytes(), stream[-100:].tobytes()])
    assert figures["frames"] == stream.size // 2044
