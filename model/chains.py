"""A chain, as its YAML file says it."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, field_validator, model_validator

from refsys.model.graphs import GraphRule
from refsys.model.lookups import Policy
from refsys.model.plans import Resources
from refsys.model.values import Value

PRODUCT_TYPES = r"^[A-Za-z0-9_?]+$"
"""A product type, or several: `?` stands for any one character, as in `S?_RAW__0S`."""


def fits_type(pattern: str, product_type: str) -> bool:
    """Return whether a product type is one of those a pattern stands for.

    Examples
    --------
    >>> fits_type("S?_RAW__0S", "S3_RAW__0S"), fits_type("S?_RAW__0S", "IW_RAW__0S")
    (True, False)
    """
    same = (ours in ("?", theirs) for ours, theirs in zip(pattern, product_type, strict=False))
    return len(pattern) == len(product_type) and all(same)


def _may_be(one: str, other: str) -> bool:
    return len(one) == len(other) and all(a == b or "?" in (a, b) for a, b in zip(one, other, strict=True))


def is_variant(name: str, maker: str | None) -> bool:
    """Return whether a chain has this name, or this name with the mode of a variant appended."""
    return maker is not None and (maker == name or maker.startswith(f"{name}-"))


class TriggerRule(Value):
    """When the arrival of a product makes a request."""

    arrival: str = Field(description="Product type whose arrival triggers, for example `S3_SESSION`; see `fits_type`.")
    satellites: tuple[str, ...] = Field((), description="Only these; empty for any.")
    timeliness: tuple[str, ...] = Field((), description="Only products of these; empty for any, also unknown.")
    delay_s: float = Field(0.0, ge=0, description="How long after the arrival the request is first looked at.")
    names: str | None = Field(None, description="Only product names that match this regular expression (full match).")
    made_by: str | None = Field(None, description="Only products of the chain of exactly this name.")
    not_made_by: str | tuple[str, ...] | None = Field(
        None, description="No products of the chain of this name (or of these), or of its variants."
    )

    def takes_from(self, maker: str | None) -> bool:
        """Return whether products of a chain trigger; None for what came from outside.

        Examples
        --------
        >>> rule = TriggerRule(arrival="OL_1_EFR___", not_made_by="S3-PUG")
        >>> rule.takes_from("S3-OL1"), rule.takes_from("S3-PUG-NTC"), rule.takes_from(None)
        (True, False, True)
        """
        is_wanted = self.made_by is None or self.made_by == maker
        unwanted = (self.not_made_by,) if isinstance(self.not_made_by, str) else self.not_made_by or ()
        return is_wanted and not any(is_variant(name, maker) for name in unwanted)

    @field_validator("names")
    @classmethod
    def _names_is_an_expression(cls, names: str | None) -> str | None:
        try:
            re.compile(names or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return names


class Alternative(Value):
    """One way to fill an input: of the alternatives of an input, the first that finds enough wins."""

    types: tuple[str, ...] = Field(
        min_length=1, description="Product types, the first that is found wins; `trigger` and `rule` take `?`."
    )
    policy: Literal["trigger", "rule"] | Policy = Field(
        "trigger",
        description="`trigger`: what the request names; `rule`: what the chain's rule found; else from the catalogue.",
    )
    before_s: float = Field(0.0, description="T0: how much earlier than the interval the window starts.")
    after_s: float = Field(0.0, description="T1: how much later than the interval the window stops.")
    least: int = Field(1, ge=1, description="Fewer found is nothing found.")
    most: int | None = Field(None, ge=1, description="More found is nothing found.")

    @model_validator(mode="after")
    def _chosen_types_are_whole(self) -> "Alternative":
        if isinstance(self.policy, Policy) and any("?" in kind for kind in self.types):
            raise ValueError(f"policy {self.policy.value} needs whole product types, without ?")
        return self


class InputWait(Value):
    """How long an optional input is waited for: until both times are over."""

    after_acceptance_s: float = Field(0.0, ge=0, description="From when the request was made.")
    after_sensing_s: float = Field(0.0, ge=0, description="From the start of the sensing interval.")


class InputRule(Value):
    """One input of a chain and how it is chosen."""

    role: str
    alternatives: tuple[Alternative, ...] = Field((), description="In order of preference.")
    mandatory: bool = True
    modes: tuple[str, ...] = Field((), description="Only in these modes of the chain, such as `NRT`; empty: in any.")
    same_as: str | None = Field(None, description="Role whose products it takes as they are, instead of alternatives.")
    window: str = Field("sensing", description="What the margins widen: `sensing`, or an interval that the rule names.")
    wait: InputWait | None = Field(None, description="For an optional input; None: it is not waited for.")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, given: Any) -> Any:  # noqa: ANN401  (what YAML gave)
        """Take `types`, `policy`, margins and bounds beside the role as the only alternative."""
        if not isinstance(given, dict) or "types" not in given:
            return given
        if given.get("alternatives"):
            raise ValueError("give `types` or `alternatives`, not both")
        own = {key: given[key] for key in Alternative.model_fields if key in given}
        rest = {key: value for key, value in given.items() if key not in own}
        return {**rest, "alternatives": [own]}

    @model_validator(mode="after")
    def _has_one_source(self) -> "InputRule":
        if bool(self.alternatives) == (self.same_as is not None):
            raise ValueError(f"input {self.role!r} needs `types`, `alternatives` or `same_as`")
        return self

    @property
    def types(self) -> tuple[str, ...]:
        """The types of all alternatives, in order."""
        return tuple(kind for alternative in self.alternatives for kind in alternative.types)

    @property
    def policy(self) -> Literal["trigger", "rule"] | Policy | None:
        """The policy of the first alternative; None for an input that takes another's products."""
        return self.alternatives[0].policy if self.alternatives else None


