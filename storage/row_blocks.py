"""Images that come as blocks of rows: what their writers have in common."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class RowPlan:
    """Which row of an image comes next, whether rows fit, whether all have come."""

    def __init__(self, shape: tuple[int, int], dtype: np.dtype[Any]) -> None:
        if min(shape) < 1:
            raise ValueError(f"an image of {shape[0]} x {shape[1]} cannot be written")
        self.shape, self.dtype, self.next_row = shape, dtype, 0

    def take(self, rows: NDArray[Any]) -> int:
        """Return the row that these begin at.

        Raises
        ------
        ValueError
            If they have another width or type, or are more than are missing.
        """
        if rows.ndim != 2 or rows.shape[1] != self.shape[1] or rows.dtype != self.dtype:
            raise ValueError(f"rows {rows.dtype} {rows.shape} do not fit an image {self.dtype} {self.shape}")
        first = self.next_row
        if first + rows.shape[0] > self.shape[0]:
            raise ValueError(f"{rows.shape[0]} rows from row {first} leave an image of {self.shape[0]}")
        self.next_row += rows.shape[0]
        return first

    def finish(self) -> None:
        """Raise `ValueError` if rows are missing."""
        if self.next_row != self.shape[0]:
            raise ValueError(f"only {self.next_row} of {self.shape[0]} rows were written")
