"""Random journeys on a real ledger in virtual time: no request is lost, none is published twice."""

import shutil
import tempfile
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from toy_home import publish_input, serial_loop, toy_request, toy_system

from refsys.model.events import CancelRequested, Event, RetryRequested
from refsys.model.requests import RequestRecord, RequestState
from refsys.model.times import VirtualClock
from refsys.scheduler.loop import Loop
from refsys.scheduler.machine import accepts
from refsys.scheduler.system import announce, cancel, intake, retry

NAMES = ("a", "b", "c")
FAILURES = ("", "", "", "corrupt", "storage", "bug")


class Crash(BaseException):
    """The process dies here: after a transition is persisted, before it is acted on."""


class Journeys(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="refsys-test-"))
        self.stack = ExitStack()
        self.clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.system = self.stack.enter_context(toy_system(self.folder / "home", self.clock))
        self.keys: set[str] = set()
        self.arrived: set[str] = set()
        self.crash_in = 0
        self.loop = self.new_loop()

    def new_loop(self) -> Loop:
        return serial_loop(self.system, self.observe)

    def observe(self, record: RequestRecord, event: Event) -> None:
        if self.crash_in:
            self.crash_in -= 1
            if self.crash_in == 0:
                raise Crash

    @rule(name=st.sampled_from(NAMES), fail=st.sampled_from(FAILURES), wait=st.booleans())
    def ask(self, name: str, fail: str, wait: bool) -> None:
        parameters = {"join.fail": fail} if fail else {}
        ((key, new),) = intake(self.system, [toy_request(name, parameters=parameters, wait=wait)])
        assert new == (key not in self.keys)
        self.keys.add(key)

    @rule(name=st.sampled_from(NAMES))
    def arrive(self, name: str) -> None:
        product = publish_input(self.system, name, self.folder, parts=2)
        self.keys |= set(announce(self.system, product))
        self.arrived.add(name)

    @rule(rounds=st.integers(1, 8))
    def work(self, rounds: int) -> None:
        for _ in range(rounds):
            self.loop.step(0.0)

    @rule(transitions=st.integers(1, 6))
    def die(self, transitions: int) -> None:
        self.crash_in = transitions
        with suppress(Crash):
            self.work(2 * transitions)
        self.crash_in = 0
        self.loop = self.new_loop()  # the old one is never heard of again; its leases end in virtual time

    @rule(seconds=st.sampled_from([0.1, 2.0, 3600.0, 8 * 24 * 3600.0]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @precondition(lambda self: self.keys)
    @rule(data=st.data())
    def cancel_or_retry(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.keys)))
        state = self.system.ledger.get(key).state
        if accepts(state, CancelRequested):
            cancel(self.system, key, "somebody")
        elif accepts(state, RetryRequested) and state is not RequestState.PUBLISHED:
            retry(self.system, key, "somebody")

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        if not hasattr(self, "keys"):
            return
        records = {record.key: record for record in self.system.ledger.find(limit=1000)}
        assert set(records) == self.keys
        for record in records.values():
            kinds = [event.kind for event in self.system.ledger.history(record.key)]
            assert kinds[0] == "RequestAccepted"
            assert kinds.count("ProductsPublished") == (record.state is RequestState.PUBLISHED)
            if record.state in {RequestState.FAILED, RequestState.EXPIRED, RequestState.CANCELLED}:
                assert record.reason
            for name in record.products:
                product = self.system.catalogue.get(name)
                assert all(self.system.store.exists(asset.key) for asset in product.assets)

    def teardown(self) -> None:
        if not hasattr(self, "keys"):
            return
        try:
            self.drain()
        finally:
            self.stack.close()
            shutil.rmtree(self.folder)

    def drain(self) -> None:
        """Everything arrives and time passes: every request must come to an end."""
        for name in NAMES:
            self.arrive(name)
        for _ in range(400):
            if not self.loop.step(0.0):
                due = self.system.ledger.next_due()
                if due is None:
                    break
                self.clock.advance(max(due - self.clock.now(), timedelta(0)) + timedelta(milliseconds=1))
        states = {record.state for record in self.system.ledger.find(limit=1000)}
        assert not any(state.is_open for state in states), states
        self.nothing_is_lost_or_doubled()


Journeys.TestCase.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
TestRandomJourneys = Journeys.TestCase
