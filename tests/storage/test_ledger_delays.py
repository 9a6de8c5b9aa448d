"""Delayed requests and what counts as work: on both databases."""

from datetime import timedelta

from nouns import T0, at, make_request

from refsys.model.events import InputsMissing, RunStarted
from refsys.model.requests import Change, MissingInput, RequestState
from refsys.model.times import VirtualClock
from refsys.storage.database import Database
from refsys.storage.ledger import Ledger

S = RequestState
US = timedelta(microseconds=1)
STARTED = RunStarted(at=T0, executor="serial")
MISSING = (MissingInput(role="main", product_type="IN"),)


def test_a_request_with_a_delay_is_due_at_its_end_and_not_before(database: Database) -> None:
    clock = VirtualClock(T0)
    ledger = Ledger(database, clock)
    ((key, _), (past, _)) = ledger.accept([make_request(0, not_before=at(60)), make_request(1, not_before=at(-60))])
    assert (ledger.get(key).due_at, ledger.get(past).due_at) == (at(60), T0)
    assert [claim.record.key for claim in ledger.claim("me", 9, 1.0)] == [past]
    clock.advance(timedelta(seconds=60) - US)
    ledger.expire("me")
    assert [claim.record.key for claim in ledger.claim("me", 9, 100.0)] == [past]
    clock.advance(US)
    assert [claim.record.key for claim in ledger.claim("me", 9, 100.0)] == [key]


def test_the_delay_is_no_part_of_the_wish(database: Database) -> None:
    ledger = Ledger(database, VirtualClock(T0))
    ((key, first),) = ledger.accept([make_request(0, not_before=at(60))])
    ((again, second),) = ledger.accept([make_request(0, not_before=at(90))])
    assert (key, first, second) == (again, True, False)
    assert ledger.get(key).due_at == at(60)


def test_what_is_delayed_or_waits_is_no_work_until_it_is_due(database: Database) -> None:
    clock = VirtualClock(T0)
    ledger = Ledger(database, clock)
    assert not ledger.has_work()
    ledger.accept([make_request(0, not_before=at(60))])
    assert not ledger.has_work()
    clock.advance(timedelta(seconds=60))
    assert ledger.has_work()
    (claim,) = ledger.claim("me", 1, 30)
    assert ledger.has_work(), "somebody works on it"
    waiting = Change(state=S.WAITING, missing=MISSING, due_at=at(120), keep_lease=False)
    ledger.record(claim.lease, waiting, InputsMissing(at=at(60), missing=MISSING, until=at(120)))
    assert not ledger.has_work()
    clock.advance(timedelta(seconds=60))
    assert ledger.has_work()
    (claim,) = ledger.claim("me", 1, 30)
    ledger.record(claim.lease, Change(state=S.RUNNING), STARTED)
    assert ledger.has_work()
    clock.advance(timedelta(seconds=1))
    back = Change(state=S.PLANNED, due_at=at(150), keep_lease=False)
    ledger.record(claim.lease, back, STARTED)
    assert ledger.has_work(), "a retry comes soon"
