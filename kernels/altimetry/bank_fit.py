"""Fit of altimeter waveforms to a bank of model echoes.

A bank holds model echoes on a grid of height variance and epoch, so that one loop serves every echo model: what is
left are two interpolations and the linear parameters (numerical retracking: Boy et al. 2017, IEEE TGRS 55(9), section
III).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from refsys.kernels.altimetry.bank import EchoBank, Window, check_bank, predict
from refsys.kernels.altimetry.retracking import checked_waveforms, checked_window
from refsys.kernels.jit import jit

Float = npt.NDArray[np.float64]

_WEIGHT_FLOOR = 0.05  # fraction of the model's peak: keeps the toe, where a model is least certain, from ruling the fit
_MAX_ITERATIONS = 60
_FULL_STEPS = 10  # then half steps: renewing the weights may answer each step with its opposite
_LARGEST_DAMPING = 1e9


class BankFit(NamedTuple):
    """Fit of n waveforms to a bank of k templates; p = k + 3 parameters. NaN where a waveform did not converge."""

    parameters: Float
    """Shape (n, p): epoch (bins), height variance (bins squared, may be negative), k amplitudes, noise floor."""
    covariance: Float
    """Shape (n, p, p): covariance of the parameters for the looks that were given."""
    misfit: Float
    """Shape (n,): mean of looks (waveform / model - 1)^2 over the bins above the toe; 1 for a perfect model."""
    converged: npt.NDArray[np.bool_]
    """Shape (n,): the last step was negligible, the epoch lies inside the bank and the amplitude is positive."""
    iterations: npt.NDArray[np.int64]
    """Shape (n,): number of accepted steps."""


def fit_bank(waveforms: npt.ArrayLike, bank: EchoBank, first_guess: Float, *, window: Window) -> BankFit:
    """Fit epoch, height variance, amplitudes and noise floor of each waveform.

    The model is `sum_k amplitude_k bank(variance, epoch)_k + noise floor`, linear between variances and cubic
    (Catmull-Rom) between epochs. The loop is Levenberg-Marquardt with weights looks / (model + soft)^2 renewed at
    each accepted step (Fisher scoring for speckle, whose spread is proportional to the power), where soft is 5 % of
    the model's peak. The covariance is the sandwich H^-1 (J' W V W J) H^-1 with V = model^2 / looks, so it stays
    right although the weights are softened.

    Parameters
    ----------
    waveforms
        Shape (n, bins), power in any linear unit. One that is not finite or has no power is not converged.
    first_guess
        Shape (n, 2) float64: epoch (bins) and variance (bins squared) to start from.
    window
        First bin used and the bin after the last one used.

    Raises
    ------
    ValueError
        If shapes disagree, a grid is not increasing, or there are no more bins than parameters.

    Notes
    -----
    Marquardt 1963, SIAM Journal 11(2). McCullagh and Nelder 1989, "Generalized linear models".
    """
    power = checked_waveforms(waveforms)
    first, stop = checked_window(window, power.shape[1])
    check_bank(bank, power.shape[1])
    if first_guess.shape != (power.shape[0], 2):
        message = f"first_guess must have the shape ({power.shape[0]}, 2), not {first_guess.shape}"
        raise ValueError(message)
    if stop - first <= bank.echoes.shape[2] + 3:
        message = f"window {window} holds no more bins than the fit has parameters"
        raise ValueError(message)
    return BankFit(*_fit_bank(power, bank, first_guess, (first, stop)))


def _invert_body(matrix: Float, inverse: Float) -> bool:
    """Gauss-Jordan inversion of a positive definite matrix, which it destroys; False if it is not one."""
    size = matrix.shape[0]
    for i in range(size):
        for j in range(size):
            inverse[i, j] = 1.0 if i == j else 0.0
    for i in range(size):
        if not matrix[i, i] > 0.0:
            return False
        scale = 1.0 / matrix[i, i]
        for j in range(size):
            matrix[i, j] *= scale
            inverse[i, j] *= scale
        for row in range(size):
            factor = matrix[row, i] if row != i else 0.0
            for j in range(size):
                matrix[row, j] -= factor * matrix[i, j]
                inverse[row, j] -= factor * inverse[i, j]
    return True


_invert = jit(_invert_body)


def _soften_body(bank: EchoBank, model: Float, noise: float, window: Window, weight: Float) -> float:
    """Weights of the bins, in place; returns the power added to the model."""
    peak = 0.0
    for b in range(window[0], window[1]):
        peak = max(peak, model[b] - noise)
    soft = _WEIGHT_FLOOR * peak
    for b in range(window[0], window[1]):
        weight[b] = bank.looks[b] / (max(model[b], 0.0) + soft) ** 2
    return soft


_soften = jit(_soften_body)


def _gram_body(jacobian: Float, weight: Float, window: Window, gram: Float) -> None:
    """J' W J, in place."""
    for i in range(gram.shape[0]):
        for j in range(i + 1):
            total = 0.0
            for b in range(window[0], window[1]):
                total += jacobian[i, b] * weight[b] * jacobian[j, b]
            gram[i, j] = total
            gram[j, i] = total


_gram = jit(_gram_body)


def _cost_body(power: Float, model: Float, weight: Float, window: Window) -> float:
    total = 0.0
    for b in range(window[0], window[1]):
        total += weight[b] * (power[b] - model[b]) ** 2
    return total


_cost = jit(_cost_body)


