"""Products that an input might have got and did not, each with the reason; and what would change the choice."""

from collections.abc import Iterator, Sequence

from refsys.chains.input_search import Tried
from refsys.chains.policies import ANY_SATELLITE
from refsys.chains.policy_words import what_would_change, why_not
from refsys.model.errors import ProductUnknown
from refsys.model.lookups import Lookup, Policy
from refsys.model.products import Product
from refsys.model.values import Value
from refsys.storage.catalogue import Catalogue

MOST_REJECTED = 20
"""Rejected candidates that are listed for one input."""

_NEAR = (Policy.CLOSEST_START_VALIDITY, Policy.CLOSEST_STOP_VALIDITY, Policy.LATEST_VALIDITY)


class Rejected(Value):
    """A product of the right type that was not taken."""

    product: str
    reason: str


def rejected(catalogue: Catalogue, tried: Sequence[Tried], chosen: Sequence[str]) -> tuple[Rejected, ...]:
    """Say of the products nearest to what an input asked for why they were not taken.

    Parameters
    ----------
    catalogue
        Where they are.
    tried
        What was asked, in order.
    chosen
        Names of what the input has.
    """
    said: dict[str, str] = {}
    taken = _products(catalogue, chosen)
    for one in tried:
        own = [product for product in taken if product.product_type == one.lookup.product_type]
        for product in _candidates(catalogue, one.lookup):
            if product.name in chosen or product.name in said or len(said) >= MOST_REJECTED:
                continue
            refused = not own and product.name in one.found
            said[product.name] = one.verdict if refused else why_not(one.lookup, product, own)
    return tuple(Rejected(product=name, reason=reason) for name, reason in said.items())


def changes(catalogue: Catalogue, tried: Sequence[Tried], chosen: Sequence[str]) -> tuple[str, ...]:
    """Say which arrivals would change what an input has: of the types asked before the chosen one, or a better one."""
    taken = _products(catalogue, chosen)
    sentences = []
    for one in tried:
        own = [product for product in taken if product.product_type == one.lookup.product_type]
        sentences.append(what_would_change(one.lookup, own))
    return tuple(dict.fromkeys(sentences))


def _products(catalogue: Catalogue, names: Sequence[str]) -> list[Product]:
    found = []
    for name in names:
        try:
            found.append(catalogue.get(name))
        except ProductUnknown:
            continue  # deleted since
    return found


def _candidates(catalogue: Catalogue, lookup: Lookup) -> Iterator[Product]:
    """Yield products of a type that touch the window, of whatever satellite, then the nearest others."""
    kind = lookup.product_type
    yield from catalogue.find(product_type=kind, start=lookup.start, stop=lookup.stop, limit=MOST_REJECTED)
    free = {"instrument_configuration_id": None, "polarisation": None, "band": None}
    for satellite in dict.fromkeys((lookup.satellite, None)):
        for policy in _NEAR:
            yield from catalogue.select(lookup.model_copy(update=free | {"policy": policy, "satellite": satellite}))
    if lookup.satellite is None or lookup.satellite == ANY_SATELLITE:
        return
    newest = lookup.model_copy(update=free | {"policy": Policy.LATEST_START_VALIDITY})
    yield from catalogue.select(newest)
