"""Responses whose form is known: theory of windows against published numbers, measurement against theory."""

import numpy as np
import pytest

from refsys.kernels.sar.impulse_response import expected_response, measure_impulse_response
from refsys.kernels.sar.windows import Window


@pytest.mark.parametrize(("coefficient", "pslr_db"), [(1.0, -13.26), (0.75, -21.2), (0.70, -24.1), (0.60, -31.6)])
def test_theory_gives_published_sidelobes(coefficient: float, pslr_db: float) -> None:
    assert expected_response(Window(50e6, coefficient)).pslr_db == pytest.approx(pslr_db, abs=0.05)


def test_theory_of_a_rectangle() -> None:
    cut = expected_response(Window(50e6, 1.0))
    assert cut.width * 50e6 == pytest.approx(0.886, abs=0.0005)
    assert cut.islr_db == pytest.approx(-10.16, abs=0.02)


@pytest.mark.parametrize("coefficient", [1.0, 0.75, 0.54])
def test_response_is_the_transform_of_the_weights(coefficient: float) -> None:
    window = Window(2.0, coefficient)
    frequency = np.linspace(-1, 1, 20001)
    time = np.array([0.0, 0.3, 0.5, 1.1, 2.7])
    weights = window.weights(frequency)
    slow = np.array([np.trapezoid(weights * np.cos(2 * np.pi * frequency * t), frequency) for t in time])
    np.testing.assert_allclose(window.response(time), slow / slow[0], atol=1e-6)
    assert slow[0] == pytest.approx(window.integral_hz(), rel=1e-6)
    fine = np.linspace(-400, 400, 400_001)
    energy = np.trapezoid(window.response(fine) ** 2, fine)
    assert energy == pytest.approx(window.equivalent_width_s(), rel=1e-3)


def synthetic(line: float, sample: float, bands: tuple[float, float], phase: float, centroid: float) -> np.ndarray:
    """Two windowed responses multiplied, bands in cycles per pixel."""
    cuts = [
        Window(band, coefficient).response(np.arange(160.0) - at)
        for at, band, coefficient in ((line, bands[0], 0.75), (sample, bands[1], 1.0))
    ]
    carried = cuts[0] * np.exp(2j * np.pi * centroid * (np.arange(160.0) - line))
    return np.asarray(7.0 * np.exp(1j * phase) * np.outer(carried, cuts[1]), np.complex64)


@pytest.mark.parametrize("centroid", [0.0, 0.37, -1.3])
def test_measurement_of_known_responses(centroid: float) -> None:
    bands = 0.73, 0.89
    image = synthetic(80.371, 79.843, bands, 2.1, centroid)
    got = measure_impulse_response(image, (80, 80), (1 / bands[0], 1 / bands[1]), turns_per_line=centroid, chip=128)
    assert got.azimuth.position == pytest.approx(80.371, abs=0.001)
    assert got.range.position == pytest.approx(79.843, abs=0.001)
    assert abs(got.peak) == pytest.approx(7.0, rel=0.002)
    assert np.angle(got.peak) == pytest.approx(2.1, abs=0.002)
    for cut, window in ((got.azimuth, Window(bands[0], 0.75)), (got.range, Window(bands[1], 1.0))):
        theory = expected_response(window)
        assert cut.width == pytest.approx(theory.width, rel=0.002)
        assert cut.pslr_db == pytest.approx(theory.pslr_db, abs=0.05)
        assert cut.islr_db == pytest.approx(theory.islr_db, abs=0.05)


def test_chips_that_cannot_be_measured_are_refused() -> None:
    image = synthetic(80, 80, (0.7, 0.9), 0, 0)
    with pytest.raises(ValueError, match="within an image"):
        measure_impulse_response(image, (20, 80), (1.4, 1.1))
    with pytest.raises(ValueError, match="too small"):
        measure_impulse_response(image, (80, 80), (1.4, 1.1), chip=24)
