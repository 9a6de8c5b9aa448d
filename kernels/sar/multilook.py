"""Detection of complex images and averages of intensity over boxes of any size and place (multilooking).

Source: C. Oliver and S. Quegan, Understanding Synthetic Aperture Radar Images (2004), sections 4.3 and 4.9.

Averages are taken over the whole processed band. For boxes of whole samples, images sampled at or above their
bandwidth give the same mean, energy of a target and number of looks with or without oversampling: the aliased part of
|s|^2 lies at frequencies that a box of two or more samples suppresses. Smaller or fractional boxes need `oversampling`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from refsys.kernels.jit import jit

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Complex64 = NDArray[np.complex64]

_FFT_LINES = 32


class Boxes(NamedTuple):
    """Intervals along one axis, in pixels of the input; pixel k covers k - 0.5 to k + 0.5.

    Attributes
    ----------
    centre
        float64 (n,), or (m, n): others for each of m lines of the result.
    width
        float64 of the shape of `centre`, positive.
    """

    centre: Float64
    width: Float64


def detect(
    image: Complex64, *, oversampling: tuple[int, int] = (1, 1), centre_cycles: tuple[float, float] = (0.0, 0.0)
) -> Float32:
    """Return the intensity of a complex image, band-limited interpolation first if asked for.

    Parameters
    ----------
    image
        complex64 (lines, samples). An image whose Doppler centroid varies along the lines (TOPS) must be deramped
        before its lines are oversampled; that changes no intensity.
    oversampling
        Along lines and samples, 1 or more: pixel k of the result lies at k / oversampling of the input.
    centre_cycles
        Middle of the band along lines and samples, cycles per pixel.

    Returns
    -------
    ndarray
        float32 (lines * oversampling[0], samples * oversampling[1]); at and beyond the edges the image counts as 0.

    Raises
    ------
    ValueError
        If the image is not 2-D complex64 or a factor is below 1.
    """
    if image.ndim != 2 or image.dtype != np.complex64 or min(oversampling) < 1:
        raise ValueError(f"cannot detect {image.dtype} {image.shape} oversampled by {oversampling}")
    fine = image
    for axis in (0, 1):
        if oversampling[axis] > 1 and fine.size:
            fine = _oversampled(fine, axis, oversampling[axis], centre_cycles[axis])
    out = np.empty(fine.shape, dtype=np.float32)
    _square(np.ascontiguousarray(fine).reshape(-1), out.reshape(-1))
    return out


def _oversampled(image: Complex64, axis: int, factor: int, centre_cycles: float) -> Complex64:
    count = image.shape[axis]
    # Room for the tails of the last pixels, which would come back at the first ones.
    size = fft.next_fast_len(count + 32)
    shape = [1, 1]
    shape[axis] = count
    if centre_cycles:
        image = image * np.exp(-2j * np.pi * centre_cycles * np.arange(count)).astype(np.complex64).reshape(shape)
    lines = np.moveaxis(image, axis, -1)
    fine = np.empty((lines.shape[0], count * factor), dtype=np.complex64)
    half = (size + 1) // 2
    for first in range(0, lines.shape[0], _FFT_LINES):
        spectrum = fft.fft(lines[first : first + _FFT_LINES], size, axis=-1)
        padded = np.zeros((spectrum.shape[0], size * factor), dtype=np.complex64)
        padded[:, :half] = spectrum[:, :half]
        padded[:, half - size :] = spectrum[:, half:]
        padded *= np.float32(factor)
        fine[first : first + _FFT_LINES] = fft.ifft(padded, axis=-1, overwrite_x=True)[:, : count * factor]
    return np.moveaxis(fine, -1, axis)


def multilook(intensity: Float32, lines: Boxes, samples: Boxes, *, minimum_fraction: float = 0.5) -> Float32:
    """Return the mean intensity over boxes.

    Pixels of 0 or NaN hold no data and enter no mean, as does what lies outside the input.

    Parameters
    ----------
    intensity
        float32 (lines, samples), 0 or above.
    lines
        Boxes along the lines, (m,).
    samples
        Boxes along the samples, (n,) or (m, n).
    minimum_fraction
        A mean over less than this part of its box is NaN, above 0 to 1.

    Returns
    -------
    ndarray
        float32 (m, n).

    Raises
    ------
    ValueError
        If the image or boxes are malformed.

    Examples
    --------
    >>> ramp = np.arange(1.0, 5.0, dtype=np.float32)[np.newaxis]
    >>> one = Boxes(np.zeros(1), np.ones(1))
    >>> multilook(ramp, one, Boxes(np.array([0.5, 2.0]), np.array([2.0, 1.0]))).tolist()
    [[1.5, 3.0]]
    """
    if intensity.ndim != 2 or intensity.dtype != np.float32:
        raise ValueError(f"an intensity must be 2-D float32, not {intensity.dtype} {intensity.shape}")
    if not 0 < minimum_fraction <= 1:
        raise ValueError(f"a minimum fraction of {minimum_fraction} does not exist")
    rows, columns = _checked(lines, "lines"), _checked(samples, "samples")
    if rows.centre.ndim != 1 or (columns.centre.ndim == 2 and columns.centre.shape[0] != rows.centre.size):
        raise ValueError(f"boxes of {rows.centre.shape} lines and {columns.centre.shape} samples do not fit")
    out = np.empty((rows.centre.size, columns.centre.shape[-1]), dtype=np.float32)
    wide = Boxes(np.atleast_2d(columns.centre), np.atleast_2d(columns.width))
    _multilook(intensity, rows, wide, minimum_fraction, out)
    return out


def even_boxes(count: int, *, first: float, step: float, width: float) -> Boxes:
    """Return `count` boxes of one width whose centres are `step` apart, from `first`.

    Raises
    ------
    ValueError
        If the count is negative or step or width are not positive.
    """
    if count < 0 or not (step > 0 and width > 0):
        raise ValueError(f"{count} boxes of width {width} every {step} do not exist")
    return Boxes(np.asarray(first + step * np.arange(count), dtype=np.float64), np.full(count, float(width)))


def box_weights(centre: ArrayLike, width: ArrayLike, count: int) -> Float64:
    """Return how much of each of `count` pixels lies in one box, float64 (count,); 1 is a whole pixel."""
    at = np.arange(count)
    low, high = np.asarray(centre) - np.asarray(width) / 2, np.asarray(centre) + np.asarray(width) / 2
    return np.asarray(np.clip(np.minimum(at + 0.5, high) - np.maximum(at - 0.5, low), 0.0, 1.0))


def _checked(boxes: Boxes, what: str) -> Boxes:
    centre, width = (np.ascontiguousarray(part, dtype=np.float64) for part in boxes)
    if centre.ndim not in (1, 2) or centre.shape != width.shape:
        raise ValueError(f"{what}: centres {centre.shape} and widths {width.shape} are no boxes")
    if not (np.isfinite(centre).all() and np.isfinite(width).all() and np.all(width > 0)):
        raise ValueError(f"{what}: a centre or width is not finite, or a width not positive")
    return Boxes(centre, width)


def _square_body(image: Complex64, out: Float32) -> None:
    for j in range(image.size):
        out[j] = image[j].real * image[j].real + image[j].imag * image[j].imag


def _multilook_body(intensity: Float32, lines: Boxes, boxes: Boxes, minimum_fraction: float, out: Float32) -> None:
    count, samples = intensity.shape
    total, weight = np.empty(samples, np.float32), np.empty(samples, np.float32)
    for row in range(out.shape[0]):
        total[:] = 0
        weight[:] = 0
        low, high = lines.centre[row] - 0.5 * lines.width[row], lines.centre[row] + 0.5 * lines.width[row]
        for line in range(max(int(np.ceil(low - 0.5)), 0), min(int(np.floor(high + 0.5)) + 1, count)):
            part = np.float32(min(line + 0.5, high) - max(line - 0.5, low))
            _add_weighted(intensity[line], part, total)
            _add_present(intensity[line], part, weight)
        k = row if boxes.centre.shape[0] > 1 else 0
        own = Boxes(boxes.centre[k], boxes.width[k])
        _average_boxes(total, weight, own, minimum_fraction * lines.width[row], out[row])


def _add_weighted_body(values: Float32, part: np.float32, total: Float32) -> None:
    for j in range(values.size):
        total[j] += part * values[j] if values[j] > 0 else np.float32(0)


def _add_present_body(values: Float32, part: np.float32, weight: Float32) -> None:
    for j in range(values.size):
        weight[j] += part if values[j] > 0 else np.float32(0)


def _average_boxes_body(total: Float32, weight: Float32, boxes: Boxes, minimum: float, out: Float32) -> None:
    for j in range(out.size):
        low, high = boxes.centre[j] - 0.5 * boxes.width[j], boxes.centre[j] + 0.5 * boxes.width[j]
        sum_, covered = 0.0, 0.0
        for i in range(max(int(np.ceil(low - 0.5)), 0), min(int(np.floor(high + 0.5)) + 1, total.size)):
            part = max(min(i + 0.5, high) - max(i - 0.5, low), 0.0)
            sum_ += part * total[i]
            covered += part * weight[i]
        # A hair less, for boxes of which exactly the minimum is there.
        enough = covered > 0 and covered >= minimum * boxes.width[j] * (1 - 1e-6)
        out[j] = np.float32(sum_ / covered) if enough else np.float32(np.nan)


_square = jit(_square_body)
_add_weighted = jit(_add_weighted_body)
_add_present = jit(_add_present_body)
_average_boxes = jit(_average_boxes_body)
_multilook = jit(_multilook_body)
