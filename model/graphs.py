"""How a step of a chain is planned as a graph of sub-tasks instead of as one."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from refsys.model.values import Value


class GraphRule(Value):
    """A graph that may take the place of a step; a home says for which chains it does (setting `graphs`)."""

    maker: Literal["s2"] = Field(description="Who knows the graph: `s2`, see `refsys.chains.sentinel2.graphs`.")
    request: str = Field(description="Which of the maker's graphs: `L0C`, `L1`, `L1C-TILE`, ...")
    command: tuple[str, ...] = Field(
        min_length=1, description="What runs a sub-task; `{mode}` and `{step}` stand for its own."
    )
    outputs: dict[str, tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_?]+$")], ...]] = Field(
        min_length=1, description="Product types that a sub-task makes, by mode and step; all others make none."
    )
    settings: dict[str, JsonValue] = Field({}, description="What the division depends on, such as reference_granules.")
    active: bool = Field(False, description="Whether the graph is planned; else the step as it stands.")
