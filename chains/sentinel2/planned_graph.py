"""The plan of a chain's step as a graph of sub-tasks, each a run of the processor's command for its own share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import JsonValue, ValidationError

from refsys.chains.processors.facts import FIELD
from refsys.chains.sentinel2.aux_table import READS
from refsys.chains.sentinel2.graph_steps import steps_of
from refsys.chains.sentinel2.graphs import Datastrip, S2Graph, S2Task, graph_of
from refsys.chains.units import Unit
from refsys.model.chains import StepRule
from refsys.model.errors import ConfigInvalid, PlanInvalid
from refsys.model.graphs import GraphRule
from refsys.model.plans import Step
from refsys.model.processors import JobFacts
from refsys.model.products import InputRef
from refsys.model.values import digest

_TOLD = {"DATATAKE_TYPE": "datatake_type", "GRANULES_PER_DETECTOR": "granules_per_detector"}
"""Parameters of the main-input rules that a division depends on."""

_Parameters = dict[str, JsonValue]


def graph_steps(
    rule: StepRule,
    unit: Unit[Any],
    inputs: Sequence[InputRef],
    *,
    parameters: Mapping[str, JsonValue],
    facts: JobFacts | None,
    before: tuple[str, ...] = (),
) -> tuple[Step, ...]:
    """Return the sub-tasks that take the place of a step whose `graph` is one of Sentinel-2.

    Parameters
    ----------
    rule
        The step; its `graph` says which.
    unit
        What runs a sub-task: `processor.run`, or a unit whose parameters have `processor` and `recipe` like it.
    inputs
        Inputs of the step. A sub-task gets those that its table names, narrowed to its own bands and detectors.
    parameters
        Of the step, overrides included. A sub-task has one task, the command of the graph, and in its job order the
        dynamic parameters MODE, STEP, RUN (the same for all of equal inputs, and for no others), BANDS, DETECTORS,
        SCENES, REFERENCES (of its share).
    facts
        What the planner knows, such as the type of the data take; a sub-task gets the times of its own inputs.
    before
        Keys of steps that come before all of them.

    Raises
    ------
    ConfigInvalid
        If graph, step or settings are none that there are.
    PlanInvalid
        If the data take gives nothing at this level.
    """
    if rule.graph is None:
        raise ConfigInvalid("the step has no graph", where=rule.name)
    graph = _graph(rule.graph, facts, rule.name)
    unknown = sorted(set(rule.graph.outputs) - known_steps(rule.graph))
    if unknown:
        raise ConfigInvalid(f"graph {rule.graph.request} has no {', '.join(unknown)}", where=rule.name)
    return steps_of(
        graph,
        inputs,
        processor=rule.unit,
        version=unit.version,
        parameters_of=_maker(rule.graph, unit, dict(parameters), facts, _run_id(inputs)),
        roles=READS,
        outputs=rule.graph.outputs,
        before=before,
        part_of=rule.name,
    )


def known_steps(graph: GraphRule) -> set[str]:
    """Return mode and step of all that a graph may have, whatever the data take (`ConfigInvalid` if there is none)."""
    strips = [
        Datastrip(datatake_type="INS-RAW"),
        Datastrip(datatake_type="INS-RAW", reference_granules=0),
    ]
    try:
        return {task.step_key for strip in strips for task in graph_of(graph.request, strip).tasks}  # type: ignore[arg-type]
    except KeyError as error:
        raise ConfigInvalid(f"no graph of Sentinel-2 is called {graph.request!r}", where="graph") from error


def _graph(rule: GraphRule, facts: JobFacts | None, where: str) -> S2Graph:
    known_steps(rule)
    told = {_TOLD[name]: text for name, text in (facts.parameters if facts else {}).items() if name in _TOLD}
    try:
        strip = Datastrip.model_validate({**rule.settings, **told})
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigInvalid(f"graph: {'.'.join(map(str, first['loc']))}: {first['msg']}", where=where) from error
    try:
        return graph_of(rule.request, strip)  # type: ignore[arg-type]  # known_steps has refused all others
    except ValueError as error:
        raise PlanInvalid(str(error), where=where) from error


def _maker(
    graph: GraphRule, unit: Unit[Any], given: _Parameters, facts: JobFacts | None, run: str
) -> Callable[[S2Task, tuple[InputRef, ...]], _Parameters]:
    """Return what makes the parameters of a sub-task; the unit checks them once for each step, not for each share."""
    checked: dict[str, _Parameters] = {}

    def parameters_of(task: S2Task, inputs: tuple[InputRef, ...]) -> _Parameters:
        if task.step_key not in checked:
            checked[task.step_key] = unit.check(_of_step(graph, given, task)).plain()
        own = dict(checked[task.step_key])
        recipe = own["recipe"]
        if isinstance(recipe, dict):
            own["recipe"] = {**recipe, "parameters": {**_mapping(recipe.get("parameters")), "RUN": run, **_told(task)}}
        if facts is not None and FIELD in own:
            names = {ref.name for ref in inputs}
            kept = {name: times for name, times in facts.intervals.items() if name in names}
            own[FIELD] = facts.model_copy(update={"intervals": kept}).plain()
        return own

    return parameters_of


def _of_step(graph: GraphRule, given: _Parameters, task: S2Task) -> _Parameters:
    command: list[JsonValue] = [part.format(mode=task.mode, step=task.step) for part in graph.command]
    pools: list[JsonValue] = [{"tasks": [{"name": task.step, "command": command}]}]
    processor = {**_mapping(given.get("processor")), "pools": pools}
    return {**given, "processor": processor, "recipe": {**_mapping(given.get("recipe"))}}


_SHARES = {"band": "BANDS", "ql_band": "BANDS", "detector": "DETECTORS", "scene": "SCENES", "gri": "REFERENCES"}


def _told(task: S2Task) -> _Parameters:
    shares: _Parameters = {_SHARES[axis]: "-".join(sorted(elements)) for axis, elements in task.share.items()}
    return {"MODE": task.mode, "STEP": task.step, **shares}


def _run_id(inputs: Sequence[InputRef]) -> str:
    used: list[JsonValue] = [[ref.role, ref.digest] for ref in inputs]
    return digest(used)[:16]


def _mapping(value: JsonValue) -> _Parameters:
    return dict(value) if isinstance(value, dict) else {}
