"""Physical values of the codes in Sentinel-1 packet headers (S1-IF-ASD-PL-0007, sections 3.2.1, 3.2.5 and 5.1).

Every function takes codes as sent, scalars or arrays of any shape, and returns arrays of that shape.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

FREF_HZ = 37.53472224e6
"""Reference frequency of the instrument's clock."""

_UP = np.array([3, 2, 0, 5, 4, 3, 1, 1, 3, 5, 3, 4])
_DOWN = np.array([4, 3, 0, 9, 9, 8, 3, 6, 7, 16, 26, 11])
_TAPS = np.array([28, 28, 0, 32, 40, 48, 52, 92, 36, 68, 120, 44])
# The look-up table D(C) of section 5.1 is floor((up * C + phase) / down) with these phases (the tests hold the table).
_PHASE = np.array([4, 3, 0, 9, 8, 6, 1, 1, 6, 7, 6, 9])
_BANDWIDTH_HZ = np.array(
    [100e6, 87.71e6, np.nan, 74.25e6, 59.44e6, 50.62e6, 44.89e6, 22.2e6, 56.59e6, 42.86e6, 15.1e6, 48.35e6]
)
_FINE_STEPS = 1 << 17
_GPS_FRACTION_BITS = 24


def gps_time_ns(coarse_time: ArrayLike, fine_time: ArrayLike) -> NDArray[np.int64]:
    """Return the packet's time in nanoseconds of GPS time since 1980-01-06 (no leap seconds), section 3.2.1.

    The fine time counts 2**-16 s and stands for the middle of its step.

    Examples
    --------
    >>> int(gps_time_ns(1276273467, 43887))
    1276273467669670104
    """
    seconds = np.asarray(coarse_time, dtype=np.int64)
    halves = 2 * np.asarray(fine_time, dtype=np.int64) + 1
    return np.asarray(seconds * 1_000_000_000 + halves * 1_000_000_000 // _FINE_STEPS, dtype=np.int64)


def platform_time_ns(time_stamp: ArrayLike) -> NDArray[np.int64]:
    """Return nanoseconds of GPS time of a platform time stamp: 32 bits of seconds, 24 of fraction (section 3.2.3)."""
    stamp = np.asarray(time_stamp, dtype=np.int64)
    fraction = stamp & ((1 << _GPS_FRACTION_BITS) - 1)
    whole = (stamp >> _GPS_FRACTION_BITS) * 1_000_000_000
    return np.asarray(whole + (fraction * 1_000_000_000 >> _GPS_FRACTION_BITS), dtype=np.int64)


def clock_seconds(code: ArrayLike) -> NDArray[np.float64]:
    """Return seconds of a count of reference periods: PRI, SWST, SWL, Tx pulse length (sections 3.2.5.8 to 12)."""
    return np.asarray(np.asarray(code, dtype=np.float64) / FREF_HZ)


def rx_gain_db(code: ArrayLike) -> NDArray[np.float64]:
    """Return the receive gain in dB: steps of -0.5 (section 3.2.5.5)."""
    return np.asarray(-0.5 * np.asarray(code, dtype=np.float64))


def tx_ramp_rate_hz_per_s(code: ArrayLike) -> NDArray[np.float64]:
    """Return the chirp rate in Hz/s: the first bit is the sign, 1 for an up-ramp (section 3.2.5.6)."""
    return np.asarray(_signed(code) * FREF_HZ**2 / (1 << 21))


def tx_start_frequency_hz(code: ArrayLike, ramp_code: ArrayLike) -> NDArray[np.float64]:
    """Return the chirp's first frequency in Hz from the carrier (section 3.2.5.7); the ramp rate enters it."""
    return np.asarray(tx_ramp_rate_hz_per_s(ramp_code) / (4 * FREF_HZ) + _signed(code) * FREF_HZ / (1 << 14))


def sampling_frequency_hz(range_decimation: ArrayLike) -> NDArray[np.float64]:
    """Return the complex sampling frequency after decimation, ratio * 4 * fref; NaN if unused (section 3.2.5.4)."""
    code = _known(range_decimation)
    return np.asarray(np.where(_DOWN[code] > 0, _UP[code] * 4 * FREF_HZ / np.maximum(_DOWN[code], 1), np.nan))


def filter_bandwidth_hz(range_decimation: ArrayLike) -> NDArray[np.float64]:
    """Return the bandwidth of the decimation filter in Hz; NaN for an unused code (section 3.2.5.4)."""
    return np.asarray(_BANDWIDTH_HZ[_known(range_decimation)])


def filter_taps(range_decimation: ArrayLike) -> NDArray[np.int64]:
    """Return the length of the decimation filter in samples; 0 for an unused code (section 3.2.5.4)."""
    return np.asarray(_TAPS[_known(range_decimation)], dtype=np.int64)


def tx_pulse_samples(pulse_code: ArrayLike, range_decimation: ArrayLike) -> NDArray[np.int64]:
    """Return the transmitted pulse's complex samples after decimation, rounded up; 0 if unused (section 3.2.5.8).

    Computed in integers, so that a pulse of a whole number of samples is not rounded past it.
    """
    code = _known(range_decimation)
    numerator = np.asarray(pulse_code, dtype=np.int64) * 4 * _UP[code]
    return np.asarray(np.where(_DOWN[code] > 0, -(-numerator // np.maximum(_DOWN[code], 1)), 0), dtype=np.int64)


def window_samples(swl_code: ArrayLike, range_decimation: ArrayLike) -> NDArray[np.int64]:
    """Return the complex samples of the sampling window after decimation, twice the number of quads (section 5.1).

    Zero for an unused code, and for a window shorter than the filter's transient.

    Examples
    --------
    >>> window_samples([12178, 1758], 4).tolist()
    [21558, 3034]
    """
    code = _known(range_decimation)
    transient = 80 + _TAPS[code] // 4 + 17
    kept = 2 * np.asarray(swl_code, dtype=np.int64) - transient
    samples = 2 * ((_UP[code] * kept + _PHASE[code]) // np.maximum(_DOWN[code], 1) + 1)
    return np.asarray(np.where((_DOWN[code] > 0) & (kept >= 0), samples, 0), dtype=np.int64)


def baq_block_samples(code: ArrayLike) -> NDArray[np.int64]:
    """Return the complex samples of a BAQ block (section 3.2.5.3)."""
    return np.asarray(8 * (np.asarray(code, dtype=np.int64) + 1), dtype=np.int64)


def _signed(code: ArrayLike) -> NDArray[np.float64]:
    word = np.asarray(code, dtype=np.int64)
    return np.asarray(np.where(word >> 15, 1.0, -1.0) * (word & 0x7FFF), dtype=np.float64)


def _known(range_decimation: ArrayLike) -> NDArray[np.int64]:
    # Code 2 is reserved; every code outside the table is treated as it.
    code = np.asarray(range_decimation, dtype=np.int64)
    return np.asarray(np.where((code >= 0) & (code < _UP.size), code, 2), dtype=np.int64)
