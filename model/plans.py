"""A plan: what will be computed, frozen before anything starts."""

from pydantic import Field, JsonValue, model_validator

from refsys.model.products import InputRef, Product
from refsys.model.values import UtcTime, Value, digest

MEMORY_RESOURCE = "memory_bytes"
"""Name under which workers declare their memory and steps ask for their share of it."""


class Resources(Value):
    """What one step needs while it runs."""

    memory_bytes: int = Field(256 << 20, gt=0)
    scratch_bytes: int = Field(0, ge=0)
    threads: int = Field(1, ge=1)


class Step(Value):
    """One unit of work: runs on one worker, writes a group of the workspace or files of products, returns a result."""

    key: str = Field(description="Digest of what it computes; see `step_key`.")
    name: str = Field(description="For people and the dashboard, for example `frames ch1`.")
    processor: str = Field(description="Name of a registered unit, for example `s3-l0-mwr.frames`.")
    processor_version: str
    parameters: dict[str, JsonValue] = {}
    inputs: tuple[InputRef, ...] = ()
    after: tuple[str, ...] = Field((), description="Keys of the steps whose outputs it reads.")
    outputs: tuple[str, ...] = Field((), description="Product types it makes; empty for an intermediate step.")
    resources: Resources = Resources()
    part_of: str | None = Field(None, description="The chain's step, of whose graph of sub-tasks this is one.")


def step_key(
    processor: str,
    version: str,
    parameters: dict[str, JsonValue],
    inputs: tuple[InputRef, ...],
    after: tuple[str, ...],
) -> str:
    """Return the key that names one step's output: 32 hexadecimal digits.

    Digest of processor, version, parameters, input digests with their roles, and the keys of the steps before it, which
    hold theirs. Names, assets' places and creation times are not part of it.
    """
    used: list[JsonValue] = [[ref.role, ref.product_type, ref.digest] for ref in inputs]
    return digest([processor, version, dict(parameters), used, list(after)])[:32]


class Plan(Value):
    """The frozen graph of steps of one request."""

    request_key: str
    chain: str
    chain_version: str
    creation_time: UtcTime = Field(description="Creation time of every product; a rerun under this plan repeats it.")
    steps: tuple[Step, ...]

    @model_validator(mode="after")
    def _steps_are_in_order(self) -> "Plan":
        seen: set[str] = set()
        for step in self.steps:
            if missing := set(step.after) - seen:
                raise ValueError(f"step {step.name!r} follows {sorted(missing)}, not planned before it")
            seen.add(step.key)
        return self

    @property
    def content_key(self) -> str:
        """What will be computed, whoever asked and whenever: requests with equal content keys are twins."""
        return digest([self.chain, self.chain_version, [step.key for step in self.steps]])[:32]

    @property
    def peak_memory_bytes(self) -> int:
        """Largest memory of any one step: what a worker must have."""
        return max(step.resources.memory_bytes for step in self.steps)


class StepResult(Value):
    """What a step returns: names, sizes, digests and timings, never arrays."""

    step_key: str
    name: str
    started_at: UtcTime
    ended_at: UtcTime
    worker: str
    reused: bool = Field(False, description="Whether a committed manifest was found, so that nothing was computed.")
    products: tuple[Product, ...] = Field((), description="Products in the temporary place, ready to publish.")
    figures: dict[str, JsonValue] = {}
    workspace: str | None = Field(
        None, description="Prefix in the store of the Zarr group it wrote; None if it wrote none."
    )
    peak_memory_bytes: int | None = None

    @property
    def seconds(self) -> float:
        """Duration of the step."""
        return (self.ended_at - self.started_at).total_seconds()
