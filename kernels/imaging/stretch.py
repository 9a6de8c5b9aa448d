"""Images for the eye: fewer pixels, 8 bits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def box_average(image: NDArray[Any], lines: int, samples: int) -> NDArray[np.float32]:
    """Return means over boxes, the last ones smaller where the image ends.

    Parameters
    ----------
    image
        (m, n), real; NaN pixels are left out, a box of nothing else is NaN.
    lines, samples
        Size of a box.

    Returns
    -------
    ndarray
        float32 (ceil(m / lines), ceil(n / samples)).

    Raises
    ------
    ValueError
        If the image is empty or not 2-D, or the box is empty.

    Examples
    --------
    >>> box_average(np.array([[1, 3, 5], [1, 3, 7]]), 2, 2).tolist()
    [[2.0, 6.0]]
    """
    if image.ndim != 2 or not image.size or min(lines, samples) < 1:
        raise ValueError(f"boxes of {lines} x {samples} do not fit an image of shape {image.shape}")
    wide = np.asarray(image, dtype=np.float64)
    present = np.isfinite(wide)
    total = _boxes(np.where(present, wide, 0.0), lines, samples)
    count = _boxes(present.astype(np.float64), lines, samples)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return np.asarray(mean, dtype=np.float32)


def _boxes(values: NDArray[np.float64], lines: int, samples: int) -> NDArray[np.float64]:
    rows = np.add.reduceat(values, np.arange(0, values.shape[0], lines), axis=0)
    return np.asarray(np.add.reduceat(rows, np.arange(0, values.shape[1], samples), axis=1))


def quick_look_factors(shape: tuple[int, int], spacing: tuple[float, float], longest: int) -> tuple[int, int]:
    """Return lines and samples of the box that makes square pixels and at most `longest` of them on a side.

    Parameters
    ----------
    shape
        Of the image.
    spacing
        Between lines and between samples, in one unit.
    longest
        Pixels of the longer side.

    Raises
    ------
    ValueError
        If anything is not positive.
    """
    if min(shape) < 1 or min(spacing) <= 0 or longest < 1:
        raise ValueError(f"no quick-look of {shape} pixels {spacing} apart with {longest}")
    side = max(shape[0] * spacing[0], shape[1] * spacing[1]) / longest
    side = max(side, *spacing)
    lines, samples = (max(1, int(np.ceil(side / step - 1e-9))) for step in spacing)
    return lines, samples


def stretch(image: NDArray[Any], low: float, high: float, *, gamma: float = 1.0) -> NDArray[np.uint8]:
    """Return an image in 8 bits: `low` and below become 1, `high` and above 255, NaN 0.

    Parameters
    ----------
    image
        Real, of any shape.
    low, high
        Values of the ends of the scale.
    gamma
        The scale is raised to 1 / gamma: above 1 lightens.

    Raises
    ------
    ValueError
        If `high` is not above `low` or gamma is not positive.

    Examples
    --------
    >>> stretch(np.array([0.0, 10.0, 15.0, 99.0, np.nan]), 10, 20).tolist()
    [1, 1, 128, 255, 0]
    """
    if not (np.isfinite(low) and np.isfinite(high) and low < high and gamma > 0):
        raise ValueError(f"no scale goes from {low} to {high} with gamma {gamma}")
    wide = np.asarray(image, dtype=np.float32)
    part = np.clip((wide - np.float32(low)) / np.float32(high - low), 0, 1) ** np.float32(1 / gamma)
    return np.where(np.isnan(part), 0, np.rint(1 + 254 * np.nan_to_num(part))).astype(np.uint8)
