"""Which inputs a request gets: pure over a view of the catalogue and a moment, and explained."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache

from pydantic import Field

from refsys.chains.input_search import Found, Frame, Tried, search
from refsys.chains.main_inputs import Main, main_inputs
from refsys.chains.rules import Awaited, Discarded, MainInputs, Moment, RuleView
from refsys.model.chains import Chain, InputRule, InputWait
from refsys.model.errors import ConfigInvalid, PlanInvalid, ProductUnknown
from refsys.model.products import InputRef, Product
from refsys.model.requests import MissingInput, ProductionRequest
from refsys.model.times import format_time
from refsys.model.values import UtcTime, Value

BY_HAND = "by hand"
"""Policy of an input that a person chose."""


class Override(Value):
    """Products that a person chose for an input."""

    products: tuple[str, ...] = Field(min_length=1)
    by: str
    at: UtcTime
    reason: str


class Choice(Value):
    """Why one input was chosen, or what is missing, in words."""

    role: str
    policy: str
    product: str | None = Field(description="The first of those chosen.")
    products: tuple[str, ...] = ()
    reason: str
    tried: tuple[Tried, ...] = Field((), description="What the catalogue was asked, in order.")
    awaited_until: UtcTime | None = Field(None, description="Until when this optional input is waited for.")


@dataclass(frozen=True)
class Selection:
    """The inputs of one request: by role what was chosen, and what is missing."""

    chosen: Mapping[str, tuple[InputRef, ...]] = field(default_factory=dict)
    missing: tuple[MissingInput, ...] = ()
    """What is awaited: the arrival of any of it asks again."""
    until: datetime | None = None
    """When to go on with what there is. None: only an arrival helps."""
    discarded: str | None = None
    """Why nothing is to be made."""
    main: Product | None = None
    """The product that triggered or was named, or the first that the rule found."""
    main_inputs: MainInputs | None = None
    """Interval, parameters and products that all starts from."""
    products: Mapping[str, tuple[Product, ...]] = field(default_factory=dict)
    """What `chosen` refers to, by role."""
    told: Callable[[], tuple[Choice, ...]] = tuple
    """Makes `choices`: words cost more than choosing, and few ask for them."""

    @property
    def is_complete(self) -> bool:
        """Whether it can be planned."""
        return not self.missing and self.discarded is None

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """One for each input rule, in order."""
        return self.told()


def select(
    request: ProductionRequest,
    chain: Chain,
    view: RuleView,
    moment: Moment,
    overrides: Mapping[str, Override] | None = None,
) -> Selection:
    """Choose every input of a request.

    Parameters
    ----------
    request, chain
        What is wanted, and how it is made.
    view
        The catalogue.
    moment
        The present, and since when inputs are waited for.
    overrides
        What persons chose, by role.

    Raises
    ------
    PlanInvalid
        If a named product has a type that no input of the chain takes, or an input cannot be looked for.
    ConfigInvalid
        If the chain's rule is unknown, or inputs are each the same as the other.
    """
    given = overrides or {}
    named = {role: override.products for role, override in given.items()}
    main = main_inputs(request, chain, view, moment, named)
    if isinstance(main, Discarded):
        return Selection(discarded=main.reason, told=lambda: _unsought(chain, main.reason))
    if isinstance(main, Awaited):
        return Selection(missing=main.missing, until=main.until, told=lambda: _unsought(chain, main.reason))
    by_mode = sorted(chain.inputs, key=lambda rule: _is_wanted(rule, chain))  # of rules of a role the wanted one
    found = {rule.role: _find(rule, chain, main, view, given) for rule in by_mode if rule.same_as is None}
    for rule in chain.inputs:
        if rule.same_as is not None:
            found[rule.role] = _same(rule, chain, found, given, view)
    return _put_together(request, chain, moment, main, found)


def longest_wait_end(request: ProductionRequest, chain: Chain, accepted_at: datetime) -> datetime:
    """Return when a request stops waiting for mandatory inputs."""
    return begun(request, accepted_at) + timedelta(hours=chain.longest_wait_h)


def begun(request: ProductionRequest, accepted_at: datetime) -> datetime:
    """Return from when a request waits: its acceptance, or the end of its delay."""
    return accepted_at if request.not_before is None else max(accepted_at, request.not_before)


def _unsought(chain: Chain, reason: str) -> tuple[Choice, ...]:
    """Return the choices of a request whose main inputs are not complete."""
    return tuple(
        Choice(
            role=rule.role,
            policy=str(rule.policy or "same_as"),
            product=None,
            reason=reason if rule.policy == "rule" else "looked for when the main inputs are complete",
        )
        for rule in chain.inputs
    )


def _find(rule: InputRule, chain: Chain, main: Main, view: RuleView, overrides: Mapping[str, Override]) -> Found:
    if rule.modes and chain.mode not in rule.modes:
        return Found(words=f"only in mode {' or '.join(rule.modes)}", policy=str(rule.policy))
    if rule.role in overrides:
        return _by_hand(rule, overrides[rule.role], view)
    found = search(rule, main.frame, main.products, view)
    if found.products or rule.role not in main.lacks:
        return found
    lack, reason = main.lacks[rule.role]
    return Found((), reason, found.policy, found.asked, (lack, *found.lacks))


def _by_hand(rule: InputRule, override: Override, view: RuleView) -> Found:
    reason = f"chosen by {override.by} at {format_time(override.at)}: {override.reason}"
    products, absent = [], []
    for name in override.products:
        try:
            products.append(view.get(name))
        except ProductUnknown:
            absent.append(name)
    if not absent:
        return Found(tuple(products), reason, BY_HAND)
    kind = rule.types[0] if rule.types else "?"
    lacks = tuple(MissingInput(role=rule.role, product_type=kind, name=name) for name in absent)
    return Found((), f"{reason}; not in the catalogue: {', '.join(absent)}", BY_HAND, (), lacks)


def _same(
    rule: InputRule, chain: Chain, found: Mapping[str, Found], overrides: Mapping[str, Override], view: RuleView
) -> Found:
    """Return what the input has that a rule refers to, through other references if need be."""
    if rule.modes and chain.mode not in rule.modes:
        return Found(words=f"only in mode {' or '.join(rule.modes)}", policy="same_as")
    if rule.role in overrides:
        return _by_hand(rule, overrides[rule.role], view)
    rules = {each.role: each for each in chain.inputs}
    passed = [rule.role]
    while (source := rules.get(passed[-1])) is not None and source.same_as is not None:
        if source.same_as in passed:
            raise ConfigInvalid(f"inputs are each the same as the other: {', '.join(passed)}", where=chain.name)
        passed.append(source.same_as)
    if passed[-1] not in found:
        raise ConfigInvalid(f"input {rule.role} is the same as {passed[-1]}, which there is not", where=chain.name)
    theirs = found[passed[-1]]
    lacks = tuple(lack.model_copy(update={"role": rule.role}) for lack in theirs.lacks)
    return Found(theirs.products, f"the same as {passed[-1]}", "same_as", (), lacks)


def _put_together(
    request: ProductionRequest, chain: Chain, moment: Moment, main: Main, found: Mapping[str, Found]
) -> Selection:
    wanted = [rule for rule in chain.inputs if not found[rule.role].products and _is_wanted(rule, chain)]
    missing = [lack for rule in wanted if rule.mandatory for lack in _lacks(rule, found[rule.role], chain)]
    end = longest_wait_end(request, chain, moment.accepted_at)
    deadlines = {rule.role: _deadline(rule.wait, main.frame, moment, end) for rule in wanted if rule.wait is not None}
    awaited = {role: time for role, time in deadlines.items() if request.wait and time > moment.now}
    optional = [rule for rule in wanted if not rule.mandatory and rule.role in awaited]
    until = None
    if optional and not missing:
        missing = [lack for rule in optional for lack in found[rule.role].lacks]
        until = max(awaited[rule.role] for rule in optional)
    return Selection(
        chosen={
            role: tuple(_reference(role, _This(each)) for each in one.products)
            for role, one in found.items()
            if one.products
        },
        missing=tuple(missing),
        until=until,
        main=main.first,
        main_inputs=main.inputs,
        products={role: one.products for role, one in found.items() if one.products},
        told=lambda: tuple(_choice(rule, found[rule.role], awaited) for rule in chain.inputs),
    )


def _is_wanted(rule: InputRule, chain: Chain) -> bool:
    return not rule.modes or chain.mode in rule.modes


def _lacks(rule: InputRule, found: Found, chain: Chain) -> Sequence[MissingInput]:
    if not found.lacks:
        raise PlanInvalid(f"the rule of chain {chain.name} gave nothing for the mandatory input {rule.role}")
    return found.lacks


def _deadline(wait: InputWait, frame: Frame, moment: Moment, end: datetime) -> datetime:
    """Return until when an optional input is waited for: both waits are over then, at the latest the longest."""
    last = moment.accepted_at + timedelta(seconds=wait.after_acceptance_s)
    if frame.start is not None:
        last = max(last, frame.start + timedelta(seconds=wait.after_sensing_s))
    return min(last, end)


@dataclass(frozen=True, eq=False)
class _This:
    """A product as the key of what is made of it: the very object, for comparing contents takes longer than making."""

    product: Product

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _This) and self.product is other.product

    def __hash__(self) -> int:
        return id(self.product)


@lru_cache(maxsize=20_000)
def _reference(role: str, this: _This) -> InputRef:
    """Return what a plan says of a product; requests share auxiliary data, and what is said of them."""
    product = this.product
    return InputRef(
        role=role,
        name=product.name,
        product_type=product.product_type,
        digest=product.digest,
        assets=product.assets,
        quality=product.quality,
    )


def _choice(rule: InputRule, found: Found, awaited: Mapping[str, datetime]) -> Choice:
    names = tuple(product.name for product in found.products)
    return Choice(
        role=rule.role,
        policy=found.policy,
        product=names[0] if names else None,
        products=names,
        reason=found.reason,
        tried=tuple(one.told() for one in found.asked),
        awaited_until=None if names or rule.mandatory else awaited.get(rule.role),
    )
