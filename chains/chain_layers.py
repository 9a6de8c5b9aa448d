"""Where chains stand in a picture of who triggers whom: layers from left to right, few crossings.

Source: K. Sugiyama, S. Tagawa, M. Toda, Methods for Visual Understanding of Hierarchical System Structures, IEEE
Transactions on Systems, Man and Cybernetics 11 (1981): longest-path layers, order by barycentres.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean

from refsys.chains.relations import Relation

_SWEEPS = 12


def layers(names: Sequence[str], found: Sequence[Relation]) -> list[list[str]]:
    """Return the names in layers: each stands right of all that trigger it, feedback apart; order within is by eye.

    Parameters
    ----------
    names
        Of all chains.
    found
        Their relations; only those that trigger place a chain.
    """
    before: dict[str, set[str]] = {name: set() for name in names}
    for relation in found:
        inside = relation.maker in before and relation.taker in before
        if inside and relation.kind == "triggers" and relation.maker != relation.taker:
            before[relation.taker].add(relation.maker)
    depth: dict[str, int] = {}
    for name in names:
        _depth(name, before, depth, ())
    made: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in sorted(names):
        made[depth[name]].append(name)
    return _untangled(made, before)


def _depth(name: str, before: Mapping[str, set[str]], depth: dict[str, int], path: tuple[str, ...]) -> int:
    if name in path:
        return -1  # a loop: this way back places nothing
    if name not in depth:
        own = [_depth(other, before, depth, (*path, name)) for other in sorted(before[name])]
        depth[name] = 1 + max(own, default=-1)
    return depth[name]


def _untangled(made: list[list[str]], before: Mapping[str, set[str]]) -> list[list[str]]:
    after: dict[str, set[str]] = {name: set() for name in before}
    for name, others in before.items():
        for other in others:
            after[other].add(name)
    for sweep in range(_SWEEPS):
        neighbours = before if sweep % 2 == 0 else after
        for layer in made if sweep % 2 == 0 else reversed(made):
            place = {name: k / max(len(row), 1) for row in made for k, name in enumerate(row)}
            own = {name: fmean([place[n] for n in neighbours[name]] or [place[name]]) for name in layer}
            layer.sort(key=lambda name, own=own: (own[name], name))  # type: ignore[misc]
    return made
