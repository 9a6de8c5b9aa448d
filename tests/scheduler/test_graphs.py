"""The Dask graph of a request: keys that people can read and every process repeats, annotations, and no arrays."""

import pickle
from pathlib import Path

import numpy as np
from dask.base import collections_to_expr
from dask.utils import key_split
from toy_home import publish_input, serial_loop, toy_request, toy_system

from refsys.model.plans import MEMORY_RESOURCE
from refsys.scheduler.graphs import build_graph, dask_key
from refsys.scheduler.system import intake
from refsys.scheduler.tasks import StepTask, tasks_of


def toy_tasks(folder: Path) -> tuple[StepTask, ...]:
    with toy_system(folder / "home") as system:
        publish_input(system, "numbers", folder)
        ((key, _),) = intake(system, [toy_request("numbers")])
        loop = serial_loop(system)
        loop.step(0.0)
        plan = system.ledger.get(key).plan
        assert plan is not None
        return tasks_of(plan, system.store_address, system.settings.scratch_folder)


def test_keys_are_readable_and_repeat(tmp_path: Path) -> None:
    tasks = toy_tasks(tmp_path)
    keys = [made.key for made in build_graph(tasks, 0, with_resources=True)]
    assert keys == [dask_key(task) for task in tasks]
    assert keys == [made.key for made in build_graph(tasks, 0, with_resources=True)]
    assert [key_split(key) for key in keys] == ["TOY part p0", "TOY part p1", "TOY part p2", "TOY join"]


def test_every_task_says_its_memory_and_priority(tmp_path: Path) -> None:
    tasks = toy_tasks(tmp_path)
    for made, task in zip(build_graph(tasks, 7, with_resources=True), tasks, strict=True):
        layer = made.__dask_graph__().layers[made.__dask_layers__()[0]]
        assert layer.annotations == {
            "priority": 7,
            "retries": 0,
            "resources": {MEMORY_RESOURCE: task.step.resources.memory_bytes},
        }
    (last, *_) = reversed(build_graph(tasks, 7, with_resources=False))
    assert "resources" not in last.__dask_graph__().layers[last.__dask_layers__()[0]].annotations


def test_no_array_travels(tmp_path: Path) -> None:
    graph = collections_to_expr(build_graph(toy_tasks(tmp_path), 0, with_resources=True)).__dask_graph__()
    pickled = pickle.dumps(dict(graph))
    assert len(pickled) < 100_000
    assert b"numpy" not in pickled
    assert b"numpy" in pickle.dumps(np.zeros(1)), "the check would see an array"
