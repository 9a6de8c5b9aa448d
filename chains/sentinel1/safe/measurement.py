"""Measurement files of Sentinel-1 Level-1 products: GeoTIFF, written from blocks of rows.

As in real products (S1-RS-MDA-52-7441): one band of complex 16-bit integers (SLC) or unsigned 16-bit integers (GRD),
not compressed, one row a strip, with the geolocation grid as ground control points. Bursts of a TOPS image lie below
each other.
"""

import functools
import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS

from refsys.chains.sentinel1.safe.annotation import ImageStatistics
from refsys.chains.sentinel1.safe.annotation_series import GeolocationGrid
from refsys.model.errors import InputCorrupt, ProcessorFailed
from refsys.model.times import require_utc

_CACHE_BYTES = 64 << 20
_PIECE_PIXELS = 1 << 20
_LARGEST_SIGNED = 32767
_LARGEST_UNSIGNED = 65535


class MeasurementPlan(NamedTuple):
    """What a measurement file is to be.

    Attributes
    ----------
    lines, samples
        Size.
    detected
        Unsigned amplitudes, else complex.
    grid
        Ground control points.
    description, software
        Texts of the file's tags.
    time
        Of the file's date tag.
    """

    lines: int
    samples: int
    detected: bool
    grid: GeolocationGrid
    description: str
    software: str
    time: datetime


class MeasurementSummary(NamedTuple):
    """What was written.

    Attributes
    ----------
    first_byte
        Offset of the first pixel in the file; rows follow each other without gap.
    statistics
        Over pixels other than zero, as written.
    clipped
        Pixels beyond what 16 bits hold.
    """

    first_byte: int
    statistics: ImageStatistics
    clipped: int


def write_measurement(path: Path, plan: MeasurementPlan, blocks: Iterable[NDArray[Any]]) -> MeasurementSummary:
    """Write a GeoTIFF from blocks of rows, rounded to integers and clipped to 16 bits.

    Same rows give the same bytes however they are divided into blocks; memory is that of some blocks.

    Parameters
    ----------
    path
        Must not exist.
    plan
        What the file is to be.
    blocks
        complex64 or, if detected, float or unsigned integers, (k, samples) each, in order; finite.

    Raises
    ------
    InputCorrupt
        Rows too few, too many, of another length or not finite.
    FileExistsError
        If the file is there already.
    """
    if path.exists():
        raise FileExistsError(f"{path} is there already")
    sums = _Sums()
    with (
        rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES, GDAL_NUM_THREADS=1),
        rasterio.open(path, "w", **_profile(plan)) as out,
    ):
        out.update_tags(
            TIFFTAG_DATETIME=require_utc(plan.time).strftime("%Y:%m:%d %H:%M:%S"),
            TIFFTAG_IMAGEDESCRIPTION=plan.description,
            TIFFTAG_SOFTWARE=plan.software,
        )
        line = 0
        for block in blocks:
            _check_block(block, plan, line, path)
            for piece in _pieces(block):
                pixels = sums.rounded(piece, detected=plan.detected)
                out.write(pixels, 1, window=((line, line + piece.shape[0]), (0, plan.samples)))
                line += piece.shape[0]
        if line != plan.lines:
            raise InputCorrupt(f"{line} rows for an image of {plan.lines}", where=path)
    return MeasurementSummary(_first_byte(path, plan), sums.statistics(), sums.clipped)


def _profile(plan: MeasurementPlan) -> dict[str, Any]:
    return {
        "driver": "GTiff",
        "width": plan.samples,
        "height": plan.lines,
        "count": 1,
        "dtype": "uint16" if plan.detected else "complex_int16",
        "tiled": False,
        "blockysize": 1,
        "bigtiff": "IF_SAFER",
        "write_empty_tiles_synchronously": "TRUE",  # rows of zeros would else be put behind all others
        "gcps": _control_points(plan.grid),
        "crs": CRS.from_epsg(4326),
    }


def _control_points(grid: GeolocationGrid) -> list[GroundControlPoint]:
    columns = (grid.line, grid.pixel, grid.longitude_deg, grid.latitude_deg, grid.height_m)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [
        GroundControlPoint(row=row, col=col, x=x, y=y, z=z, id=str(k + 1)) for k, (row, col, x, y, z) in enumerate(rows)
    ]


def _check_block(block: NDArray[Any], plan: MeasurementPlan, line: int, path: Path) -> None:
    if block.ndim != 2 or block.shape[1] != plan.samples:
        raise InputCorrupt(f"rows of shape {block.shape} in an image of {plan.samples} samples", where=path)
    if line + block.shape[0] > plan.lines:
        raise InputCorrupt(f"more than {plan.lines} rows", where=path)
    if np.iscomplexobj(block) == plan.detected:
        raise InputCorrupt(f"{block.dtype} pixels in a {'detected' if plan.detected else 'complex'} image", where=path)
    if not np.isfinite(block).all():
        raise InputCorrupt(f"pixels that are not finite in rows {line} to {line + block.shape[0] - 1}", where=path)


def _count(conditions: Iterable[NDArray[np.bool_]]) -> int:
    """Return how many pixels meet one of the conditions."""
    return int(np.count_nonzero(functools.reduce(np.logical_or, conditions)))


def _pieces(block: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield the rows of a block, so many at a time that they stay in the cache and sums of squares are exact."""
    rows = max(_PIECE_PIXELS // block.shape[1], 1)
    for line in range(0, block.shape[0], rows):
        yield block[line : line + rows]


class _Sums:
    """Exact sums of parts and of their squares: a piece of 2^20 squares of 16 bits fits a double, the rest is int."""

    def __init__(self) -> None:
        self.pixels = 0
        self.clipped = 0
        self.sums = [0, 0]
        self.squares = [0, 0]

    def rounded(self, piece: NDArray[Any], *, detected: bool) -> NDArray[Any]:
        limits = (0, _LARGEST_UNSIGNED) if detected else (-_LARGEST_SIGNED - 1, _LARGEST_SIGNED)
        parts = [np.rint(piece)] if detected else [np.rint(piece.real), np.rint(piece.imag)]
        inside = [np.clip(part, *limits) for part in parts]
        self.clipped += _count(a != b for a, b in zip(parts, inside, strict=True))
        self.pixels += _count(part != 0 for part in inside)
        for k, part in enumerate(inside):
            exact = part.astype(np.float64).ravel()
            self.sums[k] += int(exact.sum())
            self.squares[k] += int(exact @ exact)
        if detected:
            return np.asarray(inside[0], dtype=np.uint16)
        pixels: NDArray[np.complex64] = np.empty(piece.shape, dtype=np.complex64)
        pixels.real, pixels.imag = inside
        return pixels

    def statistics(self) -> ImageStatistics:
        count = max(self.pixels, 1)
        mean = [total / count for total in self.sums]
        deviation = [
            math.sqrt(max(count * square - total**2, 0)) / count
            for total, square in zip(self.sums, self.squares, strict=True)
        ]
        return ImageStatistics(*mean, *deviation)


def _first_byte(path: Path, plan: MeasurementPlan) -> int:
    """Return the offset of the first row, having seen that the last one is where it must be."""
    row_bytes = plan.samples * (2 if plan.detected else 4)
    with rasterio.open(path) as written:
        first, last = (
            int(written.get_tag_item(f"BLOCK_OFFSET_0_{row}", "TIFF", bidx=1) or 0) for row in (0, plan.lines - 1)
        )
    if not first or last - first != (plan.lines - 1) * row_bytes:
        raise ProcessorFailed("rows of the GeoTIFF do not follow each other", where=path)
    return first
