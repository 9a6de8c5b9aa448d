"""Pulse measurements against pulses of known ramp, delay and noise, and compression against the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.kernels.sentinel1 import chirp

FS_HZ = 66.7e6
RAMP_HZ_S = 1.345e12
LENGTH_S = 44e-6
START_HZ = -0.5 * RAMP_HZ_S * LENGTH_S
REPLICA = chirp.nominal_chirp(RAMP_HZ_S, START_HZ, LENGTH_S, FS_HZ)


def recording(first: int, tail: int, gain: complex = 100.0, noise: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(5)
    iq = np.concatenate([np.zeros(first), gain * REPLICA, np.zeros(tail)])
    return (iq + noise * (rng.standard_normal(iq.size) + 1j * rng.standard_normal(iq.size))).astype(np.complex64)


def test_chirp_has_the_phase_it_is_asked_for() -> None:
    assert REPLICA.size == int(np.ceil(LENGTH_S * FS_HZ))
    np.testing.assert_allclose(np.abs(REPLICA), 1)
    frequency_hz = np.angle(REPLICA[1:] * np.conj(REPLICA[:-1])) / (2 * np.pi) * FS_HZ
    middle_s = (np.arange(REPLICA.size - 1) + 0.5) / FS_HZ
    np.testing.assert_allclose(frequency_hz, START_HZ + RAMP_HZ_S * middle_s, atol=1)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 60), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_compression_equals_the_definition_at_whole_delays(size: int, length: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    iq = (rng.standard_normal(size) + 1j * rng.standard_normal(size)).astype(np.complex64)
    replica = rng.standard_normal(length) + 1j * rng.standard_normal(length)
    padded = np.concatenate([iq.astype(np.complex128), np.zeros(length)])
    slow = np.array([abs(np.sum(padded[k : k + length] * np.conj(replica))) for k in range(size)])
    slow /= np.linalg.norm(iq.astype(np.complex128)) * np.linalg.norm(replica)
    got = chirp.compress_pulse(iq, replica)
    assert got.size == size * chirp.OVERSAMPLING
    np.testing.assert_allclose(got[:: chirp.OVERSAMPLING], slow, atol=1e-6)


@settings(deadline=None, max_examples=10)
@given(st.integers(40, 200), st.integers(40, 200))
def test_clean_pulse_measures_as_theory_says(first: int, tail: int) -> None:
    quality = chirp.measure_pulse(recording(first, tail, gain=80 * np.exp(1j)), REPLICA, FS_HZ)
    assert (quality.first_sample, quality.samples) == (first, REPLICA.size)
    assert quality.ramp_rate_hz_per_s == pytest.approx(RAMP_HZ_S, rel=1e-6)
    assert quality.correlation == pytest.approx(1, abs=1e-6)
    # A rectangular band B gives a sinc: 0.886 fs / B wide, first sidelobe at -13.26 dB.
    assert quality.width_samples == pytest.approx(0.886 * FS_HZ / (RAMP_HZ_S * LENGTH_S), rel=0.02)
    assert quality.pslr_db == pytest.approx(-13.26, abs=0.3)


def test_another_ramp_is_noticed() -> None:
    other = chirp.nominal_chirp(1.001 * RAMP_HZ_S, START_HZ, LENGTH_S, FS_HZ)
    quality = chirp.measure_pulse(recording(50, 50, noise=1.0), other, FS_HZ)
    assert quality.ramp_rate_hz_per_s == pytest.approx(RAMP_HZ_S, rel=1e-5)
    assert quality.correlation < 0.9
    assert quality.pslr_db > -12


@pytest.mark.parametrize("iq", [np.zeros(100), np.array([]), np.array([np.nan, 1])])
def test_recordings_without_pulse_are_refused(iq: np.ndarray) -> None:
    with pytest.raises(ValueError, match="cannot be compressed"):
        chirp.measure_pulse(iq.astype(np.complex64), REPLICA, FS_HZ)


def test_a_single_spike_is_too_short() -> None:
    iq = np.zeros(500, np.complex64)
    iq[250] = 1
    with pytest.raises(ValueError, match=r"too short to measure|half its power"):
        chirp.measure_pulse(iq, REPLICA, FS_HZ)


@pytest.mark.parametrize(("length_s", "fs_hz"), [(0, FS_HZ), (LENGTH_S, 0), (np.nan, FS_HZ), (LENGTH_S, np.nan)])
def test_impossible_chirps_are_refused(length_s: float, fs_hz: float) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        chirp.nominal_chirp(RAMP_HZ_S, START_HZ, length_s, fs_hz)
