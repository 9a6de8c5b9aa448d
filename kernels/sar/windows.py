"""Generalised Hamming windows over a processed band, and the impulse response that theory gives for them.

Source: F. J. Harris, On the Use of Windows for Harmonic Analysis (1978); the coefficient is written as in Sentinel-1's
AUX_PP1: 1 is a rectangle, 0.54 the Hamming window.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Window(NamedTuple):
    """A processed band and its weighting.

    Attributes
    ----------
    bandwidth_hz
        Full width; nothing outside is kept.
    coefficient
        a of a + (1 - a) cos(2 pi f / bandwidth), 0.5 to 1.
    """

    bandwidth_hz: float
    coefficient: float

    def weights(self, frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weight at frequencies relative to the middle of the band, float64; 0 outside."""
        inside = np.abs(frequency_hz) <= 0.5 * self.bandwidth_hz
        lobe = np.cos(2 * np.pi * frequency_hz / self.bandwidth_hz)
        return np.where(inside, self.coefficient + (1 - self.coefficient) * lobe, 0.0)

    def integral_hz(self) -> float:
        """Return the integral of the weights: the peak of the response to a spectrum of density 1."""
        return self.bandwidth_hz * self.coefficient

    def equivalent_width_s(self) -> float:
        """Return the integral of the squared response whose peak is 1: clutter or noise seen by one pixel."""
        mean_square = self.coefficient**2 + 0.5 * (1 - self.coefficient) ** 2
        return mean_square / (self.bandwidth_hz * self.coefficient**2)

    def response(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the impulse response of peak 1 at the given times, float64: the transform of the weights.

        Source: each cosine shifts the sinc of the rectangle by one null width to both sides.
        """
        turns = time_s * self.bandwidth_hz
        sides = 0.5 * (np.sinc(turns - 1) + np.sinc(turns + 1))
        ratio = (1 - self.coefficient) / self.coefficient
        return np.asarray(np.sinc(turns) + ratio * sides)
