"""The graph of a request as steps of a plan: one for each sub-task, in order, each with its share as parameters."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from refsys.chains.sentinel2.graphs import S2Graph, S2Task
from refsys.model.plans import Step, step_key
from refsys.model.products import InputRef


def steps_of(
    graph: S2Graph,
    inputs: Sequence[InputRef],
    *,
    processor: str,
    version: str,
    parameters: Mapping[str, JsonValue] | None = None,
    roles: Mapping[str, tuple[str, ...]] | None = None,
    outputs: Mapping[str, tuple[str, ...]] | None = None,
) -> tuple[Step, ...]:
    """Return a step for each sub-task of a graph; equal graphs over equal inputs have equal keys.

    Parameters
    ----------
    graph
        Sub-tasks and dependencies.
    inputs
        Inputs of the request.
    processor, version
        The unit that runs a sub-task.
    parameters
        The same for all, beside `mode`, `step` and `share` (elements by axis).
    roles
        Roles of inputs that a step reads, by mode and step. One that is not named reads every input if it follows no
        other, else none: it reads what those left.
    outputs
        Product types that a step makes, by mode and step such as `L0/FORMAT_METADATA_DS_L0C`.
    """
    keys: dict[str, str] = {}
    made = []
    for task in graph.tasks:
        after = tuple(keys[name] for name in graph.after[task.name])
        own = {**(parameters or {}), **_share(task)}
        read = _read(task, tuple(inputs), roles or {}, first=not after)
        keys[task.name] = step_key(processor, version, own, read, after)
        made.append(
            Step(
                key=keys[task.name],
                name=task.name,
                processor=processor,
                processor_version=version,
                parameters=own,
                inputs=read,
                after=after,
                outputs=(outputs or {}).get(task.step_key, ()),
                resources=task.resources,
            )
        )
    return tuple(made)


def _read(
    task: S2Task, inputs: tuple[InputRef, ...], roles: Mapping[str, tuple[str, ...]], *, first: bool
) -> tuple[InputRef, ...]:
    named = roles.get(task.step_key)
    if named is None:
        return inputs if first else ()
    return tuple(ref for ref in inputs if ref.role in named)


def _share(task: S2Task) -> dict[str, JsonValue]:
    share: dict[str, JsonValue] = {axis: list[JsonValue](sorted(elements)) for axis, elements in task.share.items()}
    return {"mode": task.mode, "step": task.step, "share": share}
