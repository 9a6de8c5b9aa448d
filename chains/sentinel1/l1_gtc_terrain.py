"""Terrain models for geocoding: tiles in degrees, put together on the grid of the first."""

from collections.abc import Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import rasterio
from numpy.typing import NDArray

from refsys.model.errors import InputCorrupt, InputMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

Float64 = NDArray[np.float64]


class MapWindow(NamedTuple):
    """Cells of a map: corner and size of a cell in degrees, rows from north to south."""

    west_deg: float
    north_deg: float
    step_east_deg: float
    step_south_deg: float
    rows: int
    columns: int

    def part(self, first_row: int, rows: int, first_column: int, columns: int) -> "MapWindow":
        """Return some of the cells."""
        return self._replace(
            west_deg=self.west_deg + first_column * self.step_east_deg,
            north_deg=self.north_deg - first_row * self.step_south_deg,
            rows=rows,
            columns=columns,
        )

    def centres(self) -> tuple[Float64, Float64]:
        """Return latitude and longitude of the cells' centres, float64 (rows, columns) each."""
        latitude = self.north_deg - (np.arange(self.rows) + 0.5) * self.step_south_deg
        longitude = self.west_deg + (np.arange(self.columns) + 0.5) * self.step_east_deg
        return np.repeat(latitude[:, None], self.columns, axis=1), np.repeat(longitude[None], self.rows, axis=0)


class Terrain:
    """Open tiles of a terrain model.

    Parameters
    ----------
    tiles
        As rasterio opened them.
    """

    def __init__(self, tiles: Sequence[Any]) -> None:
        self._tiles = tiles

    def window_over(self, south: float, north: float, west: float, east: float) -> MapWindow:
        """Return the cells of the first tile's grid, continued, that cover a box in degrees."""
        grid = self._tiles[0].transform
        east_step, south_step = grid.a, -grid.e
        left = int(np.floor((west - grid.c) / east_step))
        top = int(np.floor((grid.f - north) / south_step))
        columns = int(np.ceil((east - grid.c) / east_step)) - left
        rows = int(np.ceil((grid.f - south) / south_step)) - top
        return MapWindow(
            grid.c + left * east_step, grid.f - top * south_step, east_step, south_step, max(rows, 1), max(columns, 1)
        )

    def heights_m(self, window: MapWindow) -> Float64:
        """Return heights at the cells of a window, float64 (rows, columns), NaN where no tile has one."""
        heights = np.full((window.rows, window.columns), np.nan)
        for tile in self._tiles:
            # The tiles share one grid: cells are taken as they are, never resampled.
            left = round((window.west_deg - tile.transform.c) / window.step_east_deg)
            top = round((tile.transform.f - window.north_deg) / window.step_south_deg)
            rows, columns = _common(top, window.rows, tile.height), _common(left, window.columns, tile.width)
            if len(rows) and len(columns):
                ranges = ((rows.start, rows.stop), (columns.start, columns.stop))
                found = tile.read(1, window=ranges, masked=True).astype(np.float64).filled(np.nan)
                place = heights[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
                place[...] = np.where(np.isnan(place), found, place)
        return heights


def _common(first: int, count: int, size: int) -> range:
    """Return the indices of a tile of `size` cells that lie in `count` cells from `first`."""
    return range(max(first, 0), max(min(first + count, size), first, 0))


@contextmanager
def open_terrain(paths: Sequence[Path]) -> "Iterator[Terrain]":
    """Open the tiles of a terrain model.

    Raises
    ------
    InputMissing
        If there is none.
    InputCorrupt
        If one is no raster of heights in degrees with north up, or has another grid than the first.
    """
    if not paths:
        raise InputMissing("no tile of a terrain model", hint="name one with --input")
    with ExitStack() as stack:
        tiles: list[Any] = []
        for path in sorted(paths):
            try:
                tile = stack.enter_context(rasterio.open(path))
            except rasterio.errors.RasterioIOError as error:
                raise InputCorrupt(f"terrain model cannot be opened: {error}", where=path) from error
            _check(tile, path, tiles[0] if tiles else None)
            tiles.append(tile)
        yield Terrain(tiles)


def _check(tile: Any, path: Path, first: Any) -> None:  # noqa: ANN401  (rasterio has no types)
    grid = tile.transform
    if tile.count != 1 or tile.crs is None or not tile.crs.is_geographic:
        raise InputCorrupt("a terrain model is one band of heights on a grid in degrees", where=path)
    if grid.b or grid.d or grid.a <= 0 or grid.e >= 0:
        raise InputCorrupt("the terrain model's rows do not run from north to south", where=path)
    if first is None:
        return
    own, other = (grid.a, -grid.e), (first.transform.a, -first.transform.e)
    offset = ((grid.c - first.transform.c) / grid.a) % 1, ((grid.f - first.transform.f) / grid.e) % 1
    if not np.allclose(own, other, rtol=1e-9) or any(min(part, 1 - part) > 1e-3 for part in offset):
        raise InputCorrupt(
            "tiles of the terrain model have different grids", where=path, hint="bring them to one, as with gdalwarp"
        )
