"""Main-input rules: what the arrival of a product asks for, and when the main inputs of a request are complete.

A chain file names one rule with its parameters (`rule: {name: s1-segments, nominal_h: 36}`). A rule is pure over a view
of the catalogue and the time it is told: it may be asked again at any time and must answer from what is there, so
that the answer at a deadline does not depend on the order in which things arrived.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol, TypeVar

from pydantic import Field, ValidationError

from refsys.model.chains import Chain
from refsys.model.errors import ConfigInvalid
from refsys.model.lookups import Lookup
from refsys.model.products import Product
from refsys.model.requests import MissingInput, ProductionRequest
from refsys.model.values import UtcTime, Value


class RuleView(Protocol):
    """The questions a rule asks of the catalogue. Products come in order of start, then name."""

    def get(self, name: str) -> Product:
        """Return the product of this name (`ProductUnknown`)."""
        ...

    def select(self, lookup: Lookup) -> list[Product]:
        """Return what a policy chooses, in order of start, creation, name; empty if nothing fits."""
        ...

    def touching(self, types: Sequence[str], satellite: str | None, start: datetime, stop: datetime) -> list[Product]:
        """Return the products of whole types with start < `stop` and stop > `start` (an instant at its own time)."""
        ...

    def by_data_take(self, types: Sequence[str], satellite: str | None, data_take_id: str) -> list[Product]:
        """Return the products of whole types with this data take."""
        ...

    def by_orbit(self, types: Sequence[str], satellite: str | None, absolute_orbit: int) -> list[Product]:
        """Return the products of whole types whose absolute orbit at the start is this."""
        ...


class MainInputs(Value):
    """Complete main inputs: what the auxiliary selection and the job order go on with."""

    products: dict[str, tuple[Product, ...]] = Field(description="By role of the chain's inputs of policy `rule`.")
    start: UtcTime = Field(description="Start of the interval that auxiliary inputs must fit.")
    stop: UtcTime
    satellite: str
    sensing: tuple[UtcTime, UtcTime] | None = Field(None, description="Sensing time of the job order; None: as above.")
    windows: dict[str, tuple[UtcTime, UtcTime]] = Field(
        {}, description="Intervals for inputs whose rule names one, such as `segment`."
    )
    instrument_configuration_id: int | None = None
    polarisation: str | None = None
    timeliness: str | None = None
    parameters: dict[str, str] = Field({}, description="Dynamic processing parameters, by name.")
    reason: str = Field(description="Why they are complete, in words.")
    incomplete: bool = Field(False, description="Whether a deadline made them complete: something stayed away.")


class Awaited(Value):
    """What is not there yet."""

    missing: tuple[MissingInput, ...] = Field(min_length=1, description="The arrival of any of these asks again.")
    until: UtcTime | None = Field(None, description="When the rule decides with what is there; None: it only waits.")
    reason: str


class Discarded(Value):
    """Nothing is to be made; the request ends as CANCELLED with this reason."""

    reason: str


class Moment(Value):
    """When a rule is asked: everything it may know about time."""

    now: UtcTime
    accepted_at: UtcTime = Field(description="When the request was made.")


class MainRule(Protocol):
    """One rule, made with the parameters of a chain."""

    def requests(self, product: Product, chain: Chain, view: RuleView, now: datetime) -> list[ProductionRequest]:
        """Return what the arrival of a product that triggers the chain asks for; the same wish has the same key."""
        ...

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        """Return the main inputs of a request, what they lack, or why nothing is to be made."""
        ...


R = TypeVar("R", bound=type[Any])

RULES: dict[str, type[Any]] = {}
_MODULES = {f"s{mission}": f"refsys.chains.sentinel{mission}.rules" for mission in (1, 2, 3)}


def rule(name: str) -> Callable[[R], R]:
    """Register a class as the rule `name`: a `Value`, its parameters the fields, with the methods of `MainRule`."""

    def register(cls: R) -> R:
        RULES[name] = cls
        return cls

    return register


def make_rule(name: str, parameters: dict[str, Any], *, where: str) -> MainRule:
    """Return the rule of a name with its parameters (`ConfigInvalid` for an unknown name or a bad parameter).

    `s3-margin` is looked for in `refsys.chains.sentinel3.rules`.
    """
    module = _MODULES.get(name.partition("-")[0])
    if name not in RULES and module is not None:
        import_module(module)
    if name not in RULES:
        raise ConfigInvalid(f"no rule {name!r}", where=where, hint=f"there are {', '.join(sorted(RULES))}")
    try:
        made: MainRule = RULES[name].model_validate(parameters)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigInvalid(f"rule {name}: parameter {place}: {first['msg']}", where=where) from error
    return made
