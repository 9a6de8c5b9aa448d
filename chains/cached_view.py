"""Answers of the catalogue kept for a while: requests prepared together mostly ask for the same auxiliary data."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from refsys.chains.policies import SPANS, Span, choose
from refsys.chains.rules import RuleView
from refsys.model.lookups import Lookup, Policy
from refsys.model.products import Product

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_PERIOD = timedelta(hours=6)
_MARGIN = timedelta(seconds=1)  # what covers an instant at the edge of a period does not reach into it
_ASKED_BEFORE_FETCHED = 2
_MOST_KEPT = 100

_Period = tuple[str | None, datetime, datetime]


@dataclass
class _OfType:
    """What is known of one product type."""

    answers: dict[Lookup, tuple[Product, ...]] = field(default_factory=dict)
    asked: dict[_Period, int] = field(default_factory=dict)
    candidates: dict[_Period, tuple[Product, ...]] = field(default_factory=dict)


class CachedView:
    """A view that asks each lookup once, and for many lookups of one type and period only once for all candidates.

    Parameters
    ----------
    view
        Whom it asks.

    Notes
    -----
    Requests prepared together have intervals of their own, but the few auxiliary files of the hours around fit most of
    them: they are fetched once, and the policy chooses among them here, exactly as the catalogue would.

    It does not see what other processes insert: keep it for one round of preparation, and tell it of every product
    that this process inserts meanwhile.
    """

    def __init__(self, view: RuleView) -> None:
        self._view = view
        self._known: dict[str, _OfType] = {}

    def arrived(self, product_type: str) -> None:
        """Forget the answers about a type: a product of it was inserted or deleted."""
        self._known.pop(product_type, None)

    def select(self, lookup: Lookup) -> list[Product]:
        """Return what the policy chooses; see `RuleView`."""
        known = self._known.setdefault(lookup.product_type, _OfType())
        answer = known.answers.get(lookup)
        if answer is None:
            answer = known.answers[lookup] = tuple(self._chosen(known, lookup))
        return list(answer)

    def _chosen(self, known: _OfType, lookup: Lookup) -> list[Product]:
        if SPANS[lookup.policy] is Span.ANY:
            return self._view.select(lookup)
        period = _period(lookup)
        if period is None:
            return self._view.select(lookup)
        known.asked[period] = known.asked.get(period, 0) + 1
        if known.asked[period] > _ASKED_BEFORE_FETCHED and period not in known.candidates:
            known.candidates[period] = tuple(self._view.select(_everything(lookup, period)))
        candidates = known.candidates.get(period)
        if candidates is None or len(candidates) > _MOST_KEPT:
            return self._view.select(lookup)
        return choose(lookup, candidates)

    def get(self, name: str) -> Product:
        """Return the product of this name; see `RuleView`."""
        return self._view.get(name)

    def touching(self, types: Sequence[str], satellite: str | None, start: datetime, stop: datetime) -> list[Product]:
        """Return the products that touch an interval; see `RuleView`."""
        return self._view.touching(types, satellite, start, stop)

    def by_data_take(self, types: Sequence[str], satellite: str | None, data_take_id: str) -> list[Product]:
        """Return the products of a data take; see `RuleView`."""
        return self._view.by_data_take(types, satellite, data_take_id)

    def by_orbit(self, types: Sequence[str], satellite: str | None, absolute_orbit: int) -> list[Product]:
        """Return the products of an orbit; see `RuleView`."""
        return self._view.by_orbit(types, satellite, absolute_orbit)


def _period(lookup: Lookup) -> _Period | None:
    """Return satellite and bounds of the whole periods around a window; None at the ends of the calendar."""
    try:
        first = _EPOCH + (lookup.start - _EPOCH) // _PERIOD * _PERIOD
        last = _EPOCH + ((lookup.stop - _EPOCH) // _PERIOD + 1) * _PERIOD
        return lookup.satellite, first - _MARGIN, last + _MARGIN
    except OverflowError:
        return None


def _everything(lookup: Lookup, period: _Period) -> Lookup:
    """Return the lookup of all products of a type that meet a period."""
    satellite, start, stop = period
    return Lookup(
        policy=Policy.VAL_INTERSECT, product_type=lookup.product_type, satellite=satellite, start=start, stop=stop
    )
