"""Statistics and correction of raw samples before focusing: bias, gain, quadrature, saturation.

The model of the receiver: of an ideal circular signal with parts i and q, what is sampled is

    I = bias_i + i
    Q = bias_q + gain * (q cos(departure) + i sin(departure))

and echoes, being the sum of many scatterers, have i and q of equal power and uncorrelated. So bias is the mean, gain
the ratio of standard deviations, and the sine of the departure the correlation coefficient of I and Q.

Source: I. Cumming and F. Wong, Digital Processing of Synthetic Aperture Radar Data (2005), section 2.4 (demodulation
errors); the estimates are those of second moments.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.jit import jit

_LEAST_SAMPLES = 2


class RawSums(NamedTuple):
    """Sums over samples; those of blocks add up field by field.

    Attributes
    ----------
    samples
        Finite ones.
    i, q, ii, qq, iq
        Sums of I, Q, I^2, Q^2 and I Q.
    saturated
        Samples of which a part reaches the largest value.
    """

    samples: int
    i: float
    q: float
    ii: float
    qq: float
    iq: float
    saturated: int

    def plus(self, other: "RawSums") -> "RawSums":
        """Return the sums over both."""
        return RawSums(
            self.samples + other.samples,
            self.i + other.i,
            self.q + other.q,
            self.ii + other.ii,
            self.qq + other.qq,
            self.iq + other.iq,
            self.saturated + other.saturated,
        )


class RawStatistics(NamedTuple):
    """What raw samples say of the receiver.

    Attributes
    ----------
    bias_i, bias_q
        In quantiser units.
    gain
        Amplitude of Q over that of I.
    departure_deg
        Of the angle between the channels from a right one; positive where I leaks into Q with its own sign.
    power
        Mean of i^2 + q^2, bias left out, Q at the gain of I.
    saturated_fraction
        Samples of which a part reaches the largest value.
    """

    bias_i: float
    bias_q: float
    gain: float
    departure_deg: float
    power: float
    saturated_fraction: float


def sum_samples(raw: NDArray[np.complex64], largest: float) -> RawSums:
    """Sum over samples; samples that are not finite are left out.

    Parameters
    ----------
    raw
        complex64, any shape; lines known to be lost are to be left out by the caller.
    largest
        A part of this magnitude is saturated; infinity for none.

    Raises
    ------
    ValueError
        If `raw` is not complex64 or `largest` is not positive.
    """
    if raw.dtype != np.complex64 or not largest > 0:
        raise ValueError(f"samples of {raw.dtype} with a largest value of {largest}")
    return RawSums(*_sum(np.ascontiguousarray(raw).reshape(-1), largest))


def _sum_body(raw: NDArray[np.complex64], largest: float) -> tuple[int, float, float, float, float, float, int]:
    samples, saturated = 0, 0
    sum_i, sum_q, sum_ii, sum_qq, sum_iq = 0.0, 0.0, 0.0, 0.0, 0.0
    for value in raw:
        i, q = np.float64(value.real), np.float64(value.imag)
        if not (np.isfinite(i) and np.isfinite(q)):
            continue
        samples += 1
        sum_i += i
        sum_q += q
        sum_ii += i * i
        sum_qq += q * q
        sum_iq += i * q
        if abs(i) >= largest or abs(q) >= largest:
            saturated += 1
    return samples, sum_i, sum_q, sum_ii, sum_qq, sum_iq, saturated


_sum = jit(_sum_body)


def raw_statistics(sums: RawSums) -> RawStatistics:
    """Return bias, gain, quadrature departure, power and saturation.

    Raises
    ------
    ValueError
        If there are fewer than two samples, or a channel is constant: nothing can be said of it then.
    """
    if sums.samples < _LEAST_SAMPLES:
        raise ValueError(f"{sums.samples} samples are too few")
    count = sums.samples
    bias_i, bias_q = sums.i / count, sums.q / count
    power_i, power_q = sums.ii / count - bias_i**2, sums.qq / count - bias_q**2
    least = 1e-9 * (sums.ii + sums.qq) / count
    if not (power_i > least and power_q > least):
        raise ValueError(f"a channel is constant: powers of {power_i} and {power_q}")
    sine = (sums.iq / count - bias_i * bias_q) / np.sqrt(power_i * power_q)
    return RawStatistics(
        bias_i=bias_i,
        bias_q=bias_q,
        gain=float(np.sqrt(power_q / power_i)),
        departure_deg=float(np.degrees(np.arcsin(np.clip(sine, -1, 1)))),
        power=2 * power_i,
        saturated_fraction=sums.saturated / count,
    )


def correct_samples(raw: NDArray[np.complex64], statistics: RawStatistics) -> None:
    """Take bias, gain imbalance and quadrature departure out of samples, in place.

    Parameters
    ----------
    raw
        complex64, any shape, C order.
    statistics
        Of the whole data take or swath, not of a block: neighbouring blocks must be corrected alike.

    Raises
    ------
    ValueError
        If `raw` is not complex64 in C order, or the correction is none: gain not positive, departure of 45 degrees or
        more.
    """
    if raw.dtype != np.complex64 or not raw.flags.c_contiguous:
        raise ValueError(f"samples of {raw.dtype} are not complex64 in C order")
    if not (statistics.gain > 0 and abs(statistics.departure_deg) < 45):
        raise ValueError(f"gain {statistics.gain} and departure {statistics.departure_deg} degrees are no correction")
    angle = np.radians(statistics.departure_deg)
    per_q, per_i = 1 / (statistics.gain * np.cos(angle)), np.tan(angle)
    _correct(raw.reshape(-1), statistics.bias_i, statistics.bias_q, float(per_q), float(per_i))


def _correct_body(raw: NDArray[np.complex64], bias_i: float, bias_q: float, per_q: float, per_i: float) -> None:
    for index in range(raw.size):
        i = raw[index].real - bias_i
        q = (raw[index].imag - bias_q) * per_q - i * per_i
        raw[index] = np.complex64(complex(i, q))


_correct = jit(_correct_body)
