"""The transmitted pulse of a radar: its nominal form, and how good a recorded one is.

Source: I. Cumming and F. Wong, Digital Processing of Synthetic Aperture Radar Data (2005), chapters 2 and 3.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

OVERSAMPLING = 16
SIDELOBE_SAMPLES = 20
"""Sidelobes are looked for this many samples on each side of the peak."""

_EDGE_FRACTION = 0.02


class PulseQuality(NamedTuple):
    """What a recorded pulse is.

    Attributes
    ----------
    first_sample, samples
        Where the amplitude is above half its maximum.
    ramp_rate_hz_per_s
        Twice the quadratic term of the phase there, 2 % left out at each edge.
    correlation
        Largest correlation coefficient with the nominal chirp over all delays, 0 to 1.
    width_samples
        Width of the compressed pulse at half its power.
    pslr_db
        Highest sidelobe within `SIDELOBE_SAMPLES` of the peak, relative to it.
    """

    first_sample: int
    samples: int
    ramp_rate_hz_per_s: float
    correlation: float
    width_samples: float
    pslr_db: float


def nominal_chirp(
    ramp_rate_hz_per_s: float, start_frequency_hz: float, length_s: float, sampling_frequency_hz: float
) -> NDArray[np.complex128]:
    """Return the linear chirp of unit amplitude, complex128 (samples begun within `length_s`,), time 0 first.

    Raises
    ------
    ValueError
        If length or sampling frequency is not positive.
    """
    if not (length_s > 0 and sampling_frequency_hz > 0):
        raise ValueError(f"a chirp of {length_s} s sampled at {sampling_frequency_hz} Hz does not exist")
    time_s = np.arange(int(np.ceil(length_s * sampling_frequency_hz))) / sampling_frequency_hz
    phase_turns = time_s * (start_frequency_hz + 0.5 * ramp_rate_hz_per_s * time_s)
    return np.asarray(np.exp(2j * np.pi * phase_turns), dtype=np.complex128)


def compress_pulse(iq: NDArray[np.complex64], replica: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Correlate a recording with a replica at every delay.

    Parameters
    ----------
    iq
        complex (samples,), the recording.
    replica
        complex128 (length,).

    Returns
    -------
    ndarray
        float64 (samples * `OVERSAMPLING`,): magnitude for delays of 0, 1/16, 2/16 ... samples, divided by the norms
        of both, so that 1 means proportional.

    Raises
    ------
    ValueError
        If either is empty, not finite or without power.
    """
    norms = np.linalg.norm(iq), np.linalg.norm(replica)
    if not (np.all(np.isfinite(norms)) and min(norms) > 0):
        raise ValueError("a pulse or replica that is empty, zero or not finite cannot be compressed")
    size = 1 << int(np.ceil(np.log2(iq.size + replica.size)))
    spectrum = np.fft.fft(iq.astype(np.complex128), size) * np.conj(np.fft.fft(replica, size))
    padded = np.zeros(size * OVERSAMPLING, dtype=np.complex128)
    padded[: size // 2] = spectrum[: size // 2]
    padded[-size // 2 :] = spectrum[size // 2 :]
    response = np.abs(np.fft.ifft(padded))[: iq.size * OVERSAMPLING]
    return np.asarray(response * (OVERSAMPLING / (norms[0] * norms[1])), dtype=np.float64)


def measure_pulse(
    iq: NDArray[np.complex64], replica: NDArray[np.complex128], sampling_frequency_hz: float
) -> PulseQuality:
    """Measure a recording that holds one pulse.

    Parameters
    ----------
    iq
        complex (samples,).
    replica
        complex128 (length,), from `nominal_chirp` at the same sampling frequency.
    sampling_frequency_hz
        Of both.

    Raises
    ------
    ValueError
        As `compress_pulse`, and if the recording holds no pulse long enough to measure.
    """
    response = compress_pulse(iq, replica)
    first, samples = _extent(iq)
    peak = int(np.argmax(response))
    left, right = _half_power(response, peak)
    return PulseQuality(
        first_sample=first,
        samples=samples,
        ramp_rate_hz_per_s=_ramp_rate(iq[first : first + samples], sampling_frequency_hz),
        correlation=float(response[peak]),
        width_samples=(right - left) / OVERSAMPLING,
        pslr_db=_pslr_db(response, peak),
    )


def _extent(iq: NDArray[np.complex64]) -> tuple[int, int]:
    amplitude = np.abs(iq)
    above = np.flatnonzero(amplitude > 0.5 * amplitude.max())
    return int(above[0]), int(above[-1] - above[0] + 1)


def _ramp_rate(pulse: NDArray[np.complex64], sampling_frequency_hz: float) -> float:
    edge = int(_EDGE_FRACTION * pulse.size)
    kept = pulse[edge : pulse.size - edge]
    if kept.size < 8:
        raise ValueError(f"a pulse of {pulse.size} samples is too short to measure")
    centred = np.arange(kept.size) - 0.5 * (kept.size - 1)
    phase = np.unwrap(np.angle(kept.astype(np.complex128)))
    quadratic = np.polynomial.polynomial.polyfit(centred, phase, 2)[2]
    return float(quadratic / np.pi * sampling_frequency_hz**2)


def _half_power(response: NDArray[np.float64], peak: int) -> tuple[float, float]:
    level = response[peak] / np.sqrt(2)
    sides = []
    for step in (-1, 1):
        at = peak
        while 0 <= at + step < response.size and response[at] >= level:
            at += step
        if response[at] >= level:
            raise ValueError("the compressed pulse does not fall to half its power inside the recording")
        sides.append(at - step * (level - response[at]) / (response[at - step] - response[at]))
    return float(sides[0]), float(sides[1])


def _pslr_db(response: NDArray[np.float64], peak: int) -> float:
    lobes = []
    for step in (-1, 1):
        at = peak
        while 0 <= at + step < response.size and response[at + step] <= response[at]:
            at += step
        end = peak + step * SIDELOBE_SAMPLES * OVERSAMPLING
        low, high = sorted((at, min(max(end, 0), response.size - 1)))
        lobes.append(response[low : high + 1].max())
    return float(20 * np.log10(max(lobes) / response[peak]))
