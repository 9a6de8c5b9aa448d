"""Cloud-optimised GeoTIFF from blocks of rows, in memory that does not grow with the number of rows.

Source: OGC 21-026, Cloud Optimized GeoTIFF Standard 1.0. Rows go into a plain TIFF of strips beside the result; when
all have come, GDAL makes tiles, overviews and the order of the parts from it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import DTypeLike, NDArray

from refsys.model.errors import StorageError
from refsys.storage.local_files import partial_beside
from refsys.storage.row_blocks import RowPlan

TILE = 512
_TYPES = ("uint8", "int16", "uint16", "int32", "uint32", "float32", "float64")
_CACHE_BYTES = 16 << 20


class MapGrid(NamedTuple):
    """Where the pixels of a map lie.

    Attributes
    ----------
    crs
        Coordinate reference system, as `EPSG:4326`.
    west, north
        Outer corner of the first pixel.
    east_step, south_step
        Size of a pixel, positive.
    """

    crs: str
    west: float
    north: float
    east_step: float
    south_step: float


class Dataset(Protocol):
    """What is used of a rasterio dataset."""

    def write(self, arr: NDArray[Any], indexes: int, *, window: object) -> None:
        """Write a band within a window."""


class CogRows:
    """Takes the rows of an image from the first to the last, in blocks of any height."""

    def __init__(self, dataset: Dataset, plan: RowPlan) -> None:
        self._dataset, self._plan = dataset, plan

    def write(self, rows: NDArray[Any]) -> None:
        """Take the next rows, (n, columns).

        Raises
        ------
        ValueError
            If they have another width or type, or are more than are missing.
        """
        first = self._plan.take(rows)
        if rows.shape[0]:
            window = rasterio.windows.Window(0, first, rows.shape[1], rows.shape[0])
            self._dataset.write(rows, 1, window=window)


@contextmanager
def cog_rows(
    path: Path, *, shape: tuple[int, int], dtype: DTypeLike, grid: MapGrid, nodata: float | None = None
) -> Iterator[CogRows]:
    """Write a cloud-optimised GeoTIFF of one band, which appears under `path` when the block ends well.

    Tiles of 512 pixels, deflate, overviews by halves down to one tile, means of what is not `nodata`. The same rows
    give the same bytes, in blocks of whatever height.

    Parameters
    ----------
    path
        Of the file.
    shape, dtype
        Of the image; uint8, int16, uint16, int32, uint32, float32 or float64 in the machine's order of bytes.
    grid
        Where it lies.
    nodata
        Value of pixels without data; NaN for floats.

    Raises
    ------
    ValueError
        If shape or rows do not fit, the type is another or the grid impossible (before anything is written), or rows
        are missing at the end of the block.
    StorageError
        If the file cannot be written.
    """
    kind = np.dtype(dtype)
    plan = RowPlan(shape, kind)
    _check(kind, grid)
    path.parent.mkdir(parents=True, exist_ok=True)
    strips, tiles = (partial_beside(path).with_suffix(".tif") for _ in range(2))
    predictor = 3 if kind.kind == "f" else 2
    cache = max(_CACHE_BYTES, 3 * TILE * shape[1] * kind.itemsize)
    profile = {
        "driver": "GTiff", "width": shape[1], "height": shape[0], "count": 1, "dtype": kind.name, "crs": grid.crs,
        "transform": rasterio.Affine(grid.east_step, 0, grid.west, 0, -grid.south_step, grid.north),
        "nodata": nodata, "BIGTIFF": "IF_SAFER",
    }  # fmt: skip
    try:
        with rasterio.Env(GDAL_CACHEMAX=cache, GDAL_NUM_THREADS="1", GDAL_TIFF_INTERNAL_MASK=True):
            with rasterio.open(strips, "w", **profile) as dataset:
                yield CogRows(dataset, plan)
            plan.finish()
            rasterio.shutil.copy(
                strips, tiles, driver="COG", BLOCKSIZE=TILE, COMPRESS="DEFLATE", PREDICTOR=predictor, LEVEL=6,
                OVERVIEWS="AUTO", OVERVIEW_RESAMPLING="AVERAGE", BIGTIFF="IF_SAFER", NUM_THREADS=1,
            )  # fmt: skip
        tiles.replace(path)
    except rasterio.errors.RasterioError as error:
        raise StorageError(f"cannot write a GeoTIFF: {error}", where=path) from error
    finally:
        for partial in (strips, tiles):
            partial.unlink(missing_ok=True)


def _check(kind: np.dtype[Any], grid: MapGrid) -> None:
    if kind.name not in _TYPES or not kind.isnative:
        raise ValueError(f"a GeoTIFF of {kind!r} cannot be written; types are {', '.join(_TYPES)}")
    steps = grid.east_step, grid.south_step
    if not (np.isfinite([grid.west, grid.north, *steps]).all() and min(steps) > 0):
        raise ValueError(f"a map from {grid.west}, {grid.north} with pixels of {steps[0]} x {steps[1]}")
