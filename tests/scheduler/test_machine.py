"""The state machine as a table: lawful pairs do what the design says, all others are refused."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refsys.model import events
from refsys.model.errors import RETRYABLE, FailureClass, InvalidTransition
from refsys.model.plans import Plan, Step, StepResult
from refsys.model.requests import (
    CLOSED_STATES,
    Change,
    MissingInput,
    ProductionRequest,
    RequestRecord,
    RequestState,
)
from refsys.model.settings import LedgerSettings
from refsys.scheduler.machine import TABLE, CancelPlan, Publish, SubmitPlan, transition

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REQUEST = ProductionRequest(chain="TOY", product_type="TOY_OUT", inputs=("a",))
STEP = Step(key="k" * 32, name="only", processor="toy.only", processor_version="1", outputs=("TOY_OUT",))
PLAN = Plan(request_key=REQUEST.key, chain="TOY", chain_version="1", creation_time=NOW, steps=(STEP,))
RESULT = StepResult(step_key=STEP.key, name="only", started_at=NOW, ended_at=NOW, worker="w")
MISSING = MissingInput(role="main", product_type="TOY_IN", name="a")
POLICY = LedgerSettings(max_attempts=3, retry_delay_s=2.0)

EVENTS: dict[type[Any], Any] = {
    events.RequestAccepted: events.RequestAccepted(at=NOW, request=REQUEST),
    events.InputsMissing: events.InputsMissing(at=NOW, missing=(MISSING,), until=NOW + timedelta(hours=1)),
    events.InputArrived: events.InputArrived(at=NOW, product="a"),
    events.DeadlineReached: events.DeadlineReached(at=NOW),
    events.WaitExpired: events.WaitExpired(at=NOW, missing=(MISSING,)),
    events.RequestDiscarded: events.RequestDiscarded(at=NOW, reason="not asked for"),
    events.InputsOverridden: events.InputsOverridden(at=NOW, role="main", products=("b",), by="me", reason="better"),
    events.PlanMade: events.PlanMade(at=NOW, plan=PLAN),
    events.RunStarted: events.RunStarted(at=NOW, executor="serial"),
    events.StepCompleted: events.StepCompleted(at=NOW, result=RESULT),
    events.RunCompleted: events.RunCompleted(at=NOW, products=()),
    events.ProductsPublished: events.ProductsPublished(at=NOW, names=("out",)),
    events.AttemptFailed: events.AttemptFailed(at=NOW, failure=FailureClass.STORAGE, reason="disk"),
    events.CancelRequested: events.CancelRequested(at=NOW, by="me"),
    events.RetryRequested: events.RetryRequested(at=NOW, by="me"),
    events.RetryDue: events.RetryDue(at=NOW),
    events.TakenOver: events.TakenOver(at=NOW, owner="b"),
}


def record(state: RequestState, **fields: Any) -> RequestRecord:
    plan = PLAN if state in {RequestState.PLANNED, RequestState.RUNNING} else None
    given = {"plan": plan, "missing": (MISSING,) if state is RequestState.WAITING else ()} | fields
    return RequestRecord(key=REQUEST.key, request=REQUEST, state=state, since=NOW, accepted_at=NOW, **given)


def evolve(before: RequestRecord, change: Change) -> RequestRecord:
    """What the ledger does to a row, in memory."""
    return before.model_copy(
        update={
            "state": change.state,
            "reason": change.reason,
            "failure": change.failure,
            "plan": change.plan or before.plan,
            "missing": change.missing,
            "products": before.products if change.products is None else change.products,
            "attempt": before.attempt if change.attempt is None else change.attempt,
            "due_at": change.due_at,
        }
    )


def test_every_kind_of_event_is_known_here() -> None:
    assert set(EVENTS) == {kind for kind in vars(events).values() if _is_ledger_event(kind)}


def _is_ledger_event(kind: object) -> bool:
    return isinstance(kind, type) and "kind" in getattr(kind, "model_fields", {}) and kind is not events.ProductArrived


@pytest.mark.parametrize(("state", "kind"), list(product(RequestState, EVENTS)))
def test_a_pair_is_in_the_table_or_refused(state: RequestState, kind: type[Any]) -> None:
    if (state, kind) not in TABLE:
        with pytest.raises(InvalidTransition, match=kind.__name__):
            transition(record(state), EVENTS[kind], POLICY)
        return
    change = transition(record(state), EVENTS[kind], POLICY).change
    if change.state in CLOSED_STATES:
        assert not change.keep_lease
        assert change.due_at is None
    elif not change.keep_lease:
        assert change.due_at is not None, "an open request that nobody owns must come due some day"
    if change.state in {RequestState.FAILED, RequestState.EXPIRED, RequestState.CANCELLED}:
        assert change.reason


@given(st.sampled_from(FailureClass), st.integers(0, 5), st.sampled_from([RequestState.PLANNED, RequestState.RUNNING]))
def test_a_failure_is_retried_if_it_may_go_away_and_attempts_are_left(
    failure: FailureClass, attempt: int, state: RequestState
) -> None:
    event = events.AttemptFailed(at=NOW, failure=failure, reason="why")
    change = transition(record(state, attempt=attempt), event, POLICY).change
    if failure in RETRYABLE and max(attempt, 1) < POLICY.max_attempts:
        again = RequestState.ACCEPTED if failure is FailureClass.NAME_TAKEN else RequestState.PLANNED
        assert change.state is again
        assert change.due_at is not None
        assert change.due_at > NOW
    else:
        assert (change.state, change.failure, change.reason) == (RequestState.FAILED, failure, "why")


def test_takeovers_do_not_use_up_attempts() -> None:
    now = record(RequestState.PLANNED)
    for _ in range(10):
        now = evolve(now, transition(now, EVENTS[events.RunStarted], POLICY).change)
        now = evolve(now, transition(now, EVENTS[events.TakenOver], POLICY).change)
    assert now.attempt == 1


def test_a_takeover_repeats_the_last_instruction() -> None:
    planned = transition(record(RequestState.PLANNED), EVENTS[events.TakenOver], POLICY)
    running = transition(record(RequestState.RUNNING), EVENTS[events.TakenOver], POLICY)
    assert planned.instructions == running.instructions == (SubmitPlan(PLAN),)


def test_cancelling_stops_what_runs() -> None:
    step = transition(record(RequestState.RUNNING), EVENTS[events.CancelRequested], POLICY)
    assert CancelPlan() in step.instructions


@given(st.lists(st.sampled_from(list(EVENTS)), max_size=40))
def test_any_sequence_of_events_leaves_a_named_state_and_publishes_once(kinds: list[type[Any]]) -> None:
    now = record(RequestState.ACCEPTED)
    publications = 0
    for kind in kinds:
        try:
            step = transition(now, EVENTS[kind], POLICY)
        except InvalidTransition:
            continue
        publications += now.state is not RequestState.PUBLISHED and step.change.state is RequestState.PUBLISHED
        if kind is events.RetryRequested:
            publications = 0  # somebody asked for it anew
        if any(isinstance(instruction, Publish) for instruction in step.instructions):
            assert now.state is RequestState.RUNNING, "only what ran is published"
        now = evolve(now, step.change)
        assert publications <= 1
        assert now.state in RequestState
        assert now.state is not RequestState.PUBLISHED or now.products == ("out",)
