"""How times and intervals lie in database columns: exact integers, the same on SQLite and PostgreSQL.

A time is the number of microseconds since 1970-01-01 UTC. An interval has a span class, `ceil(log2(length))`: the
intervals of one class that meet or cover a given one start inside a range known beforehand, so that an index on
(type, satellite, class, start) finds them without looking at any other (design section 6).
"""

from datetime import UTC, datetime, timedelta

from refsys.model.times import require_utc

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OPEN_START_US = -(1 << 61)
OPEN_STOP_US = 1 << 61
"""Bounds of an interval that has none; their distance still fits a signed 64-bit column."""


def to_us(time: datetime) -> int:
    """Return microseconds since 1970 UTC, exact; a time without zone raises `ValueError`.

    Examples
    --------
    >>> to_us(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    return (require_utc(time) - EPOCH) // timedelta(microseconds=1)


def from_us(microseconds: int) -> datetime:
    """Return the aware UTC time of microseconds since 1970, exact.

    Examples
    --------
    >>> from_us(1000005).isoformat()
    '1970-01-01T00:00:01.000005+00:00'
    """
    return EPOCH + timedelta(microseconds=microseconds)


def span_class(start_us: int, stop_us: int) -> int:
    """Return the class of an interval's length: the smallest `k` with `stop_us - start_us <= 2**k`.

    Raises `ValueError` where the interval ends before it starts.

    Examples
    --------
    >>> [span_class(0, length) for length in (0, 1, 2, 3, 4, 5, 8, 9)]
    [0, 0, 1, 2, 2, 3, 3, 4]
    """
    length = stop_us - start_us
    if length < 0:
        raise ValueError(f"interval ends {-length} microseconds before it starts")
    return max(length - 1, 0).bit_length()
