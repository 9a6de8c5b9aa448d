"""Why a request is where it is: inputs chosen, rejected and missing, and what would change it."""

from collections.abc import Iterator

from pydantic import Field

from refsys.chains.selection import Selection, select
from refsys.model.chains import Chain, InputRule
from refsys.model.errors import RETRYABLE, PlanInvalid, ProductUnknown, RefsysError
from refsys.model.products import InputRef, Product
from refsys.model.requests import INGEST, MissingInput, RequestRecord, RequestState
from refsys.model.times import format_time
from refsys.model.values import UtcTime, Value
from refsys.scheduler.actions import chain_of
from refsys.scheduler.system import System

MOST_REJECTED = 20
"""Rejected candidates that are listed for one input."""


class Rejected(Value):
    """A product of the right type that was not taken."""

    product: str
    reason: str


class InputStory(Value):
    """One input of a request."""

    role: str
    policy: str
    chosen: tuple[str, ...] = ()
    reason: str
    rejected: tuple[Rejected, ...] = ()
    missing: MissingInput | None = None

    def lines(self) -> Iterator[tuple[str, str | None, str]]:
        """Yield verdict, product and reason, the chosen or missing one first."""
        for name in self.chosen:
            yield "chosen", name, self.reason
        if self.missing is not None:
            yield "missing", self.missing.name or self.missing.product_type, self.reason
        elif not self.chosen:
            yield "not there", None, f"{self.reason}; it is optional"
        for other in self.rejected:
            yield "rejected", other.product, other.reason


class Explanation(Value):
    """The answer of `refsys why`."""

    request: str
    chain: str
    state: RequestState
    since: UtcTime
    attempt: int
    reason: str | None
    failure: str | None
    inputs: tuple[InputStory, ...] = ()
    chosen_at: str = Field("", description="`plan`: as the plan froze it; `now`: as it would be chosen now.")
    what_would_change_it: tuple[str, ...] = ()


def explain(system: System, record: RequestRecord) -> Explanation:
    """Return the story of a request."""
    inputs: tuple[InputStory, ...] = ()
    reason = record.reason
    if record.request.chain != INGEST:
        try:
            inputs = _inputs(system, record)
        except RefsysError as error:
            reason = reason or str(error)
    return Explanation(
        request=record.key,
        chain=record.request.chain,
        state=record.state,
        since=record.since,
        attempt=record.attempt,
        reason=reason,
        failure=record.failure,
        inputs=inputs,
        chosen_at="now" if record.plan is None else "plan",
        what_would_change_it=tuple(_remedies(record)),
    )


def _inputs(system: System, record: RequestRecord) -> tuple[InputStory, ...]:
    chain = chain_of(system, record.request)
    selection = _planned_selection(record, chain) or select(record.request, chain, system.catalogue)
    main = selection.main or _main(system, record)
    return tuple(_story(system, record, rule, selection, main) for rule in chain.inputs)


def _planned_selection(record: RequestRecord, chain: Chain) -> Selection | None:
    """Return what the plan froze, as a selection without the main product; None without a plan."""
    if record.plan is None:
        return None
    chosen: dict[str, tuple[InputRef, ...]] = {}
    for step in record.plan.steps:
        for ref in step.inputs:
            if ref not in chosen.get(ref.role, ()):
                chosen[ref.role] = (*chosen.get(ref.role, ()), ref)
    if not set(chosen) <= {rule.role for rule in chain.inputs}:
        raise PlanInvalid("the chain has other inputs than when this was planned", where=record.key)
    return Selection(chosen=chosen)


def _main(system: System, record: RequestRecord) -> Product | None:
    for name in record.request.inputs:
        try:
            return system.catalogue.get(name)
        except ProductUnknown:
            continue  # deleted since, or not yet there
    return None


def _story(
    system: System, record: RequestRecord, rule: InputRule, selection: Selection, main: Product | None
) -> InputStory:
    chosen = tuple(ref.name for ref in selection.chosen.get(rule.role, ()))
    said = {choice.role: choice.reason for choice in selection.choices}
    missing = {lack.role: lack for lack in selection.missing}
    rejected: tuple[Rejected, ...] = ()
    if rule.policy != "trigger":
        rejected = tuple(_rejected(system, record, rule, chosen, main))
    return InputStory(
        role=rule.role,
        policy=rule.policy,
        chosen=chosen,
        reason=said.get(rule.role, "frozen in the plan" if chosen else "not in the plan"),
        rejected=rejected,
        missing=missing.get(rule.role),
    )


def _rejected(
    system: System, record: RequestRecord, rule: InputRule, chosen: tuple[str, ...], main: Product | None
) -> Iterator[Rejected]:
    """Say of each other product of the rule's types why it was not taken."""
    for kind in rule.types:
        for product in system.catalogue.find(product_type=kind, limit=MOST_REJECTED):
            if product.name not in chosen:
                yield Rejected(product=product.name, reason=_why_not(product, record, rule, main, chosen))


def _why_not(
    product: Product, record: RequestRecord, rule: InputRule, main: Product | None, chosen: tuple[str, ...]
) -> str:
    satellite = record.request.satellite or (main.satellite if main else "_")
    if satellite != "_" and product.satellite not in ("_", satellite):
        return f"is of satellite {product.satellite}, wanted is {satellite}"
    if rule.policy == "LatestValCover":
        start = record.request.start or (main.start if main else None)
        stop = record.request.stop or (main.stop if main else None)
        if start is None or stop is None:
            return "the interval that it must cover is not known"
        if product.start > start:
            return f"is valid from {format_time(product.start)}, needed from {format_time(start)}"
        if product.stop < stop:
            return f"is valid until {format_time(product.stop)}, needed until {format_time(stop)}"
    return f"fits, but {chosen[0]} was preferred" if chosen else "fits now; it came after the choice was made"


def _remedies(record: RequestRecord) -> Iterator[str]:
    """Say what would move the request on, by its state."""
    match record.state:
        case RequestState.WAITING:
            for lack in record.missing:
                yield f"ingest {_described(lack)}: its arrival wakes the request"
            if record.due_at is not None:
                yield f"otherwise it expires at {format_time(record.due_at)}"
        case RequestState.FAILED:
            if record.failure in RETRYABLE:
                yield f"it may go away by itself: `refsys requests retry {record.key}`"
            else:
                yield f"the same input fails again: mend the cause, then `refsys requests retry {record.key}`"
        case RequestState.EXPIRED | RequestState.CANCELLED:
            yield f"ask again: `refsys requests retry {record.key}`"
        case RequestState.PUBLISHED:
            yield "nothing: it is done; `refsys produce CHAIN --again` makes it again with the inputs there are now"
        case _:
            yield "nothing is missing: `refsys produce` works on it"


def _described(lack: MissingInput) -> str:
    if lack.name is not None:
        return f"the product {lack.name}"
    words = f"a product of type {lack.product_type}"
    if lack.satellite is not None:
        words += f" of satellite {lack.satellite}"
    if lack.start is not None and lack.stop is not None:
        words += f" that covers {format_time(lack.start)} to {format_time(lack.stop)}"
    return words
