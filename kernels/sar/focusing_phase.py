"""The two-dimensional spectrum of a point target: phase of the echo of a moving radar, and the spectrum of the pulse.

Derivation, after I. Cumming and F. Wong, Digital Processing of Synthetic Aperture Radar Data (2005), section 5.3,
without the assumption that the platform stops. Let t be the time at which something is emitted, tau(t) its travel time,
u the pulse, started at p, and v = t - p. What is received is u(v) exp(-2j pi f0 tau(t)) at fast time v + tau(t).
Transformed over fast time (frequency f) and over p (frequency d), with t and v as variables, this separates exactly:

    U(f - d) * integral of exp(-2j pi ((f0 + f) tau(t) + d t)) dt

so the Doppler of the pulse is a shift of its spectrum. With the middle m = t + tau / 2 as variable, c tau = 2 R(m) +
V^2 R0 / c (second order of the motion between transmission and reception), and stationary phase gives, for the history
R^2 = R0^2 + V^2 m^2,

    exp(-4j pi R0 / c * sqrt(F^2 - (c d / 2 V)^2)),   F = f0 + f - d / 2

whose last term is the shift of half the travel time. The cubic term of the history is a perturbation at the stationary
time.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from refsys.kernels.sar.focusing_filters import BlockRows
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S
from refsys.kernels.sar.velocity import RangeHistory
from refsys.kernels.sar.windows import Window

Floats = NDArray[np.float64]

_WEAKEST = 0.05
"""Of the median amplitude of a pulse's spectrum: below it, a band is not filled by the pulse."""


class PulseFit(NamedTuple):
    """Phase of the spectrum of a pulse over the processed band, as a parabola.

    Attributes
    ----------
    slope_rad_per_hz, curve_rad_per_hz2
        Of arg U(f) = ... + slope f + curve f^2; -slope / 2 pi is the time of the middle of the pulse.
    """

    slope_rad_per_hz: float
    curve_rad_per_hz2: float


def inverse_pulse(
    pulse: NDArray[np.complex64], sampling_hz: float, frequency_hz: Floats, window: Window
) -> NDArray[np.complex128]:
    """Return the filter that compresses the pulse: matched in phase, of the window's shape in amplitude.

    Parameters
    ----------
    pulse
        complex64 (p,), at most as long as `frequency_hz`.
    sampling_hz
        Of the pulse.
    frequency_hz
        float64 (m,), those of a transform of m samples.
    window
        Processed band.

    Returns
    -------
    ndarray
        complex128 (m,): an echo of amplitude a is compressed to a peak of a.

    Raises
    ------
    ValueError
        If the pulse does not fill the band.
    """
    spectrum = fft.fft(pulse.astype(np.complex128), frequency_hz.size)
    weights = window.weights(frequency_hz)
    inside = weights > 0
    strength = np.abs(spectrum[inside])
    if not np.all(strength > _WEAKEST * np.median(strength)):
        raise ValueError(f"the pulse does not fill the processed band of {window.bandwidth_hz} Hz")
    inverse = np.zeros(frequency_hz.size, np.complex128)
    inverse[inside] = weights[inside] / spectrum[inside] * (frequency_hz.size / weights.sum())
    return inverse


def fit_pulse(pulse: NDArray[np.complex64], sampling_hz: float, bandwidth_hz: float) -> PulseFit:
    """Fit a parabola to the phase of the pulse's spectrum over a band, weighted with its amplitude."""
    size = fft.next_fast_len(4 * pulse.size)
    frequency = np.fft.fftshift(np.fft.fftfreq(size, 1 / sampling_hz))
    middle_s = 0.5 * (pulse.size - 1) / sampling_hz
    spectrum = np.fft.fftshift(fft.fft(pulse.astype(np.complex128), size)) * np.exp(2j * np.pi * frequency * middle_s)
    inside = np.abs(frequency) <= 0.5 * bandwidth_hz
    scaled = frequency[inside] / bandwidth_hz
    phase = np.unwrap(np.angle(spectrum[inside]))
    _, slope, curve = np.polynomial.polynomial.polyfit(scaled, phase, 2, w=np.abs(spectrum[inside]))
    return PulseFit(slope / bandwidth_hz - 2 * np.pi * middle_s, curve / bandwidth_hz**2)


def block_rows(
    carrier_hz: float, doppler_hz: Floats, reference_m: float, history: RangeHistory, pulse: PulseFit
) -> BlockRows:
    """Return range migration, secondary range compression and Doppler of the pulse at the reference range.

    Parameters
    ----------
    carrier_hz
        Of the radar.
    doppler_hz
        float64 (rows,), not aliased.
    reference_m
        Slant range for which it is exact.
    history, pulse
        Geometry and replica.
    """
    carrier = carrier_hz - 0.5 * doppler_hz
    velocity = float(history.velocities_m_s(np.asarray(reference_m)))
    across = 0.5 * LIGHT_SPEED_M_S * doppler_hz / velocity
    along = np.sqrt(carrier**2 - across**2)
    turn = 4 * np.pi * reference_m / LIGHT_SPEED_M_S
    slope = turn * (carrier / along - 1) + 2 * pulse.curve_rad_per_hz2 * doppler_hz
    return BlockRows(slope, -0.5 * turn * across**2 / along**3)


def row_phase(doppler_hz: Floats, shift_s: float, pulse: PulseFit) -> Floats:
    """Return the phase that the whole of a row gets: shift in azimuth, Doppler of the pulse, stationary phase."""
    of_pulse = doppler_hz * pulse.slope_rad_per_hz - doppler_hz**2 * pulse.curve_rad_per_hz2
    return np.asarray(2 * np.pi * doppler_hz * shift_s + of_pulse + 0.25 * np.pi)


def stationary_time_s(carrier_hz: float, doppler_hz: Floats, slant_range_m: Floats, velocity_m_s: Floats) -> Floats:
    """Return the time from zero Doppler at which a point at zero-Doppler range R0 has a Doppler; arrays broadcast."""
    sine = -0.5 * LIGHT_SPEED_M_S * doppler_hz / ((carrier_hz - 0.5 * doppler_hz) * velocity_m_s)
    return np.asarray(slant_range_m * sine / (velocity_m_s * np.sqrt(1 - sine**2)))
