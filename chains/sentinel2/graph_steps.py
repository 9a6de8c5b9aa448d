"""The graph of a request as steps of a plan: one for each sub-task, in order, each with its share as parameters."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from pydantic import JsonValue

from refsys.chains.sentinel2.graphs import S2Graph, S2Task
from refsys.chains.sentinel2.step_table import Axis
from refsys.model.plans import Step, step_key
from refsys.model.products import InputRef

_IN_NAMES: dict[Axis, re.Pattern[str]] = {
    "band": re.compile(r"_B([0-9][0-9A])(?=[_./]|$)"),
    "ql_band": re.compile(r"_B([0-9][0-9A])(?=[_./]|$)"),
    "detector": re.compile(r"_D([0-9]{2})(?=[_./]|$)"),
}
"""How names of products and of files in them say band and detector (S2-PDGS-TAS-DI-PSD)."""


def steps_of(
    graph: S2Graph,
    inputs: Sequence[InputRef],
    *,
    processor: str,
    version: str,
    parameters: Mapping[str, JsonValue] | None = None,
    parameters_of: Callable[[S2Task, tuple[InputRef, ...]], dict[str, JsonValue]] | None = None,
    roles: Mapping[str, tuple[str, ...]] | None = None,
    outputs: Mapping[str, tuple[str, ...]] | None = None,
    before: tuple[str, ...] = (),
    part_of: str | None = None,
) -> tuple[Step, ...]:
    """Return a step for each sub-task of a graph; equal graphs over equal inputs have equal keys.

    Parameters
    ----------
    graph
        Sub-tasks and dependencies.
    inputs
        Inputs of the request. Those whose names say another band or detector than a sub-task's are left out, and so
        are files in them whose names say another detector.
    processor, version
        The unit that runs a sub-task.
    parameters
        The same for all, beside `mode`, `step` and `share` (elements by axis).
    parameters_of
        Instead of those: the parameters of a sub-task with its inputs.
    roles
        Roles of inputs that a step reads, by mode and step. One that is not named reads every input if it follows no
        other, else none: it reads what those left.
    outputs
        Product types that a step makes, by mode and step such as `L0/FORMAT_METADATA_DS_L0C`.
    before
        Keys of steps that every sub-task which follows no other follows.
    part_of
        Name of the chain's step that they take the place of.
    """
    keys: dict[str, str] = {}
    made = []
    for task in graph.tasks:
        own_before = tuple(keys[name] for name in graph.after[task.name])
        after = own_before or before
        read = _read(task, inputs, roles or {}, first=not own_before)
        own = parameters_of(task, read) if parameters_of else {**(parameters or {}), **_share(task)}
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
                part_of=part_of,
            )
        )
    return tuple(made)


def _read(
    task: S2Task, inputs: Sequence[InputRef], roles: Mapping[str, tuple[str, ...]], *, first: bool
) -> tuple[InputRef, ...]:
    named = roles.get(task.step_key)
    if named is None and not first:
        return ()
    found = (ref for ref in inputs if named is None or ref.role in named)
    return tuple(_narrowed(task, ref) for ref in found if _concerns(task, ref.name))


def _concerns(task: S2Task, name: str, axes: Sequence[Axis] = ("band", "ql_band", "detector")) -> bool:
    """Return whether a name says nothing of an axis that the sub-task has a share of, or says an element of it."""
    said = _said(name)
    return not any(axis in task.share and said[axis] and task.share[axis].isdisjoint(said[axis]) for axis in axes)


@lru_cache(maxsize=16384)
def _said(name: str) -> Mapping[Axis, frozenset[str]]:
    return {axis: frozenset(pattern.findall(name)) for axis, pattern in _IN_NAMES.items()}


def _narrowed(task: S2Task, ref: InputRef) -> InputRef:
    kept = tuple(asset for asset in ref.assets if _concerns(task, asset.path, ("detector",)))
    return ref if len(kept) == len(ref.assets) else ref.model_copy(update={"assets": kept})


def _share(task: S2Task) -> dict[str, JsonValue]:
    share: dict[str, JsonValue] = {axis: list[JsonValue](sorted(elements)) for axis, elements in task.share.items()}
    return {"mode": task.mode, "step": task.step, "share": share}
