"""The executor on `dask.distributed`: any cluster that a client is connected to."""

import queue
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from distributed.scheduler import KilledWorker

from refsys.model.errors import ObjectMissing, RefsysError, WorkerLost
from refsys.model.plans import MEMORY_RESOURCE
from refsys.scheduler.executors import Outcome, StepDone, StepFailed
from refsys.scheduler.graphs import build_graph
from refsys.scheduler.tasks import StepTask
from refsys.storage.steps import StepArea

if TYPE_CHECKING:
    from distributed import Client, Future

NO_WORKER_S = 120.0
"""Seconds without any worker after which what was submitted is taken to have failed."""


class DaskExecutor:
    """Submits one graph a request and hears of each step by the callback of its future.

    A callback says that a step has ended; what it made is read from its committed manifest, not from the memory of a
    worker that may be gone.

    Parameters
    ----------
    client
        Connected client; it belongs to the caller.
    """

    name = "dask"
    in_loop = False

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._ended: queue.SimpleQueue[tuple[str, int, str, Any]] = queue.SimpleQueue()
        self._futures: dict[str, dict[str, Future]] = {}
        self._tasks: dict[str, dict[str, StepTask]] = {}
        self._tokens: dict[str, int] = {}
        self._alone_since_s: float | None = None
        self._declared = False

    def submit(self, request_key: str, token: int, tasks: Sequence[StepTask], priority: int) -> None:
        """Submit the graph of one request."""
        graph = build_graph(tasks, priority, with_resources=self._workers_declare_memory())
        futures = self._client.compute(graph, sync=False, optimize_graph=False)
        self._futures[request_key] = {task.step.name: future for task, future in zip(tasks, futures, strict=True)}
        self._tasks[request_key] = {task.step.name: task for task in tasks}
        self._tokens[request_key] = token
        for task, future in zip(tasks, futures, strict=True):
            name = task.step.name
            future.add_done_callback(lambda done, name=name: self._ended.put((request_key, token, name, done)))

    def poll(self, timeout_s: float) -> list[Outcome]:
        """Return what ended; the first is waited for, the rest is taken as it lies."""
        outcomes: list[Outcome] = []
        wait_s = timeout_s
        while True:
            try:
                request_key, token, name, future = self._ended.get(timeout=max(wait_s, 0.001))
            except queue.Empty:
                return outcomes or self._abandoned()
            wait_s = 0.0
            if (outcome := self._outcome(request_key, token, name, future)) is not None:
                outcomes.append(outcome)

    def cancel(self, request_key: str) -> None:
        """Let go of the futures of a request; Dask drops what no one else holds, so a twin's steps go on."""
        self._tasks.pop(request_key, None)
        self._tokens.pop(request_key, None)
        for future in self._futures.pop(request_key, {}).values():
            future.release()

    def busy(self) -> int:
        """Return the number of steps submitted and not yet polled."""
        return sum(len(futures) for futures in self._futures.values())

    def close(self) -> None:
        """Let go of what is submitted; the client stays open."""
        for request_key in list(self._futures):
            self.cancel(request_key)

    def _outcome(self, request_key: str, token: int, name: str, future: "Future") -> Outcome | None:
        futures = self._futures.get(request_key, {})
        if futures.get(name) is not future or future is None:
            return None  # of a submission that was cancelled or replaced
        if future.status == "finished":
            return self._done(request_key, token, name)
        if future.status == "cancelled":
            error: BaseException = WorkerLost("the Dask scheduler forgot the step", where=name)
        else:
            error = _translated(future.exception(), name)
        self.cancel(request_key)
        return StepFailed(request_key, token, name, error)

    def _done(self, request_key: str, token: int, name: str) -> Outcome:
        task = self._tasks[request_key][name]
        try:
            result = StepArea(task.store.open(), task.step.key).committed()
            if result is None:
                raise ObjectMissing("the manifest of a step that ended is gone", where=f"{request_key} {name}")
        except RefsysError as error:
            self.cancel(request_key)
            return StepFailed(request_key, token, name, error)
        futures = self._futures[request_key]
        del futures[name]
        if not futures:
            self.cancel(request_key)
        return StepDone(request_key, token, result)

    def _abandoned(self) -> list[Outcome]:
        """Return a failure of every submitted request if there has been no worker for too long."""
        if not self._futures or self._client.scheduler_info(n_workers=-1)["workers"]:
            self._alone_since_s = None
            return []
        now_s = monotonic()
        self._alone_since_s = now_s if self._alone_since_s is None else self._alone_since_s
        if now_s - self._alone_since_s < NO_WORKER_S:
            return []
        self._alone_since_s = None
        error = WorkerLost(
            f"the cluster has had no worker for {NO_WORKER_S:.0f} s",
            where=self._client.scheduler_info(n_workers=0)["address"],
            hint="start workers, or run `refsys produce` again",
        )
        lost: list[Outcome] = []
        for request_key, tokens in list(self._tokens.items()):
            lost.append(StepFailed(request_key, tokens, "waiting for a worker", error))
            self.cancel(request_key)
        return lost

    def _workers_declare_memory(self) -> bool:
        """Whether any worker ever did: just after a death there may be none to ask."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        self._declared = self._declared or any(MEMORY_RESOURCE in worker["resources"] for worker in workers)
        return self._declared


def _translated(error: BaseException | None, step: str) -> BaseException:
    if isinstance(error, KilledWorker):
        return WorkerLost(f"workers died {error.last_worker.nanny or ''} while they ran the step", where=step)
    return error if error is not None else WorkerLost("the step ended in error and left none", where=step)
