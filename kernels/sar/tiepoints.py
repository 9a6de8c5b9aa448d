"""Bilinear interpolation of values known on a sparse grid of lines and samples, as annotations give them.

Source: Sentinel-1 Product Specification, S1-RS-MDA-52-7441, sections on calibration and noise annotation: values
between the points of a vector, and between vectors, are interpolated linearly.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.jit import jit

Float = NDArray[np.floating[Any]]


class TiePoints(NamedTuple):
    """Values on a sparse grid.

    Attributes
    ----------
    line
        float64 (l,), increasing, in lines of the full grid; may begin before it and end after it.
    sample
        float64 (s,), increasing, in samples of the full grid.
    value
        float64 (l, s).
    """

    line: NDArray[np.float64]
    sample: NDArray[np.float64]
    value: NDArray[np.float64]


class Window(NamedTuple):
    """A rectangle of the full grid."""

    first_line: int
    lines: int
    first_sample: int
    samples: int


class Rows(NamedTuple):
    """Tie points interpolated along the lines only, for one window.

    Line k of the window is `row[upper[k]] + weight[k] (row[upper[k] + 1] - row[upper[k]])`.

    Attributes
    ----------
    row
        (r, samples): the lines of tie points around the window.
    upper
        int64 (lines,).
    weight
        (lines,), 0 to below 1, of the type of `row`.
    """

    row: Float
    upper: NDArray[np.int64]
    weight: Float


def checked_tie_points(points: TiePoints) -> TiePoints:
    """Return the points as contiguous float64.

    Raises
    ------
    ValueError
        If shapes do not fit, positions do not increase, or anything is not finite.
    """
    line, sample, value = (np.ascontiguousarray(part, dtype=np.float64) for part in points)
    if line.ndim != 1 or sample.ndim != 1 or value.shape != (line.size, sample.size) or not value.size:
        raise ValueError(f"values of shape {value.shape} do not fit lines {line.shape} and samples {sample.shape}")
    if not (np.isfinite(line).all() and np.isfinite(sample).all() and np.isfinite(value).all()):
        raise ValueError("tie points hold a position or value that is not finite")
    if np.any(np.diff(line) <= 0) or np.any(np.diff(sample) <= 0):
        raise ValueError("lines or samples of the tie points do not increase")
    return TiePoints(line, sample, value)


def join_vectors(
    line: Sequence[float], sample: Sequence[NDArray[np.float64]], value: Sequence[NDArray[np.float64]]
) -> TiePoints:
    """Return vectors, each with samples of its own, on the union of their samples; no value between points changes.

    Parameters
    ----------
    line
        Of each vector, increasing.
    sample, value
        Of each vector, (points,) alike.

    Raises
    ------
    ValueError
        As `checked_tie_points`, for each vector too.
    """
    if not len(line) == len(sample) == len(value) > 0:
        raise ValueError(f"{len(line)} lines, {len(sample)} sample lists and {len(value)} value lists are no vectors")
    single = [
        checked_tie_points(TiePoints(np.zeros(1), own, np.atleast_2d(held)))
        for own, held in zip(sample, value, strict=True)
    ]
    union = np.unique(np.concatenate([vector.sample for vector in single]))
    rows = [np.interp(union, vector.sample, vector.value[0]) for vector in single]
    return checked_tie_points(TiePoints(np.asarray(line), union, np.stack(rows)))


def interpolate(points: TiePoints, window: Window, *, dtype: type[np.floating[Any]] = np.float32) -> Float:
    """Return the bilinear interpolation at every line and sample of a window.

    Parameters
    ----------
    points
        The sparse grid; beyond its edges the value at the edge holds.
    window
        What to return.
    dtype
        float32 or float64.

    Returns
    -------
    ndarray
        (lines, samples) of `dtype`, exact at tie points.

    Raises
    ------
    ValueError
        If the points are malformed, the window is negative or the type is another.

    Examples
    --------
    >>> corner = TiePoints(np.array([0.0, 2.0]), np.array([0.0, 4.0]), np.array([[0.0, 4.0], [2.0, 6.0]]))
    >>> interpolate(corner, Window(1, 1, 0, 5)).tolist()
    [[1.0, 2.0, 3.0, 4.0, 5.0]]
    """
    rows = spread(points, window, dtype=dtype)
    out = np.empty((window.lines, window.samples), dtype=dtype)
    _blend(rows.row, rows.upper, rows.weight, out)
    return out


def spread(points: TiePoints, window: Window, *, dtype: type[np.floating[Any]] = np.float32) -> Rows:
    """Interpolate along the lines only: the small half of the work, which a kernel that fuses the rest starts from.

    Raises
    ------
    ValueError
        As `interpolate`.
    """
    if dtype not in (np.float32, np.float64):
        raise ValueError(f"tie points become float32 or float64, not {dtype}")
    if window.lines < 0 or window.samples < 0:
        raise ValueError(f"a window of {window.lines} x {window.samples} does not exist")
    line, sample, value = checked_tie_points(points)
    wanted = window.first_line + np.arange(window.lines, dtype=np.float64)
    upper = np.clip(np.searchsorted(line, wanted, side="right") - 1, 0, max(line.size - 2, 0)).astype(np.int64)
    first, last = (int(upper[0]), int(upper[-1])) if upper.size else (0, 0)
    used = np.minimum(np.arange(first, last + 2), line.size - 1)
    step = line[used[upper - first + 1]] - line[upper]
    weight = np.clip((wanted - line[upper]) / np.where(step > 0, step, 1.0), 0.0, 1.0)
    row = np.empty((used.size, window.samples), dtype=dtype)
    _spread(sample, value[used], float(window.first_sample), row)
    return Rows(row, upper - first, weight.astype(dtype))


def _spread_body(sample: NDArray[np.float64], value: NDArray[np.float64], first_sample: float, row: Float) -> None:
    points, samples = sample.size, row.shape[1]
    for line in range(row.shape[0]):
        column = 0
        for cell in range(-1, points):
            stop = samples
            if cell + 1 < points:
                stop = min(max(int(np.ceil(sample[cell + 1] - first_sample)), column), samples)
            start = max(cell, 0)
            slope = 0.0
            if 0 <= cell < points - 1:
                slope = (value[line, cell + 1] - value[line, cell]) / (sample[cell + 1] - sample[cell])
            for j in range(column, stop):
                row[line, j] = value[line, start] + slope * (first_sample + j - sample[start])
            column = stop


def _blend_body(row: Float, upper: NDArray[np.int64], weight: Float, out: Float) -> None:
    for line in range(out.shape[0]):
        top, bottom, part = row[upper[line]], row[upper[line] + 1], weight[line]
        target = out[line]
        for j in range(target.size):
            target[j] = top[j] + part * (bottom[j] - top[j])


_spread = jit(_spread_body)
_blend = jit(_blend_body)
