"""The loop: claims due requests, feeds events to the state machine, persists, and only then acts.

The ledger is the truth. Everything here may die at any line: whoever runs the loop next takes the leases over and
repeats the last instruction, which is harmless.
"""

import queue
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from refsys.model.errors import ConfigInvalid, InvalidTransition, LeaseLost
from refsys.model.events import DeadlineReached, Event, RetryDue, RunStarted, StepCompleted, TakenOver
from refsys.model.plans import StepResult
from refsys.model.products import Product
from refsys.model.requests import INGEST, Lease, ProductionRequest, RequestRecord, RequestState
from refsys.scheduler import actions
from refsys.scheduler.changed import changed
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
from refsys.scheduler.shared_view import SharedView
from refsys.scheduler.system import System, drop_workspace
from refsys.scheduler.tasks import tasks_of

Fetch = Callable[[ProductionRequest], Product]
"""Brings in what an `INGEST` request names, publishes it, and returns it; given by the composition root."""

Observer = Callable[[RequestRecord, Event], None]
"""Told of every transition after it is persisted and before it is acted on."""

_TOGETHER = 200
"""Requests that are claimed and prepared together at most: the first of them waits for the last."""


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
        self._shared = SharedView(system.catalogue)
        self._view = self._shared.fresh()

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
        self._on_outcomes(outcomes)
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
        self._view = self._shared.fresh()  # what is claimed together is prepared from the same answers
        settings = self._system.settings.ledger
        claims = self._system.ledger.claim(self._owner, min(room, _TOGETHER), settings.lease_s)
        begun = [(Held(claim.record, claim.lease), claim.taken_over) for claim in claims]
        self._held |= {held.record.key: held for held, _ in begun}
        events = [(held, self._first_event(held, taken_over=taken_over)) for held, taken_over in begun]
        self._prepare([held for held, event in events if event is None])
        self._apply([(held, event) for held, event in events if event is not None])
        return bool(claims)

    def _first_event(self, held: Held, *, taken_over: bool) -> Event | None:
        """Return what happens to a request just claimed, by its state; None: it is prepared."""
        now = self._system.clock.now()
        match held.record.state:
            case RequestState.WAITING:
                return DeadlineReached(at=now)
            case RequestState.ACCEPTED if not taken_over:
                return None
            case RequestState.PLANNED if not taken_over:
                return RetryDue(at=now)
            case _:
                return TakenOver(at=now, owner=self._owner)

    def _apply(self, happened: Sequence[tuple[Held, Event]]) -> None:
        """Persist what events do, all in one transaction, then act on their instructions."""
        if not happened:
            return
        steps, records = [], {held.record.key: held.record for held, _ in happened}
        for held, event in happened:
            key = held.record.key
            steps.append(self._transition(records[key], event))
            records[key] = changed(records[key], steps[-1].change, event)
        writes = [(held.lease, step.change, event) for (held, event), step in zip(happened, steps, strict=True)]
        answers = self._system.ledger.record_many(writes)
        instructions: list[tuple[Held, Instruction]] = []
        for (held, event), step, lease in zip(happened, steps, answers, strict=True):
            if isinstance(lease, LeaseLost):
                self._on_lost(held)
                continue
            held.record = changed(held.record, step.change, event)
            if lease is None:
                self._held.pop(held.record.key, None)
            else:
                held.lease = lease
            self._observe(held.record, event)
            instructions += [(held, instruction) for instruction in step.instructions]
        self._act(instructions)

    def _on_lost(self, held: Held) -> None:
        """Let go of a request about which somebody else decides now."""
        key = held.record.key
        self._let_go(key)
        if (now := self._system.ledger.get(key)).state is RequestState.CANCELLED:
            drop_workspace(self._system, now)

    def _transition(self, record: RequestRecord, event: Event) -> Transition:
        try:
            return transition(record, event, self._system.settings.ledger)
        except InvalidTransition as error:
            story = ", ".join(past.kind for past in self._system.ledger.history(record.key))
            raise InvalidTransition(f"{error.message}; its history: {story}", where=error.where) from error

    def _act(self, instructions: Sequence[tuple[Held, Instruction]]) -> None:
        """Do what transitions that are persisted ask for; what many ask for is done together."""
        self._prepare([held for held, each in instructions if isinstance(each, Prepare)])
        self._look_again([held for held, each in instructions if isinstance(each, AwaitInputs)])
        self._submit([held for held, each in instructions if isinstance(each, SubmitPlan)])
        for held, instruction in instructions:
            if isinstance(instruction, Publish):
                action = partial(actions.publish_all, self._system, held.record, instruction.products)
                self._in_background(held, action)
            elif isinstance(instruction, CancelPlan):
                self._executor.cancel(held.record.key)

    def _prepare(self, together: Sequence[Held]) -> None:
        self._submit([held for held in together if held.record.request.chain == INGEST])
        self._apply([(held, self._prepared(held)) for held in together if held.record.request.chain != INGEST])

    def _prepared(self, held: Held) -> Event:
        try:
            return actions.prepare(self._system, held.record, self._view)
        except Exception as error:  # noqa: BLE001  (becomes the request's reason, with its traceback)
            return actions.failed(self._system, error)

    def _look_again(self, together: Sequence[Held]) -> None:
        """Look for what is missing in the catalogue as it is now that the waiting is persisted."""
        if together:
            self._view = self._shared.fresh()
        for held in together:
            actions.look_again(self._system, held.record, self._view)

    def _submit(self, together: Sequence[Held]) -> None:
        """Record the start, then hand over to the executor, or fetch."""
        now = self._system.clock.now()
        self._apply([(held, RunStarted(at=now, executor=self._executor.name)) for held in together])
        for held in together:
            if self._held.get(held.record.key) is held:
                self._hand_over(held)

    def _hand_over(self, held: Held) -> None:
        held.results.clear()
        if held.record.request.chain == INGEST:
            self._in_background(held, partial(actions.fetch, self._system, self._fetch, held.record.request))
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
            self._view = self._shared.fresh()  # it may have published
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(2, thread_name_prefix="refsys-action")
        self._pool.submit(work)

    def _on_answers(self) -> bool:
        happened: list[tuple[Held, Event]] = []
        count = 0
        while not self._answers.empty():
            key, token, event = self._answers.get()
            self._acting -= 1
            count += 1
            if (held := self._current(key, token)) is not None:
                happened.append((held, event))
        self._apply(happened)
        return count > 0

    def _on_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        happened: list[tuple[Held, Event]] = []
        ended: set[str] = set()
        for outcome in outcomes:
            held = self._current(outcome.request_key, outcome.token)
            if held is None or outcome.request_key in ended:
                continue
            if isinstance(outcome, StepDone):
                held.results[outcome.result.step_key] = outcome.result
                happened.append((held, StepCompleted(at=self._system.clock.now(), result=outcome.result)))
                done = actions.completed(self._system, held.record, held.results)
                happened += [] if done is None else [(held, done)]
            else:
                happened.append((held, actions.failed(self._system, outcome.error, outcome.step)))
                ended.add(outcome.request_key)
        self._apply(happened)

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
