"""The loop: claims due requests, feeds events to the state machine, persists, and only then acts.

The ledger is the truth. Everything here may die at any line: whoever runs the loop next takes the leases over and
repeats the last instruction, which is harmless.
"""

import queue
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from refsys.chains.cached_view import CachedView
from refsys.model.errors import ConfigInvalid, InvalidTransition, LeaseLost
from refsys.model.events import DeadlineReached, Event, RetryDue, RunStarted, StepCompleted, TakenOver
from refsys.model.plans import StepResult
from refsys.model.products import Product
from refsys.model.requests import INGEST, Lease, ProductionRequest, RequestRecord, RequestState
from refsys.scheduler import actions
from refsys.scheduler.executors import Executor, Outcome, StepDone
from refsys.scheduler.machine import (
    AwaitInputs,
    CancelPlan,
    Instruction,
    Prepare,
    Publish,
    SubmitPlan,
    Transition,
    transition,
)
from refsys.scheduler.ownership import Heartbeat, is_dead, owner_name
from refsys.scheduler.system import System, drop_workspace
from refsys.scheduler.tasks import tasks_of

Fetch = Callable[[ProductionRequest], Product]
"""Brings in what an `INGEST` request names, publishes it, and returns it; given by the composition root."""

Observer = Callable[[RequestRecord, Event], None]
"""Told of every transition after it is persisted and before it is acted on."""


@dataclass
class Held:
    """A request this process owns."""

    record: RequestRecord
    lease: Lease
    results: dict[str, StepResult] = field(default_factory=dict)


