"""How long a journey takes on a number of slots: list scheduling in virtual time, and its lower bounds.

List scheduling: whenever a slot is free, the first task of the list whose predecessors have ended starts. Its makespan
is at most 2 - 1/slots times the shortest one possible. Taking dependencies away may make a given list slower, but never
beyond that bound (R. L. Graham, Bounds on Multiprocessing Timing Anomalies, SIAM J. Appl. Math. 17, 1969).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from math import exp, log
from typing import Literal

import numpy as np

from refsys.chains.sentinel2.journeys import Journey, Node
from refsys.chains.sentinel2.step_table import Length

Distribution = Literal["equal", "lognormal", "classes"]

MEDIAN_S: dict[Length, float] = {"tiny": 5.0, "short": 20.0, "medium": 60.0, "long": 240.0}
"""Assumed median time of a sub-task by its length in the step table. No measured times of the real steps are public."""

SIGMA = 0.5
"""Standard deviation of the natural logarithm of times: 5 % of them are above 2.3 times the median."""

EQUAL_S = 60.0


def describe(distribution: Distribution) -> str:
    """Return the distribution of times in words."""
    if distribution == "equal":
        return f"every sub-task {EQUAL_S:g} s"
    if distribution == "lognormal":
        return f"every sub-task log-normal, median {EQUAL_S:g} s, sigma of the logarithm {SIGMA:g}"
    medians = ", ".join(f"{length} {seconds:g} s" for length, seconds in MEDIAN_S.items())
    return f"log-normal, sigma of the logarithm {SIGMA:g}, median by length of the step: {medians}"


def draw_seconds(nodes: tuple[Node, ...], distribution: Distribution, seed: int) -> dict[str, float]:
    """Return the time of every node in seconds, 0 for barriers; the same task has the same time in every order."""
    tasks = sorted((node.name, node.task) for node in nodes if node.task is not None)
    factors = np.random.default_rng(seed).normal(0.0, SIGMA, len(tasks))
    seconds = dict.fromkeys((node.name for node in nodes), 0.0)
    for (name, task), factor in zip(tasks, factors, strict=True):
        median = MEDIAN_S[task.length] if distribution == "classes" else EQUAL_S
        seconds[name] = EQUAL_S if distribution == "equal" else exp(log(median) + float(factor))
    return seconds


@dataclass(frozen=True)
class Schedule:
    """When each node starts and ends, seconds from the start, and the slot it runs on (-1: none, a barrier)."""

    start_s: Mapping[str, float]
    end_s: Mapping[str, float]
    slot: Mapping[str, int]

    @property
    def makespan_s(self) -> float:
        """When the last task ends."""
        return max(self.end_s.values(), default=0.0)


class _Run:
    """State of one simulation; the list is the order of the journey's nodes."""

    def __init__(self, journey: Journey, seconds: Mapping[str, float], slots: int) -> None:
        self.nodes = journey.nodes
        self.place = {node.name: number for number, node in enumerate(journey.nodes)}
        self.seconds = seconds
        self.free = list(range(slots))
        self.lacks = [len(journey.after.get(node.name, ())) for node in journey.nodes]
        self.followers: dict[int, list[int]] = defaultdict(list)
        for name, before in journey.after.items():
            for other in before:
                self.followers[self.place[other]].append(self.place[name])
        self.ready: list[int] = []
        self.running: list[tuple[float, int]] = []
        self.start_s: dict[str, float] = {}
        self.end_s: dict[str, float] = {}
        self.slot: dict[str, int] = {}

    def wake(self, number: int, now: float) -> None:
        """Take a node whose predecessors have all ended: a barrier ends at once, a task waits for a slot."""
        waiting = [number]
        while waiting:
            one = waiting.pop()
            if self.nodes[one].task is not None:
                heappush(self.ready, one)
                continue
            self._note(one, now, now, -1)
            waiting += self._released(one)

    def start_ready(self, now: float) -> None:
        """Start tasks in order of the list while there are free slots."""
        while self.ready and self.free:
            number, slot = heappop(self.ready), heappop(self.free)
            end = now + self.seconds[self.nodes[number].name]
            self._note(number, now, end, slot)
            heappush(self.running, (end, number))

    def end_next(self) -> float:
        """End every task that ends next and return that time."""
        now = self.running[0][0]
        while self.running and self.running[0][0] == now:
            _, number = heappop(self.running)
            heappush(self.free, self.slot[self.nodes[number].name])
            for other in self._released(number):
                self.wake(other, now)
        return now

    def _released(self, number: int) -> list[int]:
        free = []
        for other in self.followers.get(number, ()):
            self.lacks[other] -= 1
            if self.lacks[other] == 0:
                free.append(other)
        return free

    def _note(self, number: int, start: float, end: float, slot: int) -> None:
        name = self.nodes[number].name
        self.start_s[name], self.end_s[name], self.slot[name] = start, end, slot


def simulate(journey: Journey, seconds: Mapping[str, float], slots: int) -> Schedule:
    """Return when everything runs on so many slots, each for one task at a time.

    Raises
    ------
    ValueError
        If there is no slot, or tasks wait for each other in a circle.
    """
    if slots < 1:
        raise ValueError(f"{slots} slots, must be at least 1")
    run = _Run(journey, seconds, slots)
    for number in [number for number, lacks in enumerate(run.lacks) if lacks == 0]:
        run.wake(number, 0.0)
    run.start_ready(0.0)
    while run.running:
        run.start_ready(run.end_next())
    if len(run.end_s) != len(journey.nodes):
        raise ValueError(f"{len(journey.nodes) - len(run.end_s)} tasks wait for each other")
    return Schedule(run.start_s, run.end_s, run.slot)


def critical_path(journey: Journey, seconds: Mapping[str, float]) -> tuple[float, tuple[str, ...]]:
    """Return length in seconds and names of the longest chain of tasks: no number of slots is faster."""
    ends: dict[str, float] = {}
    via: dict[str, str | None] = {}
    for node in journey.nodes:
        last = max(journey.after.get(node.name, ()), key=ends.__getitem__, default=None)
        via[node.name] = last
        ends[node.name] = (0.0 if last is None else ends[last]) + seconds[node.name]
    at: str | None = max(ends, key=ends.__getitem__)
    length = 0.0 if at is None else ends[at]
    path: list[str] = []
    while at is not None:
        path.append(at)
        at = via[at]
    return length, tuple(reversed(path))
