"""Why a request is where it is: inputs chosen, rejected, awaited and missing, and what would change it."""

import re
from collections.abc import Iterator

from pydantic import Field

from refsys.chains.selection import BY_HAND, Choice, Selection, longest_wait_end
from refsys.model.chains import Chain, InputRule
from refsys.model.errors import RETRYABLE, PlanInvalid, RefsysError
from refsys.model.events import InputsOverridden
from refsys.model.products import InputRef
from refsys.model.requests import INGEST, MissingInput, RequestRecord, RequestState
from refsys.model.times import format_time
from refsys.model.values import UtcTime, Value
from refsys.scheduler.actions import chain_of, selected
from refsys.scheduler.system import System
from refsys.services.rejections import Rejected, changes, rejected


class InputStory(Value):
    """One input of a request."""

    role: str
    policy: str
    chosen: tuple[str, ...] = ()
    reason: str
    rejected: tuple[Rejected, ...] = ()
    missing: MissingInput | None = None
    awaited_until: UtcTime | None = Field(None, description="Until when this optional input is waited for.")
    would_change: tuple[str, ...] = Field((), description="Arrivals that would change what is chosen.")

    def lines(self) -> Iterator[tuple[str, str | None, str]]:
        """Yield verdict, product and reason, the chosen or missing one first."""
        for name in self.chosen:
            yield "chosen", name, self.reason
        if self.awaited_until is not None:
            kind = self.missing.product_type if self.missing is not None else None
            yield "awaited", kind, f"{self.reason}; until {format_time(self.awaited_until)}"
        elif self.missing is not None:
            yield "missing", self.missing.name or self.missing.product_type, self.reason
        elif not self.chosen:
            yield "not there", None, self.reason
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
    main: str | None = Field(None, description="Why the main inputs are what they are.")
    awaited_until: UtcTime | None = Field(None, description="When it acts by itself, with what is there then.")
    by_hand: tuple[InputsOverridden, ...] = Field((), description="Every choice that a person made, in order.")
    what_would_change_it: tuple[str, ...] = ()


def explain(system: System, record: RequestRecord) -> Explanation:
    """Return the story of a request."""
    inputs: tuple[InputStory, ...] = ()
    reason, main = record.reason, None
    if record.request.chain != INGEST:
        try:
            inputs, main = _inputs(system, record)
        except RefsysError as error:
            reason = reason or str(error)
    events = system.ledger.history(record.key)
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
        main=main,
        awaited_until=record.due_at if record.state is RequestState.WAITING else None,
        by_hand=tuple(event for event in events if isinstance(event, InputsOverridden)),
        what_would_change_it=tuple(_remedies(system, record, inputs)),
    )


def _inputs(system: System, record: RequestRecord) -> tuple[tuple[InputStory, ...], str | None]:
    """Return the story of each input, and what the rule of the chain says of the main ones."""
    chain = chain_of(system, record.request)
    frozen = _frozen(record, chain)
    try:
        now = selected(system, record)
    except RefsysError:
        if frozen is None:
            raise
        now = Selection()  # the plan says what was chosen, whatever the catalogue says today
    choices = {choice.role: choice for choice in now.choices}
    missing = {lack.role: lack for lack in reversed(now.missing)}
    stories = []
    for rule in chain.inputs:
        choice = choices.get(rule.role) or Choice(role=rule.role, policy=str(rule.policy), product=None, reason="")
        if frozen is not None:
            names = tuple(ref.name for ref in frozen.get(rule.role, ()))
            choice = choice.model_copy(update={"products": names, "reason": _frozen_reason(names, choice)})
        stories.append(_story(system, rule, choice, None if frozen is not None else missing.get(rule.role)))
    told = now.discarded or (now.main_inputs.reason if now.main_inputs is not None else None)
    return tuple(stories), told


def _frozen(record: RequestRecord, chain: Chain) -> dict[str, tuple[InputRef, ...]] | None:
    """Return what the plan froze by role; None without a plan."""
    if record.plan is None:
        return None
    chosen: dict[str, tuple[InputRef, ...]] = {}
    for step in record.plan.steps:
        for ref in step.inputs:
            if ref not in chosen.get(ref.role, ()):
                chosen[ref.role] = (*chosen.get(ref.role, ()), ref)
    if not set(chosen) <= {rule.role for rule in chain.inputs}:
        raise PlanInvalid("the chain has other inputs than when this was planned", where=record.key)
    return chosen


def _frozen_reason(names: tuple[str, ...], choice: Choice) -> str:
    if names and set(names) == set(choice.products):
        return choice.reason
    said = "frozen in the plan" if names else "not in the plan"
    return f"{said}; now {', '.join(choice.products)} would be chosen" if choice.products else said


def _story(system: System, rule: InputRule, choice: Choice, missing: MissingInput | None) -> InputStory:
    names = choice.products
    is_left_out = not names and missing is None and not rule.mandatory
    return InputStory(
        role=rule.role,
        policy=choice.policy,
        chosen=names,
        reason=f"{choice.reason}; it is optional" if is_left_out else choice.reason,
        rejected=rejected(system.catalogue, choice.tried, names),
        missing=missing,
        awaited_until=None if names or missing is None else choice.awaited_until,
        would_change=changes(system.catalogue, choice.tried, names) if choice.policy != BY_HAND else (),
    )


def _remedies(system: System, record: RequestRecord, inputs: tuple[InputStory, ...]) -> Iterator[str]:
    """Say what would move the request on, by its state."""
    match record.state:
        case RequestState.WAITING:
            yield from _arrivals(system, record, inputs)
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
            begins = record.request.not_before
            if record.state is RequestState.ACCEPTED and begins is not None and begins > system.clock.now():
                yield f"nothing is missing: it is delayed until {format_time(begins)}"
                return
            yield "nothing is missing: `refsys produce` works on it"


def _arrivals(system: System, record: RequestRecord, inputs: tuple[InputStory, ...]) -> Iterator[str]:
    sought = {story.role: story.would_change for story in inputs}
    for lack in record.missing:
        kind = re.compile(rf"a product of type {re.escape(lack.product_type)}(?!\w)")
        exact = [words for words in sought.get(lack.role, ()) if kind.match(words)]
        wanted = exact[0] if exact and lack.name is None else _described(lack)
        yield f"ingest {wanted}: its arrival wakes the request"
    if record.due_at is None:
        return
    chain = system.chains.get(record.request.chain)
    expires = chain is None or record.due_at >= longest_wait_end(record.request, chain, record.accepted_at)
    yield f"otherwise it {'expires' if expires else 'goes on with what is there'} at {format_time(record.due_at)}"


def _described(lack: MissingInput) -> str:
    if lack.name is not None:
        return f"the product {lack.name}"
    words = f"a product of type {lack.product_type}"
    if lack.satellite is not None:
        words += f" of satellite {lack.satellite}"
    if lack.start is not None and lack.stop is not None:
        words += f" in {format_time(lack.start)} to {format_time(lack.stop)}"
    return words
