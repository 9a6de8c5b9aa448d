"""Banks of model echoes: interpolation between them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from refsys.kernels.jit import jit

Float = npt.NDArray[np.float64]
Window = tuple[int, int]


class EchoBank(NamedTuple):
    """Model echoes on a grid, and the speckle to expect."""

    echoes: npt.NDArray[np.float32]
    """Shape (v, e, k, bins): template k of the echo with this variance and epoch, for unit amplitude."""
    variances: Float
    """Shape (v,), increasing, bins squared: height variance of the sea as two-way delay. Beyond both ends the end
    interval is continued straight, so noise may give a negative variance instead of piling up at zero."""
    epochs: Float
    """Shape (e,), uniform: bins from bin 0."""
    looks: Float
    """Shape (bins,): effective looks of each bin (variance of the speckle = power^2 / looks)."""
    floor: Float
    """Shape (bins,): thermal noise of each bin for a unit noise floor; below 1 where looks are masked."""


def check_bank(bank: EchoBank, bins: int) -> None:
    """Compare a bank with the waveforms it is for.

    Raises
    ------
    ValueError
        If a shape does not fit, or a grid is not increasing.
    """
    templates = bank.echoes.shape[2] if bank.echoes.ndim == 4 else -1
    expected = (bank.variances.size, bank.epochs.size, templates, bins)
    if bank.echoes.shape != expected or bank.echoes.dtype != np.float32:
        message = f"echoes must be float32 of shape {expected}, not {bank.echoes.dtype} {bank.echoes.shape}"
        raise ValueError(message)
    if bank.variances.size < 2 or np.any(np.diff(bank.variances) <= 0):
        message = "a bank needs two or more increasing variances"
        raise ValueError(message)
    spacing = np.diff(bank.epochs)
    if bank.epochs.size < 4 or spacing[0] <= 0 or not np.allclose(spacing, spacing[0]):
        message = "a bank needs four or more evenly spaced epochs"
        raise ValueError(message)
    for name, values in (("looks", bank.looks), ("floor", bank.floor)):
        if values.shape != (bins,) or not np.all(values > 0):
            message = f"{name} must be positive, of shape ({bins},)"
            raise ValueError(message)


def bank_echo(bank: EchoBank, parameters: Float) -> Float:
    """Model echoes of fitted parameters.

    Parameters
    ----------
    parameters
        Shape (n, p) as in `BankFit`; a row with NaN gives NaN.

    Returns
    -------
    Shape (n, bins) float64, in the unit of the amplitudes.
    """
    check_bank(bank, bank.looks.size)
    bins = bank.looks.size
    model, jacobian = np.empty(bins), np.empty((bank.echoes.shape[2] + 3, bins))
    echoes = np.full((parameters.shape[0], bins), np.nan)
    for record in np.flatnonzero(np.isfinite(parameters).all(axis=1)):
        predict(bank, np.ascontiguousarray(parameters[record], dtype=np.float64), (0, bins), model, jacobian)
        echoes[record] = model
    return echoes


def _cubic_body(x: float, weight: Float, slope: Float) -> None:
    """Catmull-Rom weights and their derivatives at x in 0..1 between the second and third of four points."""
    weight[0], slope[0] = 0.5 * x * ((2 - x) * x - 1), 0.5 * ((4 - 3 * x) * x - 1)
    weight[1], slope[1] = 0.5 * (x * x * (3 * x - 5) + 2), 0.5 * (9 * x - 10) * x
    weight[2], slope[2] = 0.5 * x * ((4 - 3 * x) * x + 1), 0.5 * ((8 - 9 * x) * x + 1)
    weight[3], slope[3] = 0.5 * (x - 1) * x * x, 0.5 * (3 * x - 2) * x


_cubic = jit(_cubic_body)


def _predict_body(bank: EchoBank, parameters: Float, window: Window, model: Float, jacobian: Float) -> None:
    """Model echo and its derivative by each parameter, in place."""
    echoes, variances, epochs = bank.echoes, bank.variances, bank.epochs
    templates = echoes.shape[2]
    row = min(max(np.searchsorted(variances, parameters[1]) - 1, 0), variances.size - 2)
    spacing, step = variances[row + 1] - variances[row], epochs[1] - epochs[0]
    upper = (parameters[1] - variances[row]) / spacing
    position = (parameters[0] - epochs[0]) / step
    column = min(max(int(np.floor(position)), 1), epochs.size - 3)
    weight, slope = np.empty(4), np.empty(4)
    _cubic(position - column, weight, slope)
    for b in range(window[0], window[1]):
        model[b] = parameters[templates + 2] * bank.floor[b]
        jacobian[0, b], jacobian[1, b], jacobian[templates + 2, b] = 0.0, 0.0, bank.floor[b]
        for k in range(templates):
            echo, by_epoch, by_variance = 0.0, 0.0, 0.0
            for a in range(4):
                low, high = echoes[row, column - 1 + a, k, b], echoes[row + 1, column - 1 + a, k, b]
                value = low + upper * (high - low)
                echo += weight[a] * value
                by_epoch += slope[a] * value
                by_variance += weight[a] * (high - low)
            model[b] += parameters[2 + k] * echo
            jacobian[0, b] += parameters[2 + k] * by_epoch / step
            jacobian[1, b] += parameters[2 + k] * by_variance / spacing
            jacobian[2 + k, b] = echo


predict = jit(_predict_body)
"""Model echo (bins,) and its derivative by each parameter (p, bins), in place, over the window."""
