"""The catalogue as a list of products: what selection and rules ask, answered by plain loops."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from refsys.chains.policies import choose
from refsys.model.errors import ProductUnknown
from refsys.model.lookups import Lookup
from refsys.model.products import Product


class ListView:
    """A `RuleView` over products in memory; it counts what it is asked."""

    def __init__(self, products: Iterable[Product] = ()) -> None:
        self.products = list(products)
        self.asked: list[Lookup] = []

    def add(self, *products: Product) -> None:
        self.products += products

    def get(self, name: str) -> Product:
        for product in self.products:
            if product.name == name:
                return product
        raise ProductUnknown("no product of this name", where=name)

    def select(self, lookup: Lookup) -> list[Product]:
        self.asked.append(lookup)
        return choose(lookup, self.products)

    def touching(self, types: Sequence[str], satellite: str | None, start: datetime, stop: datetime) -> list[Product]:
        return self._of(types, satellite, lambda p: p.start < stop and (p.stop > start or p.start == p.stop == start))

    def by_data_take(self, types: Sequence[str], satellite: str | None, data_take_id: str) -> list[Product]:
        return self._of(types, satellite, lambda p: p.attributes.data_take_id == data_take_id)

    def by_orbit(self, types: Sequence[str], satellite: str | None, absolute_orbit: int) -> list[Product]:
        return self._of(types, satellite, lambda p: p.attributes.absolute_orbit == absolute_orbit)

    def _of(self, types: Sequence[str], satellite: str | None, fits: Callable[[Product], bool]) -> list[Product]:
        own = [
            p
            for p in self.products
            if p.product_type in types and (satellite is None or p.satellite in (satellite, "_"))
        ]
        return sorted((p for p in own if fits(p)), key=lambda p: (p.start, p.name))
