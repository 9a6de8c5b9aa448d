"""Who triggers whom, who feeds whom, and what may be wrong between chains: pure over their values."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from refsys.model.chains import Chain, TriggerRule, fits_type
from refsys.model.values import Value


class Relation(Value):
    """A product type that one chain makes and another takes."""

    maker: str
    product_type: str
    taker: str
    kind: Literal["triggers", "feeds"]


def may_be(ours: str, theirs: str) -> bool:
    """Return whether two type patterns can stand for one and the same type.

    Examples
    --------
    >>> may_be("S?_RAW__0S", "??_RAW__0S"), may_be("S?_RAW__0S", "IW_RAW__0S")
    (True, False)
    """
    if "?" not in ours and "?" not in theirs:
        return ours == theirs
    same = (a == b or "?" in (a, b) for a, b in zip(ours, theirs, strict=False))
    return len(ours) == len(theirs) and all(same)


def relations(chains: Mapping[str, Chain]) -> list[Relation]:
    """Return every relation, in order of maker, type, taker; a type that triggers is not told as feeding too."""
    reads = {name: {kind for rule in chain.inputs for kind in rule.types} for name, chain in chains.items()}
    pairs = (
        _relation(maker, kind, taker, reads[taker.name])
        for maker in chains.values()
        for kind in dict.fromkeys(maker.outputs)
        for taker in chains.values()
    )
    found = [relation for relation in pairs if relation is not None]
    return sorted(found, key=lambda each: (each.maker, each.product_type, each.taker))


def _relation(maker: Chain, kind: str, taker: Chain, reads: set[str]) -> Relation | None:
    if any(may_be(kind, rule.arrival) and _may_fire(maker, rule) for rule in taker.triggers):
        return Relation(maker=maker.name, product_type=kind, taker=taker.name, kind="triggers")
    patterns = reads if "?" in kind else (wanted for wanted in reads if "?" in wanted)
    if kind in reads or any(may_be(kind, wanted) for wanted in patterns):
        return Relation(maker=maker.name, product_type=kind, taker=taker.name, kind="feeds")
    return None


def _may_fire(maker: Chain, rule: TriggerRule) -> bool:
    """Return whether products of a chain can be what a trigger wants; a chain without mode may make any timeliness."""
    if not rule.takes_from(maker.name):
        return False
    return not rule.timeliness or maker.mode not in ("NRT", "STC", "NTC") or maker.mode in rule.timeliness


def trigger_loops(chains: Mapping[str, Chain]) -> list[tuple[str, ...]]:
    """Return the sets of chains that trigger each other for ever, each in order of name.

    A chain that reads what it made before, without being triggered by it (calibration data that feed back), is none.
    """
    after: dict[str, set[str]] = {name: set() for name in chains}
    for relation in relations(chains):
        if relation.kind == "triggers":
            after[relation.maker].add(relation.taker)
    reach = {name: _reachable(name, after) for name in after}
    loops = {tuple(sorted(other for other in reach[name] if name in reach[other])) for name in after}
    return sorted(loop for loop in loops if loop)


def _reachable(start: str, after: Mapping[str, Iterable[str]]) -> set[str]:
    seen: set[str] = set()
    todo = list(after[start])
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(after[name])
    return seen


def input_types(chain: Chain) -> Iterator[str]:
    """Yield every product type that a chain is triggered by or reads, once."""
    types = [rule.arrival for rule in chain.triggers] + [kind for rule in chain.inputs for kind in rule.types]
    yield from dict.fromkeys(types)


def makers_of(product_type: str, chains: Mapping[str, Chain]) -> list[str]:
    """Return the names of the chains that make a type, or one that a pattern stands for."""
    return sorted(
        name
        for name, chain in chains.items()
        if any(may_be(product_type, made) or fits_type(made, product_type) for made in chain.outputs)
    )
