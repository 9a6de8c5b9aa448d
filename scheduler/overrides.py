"""Inputs that a person chooses for one request: told with a name and a reason, kept in its history."""

from refsys.chains.selection import Override
from refsys.model.chains import Chain, fits_type
from refsys.model.errors import ConfigInvalid, PlanInvalid
from refsys.model.events import InputsOverridden
from refsys.model.requests import Change, RequestRecord
from refsys.scheduler.machine import transition
from refsys.scheduler.system import System


def override(
    system: System, record: RequestRecord, role: str, products: tuple[str, ...], *, by: str, reason: str
) -> RequestRecord:
    """Let the next preparation of a request take these products for an input.

    Parameters
    ----------
    system, record
        The home and the request.
    role
        Which input.
    products
        Names of products; empty to let the rules choose again.
    by, reason
        Who wants it and why; both stay in the history.

    Raises
    ------
    ConfigInvalid
        The chain has no such input, or there is no such chain.
    PlanInvalid
        A product is of a type that the input does not take, or no reason is given.
    ProductUnknown
        A product is not in the catalogue.
    InvalidTransition
        The request is planned or running: its inputs are frozen.
    """
    chain = system.chains.get(record.request.chain)
    if chain is None:
        raise ConfigInvalid(f"chain {record.request.chain} has no inputs to choose", where=record.key)
    _check(system, chain, role, products, reason)
    event = InputsOverridden(at=system.clock.now(), role=role, products=products, by=by, reason=reason)

    def change(now: RequestRecord) -> tuple[Change, InputsOverridden]:
        return transition(now, event, system.settings.ledger).change, event

    return system.ledger.force(record.key, change)


def overrides_of(system: System, record: RequestRecord) -> dict[str, Override]:
    """Return what persons chose for the inputs of a request, by role; the last word counts."""
    if record.reason is None and record.attempt == 0:
        return {}  # nothing has happened to it
    chosen: dict[str, Override] = {}
    for event in system.ledger.history(record.key):
        if not isinstance(event, InputsOverridden):
            continue
        chosen.pop(event.role, None)
        if event.products:
            chosen[event.role] = Override(products=event.products, by=event.by, at=event.at, reason=event.reason)
    return chosen


def _check(system: System, chain: Chain, role: str, products: tuple[str, ...], reason: str) -> None:
    rules = {rule.role: rule for rule in chain.inputs}
    if role not in rules:
        raise ConfigInvalid(f"chain {chain.name} has no input {role!r}", hint=f"it has {', '.join(rules)}")
    if not reason.strip():
        raise PlanInvalid("an input is not chosen by hand without a reason", where=role)
    source = rules[role]
    while source.same_as in rules and source.same_as != role:
        source = rules[source.same_as]
    for name in products:
        kind = system.catalogue.get(name).product_type
        if not any(fits_type(each, kind) for each in source.types):
            raise PlanInvalid(f"input {role} takes {' or '.join(source.types)}, not {kind}", where=name)
