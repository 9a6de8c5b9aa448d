"""Which products a policy chooses: pure functions over rows, to the microsecond.

The formulas are those of the reference system's catalogue search, read as they were meant: times are not rounded, every
tie is broken by creation time, then name, gaps are seen, and nothing depends on the order in which products arrived.
With b and e the start and stop of the lookup (margins included) and s, t those of a product:

=============================== ===================== ============================================================
Policy                          Condition             Choice
=============================== ===================== ============================================================
ValCover                        s <= b and t >= e     all
LatestValCover                  s <= b and t >= e     latest creation
LatestValCoverClosest           s <= b and t >= e     latest start
BestCentredCover                s <= b and t >= e     centre closest to (b + e) / 2
ValIntersect                    s < e and t > b       all
ValIntersectWithoutDuplicates   s < e and t > b       of each (s, t) the latest creation
LatestValIntersect              s < e and t > b       latest creation
LatestValidity                  s < e and t > b       latest start
LatestValidityClosest           s < e and t > b       start closest to (b + e) / 2, then latest start
FullCoverage                    s < e and t > b       all, if together they cover b to e without a gap
ClosestStartValidity            none                  start closest to (b + e) / 2; of two as close the earlier
ClosestStopValidity             none                  stop closest to (b + e) / 2; of two as close the earlier
LatestStartValidity             none                  latest start
LatestStopValidity              none                  latest stop
=============================== ===================== ============================================================

What the reference system really did for LatestValidityClosest with times in whole seconds is LatestValidity.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from refsys.model.lookups import Lookup, Policy
from refsys.model.products import Product

ANY_SATELLITE = "_"
"""Satellite of a product that serves all satellites of its mission."""


class Span(Enum):
    """What a policy asks of the interval of a product."""

    COVERS = "covers"
    INTERSECTS = "intersects"
    ANY = "any"


P = Policy
SPANS = {
    **dict.fromkeys((P.VAL_COVER, P.LATEST_VAL_COVER, P.LATEST_VAL_COVER_CLOSEST, P.BEST_CENTRED_COVER), Span.COVERS),
    **dict.fromkeys((P.VAL_INTERSECT, P.VAL_INTERSECT_WITHOUT_DUPLICATES, P.LATEST_VAL_INTERSECT), Span.INTERSECTS),
    **dict.fromkeys((P.LATEST_VALIDITY, P.LATEST_VALIDITY_CLOSEST, P.FULL_COVERAGE), Span.INTERSECTS),
    **dict.fromkeys((P.CLOSEST_START_VALIDITY, P.CLOSEST_STOP_VALIDITY), Span.ANY),
    **dict.fromkeys((P.LATEST_START_VALIDITY, P.LATEST_STOP_VALIDITY), Span.ANY),
}
"""What each policy asks of the interval."""


def choose(lookup: Lookup, products: Iterable[Product]) -> list[Product]:
    """Return what a policy chooses among products of whatever kind.

    Parameters
    ----------
    lookup
        Policy, window and conditions.
    products
        Candidates; those of other types, satellites or times are passed over.

    Returns
    -------
    list of Product
        In order of start, creation, name; empty if nothing fits.
    """
    fitting = [each for each in products if fits(lookup, each)]
    return _CHOICES[lookup.policy](lookup, fitting) if fitting else []


def fits(lookup: Lookup, product: Product) -> bool:
    """Return whether a product is a candidate: kind and time are as the lookup and its policy ask."""
    return is_in_time(lookup, product) and is_of_kind(lookup, product)


def is_of_kind(lookup: Lookup, product: Product) -> bool:
    """Return whether type, satellite, instrument configuration, polarisation and band are as asked."""
    if product.product_type != lookup.product_type:
        return False
    if lookup.satellite is not None and product.satellite not in (lookup.satellite, ANY_SATELLITE):
        return False
    own, configuration = product.attributes, lookup.instrument_configuration_id
    if configuration is not None and own.instrument_configuration_id not in (None, configuration):
        return False
    return lookup.polarisation in (None, own.polarisation) and lookup.band in (None, own.band)


def is_in_time(lookup: Lookup, product: Product) -> bool:
    """Return whether the interval of a product is as the policy asks: covering is closed, intersecting is open."""
    match SPANS[lookup.policy]:
        case Span.COVERS:
            return product.start <= lookup.start and product.stop >= lookup.stop
        case Span.INTERSECTS:
            return product.start < lookup.stop and product.stop > lookup.start
        case Span.ANY:
            return True


def _order(product: Product) -> tuple[datetime, datetime, str]:
    return product.start, product.creation_time, product.name


def _age(product: Product) -> tuple[datetime, str]:
    """Return what breaks every tie: the larger is preferred."""
    return product.creation_time, product.name


def _from_centre(time: datetime, lookup: Lookup) -> timedelta:
    """Return twice the distance from the centre of the window: exact, for the centre may lie between microseconds."""
    return 2 * (time - lookup.start) - (lookup.stop - lookup.start)


def _all(lookup: Lookup, fitting: Sequence[Product]) -> list[Product]:
    return sorted(fitting, key=_order)


def _largest(rank: Callable[[Lookup, Product], Any]) -> Callable[[Lookup, Sequence[Product]], list[Product]]:
    """Return the choice of the one product with the largest rank; ties: creation, name."""

    def choice(lookup: Lookup, fitting: Sequence[Product]) -> list[Product]:
        return [max(fitting, key=lambda product: (rank(lookup, product), *_age(product)))]

    return choice


def _without_duplicates(lookup: Lookup, fitting: Sequence[Product]) -> list[Product]:
    newest: dict[tuple[datetime, datetime], Product] = {}
    for product in sorted(fitting, key=_age):
        newest[product.start, product.stop] = product
    return sorted(newest.values(), key=_order)


def _gapless(lookup: Lookup, fitting: Sequence[Product]) -> list[Product]:
    reached = lookup.start
    for product in sorted(fitting, key=_order):
        if product.start > reached:
            return []
        reached = max(reached, product.stop)
    return sorted(fitting, key=_order) if reached >= lookup.stop else []


def _closeness(time: datetime, lookup: Lookup) -> tuple[timedelta, bool]:
    """Return a rank by distance of one end from the centre; as close and before it is preferred."""
    distance = _from_centre(time, lookup)
    return -abs(distance), distance < timedelta(0)


_CHOICES: dict[Policy, Callable[[Lookup, Sequence[Product]], list[Product]]] = {
    P.VAL_COVER: _all,
    P.LATEST_VAL_COVER: _largest(lambda lookup, product: ()),
    P.LATEST_VAL_COVER_CLOSEST: _largest(lambda lookup, product: product.start),
    P.BEST_CENTRED_COVER: _largest(
        lambda lookup, product: -abs(_from_centre(product.start, lookup) + _from_centre(product.stop, lookup))
    ),
    P.VAL_INTERSECT: _all,
    P.VAL_INTERSECT_WITHOUT_DUPLICATES: _without_duplicates,
    P.LATEST_VAL_INTERSECT: _largest(lambda lookup, product: ()),
    P.LATEST_VALIDITY: _largest(lambda lookup, product: product.start),
    P.LATEST_VALIDITY_CLOSEST: _largest(
        lambda lookup, product: (-abs(_from_centre(product.start, lookup)), product.start)
    ),
    P.FULL_COVERAGE: _gapless,
    P.CLOSEST_START_VALIDITY: _largest(lambda lookup, product: _closeness(product.start, lookup)),
    P.CLOSEST_STOP_VALIDITY: _largest(lambda lookup, product: _closeness(product.stop, lookup)),
    P.LATEST_START_VALIDITY: _largest(lambda lookup, product: product.start),
    P.LATEST_STOP_VALIDITY: _largest(lambda lookup, product: product.stop),
}
