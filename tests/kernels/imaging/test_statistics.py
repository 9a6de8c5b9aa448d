"""Statistics of tiles: exactly those of the whole, and right by exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from refsys.kernels.imaging.statistics import (
    Statistics,
    deviation,
    mean,
    measure,
    merge,
    no_statistics,
    percentile,
)

PIXELS = st.floats(width=32, allow_infinity=False, allow_nan=True)


def same(a: Statistics, b: Statistics) -> bool:
    return a[:3] == b[:3] and all(np.array_equal(x, y) for x, y in zip(a[3:], b[3:], strict=True))


@given(arrays(np.float32, st.integers(1, 60), elements=PIXELS), st.lists(st.integers(0, 60), max_size=4), st.randoms())
def test_tiles_in_any_order_are_exactly_the_whole(image: np.ndarray, cuts: list[int], order: object) -> None:
    tiles = [measure(tile) for tile in np.split(image, sorted(min(cut, image.size) for cut in cuts))]
    order.shuffle(tiles)  # type: ignore[attr-defined]
    whole = measure(image)
    assert same(merge(*tiles), whole)
    known = [Fraction(float(v)) for v in image[~np.isnan(image)]]
    assert whole.pixels == len(known) == whole.histogram.sum()
    if not known:
        assert np.isnan(mean(whole))
        assert np.isnan(deviation(whole))
        return
    exact = sum(known) / len(known)
    assert mean(whole) == float(exact)
    variance = sum((v - exact) ** 2 for v in known) / len(known)
    assert deviation(whole) == pytest.approx(float(variance) ** 0.5, rel=1e-12)
    assert (whole.minimum, whole.maximum) == (float(min(known)), float(max(known)))


@given(arrays(np.float32, st.integers(20, 200), elements=st.floats(-1e6, 1e6, width=32)), st.floats(0, 100))
def test_percentiles_are_good_to_a_part_in_128(image: np.ndarray, percent: float) -> None:
    found = percentile(measure(image), percent)
    ordered = np.sort(image.astype(np.float64))
    rank = percent / 100 * image.size
    near = ordered[max(int(np.ceil(rank)) - 2, 0) : min(int(rank) + 2, image.size)]
    slack = np.abs(near).max() / 64 + 1e-37
    assert near.min() - slack <= found <= near.max() + slack


def test_integers_and_constants() -> None:
    image = np.array([[0, 65535], [7, 7]], np.uint16)
    found = measure(image)
    assert (found.pixels, found.minimum, found.maximum, mean(found)) == (4, 0, 65535, 65549 / 4)
    assert deviation(found) == pytest.approx(image.std(), rel=1e-12)
    assert deviation(measure(np.full(1000, 0.1, np.float32))) == 0
    assert percentile(measure(np.full(9, 5, np.uint8)), 50) == 5
    assert mean(measure(np.array([-3, -5], np.int16))) == -4


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(ValueError, match="infinite"):
        measure(np.array([1, np.inf], np.float32))
    with pytest.raises(ValueError, match="not float64"):
        measure(np.ones(3))
    with pytest.raises(ValueError, match="no percentile"):
        percentile(no_statistics(), 50)
    with pytest.raises(ValueError, match="no percentile"):
        percentile(measure(np.ones(3, np.float32)), 101)
