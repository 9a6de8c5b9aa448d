"""The composition root: opens a refsys home and puts the rooms together."""

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import JsonValue, ValidationError

from refsys.chains.chain_files import load_chains, not_yaml
from refsys.chains.graph_choice import with_graphs
from refsys.chains.planning import check_memory, make_plan
from refsys.chains.rules import Moment
from refsys.chains.selection import Selection, select
from refsys.model.errors import ConfigInvalid
from refsys.model.plans import Plan
from refsys.model.requests import INGEST, ProductionRequest, RequestState
from refsys.model.settings import Settings
from refsys.model.times import Clock, WallClock, format_time
from refsys.scheduler.executors import Executor, SerialExecutor
from refsys.scheduler.loop import Loop, Observer
from refsys.scheduler.ownership import is_dead, owner_name
from refsys.scheduler.system import System, intake, retry
from refsys.services.fetching import fetcher
from refsys.stations.folder import FolderStation
from refsys.storage.catalogue import Catalogue
from refsys.storage.database import open_database
from refsys.storage.ledger import Ledger
from refsys.storage.local_files import replacing
from refsys.storage.stores import open_store

SETTINGS_FILE = "refsys.yaml"
DASHBOARD_FILE = "dashboard.json"


def home_folder(home: Path | None) -> Path:
    """Return the folder of the home: as given, else `REFSYS_HOME`, else `~/.refsys`."""
    if home is None:
        home = Path(os.environ.get("REFSYS_HOME") or Path.home() / ".refsys")
    return home.expanduser().absolute()


def load_settings(home: Path | None = None) -> Settings:
    """Return the settings of a home: those of `<home>/refsys.yaml`, defaults for the rest.

    Raises
    ------
    ConfigInvalid
        For a file that is not YAML, an unknown key, or a value out of bounds; `where` names the file and the key.
    """
    folder = home_folder(home)
    file = folder / SETTINGS_FILE
    given: Any = {}
    if file.is_file():
        try:
            given = yaml.safe_load(file.read_text("utf-8")) or {}
        except yaml.YAMLError as error:
            raise not_yaml(error, file) from error
        except UnicodeDecodeError as error:
            raise ConfigInvalid("not UTF-8 text", where=file) from error
        if not isinstance(given, dict):
            raise ConfigInvalid("the settings are one mapping", where=f"{file}:1", hint="see `refsys config`")
    if "home" in given:
        raise ConfigInvalid("a home does not hold its own place", where=file, hint="leave `home` out; use --home")
    if re.search(r"://[^/]*:[^/]*@|[?&]password=", str(given.get("database", ""))):
        why = "the address of the database holds a password, which would show wherever settings do"
        raise ConfigInvalid(why, where=file, hint="leave it out; put it in PGPASSWORD or ~/.pgpass")
    try:
        return Settings.model_validate({**given, "home": str(folder)})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigInvalid(f"setting {key}: {first['msg']}", where=file, hint="see `refsys config`") from error


