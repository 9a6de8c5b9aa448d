"""The demo: real satellite packets from downlinked frames to published products, checked against the truth."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from refsys.chains.sentinel3.l2_sral import NETCDF_FILE
from refsys.model.events import Event
from refsys.model.products import Product
from refsys.model.requests import RequestRecord, RequestState
from refsys.model.settings import Settings
from refsys.model.values import Value
from refsys.scheduler.loop import Observer
from refsys.scheduler.system import System, retry
from refsys.services.consequences import with_consequences
from refsys.services.demonstration.checks import (
    MWR_CHAIN,
    S1_CHAIN,
    SRAL_CHAIN,
    check_mwr,
    check_s1,
    check_sral,
    read_file,
)
from refsys.services.demonstration.inputs import (
    Bytes,
    Lengths,
    Session,
    mwr_packets,
    prepare_sessions,
    s1_inputs,
    s1_reference,
    scene_inputs,
    scene_truth,
    sral_inputs,
)
from refsys.services.demonstration.kernels import call_times, read_clocks, start_clocks
from refsys.services.demonstration.real_data import find_real_data
from refsys.services.demonstration.report import write_report
from refsys.services.demonstration.results import CheckResult, DemoResult, MwrResult, RequestResult, WorkerKernels
from refsys.services.demonstration.scene_checks import GRD_CHAIN, L0_CHAIN, SLC_CHAIN, check_scene
from refsys.services.home import ingest, open_system, working
from refsys.storage.publishing import remove

if TYPE_CHECKING:
    from distributed import Client


CHAINS = (MWR_CHAIN, SRAL_CHAIN, S1_CHAIN, L0_CHAIN, SLC_CHAIN, GRD_CHAIN)


class Remembered(Value):
    """What the last demo in this home asked for; `--fresh` begins with it."""

    keys: tuple[str, ...]


@dataclass(frozen=True)
class Inputs:
    """What one demo feeds in."""

    real: Path | None
    folder: Path
    sent: tuple[Bytes, Lengths]
    sessions: list[Session]
    sral: list[Path]
    s1: list[Path]
    scene: list[Path]

    @property
    def paths(self) -> list[Path]:
        """Everything, auxiliary files too."""
        return [*(session.folder for session in self.sessions), *self.sral, *self.s1, *self.scene]

    @property
    def auxiliary(self) -> list[Path]:
        """What must be there before anything is planned, else the choice depends on the order of arrival."""
        return [path for path in (*self.s1, *self.scene) if "_AUX_" in path.name]


def run_demo(settings: Settings, *, data: Path | None, fresh: bool, observe: Observer) -> DemoResult:
    """Run the chains on real data if there are any, else on simulated inputs of the same form.

    What an earlier demo in this home published is not made again.

    Parameters
    ----------
    settings
        Settings of the home.
    data
        See `find_real_data`.
    fresh
        Whether to delete the products of the demo before and make them again.
    observe
        Told of every transition.

    Raises
    ------
    RefsysError
        If the inputs cannot be made or ingested; a request that fails is part of the result.
    """
    with open_system(settings) as system:
        started_at = system.clock.now()
        folder = settings.home / "demo"
        again = _forget(system, folder) if fresh else ()
        inputs = prepare(find_real_data(data), folder)
        events: list[Event] = []

        def observed(record: RequestRecord, event: Event) -> None:
            events.append(event)
            observe(record, event)

        def ask() -> list[str]:
            keys = ingest(system, inputs.paths)
            _ask_again(system, [*keys, *again] if fresh else [])
            folder.joinpath("requests.json").write_text(Remembered(keys=tuple(keys)).to_json(), "utf-8")
            return keys

        first = ingest(system, inputs.auxiliary)
        _ask_again(system, first if fresh else [])
        keys, kernels = _work(system, first, ask, observed)
        return _result(system, inputs, keys, started_at=started_at, events=events, kernels=kernels)


def prepare(real: Path | None, folder: Path) -> Inputs:
    """Make the simulated inputs below a folder, or find those that lie there."""
    place = folder / ("simulated" if real is None else "real")
    sent = mwr_packets(real)
    return Inputs(
        real=real,
        folder=place,
        sent=sent,
        sessions=prepare_sessions(place / "sessions", *sent, first_orbit=101 if real is None else 1),
        sral=sral_inputs(real, place / "sral"),
        s1=s1_inputs(real, place / "s1"),
        scene=scene_inputs(folder / "scene"),
    )


def _forget(system: System, folder: Path) -> list[str]:
    """Delete inputs and products of the demo before; return the keys of its requests."""
    memory = folder / "requests.json"
    if not memory.is_file():
        return []
    records = with_consequences(system, Remembered.from_json(memory.read_text("utf-8")).keys)
    for name in dict.fromkeys(name for record in records for name in record.products):
        remove(name, system.store, system.catalogue, system.clock.now())
    shutil.rmtree(folder)
    return [record.key for record in records if record.request.chain != "INGEST"]


def _ask_again(system: System, keys: list[str]) -> None:
    """Ask for closed requests again; those whose inputs are not back yet wait for them."""
    for key in dict.fromkeys(keys):
        if not system.ledger.get(key).state.is_open:
            retry(system, key, "refsys demo --fresh")


def _work(
    system: System, first: list[str], ask: Callable[[], list[str]], observe: Observer
) -> tuple[list[str], tuple[WorkerKernels, ...]]:
    """Work on the first requests, ask for the others, work until nothing is open but what waits.

    Returns the keys that `ask` gave, and what the workers compiled; none start when there is nothing to do.
    """
    if _is_idle(system):
        keys = ask()
        if _is_idle(system):
            return keys, ()
    with _workers(system) as (client, connected):
        start_clocks(client)
        with working(connected, observe=observe) as at_work:
            at_work.loop.run(first)
            keys = ask()
            at_work.loop.run()
        return keys, read_clocks(client)


def _is_idle(system: System) -> bool:
    counts = system.ledger.counts()
    return not any(n for state, n in counts.items() if state.is_open and state is not RequestState.WAITING)


@contextmanager
def _workers(system: System) -> "Iterator[tuple[Client | None, System]]":
    """Start workers of the demo's own, so that it can ask them how long they compiled; none with `serial`."""
    settings = system.settings
    if settings.cluster.executor == "serial":
        yield None, system
        return
    from refsys.cluster.local import connect  # noqa: PLC0415  (half a second that a second demo need not spend)

    with connect(settings.cluster) as client:
        cluster = settings.cluster.model_copy(update={"address": client.scheduler.address})
        yield client, replace(system, settings=settings.model_copy(update={"cluster": cluster}))


