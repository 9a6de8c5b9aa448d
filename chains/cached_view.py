"""Answers of the catalogue kept for a while: requests prepared together mostly ask for the same auxiliary data."""

from collections.abc import Sequence
from datetime import datetime

from refsys.chains.rules import RuleView
from refsys.model.lookups import Lookup
from refsys.model.products import Product


class CachedView:
    """A view that asks each lookup once.

    Parameters
    ----------
    view
        Whom it asks.

    Notes
    -----
    It does not see what other processes insert: keep it for one round of preparation, and tell it of every product
    that this process inserts meanwhile.
    """

    def __init__(self, view: RuleView) -> None:
        self._view = view
        self._selected: dict[str, dict[Lookup, tuple[Product, ...]]] = {}

    def arrived(self, product_type: str) -> None:
        """Forget the answers about a type: a product of it was inserted or deleted."""
        self._selected.pop(product_type, None)

    def select(self, lookup: Lookup) -> list[Product]:
        """Return what the policy chooses; see `RuleView`."""
        answers = self._selected.setdefault(lookup.product_type, {})
        known = answers.get(lookup)
        if known is None:
            known = answers[lookup] = tuple(self._view.select(lookup))
        return list(known)

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
