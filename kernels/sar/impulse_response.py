"""Measurement of the response to a point: position, phase, widths and sidelobes along both axes.

Source: A. Freeman, SAR calibration: an overview (1992), for the quantities; ESA, Sentinel-1 Product Definition, for
sidelobe ratios over ten widths of the rectangular response.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sar.windows import Window

OVERSAMPLING = 32
ISLR_NULLS = 10
"""Integrated sidelobes are those within this many inverse bandwidths of the peak."""

_ROUNDS = 5

Floats = NDArray[np.float64]


class Cut(NamedTuple):
    """One axis of a response.

    Attributes
    ----------
    position
        Of the peak, in pixels.
    width
        Between the points of half the power, in pixels (in seconds where it is theory).
    pslr_db
        Highest sidelobe over the peak.
    islr_db
        Energy of the sidelobes over that of the main lobe, within ten inverse bandwidths.
    """

    position: float
    width: float
    pslr_db: float
    islr_db: float


class ImpulseResponse(NamedTuple):
    """Response to a point.

    Attributes
    ----------
    azimuth, range
        Cuts through the peak along lines and along samples; positions in pixels of the image.
    peak
        Complex value at the position of the peak.
    """

    azimuth: Cut
    range: Cut
    peak: complex


def measure_impulse_response(
    image: NDArray[np.complex64],
    near: tuple[int, int],
    null_pixels: tuple[float, float],
    *,
    turns_per_line: float = 0.0,
    chip: int = 64,
) -> ImpulseResponse:
    """Measure the point whose peak lies within four pixels of a place.

    Parameters
    ----------
    image
        complex (lines, samples).
    near
        Line and sample.
    null_pixels
        Pixels in one inverse bandwidth: line rate / Doppler bandwidth, range sampling / range bandwidth.
    turns_per_line
        Middle of the Doppler band over the line rate; only its fraction matters.
    chip
        Lines and samples around `near` that are interpolated, even; the point is alone there.

    Raises
    ------
    ValueError
        If the chip is not even, does not lie within the image, or is too small for ten inverse bandwidths.
    """
    half = chip // 2
    first_line, first_sample = near[0] - half, near[1] - half
    if chip % 2 or half < ISLR_NULLS * max(null_pixels) + 4:
        raise ValueError(f"a chip of {chip} pixels is odd or too small for {ISLR_NULLS} nulls of {null_pixels} pixels")
    if min(first_line, first_sample) < 0 or near[0] + half > image.shape[0] or near[1] + half > image.shape[1]:
        raise ValueError(f"a chip of {chip} pixels around {near} does not lie within an image {image.shape}")
    still = image[first_line : first_line + chip, first_sample : first_sample + chip].astype(np.complex128)
    still *= np.exp(-2j * np.pi * turns_per_line * np.arange(chip))[:, None]
    inner = np.abs(still[half - 4 : half + 5, half - 4 : half + 5])
    line, sample = (float(half - 4 + index) for index in np.unravel_index(int(np.argmax(inner)), inner.shape))
    for _ in range(_ROUNDS):
        sample = _peak(_oversampled(_weights(line, chip) @ still), sample)
        line = _peak(_oversampled(still @ _weights(sample, chip)), line)
    along_range = np.abs(_shifted(_weights(line, chip) @ still, sample))
    along_azimuth = np.abs(_shifted(still @ _weights(sample, chip), line))
    peak = complex(_weights(line, chip) @ still @ _weights(sample, chip) * np.exp(2j * np.pi * turns_per_line * line))
    return ImpulseResponse(
        _measured(along_azimuth, first_line + line, null_pixels[0]),
        _measured(along_range, first_sample + sample, null_pixels[1]),
        peak,
    )


def expected_response(window: Window) -> Cut:
    """Return what theory gives for a window, position 0 and width in seconds."""
    time = np.arange(-2 * ISLR_NULLS * 512, 2 * ISLR_NULLS * 512 + 1) / 512 / window.bandwidth_hz
    cut = _cut(np.abs(window.response(time)), time.size // 2, 512.0)
    return Cut(0.0, cut.width / 512 / window.bandwidth_hz, cut.pslr_db, cut.islr_db)


def _weights(position: float, size: int) -> Floats:
    """Weights of band-limited (periodic) interpolation at a position; even sizes."""
    away = position - np.arange(size)
    whole = np.isclose(away, 0, atol=1e-12)
    slope = np.tan(np.pi * np.where(whole, 0.5, away) / size)
    return np.where(whole, 1.0, np.sin(np.pi * away) / (size * slope))


def _oversampled(values: NDArray[np.complex128]) -> NDArray[np.complex128]:
    size = values.size
    spectrum = np.fft.fft(values)
    padded = np.zeros(size * OVERSAMPLING, np.complex128)
    padded[: size // 2], padded[-(size // 2) :] = spectrum[: size // 2], spectrum[size // 2 :]
    padded[[size // 2, -(size // 2)]] = 0.5 * spectrum[size // 2]
    return np.asarray(np.fft.ifft(padded) * OVERSAMPLING)


def _peak(values: NDArray[np.complex128], about: float) -> float:
    """Position in pixels of the largest power within two pixels of a place, by a parabola through three values."""
    power = np.abs(values) ** 2
    first = round((about - 2) * OVERSAMPLING)
    top = first + int(np.argmax(power[first : first + 4 * OVERSAMPLING]))
    before, at, after = power[top - 1 : top + 2]
    return float(top + 0.5 * (before - after) / (before - 2 * at + after)) / OVERSAMPLING


def _shifted(values: NDArray[np.complex128], position: float) -> NDArray[np.complex128]:
    """Oversampled, with the position moved to the middle."""
    size = values.size
    turns = np.fft.fftfreq(size) * (position - size // 2)
    return _oversampled(np.fft.ifft(np.fft.fft(values) * np.exp(2j * np.pi * turns)))


def _measured(amplitude: Floats, position: float, null_pixels: float) -> Cut:
    cut = _cut(amplitude, amplitude.size // 2, OVERSAMPLING * null_pixels)
    return Cut(position, cut.width / OVERSAMPLING, cut.pslr_db, cut.islr_db)


def _cut(amplitude: Floats, peak: int, null: float) -> Cut:
    """Measure a fine cut whose peak is at an index; `null` is the inverse bandwidth in its steps."""
    level = amplitude[peak] / np.sqrt(2)
    edges, dips = [], []
    for step in (-1, 1):
        side = amplitude[peak::step]
        below = int(np.argmax(side < level))
        edges.append(below - (level - side[below]) / (side[below - 1] - side[below]))
        dips.append(int(np.argmax(np.diff(side) > 0)))
    reach = round(ISLR_NULLS * null)
    power = amplitude[peak - reach : peak + reach + 1] ** 2
    main = power[reach - dips[0] : reach + dips[1] + 1]
    sides = np.concatenate([power[: reach - dips[0]], power[reach + dips[1] + 1 :]])
    pslr = 10 * np.log10(sides.max() / power[reach])
    return Cut(float(peak), float(sum(edges)), float(pslr), float(10 * np.log10(sides.sum() / main.sum())))
