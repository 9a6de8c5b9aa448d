"""Runs a scenario of simulated traffic in virtual time, and tells what came of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from time import process_time

from refsys.chains.scenarios.arrivals import Arrival, arrivals_of, filled
from refsys.chains.scenarios.facts import facts_of
from refsys.chains.scenarios.happenings import Facts
from refsys.chains.scenarios.processors import ScenarioProcessors, StepOfRequest
from refsys.chains.scenarios.scenario import Scenario
from refsys.model.chains import Chain
from refsys.model.errors import RefsysError
from refsys.model.plans import StepResult
from refsys.model.products import Product
from refsys.model.requests import RequestRecord
from refsys.model.settings import ClusterSettings, LedgerSettings, Settings
from refsys.model.times import VirtualClock
from refsys.scheduler.loop import Observer
from refsys.scheduler.system import System
from refsys.scheduler.tasks import StepTask
from refsys.scheduler.virtual import Simulate, SimulatedStep, VirtualExecutor, VirtualRun, run_virtual
from refsys.services.home import open_system

_PAGE = 5_000
_LEASE_S = 86_400.0
_MEMORY_BYTES = 1 << 40
"""Of a simulated worker: no plan is refused for want of memory."""


@dataclass(frozen=True)
class Ran:
    """A scenario that has run."""

    scenario: Scenario
    facts: Facts
    chains: tuple[str, ...]
    requests: list[RequestRecord]
    products: list[Product]
    """Those that chains made."""
    arrived: int
    run: VirtualRun
    cpu_s: float
    """Processor time of the run, simulated processors included."""


def chains_of(system: System, scenario: Scenario) -> dict[str, Chain]:
    """Return the chains that run in a scenario: those of the agencies' processors, of the missions that it has."""
    missions = [name for name in ("s1", "s2", "s3") if getattr(scenario, name) is not None]
    return {
        name: chain
        for name, chain in system.chains.items()
        if name[:2].lower() in missions
        and name not in scenario.leave_out
        and all(step.unit == "processor.run" for step in chain.steps)
    }


def run_scenario(
    scenario: Scenario,
    home: Path,
    *,
    slots: int,
    shuffle: int | None = None,
    observe: Observer | None = None,
    database: str | None = None,
) -> Ran:
    """Run a scenario until no timer is pending.

    Parameters
    ----------
    scenario
        What happens.
    home
        Folder of the home. One that was left in the middle is continued: what has arrived does not arrive again, what
        ran runs again.
    slots
        Steps at the same time.
    shuffle
        Seed of another order of arrivals and of other durations; None: as the scenario says.
    observe
        Told of every transition.
    database
        URL of a database; None: SQLite in the home.
    """
    with _opened(scenario, home, database) as (system, clock):
        facts = filled(scenario, facts_of(scenario), system.chains)
        processors = ScenarioProcessors(scenario, facts, system.catalogue.get, shuffle)
        executor = VirtualExecutor(clock, _simulate(processors), slots)
        arrivals = arrivals_of(scenario, facts, shuffle=shuffle)
        begun = process_time()
        run = run_virtual(
            system, executor, _from_now(arrivals, clock.now()), clock=clock, window=4 * slots, observe=observe
        )
        cpu_s = process_time() - begun
        requests, products = _all_requests(system), _all_products(system)
    made = [product for product in products if product.provenance is not None]
    return Ran(scenario, facts, tuple(system.chains), requests, made, len(products) - len(made), run, cpu_s)


@contextmanager
def _opened(scenario: Scenario, home: Path, database: str | None) -> Iterator[tuple[System, VirtualClock]]:
    settings = Settings(
        home=home,
        store=f"memory://scenario-{scenario.name}-{home.name}",
        database=database,
        cluster=ClusterSettings(worker_memory_bytes=_MEMORY_BYTES),
        ledger=LedgerSettings(lease_s=_LEASE_S),
        processors=("*",),
    )
    clock = VirtualClock(scenario.start)
    with open_system(settings, clock) as system:
        latest = max((record.since for record in _all_requests(system)), default=scenario.start)
        clock.advance(max(latest - scenario.start, timedelta(0)))
        yield replace(system, chains=chains_of(system, scenario)), clock


def _from_now(arrivals: Sequence[Arrival], now: datetime) -> Iterator[tuple[datetime, list[Product]]]:
    """Return arrivals from the present on; what came before comes again at once: it may be lost."""
    past = [product for at, products in arrivals for product in products if at < now]
    if past:
        yield now, past
    yield from ((at, products) for at, products in arrivals if at >= now)


def _simulate(processors: ScenarioProcessors) -> Simulate:
    def simulate(task: StepTask, _before: Sequence[StepResult]) -> SimulatedStep:
        of = StepOfRequest.model_construct(
            chain=task.chain,
            chain_version=task.chain_version,
            step=task.step,
            request_key=task.request_key,
            creation_time=task.creation_time,
            parameters=task.parameters,
            inputs=task.plan_inputs,
        )
        try:
            return SimulatedStep(processors.seconds(of), processors.products(of))
        except (RefsysError, LookupError, ValueError) as error:  # as a processor that fails: its request tells why
            return SimulatedStep(processors.seconds(of), error=error)

    return simulate


def _all_requests(system: System) -> list[RequestRecord]:
    found: list[RequestRecord] = []
    while page := system.ledger.find(limit=_PAGE, offset=len(found)):
        found += page
    return found


def _all_products(system: System) -> list[Product]:
    found: list[Product] = []
    while page := system.catalogue.find(limit=_PAGE, after=(found[-1].start, found[-1].name) if found else None):
        found += page
    return found
