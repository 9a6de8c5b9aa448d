"""The bank fit: recovers what it is given, agrees with SciPy, is honest about what it cannot fit."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from refsys.kernels.altimetry import bank as sral_bank
from refsys.kernels.altimetry import bank_fit as sral_bank_fit
from refsys.kernels.altimetry.bank import EchoBank, bank_echo
from refsys.kernels.altimetry.bank_fit import fit_bank
from refsys.kernels.altimetry.echo import echo_bank, epoch_grid, frequency_grid, pulse_limited_spectrum, variance_grid

WINDOW = (10, 118)


@pytest.fixture(scope="module")
def bank() -> EchoBank:
    frequency = frequency_grid()
    geometry = {"bandwidth_hz": 320e6, "altitude_m": 814e3, "earth_radius_m": 6.371e6, "beamwidth_rad": 0.0229}
    level = pulse_limited_spectrum(frequency, **geometry)
    tilt = (pulse_limited_spectrum(frequency, **geometry, mispointing_rad2=1e-7) - level) / 1e-7
    variances, epochs = variance_grid(0.1, 60.0), epoch_grid(30.0, 55.0)
    echoes = echo_bank(np.array([[level], [tilt]]), frequency, variances, epochs, np.ones((1, 128), dtype=bool))
    return EchoBank(echoes, variances, epochs, np.full(128, 90.0), np.ones(128))


def speckled(
    bank: EchoBank, parameters: npt.ArrayLike, generator: np.random.Generator, count: int = 1
) -> npt.NDArray[np.float64]:
    clean = bank_echo(bank, np.atleast_2d(parameters))
    return clean * generator.gamma(90.0, 1 / 90.0, (count, 128))


@settings(deadline=None, max_examples=60)
@given(
    epoch=st.floats(34.0, 50.0),
    variance=st.floats(0.15, 40.0),
    amplitude=st.floats(1e-3, 1e6),
    mispointing=st.floats(-1e-5, 2e-5),
    noise=st.floats(0.0, 0.05),
)
def test_clean_echoes_are_recovered(
    bank: EchoBank, *, epoch: float, variance: float, amplitude: float, mispointing: float, noise: float
) -> None:
    truth = np.array([epoch, variance, amplitude, amplitude * mispointing, amplitude * noise])
    guess = np.array([[epoch + 1.5, 2.0]])
    fit = fit_bank(bank_echo(bank, truth[np.newaxis]), bank, guess, window=WINDOW)
    assert fit.converged[0]
    found = fit.parameters[0]
    assert abs(found[0] - epoch) < 2e-3
    assert abs(found[1] - variance) < 5e-3 * (1 + variance)
    assert abs(found[2] / amplitude - 1) < 2e-3


@settings(deadline=None, max_examples=25)
@given(scale=st.floats(1e-4, 1e6), seed=st.integers(0, 10_000))
def test_the_unit_of_power_does_not_matter(bank: EchoBank, scale: float, seed: int) -> None:
    waveform = speckled(bank, [41.0, 2.0, 50.0, 0.0, 0.5], np.random.default_rng(seed))
    guess = np.array([[41.5, 1.0]])
    plain, scaled = (fit_bank(w, bank, guess, window=WINDOW) for w in (waveform, waveform * scale))
    unit = np.array([1.0, 1.0, scale, scale, scale])
    np.testing.assert_allclose(scaled.parameters, plain.parameters * unit, rtol=1e-5, atol=1e-6 * scale)
    np.testing.assert_allclose(scaled.covariance, plain.covariance * np.outer(unit, unit), rtol=1e-3, atol=0)
    np.testing.assert_allclose(scaled.misfit, plain.misfit, rtol=1e-5)


def test_scipy_finds_the_same_minimum(bank: EchoBank) -> None:
    generator = np.random.default_rng(5)
    waveforms = speckled(bank, [41.3, 2.5, 80.0, 1e-4, 0.8], generator, count=12)
    fit = fit_bank(waveforms, bank, np.tile([41.0, 1.5], (12, 1)), window=WINDOW)
    assert fit.converged.all()
    inside = slice(*WINDOW)
    unit = np.array([1.0, 1.0, 80.0, 1e6, 1.0])
    for waveform, found, covariance in zip(waveforms, fit.parameters, fit.covariance, strict=True):
        final = bank_echo(bank, found[np.newaxis])[0]
        weight = 1.0 / (final + 0.05 * (final[inside].max() - found[-1]))

        def residual(
            p: npt.NDArray[np.float64],
            waveform: npt.NDArray[np.float64] = waveform,
            weight: npt.NDArray[np.float64] = weight,
        ) -> npt.NDArray[np.float64]:
            weighted: npt.NDArray[np.float64] = (bank_echo(bank, (p * unit)[np.newaxis])[0] - waveform) * weight
            return weighted[inside]

        oracle = least_squares(residual, found / unit + 0.01, x_scale="jac").x * unit
        assert np.all(np.abs(oracle - found) < 0.1 * np.sqrt(np.diag(covariance)))


def test_covariance_is_the_spread_of_the_estimates(bank: EchoBank) -> None:
    truth = np.array([41.3, 4.0, 80.0, 0.0, 0.8])
    waveforms = speckled(bank, truth, np.random.default_rng(6), count=1_500)
    fit = fit_bank(waveforms, bank, np.tile([41.0, 3.0], (1_500, 1)), window=WINDOW)
    assert fit.converged.all()
    spread = (fit.parameters - truth)[:, :3] / np.sqrt(np.diagonal(fit.covariance, axis1=1, axis2=2)[:, :3])
    np.testing.assert_allclose(spread.std(axis=0), 1.0, atol=0.1)
    assert abs(fit.misfit.mean() - 1.0) < 0.03


def test_misfit_tells_wrong_speckle_and_wrong_shape(bank: EchoBank) -> None:
    truth = [41.3, 4.0, 80.0, 0.0, 0.8]
    waveforms = speckled(bank, truth, np.random.default_rng(7), count=200)
    halved = bank._replace(looks=bank.looks * 2.0)
    guess = np.tile([41.0, 3.0], (200, 1))
    assert 1.8 < fit_bank(waveforms, halved, guess, window=WINDOW).misfit.mean() < 2.2
    waveforms[:, 70:80] *= 2.0
    assert np.nanmean(fit_bank(waveforms, bank, guess, window=WINDOW).misfit) > 3.0


def test_waveforms_without_an_echo_do_not_converge(bank: EchoBank) -> None:
    generator = np.random.default_rng(9)
    waveforms = np.stack(
        [np.full(128, np.nan), np.zeros(128), -np.ones(128), speckled(bank, [41, 2, 1, 0, 0], generator)[0]]
    )
    waveforms[3, 60] = np.inf
    fit = fit_bank(waveforms, bank, np.tile([41.0, 2.0], (4, 1)), window=WINDOW)
    assert not fit.converged.any()
    assert np.isnan(fit.parameters).all()
    assert np.isnan(fit.covariance).all()


def test_an_echo_outside_the_bank_does_not_converge(bank: EchoBank) -> None:
    echo = bank_echo(bank, np.array([[54.5, 2.0, 10.0, 0.0, 0.1]]))
    late = np.roll(echo, 12, axis=1)
    late[:, :12] = 0.1
    assert not fit_bank(late, bank, np.array([[54.0, 2.0]]), window=WINDOW).converged[0]


def test_noise_may_make_the_variance_negative_but_not_biased(bank: EchoBank) -> None:
    truth = np.array([41.3, 0.2, 80.0, 0.0, 0.8])
    fit = fit_bank(
        speckled(bank, truth, np.random.default_rng(10), 1_000), bank, np.tile([41.0, 1.0], (1_000, 1)), window=WINDOW
    )
    variance = fit.parameters[fit.converged, 1]
    assert fit.converged.mean() > 0.99
    assert (variance < 0).any()
    assert abs(variance.mean() - 0.2) < 4 * variance.std() / np.sqrt(variance.size)


@given(st.integers(1, 6), st.integers(0, 10_000))
def test_inverse_is_an_inverse(size: int, seed: int) -> None:
    factor = np.random.default_rng(seed).normal(size=(size, size))
    matrix = factor @ factor.T + 0.1 * np.eye(size)
    for invert in (sral_bank_fit._invert, sral_bank_fit._invert_body):
        inverse = np.empty_like(matrix)
        assert invert(matrix.copy(), inverse)
        np.testing.assert_allclose(inverse @ matrix, np.eye(size), atol=1e-8)


def test_a_matrix_that_is_not_positive_definite_is_refused() -> None:
    assert not sral_bank_fit._invert(np.array([[1.0, 2.0], [2.0, 1.0]]), np.empty((2, 2)))
    assert not sral_bank_fit._invert(np.zeros((3, 3)), np.empty((3, 3)))


def test_derivatives_are_those_of_the_model(bank: EchoBank) -> None:
    parameters = np.array([41.33, 2.2, 70.0, 1e-3, 0.7])
    model, jacobian = np.empty(128), np.empty((5, 128))
    sral_bank.predict(bank, parameters, (0, 128), model, jacobian)
    for i, step in enumerate((1e-4, 1e-5, 1e-3, 1e2, 1e-3)):
        ahead, behind = parameters.copy(), parameters.copy()
        ahead[i] += step
        behind[i] -= step
        numeric = (bank_echo(bank, ahead[np.newaxis]) - bank_echo(bank, behind[np.newaxis]))[0] / (2 * step)
        np.testing.assert_allclose(jacobian[i], numeric, atol=2e-3 * np.abs(numeric).max())


def test_compiled_and_plain_loops_agree(bank: EchoBank) -> None:
    waveforms = speckled(bank, [41.3, 2.5, 80.0, 0.0, 0.8], np.random.default_rng(11), count=2)
    guess = np.tile([41.0, 3.0], (2, 1))
    fast = sral_bank_fit._fit_bank(waveforms, bank, guess, WINDOW)
    slow = sral_bank_fit._fit_bank_body(waveforms, bank, guess, WINDOW)
    for one, other in zip(fast, slow, strict=True):
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-6)


def test_impossible_banks_are_refused(bank: EchoBank) -> None:
    waveforms, guess = np.ones((2, 128)), np.ones((2, 2))
    bad = {
        "float32": bank._replace(echoes=bank.echoes.astype(np.float64)),
        "variances": bank._replace(variances=bank.variances[::-1].copy()),
        "epochs": bank._replace(epochs=bank.epochs**2),
        "looks": bank._replace(looks=np.zeros(128)),
        "floor": bank._replace(floor=np.ones(64)),
    }
    for word, broken in bad.items():
        with pytest.raises(ValueError, match=word):
            fit_bank(waveforms, broken, guess, window=WINDOW)
    with pytest.raises(ValueError, match="first_guess"):
        fit_bank(waveforms, bank, np.ones((3, 2)), window=WINDOW)
    with pytest.raises(ValueError, match="no more bins"):
        fit_bank(waveforms, bank, guess, window=(10, 14))
