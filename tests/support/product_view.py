"""A catalogue of a few products in memory, for tests of main-input rules."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from refsys.chains.policies import choose
from refsys.model.errors import ProductUnknown
from refsys.model.lookups import Lookup
from refsys.model.products import Product


class ProductView:
    """Answers the questions of `RuleView` by looking at every product."""

    def __init__(self, products: Iterable[Product] = ()) -> None:
        self.products = {product.name: product for product in products}

    def add(self, product: Product) -> None:
        """Take a product in."""
        self.products[product.name] = product

    def get(self, name: str) -> Product:
        """Return the product of this name (`ProductUnknown`)."""
        if name not in self.products:
            raise ProductUnknown("no such product", where=name)
        return self.products[name]

    def select(self, lookup: Lookup) -> list[Product]:
        """Return what the policy chooses."""
        return choose(lookup, list(self.products.values()))

    def touching(self, types: Sequence[str], satellite: str | None, start: datetime, stop: datetime) -> list[Product]:
        """Return products of the types that touch the interval, an instant at its own time."""
        return [
            one
            for one in self._of(types, satellite)
            if (one.start < stop and one.stop > start) or (one.start == one.stop and start <= one.start <= stop)
        ]

    def by_data_take(self, types: Sequence[str], satellite: str | None, data_take_id: str) -> list[Product]:
        """Return products of the types with this data take."""
        return [one for one in self._of(types, satellite) if one.attributes.data_take_id == data_take_id]

    def by_orbit(self, types: Sequence[str], satellite: str | None, absolute_orbit: int) -> list[Product]:
        """Return products of the types with this absolute orbit."""
        return [one for one in self._of(types, satellite) if one.attributes.absolute_orbit == absolute_orbit]

    def _of(self, types: Sequence[str], satellite: str | None) -> list[Product]:
        found = [p for p in self.products.values() if p.product_type in types and satellite in (None, p.satellite)]
        return sorted(found, key=lambda product: (product.start, product.name))
