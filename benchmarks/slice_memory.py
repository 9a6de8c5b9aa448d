"""Peak memory of one worker over a whole IW slice: python -m benchmarks.slice_memory [--bursts 9] [--folder var/slice].

Simulates the reception session of a slice of one polarisation (three swaths with full windows, noise and a few point
targets), ingests it with simulated auxiliary files into a fresh home and lets S1-L0, S1-L1-SLC and S1-L1-GRD follow, on
a Dask cluster of one worker. The peak resident size of the worker and all processes below it is read from the kernel
and reset twenty times a second, so no peak between two readings is lost; pages of mapped files count. Fails if the
worker reaches its limit, if a request is not published, or a product is degraded.
"""

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from refsys.chains.sentinel1.simulation.acquisition import DataTake, simulate_packets
from refsys.chains.sentinel1.simulation.auxiliary import simulate_auxiliary
from refsys.chains.sentinel1.simulation.echoes import Noise
from refsys.chains.sentinel1.simulation.orbit import EPOCH, SIMULATED_ORBIT
from refsys.chains.sentinel1.simulation.scene import PointTarget, Scene, point_target
from refsys.chains.sentinel1.simulation.session import SessionOptions, simulate_session
from refsys.chains.sentinel1.simulation.tops import Burst, iw_bursts
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S
from refsys.model.events import Event
from refsys.model.products import Quality
from refsys.model.requests import RequestRecord, RequestState
from refsys.model.settings import ClusterSettings, Settings
from refsys.scheduler.system import System
from refsys.services.home import ingest, open_system, working

LIMIT_BYTES = 4 << 30
BURSTS = 9
GAIN, RCS_M2, NOISE_POWER = 0.12, 1e4, 100.0
CHAINS = ("S1-L0", "S1-L1-SLC", "S1-L1-GRD")
MIB = 1 << 20
_EVERY_S = 0.05


class Reading(NamedTuple):
    """Largest resident size of the worker's processes since the reading before."""

    at: datetime
    peak_bytes: int


class Step(NamedTuple):
    """One step as it ran, and what its plan says it needs."""

    chain: str
    processor: str
    planned_bytes: int
    started_at: datetime
    ended_at: datetime


class MemoryWatch:
    """Reads the peak of every process tree below this process; of several trees the largest counts."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self._ended = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[None]:
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def peak_bytes(self, started_at: datetime, ended_at: datetime) -> int:
        # The first reading behind the end still tells of the time before it.
        held = [
            now.peak_bytes for before, now in pairwise(self.readings) if now.at >= started_at and before.at <= ended_at
        ]
        return max(held, default=0)

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY_S):
            sizes = [sum(_peak_and_reset(own) for own in _tree(child)) for child in _children(Path("/proc/self"))]
            self.readings.append(Reading(datetime.now(UTC), max(sizes, default=0)))


def _children(process: Path) -> list[Path]:
    try:
        return [
            Path("/proc", number) for task in process.glob("task/*/children") for number in task.read_text().split()
        ]
    except (FileNotFoundError, ProcessLookupError):
        return []  # ended meanwhile


def _tree(process: Path) -> list[Path]:
    return [process, *(own for child in _children(process) for own in _tree(child))]


def _peak_and_reset(process: Path) -> int:
    try:
        lines = (process / "status").read_text().splitlines()
        (process / "clear_refs").write_text("5")  # proc(5): peak resident size becomes the present one
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))


def targets(bursts: tuple[Burst, ...]) -> tuple[PointTarget, ...]:
    """One target in the middle of the middle burst of each swath."""
    middle = {burst.acquisition.codes.swath: burst for burst in bursts[: (len(bursts) + 3) // 2]}
    found = []
    for burst in middle.values():
        delay_s = burst.grid.first_delay_s + 0.5 * burst.grid.samples / burst.grid.range_sampling_hz
        slant_range_m = 0.5 * LIGHT_SPEED_M_S * delay_s
        found.append(point_target(SIMULATED_ORBIT, burst.acquisition.steering.mid_time_s, slant_range_m, RCS_M2))
    return tuple(found)


def simulate_slice(folder: Path, count: int) -> list[Path]:
    """Write session and auxiliary files, and return them."""
    bursts = iw_bursts(count, gain=GAIN)
    take = DataTake(noise=Noise(NOISE_POWER, seed=1))
    packets = simulate_packets(bursts, Scene(targets(bursts)), take)
    session = simulate_session(
        {take.polarisation: packets}, folder, SessionOptions(start=EPOCH + timedelta(minutes=30))
    )
    return [*simulate_auxiliary(folder / "auxiliary", gain=GAIN), session]


class Run:
    """What the loop told while it worked."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.records: dict[str, RequestRecord] = {}
        self.steps: list[Step] = []
        self._planned: dict[str, tuple[str, int]] = {}

    def observe(self, record: RequestRecord, event: Event) -> None:
        self.records[record.key] = record
        if event.kind == "PlanMade":
            self._planned |= {s.key: (s.processor, s.resources.memory_bytes) for s in event.plan.steps}
        elif event.kind == "StepCompleted":
            made = event.result
            processor, planned = self._planned[made.step_key]
            self.steps.append(Step(record.request.chain, processor, planned, made.started_at, made.ended_at))
            say(f"{made.name}: {made.seconds:.1f} s")
        elif event.kind == "AttemptFailed":
            say(f"{record.request.chain} failed: {event.reason}")

    def faults(self) -> list[str]:
        found = []
        for chain in CHAINS:
            records = [record for record in self.records.values() if record.request.chain == chain]
            done = [record for record in records if record.state is RequestState.PUBLISHED]
            if not done or len(done) < len(records):
                found.append(f"{chain}: {len(done)} of {max(len(records), 1)} requests published")
            for name in (name for record in done for name in record.products):
                product = self.system.catalogue.get(name)
                if product.quality is not Quality.NOMINAL:
                    found.append(f"{name} is {product.quality.value}: {product.figures.get('degraded_because')}")
        return found


