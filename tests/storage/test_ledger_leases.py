"""Leases: whatever owners do, no request has two valid leases, tokens only grow, and nothing is lost."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from nouns import T0, at, make_request
from sqlalchemy import text
from wiping import wipe

from refsys.model.errors import LeaseLost
from refsys.model.events import CancelRequested, RunStarted
from refsys.model.requests import Change, Lease, RequestState
from refsys.model.times import VirtualClock, WallClock
from refsys.storage.database import Database, open_database
from refsys.storage.ledger import Ledger

S = RequestState
STARTED = RunStarted(at=T0, executor="serial")
CANCELLED = CancelRequested(at=T0, by="somebody")


def test_the_highest_priority_comes_first_then_the_longest_due(database: Database) -> None:
    clock = VirtualClock(T0)
    ledger = Ledger(database, clock)
    expected = []
    for number, priority in enumerate((0, 5, -100, 5, 0, 100)):
        ((key, _),) = ledger.accept([make_request(number, priority=priority)])
        expected.append((-priority, clock.now(), key))
        clock.advance(timedelta(microseconds=1))
    order = [key for _, _, key in sorted(expected)]
    first = ledger.claim("me", 4, 30)
    rest = ledger.claim("me", 4, 30)
    assert [claim.record.key for claim in first + rest] == order
    assert ledger.claim("me", 4, 30) == []
    assert ledger.claim("me", 0, 30) == []
    with pytest.raises(ValueError, match="over at once"):
        ledger.claim("me", 1, 0)


def test_an_expired_lease_is_taken_over_and_the_former_owner_cannot_write(database: Database) -> None:
    clock = VirtualClock(T0)
    ledger = Ledger(database, clock)
    ledger.accept([make_request()])
    (mine,) = ledger.claim("me", 1, 30)
    assert not mine.taken_over
    assert mine.lease.expires_at == at(30)
    clock.advance(timedelta(seconds=20))
    assert ledger.renew("me", 30) == 1
    clock.advance(timedelta(seconds=29))
    assert ledger.claim("other", 1, 30) == []
    clock.advance(timedelta(seconds=1))
    assert ledger.next_due() == clock.now()
    (theirs,) = ledger.claim("other", 1, 30)
    assert theirs.taken_over
    assert theirs.lease.token > mine.lease.token
    with pytest.raises(LeaseLost, match="of other"):
        ledger.record(mine.lease, Change(state=S.RUNNING), STARTED)
    assert ledger.renew("me", 30) == 0
    assert ledger.owners() == ["other"]


def test_a_lease_that_ended_but_that_nobody_took_is_still_the_newest(database: Database) -> None:
    clock = VirtualClock(T0)
    ledger = Ledger(database, clock)
    ledger.accept([make_request()])
    (mine,) = ledger.claim("me", 1, 30)
    clock.advance(timedelta(seconds=31))
    assert ledger.record(mine.lease, Change(state=S.RUNNING), STARTED) == mine.lease
    assert ledger.renew("me", 30) == 1
    assert ledger.claim("other", 1, 30) == []


def test_the_requests_of_a_dead_owner_are_freed_at_once(database: Database) -> None:
    ledger = Ledger(database, VirtualClock(T0))
    ledger.accept(make_request(number) for number in range(4))
    dead, alive = ledger.claim("dead", 3, 3600), ledger.claim("alive", 1, 3600)
    assert ledger.owners() == ["alive", "dead"]
    assert ledger.expire("dead") == 3
    taken = ledger.claim("alive", 10, 30)
    assert {claim.record.key for claim in taken} == {claim.record.key for claim in dead}
    assert all(claim.taken_over for claim in taken)
    assert ledger.expire("nobody") == 0
    assert alive[0].record.key not in {claim.record.key for claim in taken}


@pytest.mark.parametrize("start", [0, 7])
def test_threads_never_claim_the_same_request(database: Database, start: int) -> None:
    ledger = Ledger(database, WallClock())
    keys = {key for key, _ in ledger.accept(make_request(start + n, priority=n % 3) for n in range(120))}

    def work(owner: int) -> list[str]:
        got: list[str] = []
        while claims := ledger.claim(f"owner-{owner}", 5, 3600):
            got += [claim.record.key for claim in claims]
            ledger.record_many([(claim.lease, Change(state=S.RUNNING), STARTED) for claim in claims])
            ledger.renew(f"owner-{owner}", 3600)
        return got

    with ThreadPoolExecutor(5) as pool:
        got = [key for part in pool.map(work, range(5)) for key in part]
    assert len(got) == len(set(got))
    assert set(got) == keys
    assert ledger.counts() == {S.RUNNING: 120}


WORKER = """
import json, sys
from datetime import UTC, datetime
from refsys.model.events import RunStarted
from refsys.model.requests import Change, RequestState
from refsys.model.times import WallClock
from refsys.storage.database import open_database
from refsys.storage.ledger import Ledger
ledger = Ledger(open_database(sys.argv[1]), WallClock())
print("ready", flush=True)
sys.stdin.readline()
got = []
while claims := ledger.claim(sys.argv[2], 3, 3600):
    for claim in claims:
        event = RunStarted(at=datetime.now(UTC), executor="x")
        ledger.record(claim.lease, Change(state=RequestState.RUNNING), event)
        got.append(claim.record.key)
