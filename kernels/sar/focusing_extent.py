"""What focusing must know of an instrument, and which image given raw data can give."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sar.focusing_phase import stationary_time_s
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid, RawGrid
from refsys.kernels.sar.velocity import RangeHistory

Floats = NDArray[np.float64]

REFERENCE_RANGE_M = 800e3
"""Echoes of amplitude a at the beam centre focus to a peak of a * sqrt(R0 / REFERENCE_RANGE_M)."""

_SAME = 1e-9
"""Relative difference of samplings that are the same."""

_SLACK = 0.5
"""Lines or samples that an image may reach beyond what is covered."""


class Radar(NamedTuple):
    """What the filter must know of the instrument and of the processing.

    Attributes
    ----------
    carrier_hz
        Frequency of the carrier.
    pulse
        complex64 (p,): measured or nominal replica at the range sampling of the raw data, first sample at the start
        of transmission, amplitude 1 where echoes of amplitude 1 are meant.
    range_bandwidth_hz
        Processed band, centred at the carrier.
    range_window
        Its generalised Hamming coefficient; 1 is a rectangle.
    doppler_bandwidth_hz
        Processed band, centred at the Doppler centroid.
    azimuth_window
        Its coefficient.
    pattern_frequency_hz, pattern_amplitude
        float64 (k,): two-way azimuth antenna pattern, amplitude, over Doppler relative to the centroid; frequencies
        increase and span the processed band. The spectrum is divided by it. Empty: nothing is equalised.
    """

    carrier_hz: float
    pulse: NDArray[np.complex64]
    range_bandwidth_hz: float
    range_window: float
    doppler_bandwidth_hz: float
    azimuth_window: float
    pattern_frequency_hz: Floats
    pattern_amplitude: Floats

    def pattern(self, relative_hz: Floats) -> Floats:
        """Return the amplitude of the pattern at Doppler frequencies relative to the centroid.

        Raises
        ------
        ValueError
            As `check_pattern`.
        """
        frequency, amplitude = self.pattern_frequency_hz, self.pattern_amplitude
        check_pattern(frequency, amplitude, (float(relative_hz.min()), float(relative_hz.max())))
        if not frequency.size:
            return np.ones(relative_hz.size)
        return np.asarray(np.interp(relative_hz, frequency, amplitude))


def aperture_s(radar: Radar, history: RangeHistory, slant_range_m: float, doppler_centroid_hz: float) -> float:
    """Return for how long a point at a slant range is within the processed Doppler band."""
    edges = doppler_centroid_hz + radar.doppler_bandwidth_hz * np.array([-0.5, 0.5])
    return float(np.ptp(_times_s(radar, history, edges, np.asarray(slant_range_m))))


def valid_grid(raw_grid: RawGrid, radar: Radar, history: RangeHistory, doppler_centroid_hz: float) -> ImageGrid:
    """Return the image whose points have all their pulses, and all of each pulse, within the raw data.

    Its first time need not be that of a pulse. Lines or samples are 0 where the raw data are too short.
    """
    doppler = doppler_centroid_hz + radar.doppler_bandwidth_hz * np.linspace(-0.5, 0.5, 65)
    sampling = raw_grid.range_sampling_hz
    last_delay = raw_grid.first_delay_s + (raw_grid.samples - radar.pulse.size) / sampling
    velocity = history.velocities_m_s(np.asarray(0.5 * LIGHT_SPEED_M_S * raw_grid.first_delay_s))
    cosine = np.sqrt(1 - (0.5 * LIGHT_SPEED_M_S * doppler / (radar.carrier_hz * velocity)) ** 2)
    first_delay, last_delay = raw_grid.first_delay_s * cosine.max(), last_delay * cosine.min()
    samples = max(int(np.floor((last_delay - first_delay) * sampling)) + 1, 0)
    ends = 0.5 * LIGHT_SPEED_M_S * np.array([[first_delay], [last_delay]])
    seen = _times_s(radar, history, doppler, ends) - ends / LIGHT_SPEED_M_S
    first_time = raw_grid.first_pulse_time_s - seen.min()
    last_time = raw_grid.first_pulse_time_s + (raw_grid.lines - 1) * raw_grid.pri_s - seen.max()
    lines = max(int(np.floor((last_time - first_time) / raw_grid.pri_s)) + 1, 0)
    return ImageGrid(float(first_time), raw_grid.pri_s, lines, float(first_delay), sampling, samples)


def check_bands(grid: RawGrid, radar: Radar, output: ImageGrid) -> None:
    """Raise ValueError unless samplings are the same and hold the bands, and the pulse a line."""
    if output.lines < 1 or output.samples < 1:
        raise ValueError(f"an image of {output.lines} x {output.samples} was asked for")
    for name, ours, theirs in (
        ("line interval", output.line_interval_s, grid.pri_s),
        ("range sampling", output.range_sampling_hz, grid.range_sampling_hz),
    ):
        if not (theirs > 0 and abs(ours - theirs) <= _SAME * theirs):
            raise ValueError(f"{name} of the image, {ours}, is not that of the raw data, {theirs}")
    check_processing(grid, radar)
    if not 0 < radar.doppler_bandwidth_hz <= 1 / grid.pri_s:
        raise ValueError(f"Doppler band of {radar.doppler_bandwidth_hz} Hz, pulses at {1 / grid.pri_s} Hz")


def check_processing(grid: RawGrid, radar: Radar) -> None:
    """Raise ValueError unless the range band is sampled, windows are as `Window` says, and a line holds the pulse."""
    if not 0 < radar.range_bandwidth_hz <= grid.range_sampling_hz < np.inf:
        raise ValueError(f"range band of {radar.range_bandwidth_hz} Hz, sampled at {grid.range_sampling_hz} Hz")
    for name, coefficient in (("range", radar.range_window), ("azimuth", radar.azimuth_window)):
        if not 0.5 <= coefficient <= 1:
            raise ValueError(f"a coefficient of the {name} window is 0.5 to 1, not {coefficient}")
    if radar.pulse.ndim != 1 or not 2 <= radar.pulse.size <= grid.samples:
        raise ValueError(f"a pulse {radar.pulse.shape} does not fit lines of {grid.samples} samples")


def check_pattern(frequency_hz: Floats, amplitude: Floats, band_hz: tuple[float, float], name: str = "antenna") -> None:
    """Raise ValueError unless a pattern is empty, or increases in frequency, is positive and spans a band."""
    if frequency_hz.ndim != 1 or frequency_hz.shape != amplitude.shape or not np.all(np.diff(frequency_hz) > 0):
        raise ValueError(f"an {name} pattern has as many amplitudes as frequencies, and those increase")
    if not np.all(np.isfinite(frequency_hz) & np.isfinite(amplitude) & (amplitude > 0)):
        raise ValueError(f"an {name} pattern that is not positive and finite")
    if frequency_hz.size and not (frequency_hz[0] <= band_hz[0] and band_hz[1] <= frequency_hz[-1]):
        ends = f"{frequency_hz[0]} to {frequency_hz[-1]} Hz"
        raise ValueError(f"an {name} pattern from {ends} does not span {band_hz[0]:.1f} to {band_hz[1]:.1f} Hz")


def check_covered(valid: ImageGrid, output: ImageGrid) -> None:
    """Raise ValueError unless an image lies within another, to half a pixel."""
    line = (output.first_time_s - valid.first_time_s) / valid.line_interval_s
    sample = (output.first_delay_s - valid.first_delay_s) * valid.range_sampling_hz
    for name, first, asked, there in (
        ("lines", line, output.lines, valid.lines),
        ("samples", sample, output.samples, valid.samples),
    ):
        if not (first > -_SLACK and first + asked <= there + _SLACK):
            raise ValueError(f"{name} {first:.2f} to {first + asked:.2f} were asked for; raw data give 0 to {there}")


def _times_s(radar: Radar, history: RangeHistory, doppler_hz: Floats, slant_range_m: Floats) -> Floats:
    return stationary_time_s(radar.carrier_hz, doppler_hz, slant_range_m, history.velocities_m_s(slant_range_m))
