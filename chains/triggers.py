"""From the arrival of a product to the requests it makes."""

import re
from collections.abc import Mapping

from refsys.model.chains import Chain, TriggerRule, fits_type
from refsys.model.products import Product
from refsys.model.requests import ProductionRequest


def triggered(product: Product, chains: Mapping[str, Chain]) -> list[ProductionRequest]:
    """Return the requests that the arrival of a product makes, in order of chain name."""
    return [
        request_for(product, chains[name])
        for name in sorted(chains)
        if any(_fires(rule, product) for rule in chains[name].triggers)
    ]


def request_for(product: Product, chain: Chain, *, label: str = "triggered", wait: bool = True) -> ProductionRequest:
    """Return the request of a chain with one product as its main input; the same product gives the same key."""
    return ProductionRequest(
        chain=chain.name,
        chain_version=chain.version,
        product_type=chain.outputs[0],
        inputs=(product.name,),
        wait=wait,
        label=label,
    )


def _fires(rule: TriggerRule, product: Product) -> bool:
    return (
        fits_type(rule.arrival, product.product_type)
        and (not rule.satellites or product.satellite in rule.satellites)
        and (rule.names is None or re.fullmatch(rule.names, product.name) is not None)
    )