def _result(
    system: System,
    inputs: Inputs,
    keys: list[str],
    *,
    started_at: datetime,
    events: list[Event],
    kernels: tuple[WorkerKernels, ...],
) -> DemoResult:
    records = with_consequences(system, keys)
    lines = [_line(system, record, started_at) for record in records]
    made = [(record, system.catalogue.get(name)) for record in records for name in record.products]
    mwr, checks, pictures = _compare(system, inputs, made)
    report = system.settings.home / "demo" / "report.html"
    result = DemoResult(
        data="simulated" if inputs.real is None else "real",
        data_folder=None if inputs.real is None else str(inputs.real),
        not_run=tuple(_not_run(records)),
        started_at=started_at,
        seconds=round((system.clock.now() - started_at).total_seconds(), 1),
        reused=sum(line.reused for line in lines),
        requests=tuple(lines),
        mwr=tuple(mwr),
        checks=tuple(checks),
        kernels=kernels,
        calls=call_times(events),
        report=str(report),
    )
    shown = [product for record, product in made if record.request.chain != "INGEST"]
    write_report(report, result, system, shown, pictures)
    return result


def _compare(
    system: System, inputs: Inputs, made: list[tuple[RequestRecord, Product]]
) -> tuple[list[MwrResult], list[CheckResult], dict[str, bytes]]:
    """Compare the published products of each chain with what is known; pictures (PNG) by the product's name."""
    sessions = {session.truth.session_id: session for session in inputs.sessions}
    mwr: list[MwrResult] = []
    checks: list[CheckResult] = []
    pictures: dict[str, bytes] = {}
    for record, product in made:
        if record.request.chain == MWR_CHAIN:
            session = sessions[record.request.inputs[0]]
            mwr.append(check_mwr(system, record, product, session, inputs.sent))
        elif record.request.chain == SRAL_CHAIN:
            checks += check_sral(product, read_file(system, product, NETCDF_FILE))
        elif record.request.chain == S1_CHAIN:
            reference = s1_reference(inputs.real, inputs.folder / "s1", record.request.inputs[0])
            checks.append(check_s1(system, record, product, reference))
        elif record.request.chain == SLC_CHAIN:
            found = check_scene(system, product, scene_truth(inputs.scene[-1].parent))
            checks += found.checks
            pictures[product.name] = found.picture
    return mwr, checks, pictures


def _not_run(records: list[RequestRecord]) -> Iterator[str]:
    """Yield the chains of the demo that no input triggered; then the demo is not as it must be."""
    ran = {record.request.chain for record in records}
    yield from (name for name in CHAINS if name not in ran)


def _line(system: System, record: RequestRecord, started_at: datetime) -> RequestResult:
    made = [system.catalogue.get(name) for name in record.products]
    product = made[0] if made else None
    return RequestResult(
        request=record.key,
        chain=record.request.chain,
        state=record.state,
        reason=record.reason if record.state is not RequestState.PUBLISHED else None,
        input=Path(record.request.inputs[0]).name,
        product=product.name if product else None,
        quality=product.quality.value if product else None,
        size_bytes=sum(item.size_bytes for item in made) if made else None,
        seconds=_seconds(system, record),
        digest=product.digest if product else None,
        reused=record.state is RequestState.PUBLISHED and record.since < started_at,
    )


def _seconds(system: System, record: RequestRecord) -> float | None:
    """Return the time from the start of the last attempt to publication."""
    history = system.ledger.history(record.key)
    begun = [event.at for event in history if event.kind == "RunStarted"]
    ended = [event.at for event in history if event.kind == "ProductsPublished"]
    return round((ended[-1] - begun[-1]).total_seconds(), 2) if begun and ended else None
