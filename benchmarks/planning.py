"""How many requests are planned in a second of processor time: products arrive, their requests are prepared to PLANNED
and handed over, in a home of all shipped chains on SQLite. A mix of Sentinel-3 Level 1 (OLCI, SLSTR), Sentinel-1
Levels 1 and 2 of slices and Sentinel-2 tiles, whose auxiliary files are shared.
The wishes beside the mix that the same arrivals make (composites, product units) are worked on too, and not counted.
One process, one thread. The figure it is held against is the goal of 1,000 a second on two cores: 500 on one. With
`python -m benchmarks.planning --profile` it tells where the time goes.
"""

import cProfile
import pstats
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.harness import Row, machine, median
from refsys.chains.triggers import PROCESSOR_UNIT
from refsys.model.attributes import Attributes
from refsys.model.chains import Chain
from refsys.model.events import Event, PlanMade
from refsys.model.lookups import Policy
from refsys.model.products import Asset, AuxiliaryFile, Product, content_digest
from refsys.model.requests import RequestRecord
from refsys.model.settings import ClusterSettings, LedgerSettings, Settings
from refsys.model.times import VirtualClock, compact_time
from refsys.model.values import sha256_hex
from refsys.scheduler.executors import Outcome
from refsys.scheduler.loop import Loop
from refsys.scheduler.system import System
from refsys.scheduler.tasks import StepTask
from refsys.scheduler.virtual import arrive
from refsys.services.home import open_system

START = datetime(2024, 3, 1, tzinfo=UTC)
MIX = ("S3-OL1", "S3-SL1", "S1-IPF-L1-IW", "S1-IPF-L2-IW", "S2-L1C")
SERVED_BY_RULES = ("GIP_VIEDIR",)
BANDS = ("01", "02", "03", "04", "05", "06", "07", "08", "8A", "09", "10", "11", "12")
GOAL_ON_ONE_CORE = 500.0
ROUNDS, REPETITIONS = 1, 7


class Sink:
    """An executor that takes plans and never runs them."""

    name, in_loop = "sink", True

    def submit(self, request_key: str, token: int, tasks: Sequence[StepTask], priority: int) -> None:
        """Take a plan."""

    def poll(self, timeout_s: float) -> list[Outcome]:
        """Nothing ever ends."""
        return []

    def cancel(self, request_key: str) -> None:
        """Nothing to cancel."""

    def busy(self) -> int:
        """Nothing runs."""
        return 0

    def close(self) -> None:
        """Nothing to close."""


def product(name: str, kind: str, satellite: str, start: float, stop: float, **fields: Any) -> Product:  # noqa: ANN401
    """Return a product; times in seconds after START. `said` are its attributes."""
    sha256 = sha256_hex(name.encode())
    asset = Asset(path="data.bin", key=f"products/{name}", size_bytes=1 << 20, sha256=sha256, content_sha256=sha256)
    made = AuxiliaryFile if fields.pop("auxiliary", False) else Product
    given: dict[str, Any] = {
        "name": name,
        "product_type": kind,
        "satellite": satellite,
        "start": START + timedelta(seconds=start),
        "stop": START + timedelta(seconds=stop),
        "creation_time": START + timedelta(seconds=fields.pop("created", stop + 600)),
        "attributes": Attributes(**fields.pop("said", {})),
        "assets": (asset,),
        "digest": content_digest((asset,)),
    }
    return made(**given, **fields)


def auxiliary(chains: Iterable[Chain]) -> list[Product]:
    """Return every auxiliary file that chains choose: three versions valid for long, and forecasts each three hours."""
    found: dict[str, Product] = {}
    for chain in chains:
        for way in (way for each in chain.inputs for way in each.alternatives):
            if isinstance(way.policy, Policy):
                for kind in way.types:
                    found |= {one.name: one for one in _files(chain.name[:2], kind, series=way.least > 1)}
    banded = [(kind, band) for kind in SERVED_BY_RULES for band in BANDS]
    more = [_file("S2", f"{kind}_{band}", kind, -1e7, 1e8, -2e6, {"band": band}) for kind, band in banded]
    return [*found.values(), *more]


