"""Empirical retrackers of altimeter waveforms: offset centre of gravity, and threshold."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from refsys.kernels.jit import jit

Float = npt.NDArray[np.float64]


class OcogResult(NamedTuple):
    """What the offset-centre-of-gravity retracker measures, each of shape (n,) float64."""

    amplitude: Float
    """Power of the rectangle that has the waveform's centre of gravity, in the waveform's unit."""
    width_bins: Float
    """Width of that rectangle, in bins."""
    position_bins: Float
    """Leading edge of that rectangle, in bins from bin 0."""


class ThresholdResult(NamedTuple):
    """What the threshold retracker measures, each of shape (n,) float64; NaN where no bin crosses the threshold."""

    epoch_bins: Float
    """First upward crossing of the threshold, in bins from bin 0."""
    slope_per_bin: Float
    """Rise of the waveform per bin at the crossing, in the waveform's unit."""
    level: Float
    """Power at the threshold, in the waveform's unit."""


def checked_waveforms(waveforms: npt.ArrayLike) -> Float:
    """Waveforms as contiguous float64 of shape (n, bins).

    Raises
    ------
    ValueError
        If they have another number of dimensions, or fewer than 8 bins.
    """
    checked = np.ascontiguousarray(waveforms, dtype=np.float64)
    if checked.ndim != 2 or checked.shape[1] < 8:
        message = f"waveforms must have the shape (records, bins >= 8), not {checked.shape}"
        raise ValueError(message)
    return checked


def checked_window(window: tuple[int, int], bins: int) -> tuple[int, int]:
    """Window as (first bin, bin after the last).

    Raises
    ------
    ValueError
        If it is empty or leaves the waveform.
    """
    first, stop = window
    if not 0 <= first < stop <= bins:
        message = f"window {window} is not inside the {bins} bins of the waveforms"
        raise ValueError(message)
    return first, stop


def ocog(waveforms: npt.ArrayLike, *, window: tuple[int, int]) -> OcogResult:
    """Offset-centre-of-gravity retracker.

    Parameters
    ----------
    waveforms
        Shape (n, bins), power in any linear unit.
    window
        First bin used and the bin after the last one used: the edges of a waveform carry filter artefacts.

    Raises
    ------
    ValueError
        If the shapes or the window are impossible.

    Notes
    -----
    Wingham, Rapley and Griffiths 1986, "New techniques in satellite altimeter tracking systems", IGARSS'86, ESA SP-254:
    amplitude = sqrt(sum P^4 / sum P^2), width = (sum P^2)^2 / sum P^4, position = centre of gravity of P^2 - width / 2.

    Examples
    --------
    >>> box = np.zeros((1, 16))
    >>> box[0, 4:10] = 3.0
    >>> result = ocog(box, window=(0, 16))
    >>> float(result.amplitude[0]), float(result.width_bins[0]), float(result.position_bins[0])
    (3.0, 6.0, 3.5)
    """
    power = checked_waveforms(waveforms)
    first, stop = checked_window(window, power.shape[1])
    square = power[:, first:stop] ** 2
    energy, fourth = square.sum(axis=1), (square**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        width = energy**2 / fourth
        centre = (square * np.arange(first, stop)).sum(axis=1) / energy
        return OcogResult(np.sqrt(fourth / energy), width, centre - width / 2)


def threshold(
    waveforms: npt.ArrayLike,
    amplitude: npt.ArrayLike,
    floor: npt.ArrayLike,
    *,
    fraction: float,
    window: tuple[int, int],
) -> ThresholdResult:
    """Threshold retracker: where the waveform first exceeds `floor + fraction (amplitude - floor)`.

    Parameters
    ----------
    waveforms
        Shape (n, bins), power in any linear unit.
    amplitude, floor
        Shape (n,), echo power (for instance from `ocog`) and thermal noise, in the waveform's unit.
    fraction
        Part of the amplitude, between 0 and 1.
    window
        First bin used and the bin after the last one used.

    Raises
    ------
    ValueError
        If the shapes, the window or the fraction are impossible.

    Notes
    -----
    Davis 1997, "A robust threshold retracking algorithm", IEEE TGRS 35(4); linear interpolation between bins.

    Examples
    --------
    >>> ramp = np.clip(np.arange(16.0) - 4, 0, 8)[np.newaxis]
    >>> float(threshold(ramp, [8.0], [0.0], fraction=0.5, window=(0, 16)).epoch_bins[0])
    8.0
    """
    power = checked_waveforms(waveforms)
    first, stop = checked_window(window, power.shape[1])
    if not 0.0 < fraction < 1.0:
        message = f"fraction must lie between 0 and 1, not {fraction}"
        raise ValueError(message)
    base = np.asarray(floor, dtype=np.float64)
    level = base + fraction * (np.asarray(amplitude, dtype=np.float64) - base)
    if level.shape != (power.shape[0],):
        message = f"amplitude and floor must have the shape ({power.shape[0]},), not {level.shape}"
        raise ValueError(message)
    epoch, slope = _threshold(power, level, first, stop)
    return ThresholdResult(epoch, slope, level)


def _threshold_body(power: Float, level: Float, first: int, stop: int) -> tuple[Float, Float]:
    epoch = np.full(power.shape[0], np.nan)
    slope = np.full(power.shape[0], np.nan)
    for record in range(power.shape[0]):
        for b in range(first + 1, stop):
            before, after = power[record, b - 1], power[record, b]
            if before < level[record] <= after:
                slope[record] = after - before
                epoch[record] = b - 1 + (level[record] - before) / slope[record]
                break
    return epoch, slope


_threshold = jit(_threshold_body)
