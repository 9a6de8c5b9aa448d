"""Doppler centroids of clutter made with known ones: still beams, steered beams, ambiguities, noise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from refsys.kernels.sar.doppler import BlockCorrelation, correlate_lines, fit_centroid

PRF_HZ = 1700.0
LINES, SAMPLES, BLOCKS = 1024, 400, 8
DELAYS_S = 5e-3 + (np.arange(BLOCKS) + 0.5) * SAMPLES / BLOCKS / 60e6


def clutter(centroid_hz: NDArray[np.float64], chirp_hz_s: float = 0.0, seed: int = 1) -> NDArray[np.complex64]:
    """White noise shaped along lines by a two-way beam, one centroid for each sample."""
    rng = np.random.default_rng(seed)
    white = rng.standard_normal((LINES, SAMPLES)) + 1j * rng.standard_normal((LINES, SAMPLES))
    frequency = np.fft.fftfreq(LINES, 1 / PRF_HZ)
    beam = np.sinc(frequency / 1230) ** 2
    still = np.fft.ifft(np.fft.fft(white, axis=0) * beam[:, None], axis=0)
    time_s = (np.arange(LINES) - 0.5 * (LINES - 1)) / PRF_HZ
    turns = time_s[:, None] * centroid_hz + 0.5 * chirp_hz_s * time_s[:, None] ** 2
    return np.asarray(still * np.exp(2j * np.pi * turns), np.complex64)


@settings(max_examples=8)
@given(st.floats(-800, 800), st.floats(-60, 60), st.integers(-2, 2), st.integers(0, 100))
def test_centroid_of_clutter(centre_hz: float, across_hz: float, ambiguity: int, seed: int) -> None:
    over_range = np.linspace(-0.5, 0.5, SAMPLES)
    centroid = centre_hz + across_hz * over_range
    expected_hz = centre_hz + ambiguity * PRF_HZ + 200
    found = fit_centroid(
        correlate_lines(clutter(centroid, seed=seed), BLOCKS), DELAYS_S, PRF_HZ, expected_hz=expected_hz
    )
    wanted = centroid.reshape(BLOCKS, -1).mean(axis=1) + ambiguity * PRF_HZ
    # One standard deviation of a block of 5e4 samples: about 2 Hz.
    np.testing.assert_allclose(found.frequency_hz, wanted, atol=10)
    np.testing.assert_allclose(found.at(DELAYS_S), wanted, atol=8)
    assert found.rms_hz < 5
    assert np.all(found.used)
    # The beam's correlation after one line, of its power spectrum.
    frequency = np.fft.fftfreq(LINES, 1 / PRF_HZ)
    beam = np.sinc(frequency / 1230) ** 4
    theory = np.sum(beam * np.cos(2 * np.pi * frequency / PRF_HZ)) / np.sum(beam)
    np.testing.assert_allclose(found.coherence, theory, atol=0.03)


def test_steered_beams_give_their_centroid_at_the_middle_of_the_burst() -> None:
    chirp_hz_s = 7600.0
    raw = clutter(np.full(SAMPLES, 37.0), chirp_hz_s)
    found = fit_centroid(correlate_lines(raw, BLOCKS, chirp_hz_s, 1 / PRF_HZ), DELAYS_S, PRF_HZ)
    np.testing.assert_allclose(found.frequency_hz, 37, atol=10)
    smeared = correlate_lines(raw, BLOCKS)
    assert np.all(np.abs(smeared.correlation) < 0.3 * smeared.power)


def test_sums_are_those_of_the_definition_and_add_up() -> None:
    raw = clutter(np.zeros(SAMPLES))[:20]
    raw[7] = 0
    found = correlate_lines(raw, 3)
    edges = [0, 133, 266, 400]
    for block in range(3):
        part = raw[:, edges[block] : edges[block + 1]].astype(np.complex128)
        assert found.correlation[block] == pytest.approx(np.sum(part[1:] * np.conj(part[:-1])), rel=1e-9)
        assert found.pairs[block] == 17 * part.shape[1]
    parts = correlate_lines(raw[:11], 3).plus(correlate_lines(raw[10:], 3))
    np.testing.assert_allclose(parts.correlation, found.correlation, rtol=1e-9)
    np.testing.assert_allclose(parts.power, found.power, rtol=1e-9)


def test_blocks_without_signal_are_left_out() -> None:
    raw = clutter(np.full(SAMPLES, -300.0))
    rng = np.random.default_rng(2)
    raw[:, :50] = rng.standard_normal((LINES, 50)) + 1j * rng.standard_normal((LINES, 50))
    raw[:, 350:] = 0
    found = fit_centroid(correlate_lines(raw, BLOCKS), DELAYS_S, PRF_HZ)
    assert found.used.tolist() == [False, *[True] * 6, False]
    np.testing.assert_allclose(found.at(DELAYS_S[1:-1]), -300, atol=8)


def test_noise_and_wrong_shapes_are_refused() -> None:
    rng = np.random.default_rng(4)
    noise = np.asarray(rng.standard_normal((LINES, SAMPLES)) + 1j * rng.standard_normal((LINES, SAMPLES)), np.complex64)
    with pytest.raises(ValueError, match="no block of 8 is coherent"):
        fit_centroid(correlate_lines(noise, BLOCKS), DELAYS_S, PRF_HZ)
    with pytest.raises(ValueError, match="no block"):
        fit_centroid(correlate_lines(np.zeros((4, 16), np.complex64), 2), DELAYS_S[:2], PRF_HZ)
    with pytest.raises(ValueError, match="blocks of samples"):
        correlate_lines(noise[:1], BLOCKS)
    with pytest.raises(ValueError, match="delays for 1 blocks"):
        fit_centroid(BlockCorrelation(np.ones(1, complex), np.ones(1), np.ones(1, np.int64)), DELAYS_S, PRF_HZ)