class BlockRule(Value):
    """How a step's share of the main input follows from the input's figures; see `refsys.chains.blocks`."""

    figure: str = Field("segments", description="Figure of the main input that lists segments: lines, samples, bursts.")
    memory_bytes: int = Field(gt=0, description="Most memory that the samples of one block may take.")
    bytes_per_sample: float = Field(gt=0, description="Memory for each sample of a block, all copies together.")
    overlap_lines: int = Field(0, ge=0, description="Lines that a block needs besides its own.")


class StepRule(Value):
    """One processing step of a chain."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    unit: str = Field(pattern=r"^[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)?$", description="Name of a registered Python unit.")
    inputs: tuple[str, ...] = Field((), description="Roles it reads.")
    after: tuple[str, ...] = Field((), description="Names of steps whose outputs it reads.")
    per: str | None = Field(
        None,
        description="Figure of the main input whose elements make one step each, e.g. `channels`; or `blocks`, "
        "which the planner makes by the rule `blocks`.",
    )
    blocks: BlockRule | None = None
    graph: GraphRule | None = Field(None, description="Sub-tasks that may take its place.")
    parameters: dict[str, JsonValue] = {}
    outputs: tuple[Annotated[str, Field(pattern=PRODUCT_TYPES)], ...] = Field(
        (), description="Product types, one product each; one with `?` stands for one or more products of its types."
    )
    resources: Resources = Resources()
    memory_per_input_byte: float = Field(0.0, ge=0, description="Memory added for each byte of its inputs.")

    @model_validator(mode="after")
    def _blocks_have_a_rule(self) -> "StepRule":
        if (self.per == "blocks") != (self.blocks is not None):
            raise ValueError(f"step {self.name!r} must have `per: blocks` and `blocks` both, or neither")
        return self

    @model_validator(mode="after")
    def _graph_stands_alone(self) -> "StepRule":
        if self.graph is not None and self.per is not None:
            raise ValueError(f"step {self.name!r} has `graph` and `per`: give one of them")
        made = {kind for kinds in self.graph.outputs.values() for kind in kinds} if self.graph else set()
        if strange := sorted(kind for kind in made if not any(_may_be(own, kind) for own in self.outputs)):
            raise ValueError(f"step {self.name!r}: its graph makes {', '.join(strange)}, which `outputs` does not list")
        return self


class RuleChoice(Value):
    """Which main-input rule a chain has; see `refsys.chains.rules`."""

    name: str
    parameters: dict[str, JsonValue] = {}


class Chain(Value):
    """Name, version, trigger, inputs, steps and waiting rule of one processing chain."""

    name: str = Field(pattern=r"^[A-Z0-9][A-Z0-9-]*$")
    version: str
    title: str
    description: str = ""
    mode: str | None = Field(None, description="Mode that inputs may be bound to: `NRT`, `STC`, `NTC`, `SLICING`.")
    triggers: tuple[TriggerRule, ...] = ()
    rule: RuleChoice | None = Field(None, description="None: one request for each product that arrives.")
    inputs: tuple[InputRule, ...] = Field(min_length=1)
    steps: tuple[StepRule, ...] = Field(min_length=1)
    task_table: str | None = Field(
        None,
        description="The agency's task table: a path (with a slash; relative: beside the chain file), or a name in the "
        "folder of the setting `task_tables`, `?` for the satellite, as `TaskTable_S3?_OL1_06_17.xml`.",
    )
    longest_wait_h: float = Field(
        168.0, gt=0, description="Hours a request waits for mandatory inputs before it is EXPIRED."
    )

    @field_validator("steps")
    @classmethod
    def _names_are_unique(cls, steps: tuple[StepRule, ...]) -> tuple[StepRule, ...]:
        names = [step.name for step in steps]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"step names used twice: {', '.join(twice)}")
        return steps

    @model_validator(mode="after")
    def _references_exist(self) -> "Chain":
        roles = {rule.role for rule in self.inputs}
        before: set[str] = set()
        for step in self.steps:
            if unknown := sorted(set(step.inputs) - roles):
                raise ValueError(f"step {step.name!r} reads {', '.join(unknown)}, which no input declares")
            if unknown := sorted(set(step.after) - before):
                raise ValueError(f"step {step.name!r} follows {', '.join(unknown)}, which no step before it is called")
            before.add(step.name)
        if not self.outputs:
            raise ValueError("no step declares an output")
        return self

    @property
    def outputs(self) -> tuple[str, ...]:
        """Product types the chain makes, in order of its steps."""
        return tuple(output for step in self.steps for output in step.outputs)
