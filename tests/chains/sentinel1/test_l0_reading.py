"""Files of packets that are read in parts say what those read whole say."""

from pathlib import Path

import numpy as np
import pytest

from refsys.chains.sentinel1 import l0_reading
from refsys.chains.sentinel1.l0_reading import open_packets
from refsys.chains.sentinel1.simulation.acquisition import DataTake, simulate_packets
from refsys.chains.sentinel1.simulation.instrument import S3, shortened, stripmap
from refsys.chains.sentinel1.simulation.scene import Scene
from refsys.chains.sentinel1.simulation.tops import Burst
from refsys.kernels.sentinel1.packets import decode_headers, find_packets
from refsys.model.errors import InputCorrupt


@pytest.fixture(scope="module")
def packets() -> bytes:
    acquisition = stripmap(shortened(S3, 400))
    return b"".join(simulate_packets([Burst(0, acquisition, acquisition.raw_grid(0.0, 40))], Scene(()), DataTake()))


@pytest.mark.parametrize("window_bytes", [1 << 16, 77_777, 1 << 20])
def test_parts_are_the_whole(
    packets: bytes, window_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(l0_reading, "_WINDOW_BYTES", window_bytes)
    path = tmp_path / "packets.dat"
    path.write_bytes(packets)
    data = np.frombuffer(packets, np.uint8)
    index = find_packets(data)
    assert data.size > 2 * (1 << 16)
    file = open_packets(path)
    np.testing.assert_array_equal(file.offsets, index.offsets)
    np.testing.assert_array_equal(file.lengths, index.lengths)
    for name, column in decode_headers(data, index.offsets).items():
        np.testing.assert_array_equal(file.headers[name], column)
        assert file.headers[name].dtype == column.dtype


def test_a_part_holds_its_packets(packets: bytes, tmp_path: Path) -> None:
    path = tmp_path / "packets.dat"
    path.write_bytes(packets)
    file = open_packets(path)
    chosen = np.array([7, 3, file.offsets.size - 1])
    part = file.part(chosen)
    for number, offset, length in zip(chosen, part.offsets, part.lengths, strict=True):
        start = int(file.offsets[number])
        assert part.data[offset : offset + length].tobytes() == packets[start : start + int(file.lengths[number])]
    assert part.data.size == len(packets) - int(file.offsets[3])


def test_a_cut_is_seen_in_the_last_part(packets: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(l0_reading, "_WINDOW_BYTES", 1 << 16)
    path = tmp_path / "packets.dat"
    path.write_bytes(packets[:-1])
    last = int(find_packets(np.frombuffer(packets, np.uint8)).lengths[-1])
    with pytest.raises(InputCorrupt, match=f"truncated: {last - 1} bytes"):
        open_packets(path)
