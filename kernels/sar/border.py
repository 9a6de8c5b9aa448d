"""The border of a detected image: pixels without echoes, or with fewer than the rest, which must not look like data.

Source: I. Ali et al., Methods to Remove the Border Noise From Sentinel-1 Synthetic Aperture Radar Data, IEEE JSTARS
11(3), 2018: limits searched from the edges inwards, made robust over neighbouring lines.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from refsys.kernels.jit import jit

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


def mask_of_limits(first: ArrayLike, last: ArrayLike, samples: int, *, margin: int = 0) -> NDArray[np.bool_]:
    """Return where data are, from the valid samples of each line as focusing knows them.

    Parameters
    ----------
    first, last
        (lines,), first and last valid sample, last included; negative: the line has none.
    samples
        Of each line.
    margin
        Samples taken off at each end: half the support of a filter that ran over the line.

    Returns
    -------
    ndarray
        bool (lines, samples), True where there are data.

    Raises
    ------
    ValueError
        If shapes do not fit or samples or margin are negative.
    """
    low, high = np.asarray(first, dtype=np.int64), np.asarray(last, dtype=np.int64)
    if low.ndim != 1 or low.shape != high.shape or samples < 0 or margin < 0:
        raise ValueError(f"limits {low.shape} and {high.shape} of {samples} samples with margin {margin} do not fit")
    at = np.arange(samples)
    inside = (at >= (low + margin)[:, np.newaxis]) & (at <= (high - margin)[:, np.newaxis])
    return np.asarray(inside & ((low >= 0) & (high >= 0))[:, np.newaxis])


def border_mask(
    intensity: Float32, threshold: float, *, run: int = 16, neighbours: int = 5, depth: int | None = None
) -> NDArray[np.bool_]:
    """Return where data are, from the image itself.

    From each of the four edges inwards, the border ends where the mean of the next `run` pixels first reaches the
    threshold. Of these limits the median over neighbouring lines (or columns) counts, so that a bright spot in the
    border or a dark one beside it moves nothing.

    Parameters
    ----------
    intensity
        float32 (lines, samples), linear; NaN counts as 0.
    threshold
        Intensity below which there is no echo: for instance half the noise power, which an image of noise alone has.
    run
        Pixels that together must reach it.
    neighbours
        Lines or columns on each side that the median takes in.
    depth
        How far from an edge a border may reach; none: to the other edge. A line whose border reaches that far has no
        data where no depth is given, and no border where one is given: it is dark throughout.

    Returns
    -------
    ndarray
        bool (lines, samples), True where there are data.

    Raises
    ------
    ValueError
        If image or parameters are malformed.
    """
    if intensity.ndim != 2 or run < 1 or neighbours < 0 or not threshold > 0 or (depth is not None and depth < 1):
        raise ValueError(f"image {intensity.shape}, threshold {threshold}, run {run}, depth {depth} do not fit")
    present = np.nan_to_num(np.asarray(intensity, dtype=np.float32), nan=0.0)
    along = _inside(present, threshold, run, neighbours, depth)
    return np.asarray(along & _inside(np.ascontiguousarray(present.T), threshold, run, neighbours, depth).T)


def _inside(intensity: Float32, threshold: float, run: int, neighbours: int, depth: int | None) -> NDArray[np.bool_]:
    lines, samples = intensity.shape
    reach = samples if depth is None else min(depth, samples)
    edges = []
    for image in (intensity, np.ascontiguousarray(intensity[:, ::-1])):
        limit = np.empty(lines, dtype=np.int64)
        _limits(image, threshold, min(run, samples), reach, limit)
        if depth is not None:
            limit[limit >= reach] = 0
        edges.append(_median(limit, neighbours))
    at = np.arange(samples)
    return np.asarray((at >= edges[0][:, np.newaxis]) & (at < (samples - edges[1])[:, np.newaxis]))


def _median(limit: Int64, neighbours: int) -> Int64:
    if limit.size == 0 or neighbours == 0:
        return limit
    padded = np.pad(limit, neighbours, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * neighbours + 1)
    return np.asarray(np.median(windows, axis=1), dtype=np.int64)


def _limits_body(intensity: Float32, threshold: float, run: int, reach: int, limit: Int64) -> None:
    lines, samples = intensity.shape
    for line in range(lines):
        limit[line] = reach
        total = 0.0
        for j in range(run):
            total += intensity[line, j]
        for j in range(min(reach, samples - run + 1)):
            # The run must begin with data too: its bright end alone would let `run` pixels of border through.
            if total >= threshold * run and intensity[line, j] >= threshold:
                limit[line] = j
                break
            if j + run < samples:
                total += float(intensity[line, j + run]) - float(intensity[line, j])


_limits = jit(_limits_body)
