"""What a request starts from: the products that it names, or those that the rule of its chain finds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from refsys.chains.input_search import Frame
from refsys.chains.rules import RULES, Awaited, Discarded, MainInputs, MainRule, Moment, RuleView, make_rule
from refsys.model.chains import Chain, InputRule, fits_type
from refsys.model.errors import InputCorrupt, NameInvalid, PlanInvalid, ProductUnknown
from refsys.model.names import SessionFileName, parse_name
from refsys.model.products import Product
from refsys.model.requests import MissingInput, ProductionRequest
from refsys.model.values import canonical_json

REFUSED = "refused"
"""Key of `ProductionRequest.subject` under which a request says why the rule of its chain could not place a product."""


@dataclass(frozen=True)
class Main:
    """Main inputs by role, what auxiliary inputs must fit, and what of the main inputs is lacking, with the reason."""

    products: Mapping[str, Sequence[Product]]
    frame: Frame
    first: Product | None
    inputs: MainInputs | None
    lacks: Mapping[str, tuple[MissingInput, str]] = field(default_factory=dict)


def main_inputs(
    request: ProductionRequest,
    chain: Chain,
    view: RuleView,
    moment: Moment,
    overrides: Mapping[str, tuple[str, ...]],
) -> Main | Awaited | Discarded:
    """Return the main inputs of a request, what is awaited, or why nothing is to be made.

    Parameters
    ----------
    request, chain, view, moment
        As for `refsys.chains.selection.select`.
    overrides
        By role, names of products that persons chose.

    Raises
    ------
    PlanInvalid
        If a named product has a type that no input of the chain takes.
    InputCorrupt
        If the rule could not place the product that triggered the request.
    ConfigInvalid
        If the rule of the chain is unknown.
    """
    if REFUSED in request.subject:
        raise InputCorrupt(request.subject[REFUSED], where=", ".join(request.inputs) or request.key)
    if chain.rule is None:
        return _named(request, chain, view, overrides)
    registered = chain.rule.name, RULES.get(chain.rule.name)
    rule = _rule(registered, canonical_json(chain.rule.parameters), chain.name)
    answer = rule.main(request, chain, view, moment)
    if not isinstance(answer, MainInputs):
        return answer
    named = [product for product, _ in _known(request.inputs, view) if product is not None]
    by_role = {each.role: _of_role(each, named) for each in chain.inputs if each.policy == "trigger"}
    products: dict[str, Sequence[Product]] = {**by_role, **answer.products}
    frame = Frame(
        satellite=_one_satellite(answer.satellite),
        start=answer.start,
        stop=answer.stop,
        windows=answer.windows,
        instrument_configuration_id=answer.instrument_configuration_id,
        polarisation=answer.polarisation,
    )
    order = [products[each.role] for each in chain.inputs if products.get(each.role)]
    return Main(products, frame, order[0][0] if order else None, answer)


@lru_cache(maxsize=1000)
def _rule(registered: tuple[str, type[Any] | None], parameters: bytes, where: str) -> MainRule:
    """Return a rule, which many requests ask; it is another where another class has its name by now."""
    return make_rule(registered[0], json.loads(parameters), where=where)


def _named(request: ProductionRequest, chain: Chain, view: RuleView, overrides: Mapping[str, tuple[str, ...]]) -> Main:
    """Return what the request names: the rule of chains that have none."""
    triggers = [rule for rule in chain.inputs if rule.policy == "trigger"]
    by_hand = tuple(name for rule in triggers for name in overrides.get(rule.role, ()))
    pairs = _known(by_hand or request.inputs, view)
    named = [product for product, _ in pairs if product is not None]
    absent = [name for product, name in pairs if product is None]
    _refuse_strangers(named, triggers, chain)
    first = named[0] if named else None
    satellite = request.satellite or (first.satellite if first else None)
    start = request.start or (first.start if first else None)
    stop = request.stop or (first.stop if first else None)
    if start is not None and stop is not None and stop < start:
        raise PlanInvalid(f"the interval ends at {stop.isoformat()}, before {start.isoformat()}", where=request.key)
    products = {rule.role: _of_role(rule, named) for rule in triggers}
    own = first.attributes if first else None
    frame = Frame(
        satellite=_one_satellite(satellite),
        start=start,
        stop=stop,
        instrument_configuration_id=own.instrument_configuration_id if own else None,
        polarisation=own.polarisation if own else None,
    )
    lacks = {rule.role: _lack(rule, absent) for rule in triggers if not products[rule.role]}
    return Main(products, frame, first, _as_told(frame, products, first, satellite), lacks)


def _as_told(
    frame: Frame, products: Mapping[str, Sequence[Product]], first: Product | None, satellite: str | None
) -> MainInputs | None:
    if frame.start is None or frame.stop is None or first is None:
        return None
    return MainInputs(
        products={role: tuple(found) for role, found in products.items() if found},
        start=frame.start,
        stop=frame.stop,
        satellite=satellite or first.satellite,
        instrument_configuration_id=frame.instrument_configuration_id,
        polarisation=frame.polarisation,
        timeliness=first.attributes.timeliness,
        reason="named by the request",
    )


def _known(names: Sequence[str], view: RuleView) -> list[tuple[Product | None, str]]:
    """Return each named product, None where the catalogue does not have it, with its name."""
    found: list[tuple[Product | None, str]] = []
    for name in names:
        try:
            found.append((view.get(name), name))
        except ProductUnknown:
            found.append((None, name))
    return found


def _refuse_strangers(named: Sequence[Product], triggers: Sequence[InputRule], chain: Chain) -> None:
    takes = {kind for rule in triggers for kind in rule.types}
    for product in named:
        if not any(fits_type(kind, product.product_type) for kind in takes):
            raise PlanInvalid(
                f"chain {chain.name} takes {', '.join(sorted(takes))}, not {product.product_type}", where=product.name
            )


def _of_role(rule: InputRule, named: Sequence[Product]) -> list[Product]:
    return [product for product in named if _takes(rule, product.product_type)]


def _takes(rule: InputRule, product_type: str) -> bool:
    return any(fits_type(kind, product_type) for kind in rule.types)


def _lack(rule: InputRule, absent: Sequence[str]) -> tuple[MissingInput, str]:
    reason = f"not in the catalogue: {', '.join(absent)}" if absent else "the request names no such product"
    name = absent[0] if absent else None
    return MissingInput(role=rule.role, product_type=_missing_type(rule, name), name=name), reason


def _missing_type(rule: InputRule, absent: str | None) -> str:
    """Return the type of an absent product, by its name where the rule takes more than one type."""
    try:
        name = parse_name(absent) if absent else None
    except NameInvalid:
        name = None
    kind = None if name is None or isinstance(name, SessionFileName) else name.product_type
    return kind if kind is not None and _takes(rule, kind) else rule.types[0]


def _one_satellite(satellite: str | None) -> str | None:
    return None if satellite == "_" else satellite
