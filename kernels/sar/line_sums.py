"""Sums of rows with complex weights: a product of matrices whose bits depend on nothing but its arguments.

A library's product splits the work by its number of threads, and its last bits change with that.
"""

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.jit import jit

_AT_ONCE = 4
_TILE = 64
"""Rows whose parts stay in the cache while all lines are summed."""


def sum_rows(weights: NDArray[np.complex64], rows: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Return weights times rows.

    Parameters
    ----------
    weights
        complex64 (lines, n).
    rows
        complex64 (n, columns).

    Returns
    -------
    ndarray
        complex64 (lines, columns); sums are made in single precision, in order of the rows.

    Raises
    ------
    ValueError
        If the shapes disagree.
    """
    if weights.ndim != 2 or rows.ndim != 2 or weights.shape[1] != rows.shape[0]:
        raise ValueError(f"weights {weights.shape} for rows {rows.shape}")
    missing = -rows.shape[0] % _AT_ONCE
    real, imag = (np.pad(part, ((0, missing), (0, 0))) for part in (rows.real, rows.imag))
    own = np.pad(weights.astype(np.complex64), ((0, 0), (0, missing)))
    summed = np.zeros((2, weights.shape[0], rows.shape[1]), np.float32)
    _sum(np.ascontiguousarray(own.real), np.ascontiguousarray(own.imag), (real, imag), summed)
    return np.asarray(summed[0] + np.complex64(1j) * summed[1])


def _sum_body(
    real: NDArray[np.float32],
    imag: NDArray[np.float32],
    rows: tuple[NDArray[np.float32], NDArray[np.float32]],
    summed: NDArray[np.float32],
) -> None:
    rows_r, rows_i = rows
    count, columns = rows_r.shape
    for tile in range(0, count, _TILE):
        for line in range(real.shape[0]):
            into_r, into_i = summed[0, line], summed[1, line]
            for k in range(tile, min(tile + _TILE, count), _AT_ONCE):
                a_r, b_r, c_r, d_r = real[line, k], real[line, k + 1], real[line, k + 2], real[line, k + 3]
                a_i, b_i, c_i, d_i = imag[line, k], imag[line, k + 1], imag[line, k + 2], imag[line, k + 3]
                p_r, q_r, s_r, t_r = rows_r[k], rows_r[k + 1], rows_r[k + 2], rows_r[k + 3]
                p_i, q_i, s_i, t_i = rows_i[k], rows_i[k + 1], rows_i[k + 2], rows_i[k + 3]
                for j in range(columns):
                    into_r[j] += (
                        (a_r * p_r[j] - a_i * p_i[j])
                        + (b_r * q_r[j] - b_i * q_i[j])
                        + (c_r * s_r[j] - c_i * s_i[j])
                        + (d_r * t_r[j] - d_i * t_i[j])
                    )
                    into_i[j] += (
                        (a_r * p_i[j] + a_i * p_r[j])
                        + (b_r * q_i[j] + b_i * q_r[j])
                        + (c_r * s_i[j] + c_i * s_r[j])
                        + (d_r * t_i[j] + d_i * t_r[j])
                    )


_sum = jit(_sum_body)