def _files(mission: str, kind: str, *, series: bool) -> Iterator[Product]:
    if series:
        for number in range(-40, 80):
            yield _file(mission, f"{kind}_{number}", kind, number * 10800.0, (number + 1) * 10800.0, -1e6 + number)
        return
    for version in range(3):
        yield _file(mission, f"{kind}_v{version}", kind, -1e7 + version, 1e8, -3e6 + version)


def _file(  # noqa: PLR0917
    mission: str, name: str, kind: str, start: float, stop: float, created: float, said: dict[str, Any] | None = None
) -> Product:
    own = {"mission": mission, "auxiliary": True, "created": created, "said": said or {}}
    return product(f"{mission}_{name}", kind, "_", start, stop, **own)


def arrivals(number: int) -> list[Product]:
    """Return what one orbit of two satellites of each mission brings."""
    begin = number * 6060.0
    return [
        one
        for satellite in "AB"
        for part in (
            _dump("OL_0_EFR___", satellite, begin, 22),
            _dump("SL_0_SLT___", satellite, begin, 50),
            *(_data_take(satellite, begin + 1000.0 * take, 10) for take in range(4)),
            _datastrip(satellite, begin, 6, 60),
        )
        for one in part
    ]


def _dump(kind: str, satellite: str, begin: float, count: int, length_s: float = 120.0) -> list[Product]:
    """Return the granules of a dump of Sentinel-3."""
    made = []
    for number in range(count):
        start, position = begin + number * length_s, "FIRST" if number == 0 else "INSIDE"
        said: dict[str, object] = {
            "granule_number": number + 1,
            "granule_position": "LAST" if number == count - 1 else position,
        }
        name = f"S3{satellite}_{kind}_{start:.0f}"
        said |= {"timeliness": "NRT", "baseline": "003", "station": "SGS", "absolute_orbit": 1000 + number}
        made.append(product(name, kind, satellite, start, start + length_s, mission="S3", said=said))
    return made


def _data_take(satellite: str, begin: float, slices: int) -> list[Product]:
    """Return annotation, calibration and noise of a data take of Sentinel-1, then its slices."""
    name, stop = f"S1{satellite}_{begin:.0f}", begin + 25.0 * slices
    said: dict[str, object] = {
        "data_take_id": f"{begin:.0f}",
        "polarisation": "DV",
        "mode": "IW",
        "timeliness": "FAST24",
    }
    said |= {"instrument_configuration_id": 7, "absolute_orbit": 50000}
    whole = [
        product(
            f"{name}_{c}", f"IW_RAW__0{c}", satellite, begin, stop, mission="S1", said=said | {"slice_count": slices}
        )
        for c in "ACN"
    ]
    cut = [
        product(
            f"{name}_S{number}",
            "IW_RAW__0S",
            satellite,
            begin + 25.0 * number,
            begin + 25.0 * number + 32.4,
            mission="S1",
            said=said | {"slice_number": number + 1, "consolidation": "SLICE"},
        )
        for number in range(slices)
    ]
    return [*whole, *cut]


def _datastrip(satellite: str, begin: float, scenes: int, tiles: int) -> list[Product]:
    """Return granules of 12 detectors and the datastrip, which lists its tiles."""
    sensing = compact_time(START + timedelta(seconds=begin))
    name = f"S2{satellite}_OPER_MSI_L1B_DS_MPS__{sensing}_S{sensing}_N05.10"
    said = {"data_take_id": f"GS2{satellite}_{sensing}", "absolute_orbit": 30000, "mode": "INS-NOBS"}
    granules = [
        product(
            f"S2{satellite}_OPER_MSI_L1B_GR_MPS__{sensing}_S{sensing}_D{detector:02}_{scene}",
            "MSI_L1B_GR",
            satellite,
            begin + 3.608 * scene,
            begin + 3.608 * (scene + 1),
            mission="S2",
            said=said | {"datastrip": name, "detector": f"{detector:02}"},
        )
        for scene in range(scenes)
        for detector in range(1, 13)
    ]
    figures = {
        "granules": [one.name for one in granules],
        "tiles": [f"32T{chr(65 + k // 26)}{chr(65 + k % 26)}" for k in range(tiles)],
    }
    whole = begin, begin + 3.608 * scenes
    return [*granules, product(name, "MSI_L1B_DS", satellite, *whole, mission="S2", said=said, figures=figures)]


