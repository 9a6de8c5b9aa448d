"""Answers of the catalogue kept for a while: requests prepared together mostly ask for the same auxiliary data."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from refsys.chains.policies import ANY_SATELLITE, SPANS, Span, choose
from refsys.chains.rules import RuleView
from refsys.model.lookups import Lookup, Policy
from refsys.model.products import Product

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_PERIOD = timedelta(hours=6)
_NEIGHBOURHOOD = timedelta(minutes=30)
"""Period of questions about neighbours: of what is recorded there is much."""

_MARGIN = timedelta(seconds=1)  # what covers an instant at the edge of a period does not reach into it
_INSTANT = timedelta(microseconds=1)
_ASKED_BEFORE_FETCHED = 2
_MOST_KEPT = 100
_MOST_NEIGHBOURS = 1000

_BY_DISTANCE = frozenset({Policy.BEST_CENTRED_COVER, Policy.LATEST_VALIDITY_CLOSEST})
"""Policies whose choice depends on the window, also among products that cover all windows."""

_Period = tuple[datetime, datetime]
_Kind = tuple[Hashable, ...]


class Question(NamedTuple):
    """A lookup that has not been made: what is asked very often is mostly known."""

    policy: Policy
    product_type: str
    satellite: str | None
    start: datetime
    stop: datetime
    instrument_configuration_id: int | None = None
    polarisation: str | None = None

    @property
    def lookup(self) -> Lookup:
        """The lookup."""
        return Lookup(**self._asdict())


@dataclass
class _Candidates:
    """All products of a type that meet a period."""

    products: tuple[Product, ...]
    are_steady: bool
    """Whether each covers the whole period: then most policies choose the same for every window in it."""
    steady: dict[_Kind, tuple[Product, ...]] = field(default_factory=dict)


@dataclass
class _OfType:
    """What is known of one product type."""

    answers: dict[Lookup, tuple[Product, ...]] = field(default_factory=dict)
    asked: dict[Hashable, int] = field(default_factory=dict)
    candidates: dict[_Period, _Candidates] = field(default_factory=dict)
    named: dict[str, Product] = field(default_factory=dict)
    listed: dict[Hashable, tuple[Product, ...]] = field(default_factory=dict)
    """Answers to questions about several types, kept with each of them."""


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

    It does not see what other processes insert: keep it for one round of preparation, or tell it of every type of which
    products came or went meanwhile.
    """

    def __init__(self, view: RuleView) -> None:
        self._view = view
        self._known: dict[str, _OfType] = {}
        self._types_of: dict[str, str] = {}
        self.size = 0
        """How many answers were kept so far."""

    def arrived(self, product_type: str) -> None:
        """Forget the answers about a type: a product of it was inserted or deleted."""
        known = self._known.pop(product_type, None)
        for key in known.listed if known else ():
            for other in self._known.values():
                other.listed.pop(key, None)

    def select(self, lookup: Lookup) -> list[Product]:
        """Return what the policy chooses; see `RuleView`."""
        known = self._of_type(lookup.product_type)
        answer = known.answers.get(lookup)
        if answer is None:
            answer = known.answers[lookup] = tuple(self._chosen(known, lookup))
            self.size += 1
        return list(answer)

    def recalled(self, question: Question) -> tuple[Product, ...] | None:
        """Return the answer where it is the same for all windows around, and known; else None: `select` then."""
        known = self._known.get(question.product_type)
        if known is None or question.policy in _BY_DISTANCE:
            return None
        period = _period(question.start, question.stop, _PERIOD)
        candidates = known.candidates.get(period) if period is not None else None
        if candidates is None or not candidates.are_steady:
            return None
        return candidates.steady.get(_kind(question, None))

    def get(self, name: str) -> Product:
        """Return the product of this name; see `RuleView`."""
        kind = self._types_of.get(name)
        known = self._known.get(kind) if kind is not None else None
        if known is not None and name in known.named:
            return known.named[name]
        product = self._view.get(name)
        self._types_of[name] = product.product_type
        self._of_type(product.product_type).named[name] = product
        self.size += 1
        return product

    def touching(self, types: Sequence[str], satellite: str | None, start: datetime, stop: datetime) -> list[Product]:
        """Return the products that touch an interval; see `RuleView`."""
        exact = ("touching", tuple(types), satellite, start, stop)
        period = _period(start, stop, _NEIGHBOURHOOD)
        if exact in self._listed(types) or period is None:
            return self._list(types, exact, lambda: self._view.touching(types, satellite, start, stop))
        around = ("around", tuple(types), *period)
        if around not in self._listed(types) and self._is_rare(types, around):
            return self._list(types, exact, lambda: self._view.touching(types, satellite, start, stop))
        near = self._list(types, around, lambda: self._view.touching(types, None, *period))
        if len(near) > _MOST_NEIGHBOURS:
            return self._list(types, exact, lambda: self._view.touching(types, satellite, start, stop))
        return self._list(
            types, exact, lambda: [one for one in near if _is_of(one, satellite) and _touches(one, start, stop)]
        )

    def by_data_take(self, types: Sequence[str], satellite: str | None, data_take_id: str) -> list[Product]:
        """Return the products of a data take; see `RuleView`."""
        key = ("data take", tuple(types), satellite, data_take_id)
        return self._list(types, key, lambda: self._view.by_data_take(types, satellite, data_take_id))

    def by_orbit(self, types: Sequence[str], satellite: str | None, absolute_orbit: int) -> list[Product]:
        """Return the products of an orbit; see `RuleView`."""
        key = ("orbit", tuple(types), satellite, absolute_orbit)
        return self._list(types, key, lambda: self._view.by_orbit(types, satellite, absolute_orbit))

    def _of_type(self, product_type: str) -> _OfType:
        known = self._known.get(product_type)
        if known is None:
            known = self._known[product_type] = _OfType()
        return known

    def _listed(self, types: Sequence[str]) -> dict[Hashable, tuple[Product, ...]]:
        return self._of_type(types[0]).listed if types else {}

    def _list(self, types: Sequence[str], key: Hashable, ask: Callable[[], list[Product]]) -> list[Product]:
        """Return what is known under a key; else ask, and keep the answer until a product of one of the types comes."""
        answer = self._listed(types).get(key)
        if answer is None:
            keepers = [self._of_type(kind) for kind in types]
            answer = tuple(ask())
            for keeper in keepers:
                keeper.listed[key] = answer
            self.size += len(answer) + 1
        return list(answer)

    def _is_rare(self, types: Sequence[str], key: Hashable) -> bool:
        """Count a question and return whether it has been asked too seldom to fetch all around it."""
        if not types:
            return True
        asked = self._of_type(types[0]).asked
        asked[key] = asked.get(key, 0) + 1
        return asked[key] <= _ASKED_BEFORE_FETCHED

    def _chosen(self, known: _OfType, lookup: Lookup) -> Sequence[Product]:
        if SPANS[lookup.policy] is Span.ANY:
            return self._view.select(lookup)
        period = _period(lookup.start, lookup.stop, _PERIOD)
        if period is None:
            return self._view.select(lookup)
        candidates = known.candidates.get(period)
        if candidates is None:
            if self._is_rare((lookup.product_type,), period):
                return self._view.select(lookup)
            candidates = known.candidates[period] = self._candidates(lookup, period)
        if len(candidates.products) > _MOST_KEPT:
            return self._view.select(lookup)
        if not candidates.are_steady or lookup.policy in _BY_DISTANCE:
            return choose(lookup, candidates.products)
        kind = _kind(lookup, lookup.band)
        if kind not in candidates.steady:
            candidates.steady[kind] = tuple(choose(lookup, candidates.products))
        return candidates.steady[kind]

    def _candidates(self, lookup: Lookup, period: _Period) -> _Candidates:
        start, stop = period
        everything = Lookup(
            policy=Policy.VAL_INTERSECT, product_type=lookup.product_type, satellite=None, start=start, stop=stop
        )
        products = tuple(self._view.select(everything))
        self.size += len(products)
        return _Candidates(products, all(one.start <= start and one.stop >= stop for one in products))


def _period(start: datetime, stop: datetime, length: timedelta) -> _Period | None:
    """Return the bounds of the whole periods around a window; None at the ends of the calendar."""
    try:
        first = _EPOCH + (start - _EPOCH) // length * length
        last = _EPOCH + ((stop - _EPOCH) // length + 1) * length
        return first - _MARGIN, last + _MARGIN
    except OverflowError:
        return None


def _kind(asked: Lookup | Question, band: str | None) -> _Kind:
    """Return all of a lookup but type and window."""
    return asked.policy, asked.satellite, asked.instrument_configuration_id, asked.polarisation, band


def _is_of(product: Product, satellite: str | None) -> bool:
    return satellite is None or product.satellite in (satellite, ANY_SATELLITE)


def _touches(product: Product, start: datetime, stop: datetime) -> bool:
    """Return whether a product has a part in [start, stop); an instant lasts a microsecond."""
    return product.start < max(stop, start + _INSTANT) and (product.stop > start or product.start >= start)
