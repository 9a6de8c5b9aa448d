"""How many independent looks an average of speckle is worth: predicted from the processed spectrum, and measured.

Source: C. Oliver and S. Quegan, Understanding Synthetic Aperture Radar Images (2004), section 4.9: intensities of fully
developed speckle correlate as the squared magnitude of the complex correlation, which is the Fourier transform of the
power spectrum. Looks along lines and along samples multiply.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def equivalent_looks(power_spectrum: ArrayLike, weights: ArrayLike) -> float:
    """Return the equivalent number of looks of a weighted mean of intensities along one axis.

    Parameters
    ----------
    power_spectrum
        (n,), evenly over one whole period of the sampled spectrum, frequency 0 first: for white clutter the squared
        magnitude of the processing's transfer function (band and window), zero outside the processed band. n must be
        at least twice the number of weights. Of an oversampled image, the period is that of its finer sampling.
    weights
        (m,), 0 or above: of neighbouring pixels, for instance ones, or `multilook.box_weights`.

    Raises
    ------
    ValueError
        If a value is negative or not finite, all are zero, or the spectrum is too coarse.

    Examples
    --------
    >>> equivalent_looks(np.ones(16), [1, 1, 1, 1])
    4.0
    """
    spectrum, weight = _checked(power_spectrum, "power spectrum"), _checked(weights, "weights")
    if spectrum.size < 2 * weight.size:
        raise ValueError(f"{spectrum.size} frequencies are too few for {weight.size} weights")
    correlation = np.abs(np.fft.ifft(spectrum))[: weight.size] / spectrum.mean()
    overlap = np.correlate(weight, weight, mode="full")[weight.size - 1 :]
    variance = 2 * np.sum(overlap * correlation**2) - overlap[0] * correlation[0] ** 2
    return float(weight.sum() ** 2 / variance)


def sub_band_looks(responses: ArrayLike) -> float:
    """Return the equivalent number of looks of the sum of intensities of overlapping sub-bands (looks).

    Parameters
    ----------
    responses
        (looks, n), real or complex: transfer function of each look over the same frequencies.

    Raises
    ------
    ValueError
        If they are not finite or all zero.
    """
    look = np.atleast_2d(np.asarray(responses, dtype=np.complex128))
    product = look @ look.conj().T
    power = float(np.trace(product).real)
    if look.ndim != 2 or not np.isfinite(product).all() or power <= 0:
        raise ValueError("transfer functions of looks must be finite and not all zero")
    return float(power**2 / np.sum(np.abs(product) ** 2))


def measured_looks(intensity: NDArray[np.floating[Any]]) -> float:
    """Return squared mean over variance of an area of constant backscatter; NaN pixels are left out.

    Raises
    ------
    ValueError
        If fewer than two pixels hold data or they do not vary.
    """
    wide = np.asarray(intensity, dtype=np.float64)
    wide = wide[np.isfinite(wide)]
    variance = float(np.var(wide)) if wide.size > 1 else 0.0
    if variance <= 0:
        raise ValueError("looks cannot be measured where intensity does not vary")
    return float(np.mean(wide)) ** 2 / variance


def _checked(values: ArrayLike, what: str) -> NDArray[np.float64]:
    checked = np.asarray(values, dtype=np.float64)
    if checked.ndim != 1 or not np.isfinite(checked).all() or np.any(checked < 0) or not np.any(checked > 0):
        raise ValueError(f"{what}: must be 1-D, finite, 0 or above and not all zero")
    return checked
