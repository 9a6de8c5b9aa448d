"""On-board time codes (CCSDS 301.0-B: CUC 3.2, CDS 3.3) and the step between GPS time and UTC, in whole nanoseconds.

UTC is counted without leap seconds from 1970-01-01 (as POSIX and numpy do), GPS time from 1980-01-06. A leap second has
no number of its own in UTC so counted: it shares that of the second after it.
"""

import numpy as np
import numpy.typing as npt

NS_PER_S = 1_000_000_000
DAY_NS = 86_400 * NS_PER_S
GPS_EPOCH_NS = 3657 * DAY_NS  # 1980-01-06 since 1970-01-01
CDS_EPOCH_DAY_1958 = -4383  # days since 1970-01-01
CDS_EPOCH_DAY_2000 = 10957
_LONGEST_DAY_MS = 86_401_000

# First days with one more leap second, since GPS began (IERS Bulletin C; none after 2017-01-01): GPS - UTC is 1, 2...
LEAP_DAYS = (
    "1981-07-01", "1982-07-01", "1983-07-01", "1985-07-01", "1988-01-01", "1990-01-01", "1991-01-01", "1992-07-01",
    "1993-07-01", "1994-07-01", "1996-01-01", "1997-07-01", "1999-01-01", "2006-01-01", "2009-01-01", "2012-07-01",
    "2015-07-01", "2017-01-01",
)  # fmt: skip
_LEAPS_UTC_NS = np.array(LEAP_DAYS, "datetime64[D]").astype(np.int64) * DAY_NS
_LEAPS_GPS_NS = _LEAPS_UTC_NS - GPS_EPOCH_NS + NS_PER_S * np.arange(1, len(LEAP_DAYS) + 1)


