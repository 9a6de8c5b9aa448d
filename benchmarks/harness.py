"""How things are measured here: ours and its peer in turn, in one run, medians, and the ratio pair by pair."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

REPETITIONS = 7
T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """One line of the table; without a peer to measure, `peer` says what to install and the numbers are None."""

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float | None
    ratio: float | None
    goal: str
    machine: str

    def met(self) -> str:
        """Whether the ratio keeps the goal, which is written `>= 12` (of rates) or `<= 1.6` (of times)."""
        if not self.goal:
            return ""
        if self.ratio is None:
            return "not measured"
        sign, limit = self.goal.split()
        kept = {">=": self.ratio >= float(limit), "<=": self.ratio <= float(limit)}[sign]
        return "yes" if kept else "no"


@dataclass(frozen=True)
class Peer(Generic[T]):
    """Whom to compare with: a call that takes what ours takes, or a rate (for times: seconds) that was stated."""

    name: str
    work: Callable[[T], object] | float


@dataclass(frozen=True)
class Absent:
    """A peer that is not there, and what would bring it, as `apt-get install libfec0`."""

    name: str
    install: str


def compare(
    name: str,
    amount: float,
    unit: str,
    ours: Callable[[T], object],
    peer: Peer[T] | Absent,
    *,
    prepare: Callable[[int], T],
    goal: str = "",
    repetitions: int = REPETITIONS,
) -> Row:
    """Measure rates `amount / seconds` of ours and the peer, alternating; the ratio is the median of the pairs'.

    `prepare` makes the input of a repetition from its number and is not timed: inputs should differ, so that neither
    caches nor branch prediction learn them. One more repetition, number 0, comes first and is not counted.
    """
    pairs = _alternate(ours, peer, prepare, repetitions)
    rates = [amount / own for own, _ in pairs]
    stated = peer.work if isinstance(peer, Peer) and not callable(peer.work) else None
    peers = [amount / other if other else stated for _, other in pairs]
    return _row((name, unit, goal), rates, peers, peer)


def compare_times(
    name: str,
    ours: Callable[[T], object],
    peer: Peer[T] | Absent,
    *,
    prepare: Callable[[int], T],
    goal: str = "",
    repetitions: int = REPETITIONS,
) -> Row:
    """Measure seconds of ours and the peer, as `compare`; here a ratio below 1 says that ours is faster."""
    pairs = _alternate(ours, peer, prepare, repetitions)
    stated = peer.work if isinstance(peer, Peer) and not callable(peer.work) else None
    return _row((name, "s", goal), [own for own, _ in pairs], [other or stated for _, other in pairs], peer)


def repetition(number: int) -> int:
    """Hand the number on, for work that makes its own differing input: a `prepare` for `compare`."""
    return number


def machine() -> str:
    """Processor, cores that the measurement could use, and Python."""
    return (
        f"{_processor()}, {len(os.sched_getaffinity(0))} of {os.cpu_count()} cores, Python {platform.python_version()}"
    )


def seconds(call: Callable[[T], object], argument: T) -> float:
    start = time.perf_counter()
    call(argument)
    return time.perf_counter() - start


def median(values: Sequence[float]) -> float:
    return float(f"{statistics.median(values):.4g}")


def _alternate(
    ours: Callable[[T], object], peer: Peer[T] | Absent, prepare: Callable[[int], T], repetitions: int
) -> list[tuple[float, float | None]]:
    work = peer.work if isinstance(peer, Peer) else None
    pairs: list[tuple[float, float | None]] = []
    for number in range(repetitions + 1):
        given = prepare(number)
        # Who comes first changes, so that neither always finds the input in the cache.
        other = seconds(work, given) if callable(work) and number % 2 else None
        own = seconds(ours, given)
        if callable(work) and other is None:
            other = seconds(work, given)
        pairs.append((own, other))
    return pairs[1:]


def _row(
    labels: tuple[str, str, str], values: list[float], peers: Sequence[float | None], peer: Peer[T] | Absent
) -> Row:
    name, unit, goal = labels
    known = [(own, other) for own, other in zip(values, peers, strict=True) if other is not None]
    label = peer.name if isinstance(peer, Peer) else f"{peer.name}: not installed ({peer.install})"
    if not known:
        return Row(name, median(values), unit, label, None, None, goal, machine())
    ratio = statistics.median(own / other for own, other in known)
    return Row(
        name, median(values), unit, label, median([other for _, other in known]), round(ratio, 2), goal, machine()
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()
