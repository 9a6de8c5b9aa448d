"""Words of the oracle: what it expects, and pieces of sensing time from which it derives that."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple


class Expected(NamedTuple):
    """A product that must exist when nothing is pending any more; `satellite` is a letter."""

    product_type: str
    satellite: str
    start: datetime
    stop: datetime
    timeliness: str | None


@dataclass(frozen=True)
class Piece:
    """A product as the oracle sees it: what is expected of it, and what later steps ask of it."""

    product_type: str
    satellite: str
    start: datetime
    stop: datetime
    timeliness: str | None = None
    orbit: int | None = None
    node_before: datetime | None = None
    node_after: datetime | None = None
    dump_start: datetime | None = None
    calibration_class: str | None = None

    @property
    def expected(self) -> Expected:
        """What must be found of it."""
        return Expected(self.product_type, self.satellite, self.start, self.stop, self.timeliness)

    def as_(self, product_type: str, timeliness: str | None = None) -> "Piece":
        """Return a product of another type made of this one alone: same time, same orbit."""
        return replace(self, product_type=product_type, timeliness=timeliness or self.timeliness)

    def touches(self, start: datetime, stop: datetime) -> bool:
        """Tell whether they have time in common; those that only meet do not."""
        return self.start < stop and self.stop > start


def touching(pieces: Iterable[Piece], satellite: str, start: datetime, stop: datetime) -> list[Piece]:
    """Return the pieces of a satellite that have time in common with an interval."""
    return [piece for piece in pieces if piece.satellite == satellite and piece.touches(start, stop)]


def of_type(pieces: Iterable[Piece], product_type: str) -> list[Piece]:
    """Return the pieces of a type."""
    return [piece for piece in pieces if piece.product_type == product_type]


def cut(start: datetime, stop: datetime, length_s: float) -> list[tuple[datetime, datetime]]:
    """Cut an interval into steps of a length from its start; the last is as long as the rest.

    Examples
    --------
    >>> day = datetime(2024, 1, 1)
    >>> [(b - a).seconds for a, b in cut(day, day + timedelta(seconds=400), 180.0)]
    [180, 180, 40]
    """
    steps = []
    length = timedelta(seconds=length_s)
    while start < stop:
        steps.append((start, min(start + length, stop)))
        start += length
    return steps