print(json.dumps(got))
"""


def test_processes_never_claim_the_same_request(database: Database, database_url: str) -> None:
    ledger = Ledger(database, WallClock())
    keys = {key for key, _ in ledger.accept(make_request(number) for number in range(90))}
    commands = [[sys.executable, "-c", WORKER, database_url, f"owner-{number}"] for number in range(2)]
    pipe = subprocess.PIPE
    workers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for command in commands]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    got = [json.loads(worker.communicate(timeout=120)[0]) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert sorted(key for part in got for key in part) == sorted(keys)
    assert ledger.counts() == {S.RUNNING: 90}


HANGING_FORCE = """
import sys
from refsys.model.times import WallClock
from refsys.storage.database import open_database
from refsys.storage.ledger import Ledger
def hang(record):
    print("in the middle", flush=True)
    sys.stdin.readline()
ledger = Ledger(open_database(sys.argv[1]), WallClock())
ledger.claim("dead", 5, 3600)
ledger.force(sys.argv[2], hang)
"""


def test_an_owner_killed_in_a_transaction_leaves_its_leases_and_no_lock(database: Database, database_url: str) -> None:
    ledger = Ledger(database, WallClock())
    keys = [key for key, _ in ledger.accept(make_request(number) for number in range(3))]
    command = [sys.executable, "-c", HANGING_FORCE, database_url, keys[0]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "in the middle\n"
        owner.kill()
    assert ledger.owners() == ["dead"]
    assert ledger.claim("me", 5, 30) == []
    assert ledger.expire("dead") == 3
    claims = ledger.claim("me", 5, 30)
    assert sorted(claim.record.key for claim in claims) == sorted(keys)
    assert all(len(ledger.history(key)) == 1 for key in keys)


class Owners(RuleBasedStateMachine):
    """Two owners and an operator act at random; a model of one dictionary says who must be able to write."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        wipe(self.database)
        self.clock = VirtualClock(T0)
        self.ledger = Ledger(self.database, self.clock)
        self.newest: dict[str, Lease | None] = {}
        self.ends: dict[str, float] = {}
        self.tokens: dict[str, int] = {}
        self.leases: list[Lease] = []
        self.closed: set[str] = set()

    @property
    def now_s(self) -> float:
        return (self.clock.now() - T0).total_seconds()

    @rule(number=st.integers(0, 4), priority=st.integers(-1, 1))
    def accept(self, number: int, priority: int) -> None:
        ((key, new),) = self.ledger.accept([make_request(number, priority=priority)])
        assert new == (key not in self.newest)
        self.newest.setdefault(key, None)

    @rule(owner=st.sampled_from(["a", "b"]), limit=st.integers(1, 3), lease_s=st.sampled_from([5, 20]))
    def claim(self, owner: str, limit: int, lease_s: int) -> None:
        free = {
            key
            for key, lease in self.newest.items()
            if key not in self.closed and (lease is None or self.ends[key] <= self.now_s)
        }
        claims = self.ledger.claim(owner, limit, lease_s)
        assert len({claim.record.key for claim in claims}) == len(claims) == min(limit, len(free))
        for claim in claims:
            key = claim.record.key
            assert key in free
            assert claim.taken_over == (self.newest[key] is not None)
            assert claim.lease.token > self.tokens.get(key, 0)
            self.tokens[key] = claim.lease.token
            self.newest[key] = claim.lease
            self.ends[key] = self.now_s + lease_s
            self.leases.append(claim.lease)

    @rule(owner=st.sampled_from(["a", "b"]), lease_s=st.sampled_from([5, 20]))
    def renew(self, owner: str, lease_s: int) -> None:
        held = [key for key, lease in self.newest.items() if lease is not None and lease.owner == owner]
        assert self.ledger.renew(owner, lease_s) == len(held)
        self.ends.update(dict.fromkeys(held, self.now_s + lease_s))

    @rule(owner=st.sampled_from(["a", "b"]))
    def expire(self, owner: str) -> None:
        held = [key for key, lease in self.newest.items() if lease is not None and lease.owner == owner]
        assert self.ledger.expire(owner) == len(held)
        self.ends.update(dict.fromkeys(held, self.now_s))

    @rule(data=st.data(), ending=st.sampled_from(["keep", "give up", "close"]))
    def write(self, data: st.DataObject, ending: str) -> None:
        if not self.leases:
            return
        lease = data.draw(st.sampled_from(self.leases))
        key = lease.request_key
        newest = self.newest[key]
        change = Change(state=S.CANCELLED if ending == "close" else S.RUNNING, keep_lease=ending == "keep")
        (outcome,) = self.ledger.record_many([(lease, change, STARTED)])
        if newest is None or newest.token != lease.token:
            assert isinstance(outcome, LeaseLost)
        elif ending == "keep":
            assert isinstance(outcome, Lease)
            assert (outcome.owner, outcome.token) == (newest.owner, newest.token)
        else:
            assert outcome is None
            self.newest[key] = None
            self.closed |= {key} if ending == "close" else set()

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if not self.newest:
            return
        key = data.draw(st.sampled_from(sorted(self.newest)))
        self.ledger.force(key, lambda _: (Change(state=S.CANCELLED), CANCELLED))
        self.newest[key] = None
        self.closed.add(key)

    @rule(seconds=st.sampled_from([1, 5, 20]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @invariant()
    def every_open_request_is_due_some_time(self) -> None:
        owners = {lease.owner for lease in self.newest.values() if lease is not None}
        assert set(self.ledger.owners()) == owners
        assert (self.ledger.next_due() is None) == (set(self.newest) <= self.closed)


@pytest.fixture
def owners(database: Database) -> type[Owners]:
    return type("OwnersHere", (Owners,), {"database": database})


def test_whatever_owners_do_one_lease_is_valid(owners: type[Owners]) -> None:
    quick = settings(
        max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    run_state_machine_as_test(owners, settings=quick)


def test_the_due_list_is_read_by_index_alone(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/refsys.db")
    ledger = Ledger(database, VirtualClock(T0))
    ledger.accept(make_request(number, priority=number % 2) for number in range(100))
    seen: list[str] = []
    with database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.set_trace_callback(seen.append)
    ledger.claim("me", 80, 30)
    ledger.renew("me", 30)
    ledger.next_due()
    ledger.owners()
    raw.set_trace_callback(None)
    statements = {statement for statement in seen if statement.startswith(("SELECT", "UPDATE"))}
    assert len(statements) >= 7
    with database.read() as connection:
        for statement in statements:
            plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement.replace(':', '')}"))]
            assert not any(line.startswith("SCAN") and "ix_request_owner" not in line for line in plan), plan
            assert any("USING" in line and "INDEX" in line for line in plan), plan
    database.close()
