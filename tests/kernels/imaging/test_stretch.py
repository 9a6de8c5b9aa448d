"""Reductions and stretches against slow formulas and hand-made values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refsys.kernels.imaging.statistics import measure, percentile
from refsys.kernels.imaging.stretch import box_average, quick_look_factors, stretch


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 7), st.integers(1, 7), st.integers(0, 99))
def test_boxes_equal_the_slow_formula(rows: int, columns: int, lines: int, samples: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    image = np.where(rng.random((rows, columns)) < 0.3, np.nan, rng.normal(size=(rows, columns)))
    found = box_average(image, lines, samples)
    assert found.shape == (-(-rows // lines), -(-columns // samples))
    for i in range(found.shape[0]):
        for j in range(found.shape[1]):
            box = image[i * lines : (i + 1) * lines, j * samples : (j + 1) * samples]
            known = box[~np.isnan(box)]
            want = known.mean() if known.size else np.nan
            assert found[i, j] == pytest.approx(want, rel=1e-5, abs=1e-6, nan_ok=True)


def test_quick_looks_have_square_pixels_and_fit() -> None:
    assert quick_look_factors((16676, 26144), (10.0, 10.0), 1000) == (27, 27)
    assert quick_look_factors((40_000, 18_000), (3.5, 2.2), 1000) == (40, 64)
    assert quick_look_factors((100, 100), (10.0, 10.0), 1000) == (1, 1)
    assert quick_look_factors((100, 100), (14.0, 3.5), 1000) == (1, 4)


def test_percentile_stretch_uses_the_whole_scale() -> None:
    image = np.random.default_rng(1).gamma(1.0, 100, (300, 400)).astype(np.float32)
    image[0, 0] = np.nan
    statistics = measure(image)
    low, high = percentile(statistics, 2), percentile(statistics, 98)
    eight = stretch(image, low, high)
    assert eight[0, 0] == 0
    assert eight[np.isfinite(image)].min() == 1
    assert np.mean(image >= high) == pytest.approx(0.02, abs=0.005)
    assert np.mean(image <= low) == pytest.approx(0.02, abs=0.005)
    assert stretch(image, low, high, gamma=2.0).mean() > eight.mean()


def test_impossible_parameters_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        box_average(np.ones((3, 3)), 0, 1)
    with pytest.raises(ValueError, match="no scale"):
        stretch(np.ones(3), 2, 2)
    with pytest.raises(ValueError, match="no quick-look"):
        quick_look_factors((3, 3), (0.0, 1.0), 10)