def say(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


def table(steps: list[Step], watch: MemoryWatch) -> list[str]:
    lines = [f"{'step':<22}{'runs':>5}{'planned MiB':>13}{'peak MiB':>10}{'seconds':>9}"]
    for processor in dict.fromkeys(step.processor for step in steps):
        own = [step for step in steps if step.processor == processor]
        peak = max(watch.peak_bytes(step.started_at, step.ended_at) for step in own)
        seconds = sum((step.ended_at - step.started_at).total_seconds() for step in own)
        planned = max(step.planned_bytes for step in own)
        lines.append(f"{processor:<22}{len(own):>5}{planned / MIB:>13.0f}{peak / MIB:>10.0f}{seconds:>9.1f}")
    return lines


def measure_slice(folder: Path, bursts: int) -> int:
    """Run everything below a folder; return the exit status."""
    began = time.monotonic()
    paths = simulate_slice(folder / "inputs", bursts)
    say(f"simulated in {time.monotonic() - began:.0f} s: {sum(f.stat().st_size for f in paths[-1].iterdir()):,} bytes")
    cluster = ClusterSettings(workers=1, threads_per_worker=1, worker_memory_bytes=LIMIT_BYTES)
    watch = MemoryWatch()
    with open_system(Settings(home=folder / "home", cluster=cluster)) as system:
        run = Run(system)
        ingest(system, paths)
        with watch.watching(), working(system, observe=run.observe) as at_work:
            at_work.loop.run()
        faults = run.faults()
    peak = max((reading.peak_bytes for reading in watch.readings), default=LIMIT_BYTES)
    if peak >= LIMIT_BYTES:
        faults.append("the worker reached its limit")
    print("\n".join(table(run.steps, watch)))
    print(f"{bursts} bursts of three swaths: peak {peak / MIB:.0f} MiB of {LIMIT_BYTES / MIB:.0f} MiB")
    print("\n".join(f"FAILED: {fault}" for fault in faults) or "all published")
    return 1 if faults else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bursts", type=int, default=BURSTS, help="of each swath")
    parser.add_argument("--folder", type=Path, default=Path("var/slice"), help="where; needs 1 GB and 3 GB a burst")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=asked.folder)).absolute()
    try:
        return measure_slice(place, asked.bursts)
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    sys.exit(main())
