"""What may be wrong with a chain beyond its form: types nobody knows, policies that cannot work, loops, times.

Every finding is a sentence that says what to mend. Types are those of `refsys.model.product_types`.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from refsys.chains.chain_files import check_units
from refsys.chains.relations import input_types, makers_of, may_be, trigger_loops
from refsys.chains.rules import make_rule
from refsys.model.chains import Chain, InputRule, fits_type
from refsys.model.errors import ConfigInvalid, RefsysError
from refsys.model.product_types import FAMILIES

_ALIKE = 0.9
"""Part of two types' characters that may agree before they are taken for one."""

_KNOWN = {kind for types in FAMILIES.values() for kind in types}


def findings(chain: Chain, chains: Mapping[str, Chain]) -> list[str]:
    """Return what is wrong with a chain among others (`chains` may hold it); empty if nothing is."""
    around = {**chains, chain.name: chain}
    return [*_of_one(chain, around), *_of_loops(chain, trigger_loops(around))]


def findings_of_all(chains: Mapping[str, Chain]) -> dict[str, list[str]]:
    """Return what is wrong with each of the chains, by name."""
    loops = trigger_loops(chains)
    return {name: [*_of_one(chain, chains), *_of_loops(chain, loops)] for name, chain in chains.items()}


def _of_one(chain: Chain, chains: Mapping[str, Chain]) -> Iterator[str]:
    yield from _of_units(chain)
    yield from _of_inputs(chain)
    yield from _of_rule(chain)
    yield from _of_types(chain, chains)


def _of_units(chain: Chain) -> Iterator[str]:
    try:
        check_units(chain)
    except RefsysError as error:
        yield str(error)


def _of_types(chain: Chain, chains: Mapping[str, Chain]) -> Iterator[str]:
    for kind in input_types(chain):
        if not _is_known(kind) and not makers_of(kind, chains):
            yield f"input type {kind} is in no catalogue and no chain makes it: mend the type, or add its maker"
    for kind in chain.outputs:
        # A type of the chain's own is lawful; one that is nearly a known one is a slip of the pen.
        if not _is_known(kind) and (near := get_close_matches(kind, _KNOWN, n=1, cutoff=_ALIKE)):
            yield f"output type {kind} is not catalogued, {near[0]} is: mend it, or choose a name less like it"


def _is_known(kind: str) -> bool:
    return any(fits_type(kind, each) for each in _KNOWN) if "?" in kind else kind in _KNOWN


def _of_inputs(chain: Chain) -> Iterator[str]:
    used = [rule for rule in chain.inputs if not rule.modes or chain.mode in rule.modes]
    roles = {rule.role: rule for rule in used}
    if len(roles) != len(used):
        yield "two inputs of one mode have the same role: give each its own"
    for rule in chain.inputs:
        yield from _of_input(chain, rule, roles)
    arrivals = [rule.arrival for rule in chain.triggers]
    mains = [kind for rule in chain.inputs if rule.policy in ("trigger", "rule") for kind in rule.types]
    for arrival in arrivals if chain.rule is None else []:
        if not any(may_be(arrival, kind) for kind in mains):
            yield f"the arrival of {arrival} triggers, but no input of policy `trigger` takes it"


def _of_input(chain: Chain, rule: InputRule, roles: Mapping[str, InputRule]) -> Iterator[str]:
    if rule.same_as is not None and (rule.same_as == rule.role or rule.same_as not in roles):
        yield f"input {rule.role} takes the products of {rule.same_as}, which is no other input"
    for each in rule.alternatives:
        if each.most is not None and each.most < each.least:
            yield f"input {rule.role} wants at least {each.least} and at most {each.most} products: swap them"
        if each.policy == "rule" and chain.rule is None:
            yield f"input {rule.role} is chosen by the chain's rule, and the chain has none: add `rule:`"
    if rule.wait is None:
        return
    if rule.mandatory:
        yield f"input {rule.role} is mandatory: it is waited for anyway, for `longest_wait_h`; leave `wait` out"
    longest_s = 3600 * chain.longest_wait_h
    if max(rule.wait.after_acceptance_s, rule.wait.after_sensing_s) > longest_s:
        yield f"input {rule.role} is waited for longer than the request may wait ({longest_s:.0f} s)"


def _of_rule(chain: Chain) -> Iterator[str]:
    if chain.rule is None:
        return
    try:
        make_rule(chain.rule.name, dict(chain.rule.parameters), where=chain.name)
    except ConfigInvalid as error:
        yield str(error)
    if not any(each.policy == "rule" for rule in chain.inputs for each in rule.alternatives):
        yield f"rule {chain.rule.name} chooses inputs, but no input has policy `rule`"


def _of_loops(chain: Chain, loops: Sequence[tuple[str, ...]]) -> Iterator[str]:
    for loop in loops:
        if chain.name in loop:
            yield f"what it makes triggers it again, through {', '.join(loop)}: read it without `triggers`"
