"""When an orbit starts and stops: ascending nodes as products tell them.

Each product says the nodes before and after its start. Where products of one orbit differ (another orbit prediction),
the product that starts first decides, and of the orbit before it the node after: so neighbouring orbits share a bound.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from refsys.chains.rules import RuleView
from refsys.chains.sentinel3.preparation.common import Sentinel3Rule
from refsys.chains.sentinel3.preparation.cover import newest
from refsys.model.products import Product

PERIOD = timedelta(seconds=6059.5)
"""Length of an orbit of Sentinel-3 (385 orbits in 27 days), for a product that says one node only."""


class Orbit(NamedTuple):
    """One orbit, from ascending node to ascending node."""

    number: int
    start: datetime
    stop: datetime


def orbits_of(product: Product) -> list[Orbit]:
    """Return the orbits that a product touches by what it says itself; none if it says neither orbit nor nodes."""
    own = product.attributes
    if own.absolute_orbit is None or (own.node_before is None and own.node_after is None):
        return []
    start = own.node_before or (own.node_after - PERIOD if own.node_after else product.start)
    stop = own.node_after or start + PERIOD
    length = stop - start if stop > start else PERIOD
    first = Orbit(own.absolute_orbit, start, start + length)
    orbits = [Orbit(first.number - 1, start - length, start), first]
    while orbits[-1].stop < product.stop:
        last = orbits[-1]
        orbits.append(Orbit(last.number + 1, last.stop, last.stop + length))
    return [orbit for orbit in orbits if orbit.start < product.stop and product.start < orbit.stop]


def find_orbit(rule: Sentinel3Rule, view: RuleView, kind: str, satellite: str | None, number: int) -> Orbit | None:
    """Return an orbit by what the catalogue holds of a type, None if nothing tells it."""
    before, own = (_first(rule, view, kind, satellite, each) for each in (number - 1, number))
    starts = [node for node in (before and before.attributes.node_after, own and own.attributes.node_before) if node]
    stop = own.attributes.node_after if own else None
    if not starts and stop is None:
        return None
    start = starts[0] if starts else (stop - PERIOD if stop else None)
    if start is None:
        return None
    return Orbit(number, start, stop if stop is not None and stop > start else start + PERIOD)


def _first(rule: Sentinel3Rule, view: RuleView, kind: str, satellite: str | None, number: int) -> Product | None:
    products = newest(p for p in view.by_orbit((kind,), satellite, number) if rule.counts(p))
    told = [p for p in products if p.attributes.node_before or p.attributes.node_after]
    return told[0] if told else None
