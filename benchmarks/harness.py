"""How things are measured here: ours and its peer in turn, in one run, medians, and the ratio pair by pair."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float
    ratio: float
    goal: str
    machine: str

    def met(self) -> str:
        if not self.goal:
            return ""
        return "yes" if self.ratio >= float(self.goal.removeprefix(">= ")) else "no"


def machine() -> str:
    """Processor architecture, cores that may be used, and Python."""
    return f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"


def compare(
    name: str,
    amount: float,
    unit: str,
    ours: Callable[[], object],
    peer: tuple[str, Callable[[], object] | float],
    *,
    goal: str = "",
    repetitions: int = 7,
) -> Row:
    """Measure rates `amount / seconds` of ours and the peer, alternating; the ratio is the median of the pairs'.

    A peer that is a number is a rate that was stated, not measured.
    """
    peer_name, peer_call = peer
    rates: list[float] = []
    peers: list[float] = []
    ours()
    if callable(peer_call):
        peer_call()
    for _ in range(repetitions):
        rates.append(amount / seconds(ours))
        peers.append(amount / seconds(peer_call) if callable(peer_call) else peer_call)
    ratio = statistics.median(own / other for own, other in zip(rates, peers, strict=True))
    return Row(name, median(rates), unit, peer_name, median(peers), round(ratio, 2), goal, machine())


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def median(values: Sequence[float]) -> float:
    return float(f"{statistics.median(values):.4g}")
