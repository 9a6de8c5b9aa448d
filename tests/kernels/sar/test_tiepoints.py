"""Bilinear interpolation of sparse grids against the slow formula, against SciPy, and at the nodes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import RegularGridInterpolator

from refsys.kernels.sar.tiepoints import TiePoints, Window, interpolate, join_vectors, spread

OFFSETS, SIZES = st.integers(-8, 8), st.integers(1, 20)


def slowly(points: TiePoints, window: Window) -> np.ndarray:
    lines = window.first_line + np.arange(window.lines)
    samples = window.first_sample + np.arange(window.samples)
    along = np.stack([np.interp(samples, points.sample, row) for row in points.value])
    return np.stack([np.interp(lines, points.line, column) for column in along.T], axis=1)


@st.composite
def positions(draw: st.DrawFn) -> np.ndarray:
    steps = draw(st.lists(st.floats(0.25, 9), min_size=0, max_size=6))
    return np.cumsum([float(draw(st.integers(-9, 5))), *steps])


@settings(max_examples=150)
@given(positions(), positions(), st.builds(Window, OFFSETS, SIZES, OFFSETS, SIZES))
def test_any_window_equals_the_slow_formula(line: np.ndarray, sample: np.ndarray, window: Window) -> None:
    value = np.random.default_rng(line.size).uniform(-5, 5, (line.size, sample.size))
    points = TiePoints(line, sample, value)
    wide = interpolate(points, window, dtype=np.float64)
    np.testing.assert_allclose(wide, slowly(points, window), rtol=1e-12, atol=1e-12)
    narrow = interpolate(points, window)
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(narrow, wide, rtol=1e-5, atol=1e-5)


def test_the_grid_equals_scipy_and_is_exact_at_its_points() -> None:
    rng = np.random.default_rng(3)
    line, sample = np.array([0.0, 13, 40, 51]), np.array([0.0, 7, 8, 29, 63])
    points = TiePoints(line, sample, rng.uniform(300, 700, (4, 5)))
    got = interpolate(points, Window(0, 52, 0, 64), dtype=np.float64)
    np.testing.assert_array_equal(got[np.ix_(line.astype(int), sample.astype(int))], points.value)
    peer = RegularGridInterpolator((line, sample), points.value)
    grid = np.stack(np.meshgrid(np.arange(52), np.arange(64), indexing="ij"), axis=-1)
    np.testing.assert_allclose(got, peer(grid), rtol=1e-12)


def test_tiles_are_parts_of_the_whole() -> None:
    points = TiePoints(np.array([-3.0, 9, 30]), np.array([0.0, 40]), np.random.default_rng(1).uniform(0, 1, (3, 2)))
    whole = interpolate(points, Window(0, 25, 0, 45))
    np.testing.assert_array_equal(interpolate(points, Window(7, 11, 13, 20)), whole[7:18, 13:33])
    assert interpolate(points, Window(5, 0, 0, 4)).shape == (0, 4)


def test_vectors_with_samples_of_their_own_are_joined_without_loss() -> None:
    sample = [np.array([0.0, 10, 20]), np.array([0.0, 5, 15, 20])]
    value = [np.array([1.0, 3, 2]), np.array([5.0, 1, 1, 4])]
    joined = join_vectors([0.0, 8.0], sample, value)
    assert joined.sample.tolist() == [0, 5, 10, 15, 20]
    at = np.arange(21)
    got = interpolate(joined, Window(0, 9, 0, 21), dtype=np.float64)
    for line, k in ((0, 0), (8, 1)):
        np.testing.assert_allclose(got[line], np.interp(at, sample[k], value[k]))


@pytest.mark.parametrize(
    "points",
    [
        TiePoints(np.array([0.0, 0.0]), np.array([0.0]), np.ones((2, 1))),
        TiePoints(np.array([0.0]), np.array([3.0, 1.0]), np.ones((1, 2))),
        TiePoints(np.array([0.0]), np.array([0.0, 1.0]), np.array([[1.0, np.nan]])),
        TiePoints(np.array([0.0]), np.array([0.0, 1.0]), np.ones((2, 2))),
        TiePoints(np.zeros(0), np.zeros(0), np.ones((0, 0))),
    ],
)
def test_malformed_points_are_refused(points: TiePoints) -> None:
    with pytest.raises(ValueError, match=r"points|fit"):
        interpolate(points, Window(0, 2, 0, 2))


def test_impossible_windows_and_types_are_refused() -> None:
    points = TiePoints(np.zeros(1), np.zeros(1), np.ones((1, 1)))
    with pytest.raises(ValueError, match="does not exist"):
        interpolate(points, Window(0, -1, 0, 2))
    with pytest.raises(ValueError, match="float32 or float64"):
        spread(points, Window(0, 1, 0, 2), dtype=np.float16)
    with pytest.raises(ValueError, match="are no vectors"):
        join_vectors([0.0], [], [])