class Loop:
    """Drives requests until they are closed.

    Parameters
    ----------
    system
        The home.
    executor
        Where steps run.
    fetch
        How `INGEST` requests are served.
    observe
        Told of every transition.
    window
        How many requests are owned at the same time: a matter of the cluster's size, never of the campaign's.
    """

    def __init__(
        self, system: System, executor: Executor, fetch: Fetch, *, observe: Observer | None = None, window: int = 8
    ) -> None:
        self._system = system
        self._executor = executor
        self._fetch = fetch
        self._observe = observe or (lambda record, event: None)
        self._window = window
        self._owner = owner_name()
        self._held: dict[str, Held] = {}
        self._answers: queue.SimpleQueue[tuple[str, int, Event]] = queue.SimpleQueue()
        self._acting = 0
        self._pool: ThreadPoolExecutor | None = None
        self._view = CachedView(system.catalogue)

    def run(self, keys: Collection[str] | None = None, *, tick_s: float = 0.2) -> None:
        """Work until the given requests, or all, are closed, or wait for inputs or the end of a delay.

        Parameters
        ----------
        keys
            Requests to finish; None for every request of the ledger. Others are worked on as they come.
        tick_s
            Longest time between two looks at the ledger.
        """
        lease_s = self._system.settings.ledger.lease_s
        with Heartbeat(self.renew, lease_s / 3) as heartbeat:
            try:
                self.recover()
                while not self._is_finished(keys):
                    heartbeat.check()
                    self.step(tick_s)
            finally:
                self._let_all_go()

    def recover(self) -> int:
        """Make the leases of dead processes of this host due at once; return how many requests that frees."""
        ledger = self._system.ledger
        return sum(ledger.expire(owner) for owner in ledger.owners() if owner != self._owner and is_dead(owner))

    def step(self, timeout_s: float) -> bool:
        """Do one round; return whether anything happened."""
        happened = self._claim()
        outcomes = self._executor.poll(self._patience_s(timeout_s, happened=happened))
        for outcome in outcomes:
            self._on_outcome(outcome)
        return self._on_answers() or bool(outcomes) or happened

    def _patience_s(self, timeout_s: float, *, happened: bool) -> float:
        """Return how long the executor may wait: not while there is something to do, briefly while an action runs."""
        if happened or not self._answers.empty():
            return 0.0
        return min(timeout_s, 0.01) if self._acting else timeout_s

    def _is_finished(self, keys: Collection[str] | None) -> bool:
        if self._held or self._acting:
            return False
        if keys is None:
            return not self._system.ledger.has_work()
        records = [self._system.ledger.get(key) for key in keys]
        return not any(self._is_work(record) for record in records)

    def _is_work(self, record: RequestRecord) -> bool:
        """Whether a request is worked on, is due, or will be within a retry's delay."""
        now, begins = self._system.clock.now(), record.request.not_before
        if record.state is RequestState.WAITING:
            return record.due_at is not None and record.due_at <= now
        is_delayed = record.state is RequestState.ACCEPTED and begins is not None and begins > now
        return record.state.is_open and not is_delayed

    def _claim(self) -> bool:
        room = self._window - len(self._held)
        if room <= 0:
            return False
        self._view = CachedView(self._system.catalogue)  # what is claimed together is prepared from the same answers
        settings = self._system.settings.ledger
        claims = self._system.ledger.claim(self._owner, room, settings.lease_s)
        for claim in claims:
            held = Held(claim.record, claim.lease)
            self._held[claim.record.key] = held
            self._begin(held, taken_over=claim.taken_over)
        return bool(claims)

    def _begin(self, held: Held, *, taken_over: bool) -> None:
        """Act on a request just claimed, by its state."""
        now = self._system.clock.now()
        match held.record.state:
            case RequestState.WAITING:
                self._apply(held, DeadlineReached(at=now))
            case RequestState.ACCEPTED if not taken_over:
                self._act(held, Prepare())
            case RequestState.PLANNED if not taken_over:
                self._apply(held, RetryDue(at=now))
            case _:
                self._apply(held, TakenOver(at=now, owner=self._owner))

    def _apply(self, held: Held, event: Event) -> None:
        """Persist what an event does, then act on its instructions."""
        key = held.record.key
        try:
            step = self._transition(held, event)
            lease = self._system.ledger.record(held.lease, step.change, event)
        except LeaseLost:
            self._let_go(key)  # somebody else decides now
            if (now := self._system.ledger.get(key)).state is RequestState.CANCELLED:
                drop_workspace(self._system, now)
            return
        held.record = self._system.ledger.get(key)
        if lease is None:
            self._held.pop(key, None)
        else:
            held.lease = lease
        self._observe(held.record, event)
        for instruction in step.instructions:
            self._act(held, instruction)

    def _transition(self, held: Held, event: Event) -> Transition:
        try:
            return transition(held.record, event, self._system.settings.ledger)
        except InvalidTransition as error:
            story = ", ".join(past.kind for past in self._system.ledger.history(held.record.key))
            raise InvalidTransition(f"{error.message}; its history: {story}", where=error.where) from error

    def _act(self, held: Held, instruction: Instruction) -> None:
        match instruction:
            case Prepare():
                self._prepare(held)
            case AwaitInputs():
                actions.look_again(self._system, held.record)
            case SubmitPlan():
                self._submit(held)
            case Publish(products):
                record = held.record
                self._in_background(held, lambda: actions.publish_all(self._system, record, products))
            case CancelPlan():
                self._executor.cancel(held.record.key)

    def _prepare(self, held: Held) -> None:
        if held.record.request.chain == INGEST:
            self._submit(held)
            return
        try:
            event: Event = actions.prepare(self._system, held.record, self._view)
        except Exception as error:  # noqa: BLE001  (becomes the request's reason, with its traceback)
            event = actions.failed(self._system, error)
        self._apply(held, event)

    def _submit(self, held: Held) -> None:
        """Record the start, then hand over to the executor, or fetch."""
        self._apply(held, RunStarted(at=self._system.clock.now(), executor=self._executor.name))
        if held.record.key not in self._held:
            return
        held.results.clear()
        if held.record.request.chain == INGEST:
            self._in_background(held, lambda: actions.fetch(self._system, self._fetch, held.record.request))
            return
        if held.record.plan is None:
            raise ConfigInvalid("the ledger holds no plan for a planned request", where=held.record.key)
        settings = self._system.settings
        cache_bytes = settings.limits.input_cache_bytes
        tasks = tasks_of(held.record.plan, self._system.store_address, settings.scratch_folder, cache_bytes)
        self._executor.submit(held.record.key, held.lease.token, tasks, held.record.request.priority)

    def _in_background(self, held: Held, action: Callable[[], Event]) -> None:
        """Run an action beside the loop (with the serial executor: in it); its event comes back through the queue."""
        key, token = held.record.key, held.lease.token

        def work() -> None:
            try:
                event = action()
            except Exception as error:  # noqa: BLE001  (becomes the request's reason, with its traceback)
                event = actions.failed(self._system, error)
            self._answers.put((key, token, event))

        self._acting += 1
        if self._executor.in_loop:
            work()
            self._view = CachedView(self._system.catalogue)  # it may have published
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(2, thread_name_prefix="refsys-action")
        self._pool.submit(work)

    def _on_answers(self) -> bool:
        happened = False
        while not self._answers.empty():
            key, token, event = self._answers.get()
            self._acting -= 1
            happened = True
            if (held := self._current(key, token)) is not None:
                self._apply(held, event)
        return happened

    def _on_outcome(self, outcome: Outcome) -> None:
        held = self._current(outcome.request_key, outcome.token)
        if held is None:
            return
        if not isinstance(outcome, StepDone):
            self._apply(held, actions.failed(self._system, outcome.error, outcome.step))
            return
        held.results[outcome.result.step_key] = outcome.result
        self._apply(held, StepCompleted(at=self._system.clock.now(), result=outcome.result))
        done = actions.completed(self._system, held.record, held.results)
        if done is not None and held.record.key in self._held:
            self._apply(held, done)

    def _current(self, key: str, token: int) -> Held | None:
        """Return the request if this process still owns it under the same token; a late answer is no answer."""
        held = self._held.get(key)
        return held if held is not None and held.lease.token == token else None

    def renew(self) -> None:
        """Renew all leases; run in the heartbeat's thread, or by whoever moves a virtual clock."""
        self._system.ledger.renew(self._owner, self._system.settings.ledger.lease_s)
        self.recover()

    def _let_go(self, key: str) -> None:
        self._held.pop(key, None)
        self._executor.cancel(key)

    def _let_all_go(self) -> None:
        """Give back what is still owned, so that another process need not wait for the leases to end."""
        for key in list(self._held):
            self._let_go(key)
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool, self._acting = None, 0
            self._answers = queue.SimpleQueue()
        self._system.ledger.expire(self._owner)
