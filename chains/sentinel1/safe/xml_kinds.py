"""How single values and arrays are spelled in Sentinel-1 annotation (S1-RS-MDA-52-7441, object types).

Numbers have the shortest spelling that reads back as the same double.
"""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from refsys.chains.sentinel1.safe.manifest_parts import safe_time
from refsys.model.times import parse_time

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOWEST, _HIGHEST = -(1 << 63), (1 << 63) - 1


class Kind(NamedTuple):
    """How a text is read (`ValueError` or `OverflowError` if it does not fit) and written; size; dtype of a column."""

    read: Callable[[str], Any]
    write: Callable[[Any], str]
    size: Callable[[Any], int] | None = None
    dtype: npt.DTypeLike | None = None


def utc_ns(time: datetime) -> int:
    """Return a time as nanoseconds since 1970-01-01, exact."""
    return (time - _EPOCH) // timedelta(microseconds=1) * 1000


def from_utc_ns(nanoseconds: int) -> datetime:
    """Return the time of nanoseconds since 1970-01-01, rounded to a microsecond."""
    return _EPOCH + timedelta(microseconds=round(nanoseconds / 1000))


def _write_number(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be written")
    return np.format_float_scientific(value, unique=True, exp_digits=2, trim="0")


def _write_numbers(values: npt.NDArray[np.float64]) -> str:
    if not np.isfinite(values).all():
        raise ValueError("numbers that are not finite cannot be written")
    return " ".join(map(repr, np.asarray(values, dtype=np.float64).tolist()))


def _read_number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no finite number")
    return number


def _read_numbers(text: str) -> npt.NDArray[np.float64]:
    numbers = np.array(text.split(), dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError("a number is not finite")
    return numbers


def _read_integer(text: str) -> int:
    number = int(text)
    if not _LOWEST <= number <= _HIGHEST:
        raise ValueError(f"{text} is beyond 64 bits")
    return number


def _read_integers(text: str) -> npt.NDArray[np.int64]:
    try:
        return np.array(text.split(), dtype=np.int64)
    except OverflowError as error:
        raise ValueError(str(error)) from error


def _read_time_ns(text: str) -> int:
    nanoseconds = utc_ns(parse_time(text))
    if not _LOWEST <= nanoseconds <= _HIGHEST:
        raise ValueError(f"{text} is beyond what nanoseconds since 1970 can say")
    return nanoseconds


def _read_boolean(text: str) -> bool:
    if text not in {"true", "false", "1", "0"}:
        raise ValueError(f"{text!r} is neither true nor false")
    return text in {"true", "1"}


def _read_complexes(text: str) -> npt.NDArray[np.complex128]:
    numbers = _read_numbers(text)
    if numbers.size % 2:
        raise ValueError("an odd number of parts of complex numbers")
    return numbers.view(np.complex128)


def _write_complexes(values: npt.NDArray[np.complex128]) -> str:
    return _write_numbers(np.ascontiguousarray(values, dtype=np.complex128).view(np.float64))


def choice(*words: str) -> Kind:
    """Return the kind of a text that is one of these words."""

    def checked(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text!r} is none of {', '.join(words)}")
        return text

    return Kind(checked, checked)


def _size(values: Sequence[Any]) -> int:
    return len(values)


TEXT = Kind(str, str, dtype=np.str_)
INTEGER = Kind(_read_integer, lambda value: str(int(value)), dtype=np.int64)
NUMBER = Kind(_read_number, _write_number, dtype=np.float64)
BOOLEAN = Kind(_read_boolean, lambda value: str(bool(value)).lower(), dtype=np.bool_)
TIME = Kind(parse_time, safe_time)
"""An aware time in UTC."""
TIME_NS = Kind(_read_time_ns, lambda value: safe_time(from_utc_ns(value)), dtype=np.int64)
"""A time of a column, int64 nanoseconds since 1970-01-01."""
NUMBERS = Kind(_read_numbers, _write_numbers, _size)
INTEGERS = Kind(_read_integers, lambda values: " ".join(map(str, values.tolist())), _size)
COMPLEXES = Kind(_read_complexes, _write_complexes, _size)
