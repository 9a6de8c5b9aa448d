"""Zarr v3 arrays written from blocks of rows: each chunk is written once, memory holds one row of chunks."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import zarr
from numpy.typing import DTypeLike, NDArray

from refsys.storage.row_blocks import RowPlan


class ZarrRows:
    """Takes the rows of an array from the first to the last, in blocks of any height."""

    def __init__(self, array: "zarr.Array[Any]") -> None:
        self._array, self._plan = array, RowPlan((array.shape[0], array.shape[1]), np.dtype(array.dtype))
        self._height = int(array.chunks[0])
        self._held = np.empty((self._height, array.shape[1]), dtype=array.dtype)

    def write(self, rows: NDArray[Any]) -> None:
        """Take the next rows, (n, columns).

        Raises
        ------
        ValueError
            If they have another width or type, or are more than are missing.
        """
        first = self._plan.take(rows)
        done = 0
        while done < rows.shape[0]:
            at = (first + done) % self._height
            count = min(self._height - at, rows.shape[0] - done)
            if count == self._height:  # whole chunks need not be held
                self._array[first + done : first + done + count] = rows[done : done + count]
            else:
                self._held[at : at + count] = rows[done : done + count]
                self._flush(first + done + count)
            done += count

    def finish(self) -> None:
        """Raise `ValueError` if rows are missing."""
        self._plan.finish()

    def _flush(self, end: int) -> None:
        """Write the held chunk row if it is complete at row `end`."""
        if end % self._height == 0 or end == self._array.shape[0]:
            start = (end - 1) // self._height * self._height
            self._array[start:end] = self._held[: end - start]


@contextmanager
def zarr_rows(
    group: zarr.Group,
    name: str,
    *,
    shape: tuple[int, int],
    dtype: DTypeLike,
    chunks: tuple[int, int],
    dimensions: Sequence[str],
    attributes: Mapping[str, Any] | None = None,
    fill_value: float = 0,
) -> Iterator[ZarrRows]:
    """Create an array of two dimensions that the block fills from its first row to its last.

    Parameters
    ----------
    group
        Zarr v3 group.
    name
        Of the array, not taken yet.
    shape, dtype
        Of the image.
    chunks
        Rows and columns of a chunk; cut to the shape.
    dimensions
        Names of the two dimensions.
    attributes
        Of the array.
    fill_value
        Chunks that hold nothing else are not stored.

    Raises
    ------
    ValueError
        If shape or rows do not fit, or rows are missing at the end of the block.
    """
    RowPlan(shape, np.dtype(dtype))  # refuses before anything is created
    array = group.create_array(
        name,
        shape=shape,
        dtype=dtype,
        chunks=(min(chunks[0], shape[0]), min(chunks[1], shape[1])),
        dimension_names=tuple(dimensions),
        attributes=dict(attributes or {}),
        fill_value=fill_value,
    )
    rows = ZarrRows(array)
    yield rows
    rows.finish()
