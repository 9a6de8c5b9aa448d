"""Statistics of an image from its tiles: exactly those of the whole, whatever the tiles and their order.

Sums are kept as integers by the exponent of what is summed, so nothing is rounded before the end. Source of the idea:
U. Kulisch, Computer Arithmetic and Validity (2008), chapter 8, the long accumulator.
"""

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.jit import jit

Int64 = NDArray[np.int64]

_BINS = 1 << 16
_HALF = 1 << 12
"""Significands of 24 bits are squared in halves of 12, so that sums of them stay below 63 bits for 2^38 pixels."""


class Statistics(NamedTuple):
    """Of the pixels that are not NaN; mergeable.

    Attributes
    ----------
    pixels
        How many.
    minimum, maximum
        inf and -inf if there are none.
    sums
        int64 (256,): sum of signed significands by exponent.
    squares
        int64 (256, 3): sum of the parts of squared significands by exponent, worth 2^24, 2^12 and 1.
    histogram
        int64 (65536,): pixels by the upper half of their bits, in the order of their values: bins of 1/128 of their
        value or less.
    """

    pixels: int
    minimum: float
    maximum: float
    sums: Int64
    squares: Int64
    histogram: Int64


def no_statistics() -> Statistics:
    """Return the statistics of no pixels."""
    zeros = [np.zeros(shape, dtype=np.int64) for shape in ((256,), (256, 3), (_BINS,))]
    return Statistics(0, np.inf, -np.inf, *zeros)


def measure(image: NDArray[Any]) -> Statistics:
    """Return the statistics of a tile.

    Parameters
    ----------
    image
        uint8, uint16, int16 or float32 of any shape. NaN pixels are left out.

    Raises
    ------
    ValueError
        If the type is another or a pixel is infinite.
    """
    if image.dtype not in (np.uint8, np.uint16, np.int16, np.float32):
        raise ValueError(f"statistics are of uint8, uint16, int16 or float32 images, not {image.dtype}")
    found = no_statistics()
    values = np.ascontiguousarray(image, dtype=np.float32).reshape(-1)
    count = _measure(values.view(np.uint32), found.sums, found.squares, found.histogram)
    if count < 0:
        raise ValueError("an image holds infinite pixels")
    if not count:
        return found
    return found._replace(pixels=count, minimum=float(np.nanmin(values)), maximum=float(np.nanmax(values)))


def merge(*parts: Statistics) -> Statistics:
    """Return the statistics of all parts together."""
    whole = no_statistics()
    for part in parts:
        whole = Statistics(
            whole.pixels + part.pixels,
            min(whole.minimum, part.minimum),
            max(whole.maximum, part.maximum),
            whole.sums + part.sums,
            whole.squares + part.squares,
            whole.histogram + part.histogram,
        )
    return whole


def mean(statistics: Statistics) -> float:
    """Return the mean, the float64 nearest to it; NaN of no pixels."""
    return float(_sum(statistics) / statistics.pixels) if statistics.pixels else float("nan")


def deviation(statistics: Statistics) -> float:
    """Return the standard deviation over all pixels; NaN of no pixels."""
    if not statistics.pixels:
        return float("nan")
    total = sum(
        (_power(2 * (exponent - 150)) * (int(a) * _HALF**2 + int(b) * _HALF + int(c)))
        for exponent, (a, b, c) in enumerate(statistics.squares)
        if a or b or c
    )
    return float(np.sqrt(float(Fraction(total) / statistics.pixels - (_sum(statistics) / statistics.pixels) ** 2)))


def percentile(statistics: Statistics, percent: float) -> float:
    """Return the value below which a percentage of the pixels lies, good to 1/128 of it.

    Raises
    ------
    ValueError
        If the percentage is outside 0 to 100 or there are no pixels.
    """
    if not 0 <= percent <= 100 or not statistics.pixels:
        raise ValueError(f"there is no percentile {percent} of {statistics.pixels} pixels")
    below = np.cumsum(statistics.histogram)
    found = int(np.searchsorted(below, max(percent / 100 * statistics.pixels, 1)))
    low, high = (float(_value_of(np.array([found + k]))[0]) for k in (0, 1))
    before = int(below[found] - statistics.histogram[found])
    part = (percent / 100 * statistics.pixels - before) / int(statistics.histogram[found])
    value = low + (high - low) * min(max(part, 0.0), 1.0)
    return float(min(max(value, statistics.minimum), statistics.maximum))


def _value_of(index: Int64) -> NDArray[np.float32]:
    """Return the lower limit of bins: the inverse of the order in which `_measure_body` counts."""
    upper = np.where(index >= _BINS // 2, index - _BINS // 2, _BINS // 2 - index).astype(np.uint32)
    magnitude = np.minimum(upper << np.uint32(16), np.uint32(0x7F7FFFFF)).view(np.float32)
    return np.asarray(np.where(index >= _BINS // 2, magnitude, -magnitude))


def _sum(statistics: Statistics) -> Fraction:
    return sum(
        (_power(exponent - 150) * int(total) for exponent, total in enumerate(statistics.sums) if total), Fraction(0)
    )


def _power(exponent: int) -> Fraction:
    return Fraction(2) ** exponent


def _measure_body(bits: NDArray[np.uint32], sums: Int64, squares: Int64, histogram: Int64) -> int:
    count = 0
    for k in range(bits.size):
        word = np.int64(bits[k])
        magnitude = word & 0x7FFFFFFF
        if magnitude > 0x7F800000:
            continue
        if magnitude == 0x7F800000:
            return -1
        # Subnormal numbers have the scale of the smallest normal ones.
        exponent = max(int(magnitude >> 23), 1)
        significand = (magnitude & 0x7FFFFF) | (0x800000 if magnitude >= 0x800000 else 0)
        high, low = significand >> 12, significand & 0xFFF
        negative = word >> 31
        sums[exponent] += -significand if negative else significand
        squares[exponent, 0] += high * high
        squares[exponent, 1] += 2 * high * low
        squares[exponent, 2] += low * low
        upper = magnitude >> 16
        histogram[0x7FFF - upper if negative else 0x8000 + upper] += 1
        count += 1
    return count


_measure = jit(_measure_body)
