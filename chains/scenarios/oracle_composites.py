"""Oracle: days and decades of vegetation composites (specification, chains 7.15; preparation 11.7).

A product belongs to the day in which it stops. Readings: days last to the next midnight, for the missing last minute is
a fault to be mended; a product that stops at midnight belongs to the day that ends there, else the composite of the
10th would belong to the second decade. Composites wait for the end of their period and 5 or 18 days more, so all
that is made is in them and each is made once.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from refsys.chains.scenarios.oracle_pieces import Piece

_MOMENT = timedelta(microseconds=1)


def composites(products: list[Piece]) -> list[Piece]:
    """Return one piece for each satellite and period that a product belongs to; it has the period's times."""
    found: dict[tuple[str, datetime, datetime], Piece] = {}
    for piece in sorted(products, key=lambda p: (p.start, p.stop)):
        period = day(piece.stop) if piece.product_type == "SY_2_VGK___" else decade(piece.stop)
        start, stop = period
        found.setdefault((piece.satellite, start, stop), replace(piece, start=start, stop=stop, orbit=None))
    return list(found.values())


def day(stop: datetime) -> tuple[datetime, datetime]:
    """Return the day that a product with this stop belongs to, from midnight to midnight."""
    start = (stop - _MOMENT).replace(hour=0, minute=0, second=0, microsecond=0)
    return start, start + timedelta(days=1)


def decade(stop: datetime) -> tuple[datetime, datetime]:
    """Return days 1 to 10, 11 to 20, or 21 to the end of the month."""
    start, _ = day(stop)
    first = start.replace(day=1)
    if start.day <= 10:
        return first, first.replace(day=11)
    if start.day <= 20:
        return first.replace(day=11), first.replace(day=21)
    next_month = (first + timedelta(days=31)).replace(day=1)
    return first.replace(day=21), next_month
