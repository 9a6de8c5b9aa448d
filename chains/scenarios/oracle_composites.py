"""Oracle: days and decades of vegetation composites (specification, chains 7.15; preparation 11.7).

A product belongs to the day in which it stops. Readings: the last minute that the specification leaves out is a fault
to be mended, and a day ends inside itself as it does there, with its last microsecond; so the composite of the 10th
belongs to the first decade. A product that stops at midnight has nothing in the day that begins there and belongs to
the one that ends. Composites wait for the end of their period and 5 or 18 days more, so all that is made is in them and
each is made once.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from refsys.chains.scenarios.oracle_pieces import Piece

_MOMENT = timedelta(microseconds=1)


def composites(products: list[Piece]) -> list[Piece]:
    """Return one piece for each satellite and period of products, from its start to its last microsecond."""
    found: dict[tuple[str, datetime, datetime], Piece] = {}
    for piece in sorted(products, key=lambda p: (p.start, p.stop)):
        period = day(piece.stop) if piece.product_type == "SY_2_VGK___" else decade(piece.stop)
        start, stop = period
        found.setdefault((piece.satellite, start, stop), replace(piece, start=start, stop=stop, orbit=None))
    return list(found.values())


def day(stop: datetime) -> tuple[datetime, datetime]:
    """Return the day that a product with this stop belongs to, from midnight to its last microsecond."""
    start = (stop - _MOMENT).replace(hour=0, minute=0, second=0, microsecond=0)
    return start, start + timedelta(days=1) - _MOMENT


def decade(stop: datetime) -> tuple[datetime, datetime]:
    """Return days 1 to 10, 11 to 20, or 21 to the end of the month."""
    start, _ = day(stop)
    first = start.replace(day=1)
    if start.day <= 10:
        return first, first.replace(day=11) - _MOMENT
    if start.day <= 20:
        return first.replace(day=11), first.replace(day=21) - _MOMENT
    next_month = (first + timedelta(days=31)).replace(day=1)
    return first.replace(day=21), next_month - _MOMENT
