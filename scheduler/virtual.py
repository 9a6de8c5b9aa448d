"""Virtual time: the same loop on a clock that moves when told, with steps that only take time.

Simulations of days and of long waits end in minutes, and nothing of the control plane is another one than in operation:
ledger, catalogue, rules, plans, state machine. Only the processors and the bytes of products are left out.
"""

import heapq
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from refsys.model.plans import StepResult
from refsys.model.products import Product
from refsys.model.times import VirtualClock
from refsys.scheduler.executors import Outcome, StepDone, StepFailed
from refsys.scheduler.loop import Loop, Observer
from refsys.scheduler.system import System, announce_all
from refsys.scheduler.tasks import StepTask

_RENEWED_S = 3600.0
"""Leases are renewed when the clock has moved this far: less than a lease lasts, see `run_virtual`."""


@dataclass(frozen=True)
class SimulatedStep:
    """What a simulated processor does with a step: how long it takes, and what it makes or how it fails."""

    seconds: float
    products: tuple[Product, ...] = ()
    error: BaseException | None = None


Simulate = Callable[[StepTask, Sequence[StepResult]], SimulatedStep]
"""A simulated processor; it is given the results of the steps before."""


class Stopwatch:
    """Seconds of real time that were spent on simulating, to be taken off those of the control plane."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time of the block."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - begun


@dataclass(frozen=True)
class _Queued:
    request_key: str
    token: int
    priority: int
    task: StepTask


class VirtualExecutor:
    """Runs steps in virtual time on a number of slots, highest priority first, then the longest queued.

    Parameters
    ----------
    clock
        Of the simulation; outcomes come when it has reached their time.
    simulate
        The processor.
    slots
        Steps at the same time.
    """

    name = "virtual"
    in_loop = True

    def __init__(self, clock: VirtualClock, simulate: Simulate, slots: int) -> None:
        self._clock, self._simulate, self._free = clock, simulate, slots
        self._number = itertools.count()
        self._queue: list[tuple[int, int, _Queued]] = []
        self._running: list[tuple[datetime, int, _Queued, SimulatedStep, datetime]] = []
        self._waiting: dict[str, list[_Queued]] = {}
        self._results: dict[str, dict[str, StepResult]] = {}
        self._left: dict[str, int] = {}
        self._cancelled: set[tuple[str, int]] = set()
        self.simulating = Stopwatch()

    def submit(self, request_key: str, token: int, tasks: Sequence[StepTask], priority: int) -> None:
        """Queue the tasks; each starts when those that it follows have ended and a slot is free."""
        self.cancel(request_key)
        self._cancelled.discard((request_key, token))
        self._waiting[request_key] = [_Queued(request_key, token, priority, task) for task in tasks]
        self._results[request_key], self._left[request_key] = {}, len(tasks)
        self._release(request_key)

    def poll(self, timeout_s: float) -> list[Outcome]:
        """Return what has ended by now."""
        self._start()
        outcomes: list[Outcome] = []
        while self._running and self._running[0][0] <= self._clock.now():
            ended_at, _, queued, done, started_at = heapq.heappop(self._running)
            self._free += 1
            if (queued.request_key, queued.token) not in self._cancelled:
                outcomes.append(self._outcome(queued, done, started_at, ended_at))
            self._start()
        return outcomes

    def cancel(self, request_key: str) -> None:
        """Forget a request; what runs of it keeps its slot to the end."""
        if request_key in self._left:
            running = (entry[2] for entry in self._running)
            self._cancelled |= {(request_key, q.token) for q in running if q.request_key == request_key}
            self._queue = [entry for entry in self._queue if entry[2].request_key != request_key]
            heapq.heapify(self._queue)
            self._forget(request_key)

    def busy(self) -> int:
        """Return the number of steps that run or wait."""
        return len(self._running) + len(self._queue) + sum(map(len, self._waiting.values()))

    def close(self) -> None:
        """Forget everything."""
        self._queue, self._running, self._waiting = [], [], {}

    def next_at(self) -> datetime | None:
        """Return when the next step ends; None if none runs."""
        self._start()
        return self._running[0][0] if self._running else None

    def _release(self, request_key: str) -> None:
        """Queue the waiting steps of a request whose predecessors have ended."""
        results, left = self._results[request_key], []
        for queued in self._waiting[request_key]:
            if all(key in results for key in queued.task.step.after):
                heapq.heappush(self._queue, (-queued.priority, next(self._number), queued))
            else:
                left.append(queued)
        self._waiting[request_key] = left

    def _start(self) -> None:
        now = self._clock.now()
        while self._free > 0 and self._queue:
            _, number, queued = heapq.heappop(self._queue)
            before = [self._results[queued.request_key][key] for key in queued.task.step.after]
            with self.simulating.running():
                done = self._simulate(queued.task, before)
            self._free -= 1
            heapq.heappush(self._running, (now + timedelta(seconds=done.seconds), number, queued, done, now))

    def _outcome(
        self, queued: _Queued, done: SimulatedStep, started_at: datetime, ended_at: datetime
    ) -> StepDone | StepFailed:
        step = queued.task.step
        if done.error is not None:
            self.cancel(queued.request_key)
            return StepFailed(queued.request_key, queued.token, step.name, done.error)
        result = StepResult(
            step_key=step.key,
            name=step.name,
            started_at=started_at,
            ended_at=ended_at,
            worker="virtual",
            products=done.products,
        )
        self._results[queued.request_key][step.key] = result
        self._left[queued.request_key] -= 1
        if self._left[queued.request_key]:
            self._release(queued.request_key)
        else:
            self._forget(queued.request_key)
        return StepDone(queued.request_key, queued.token, result)

    def _forget(self, request_key: str) -> None:
        for known in (self._waiting, self._results, self._left):
            known.pop(request_key)


@dataclass(frozen=True)
class VirtualRun:
    """What a simulation took."""

    ended_at: datetime
    """Virtual time of the last thing that happened."""
    seconds: float
    """Real time of everything but the simulated processors and the making of arrivals."""
    simulator_s: float


def run_virtual(
    system: System,
    executor: VirtualExecutor,
    arrivals: Iterator[tuple[datetime, list[Product]]],
    *,
    clock: VirtualClock,
    window: int,
    observe: Observer | None = None,
) -> VirtualRun:
    """Feed arrivals and move the clock from timer to timer until no timer is pending.

    Parameters
    ----------
    system
        The home; its clock is `clock`. Leases must last longer than an hour and than any simulated step.
    executor
        On the same clock.
    arrivals
        Times, not before the clock's present and increasing, and the products that come then.
    clock
        Moved by this function only.
    window
        Requests owned at the same time.
    observe
        Told of every transition.
    """
    begun, renewed = time.perf_counter(), clock.now()
    loop = Loop(system, executor, _nothing_to_fetch, observe=observe, window=window)
    making = Stopwatch()
    with making.running():
        coming = next(arrivals, None)
    while True:
        while loop.step(0.0):
            pass
        due = system.ledger.next_due()
        ahead = [at for at in (coming and coming[0], executor.next_at(), due) if at is not None]
        if not ahead:
            break
        clock.advance(max(min(ahead) - clock.now(), timedelta(0)))
        if (clock.now() - renewed).total_seconds() > _RENEWED_S:
            loop.renew()
            renewed = clock.now()
        while coming is not None and coming[0] <= clock.now():
            arrive(system, coming[1])
            with making.running():
                coming = next(arrivals, None)
    simulated = making.seconds + executor.simulating.seconds
    return VirtualRun(clock.now(), time.perf_counter() - begun - simulated, simulated)


def arrive(system: System, products: Sequence[Product]) -> None:
    """Make products visible that need no bytes here, and tell whom they concern; twice is the same as once."""
    system.catalogue.insert_many(products)
    announce_all(system, products)


def _nothing_to_fetch(request: object) -> Product:
    raise NotImplementedError(f"arrivals of a simulation are products already; {request} asks to fetch")
