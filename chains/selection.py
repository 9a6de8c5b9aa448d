"""Which inputs a request gets: pure over a view of the catalogue, and explained."""

from datetime import datetime
from typing import Protocol

from pydantic import Field

from refsys.model.chains import Chain, InputRule, fits_type
from refsys.model.errors import NameInvalid, PlanInvalid, ProductUnknown
from refsys.model.lookups import Policy
from refsys.model.names import SessionFileName, parse_name
from refsys.model.products import InputRef, Product
from refsys.model.requests import MissingInput, ProductionRequest
from refsys.model.values import Value


class CatalogueView(Protocol):
    """The questions selection asks."""

    def get(self, name: str) -> Product:
        """Return the product of this name (`ProductUnknown`)."""
        ...

    def latest(self, product_type: str, satellite: str | None) -> Product | None:
        """Return the product of a type that was created last."""
        ...

    def latest_cover(self, product_type: str, satellite: str | None, start: datetime, stop: datetime) -> Product | None:
        """Return the last created of the products whose interval covers the given one."""
        ...


class Choice(Value):
    """Why one input was chosen, or what is missing, in words."""

    role: str
    policy: str
    product: str | None
    reason: str


class Selection(Value):
    """The inputs of one request: by role what was chosen, and what is missing."""

    chosen: dict[str, tuple[InputRef, ...]] = {}
    missing: tuple[MissingInput, ...] = ()
    choices: tuple[Choice, ...] = Field((), description="One for each input rule, in order.")
    main: Product | None = Field(None, description="The product that triggered or was named.")


def select(request: ProductionRequest, chain: Chain, catalogue: CatalogueView) -> Selection:
    """Choose every input of a request.

    Raises
    ------
    PlanInvalid
        If a named product has a type that no input of the chain takes.
    """
    named, absent = _named_products(request, catalogue)
    takes = {kind for rule in chain.inputs if rule.policy == "trigger" for kind in rule.types}
    for product in named:
        if not any(fits_type(kind, product.product_type) for kind in takes):
            raise PlanInvalid(
                f"chain {chain.name} takes {', '.join(sorted(takes))}, not {product.product_type}", where=product.name
            )
    main = named[0] if named else None
    chosen: dict[str, tuple[InputRef, ...]] = {}
    missing: list[MissingInput] = []
    choices: list[Choice] = []
    for rule in chain.inputs:
        found, choice, lack = _apply(rule, request, named, absent, catalogue)
        choices.append(choice)
        if found:
            chosen[rule.role] = tuple(_reference(rule.role, product) for product in found)
        elif rule.mandatory:
            missing.append(lack)
    return Selection(chosen=chosen, missing=tuple(missing), choices=tuple(choices), main=main)


def _named_products(request: ProductionRequest, catalogue: CatalogueView) -> tuple[list[Product], list[str]]:
    named, absent = [], []
    for name in request.inputs:
        try:
            named.append(catalogue.get(name))
        except ProductUnknown:
            absent.append(name)
    return named, absent


def _apply(
    rule: InputRule,
    request: ProductionRequest,
    named: list[Product],
    absent: list[str],
    catalogue: CatalogueView,
) -> tuple[list[Product], Choice, MissingInput]:
    if rule.policy == "trigger":
        found = [product for product in named if _takes(rule, product.product_type)]
        if found:
            reason = "named by the request"
        elif absent:
            reason = f"not in the catalogue: {', '.join(absent)}"
        else:
            reason = "the request names no such product"
        lack = MissingInput(
            role=rule.role, product_type=_missing_type(rule, absent), name=absent[0] if absent else None
        )
        return found, _choice(rule, found, reason), lack
    satellite, start, stop = _interval(request, named[0] if named else None)
    for policy, kind in ((each.policy, kind) for each in rule.alternatives for kind in each.types):
        if policy is Policy.LATEST_START_VALIDITY:
            product = catalogue.latest(kind, satellite)
        else:
            product = None if start is None or stop is None else catalogue.latest_cover(kind, satellite, start, stop)
        if product is not None:
            reason = f"created {product.creation_time.isoformat()}, the last of those that fit"
            return [product], _choice(rule, [product], reason), MissingInput(role=rule.role, product_type=kind)
    lack = MissingInput(role=rule.role, product_type=rule.types[0], satellite=satellite, start=start, stop=stop)
    return [], _choice(rule, [], f"none of type {' or '.join(rule.types)} fits {_words(lack)}"), lack


def _takes(rule: InputRule, product_type: str) -> bool:
    return any(fits_type(kind, product_type) for kind in rule.types)


def _missing_type(rule: InputRule, absent: list[str]) -> str:
    """Return the type of the first absent product, by its name where the rule takes more than one type."""
    try:
        name = parse_name(absent[0]) if absent else None
    except NameInvalid:
        name = None
    kind = None if name is None or isinstance(name, SessionFileName) else name.product_type
    return kind if kind is not None and _takes(rule, kind) else rule.types[0]


def _interval(request: ProductionRequest, main: Product | None) -> tuple[str | None, datetime | None, datetime | None]:
    """Return satellite and interval that auxiliary data must fit: the request's own, else the main input's."""
    satellite = request.satellite or (main.satellite if main else None)
    start = request.start or (main.start if main else None)
    stop = request.stop or (main.stop if main else None)
    return (None if satellite == "_" else satellite), start, stop


def _reference(role: str, product: Product) -> InputRef:
    return InputRef(
        role=role,
        name=product.name,
        product_type=product.product_type,
        digest=product.digest,
        assets=product.assets,
        quality=product.quality,
    )


def _choice(rule: InputRule, found: list[Product], reason: str) -> Choice:
    return Choice(role=rule.role, policy=str(rule.policy), product=found[0].name if found else None, reason=reason)


def _words(lack: MissingInput) -> str:
    interval = (
        "" if lack.start is None else f" {lack.start.isoformat()} to {lack.stop.isoformat() if lack.stop else ''}"
    )
    return f"satellite {lack.satellite or 'any'}{interval}"
