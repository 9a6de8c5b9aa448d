"""Whether products fill an interval: duplicates, granule numbers, gaps, and what is left of an interval with gaps.

Source: facts on the preparation of Sentinel-3 inputs in the reference system, "MarginTT" search and product units. A
product that ends before the one in front of it does not move the sweep back.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from refsys.model.products import Product

Span = tuple[datetime, datetime]


def newest(products: Iterable[Product]) -> list[Product]:
    """Return the products without older versions of the same type, satellite, start and stop, in order of start, name.

    Of equal creation times the name that sorts last stays.
    """
    kept: dict[tuple[str, str, datetime, datetime], Product] = {}
    for product in products:
        key = (product.product_type, product.satellite, product.start, product.stop)
        other = kept.get(key)
        if other is None or (other.creation_time, other.name) < (product.creation_time, product.name):
            kept[key] = product
    return sorted(kept.values(), key=lambda product: (product.start, product.stop, product.name))


def granules_cover(granules: Sequence[Product], lower: datetime, upper: datetime, *, dump_ends: bool) -> bool:
    """Return whether granules fill [lower, upper] without a missing number.

    Parameters
    ----------
    granules
        In order of start, without duplicates. After the LAST granule of a dump comes a FIRST; else the number rises by
        one. Granules that say no number follow each other if they leave no gap.
    lower, upper
        The interval.
    dump_ends
        Whether the FIRST and LAST granule of a dump need no neighbour: nothing more will come on that side.
    """
    if not granules:
        return False
    first, last = granules[0], granules[-1]
    begins = first.start <= lower or (dump_ends and first.attributes.granule_position == "FIRST")
    ends = last.stop >= upper or (dump_ends and last.attributes.granule_position == "LAST")
    return begins and ends and all(_follows(before, after) for before, after in pairwise(granules))


def _follows(before: Product, after: Product) -> bool:
    if before.attributes.granule_position == "LAST":
        return after.attributes.granule_position == "FIRST"
    number, next_number = before.attributes.granule_number, after.attributes.granule_number
    if number is None or next_number is None:
        return after.start <= before.stop
    return next_number == number + 1


def covers(spans: Iterable[Span], lower: datetime, upper: datetime, gap_s: float) -> bool:
    """Return whether intervals fill [lower, upper] with no gap longer than `gap_s` seconds."""
    gap = timedelta(seconds=gap_s)
    reached = lower
    for start, stop in sorted(spans):
        if start >= upper:
            break
        if start > reached + gap:
            return False
        reached = max(reached, stop)
    return upper - gap <= reached


def filled(spans: Iterable[Span], lower: datetime, upper: datetime, gap_s: float, least_s: float) -> list[Span]:
    """Return the parts of [lower, upper] that intervals fill: gaps up to `gap_s` closed, parts under `least_s` dropped.

    Each part is cut at the bounds, also where it is neither the first nor the last.
    """
    gap, least = timedelta(seconds=gap_s), timedelta(seconds=least_s)
    parts: list[Span] = []
    for start, stop in sorted(spans):
        begin, end = max(start, lower), min(stop, upper)
        if end <= begin:
            continue
        if parts and begin - parts[-1][1] <= gap:
            parts[-1] = (parts[-1][0], max(parts[-1][1], end))
        else:
            parts.append((begin, end))
    return [(begin, end) for begin, end in parts if end - begin >= least]


def cut(start: datetime, stop: datetime, length_s: float, least_s: float = 0.0) -> list[Span]:
    """Return [start, stop] in pieces of a length; a rest shorter than `least_s` is merged into the piece before it.

    Examples
    --------
    >>> from datetime import UTC
    >>> zero = datetime(2020, 1, 1, tzinfo=UTC)
    >>> [(a.second, b.second) for a, b in cut(zero, zero.replace(second=25), 10, 6)]
    [(0, 10), (10, 25)]
    """
    if length_s <= 0:
        raise ValueError(f"pieces of {length_s} s")
    length, least = timedelta(seconds=length_s), timedelta(seconds=least_s)
    pieces: list[Span] = []
    begin = start
    while begin < stop:
        end = begin + length
        if stop - end < least or end >= stop:
            end = stop
        pieces.append((begin, end))
        begin = end
    return pieces
