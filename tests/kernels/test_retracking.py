"""The empirical retrackers against slow plain-Python references, and their symmetries."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from refsys.kernels.altimetry.retracking import ocog, threshold

WAVEFORMS = hnp.arrays(
    np.float64, (3, 32), elements=st.floats(0.0, 1e4, allow_subnormal=False).map(lambda x: round(x, 3))
)


def slow_ocog(waveform: npt.NDArray[np.float64], first: int, stop: int) -> tuple[float, float, float]:
    squares = [float(p) ** 2 for p in waveform[first:stop]]
    energy = sum(squares)
    fourth = sum(s * s for s in squares)
    if energy == 0.0:
        return math.nan, math.nan, math.nan
    width = energy**2 / fourth
    centre = sum(s * (first + i) for i, s in enumerate(squares)) / energy
    return math.sqrt(fourth / energy), width, centre - width / 2


def slow_threshold(waveform: npt.NDArray[np.float64], level: float, first: int, stop: int) -> float:
    for b in range(first + 1, stop):
        if waveform[b - 1] < level <= waveform[b]:
            return b - 1 + float((level - waveform[b - 1]) / (waveform[b] - waveform[b - 1]))
    return math.nan


@given(WAVEFORMS)
def test_ocog_is_its_definition(waveforms: npt.NDArray[np.float64]) -> None:
    result = ocog(waveforms, window=(3, 30))
    expected = np.array([slow_ocog(w, 3, 30) for w in waveforms])
    np.testing.assert_allclose(np.column_stack(result), expected, rtol=1e-9, atol=1e-9)


@given(WAVEFORMS, st.floats(0.05, 0.95))
def test_threshold_is_its_definition(waveforms: npt.NDArray[np.float64], fraction: float) -> None:
    amplitude, floor = waveforms.max(axis=1), waveforms[:, 2:6].mean(axis=1)
    result = threshold(waveforms, amplitude, floor, fraction=fraction, window=(2, 31))
    expected = [slow_threshold(w, level, 2, 31) for w, level in zip(waveforms, result.level, strict=True)]
    np.testing.assert_allclose(result.epoch_bins, expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(result.level, floor + fraction * (amplitude - floor))


@given(WAVEFORMS, st.integers(1, 8))
def test_a_later_echo_is_retracked_later(waveforms: npt.NDArray[np.float64], shift: int) -> None:
    padded = np.pad(waveforms, ((0, 0), (0, 16)))
    moved = np.roll(padded, shift, axis=1)
    np.testing.assert_allclose(
        ocog(moved, window=(0, 48)).position_bins, ocog(padded, window=(0, 48)).position_bins + shift, atol=1e-6
    )


def test_compiled_and_plain_threshold_agree() -> None:
    from refsys.kernels.altimetry import retracking

    generator = np.random.default_rng(3)
    power, level = generator.gamma(2.0, size=(20, 64)), np.full(20, 3.0)
    for fast, slow in zip(
        retracking._threshold(power, level, 2, 60), retracking._threshold_body(power, level, 2, 60), strict=True
    ):
        np.testing.assert_array_equal(fast, slow)


@pytest.mark.parametrize("window", [(-1, 10), (5, 5), (0, 33)])
def test_windows_outside_the_waveform_are_refused(window: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="window"):
        ocog(np.ones((2, 32)), window=window)


def test_impossible_shapes_and_fractions_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        ocog(np.ones(32), window=(0, 32))
    with pytest.raises(ValueError, match="fraction"):
        threshold(np.ones((1, 32)), [1.0], [0.0], fraction=1.0, window=(0, 32))
    with pytest.raises(ValueError, match="amplitude and floor"):
        threshold(np.ones((1, 32)), [1.0, 2.0], [0.0, 0.0], fraction=0.5, window=(0, 32))
