"""Executors: where the steps of a plan run. The serial one is the reference semantics of all others."""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from refsys.model.plans import StepResult
from refsys.scheduler.tasks import StepTask, run_step


@dataclass(frozen=True)
class StepDone:
    """A step committed its manifest."""

    request_key: str
    token: int
    result: StepResult


@dataclass(frozen=True)
class StepFailed:
    """A step, or the worker under it, failed; the steps after it will not run."""

    request_key: str
    token: int
    step: str
    error: BaseException


Outcome = StepDone | StepFailed


class Executor(Protocol):
    """Runs the tasks of plans. Results come only through `poll`, in the thread that calls it."""

    name: str
    in_loop: bool
    """Whether actions of the loop, such as publishing, run between its rounds: where nothing runs beside it."""

    def submit(self, request_key: str, token: int, tasks: Sequence[StepTask], priority: int) -> None:
        """Start the tasks of one request; `token` comes back with every outcome, so that late ones can be told."""
        ...

    def poll(self, timeout_s: float) -> list[Outcome]:
        """Return what ended, waiting up to `timeout_s` for the first."""
        ...

    def cancel(self, request_key: str) -> None:
        """Stop what has not started; outcomes of this request may still come and are ignored."""
        ...

    def busy(self) -> int:
        """Return the number of steps submitted and not yet polled."""
        ...

    def close(self) -> None:
        """Let go of workers and connections."""
        ...


class SerialExecutor:
    """Runs one step in each `poll`, in this process, highest priority first."""

    name = "serial"
    in_loop = True

    def __init__(self) -> None:
        self._queue: deque[tuple[int, str, int, StepTask]] = deque()
        self._results: dict[tuple[str, str], StepResult] = {}
        self._idle = threading.Event()  # never set: there is nobody else who could submit

    def submit(self, request_key: str, token: int, tasks: Sequence[StepTask], priority: int) -> None:
        """Queue the tasks; they come in an order in which each follows those it needs."""
        self.cancel(request_key)
        self._queue.extend((priority, request_key, token, task) for task in tasks)

    def poll(self, timeout_s: float) -> list[Outcome]:
        """Run the next step; if there is none, wait as long as allowed, for the loop looks again at once."""
        if not self._queue:
            self._idle.wait(timeout_s)
            return []
        entry = max(self._queue, key=lambda queued: queued[0])  # the first of equals
        self._queue.remove(entry)
        _, request_key, token, task = entry
        before = [self._results[request_key, key] for key in task.step.after]
        try:
            result = run_step(task, *before)
        except Exception as error:  # noqa: BLE001  (becomes the request's reason, with its traceback)
            self.cancel(request_key)
            return [StepFailed(request_key, token, task.step.name, error)]
        self._results[request_key, task.step.key] = result
        if all(queued[1] != request_key for queued in self._queue):
            self._forget(request_key)
        return [StepDone(request_key, token, result)]

    def cancel(self, request_key: str) -> None:
        """Drop the queued steps of a request."""
        self._queue = deque(entry for entry in self._queue if entry[1] != request_key)
        self._forget(request_key)

    def busy(self) -> int:
        """Return the number of queued steps."""
        return len(self._queue)

    def close(self) -> None:
        """Drop what is queued."""
        self._queue.clear()

    def _forget(self, request_key: str) -> None:
        self._results = {key: value for key, value in self._results.items() if key[0] != request_key}
