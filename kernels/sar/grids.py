"""Where the samples of raw data and of images lie in time; the two joints between simulation, focusing and products."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LIGHT_SPEED_M_S = 299_792_458.0


class RawGrid(NamedTuple):
    """Samples of received echoes, (lines, samples).

    Attributes
    ----------
    first_pulse_time_s
        Start of transmission of the first pulse, seconds since the caller's epoch.
    pri_s
        From one pulse to the next.
    lines
        Pulses.
    first_delay_s
        Of sample 0: time since the start of transmission of its pulse.
    range_sampling_hz
        Complex samples per second.
    samples
        Of each line.
    """

    first_pulse_time_s: float
    pri_s: float
    lines: int
    first_delay_s: float
    range_sampling_hz: float
    samples: int

    def pulse_times_s(self) -> NDArray[np.float64]:
        """Return the start of transmission of each pulse, float64 (lines,)."""
        return np.asarray(self.first_pulse_time_s + self.pri_s * np.arange(self.lines))

    def delays_s(self) -> NDArray[np.float64]:
        """Return the delay of each sample, float64 (samples,)."""
        return np.asarray(self.first_delay_s + np.arange(self.samples) / self.range_sampling_hz)


class ImageGrid(NamedTuple):
    """Pixels of a focused image, (lines, samples), in zero-Doppler geometry.

    Attributes
    ----------
    first_time_s
        Zero-Doppler time of line 0, seconds since the caller's epoch.
    line_interval_s
        From one line to the next.
    lines, samples
        Size.
    first_delay_s
        Two-way travel time of sample 0 at zero Doppler, 2 R / c.
    range_sampling_hz
        Samples per second of two-way travel time.
    """

    first_time_s: float
    line_interval_s: float
    lines: int
    first_delay_s: float
    range_sampling_hz: float
    samples: int

    def times_s(self) -> NDArray[np.float64]:
        """Return the zero-Doppler time of each line, float64 (lines,)."""
        return np.asarray(self.first_time_s + self.line_interval_s * np.arange(self.lines))

    def slant_ranges_m(self) -> NDArray[np.float64]:
        """Return the slant range of each sample, float64 (samples,)."""
        delays = self.first_delay_s + np.arange(self.samples) / self.range_sampling_hz
        return np.asarray(0.5 * LIGHT_SPEED_M_S * delays)