def _step_body(gram: Float, gradient: Float, damping: float, parameters: Float, step: Float) -> bool:
    """Damped Gauss-Newton step, in place, of at most two bins and of the variance's own size."""
    size = gradient.size
    damped, inverse = gram.copy(), np.empty((size, size))
    for i in range(size):
        damped[i, i] *= 1.0 + damping
    if not _invert(damped, inverse):
        return False
    for i in range(size):
        step[i] = 0.0
        for j in range(size):
            step[i] += inverse[i, j] * gradient[j]
    limit = 1.0 + abs(parameters[1])
    step[0] = min(max(step[0], -2.0), 2.0)
    step[1] = min(max(step[1], -limit), limit)
    return True


_step = jit(_step_body)


def _negligible_body(step: Float, parameters: Float) -> bool:
    """Below a thousandth of a bin: the linear pieces between variances make smaller limits oscillate."""
    scale = 1.0 + abs(parameters[1])
    small: bool = abs(step[0]) < 1e-3 and abs(step[1]) < 1e-3 * scale and abs(step[2]) < 1e-3 * parameters[2]
    return small


_negligible = jit(_negligible_body)


def _fit_one_body(power: Float, bank: EchoBank, window: Window, parameters: Float) -> tuple[int, bool]:
    """Levenberg-Marquardt on one waveform, in place; returns the accepted steps and whether the last was negligible."""
    size, bins, damping, iteration = parameters.size, power.size, 1e-3, 0
    model, trial_model, weight = np.empty(bins), np.empty(bins), np.empty(bins)
    jacobian, gram = np.empty((size, bins)), np.empty((size, size))
    gradient, step, trial = np.empty(size), np.empty(size), np.empty(size)
    while iteration < _MAX_ITERATIONS:
        predict(bank, parameters, window, model, jacobian)
        _soften(bank, model, parameters[size - 1], window, weight)
        _gram(jacobian, weight, window, gram)
        for i in range(size):
            gradient[i] = 0.0
            for b in range(window[0], window[1]):
                gradient[i] += jacobian[i, b] * weight[b] * (power[b] - model[b])
        cost = _cost(power, model, weight, window)
        while _step(gram, gradient, damping, parameters, step) and damping < _LARGEST_DAMPING:
            for i in range(size):
                step[i] *= 1.0 if iteration < _FULL_STEPS else 0.5
                trial[i] = parameters[i] + step[i]
            trial[0] = min(max(trial[0], bank.epochs[1]), bank.epochs[bank.epochs.size - 2])
            predict(bank, trial, window, trial_model, jacobian)
            settled = _negligible(step, trial)
            if settled or _cost(power, trial_model, weight, window) <= cost:
                break
            damping *= 8.0
        else:
            return iteration, False
        for i in range(size):
            parameters[i] = trial[i]
        iteration += 1
        damping = max(0.2 * damping, 1e-9)
        if settled:
            return iteration, True
    return iteration, False


_fit_one = jit(_fit_one_body)


def _assess_body(power: Float, bank: EchoBank, window: Window, parameters: Float, covariance: Float) -> float:
    """Sandwich covariance of one fit, in place, and its misfit."""
    size, bins = parameters.size, power.size
    model, weight, jacobian = np.empty(bins), np.empty(bins), np.empty((size, bins))
    gram, meat, inverse = np.empty((size, size)), np.empty((size, size)), np.empty((size, size))
    predict(bank, parameters, window, model, jacobian)
    soft = _soften(bank, model, parameters[size - 1], window, weight)
    _gram(jacobian, weight, window, gram)
    total, count = 0.0, -size
    for b in range(window[0], window[1]):
        weight[b] = weight[b] ** 2 * model[b] ** 2 / bank.looks[b]
        if model[b] > 2.0 * soft:
            total += bank.looks[b] * (power[b] / model[b] - 1.0) ** 2
            count += 1
    _gram(jacobian, weight, window, meat)
    if not _invert(gram, inverse) or count <= 0:
        return np.nan
    for i in range(size):
        for j in range(size):
            covariance[i, j] = 0.0
            for a in range(size):
                for c in range(size):
                    covariance[i, j] += inverse[i, a] * meat[a, c] * inverse[c, j]
    return total / count


_assess = jit(_assess_body)


def _usable_body(power: Float, window: Window) -> float:
    """Largest power in the window; 0 if a value is not finite."""
    top = 0.0
    for b in range(window[0], window[1]):
        if not np.isfinite(power[b]):
            return 0.0
        top = max(top, power[b])
    return top


_usable = jit(_usable_body)


def _fit_bank_body(
    power: Float, bank: EchoBank, first_guess: Float, window: Window
) -> tuple[Float, Float, Float, npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    records, size = power.shape[0], bank.echoes.shape[2] + 3
    parameters, covariance = np.full((records, size), np.nan), np.full((records, size, size), np.nan)
    misfit, converged = np.full(records, np.nan), np.zeros(records, np.bool_)
    iterations, fitted = np.zeros(records, np.int64), np.empty(size)
    first_epoch, last_epoch = bank.epochs[1], bank.epochs[bank.epochs.size - 2]
    for r in range(records):
        top = _usable(power[r], window)
        if top <= 0.0 or not (np.isfinite(first_guess[r, 0]) and np.isfinite(first_guess[r, 1])):
            continue
        for i in range(size):
            fitted[i] = 0.0
        fitted[0], fitted[1] = min(max(first_guess[r, 0], first_epoch), last_epoch), first_guess[r, 1]
        fitted[2], fitted[size - 1] = top, power[r, window[0]]
        iterations[r], settled = _fit_one(power[r], bank, window, fitted)
        converged[r] = settled and first_epoch < fitted[0] < last_epoch and fitted[2] > 0.0
        if converged[r]:
            misfit[r] = _assess(power[r], bank, window, fitted, covariance[r])
            for i in range(size):
                parameters[r, i] = fitted[i]
    return parameters, covariance, misfit, converged, iterations


_fit_bank = jit(_fit_bank_body)
