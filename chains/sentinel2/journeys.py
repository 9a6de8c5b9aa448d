"""The whole way of one datastrip as one network of sub-tasks, in three orders: true, by requests, with barriers.

`true`: each sub-task follows what it reads, also across requests. `requests`: the same within a request, and a request
starts when those before it have published. `barriers`: as the original ran, a pool of a mode after the pool before it
and a mode after the mode whose results it needs; modes that other workers ran beside each other stay beside each other.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from refsys.chains.sentinel2.graphs import Datastrip, S2Graph, S2Request, S2Task, graph_of, levels_of, pools

Order = Literal["true", "requests", "barriers"]

_MODE_BEFORE = {
    "L0": ("L0U",),
    "OLQC_L0DS": ("L0",),
    "OLQC_L0GR": ("OLQC_L0DS",),
    "L1A": ("OLQC_L0GR",),
    "L1AFormatDS": ("L1A",),
    "L1AFormatGR": ("L1AFormatDS",),
    "L1B": ("L1A",),
    "L1BNoGRI": ("L1A",),
    "OLQC_L1BDS": ("L1B", "L1BNoGRI"),
    "L1BFormatGR": ("OLQC_L1BDS",),
    "OLQC_L1CDS": ("L1B", "L1BNoGRI"),
    "L1CTile": ("L1B", "L1BNoGRI"),
    "OLQC_L1CTL": ("L1CTile",),
    "L2A_DS": ("OLQC_L1CDS", "OLQC_L1CTL"),
    "L2A_TL": ("L2A_DS",),
}
_REQUEST_BEFORE: dict[S2Request, S2Request] = {
    "L0C": "L0U",
    "L1": "L0C",
    "L1C-TILE": "L1",
    "L2A-DS": "L1C-TILE",
    "L2A-TILE": "L2A-DS",
}
# What a tile reads of the datastrip: its list and refined model, and of every detector what it projects.
_TILE_READS = {
    "TILE_INIT": ("GET_TILE_LIST", "FORMAT_METADATA_DS_L1B"),
    "GEN_ORTHO_TOA": ("GEO1B_FINALIZE", "RADIO_FINALIZE", "RADIO_AB"),
    "TILE_FINALIZE": ("FORMAT_METADATA_DS_L1B",),
}


@dataclass(frozen=True)
class Node:
    """A sub-task of a journey, or a barrier (no task, no slot, no time)."""

    name: str
    task: S2Task | None


@dataclass(frozen=True)
class Journey:
    """Nodes in an order that respects what each follows."""

    nodes: tuple[Node, ...]
    after: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class _Part:
    """One request of the journey; `label` goes before the names of its tasks."""

    label: str
    graph: S2Graph

    def name(self, task: str) -> str:
        return f"{self.label} {task}"

    @property
    def names(self) -> list[str]:
        return [self.name(task.name) for task in self.graph.tasks]


def journey_of(strip: Datastrip, tiles: int, order: Order, modes: Collection[str] | None = None) -> Journey:
    """Return the journey of one datastrip with a number of tiles; `modes` narrows it to some modes of the original."""
    parts = _parts(strip, tiles, modes)
    if order == "barriers":
        return _with_barriers(parts)
    after: dict[str, tuple[str, ...]] = {}
    by_request: dict[S2Request, list[_Part]] = defaultdict(list)
    for part in parts:
        by_request[part.graph.request].append(part)
        for task in part.graph.tasks:
            own = tuple(part.name(name) for name in part.graph.after[task.name])
            after[part.name(task.name)] = own + _outside(part, task, bool(own), by_request, order)
    return Journey(tuple(Node(part.name(task.name), task) for part in parts for task in part.graph.tasks), after)


def _parts(strip: Datastrip, tiles: int, modes: Collection[str] | None) -> list[_Part]:
    levels = levels_of(strip.datatake_type)
    wanted: list[tuple[S2Request, int]] = [("L0U", 1), ("L0C", 1)]
    wanted += [("L1", 1)] if levels else []
    wanted += [("L1C-TILE", tiles)] if "L1C" in levels else []
    wanted += [("L2A-DS", 1), ("L2A-TILE", tiles)] if "L2A" in levels else []
    parts = []
    for request, count in wanted:
        graph = _narrowed(graph_of(request, strip), modes)
        labels = [f"{request} {number:03d}" for number in range(1, count + 1)] if "TILE" in request else [request]
        parts += [_Part(label, graph) for label in labels if graph.tasks]
    return parts


def _narrowed(graph: S2Graph, modes: Collection[str] | None) -> S2Graph:
    if modes is None:
        return graph
    tasks = tuple(task for task in graph.tasks if task.mode in modes)
    kept = {task.name for task in tasks}
    return S2Graph(graph.request, tasks, {name: tuple(kept.intersection(graph.after[name])) for name in kept})


def _outside(
    part: _Part, task: S2Task, has_own: bool, known: Mapping[S2Request, list[_Part]], order: Order
) -> tuple[str, ...]:
    """Return the tasks of other requests that a task follows."""
    request = part.graph.request
    before = known.get(_REQUEST_BEFORE.get(request, request), []) if request in _REQUEST_BEFORE else []
    if order == "true" and request == "L1C-TILE":
        return tuple(
            source.name(other.name)
            for source in before
            for other in source.graph.tasks
            if other.step in _TILE_READS.get(task.step, ()) and _same_band(task, other)
        )
    if has_own:
        return ()
    found = [name for source in before for name in source.names]
    if request == "L2A-DS" and order == "true":
        found += [source.name(t.name) for source in known["L1"] for t in source.graph.tasks if t.mode == "OLQC_L1CDS"]
    return tuple(found)


def _same_band(one: S2Task, other: S2Task) -> bool:
    ours, theirs = one.share.get("band"), other.share.get("band")
    return ours is None or theirs is None or not ours.isdisjoint(theirs)


def _with_barriers(parts: list[_Part]) -> Journey:
    nodes: list[Node] = []
    after: dict[str, tuple[str, ...]] = {}
    ends: dict[str, list[str]] = defaultdict(list)
    for part in parts:
        opened: dict[str, str] = {}
        for mode, pool, tasks in pools(part.graph.tasks):
            gate = f"{part.label} {mode} pool {pool}"
            same = [opened[before] for before in _MODE_BEFORE.get(mode, ()) if before in opened]
            others = [name for before in _MODE_BEFORE.get(mode, ()) for name in ends[before]]
            after[gate] = (opened[mode],) if mode in opened else tuple(same or others)
            names = tuple(part.name(task.name) for task in tasks)
            after |= dict.fromkeys(names, (gate,))
            end = f"{gate} end"
            after[end] = names
            nodes += [Node(gate, None), *(Node(part.name(task.name), task) for task in tasks), Node(end, None)]
            opened[mode] = end
        for mode, end in opened.items():
            ends[mode].append(end)
    return Journey(tuple(nodes), after)
