"""Sentinel-2 datastrip in virtual time: true dependencies against pool barriers, on 8, 32 and 128 slots.

`python -m benchmarks.s2_graphs [--tiles 18] [--json] [--figure FILE]`: nothing is measured by the clock. Times of
sub-tasks are drawn, not measured; the distribution is printed.
"""

import argparse
import json
import statistics
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from refsys.chains.sentinel2.graphs import Datastrip
from refsys.chains.sentinel2.journeys import Journey, Order, journey_of
from refsys.chains.sentinel2.makespan import Distribution, Schedule, critical_path, describe, draw_seconds, simulate

SLOTS = (8, 32, 128)
POD = 8
SEEDS = range(1, 6)
ORDERS: tuple[Order, ...] = ("true", "requests", "barriers")
DISTRIBUTIONS: tuple[Distribution, ...] = ("equal", "lognormal", "classes")
SCOPES: dict[str, Collection[str] | None] = {
    "L1A": ("L1A",),
    "L1 datastrip": ("L1A", "L1B", "OLQC_L1BDS", "L1BFormatGR", "OLQC_L1CDS"),
    "whole datastrip": None,
}


@dataclass(frozen=True)
class Line:
    """One line of the table: medians over the seeds, seconds."""

    scope: str
    distribution: str
    slots: int
    tasks: int
    work_s: float
    critical_path_s: float
    critical_path_barriers_s: float
    true_s: float
    requests_s: float
    barriers_s: float
    pod_s: float

    @property
    def shorter_percent(self) -> float:
        """How much shorter than with barriers on the same slots."""
        return 100 * (1 - self.true_s / self.barriers_s)

    @property
    def times_pod(self) -> float:
        """How many times faster than one pod of 8 with barriers."""
        return self.pod_s / self.true_s


def main() -> None:
    options = _options()
    strip = Datastrip(granules_per_detector=options.granules)
    lines = [line for scope in SCOPES for kind in DISTRIBUTIONS for line in _lines(scope, kind, strip, options.tiles)]
    if options.json:
        told = {kind: describe(kind) for kind in DISTRIBUTIONS}
        extra = [
            asdict(line) | {"shorter_percent": line.shorter_percent, "times_pod": line.times_pod} for line in lines
        ]
        print(
            json.dumps({"tiles": options.tiles, "seeds": list(SEEDS), "distributions": told, "lines": extra}, indent=1)
        )
    else:
        _print(lines, options.tiles)
    if options.figure:
        _draw(strip, options.tiles, options.figure)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiles", type=int, default=18)
    parser.add_argument("--granules", type=int, default=16, help="granules of each detector")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--figure", type=Path, help="PNG of slots over time, 128 slots")
    return parser.parse_args()


def _lines(scope: str, kind: Distribution, strip: Datastrip, tiles: int) -> list[Line]:
    journeys = {order: journey_of(strip, tiles, order, SCOPES[scope]) for order in ORDERS}
    runs = [_run(journeys, kind, seed) for seed in (SEEDS if kind != "equal" else [0])]
    median = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    return [
        Line(
            scope=scope,
            distribution=kind,
            slots=slots,
            tasks=sum(node.task is not None for node in journeys["true"].nodes),
            work_s=median["work"],
            critical_path_s=median["path true"],
            critical_path_barriers_s=median["path barriers"],
            true_s=median[f"true {slots}"],
            requests_s=median[f"requests {slots}"],
            barriers_s=median[f"barriers {slots}"],
            pod_s=median[f"barriers {POD}"],
        )
        for slots in SLOTS
    ]


def _run(journeys: dict[Order, Journey], kind: Distribution, seed: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for order, journey in journeys.items():
        seconds = draw_seconds(journey.nodes, kind, seed)
        found["work"] = sum(seconds.values())
        found[f"path {order}"] = critical_path(journey, seconds)[0]
        for slots in SLOTS:
            found[f"{order} {slots}"] = simulate(journey, seconds, slots).makespan_s
    return found


def _print(lines: list[Line], tiles: int) -> None:
    print(f"Sentinel-2, {tiles} tiles, medians of {len(SEEDS)} seeds, times in minutes of virtual time")
    for kind in DISTRIBUTIONS:
        print(f"  {kind}: {describe(kind)}")
    print("| scope | times | tasks | slots | critical path | true | by requests | barriers | shorter | x pod of 8 |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for line in lines:
        times = (line.critical_path_s, line.true_s, line.requests_s, line.barriers_s)
        told = " | ".join(f"{seconds / 60:.1f}" for seconds in times)
        head = f"| {line.scope} | {line.distribution} | {line.tasks} | {line.slots} | {told} | "
        print(head + f"{line.shorter_percent:.0f} % | {line.times_pod:.1f} |")


def _draw(strip: Datastrip, tiles: int, path: Path) -> None:
    """Draw slots over time on 128 slots, above with true dependencies, below with barriers; and on one pod of 8."""
    import matplotlib as mpl  # noqa: PLC0415  (only with --figure)

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    rows: list[tuple[str, Order, int]] = [
        ("true dependencies, 128 slots", "true", 128),
        ("pool barriers, 128 slots", "barriers", 128),
        ("pool barriers, one pod of 8 slots", "barriers", POD),
    ]
    figure, axes = plt.subplots(3, 1, figsize=(11, 9), sharex=False, height_ratios=(3, 3, 1.2), layout="constrained")
    for place, (title, order, slots) in zip(axes, rows, strict=True):
        journey = journey_of(strip, tiles, order)
        schedule = simulate(journey, draw_seconds(journey.nodes, "classes", SEEDS[0]), slots)
        _draw_slots(place, journey, schedule)
        place.set(title=f"{title}: {schedule.makespan_s / 60:.0f} min", ylabel="slot", ylim=(slots, -1))
        place.yaxis.get_major_locator().set_params(integer=True)
    limit = max(place.get_xlim()[1] for place in axes[:2])
    for place in axes[:2]:
        place.set_xlim(0, limit)
    axes[2].set(xlabel="minutes of virtual time")
    axes[2].set_xlim(left=0)
    handles = [mpl.patches.Patch(color=colour, label=level) for level, colour in _COLOURS.items()]
    figure.legend(handles=handles, loc="outside right upper", frameon=False)
    figure.savefig(path, dpi=90)


_COLOURS = {
    "L0U": "#444444",
    "L0C": "#7f7f7f",
    "L1A": "#1f77b4",
    "L1B": "#17becf",
    "L1B format": "#9edae5",
    "L1C": "#2ca02c",
    "L2A": "#ff7f0e",
}


def _level(mode: str) -> str:
    if mode in ("L1BFormatGR", "OLQC_L1BDS"):
        return "L1B format"
    if mode in ("L0", "OLQC_L0DS", "OLQC_L0GR"):
        return "L0C"
    if mode in ("L1CTile", "OLQC_L1CTL", "OLQC_L1CDS"):
        return "L1C"
    return mode[:3]


def _draw_slots(place: Any, journey: Journey, schedule: Schedule) -> None:  # noqa: ANN401  (an axes of matplotlib)
    tasks = [(node.name, _level(node.task.mode)) for node in journey.nodes if node.task is not None]
    start, end = schedule.start_s, schedule.end_s
    place.barh(
        [schedule.slot[name] for name, _ in tasks],
        [(end[name] - start[name]) / 60 for name, _ in tasks],
        left=[start[name] / 60 for name, _ in tasks],
        color=[_COLOURS[level] for _, level in tasks],
        height=1.0,
        linewidth=0,
    )


if __name__ == "__main__":
    main()
