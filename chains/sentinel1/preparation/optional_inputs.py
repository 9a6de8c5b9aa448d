"""Waiting for an optional input of a chain, for a time that the timeliness of the slice says."""

from datetime import timedelta

from pydantic import Field

from refsys.chains.rules import Awaited, Moment, RuleView
from refsys.model.attributes import Timeliness
from refsys.model.chains import Alternative, Chain, InputRule
from refsys.model.errors import ConfigInvalid
from refsys.model.lookups import Lookup, Policy
from refsys.model.products import Product
from refsys.model.requests import MissingInput
from refsys.model.values import UtcTime, Value


class OptionalWait(Value):
    """How long an optional input is waited for: until both times are over; then the processor starts without it."""

    role: str = Field(description="Role of the chain's input.")
    timeliness: tuple[Timeliness, ...] = Field((), description="Only slices of these; empty for any, also unknown.")
    after_acceptance_s: float = Field(0.0, ge=0, description="From when the request was made.")
    after_sensing_s: float = Field(0.0, ge=0, description="From the start of the slice.")

    def is_for(self, timeliness: str | None) -> bool:
        """Return whether slices of a timeliness wait."""
        return not self.timeliness or timeliness in self.timeliness


def awaited_input(
    wait: OptionalWait,
    chain: Chain,
    view: RuleView,
    moment: Moment,
    *,
    slice_of: Product,
    segment: tuple[UtcTime, UtcTime],
) -> Awaited | None:
    """Return what is awaited of an input that the catalogue cannot fill yet; None if it can, or time is over.

    Raises
    ------
    ConfigInvalid
        If the chain has no such input, or none that is chosen from the catalogue.
    """
    rule = next((rule for rule in chain.inputs if rule.role == wait.role), None)
    if rule is None or not all(isinstance(each.policy, Policy) for each in rule.alternatives):
        raise ConfigInvalid(f"no input {wait.role!r} is chosen from the catalogue", where=f"chain {chain.name}")
    until = max(
        moment.accepted_at + timedelta(seconds=wait.after_acceptance_s),
        slice_of.start + timedelta(seconds=wait.after_sensing_s),
    )
    if moment.now >= until:
        return None
    window = segment if rule.window == "segment" else (slice_of.start, slice_of.stop)
    lookups = _lookups(rule, slice_of.satellite, window)
    if any(len(view.select(lookup)) >= least for lookup, least in lookups):
        return None
    lacks = tuple(
        MissingInput(
            role=wait.role,
            product_type=lookup.product_type,
            satellite=lookup.satellite,
            start=lookup.start,
            stop=lookup.stop,
        )
        for lookup, _ in lookups
    )
    return Awaited(missing=lacks, until=until, reason=f"optional input {wait.role}")


def _lookups(rule: InputRule, satellite: str, window: tuple[UtcTime, UtcTime]) -> list[tuple[Lookup, int]]:
    """Return the questions that fill an input, in order, each with how many products must be found."""
    return [(_lookup(each, kind, satellite, window), each.least) for each in rule.alternatives for kind in each.types]


def _lookup(given: Alternative, kind: str, satellite: str, window: tuple[UtcTime, UtcTime]) -> Lookup:
    return Lookup(
        policy=Policy(given.policy),
        product_type=kind,
        satellite=satellite,
        start=window[0] - timedelta(seconds=given.before_s),
        stop=window[1] + timedelta(seconds=given.after_s),
    )
