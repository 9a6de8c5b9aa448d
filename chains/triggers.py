"""From the arrival of a product to the requests it makes."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from refsys.chains.main_inputs import REFUSED
from refsys.chains.rules import MainRule, RuleView, make_rule
from refsys.model.chains import Chain, RuleChoice, TriggerRule, fits_type
from refsys.model.errors import RefsysError
from refsys.model.products import Product
from refsys.model.requests import ProductionRequest

PROCESSOR_UNIT = "processor.run"
"""Unit of the steps that run a processor that does not come with refsys."""


class Triggers:
    """Which chains the arrival of a product starts: by type, with the rule of each chain made once.

    Parameters
    ----------
    chains
        All chains, by name.
    """

    def __init__(self, chains: Mapping[str, Chain]) -> None:
        self._chains = chains
        self._of_type: dict[str, tuple[Chain, ...]] = {}
        self._rules: dict[str, MainRule] = {}

    def requests(self, product: Product, view: RuleView, now: datetime) -> list[ProductionRequest]:
        """Return the requests that the arrival of a product makes, in order of chain name; see `triggered`."""
        kind = product.product_type
        if kind not in self._of_type:
            self._of_type[kind] = tuple(
                self._chains[name]
                for name in sorted(self._chains)
                if any(fits_type(rule.arrival, kind) for rule in self._chains[name].triggers)
            )
        return [request for chain in self._of_type[kind] for request in self._of_chain(product, chain, view, now)]

    def _of_chain(self, product: Product, chain: Chain, view: RuleView, now: datetime) -> list[ProductionRequest]:
        delays = [rule.delay_s for rule in chain.triggers if _fires(rule, product)]
        if not delays:
            return []
        requests = self._wanted(product, chain, view, now)
        if min(delays) <= 0:
            return requests
        return [_delayed(request, now + timedelta(seconds=min(delays))) for request in requests]

    def _wanted(self, product: Product, chain: Chain, view: RuleView, now: datetime) -> list[ProductionRequest]:
        if chain.rule is None:
            return [request_for(product, chain)]
        try:
            return self._rule(chain, chain.rule).requests(product, chain, view, now)
        except RefsysError as error:
            return [request_for(product, chain).model_copy(update={"subject": {REFUSED: str(error)}})]

    def _rule(self, chain: Chain, choice: RuleChoice) -> MainRule:
        if chain.name not in self._rules:
            self._rules[chain.name] = make_rule(choice.name, choice.parameters, where=chain.name)
        return self._rules[chain.name]


def triggered(product: Product, chains: Mapping[str, Chain], view: RuleView, now: datetime) -> list[ProductionRequest]:
    """Return the requests that the arrival of a product makes, in order of chain name.

    Parameters
    ----------
    product
        What arrived; it is in the catalogue.
    chains
        All chains, by name.
    view
        The catalogue, which the rules of chains ask.
    now
        The present; a delay of a trigger counts from it.

    Returns
    -------
    list of ProductionRequest
        A rule that cannot place the product gives a request that fails with the reason when it is prepared: the
        product's own request is not to blame.
    """
    return Triggers(chains).requests(product, view, now)


def starting_by_themselves(chains: Mapping[str, Chain], processors: Sequence[str]) -> dict[str, Chain]:
    """Return the chains that arrivals start: all but those of agency processors that are not said to be here.

    Parameters
    ----------
    chains
        By name.
    processors
        Names or patterns (`*`, `?`) of chains whose processor is installed.
    """
    return {
        name: chain
        for name, chain in chains.items()
        if not any(step.unit == PROCESSOR_UNIT for step in chain.steps)
        or any(fnmatchcase(name, pattern) for pattern in processors)
    }


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


def _delayed(request: ProductionRequest, until: datetime) -> ProductionRequest:
    latest = until if request.not_before is None else max(until, request.not_before)
    return request.model_copy(update={"not_before": latest})


def _fires(rule: TriggerRule, product: Product) -> bool:
    return (
        fits_type(rule.arrival, product.product_type)
        and (not rule.satellites or product.satellite in rule.satellites)
        and (not rule.timeliness or product.attributes.timeliness in rule.timeliness)
        and rule.takes_from(product.provenance.chain if product.provenance else None)
        and (rule.names is None or re.fullmatch(rule.names, product.name) is not None)
    )
