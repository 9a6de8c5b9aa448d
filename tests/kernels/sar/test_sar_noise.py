"""Noise vectors and blocks against the slow formula; noise packets; a scene of noise alone has no backscatter left."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refsys.kernels.sar.calibration import Looks, calibrate, look_up_tables
from refsys.kernels.sar.noise import (
    AzimuthNoise,
    Noise,
    azimuth_factors,
    measure_noise,
    noise_power,
    noise_vectors,
    processing_noise_gain,
)
from refsys.kernels.sar.tiepoints import TiePoints, Window, interpolate

RANGE = TiePoints(np.array([0.0, 20.0]), np.array([0.0, 15.0, 39.0]), np.array([[9.0, 4, 6], [10.0, 5, 6]]))


def block(first_line: int, last_line: int, first_sample: int, last_sample: int, scale: float = 1.0) -> AzimuthNoise:
    line = np.array([0.0, 10.0, 29.0])
    return AzimuthNoise(first_line, last_line, first_sample, last_sample, line, scale * np.array([1.0, 2.0, 1.5]))


def slowly(noise: Noise, window: Window) -> np.ndarray:
    power = interpolate(noise.range_power, window, dtype=np.float64)
    factor = np.ones_like(power)
    for part in noise.azimuth:
        for i in range(window.lines):
            for j in range(window.samples):
                line, sample = window.first_line + i, window.first_sample + j
                if part.first_line <= line <= part.last_line and part.first_sample <= sample <= part.last_sample:
                    factor[i, j] = np.interp(line, part.line, part.factor)
    return power * factor


@given(st.integers(0, 20), st.integers(1, 15), st.integers(0, 30), st.integers(1, 15))
def test_blocks_multiply_where_they_lie(first_line: int, lines: int, first_sample: int, samples: int) -> None:
    blocks = (block(0, 29, 0, 11), block(0, 14, 12, 30, 3.0), block(15, 29, 12, 26, 2.0), block(3, 4, 25, 28, 5.0))
    noise, window = Noise(RANGE, blocks), Window(first_line, lines, first_sample, samples)
    np.testing.assert_allclose(noise_power(noise, window), slowly(noise, window), rtol=1e-6)


def test_vectors_follow_noise_gain_and_radiometry() -> None:
    gain = np.array([1.0, 1.3, 2.0])
    vectors = noise_vectors([0, 100], [2.0, 2.2], 0.5, [0, 10, 20], gain)
    np.testing.assert_allclose(vectors.value, np.outer([1.0, 1.1], gain**2))


def test_gain_of_the_processing_is_that_of_white_noise() -> None:
    rng = np.random.default_rng(11)
    response = np.zeros(256)
    response[:90] = np.hamming(180)[90:]
    azimuth = np.zeros(128)
    azimuth[30:80] = 1.5
    white = rng.standard_normal((128, 256)) + 1j * rng.standard_normal((128, 256))
    shaped = np.fft.ifft2(np.fft.fft2(white) * response * azimuth[:, np.newaxis])
    gain = processing_noise_gain(response, azimuth)
    assert np.mean(np.abs(shaped) ** 2) / np.mean(np.abs(white) ** 2) == pytest.approx(gain, rel=0.03)
    assert processing_noise_gain(np.ones(5), np.ones(3)) == 1


def test_noise_packets_are_measured_without_their_bias() -> None:
    rng = np.random.default_rng(2)
    packets = (3 * (rng.standard_normal((4, 20_000)) + 1j * rng.standard_normal((4, 20_000)))).astype(np.complex64)
    np.testing.assert_allclose(measure_noise(packets + np.complex64(5 - 2j)), 18, rtol=0.03)
    constant = np.full((1, 8), 3 + 4j, dtype=np.complex64)
    assert measure_noise(constant)[0] == 0


def test_a_scene_of_noise_alone_has_less_than_a_fortieth_of_its_noise_left() -> None:
    """Noise estimated from noise packets, vectors and blocks, quantised detected image: as a product goes."""
    rng = np.random.default_rng(2026)
    raw_power, processing, lines, samples = 2.1e4, 0.42, 1000, 1200
    packets = np.sqrt(raw_power / 2) * (rng.standard_normal((10, 20_000)) + 1j * rng.standard_normal((10, 20_000)))
    sample = np.arange(0.0, samples + 40, 40)
    radiometric = 1 + 0.8 * ((sample - 500) / 600) ** 2
    measured = measure_noise(packets.astype(np.complex64)).mean()
    vectors = noise_vectors([0, 500, 999], [measured] * 3, processing, sample, radiometric)
    line = np.arange(0.0, 1000, 10)
    scalloping = AzimuthNoise(0, 999, 0, samples - 1, line, 1 + 0.2 * np.cos(line / 40))
    noise = Noise(vectors, (scalloping,))
    truth = raw_power * processing * np.interp(np.arange(samples), sample, radiometric**2)
    truth = truth * np.interp(np.arange(lines), line, scalloping.factor)[:, np.newaxis]
    dn = np.rint(np.sqrt(truth * rng.gamma(4.4, 1 / 4.4, (lines, samples)))).astype(np.uint16)
    assert dn.min() > 0
    incidence = np.radians(np.linspace(30, 45, sample.size))
    sigma = np.tile(look_up_tables(incidence, 474.0**2).sigma, (2, 1))
    table = TiePoints(np.array([0.0, 999.0]), sample, sigma)
    denoised = calibrate(dn, table, noise, looks=Looks(2, 2))
    equivalent = calibrate(np.sqrt(truth).astype(np.float32) ** 2, table).mean()
    assert abs(denoised.mean()) < 0.023 * equivalent
    assert calibrate(dn, table).mean() == pytest.approx(equivalent, rel=0.01)  # and there was noise to subtract


def test_malformed_noise_is_refused() -> None:
    with pytest.raises(ValueError, match="is empty"):
        azimuth_factors([block(5, 4, 0, 3)], Window(0, 3, 0, 3))
    with pytest.raises(ValueError, match="positive"):
        azimuth_factors([block(0, 4, 0, 3, -1.0)], Window(0, 3, 0, 3))
    with pytest.raises(ValueError, match="negative"):
        noise_vectors([0], [-1.0], 1.0, [0], [1.0])
    with pytest.raises(ValueError, match="cannot be measured"):
        measure_noise(np.zeros((2, 1), np.complex64))
    with pytest.raises(ValueError, match="not finite"):
        measure_noise(np.full((1, 4), np.nan, np.complex64))
    with pytest.raises(ValueError, match="empty"):
        processing_noise_gain([], [1.0])
