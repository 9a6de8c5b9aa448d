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
            If it is malformed, does not span the frequencies, or is not positive there.
        """
        frequency, amplitude = self.pattern_frequency_hz, self.pattern_amplitude
        if not frequency.size:
            return np.ones(relative_hz.size)
        if frequency.shape != amplitude.shape or not np.all(np.diff(frequency) > 0):
            raise ValueError("an antenna pattern has as many amplitudes as frequencies, and those increase")
        if frequency[0] > relative_hz.min() or frequency[-1] < relative_hz.max():
            raise ValueError(f"an antenna pattern from {frequency[0]} to {frequency[-1]} Hz does not span the band")
        pattern = np.interp(relative_hz, frequency, amplitude)
        if not np.all(pattern > 0):
            raise ValueError("an antenna pattern that is not positive within the Doppler band")
        return np.asarray(pattern)


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
    if not 0 < radar.range_bandwidth_hz <= grid.range_sampling_hz:
        raise ValueError(f"range band of {radar.range_bandwidth_hz} Hz, sampled at {grid.range_sampling_hz} Hz")
    if not 0 < radar.doppler_bandwidth_hz <= 1 / grid.pri_s:
        raise ValueError(f"Doppler band of {radar.doppler_bandwidth_hz} Hz, pulses at {1 / grid.pri_s} Hz")
    if radar.pulse.ndim != 1 or not 2 <= radar.pulse.size <= grid.samples:
        raise ValueError(f"a pulse {radar.pulse.shape} does not fit lines of {grid.samples} samples")


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
