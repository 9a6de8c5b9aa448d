"""What went into the products of a step: the steps before it, and all their inputs."""

from collections.abc import Mapping

from refsys.model.plans import Plan, Step
from refsys.model.products import InputRef


def line_of(
    step: Step, steps: Mapping[str, Step], of_graphs: Mapping[str, tuple[InputRef, ...]]
) -> tuple[list[Step], tuple[InputRef, ...]]:
    """Return the steps whose parameters say how a product of this one came to be, and the inputs that went into it.

    Of a graph of sub-tasks only the own parameters are told, and all inputs of the graph: its division and its inputs
    give the others, and hundreds of them would stand in every product.
    """
    if step.part_of is not None:
        return [step], of_graphs[step.part_of] if step.outputs else step.inputs
    line = [steps[key] for key in _ancestry(step, steps)]
    inputs = {(ref.role, ref.name): ref for before in line for ref in before.inputs}
    return [before for before in line if before.part_of is None], tuple(inputs.values())


def inputs_of_graphs(plan: Plan) -> dict[str, tuple[InputRef, ...]]:
    """Return the inputs of each graph, each with the most files that any of its sub-tasks reads of it."""
    found: dict[str, dict[tuple[str, str], InputRef]] = {}
    for step in plan.steps:
        if step.part_of is None:
            continue
        known = found.setdefault(step.part_of, {})
        for ref in step.inputs:
            other = known.get((ref.role, ref.name))
            if other is None or len(ref.assets) > len(other.assets):
                known[ref.role, ref.name] = ref
    return {name: tuple(refs.values()) for name, refs in found.items()}


def _ancestry(step: Step, steps: Mapping[str, Step]) -> list[str]:
    """Return the keys of all steps before this one, and its own, in the order of the plan."""
    wanted, todo = {step.key}, [step]
    while todo:
        for key in todo.pop().after:
            if key not in wanted:
                wanted.add(key)
                todo.append(steps[key])
    return [key for key in steps if key in wanted]
