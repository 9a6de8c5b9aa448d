"""The state machine of a request: a table `(state, event) -> rule`. Pure: no clock, no store, no ledger.

A rule takes the request as it is and the event, and returns a transition: the change of its row, and the
instructions that become lawful once the change is persisted. Repeating an instruction is harmless; that is what makes
a takeover safe.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from refsys.model.errors import RETRYABLE, FailureClass, InvalidTransition
from refsys.model.events import (
    AttemptFailed,
    CancelRequested,
    DeadlineReached,
    Event,
    InputArrived,
    InputsMissing,
    InputsOverridden,
    PlanMade,
    ProductsPublished,
    RequestDiscarded,
    RetryDue,
    RetryRequested,
    RunCompleted,
    RunStarted,
    StepCompleted,
    TakenOver,
    WaitExpired,
)
from refsys.model.plans import Plan
from refsys.model.products import Product
from refsys.model.requests import INGEST, Change, RequestRecord, RequestState
from refsys.model.settings import LedgerSettings
from refsys.model.times import format_time


@dataclass(frozen=True)
class Prepare:
    """Choose inputs and make the plan; for `INGEST` go straight to the run."""


@dataclass(frozen=True)
class AwaitInputs:
    """Look once more for what is missing, now that the waiting rows are persisted: an arrival may have come between."""


@dataclass(frozen=True)
class SubmitPlan:
    """Hand the plan to the executor; steps that are committed are skipped there."""

    plan: Plan | None


@dataclass(frozen=True)
class Publish:
    """Publish the products; publishing twice is the same as once."""

    products: tuple[Product, ...]


@dataclass(frozen=True)
class CancelPlan:
    """Stop what still runs."""


Instruction = Prepare | AwaitInputs | SubmitPlan | Publish | CancelPlan


@dataclass(frozen=True)
class Transition:
    """What an event does to a request."""

    change: Change
    instructions: tuple[Instruction, ...] = ()


Rule = Callable[[RequestRecord, Any, LedgerSettings], Transition]
S = RequestState


def transition(record: RequestRecord, event: Event, policy: LedgerSettings) -> Transition:
    """Return what `event` does to a request.

    Raises
    ------
    InvalidTransition
        If the table has no rule for the pair; the caller adds the history.
    """
    rule = TABLE.get((record.state, type(event)))
    if rule is None:
        raise InvalidTransition(
            f"{event.kind} cannot happen to a request that is {record.state}",
            where=record.key,
            hint=f"see `refsys requests show {record.key}`",
        )
    return rule(record, event, policy)


def accepts(state: RequestState, event: type[Any]) -> bool:
    """Whether the table has a rule for this pair."""
    return (state, event) in TABLE


def _wake(record: RequestRecord, event: InputArrived, policy: LedgerSettings) -> Transition:
    change = Change(state=S.ACCEPTED, reason=f"{event.product} arrived", due_at=event.at, keep_lease=False)
    return Transition(change)


def _prepare_again(record: RequestRecord, event: TakenOver, policy: LedgerSettings) -> Transition:
    return Transition(Change(state=S.ACCEPTED, reason=record.reason), (Prepare(),))


def _wait(record: RequestRecord, event: InputsMissing, policy: LedgerSettings) -> Transition:
    names = ", ".join(f"{m.role} ({m.name or m.product_type})" for m in event.missing)
    change = Change(
        state=S.WAITING, reason=f"waits for {names}", missing=event.missing, due_at=event.until, keep_lease=False
    )
    return Transition(change, (AwaitInputs(),))


def _wait_over(record: RequestRecord, event: DeadlineReached, policy: LedgerSettings) -> Transition:
    change = Change(state=S.ACCEPTED, reason=f"{record.reason or 'it waited'}; until {format_time(event.at)}")
    return Transition(change, (Prepare(),))


def _expire(record: RequestRecord, event: WaitExpired, policy: LedgerSettings) -> Transition:
    missing = event.missing or record.missing
    names = ", ".join(f"{m.role} ({m.name or m.product_type})" for m in missing)
    reason = f"still missing at the end of the longest wait: {names}"
    return Transition(Change(state=S.EXPIRED, reason=reason, missing=missing, keep_lease=False))


def _discard(record: RequestRecord, event: RequestDiscarded, policy: LedgerSettings) -> Transition:
    return Transition(Change(state=S.CANCELLED, reason=event.reason, keep_lease=False))


def _override(record: RequestRecord, event: InputsOverridden, policy: LedgerSettings) -> Transition:
    reason = f"input {event.role} chosen by {event.by}: {event.reason}"
    return Transition(Change(state=S.ACCEPTED, reason=reason, due_at=event.at, keep_lease=False))


def _note_override(record: RequestRecord, event: InputsOverridden, policy: LedgerSettings) -> Transition:
    """Keep a closed request as it is: whoever asks for it again gets the products chosen."""
    reason = record.reason or f"input {event.role} chosen by {event.by} for the next time"
    change = Change(state=record.state, reason=reason, failure=record.failure, missing=record.missing, keep_lease=False)
    return Transition(change)


def _planned(record: RequestRecord, event: PlanMade, policy: LedgerSettings) -> Transition:
    return Transition(Change(state=S.PLANNED, plan=event.plan), (SubmitPlan(event.plan),))


def _submit_again(record: RequestRecord, event: RetryDue, policy: LedgerSettings) -> Transition:
    return Transition(Change(state=S.PLANNED, attempt=record.attempt + 1), (SubmitPlan(record.plan),))


def _running(record: RequestRecord, event: RunStarted, policy: LedgerSettings) -> Transition:
    return Transition(Change(state=S.RUNNING, attempt=max(record.attempt, 1)))


def _resubmit(record: RequestRecord, event: TakenOver, policy: LedgerSettings) -> Transition:
    return Transition(Change(state=S.PLANNED, reason=f"taken over by {event.owner}"), (SubmitPlan(record.plan),))


def _progress(record: RequestRecord, event: StepCompleted, policy: LedgerSettings) -> Transition:
    return Transition(Change(state=S.RUNNING))


def _computed(record: RequestRecord, event: RunCompleted, policy: LedgerSettings) -> Transition:
    return Transition(Change(state=S.RUNNING), (Publish(event.products),))


def _published(record: RequestRecord, event: ProductsPublished, policy: LedgerSettings) -> Transition:
    return Transition(Change(state=S.PUBLISHED, products=event.names, keep_lease=False))


def _has_plan(record: RequestRecord) -> bool:
    return record.plan is not None or record.request.chain == INGEST


def _failed(record: RequestRecord, event: AttemptFailed, policy: LedgerSettings) -> Transition:
    attempts = max(record.attempt, 1)
    if event.failure in RETRYABLE and attempts < policy.max_attempts:
        name_taken = event.failure is FailureClass.NAME_TAKEN
        # Names hold the creation time to the second, and only a new plan has a new one.
        least_s = 1.0 if name_taken else 0.0
        delay = timedelta(seconds=max(policy.retry_delay_s * 2 ** (attempts - 1), least_s))
        back = S.PLANNED if _has_plan(record) and not name_taken else S.ACCEPTED
        change = Change(
            state=back,
            reason=f"attempt {attempts} failed: {event.reason}",
            failure=event.failure,
            attempt=attempts if back is S.PLANNED else attempts + 1,
            due_at=event.at + delay,
            keep_lease=False,
        )
        return Transition(change, (CancelPlan(),))
    return Transition(
        Change(state=S.FAILED, reason=event.reason, failure=event.failure, keep_lease=False), (CancelPlan(),)
    )


def _cancel(record: RequestRecord, event: CancelRequested, policy: LedgerSettings) -> Transition:
    change = Change(state=S.CANCELLED, reason=f"cancelled by {event.by}", keep_lease=False)
    return Transition(change, (CancelPlan(),))


def _again(record: RequestRecord, event: RetryRequested, policy: LedgerSettings) -> Transition:
    change = Change(state=S.ACCEPTED, reason=f"asked again by {event.by}", attempt=0, due_at=event.at, keep_lease=False)
    return Transition(change)


TABLE: dict[tuple[RequestState, type[Any]], Rule] = {
    (S.ACCEPTED, InputsMissing): _wait,
    (S.ACCEPTED, PlanMade): _planned,
    (S.ACCEPTED, RunStarted): _running,
    (S.ACCEPTED, AttemptFailed): _failed,
    (S.ACCEPTED, TakenOver): _prepare_again,
    (S.ACCEPTED, WaitExpired): _expire,
    (S.ACCEPTED, RequestDiscarded): _discard,
    (S.WAITING, InputArrived): _wake,
    (S.WAITING, DeadlineReached): _wait_over,
    (S.PLANNED, RunStarted): _running,
    (S.PLANNED, RetryDue): _submit_again,
    (S.PLANNED, TakenOver): _resubmit,
    (S.PLANNED, AttemptFailed): _failed,
    (S.RUNNING, StepCompleted): _progress,
    (S.RUNNING, RunCompleted): _computed,
    (S.RUNNING, ProductsPublished): _published,
    (S.RUNNING, AttemptFailed): _failed,
    (S.RUNNING, TakenOver): _resubmit,
    **{(state, CancelRequested): _cancel for state in (S.ACCEPTED, S.WAITING, S.PLANNED, S.RUNNING)},
    **{(state, InputsOverridden): _override for state in (S.ACCEPTED, S.WAITING)},
    **{(state, InputsOverridden): _note_override for state in (S.FAILED, S.CANCELLED, S.EXPIRED, S.PUBLISHED)},
    **{(state, RetryRequested): _again for state in (S.FAILED, S.CANCELLED, S.EXPIRED, S.PUBLISHED)},
}
"""Every lawful pair. `INGEST` requests have no plan: for them `SubmitPlan(None)` means fetch."""
