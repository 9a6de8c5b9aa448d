"""The ledger on both databases: acceptance, transitions, histories and searches."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from nouns import T0, at, make_plan, make_product, make_request

from refsys.model.errors import FailureClass, LeaseLost, RequestUnknown
from refsys.model.events import (
    AttemptFailed,
    CancelRequested,
    Event,
    InputsMissing,
    PlanMade,
    ProductsPublished,
    RequestAccepted,
    RetryRequested,
    RunStarted,
    StepCompleted,
    WaitExpired,
)
from refsys.model.plans import StepResult
from refsys.model.requests import Change, Lease, MissingInput, RequestRecord, RequestState
from refsys.model.times import VirtualClock
from refsys.storage.database import Database
from refsys.storage.ledger import Claim, Ledger

S = RequestState


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(T0)


@pytest.fixture
def ledger(database: Database, clock: VirtualClock) -> Ledger:
    return Ledger(database, clock)


def claimed(ledger: Ledger, number: int = 0, **fields: Any) -> Claim:
    request = make_request(number, **fields)
    ledger.accept([request])
    (claim,) = [claim for claim in ledger.claim("me", 100, 30) if claim.record.key == request.key]
    return claim


def started(second: float = 0) -> RunStarted:
    return RunStarted(at=at(second), executor="serial")


RUNNING = Change(state=S.RUNNING)


def test_acceptance_is_idempotent(ledger: Ledger, clock: VirtualClock) -> None:
    first, second = make_request(1, deadline=at(60.5)), make_request(2, priority=3, start=T0, stop=at(0.000001))
    urgent = make_request(1, priority=9, label="again")
    assert ledger.accept([first, second, urgent]) == [(first.key, True), (second.key, True), (first.key, False)]
    clock.advance(timedelta(seconds=1))
    assert ledger.accept([urgent]) == [(first.key, False)]
    assert ledger.accept([]) == []
    for request in (first, second):
        expected = RequestRecord(
            key=request.key, request=request, state=S.ACCEPTED, since=T0, accepted_at=T0, due_at=T0
        )
        assert ledger.get(request.key) == expected
        assert ledger.history(request.key) == [RequestAccepted(at=T0, request=request)]


def test_of_many_who_accept_one_is_told_it_is_new(ledger: Ledger) -> None:
    requests = [make_request(number) for number in range(20)]

    def accept(turn: int) -> list[str]:
        return [key for key, new in ledger.accept(requests[turn:] + requests[:turn]) if new]

    with ThreadPoolExecutor(6) as pool:
        new = [key for keys in pool.map(accept, range(20)) for key in keys]
    assert sorted(new) == sorted(request.key for request in requests)
    assert all(len(ledger.history(request.key)) == 1 for request in requests)


def test_a_request_goes_its_way_and_everything_is_kept(ledger: Ledger) -> None:
    claim = claimed(ledger)
    key, plan = claim.record.key, make_plan(claim.record.key, "step-1", "step-2")
    result = StepResult(step_key="step-1", name="one", started_at=at(2), ended_at=at(3), worker="w", figures={"n": 1})
    way: list[tuple[Change, Event]] = [
        (Change(state=S.PLANNED, plan=plan), PlanMade(at=at(1), plan=plan)),
        (Change(state=S.RUNNING, attempt=1), started(2)),
        (RUNNING, StepCompleted(at=at(3), result=result)),
        (Change(state=S.PUBLISHED, products=("P", "Q")), ProductsPublished(at=at(4.000001), names=("P", "Q"))),
    ]
    leases = [ledger.record(claim.lease, change, event) for change, event in way]
    assert leases == [claim.lease] * 3 + [None]
    record = ledger.get(key)
    assert record == RequestRecord(
        key=key,
        request=claim.record.request,
        state=S.PUBLISHED,
        since=at(4.000001),
        accepted_at=T0,
        attempt=1,
        plan=plan,
        products=("P", "Q"),
    )
    assert ledger.history(key)[1:] == [event for _, event in way]
    assert ledger.owners() == []
    assert ledger.next_due() is None
    with pytest.raises(LeaseLost, match="no longer the newest"):
        ledger.record(claim.lease, RUNNING, started(5))
    assert len(ledger.history(key)) == 5
    assert ledger.published_twin(plan.content_key) == record
    assert ledger.published_twin("other") is None


def test_since_is_when_the_state_was_entered(ledger: Ledger) -> None:
    claim = claimed(ledger)
    ledger.record(claim.lease, RUNNING, started(1))
    ledger.record(claim.lease, RUNNING, started(2))
    assert ledger.get(claim.record.key).since == at(1)


def test_what_a_change_does_not_name_is_kept(ledger: Ledger) -> None:
    claim = claimed(ledger)
    key, plan = claim.record.key, make_plan(claim.record.key, "step")
    ledger.record(claim.lease, Change(state=S.PLANNED, plan=plan, attempt=2), PlanMade(at=at(1), plan=plan))
    failed = AttemptFailed(at=at(2), failure=FailureClass.WORKER_LOST, reason="gone")
    change = Change(state=S.PLANNED, reason="gone", failure=FailureClass.WORKER_LOST, due_at=at(9.5), keep_lease=False)
    assert ledger.record(claim.lease, change, failed) is None
    record = ledger.get(key)
    assert (record.plan, record.attempt, record.reason, record.due_at) == (plan, 2, "gone", at(9.5))
    assert record.failure is FailureClass.WORKER_LOST
    ledger.force(key, lambda _: (Change(state=S.PLANNED), failed))
    record = ledger.get(key)
    assert (record.plan, record.attempt, record.reason, record.failure) == (plan, 2, None, None)


def test_many_are_recorded_together_and_a_lost_lease_concerns_no_other(ledger: Ledger) -> None:
    first, second = claimed(ledger, 1), claimed(ledger, 2)
    ledger.force(first.record.key, lambda _: (RUNNING, started()))
    closed = Change(state=S.FAILED, reason="bad", failure=FailureClass.BUG)
    failed = AttemptFailed(at=at(3), failure=FailureClass.BUG, reason="bad")
    outcomes = ledger.record_many(
        [
            (first.lease, RUNNING, started(1)),
            (second.lease, RUNNING, started(2)),
            (second.lease, closed, failed),
            (second.lease, RUNNING, started(4)),
        ]
    )
    assert [type(outcome) for outcome in outcomes] == [LeaseLost, Lease, type(None), LeaseLost]
    assert outcomes[1] == second.lease
    assert ledger.history(second.record.key)[1:] == [started(2), failed]
    assert ledger.get(second.record.key).state is S.FAILED
    assert ledger.history(first.record.key)[1:] == [started()]
    assert ledger.record_many([]) == []


def test_an_unknown_request_undoes_the_group(ledger: Ledger) -> None:
    claim = claimed(ledger)
    unknown = claim.lease.model_copy(update={"request_key": "f" * 24})
    with pytest.raises(RequestUnknown, match="f" * 24):
        ledger.record_many([(claim.lease, RUNNING, started()), (unknown, RUNNING, started())])
    assert ledger.get(claim.record.key).state is S.ACCEPTED
    assert len(ledger.history(claim.record.key)) == 1


def test_a_kept_lease_with_a_due_time_is_refused(ledger: Ledger) -> None:
    claim = claimed(ledger)
    with pytest.raises(ValueError, match="when the lease ends"):
        ledger.record(claim.lease, Change(state=S.WAITING, due_at=at(60)), started())
    assert ledger.get(claim.record.key).state is S.ACCEPTED


def test_force_takes_the_lease_away(ledger: Ledger) -> None:
    claim = claimed(ledger)
    key = claim.record.key
    cancelled = CancelRequested(at=at(1), by="somebody")

    def cancel(record: RequestRecord) -> tuple[Change, Event]:
        assert record == ledger.get(key)
        return Change(state=S.CANCELLED, reason=f"was {record.state}"), cancelled

    record = ledger.force(key, cancel)
    assert record == ledger.get(key)
    assert (record.state, record.reason, record.due_at) == (S.CANCELLED, "was ACCEPTED", None)
    with pytest.raises(LeaseLost):
        ledger.record(claim.lease, RUNNING, started())
    assert ledger.history(key)[1:] == [cancelled]
    assert ledger.claim("other", 10, 30) == []


def test_a_forced_open_request_is_due_at_once_or_when_said(ledger: Ledger, clock: VirtualClock) -> None:
    claim = claimed(ledger)
    ledger.force(claim.record.key, lambda _: (Change(state=S.ACCEPTED), started()))
    (again,) = ledger.claim("other", 10, 30)
    assert not again.taken_over
    assert again.lease.token > claim.lease.token
    ledger.force(claim.record.key, lambda _: (Change(state=S.ACCEPTED, due_at=at(60), keep_lease=False), started()))
    assert ledger.claim("other", 10, 30) == []
    clock.advance(timedelta(seconds=60))
    assert len(ledger.claim("other", 10, 30)) == 1


def test_force_may_leave_everything_as_it_is(ledger: Ledger) -> None:
    claim = claimed(ledger)
    assert ledger.force(claim.record.key, lambda _: None) == ledger.get(claim.record.key)
    assert ledger.record(claim.lease, RUNNING, started()) == claim.lease

    def fail(_: RequestRecord) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ledger.force(claim.record.key, fail)
    assert ledger.record(claim.lease, RUNNING, started()) == claim.lease
    with pytest.raises(RequestUnknown):
        ledger.force("0" * 24, lambda _: None)


def test_forces_at_once_follow_each_other(ledger: Ledger) -> None:
    claim = claimed(ledger)
    seen: list[int] = []

    def count(record: RequestRecord) -> tuple[Change, Event]:
        seen.append(record.attempt)
        return Change(state=S.ACCEPTED, attempt=record.attempt + 1), started()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: ledger.force(claim.record.key, count), range(30)))
    assert sorted(seen) == list(range(30))
    assert ledger.get(claim.record.key).attempt == 30
    assert len(ledger.history(claim.record.key)) == 31


def test_a_key_may_be_shortened_while_it_is_unique(ledger: Ledger) -> None:
    keys = [key for key, _ in ledger.accept(make_request(number) for number in range(50))]
    for key in keys[:5]:
        assert ledger.get(key).key == key
        assert ledger.get(key[:12]).key == key
        with pytest.raises(RequestUnknown, match="at least 6"):
            ledger.get(key[:5])
    with pytest.raises(RequestUnknown, match="no request"):
        ledger.get("0123456789abcdef01234567")
    with pytest.raises(RequestUnknown, match="whole key"):
        ledger.history(keys[0][:12])


def test_a_short_key_of_two_requests_is_refused(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = iter(["abcdef111111", "abcdef222222", "abcdef"])
    monkeypatch.setattr("refsys.model.requests.ProductionRequest.key", property(lambda _: next(keys)))
    ledger.accept(make_request(number) for number in range(2))
    with pytest.raises(RequestUnknown, match="several") as caught:
        ledger.get("abcdef")
    assert "abcdef111111" in str(caught.value)
    ledger.accept([make_request(3)])
    assert ledger.get("abcdef").key == "abcdef"  # a whole key is no prefix


def test_requests_are_listed_newest_first(ledger: Ledger, clock: VirtualClock) -> None:
    keys = []
    for number in range(6):
        keys += [key for key, _ in ledger.accept([make_request(number, chain=f"C{number % 2}")])]
        clock.advance(timedelta(microseconds=1))
    keys.reverse()
    cancelled = CancelRequested(at=T0, by="me")
    ledger.force(keys[1], lambda _: (Change(state=S.CANCELLED), cancelled))

    def listed(**asked: Any) -> list[str]:
        return [record.key for record in ledger.find(**asked)]

    assert listed() == keys
    assert listed(limit=2, offset=1) == keys[1:3]
    assert listed(states=[S.CANCELLED]) == [keys[1]]
    assert listed(states=[S.ACCEPTED], chain="C0") == keys[3::2]
    assert listed(states={S.ACCEPTED, S.CANCELLED}, chain="C0", limit=1) == [keys[1]]
    assert listed(states=[]) == listed(chain="other") == []
    assert ledger.counts() == {S.ACCEPTED: 5, S.CANCELLED: 1}
    assert ledger.counts("C1") == {S.ACCEPTED: 3}
    assert ledger.counts("other") == {}


def test_steps_in_use_are_those_of_other_open_requests(ledger: Ledger) -> None:
    claims = [claimed(ledger, number) for number in range(3)]
    steps = [("a", "b"), ("b", "c"), ("c", "d")]
    for claim, keys in zip(claims, steps, strict=True):
        plan = make_plan(claim.record.key, *keys)
        ledger.record(claim.lease, Change(state=S.PLANNED, plan=plan), PlanMade(at=T0, plan=plan))
    me, second, third = (claim.record.key for claim in claims)
    every = {"a", "b", "c", "d", "e"}
    assert ledger.steps_in_use(every, me) == {"b", "c", "d"}
    assert ledger.steps_in_use({"b"}, second) == {"b"}
    assert ledger.steps_in_use(set(), me) == set()
    closed = Change(state=S.FAILED, reason="bad", failure=FailureClass.BUG)
    ledger.record(claims[2].lease, closed, AttemptFailed(at=T0, failure=FailureClass.BUG, reason="bad"))
    assert ledger.steps_in_use(every, me) == {"b", "c"}
    ledger.force(third, lambda _: (Change(state=S.ACCEPTED), RetryRequested(at=T0, by="me")))
    assert ledger.steps_in_use(every, me) == {"b", "c", "d"}  # it kept its plan
    plan = make_plan(second, "x")
    ledger.record(claims[1].lease, Change(state=S.PLANNED, plan=plan), PlanMade(at=T0, plan=plan))
    assert ledger.steps_in_use(every | {"x"}, me) == {"c", "d", "x"}


def test_a_wait_ends_by_itself_or_by_a_wake(ledger: Ledger, clock: VirtualClock) -> None:
    claim = claimed(ledger)
    missing = (MissingInput(role="main", product_type="MW_0_MWR___", satellite="A", start=T0, stop=at(1)),)
    waiting = Change(state=S.WAITING, reason="waits", missing=missing, due_at=at(60), keep_lease=False)
    ledger.record(claim.lease, waiting, InputsMissing(at=T0, missing=missing, until=at(60)))
    assert ledger.get(claim.record.key).missing == missing
    assert ledger.next_due() == at(60)
    assert ledger.waiting_for(make_product("P")) == [claim.record.key]
    clock.advance(timedelta(seconds=59))
    assert ledger.claim("me", 10, 30) == []
    clock.advance(timedelta(seconds=1))
    (again,) = ledger.claim("me", 10, 30)
    assert (again.record.state, again.record.due_at, again.taken_over) == (S.WAITING, at(60), False)
    expired = Change(state=S.EXPIRED, reason="too late", missing=missing)
    ledger.record(again.lease, expired, WaitExpired(at=at(60)))
    assert ledger.get(claim.record.key).missing == missing  # why it expired
    assert ledger.waiting_for(make_product("P")) == []


CHANGES: dict[str, Callable[[], Change]] = {
    "leaves": lambda: Change(state=S.ACCEPTED),
    "waits for another": lambda: Change(
        state=S.WAITING, missing=(MissingInput(role="main", product_type="OTHER"),), due_at=at(90), keep_lease=False
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_who_no_longer_waits_is_not_woken(ledger: Ledger, change: Callable[[], Change]) -> None:
    claim = claimed(ledger)
    missing = (
        MissingInput(role="main", product_type="MW_0_MWR___"),
        MissingInput(role="other", product_type="MW_0_MWR___", name="P"),
    )
    waiting = Change(state=S.WAITING, missing=missing, due_at=at(60), keep_lease=False)
    ledger.record(claim.lease, waiting, InputsMissing(at=T0, missing=missing, until=at(60)))
    assert ledger.waiting_for(make_product("P")) == [claim.record.key]
    ledger.force(claim.record.key, lambda _: (change(), started()))
    assert ledger.waiting_for(make_product("P")) == []
