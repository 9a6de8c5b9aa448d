"""From a request and its inputs to a plan: pure, printable, with memory checked before anything starts."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic import JsonValue

from refsys.chains.blocks import divide
from refsys.chains.chain_files import per_parameter
from refsys.chains.processors.facts import FIELD, job_facts
from refsys.chains.selection import Selection
from refsys.chains.units import Unit, find_unit
from refsys.model.chains import Chain, StepRule, fits_type
from refsys.model.errors import PlanInvalid
from refsys.model.plans import Plan, Resources, Step, step_key
from refsys.model.products import InputRef
from refsys.model.requests import ProductionRequest
from refsys.model.values import canonical_json


def make_plan(request: ProductionRequest, chain: Chain, selection: Selection, creation_time: datetime) -> Plan:
    """Return the frozen graph of steps.

    Parameters
    ----------
    request
        What is wanted; its parameters override those of the chain's steps.
    chain
        How it is made.
    selection
        Complete inputs.
    creation_time
        Creation time of the products, to the second, as product names have it.

    Raises
    ------
    PlanInvalid
        If inputs are missing, or an override names no step.
    ConfigInvalid
        If a unit does not exist or refuses its parameters.
    """
    if selection.missing:
        raise PlanInvalid(f"inputs are missing: {', '.join(m.role for m in selection.missing)}", where=request.key)
    _check_overrides(request, chain)
    steps: list[Step] = []
    made: dict[str, tuple[str, ...]] = {}
    for rule in chain.steps:
        after = tuple(key for name in rule.after for key in made[name])
        if rule.graph is not None and rule.graph.active:
            own = list(_graph_steps(rule, request, selection, after))
        else:
            own = [_step(rule, request, selection, after, element) for element in _elements(rule, selection)]
        made[rule.name] = tuple(step.key for step in own)
        steps.extend(own)
    return Plan(
        request_key=request.key,
        chain=chain.name,
        chain_version=chain.version,
        creation_time=creation_time.replace(microsecond=0),
        steps=tuple(steps),
    )


def check_memory(plan: Plan, worker_memory_bytes: int) -> None:
    """Raise `PlanInvalid` if a step needs more memory than one worker has."""
    for step in plan.steps:
        if step.resources.memory_bytes > worker_memory_bytes:
            raise PlanInvalid(
                f"step {step.name} needs {step.resources.memory_bytes / 2**20:.0f} MiB, "
                f"a worker has {worker_memory_bytes / 2**20:.0f} MiB",
                where=plan.request_key,
                hint="raise `cluster.worker_memory_bytes` or lower `cluster.workers`",
            )


class _Element(NamedTuple):
    """What one step of a rule is for, and the memory that this takes beyond the rule's own."""

    name: str | None
    memory_bytes: int = 0


def _elements(rule: StepRule, selection: Selection) -> list[_Element]:
    """Return one entry for each step the rule makes."""
    if rule.per is None:
        return [_Element(None)]
    figures = selection.main.figures if selection.main else {}
    if rule.blocks is not None:
        name = selection.main.name if selection.main else None
        return [_Element(*block) for block in divide(figures.get(rule.blocks.figure), rule.blocks, where=name)]
    elements = figures.get(rule.per)
    if not isinstance(elements, list) or not elements:
        raise PlanInvalid(
            f"step {rule.name!r} is made per {rule.per}, which the main input does not list",
            where=selection.main.name if selection.main else None,
        )
    return [_Element(str(element)) for element in elements]


def _step(
    rule: StepRule, request: ProductionRequest, selection: Selection, after: tuple[str, ...], element: _Element
) -> Step:
    unit = find_unit(rule.unit)
    parameters = _parameters(rule, request.parameters)
    if element.name is not None and rule.per is not None:
        parameters[per_parameter(rule.per)] = element.name
    checked = _checked(unit, parameters)
    has_facts = FIELD in unit.parameters.model_fields and FIELD not in parameters
    if has_facts and (facts := job_facts(selection)) is not None:
        checked[FIELD] = facts.plain()
    inputs = tuple(ref for role in rule.inputs for ref in selection.chosen.get(role, ()))
    return Step.model_construct(  # of what is checked: as JSON values the parameters would be looked through once more
        key=step_key(rule.unit, unit.version, checked, inputs, after),
        name=rule.name if element.name is None else f"{rule.name} {element.name}",
        processor=rule.unit,
        processor_version=unit.version,
        parameters=checked,
        inputs=inputs,
        after=after,
        outputs=tuple(_wanted(output, request.product_type) for output in rule.outputs),
        resources=_resources(rule, inputs, element),
    )


def _graph_steps(
    rule: StepRule, request: ProductionRequest, selection: Selection, after: tuple[str, ...]
) -> tuple[Step, ...]:
    from refsys.chains.sentinel2.planned_graph import graph_steps  # noqa: PLC0415  (most plans have no graph)

    return graph_steps(
        rule,
        find_unit(rule.unit),
        [ref for role in rule.inputs for ref in selection.chosen.get(role, ())],
        parameters=_parameters(rule, request.parameters),
        facts=job_facts(selection),
        before=after,
    )


def _checked(unit: Unit[Any], parameters: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the parameters with defaults written out, so that a changed default is another key."""
    if "table" in parameters:
        plain: dict[str, JsonValue] = unit.check(parameters).plain()  # it reads the table's file, which may change
        return plain
    return dict(_written_out(unit, canonical_json(parameters)))


@lru_cache(maxsize=1000)
def _written_out(unit: Unit[Any], parameters: bytes) -> dict[str, JsonValue]:
    plain: dict[str, JsonValue] = unit.check(json.loads(parameters)).plain()
    return plain


def _wanted(output: str, product_type: str) -> str:
    """Return the type that the request wants where the output is a pattern that fits it, else the output."""
    return product_type if "?" in output and fits_type(output, product_type) else output


def _parameters(rule: StepRule, overrides: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    own = {name.partition(".")[2]: value for name, value in overrides.items() if name.partition(".")[0] == rule.name}
    return {**rule.parameters, **own}


def _check_overrides(request: ProductionRequest, chain: Chain) -> None:
    names = {rule.name for rule in chain.steps}
    owned = {f"{rule.name}.{per_parameter(rule.per)}" for rule in chain.steps if rule.per is not None}
    for override in request.parameters:
        if override in owned:
            raise PlanInvalid(
                f"parameter {override!r} is set by the planner, one step for each element", where=request.key
            )
        if override.partition(".")[0] not in names or "." not in override:
            raise PlanInvalid(
                f"parameter {override!r} is for no step of chain {chain.name}",
                where=request.key,
                hint=f"write <step>.<parameter> with a step of {', '.join(sorted(names))}",
            )


def _resources(rule: StepRule, inputs: tuple[InputRef, ...], element: _Element) -> Resources:
    input_bytes = sum(asset.size_bytes for ref in inputs for asset in ref.assets)
    memory = rule.resources.memory_bytes + round(rule.memory_per_input_byte * input_bytes) + element.memory_bytes
    return rule.resources.model_copy(update={"memory_bytes": memory})