@contextmanager
def open_system(settings: Settings, clock: Clock | None = None) -> Iterator[System]:
    """Open (and at the first time make) the store, catalogue and ledger of a home."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = f"cannot make the home: {error.strerror}"
        raise ConfigInvalid(why, where=settings.home, hint="set --home") from error
    clock = clock or WallClock()
    database = open_database(settings.database_url)
    try:
        yield System(
            settings=settings,
            store=open_store(settings.store_url, s3_endpoint=settings.s3_endpoint),
            catalogue=Catalogue(database, clock),
            ledger=Ledger(database, clock),
            chains=with_graphs(load_chains(settings.chain_places, settings.task_tables_folder), settings.graphs),
            clock=clock,
        )
    finally:
        database.close()


@dataclass(frozen=True)
class Working:
    """A home at work."""

    loop: Loop
    dashboard: str | None


@contextmanager
def working(system: System, observe: Observer | None = None) -> Iterator[Working]:
    """Start workers, and the loop that hands them steps; end both."""
    settings = system.settings
    with ExitStack() as stack:
        dashboard = None
        executor: Executor = SerialExecutor()
        window = 4
        if settings.cluster.executor == "dask":
            from refsys.cluster.local import connect, dashboard_url  # noqa: PLC0415  (half a second)
            from refsys.scheduler.dask_executor import DaskExecutor  # noqa: PLC0415

            client = stack.enter_context(connect(settings.cluster))
            executor = DaskExecutor(client)
            dashboard = dashboard_url(client)
            stack.enter_context(_dashboard_told(settings.home, dashboard))
            window = 4 * max(1, sum(client.nthreads().values()))
        stack.callback(executor.close)
        fetch = fetcher(system)
        yield Working(Loop(system, executor, fetch, observe=observe, window=window), dashboard)


@contextmanager
def _dashboard_told(home: Path, address: str) -> Iterator[None]:
    file = home / DASHBOARD_FILE
    told = json.dumps({"owner": owner_name(), "address": address})
    with replacing(file) as new:
        new.write(told.encode())
    try:
        yield
    finally:
        if file.is_file() and file.read_text("utf-8") == told:  # else another process of this home is the last to tell
            file.unlink(missing_ok=True)


def dashboard_of(home: Path) -> str | None:
    """Return the address of the Dask dashboard of a refsys at work in this home; None if there is none."""
    try:
        told = json.loads((home / DASHBOARD_FILE).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return None if is_dead(told["owner"]) else str(told["address"])


def ingest(system: System, paths: Iterable[Path]) -> list[str]:
    """Ask for everything found at some paths, and return the keys of the requests; the loop fetches it.

    What was fetched before, and has not changed since, is not fetched again; what failed before is tried again.
    """
    requests = []
    for path in paths:
        requests += [
            ProductionRequest(
                chain=INGEST,
                product_type="any",
                inputs=(item.address,),
                parameters={"size_bytes": item.size_bytes, "modified": format_time(item.modified)},
                label=item.name,
            )
            for item in FolderStation(path, system.settings.limits).items()
        ]
    keys = [key for key, _ in intake(system, requests)]
    for key in keys:
        _try_again(system, key)
    return keys


def produce(
    system: System,
    chain_name: str,
    inputs: tuple[str, ...],
    parameters: dict[str, JsonValue] | None = None,
    *,
    wait: bool = False,
    again: bool = False,
) -> str:
    """Ask for the products of a chain from named inputs, and return the key of the request; the loop makes them.

    Parameters
    ----------
    system
        The home.
    chain_name
        Which chain.
    inputs
        Names of products.
    parameters
        Overrides, each under `<step>.<parameter>`.
    wait
        Whether to wait for inputs that are missing, rather than to fail.
    again
        Whether a request that is closed, published ones included, is worked on again.
    """
    request = make_request(system, chain_name, inputs, parameters or {}, wait=wait)
    ((key, new),) = intake(system, [request])
    if not new:
        _try_again(system, key, published=again)
    return key


def make_request(
    system: System, chain_name: str, inputs: tuple[str, ...], parameters: dict[str, JsonValue], *, wait: bool
) -> ProductionRequest:
    """Return the request of a chain from named inputs (`ConfigInvalid` for an unknown chain)."""
    chain = system.chains.get(chain_name)
    if chain is None:
        near = get_close_matches(chain_name, system.chains, n=3, cutoff=0.4)
        like = f"near are {', '.join(near)}; " if near else ""
        raise ConfigInvalid(f"no chain {chain_name}", hint=f"{like}`refsys chains list` names what there is")
    wanted = [kind for rule in chain.inputs if rule.policy == "trigger" and rule.mandatory for kind in rule.types]
    if wanted and not inputs:
        raise ConfigInvalid(
            f"chain {chain.name} needs the name of a product of type {' or '.join(wanted)}",
            hint=f"give it with --input; `refsys products list --type {wanted[0]}` shows them",
        )
    return ProductionRequest(
        chain=chain.name,
        chain_version=chain.version,
        product_type=chain.outputs[0],
        inputs=inputs,
        parameters=parameters,
        wait=wait,
        label="asked",
    )


def preview(system: System, request: ProductionRequest) -> tuple[Selection, Plan | None]:
    """Return what would be chosen and, if nothing is missing, the plan; nothing is stored."""
    chain = system.chains[request.chain]
    now = system.clock.now()
    selection = select(request, chain, system.catalogue, Moment(now=now, accepted_at=now))
    if not selection.is_complete:
        return selection, None
    plan = make_plan(request, chain, selection, now)
    check_memory(plan, system.settings.cluster.worker_memory_bytes)
    return selection, plan


def _try_again(system: System, key: str, *, published: bool = False) -> None:
    state = system.ledger.get(key).state
    closed = {RequestState.FAILED, RequestState.CANCELLED, RequestState.EXPIRED}
    if state in closed or (published and state is RequestState.PUBLISHED):
        retry(system, key, "the user")
