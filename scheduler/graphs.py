"""From the tasks of one request to one Dask graph: deterministic keys, annotations, and no array anywhere."""

from collections.abc import Sequence

import dask
from dask.delayed import Delayed, delayed

from refsys.model.plans import MEMORY_RESOURCE
from refsys.scheduler.tasks import StepTask, run_step


def dask_key(task: StepTask) -> str:
    """Return the key of a task: readable, grouped by chain and step on the dashboard, and the same in every process."""
    return f"{task.label}-{task.step.key}"


def build_graph(tasks: Sequence[StepTask], priority: int, *, with_resources: bool) -> list[Delayed]:
    """Return one delayed object a task, in the order of the tasks.

    Parameters
    ----------
    tasks
        Tasks of one plan, each after those it needs.
    priority
        Dask priority; higher runs earlier.
    with_resources
        Whether workers declare `MEMORY_RESOURCE`; if none does, a step that asks for it would wait for ever.
    """
    call = delayed(run_step, pure=True, traverse=False)
    made: dict[str, Delayed] = {}
    for task in tasks:
        annotations: dict[str, object] = {"priority": priority, "retries": 0}
        if with_resources:
            annotations["resources"] = {MEMORY_RESOURCE: task.step.resources.memory_bytes}
        with dask.annotate(**annotations):
            made[task.step.key] = call(task, *[made[key] for key in task.step.after], dask_key_name=dask_key(task))
    return list(made.values())
