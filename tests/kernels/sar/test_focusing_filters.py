"""The filters against slow ones in double precision, and the phase of a target against stationary phase by search."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from refsys.kernels.sar.focusing_filters import AzimuthRows, BlockRows, filter_azimuth, filter_block
from refsys.kernels.sar.focusing_phase import fit_pulse, inverse_pulse, stationary_time_s
from refsys.kernels.sar.velocity import RangeHistory
from refsys.kernels.sar.windows import Window

CARRIER_HZ, C_M_S = 5.405e9, 299_792_458.0
HISTORY = RangeHistory(850e3, np.array([7150.0, -2e-4]), np.array([200.0, 1e-4]))


def noise(rng: np.random.Generator, *shape: int) -> NDArray[np.complex64]:
    return np.asarray(rng.standard_normal(shape) + 1j * rng.standard_normal(shape), np.complex64)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 300), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_block_filter_equals_the_slow_one(columns: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    data, table = noise(rng, 9, columns), noise(rng, columns).astype(np.complex128)
    rows = np.sort(rng.choice(9, count, replace=False)).astype(np.intp)
    # Slopes of up to two samples of shift and the curvature of a squint of half a degree.
    each = BlockRows(rng.uniform(-2e-7, 2e-7, count), rng.uniform(-1e-16, 1e-16, count))
    frequency = -3e7 + 8e3 * np.arange(columns)
    slow = data.astype(np.complex128)
    for row, slope, curve in zip(rows, *each, strict=True):
        slow[row] *= table * np.exp(1j * (slope * frequency + curve * frequency**2))
    filter_block(data, rows, table, each, (-3e7, 8e3))
    # The curvature bends the phase by 0.0015 at most between anchors.
    np.testing.assert_allclose(data, slow, rtol=0.002, atol=1e-5)
    kept = np.setdiff1d(np.arange(9), rows)
    np.testing.assert_array_equal(data[kept], slow[kept].astype(np.complex64))


def slow_phase(doppler_hz: float, slant_range_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Phase of 2 (f0 - d / 2) R(t) / c + d t where it stands still, found by Newton's method, less that of R0."""
    velocity, cubic = HISTORY.velocities_m_s(slant_range_m), HISTORY.cubics_m2_s3(slant_range_m)
    carrier, time = CARRIER_HZ - 0.5 * doppler_hz, np.zeros(slant_range_m.size)
    for _ in range(20):
        distance = np.sqrt(slant_range_m**2 + velocity**2 * time**2 + cubic * time**3)
        slope = (2 * velocity**2 * time + 3 * cubic * time**2) / (2 * distance)
        bend = (2 * velocity**2 + 6 * cubic * time) / (2 * distance) - slope**2 / distance
        time -= (2 * carrier * slope / C_M_S + doppler_hz) / (2 * carrier * bend / C_M_S)
    distance = np.sqrt(slant_range_m**2 + velocity**2 * time**2 + cubic * time**3)
    turns = 2 * carrier * distance / C_M_S + doppler_hz * time - 2 * CARRIER_HZ * slant_range_m / C_M_S
    motion = CARRIER_HZ * velocity**2 * slant_range_m / C_M_S**3
    return np.asarray(2 * np.pi * (turns + motion))


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 300), st.floats(-800, 800), st.integers(0, 2**32 - 1))
def test_azimuth_filter_equals_the_stationary_phase(columns: int, doppler_hz: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = noise(rng, 4, columns)
    ranges = np.asarray(845e3 + 2.3 * np.arange(columns), np.float64)
    rows = np.array([0, 2, 3])
    each = AzimuthRows(doppler_hz * np.array([1.0, 0.4, -0.7]), np.array([0.3, 5.0, -2.0]), np.array([1.0, 2.0, 0.5]))
    slow = data.astype(np.complex128)
    for row, doppler, phase, gain in zip(rows, *each, strict=True):
        turned = np.exp(1j * (phase + slow_phase(doppler, ranges)))
        slow[row] *= gain * HISTORY.velocities_m_s(ranges) * turned
    filter_azimuth(data, rows, each, CARRIER_HZ, ranges, history=HISTORY)
    np.testing.assert_allclose(data, slow, rtol=1e-4, atol=1e-5)


def test_stationary_time_has_the_doppler() -> None:
    doppler = np.array([-2800.0, -700.0, 0.0, 699.0, 2500.0])
    time = stationary_time_s(CARRIER_HZ, doppler, np.array(850e3), np.array(7150.0))
    closing = -(7150.0**2) * time / np.sqrt(850e3**2 + 7150.0**2 * time**2)
    np.testing.assert_allclose(2 * (CARRIER_HZ - 0.5 * doppler) * closing / C_M_S, doppler, atol=1e-6)


@pytest.mark.parametrize("shift", [0, 37])
def test_pulse_fit_knows_rate_and_middle(shift: int) -> None:
    sampling, ramp, size = 66.7e6, 1.345e12, 2948
    time = (np.arange(size) - 0.5 * (size - 1)) / sampling
    pulse = np.concatenate([np.zeros(shift), np.exp(1j * np.pi * ramp * time**2)]).astype(np.complex64)
    fit = fit_pulse(pulse, sampling, 59.4e6)
    assert -np.pi / fit.curve_rad_per_hz2 == pytest.approx(ramp, rel=1e-4)
    assert -fit.slope_rad_per_hz / (2 * np.pi) == pytest.approx((shift + 0.5 * (size - 1)) / sampling, abs=1e-10)


def test_inverse_of_a_pulse_gives_the_window_and_a_peak_of_one() -> None:
    sampling, size = 66.7e6, 1024
    frequency = np.asarray(np.fft.fftfreq(size, 1 / sampling), np.float64)
    pulse = np.exp(1j * np.pi * 4e12 * ((np.arange(900) - 449.5) / sampling) ** 2).astype(np.complex64)
    window = Window(50e6, 0.7)
    spectrum = np.fft.fft(pulse, size) * inverse_pulse(pulse, sampling, frequency, window)
    assert np.fft.ifft(spectrum)[0] == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(spectrum / spectrum[0], window.weights(frequency), atol=1e-6)


def test_sizes_that_differ_are_refused() -> None:
    data, rows = np.zeros((4, 5), np.complex64), np.array([0, 3])
    two, three = np.zeros(2), np.zeros(3)
    with pytest.raises(ValueError, match="table"):
        filter_block(data, rows, np.zeros(4, np.complex128), BlockRows(two, two), (0, 1))
    with pytest.raises(ValueError, match="rows were given"):
        filter_block(data, rows, np.zeros(5, np.complex128), BlockRows(two, three), (0, 1))
    for outside in ([0, 4], [-1, 2]):
        with pytest.raises(ValueError, match="rows outside"):
            filter_block(data, np.array(outside), np.zeros(5, np.complex128), BlockRows(two, two), (0, 1))
    with pytest.raises(ValueError, match="ranges"):
        filter_azimuth(data, rows, AzimuthRows(two, two, two), CARRIER_HZ, np.ones(4), history=HISTORY)
    wide = np.zeros((4, 5), np.complex128)
    with pytest.raises(ValueError, match="not complex64"):
        filter_azimuth(wide, rows, AzimuthRows(two, two, two), CARRIER_HZ, np.ones(5), history=HISTORY)  # type: ignore[arg-type]
