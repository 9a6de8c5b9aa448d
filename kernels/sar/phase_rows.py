"""Multiplication of rows by phases that are polynomials of the column."""

import cmath
import math

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.jit import jit

_ANCHOR = 256
"""Columns after which the recurrence starts afresh, so that rounding stays below that of complex64."""


def rotate_rows(data: NDArray[np.complex64], coefficients: NDArray[np.float64], out: NDArray[np.complex64]) -> None:
    """Multiply each row by exp(2j pi (c0 + c1 k + c2 k^2 + c3 k^3)), k the column.

    Parameters
    ----------
    data
        complex64 (rows, columns).
    coefficients
        float64 (rows, 4), turns.
    out
        complex64 (rows, columns); may be `data`.

    Raises
    ------
    ValueError
        If the shapes disagree.
    """
    if data.shape != out.shape or coefficients.shape != (data.shape[0], 4):
        raise ValueError(f"rows {data.shape}, coefficients {coefficients.shape} and results {out.shape} do not agree")
    _rotate(data, np.ascontiguousarray(coefficients, dtype=np.float64), out)


def _rotate_body(data: NDArray[np.complex64], coefficients: NDArray[np.float64], out: NDArray[np.complex64]) -> None:
    rows, columns = data.shape
    for row in range(rows):
        c0, c1, c2, c3 = coefficients[row, 0], coefficients[row, 1], coefficients[row, 2], coefficients[row, 3]
        third = cmath.exp(2j * math.pi * (6 * c3))
        for first in range(0, columns, _ANCHOR):
            k = float(first)
            turns = c0 + k * (c1 + k * (c2 + k * c3))
            step = c1 + c2 * (2 * k + 1) + c3 * (3 * k * k + 3 * k + 1)
            growth = 2 * c2 + 6 * c3 * (k + 1)
            value = cmath.exp(2j * math.pi * (turns - math.floor(turns)))
            ahead = cmath.exp(2j * math.pi * (step - math.floor(step)))
            bend = cmath.exp(2j * math.pi * growth)
            for column in range(first, min(first + _ANCHOR, columns)):
                out[row, column] = data[row, column] * np.complex64(value)
                value *= ahead
                ahead *= bend
                bend *= third


_rotate = jit(_rotate_body)
