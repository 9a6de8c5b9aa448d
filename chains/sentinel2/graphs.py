"""Graphs of Sentinel-2 sub-tasks: one for each request, with true dependencies, and the barriers they replace.

Requests: one L0U per session, then for each datastrip one L0C, one L1 (all of L1A, L1B and the L1C datastrip), one L1C
for each tile, one L2A datastrip, one L2A for each tile. A graph is built from two checked-in tables, the steps
(`step_table`) and what each reads (`edge_table`); nothing else decides.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from types import MappingProxyType
from typing import Literal

from pydantic import Field

from refsys.chains.sentinel2.edge_table import EDGES, S2Edge
from refsys.chains.sentinel2.splitting import BANDS, DETECTORS, QUICK_LOOK_BANDS, split_list
from refsys.chains.sentinel2.step_table import MEMORY_BYTES, STEPS, Axis, Length, S2Step
from refsys.model.plans import Resources
from refsys.model.values import Value

MOST_TASKS = 2000
"""No graph of one request may have more."""

S2Request = Literal["L0U", "L0C", "L1", "L1C-TILE", "L2A-DS", "L2A-TILE"]

_MODES: dict[S2Request, tuple[str, ...]] = {
    "L0U": ("L0U",),
    "L0C": ("L0", "OLQC_L0DS", "OLQC_L0GR"),
    "L1": ("L1A", "L1B", "OLQC_L1BDS", "L1BFormatGR", "OLQC_L1CDS"),
    "L1C-TILE": ("L1CTile", "OLQC_L1CTL"),
    "L2A-DS": ("L2A_DS",),
    "L2A-TILE": ("L2A_TL",),
}
_L1A_FORMAT = ("L1AFormatDS", "L1AFormatGR")

_LEVELS = {
    "INS-NOBS": ("L1B", "L1C", "L2A"),
    "INS-VIC": ("L1B", "L1C"),
    "INS-RAW": ("L1A", "L1B", "L1C", "L2A"),
    "INS-DASC": ("L1A",),
    "INS-ABSR": ("L1A",),
    "INS-EOBS": ("L1A",),
}


def levels_of(datatake_type: str) -> tuple[str, ...]:
    """Return the levels above L0 that a type of data take gives, such as `INS-NOBS`; none for an unknown type."""
    return _LEVELS.get(datatake_type, ())


class Datastrip(Value):
    """What the division of a datastrip depends on."""

    granules_per_detector: int = Field(16, ge=1, le=999, description="Scenes of about 3.6 s along the track.")
    reference_granules: int = Field(12, ge=0, description="Granules of the global reference image; 0: without it.")
    datatake_type: str = "INS-NOBS"


@dataclass(frozen=True)
class S2Task:
    """One sub-task: what the original ran as one process with its own job order."""

    name: str
    mode: str
    pool: int
    step: str
    length: Length
    resources: Resources
    share: Mapping[Axis, frozenset[str]]
    """Elements of each axis that it has; an axis that is absent is whole."""

    @property
    def step_key(self) -> str:
        """Mode and step, as the edge table names them."""
        return f"{self.mode}/{self.step}"


@dataclass(frozen=True)
class S2Graph:
    """Sub-tasks in an order that respects every dependency, and which of them each follows."""

    request: S2Request
    tasks: tuple[S2Task, ...]
    after: Mapping[str, tuple[str, ...]]


def request_modes(request: S2Request, strip: Datastrip) -> tuple[str, ...]:
    """Return the modes of the original that a request takes the place of, in their order."""
    if request != "L1":
        return _MODES[request]
    levels = levels_of(strip.datatake_type)
    modes: tuple[str, ...] = ("L1A",) if levels else ()
    if "L1A" in levels:
        modes += _L1A_FORMAT
    if "L1B" in levels:
        l1b = "L1B" if strip.reference_granules else "L1BNoGRI"
        modes += (l1b, *_MODES["L1"][2:])
    return modes


def graph_of(request: S2Request, strip: Datastrip | None = None) -> S2Graph:
    """Return the graph of one request; that of a tile is the same for every tile.

    Raises
    ------
    ValueError
        If the data take's type gives no product at this level, or the graph has more than `MOST_TASKS`.
    """
    return _graph(request, strip or Datastrip())


@lru_cache(maxsize=32)
def _graph(request: S2Request, strip: Datastrip) -> S2Graph:
    modes = request_modes(request, strip)
    if not modes:
        raise ValueError(f"data takes of type {strip.datatake_type!r} give nothing at {request}")
    tasks = tuple(task for mode in modes for step in STEPS if step.mode == mode for task in _sub_tasks(step, strip))
    if len(tasks) > MOST_TASKS:
        raise ValueError(f"{len(tasks)} tasks in one graph, at most {MOST_TASKS}")
    return S2Graph(request, tasks, MappingProxyType(dependencies(tasks, EDGES)))  # shared, so read-only


def dependencies(tasks: Iterable[S2Task], edges: Iterable[S2Edge]) -> dict[str, tuple[str, ...]]:
    """Return for each task the names of those it follows, in order of the tasks."""
    tasks = tuple(tasks)
    order = {task.name: number for number, task in enumerate(tasks)}
    by_step: dict[str, list[S2Task]] = defaultdict(list)
    for task in tasks:
        by_step[task.step_key].append(task)
    found: dict[str, set[str]] = {task.name: set() for task in tasks}
    for edge in edges:
        for consumer, producer in product(by_step.get(edge.consumer, ()), by_step.get(edge.producer, ())):
            if all(_shares(consumer, producer, axis) for axis in edge.axes):
                found[consumer.name].add(producer.name)
    return {name: tuple(sorted(before, key=order.__getitem__)) for name, before in found.items()}


def pools(tasks: Iterable[S2Task]) -> list[tuple[str, int, tuple[S2Task, ...]]]:
    """Return mode, number and tasks of every pool, in the original's order."""
    found: dict[tuple[str, int], list[S2Task]] = defaultdict(list)
    for task in tasks:
        found[task.mode, task.pool].append(task)
    return [(mode, pool, tuple(members)) for (mode, pool), members in found.items()]


