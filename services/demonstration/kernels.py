"""How long the compilation of kernels takes, per worker process: measured inside the workers while they work."""

import os
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING

from numba.core import event as numba_event

from refsys.model.events import Event
from refsys.services.demonstration.results import CallTimes, WorkerKernels

if TYPE_CHECKING:
    from distributed import Client


class CompilerClock(numba_event.Listener):  # type: ignore[misc]  # Numba publishes no types
    """Adds up outermost compilations: a function compiles those it calls, whose time is part of its own."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.functions = 0
        self._thread = threading.local()

    def on_start(self, event: object) -> None:
        """Begin a compilation, perhaps inside another."""
        depth = getattr(self._thread, "depth", 0)
        if depth == 0:
            self._thread.began = time.perf_counter()
        self._thread.depth = depth + 1

    def on_end(self, event: object) -> None:
        """End the innermost compilation."""
        self._thread.depth -= 1
        self.functions += 1
        if self._thread.depth == 0:
            self.seconds += time.perf_counter() - self._thread.began


_clocks: list[CompilerClock] = []  # of this process: none, or one


def start_clock() -> None:
    """Count the time in Numba's compiler in this process from now on."""
    if not _clocks:
        _clocks.append(CompilerClock())
        numba_event.register("numba:compile", _clocks[0])


def read_clock() -> WorkerKernels:
    """Return what this process compiled since its clock was started; nothing if it was not."""
    seconds = sum(clock.seconds for clock in _clocks)
    functions = sum(clock.functions for clock in _clocks)
    return WorkerKernels(worker=f"pid {os.getpid()}", functions_compiled=functions, compile_seconds=round(seconds, 3))


def start_clocks(client: "Client | None") -> None:
    """Start the clock of every worker, or of this process if there are none."""
    if client is None:
        start_clock()
    else:
        client.run(start_clock)


def read_clocks(client: "Client | None") -> tuple[WorkerKernels, ...]:
    """Return what every worker, or this process, compiled."""
    found = [read_clock()] if client is None else list(client.run(read_clock).values())
    return tuple(sorted(found, key=lambda kernels: kernels.worker))


def call_times(events: Iterable[Event]) -> tuple[CallTimes, ...]:
    """Return the first and the later durations of each processor in each worker, from what the loop saw."""
    seen: dict[tuple[str, str], list[tuple[datetime, float]]] = {}
    processors: dict[str, str] = {}
    for event in events:
        if event.kind == "PlanMade":
            processors.update({step.key: step.processor for step in event.plan.steps})
        elif event.kind == "StepCompleted" and not event.result.reused:
            result = event.result
            call = (processors.get(result.step_key, result.name), result.worker)
            seen.setdefault(call, []).append((result.started_at, result.seconds))
    return tuple(_row(*call, times) for call, times in sorted(seen.items()))


def _row(processor: str, worker: str, times: list[tuple[datetime, float]]) -> CallTimes:
    seconds = [duration for _, duration in sorted(times)]
    return CallTimes(
        processor=processor,
        worker=worker,
        calls=len(seconds),
        first_s=round(seconds[0], 3),
        later_s=round(median(seconds[1:]), 3) if len(seconds) > 1 else None,
    )
