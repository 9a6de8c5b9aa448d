"""Chains whose processors are simulated: the same inputs, job orders and rules for outputs, and nothing computed."""

from collections.abc import Mapping

from pydantic import JsonValue

from refsys.model.chains import Chain, StepRule
from refsys.model.plans import Resources

UNIT = "processor.run"
_MEMORY_BYTES = 64 << 20
_OF_OTHER_KINDS = ("image", "eopf", "mounts", "secrets", "user", "shell", "quality")


def with_simulated_processors(chain: Chain, simulation: Mapping[str, JsonValue]) -> Chain:
    """Return a chain in which every step of the unit `processor.run` is simulated within its worker.

    Parameters
    ----------
    chain
        Any chain; steps of other units stay as they are.
    simulation
        Settings of the simulator (`refsys.chains.processors.simulator_settings`).
    """
    steps = tuple(_simulated(step, simulation) if step.unit == UNIT else step for step in chain.steps)
    return chain.model_copy(update={"steps": steps})


def _simulated(step: StepRule, simulation: Mapping[str, JsonValue]) -> StepRule:
    given = step.parameters.get("processor")
    processor = dict(given) if isinstance(given, dict) else {}
    kept = {key: value for key, value in processor.items() if key not in _OF_OTHER_KINDS}
    parameters = {**step.parameters, "processor": {**kept, "kind": "simulated", "simulation": dict(simulation)}}
    return step.model_copy(update={"parameters": parameters, "resources": Resources(memory_bytes=_MEMORY_BYTES)})