def _shares(one: S2Task, other: S2Task, axis: Axis) -> bool:
    ours, theirs = one.share.get(axis), other.share.get(axis)
    return ours is None or theirs is None or not ours.isdisjoint(theirs)


def _sub_tasks(step: S2Step, strip: Datastrip) -> list[S2Task]:
    elements = _elements(strip)
    divided = [[(axis, part) for part in split_list(elements[axis], parts)] for axis, parts in step.axes]
    resources = Resources(memory_bytes=MEMORY_BYTES[step.mode])
    return [
        S2Task(
            name=" ".join([f"{step.mode}/{step.name}", *(_label(axis, part) for axis, part in shares)]),
            mode=step.mode,
            pool=step.pool,
            step=step.name,
            length=step.length,
            resources=resources,
            share={axis: frozenset(part) for axis, part in shares},
        )
        for shares in product(*divided)
    ]


def _elements(strip: Datastrip) -> dict[Axis, Sequence[str]]:
    return {
        "band": BANDS,
        "ql_band": QUICK_LOOK_BANDS,
        "detector": DETECTORS,
        "scene": [f"{number:03d}" for number in range(1, strip.granules_per_detector + 1)],
        "gri": [f"{number:03d}" for number in range(1, strip.reference_granules + 1)],
    }


_LETTERS: dict[Axis, str] = {"band": "B", "ql_band": "B", "detector": "D", "scene": "S", "gri": "G"}


def _label(axis: Axis, part: tuple[str, ...]) -> str:
    last = "" if len(part) == 1 else f"-{part[-1]}"
    return f"{_LETTERS[axis]}{part[0]}{last}"