def gps_to_utc_ns(gps_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """GPS time (ns since 1980-01-06, int64, any shape) as UTC (ns since 1970-01-01, int64, same shape).

    Examples
    --------
    >>> int(gps_to_utc_ns(np.int64(0))) // DAY_NS
    3657
    """
    leaps = np.searchsorted(_LEAPS_GPS_NS, gps_ns, side="right")
    return np.asarray(np.asarray(gps_ns, np.int64) + GPS_EPOCH_NS - leaps * NS_PER_S)


def utc_to_gps_ns(utc_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """UTC (ns since 1970-01-01, int64, any shape) as GPS time (ns since 1980-01-06, int64, same shape)."""
    leaps = np.searchsorted(_LEAPS_UTC_NS, utc_ns, side="right")
    return np.asarray(np.asarray(utc_ns, np.int64) - GPS_EPOCH_NS + leaps * NS_PER_S)


def cuc_to_ns(fields: npt.NDArray[np.uint8], coarse_bytes: int = 4) -> npt.NDArray[np.int64]:
    """Unsegmented time: seconds and binary fractions, big-endian, rounded to the nearest nanosecond.

    Parameters
    ----------
    fields
        The time fields without a P-field, uint8, shape (n, coarse + fine), fine at most 4.
    coarse_bytes
        Bytes of whole seconds, 1 to 4.

    Returns
    -------
    int64, shape (n,), ns since the epoch of the on-board clock (for Sentinel-1 and -3 that of GPS).

    Raises
    ------
    ValueError
        Another shape or type.
    """
    fine_bytes = _fine_bytes(fields, coarse_bytes)
    seconds = _big_endian(fields[:, :coarse_bytes])
    fraction = _big_endian(fields[:, coarse_bytes:])
    half = 1 << (8 * fine_bytes) >> 1
    return seconds * NS_PER_S + (fraction * NS_PER_S + half >> 8 * fine_bytes)


def ns_to_cuc(ns: npt.NDArray[np.int64], coarse_bytes: int = 4, fine_bytes: int = 3) -> npt.NDArray[np.uint8]:
    """Unsegmented time, uint8, shape (n, coarse + fine), of ns since the on-board epoch, int64, shape (n,).

    Raises
    ------
    ValueError
        A time that does not fit the field.
    """
    ns = np.asarray(ns, dtype=np.int64)
    out = np.empty((ns.size, coarse_bytes + fine_bytes), np.uint8)
    _fine_bytes(out, coarse_bytes)
    unit = 1 << 8 * fine_bytes
    seconds, rest = np.divmod(ns, NS_PER_S)
    ticks = (rest * unit + NS_PER_S // 2) // NS_PER_S
    seconds, ticks = seconds + ticks // unit, ticks % unit
    if ns.size and (seconds.min() < 0 or seconds.max() >= 1 << 8 * coarse_bytes):
        raise ValueError(f"CUC: a time does not fit {coarse_bytes} bytes of seconds")
    for i in range(coarse_bytes):
        out[:, i] = (seconds >> 8 * (coarse_bytes - 1 - i)) & 0xFF
    for i in range(fine_bytes):
        out[:, coarse_bytes + i] = (ticks >> 8 * (fine_bytes - 1 - i)) & 0xFF
    return out


def cuc_gps_to_utc_ns(fields: npt.NDArray[np.uint8], coarse_bytes: int = 4) -> npt.NDArray[np.int64]:
    """Unsegmented time of a clock that runs on GPS time, as UTC (ns since 1970-01-01); arguments as `cuc_to_ns`.

    Examples
    --------
    >>> field = np.frombuffer(bytes.fromhex("508ba869b1f53f"), np.uint8).reshape(1, 7)
    >>> print(cuc_gps_to_utc_ns(field).view("datetime64[ns]")[0])
    2022-11-01T09:24:39.695148...
    """
    return gps_to_utc_ns(cuc_to_ns(fields, coarse_bytes))


def cds_to_utc_ns(fields: npt.NDArray[np.uint8], epoch_day: int) -> npt.NDArray[np.int64]:
    """Day-segmented time, which counts UTC: day (2 bytes), millisecond of day (4), optionally microsecond (2).

    Parameters
    ----------
    fields
        Without a P-field, uint8, shape (n, 6) or (n, 8).
    epoch_day
        Day zero in days since 1970-01-01: `CDS_EPOCH_DAY_1958` (CCSDS, NPP) or `CDS_EPOCH_DAY_2000` (Sentinel).

    Returns
    -------
    int64, shape (n,), ns since 1970-01-01.

    Raises
    ------
    ValueError
        Another shape or type, or a millisecond that no day has, not even one with a leap second.
    """
    if fields.ndim != 2 or fields.dtype != np.uint8 or fields.shape[1] not in (6, 8):
        raise ValueError(f"CDS: need uint8 (n, 6) or (n, 8), not {fields.dtype} of shape {fields.shape}")
    day, millisecond = _big_endian(fields[:, :2]), _big_endian(fields[:, 2:6])
    if np.any(millisecond >= _LONGEST_DAY_MS):
        raise ValueError(f"CDS: millisecond {millisecond.max()} of a day")
    return (day + epoch_day) * DAY_NS + millisecond * 1_000_000 + _big_endian(fields[:, 6:]) * 1_000


def _fine_bytes(fields: npt.NDArray[np.uint8], coarse_bytes: int) -> int:
    fine = int(fields.shape[-1]) - coarse_bytes
    if fields.ndim != 2 or fields.dtype != np.uint8 or not 1 <= coarse_bytes <= 4 or not 0 <= fine <= 4:
        raise ValueError(
            f"CUC: need uint8 (n, coarse + fine), coarse 1 to 4 and fine 0 to 4 bytes, "
            f"not {fields.dtype} of shape {fields.shape} with coarse {coarse_bytes}"
        )
    return fine


def _big_endian(columns: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    value = np.zeros(columns.shape[0], np.int64)
    for i in range(columns.shape[1]):
        value = value << 8 | columns[:, i]
    return value
