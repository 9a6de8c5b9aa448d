"""What a simulated processor is given, and what it makes, before it has a name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from refsys.model.attributes import Attributes
from refsys.model.processors import JobFacts
from refsys.model.products import InputRef, Product


@dataclass(frozen=True)
class Run:
    """One run of a processor."""

    chain: str
    outputs: tuple[str, ...]
    main: Product
    """The first of its inputs: what the request is for."""
    inputs: tuple[InputRef, ...]
    job: JobFacts
    creation_time: datetime
    product: Callable[[str], Product]


@dataclass(frozen=True)
class MadeProduct:
    """One product."""

    type: str
    start: datetime
    stop: datetime
    attributes: Attributes
    figures: dict[str, JsonValue] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    """What else its name says."""
    name: str | None = None
    """None: by the rule of the mission."""
