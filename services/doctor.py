"""Checks of every component of a home; each says what it found and, if it is not well, what to do."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Literal
from uuid import uuid4

from refsys.chains.chain_files import check_units, load_chains
from refsys.chains.processors.input_cache import CACHE_FOLDER
from refsys.model.errors import ObjectExists, ObjectMissing, RefsysError
from refsys.model.requests import RequestState
from refsys.model.settings import Settings
from refsys.model.values import Value
from refsys.services.demonstration.real_data import find_real_data
from refsys.storage.database import open_database
from refsys.storage.migrations import HEAD, present_revision
from refsys.storage.records import counts, steps_in_use
from refsys.storage.stores import Store, folder_of_url, open_store

PACKAGES = ("dask", "distributed", "numba", "numpy", "zarr", "SQLAlchemy", "pydantic", "lxml", "h5netcdf", "s3fs")
_OLDEST_PYTHON = (3, 11)
_PROBE = b"refsys doctor"


class Check(Value):
    """What one check found."""

    name: str
    state: Literal["ok", "warn", "fail"]
    found: str
    what_to_do: str = ""


def examine(settings: Settings, *, cluster: bool = False) -> list[Check]:
    """Return the findings, in order; a check that breaks is a finding too.

    Parameters
    ----------
    settings
        Settings of the home.
    cluster
        Whether to start workers as well, which takes some seconds.
    """
    checks: list[tuple[str, Callable[[Settings], Iterator[Check]]]] = [
        ("python", _python),
        ("packages", _packages),
        ("home", _home),
        ("disk", _disk),
        ("database", _database),
        ("store", _store),
        ("chains", _chains),
        ("leftovers", _leftovers),
        ("scratch", _scratch),
        ("real data", _real_data),
    ]
    if cluster:
        checks.append(("cluster", _cluster))
    return [found for name, check in checks for found in _guarded(name, check, settings)]


def _guarded(name: str, check: Callable[[Settings], Iterator[Check]], settings: Settings) -> list[Check]:
    try:
        return list(check(settings))
    except (RefsysError, OSError) as error:
        hint = getattr(error, "hint", None) or "mend what is named, then run `refsys doctor` again"
        return [Check(name=name, state="fail", found=" ".join(str(error).split()), what_to_do=hint)]


def _python(settings: Settings) -> Iterator[Check]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    good = sys.version_info[:2] >= _OLDEST_PYTHON
    yield Check(
        name="python",
        state="ok" if good else "fail",
        found=f"{version}, {os.cpu_count()} processors",
        what_to_do="" if good else "install Python 3.11 or newer",
    )


def _packages(settings: Settings) -> Iterator[Check]:
    found, absent = [], []
    for name in ("refsys", *PACKAGES):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            absent.append(name)
    yield Check(name="packages", state="ok", found=", ".join(found))
    if absent:
        yield Check(
            name="packages", state="fail", found=f"absent: {', '.join(absent)}", what_to_do="install refsys again"
        )


def _home(settings: Settings) -> Iterator[Check]:
    for name, folder in (("home", settings.home), ("scratch", settings.scratch_folder)):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            file.write(_PROBE)
            file.flush()
        yield Check(name=name, state="ok", found=f"{folder} can be written")


def _disk(settings: Settings) -> Iterator[Check]:
    places = {"home": settings.home, "scratch": settings.scratch_folder, "store": folder_of_url(settings.store_url)}
    seen: set[int] = set()
    for name, place in places.items():
        folder = next((p for p in (place, *place.parents) if p.exists()), None) if place else None
        if folder is None or (device := folder.stat().st_dev) in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(folder).free
        little = free < settings.limits.free_bytes
        yield Check(
            name="disk",
            state="warn" if little else "ok",
            found=f"{free / 1e9:.1f} GB free for {name}",
            what_to_do=f"free space, or move `{name}` (warned below `limits.free_bytes`)" if little else "",
        )


def _database(settings: Settings) -> Iterator[Check]:
    database = open_database(settings.database_url)
    try:
        with database.write() as connection:
            revision = present_revision(connection)
        with database.read() as connection:
            by_state = counts(connection, None)
    finally:
        database.close()
    requests = ", ".join(f"{n} {state}" for state, n in sorted(by_state.items())) or "no requests"
    good = revision == HEAD
    yield Check(
        name="database",
        state="ok" if good else "fail",
        found=f"{database.where}, revision {revision}; {requests}",
        what_to_do="" if good else f"this release needs revision {HEAD}",
    )
    if failed := by_state.get(RequestState.FAILED, 0):
        yield Check(
            name="requests",
            state="warn",
            found=f"{failed} failed",
            what_to_do="`refsys requests list --state FAILED`, then `refsys why REQUEST`",
        )


def _store(settings: Settings) -> Iterator[Check]:
    store = open_store(settings.store_url, s3_endpoint=settings.s3_endpoint)
    key = f"doctor/{uuid4().hex}"
    try:
        faults = list(_store_faults(store, key))
    finally:
        store.delete(key)
    yield Check(
        name="store",
        state="fail" if faults else "ok",
        found=f"{store.url}: {'; '.join(faults) or 'put, get, conditional put and delete work'}",
        what_to_do="use a store with conditional writes" if faults else "",
    )


def _store_faults(store: Store, key: str) -> Iterator[str]:
    store.put(key, b"before")
    store.put(key, _PROBE)
    if store.get(key) != _PROBE:
        yield "reads back something else than was written"
    try:
        store.put_if_absent(key, b"other")
        yield "a conditional put overwrites"
    except ObjectExists:
        pass
    store.delete(key)
    try:
        store.get(key)
        yield "a deleted object is still there"
    except ObjectMissing:
        pass
    store.put_if_absent(key, _PROBE)


def _chains(settings: Settings) -> Iterator[Check]:
    chains = load_chains(settings.chain_places, settings.task_tables_folder)
    for chain in chains.values():
        check_units(chain)
    yield Check(name="chains", state="ok", found=f"{len(chains)} chains" if chains else "none")


def _leftovers(settings: Settings) -> Iterator[Check]:
    store = open_store(settings.store_url, s3_endpoint=settings.s3_endpoint)
    areas: dict[str, int] = {}
    for item in store.list("steps"):
        area = item.key.split("/")[1]
        areas[area] = areas.get(area, 0) + item.size_bytes
    half_fetched = {"/".join(item.key.split("/")[:2]) for item in store.list("incoming")}
    if half_fetched:
        yield Check(
            name="half fetched",
            state="warn",
            found=f"{len(half_fetched)} items in {store.url}/incoming whose fetching did not end",
            what_to_do="ingest them again; if no refsys is at work, delete " + ", ".join(sorted(half_fetched)[:3]),
        )
    database = open_database(settings.database_url)
    try:
        with database.read() as connection:
            used = steps_in_use(connection, areas.keys(), "")
    finally:
        database.close()
    left = sorted(area for area in areas if area not in used)
    if left:
        size = sum(areas[area] for area in left) / 1e6
        named = ", ".join(f"steps/{area}" for area in left[:3]) + (" ..." if len(left) > 3 else "")
        yield Check(
            name="leftovers",
            state="warn",
            found=f"{len(left)} step areas that no open request uses, {size:.1f} MB, in {store.url}",
            what_to_do=f"if no refsys is at work, delete {named}",
        )
    else:
        yield Check(name="leftovers", state="ok", found=f"no step areas but {len(used)} of open requests")


def _scratch(settings: Settings) -> Iterator[Check]:
    scratch = settings.scratch_folder
    folders = [path.name for path in scratch.iterdir() if path.name != CACHE_FOLDER] if scratch.is_dir() else []
    yield Check(
        name="scratch",
        state="warn" if folders else "ok",
        found=f"{len(folders)} entries are left in {scratch}" if folders else f"nothing is left in {scratch}",
        what_to_do="if no refsys is at work, delete them" if folders else "",
    )


def _real_data(settings: Settings) -> Iterator[Check]:
    folder = find_real_data()
    if folder is not None:
        yield Check(name="real data", state="ok", found=str(folder))
        return
    yield Check(
        name="real data",
        state="warn",
        found="none",
        what_to_do="the demo runs on simulated data; REFSYS_SHARED names a folder that holds data/real",
    )


def _cluster(settings: Settings) -> Iterator[Check]:
    from refsys.cluster.local import connect  # noqa: PLC0415  (half a second, only where asked for)

    with connect(settings.cluster) as client:
        workers = client.submit(os.getpid, pure=False).result(timeout=60)
        count = len(client.scheduler_info(n_workers=-1)["workers"])
    yield Check(name="cluster", state="ok", found=f"{count} workers start; process {workers} answered")