@contextmanager
def home(folder: Path) -> Iterator[System]:
    """Open a home in which all agency chains start by themselves."""
    settings = Settings(
        home=folder,
        store=f"memory://planning-{folder.name}",
        cluster=ClusterSettings(worker_memory_bytes=1 << 40),
        ledger=LedgerSettings(lease_s=86_400.0),
        processors=("*",),
    )
    with open_system(settings, VirtualClock(START + timedelta(days=1))) as system:
        yield replace(system, chains={name: chain for name, chain in system.chains.items() if _is_agency(chain)})


def _is_agency(chain: Chain) -> bool:
    return all(step.unit == PROCESSOR_UNIT for step in chain.steps)


class Planned:
    """Counts what was planned, by chain."""

    def __init__(self) -> None:
        self.chains: Counter[str] = Counter()
        self.events: Counter[str] = Counter()

    def observe(self, record: RequestRecord, event: Event) -> None:
        """Count an event."""
        self.events[event.kind] += 1
        if isinstance(event, PlanMade):
            self.chains[record.request.chain] += 1


def run(system: System, loop: Loop, products: Sequence[Product]) -> float:
    """Let products arrive and plan all that they ask for; return seconds of processor time."""
    begun = time.process_time()
    arrive(system, products)
    while loop.step(0.0):
        pass
    return time.process_time() - begun


def rates(rounds: int = REPETITIONS * ROUNDS + 1, profile: bool = False) -> tuple[list[float], Planned]:
    """Return requests planned per second of processor time, for each few rounds of arrivals, and what was planned."""
    planned, measured = Planned(), []
    with tempfile.TemporaryDirectory() as folder, home(Path(folder)) as system:
        system.catalogue.insert_many(auxiliary(system.chains[name] for name in MIX))
        loop = Loop(system, Sink(), _no_fetch, observe=planned.observe, window=1_000_000)
        run(system, loop, arrivals(0))  # modules are imported and statements prepared
        profiler = cProfile.Profile() if profile else None
        for first in range(1, rounds, ROUNDS):
            before, given = planned.chains.copy(), [arrivals(number) for number in range(first, first + ROUNDS)]
            if profiler:
                profiler.enable()
            seconds = sum(run(system, loop, products) for products in given)
            if profiler:
                profiler.disable()
            measured.append(sum((planned.chains[name] - before[name]) for name in MIX) / seconds)
        if profiler:
            pstats.Stats(profiler).sort_stats("cumulative").print_stats(70).sort_stats("tottime").print_stats(40)
    return measured, planned


def _no_fetch(request: object) -> Product:
    raise NotImplementedError(f"nothing is fetched here: {request}")


def measure() -> list[Row]:
    """Measure the mix."""
    rate = median(rates()[0])
    ratio = round(rate / GOAL_ON_ONE_CORE, 2)
    return [Row("planning", rate, "requests/s", "goal on one core", GOAL_ON_ONE_CORE, ratio, ">= 1", machine())]


def main(words: Sequence[str]) -> None:
    """Print the rates, and with `--profile` where the time goes; `--short` for a glance."""
    rounds = 3 * ROUNDS if "--short" in words else REPETITIONS * ROUNDS
    found, planned = rates(rounds, "--profile" in words)
    print(f"requests planned per second of processor time: median {median(found):g} of {[round(one) for one in found]}")
    print(f"planned: {dict(planned.chains)}; events: {dict(planned.events)}")


if __name__ == "__main__":
    main(sys.argv[1:])
