"""Raw samples: injected errors are found and taken out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from refsys.kernels.sar import preprocessing as pre


def circular(size: int, seed: int = 1, sigma: float = 20.0) -> NDArray[np.complex128]:
    rng = np.random.default_rng(seed)
    return np.asarray(sigma * (rng.standard_normal(size) + 1j * rng.standard_normal(size)))


def received(ideal: NDArray[np.complex128], bias: complex, gain: float, departure_deg: float) -> NDArray[np.complex64]:
    angle = np.radians(departure_deg)
    q = gain * (ideal.imag * np.cos(angle) + ideal.real * np.sin(angle))
    return np.asarray(bias + ideal.real + 1j * q, np.complex64)


@settings(max_examples=20)
@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(0.8, 1.25), st.floats(-8, 8))
def test_injected_errors_are_found_and_taken_out(bias_i: float, bias_q: float, gain: float, departure: float) -> None:
    ideal = circular(200_000)
    raw = received(ideal, complex(bias_i, bias_q), gain, departure)
    found = pre.raw_statistics(pre.sum_samples(raw, np.inf))
    # One standard deviation: bias 0.045, gain 0.0016, angle 0.13 degrees.
    np.testing.assert_allclose([found.bias_i, found.bias_q], [bias_i, bias_q], atol=0.2)
    assert found.gain == pytest.approx(gain, rel=0.007)
    assert found.departure_deg == pytest.approx(departure, abs=0.55)
    assert found.power == pytest.approx(800, rel=0.02)
    pre.correct_samples(raw, found)
    after = pre.raw_statistics(pre.sum_samples(raw, np.inf))
    np.testing.assert_allclose([after.bias_i, after.bias_q, after.gain - 1, after.departure_deg], 0, atol=1e-4)


def test_exact_errors_give_the_ideal_back() -> None:
    ideal = circular(1000)
    raw = received(ideal, 1.5 - 2j, 1.1, 3.0)
    pre.correct_samples(raw, pre.RawStatistics(1.5, -2.0, 1.1, 3.0, 0.0, 0.0))
    np.testing.assert_allclose(raw, ideal, atol=2e-5)


@given(st.lists(st.complex_numbers(max_magnitude=100, allow_nan=False), min_size=1, max_size=40), st.integers(0, 39))
def test_sums_are_sums_and_blocks_add_up(values: list[complex], cut: int) -> None:
    raw = np.array([*values, complex(np.nan, 1)], np.complex64)
    whole = pre.sum_samples(raw, 50.0)
    finite = raw[:-1].astype(np.complex128)
    i, q = finite.real, finite.imag
    saturated = np.count_nonzero((np.abs(i) >= 50) | (np.abs(q) >= 50))
    sums = i.sum(), q.sum(), (i * i).sum(), (q * q).sum(), (i * q).sum()
    wanted = np.array([len(values), *sums, saturated], np.float64)
    np.testing.assert_allclose(np.array(whole), wanted, rtol=1e-9, atol=1e-6)
    parts = pre.sum_samples(raw[:cut], 50.0).plus(pre.sum_samples(raw[cut:], 50.0))
    np.testing.assert_allclose(np.array(parts), wanted, rtol=1e-9, atol=1e-6)


def test_saturation_is_counted() -> None:
    raw = circular(100_000, sigma=5.0).astype(np.complex64)
    clipped = (np.clip(raw.real, -10, 10) + 1j * np.clip(raw.imag, -10, 10)).astype(np.complex64)
    # Each part passes two standard deviations with a probability of 4.55 %.
    found = pre.raw_statistics(pre.sum_samples(clipped, 10.0)).saturated_fraction
    assert found == pytest.approx(1 - 0.9545**2, abs=0.004)


@pytest.mark.parametrize(
    "raw", [np.zeros(100), np.full(100, 5 + 5j), np.full(1, 2j), np.full(10, np.nan), np.arange(9.0)]
)
def test_samples_that_say_nothing_are_refused(raw: NDArray[np.complex128]) -> None:
    with pytest.raises(ValueError, match=r"too few|constant"):
        pre.raw_statistics(pre.sum_samples(raw.astype(np.complex64), np.inf))


def test_what_is_no_correction_is_refused() -> None:
    good = pre.RawStatistics(0, 0, 1, 0, 1, 0)
    with pytest.raises(ValueError, match="C order"):
        pre.correct_samples(np.zeros((4, 4), np.complex64).T[1:], good)
    with pytest.raises(ValueError, match="no correction"):
        pre.correct_samples(np.zeros(4, np.complex64), good._replace(departure_deg=60.0))
    with pytest.raises(ValueError, match="largest"):
        pre.sum_samples(np.zeros(4, np.complex64), 0.0)
