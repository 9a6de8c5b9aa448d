"""Measurement files: pixels come back, bytes do not depend on blocks, offsets are true, bad rows are refused."""

import itertools
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import s1_products as made
from numpy.typing import NDArray

from refsys.chains.sentinel1.safe.measurement import MeasurementPlan, write_measurement
from refsys.model.errors import InputCorrupt


def plan(kind: made.Kind) -> MeasurementPlan:
    return MeasurementPlan(kind.lines, kind.samples, kind.detected, made.grid(kind), "made up", "refsys 1", made.START)


@pytest.mark.parametrize("kind", [made.STRIPMAP, made.GROUND], ids=["complex", "detected"])
def test_pixels_and_control_points_come_back(kind: made.Kind, tmp_path: Path) -> None:
    pixels = made.pixels(kind, 1)
    summary = write_measurement(tmp_path / "a.tiff", plan(kind), [pixels])
    with rasterio.open(tmp_path / "a.tiff") as file:
        assert np.array_equal(file.read(1), pixels)
        assert file.dtypes == (("uint16",) if kind.detected else ("complex_int16",))
        points, crs = file.gcps
        assert crs.to_epsg() == 4326
        assert file.profile.get("compress") is None
    grid = made.grid(kind)
    got = np.array([(p.row, p.col, p.x, p.y, p.z) for p in points])
    wanted = np.stack([grid.line, grid.pixel, grid.longitude_deg, grid.latitude_deg, grid.height_m], axis=1)
    assert got == pytest.approx(wanted)
    part = pixels.real[pixels != 0].astype(float)
    assert summary.statistics.mean_i == pytest.approx(part.mean())
    assert summary.statistics.deviation_i == pytest.approx(part.std())


def test_pixels_lie_where_the_summary_says(tmp_path: Path) -> None:
    pixels = made.pixels(made.STRIPMAP, 2)
    first = write_measurement(tmp_path / "a.tiff", plan(made.STRIPMAP), [pixels]).first_byte
    data = (tmp_path / "a.tiff").read_bytes()
    raw = np.frombuffer(data, dtype="<i2", offset=first, count=2 * pixels.size).reshape(*pixels.shape, 2)
    assert np.array_equal(raw[..., 0] + 1j * raw[..., 1], pixels)


@pytest.mark.parametrize("kind", [made.STRIPMAP, made.GROUND], ids=["complex", "detected"])
def test_bytes_do_not_depend_on_blocks(kind: made.Kind, tmp_path: Path) -> None:
    pixels = made.pixels(kind, 3)
    for rows in (1, 7, kind.lines):
        blocks = [pixels[line : line + rows] for line in range(0, kind.lines, rows)]
        write_measurement(tmp_path / f"{rows}.tiff", plan(kind), blocks)
    contents = {path.read_bytes() for path in tmp_path.iterdir()}
    assert len(contents) == 1


def test_pixels_are_rounded_and_clipped(tmp_path: Path) -> None:
    kind = made.STRIPMAP
    pixels = np.zeros((kind.lines, kind.samples), np.complex64)
    pixels[0, :4] = [1.4 - 2.6j, 4e4 + 1j, -4e4 - 5e4j, 32767.0]
    summary = write_measurement(tmp_path / "a.tiff", plan(kind), [pixels])
    with rasterio.open(tmp_path / "a.tiff") as file:
        got = file.read(1)[0, :5].tolist()
    assert got == [1 - 3j, 32767 + 1j, -32768 - 32768j, 32767, 0]
    assert summary.clipped == 2
    assert summary.statistics.mean_q == (-3 + 1 - 32768) / 4


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (np.zeros((10, 299), np.complex64), "shape"),
        (np.zeros((10, 300), np.float32), "float32 pixels in a complex image"),
        (np.zeros((201, 300), np.complex64), "more than 200 rows"),
        (np.zeros((10, 300), np.complex64), "10 rows for an image of 200"),
        (np.full((200, 300), np.nan + 0j, np.complex64), "not finite in rows 0 to 199"),
    ],
)
def test_rows_that_do_not_fit_are_refused(block: NDArray[Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputCorrupt, match=message):
        write_measurement(tmp_path / "a.tiff", plan(made.STRIPMAP), [block])


def test_memory_does_not_grow_with_the_image(tmp_path: Path) -> None:
    block = np.ones((16, 8192), np.complex64)
    peaks = []
    for blocks in (4, 64):
        large = made.Kind(lines=16 * blocks, samples=8192)
        tracemalloc.start()
        write_measurement(tmp_path / f"{blocks}.tiff", plan(large), itertools.repeat(block, blocks))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] < 16 * block.nbytes


def test_a_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.tiff").write_bytes(b"")
    with pytest.raises(FileExistsError):
        write_measurement(tmp_path / "a.tiff", plan(made.STRIPMAP), [])
