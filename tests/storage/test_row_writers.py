"""Writers that stream: what GDAL and Zarr read back, same bytes for blocks of any height, memory that stays flat."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import rasterio
import zarr

from refsys.storage.cog import MapGrid, cog_rows
from refsys.storage.digests import digests_of_file
from refsys.storage.streaming_zarr import zarr_rows

GRID = MapGrid("EPSG:4326", 12.4, 42.0, 2.5e-4, 2.5e-4)


def image(dtype: str, lines: int = 1300, samples: int = 1100) -> np.ndarray:
    smooth = np.add.outer(np.arange(lines), np.arange(samples)) + np.random.default_rng(1).integers(0, 50, (lines, 1))
    values = smooth.astype(dtype)
    values[:40] = np.nan if dtype == "float32" else 0
    return values


def heights(total: int, height: int) -> Sequence[slice]:
    return [slice(first, min(first + height, total)) for first in range(0, total, height)]


def write_cog(path: Path, values: np.ndarray, height: int) -> None:
    nodata = np.nan if values.dtype == np.float32 else 0
    with cog_rows(path, shape=(values.shape[0], values.shape[1]), dtype=values.dtype, grid=GRID, nodata=nodata) as cog:
        for rows in heights(values.shape[0], height):
            cog.write(values[rows])


@pytest.mark.parametrize("dtype", ["float32", "uint16"])
def test_cog_is_one_by_gdal_and_by_its_bytes(tmp_path: Path, dtype: str) -> None:
    values = image(dtype)
    write_cog(tmp_path / "one.tif", values, 97)
    with rasterio.open(tmp_path / "one.tif") as found:
        np.testing.assert_array_equal(found.read(1), values)
        assert found.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert found.block_shapes == [(512, 512)]
        assert found.overviews(1) == [2, 4]
        assert found.crs.to_epsg() == 4326
        assert found.xy(0, 0) == pytest.approx((12.4 + 1.25e-4, 42.0 - 1.25e-4))
        no_data = found.dataset_mask()[:40]
        assert not no_data.any()
        half = found.read(1, out_shape=(650, 550))
        want = values[40:].reshape(630, 2, 550, 2).mean(axis=(1, 3), dtype=np.float64)
        np.testing.assert_allclose(half[20:], want, atol=0.51)
    write_cog(tmp_path / "two.tif", values, 512)
    assert digests_of_file(tmp_path / "one.tif") == digests_of_file(tmp_path / "two.tif")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.tif", "two.tif"]


def test_cog_does_not_appear_if_anything_goes_wrong(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="only 4 of 8 rows"):  # noqa: SIM117
        with cog_rows(tmp_path / "a.tif", shape=(8, 8), dtype="uint16", grid=GRID) as cog:
            cog.write(np.zeros((4, 8), np.uint16))
    with pytest.raises(ValueError, match="do not fit"):  # noqa: SIM117
        with cog_rows(tmp_path / "a.tif", shape=(8, 8), dtype="uint16", grid=GRID) as cog:
            cog.write(np.zeros((4, 8), np.float32))
    with pytest.raises(ValueError, match="cannot be written"):  # noqa: SIM117
        with cog_rows(tmp_path / "a.tif", shape=(0, 8), dtype="uint16", grid=GRID):
            pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "uint32", "float64"])
def test_cog_of_each_type_comes_back(tmp_path: Path, dtype: str) -> None:
    values = np.arange(24).reshape(4, 6).astype(dtype)
    write_cog(tmp_path / "a.tif", values, 3)
    with rasterio.open(tmp_path / "a.tif") as found:
        assert found.dtypes == (dtype,)
        np.testing.assert_array_equal(found.read(1), values)


@pytest.mark.parametrize("dtype", ["complex64", "float16", "bool", ">u2", "datetime64[s]", "O"])
def test_cog_of_another_type_is_refused_before_anything_is_written(tmp_path: Path, dtype: str) -> None:
    with pytest.raises(ValueError, match="types are"):  # noqa: SIM117
        with cog_rows(tmp_path / "in" / "a.tif", shape=(8, 8), dtype=dtype, grid=GRID):
            pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "grid",
    [
        GRID._replace(east_step=0.0),
        GRID._replace(east_step=np.nan),
        GRID._replace(south_step=-1.0),
        GRID._replace(south_step=np.inf),
        GRID._replace(west=np.nan),
    ],
)
def test_cog_on_an_impossible_grid_is_refused(tmp_path: Path, grid: MapGrid) -> None:
    with pytest.raises(ValueError, match="a map from"):  # noqa: SIM117
        with cog_rows(tmp_path / "in" / "a.tif", shape=(8, 8), dtype="uint8", grid=grid):
            pass
    assert list(tmp_path.iterdir()) == []


def write_zarr(path: Path, values: np.ndarray, height: int) -> None:
    group = zarr.open_group(path, mode="w-", zarr_format=3)
    shape = (values.shape[0], values.shape[1])
    with zarr_rows(
        group, "sigma", shape=shape, dtype=values.dtype, chunks=(256, 400), dimensions=("line", "sample"),
        attributes={"units": "1"},
    ) as rows:  # fmt: skip
        for part in heights(values.shape[0], height):
            rows.write(values[part])


@pytest.mark.parametrize("height", [1, 100, 256, 300, 2000])
def test_zarr_holds_the_rows_whatever_their_blocks(tmp_path: Path, height: int) -> None:
    values = image("float32", 700, 900)
    write_zarr(tmp_path / "a.zarr", values, height)
    array = zarr.open_array(tmp_path / "a.zarr" / "sigma", mode="r")
    np.testing.assert_array_equal(array[:], values)
    assert (array.chunks, array.attrs["units"]) == ((256, 400), "1")
    assert array.metadata.to_dict()["dimension_names"] == ("line", "sample")
    write_zarr(tmp_path / "b.zarr", values, 256)
    files = [p.relative_to(tmp_path / "b.zarr") for p in sorted((tmp_path / "b.zarr").rglob("*")) if p.is_file()]
    assert len(files) == 3 * 3 + 2
    for name in files:
        assert (tmp_path / "a.zarr" / name).read_bytes() == (tmp_path / "b.zarr" / name).read_bytes()


def refused(group: zarr.Group, name: str, rows: int) -> None:
    with zarr_rows(group, name, shape=(8, 4), dtype="float32", chunks=(3, 4), dimensions=("line", "sample")) as writer:
        writer.write(np.zeros((rows, 4), np.float32))


def test_zarr_refuses_rows_that_do_not_fit_or_are_missing(tmp_path: Path) -> None:
    group = zarr.open_group(tmp_path / "a.zarr", mode="w-", zarr_format=3)
    with pytest.raises(ValueError, match="leave an image"):
        refused(group, "one", 9)
    with pytest.raises(ValueError, match="only 2 of 8"):
        refused(group, "two", 2)


MEMORY = """
import resource, sys
from pathlib import Path
import numpy as np
from refsys.storage.cog import MapGrid, cog_rows
lines, path = int(sys.argv[1]), Path(sys.argv[2])
grid = MapGrid("EPSG:4326", 0.0, 0.0, 1e-4, 1e-4)
rows = np.tile(np.arange(2048, dtype=np.float32), (256, 1))
with cog_rows(path, shape=(lines, 2048), dtype="float32", grid=grid) as cog:
    for _ in range(lines // 256):
        cog.write(rows)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_of_the_cog_writer_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """8 MiB of image against 120 MiB: the process may differ by the cache of 16 MiB, not by the image."""
    peaks = []
    for lines in (1024, 15_360):
        command = [sys.executable, "-c", MEMORY, str(lines), str(tmp_path / "a.tif")]
        peaks.append(int(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    assert peaks[1] - peaks[0] < 40
