"""A home with the toy chain, and toy inputs, for tests of the journey; also the process that tests kill."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from refsys.chains.chain_files import parse_chain
from refsys.chains.units import ProductDraft
from refsys.model.products import Product
from refsys.model.requests import ProductionRequest
from refsys.model.settings import LedgerSettings, Settings
from refsys.model.times import Clock, WallClock
from refsys.scheduler.executors import SerialExecutor
from refsys.scheduler.loop import Loop, Observer
from refsys.scheduler.system import System
from refsys.storage.catalogue import Catalogue
from refsys.storage.database import open_database
from refsys.storage.ledger import Ledger
from refsys.storage.publishing import publish_folder
from refsys.storage.stores import open_store

TOY_CHAIN = """
name: TOY
version: "1"
title: Doubles numbers
triggers:
  - arrival: TOY_IN
inputs:
  - {role: main, types: [TOY_IN]}
steps:
  - {name: part, unit: "toy_units:part", per: parts, inputs: [main]}
  - {name: join, unit: "toy_units:join", inputs: [main], after: [part], outputs: [TOY_OUT]}
"""
CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@contextmanager
def toy_system(
    home: Path, clock: Clock | None = None, database: str | None = None, attempts: int = 3, **settings: object
) -> Iterator[System]:
    """Open a toy home; the ledger's delays are short."""
    home.mkdir(parents=True, exist_ok=True)
    given = Settings(
        home=home,
        database=database,
        ledger=LedgerSettings(lease_s=1.0, retry_delay_s=0.05, max_attempts=attempts),
        **settings,
    )
    clock = clock or WallClock()
    opened = open_database(given.database_url)
    try:
        yield System(
            settings=given,
            store=open_store(given.store_url, s3_endpoint=given.s3_endpoint),
            catalogue=Catalogue(opened),
            ledger=Ledger(opened, clock),
            chains={"TOY": parse_chain(TOY_CHAIN, "toy")},
            clock=clock,
        )
    finally:
        opened.close()


def publish_input(system: System, name: str, folder: Path, parts: int = 3) -> Product:
    """Publish a toy input of some parts."""
    source = folder / name
    source.mkdir(parents=True, exist_ok=True)
    for part in range(parts):
        np.save(source / f"p{part}.npy", np.arange(10 * (part + 1)))
    draft = ProductDraft(
        name=name,
        product_type="TOY_IN",
        mission="S3",
        satellite="A",
        start=CREATED,
        stop=CREATED,
        creation_time=CREATED,
        figures={"parts": [f"p{part}" for part in range(parts)]},
    )
    return publish_folder(draft, source, system.store, system.catalogue, incoming_id=name)


def toy_request(name: str, **fields: object) -> ProductionRequest:
    """Return the request that the trigger would make."""
    return ProductionRequest(chain="TOY", product_type="TOY_OUT", inputs=(name,), **fields)


def no_fetch(request: ProductionRequest) -> Product:
    """Stand in for the station where a test ingests nothing."""
    raise AssertionError(f"nothing is ingested here: {request}")


def serial_loop(system: System, observe: Observer | None = None) -> Loop:
    """Return a loop that runs everything in this process."""
    return Loop(system, SerialExecutor(), no_fetch, observe=observe)


def main() -> None:
    """Work on all that is open in the home argv[1]; with argv[2], die by SIGKILL at that transition, before acting."""
    import os
    import signal

    die_at = int(sys.argv[2]) if len(sys.argv) > 2 else -1
    seen = 0

    def observe(record: object, event: object) -> None:
        nonlocal seen
        seen += 1
        print(type(event).__name__, flush=True)
        if seen == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    with toy_system(Path(sys.argv[1])) as system:
        serial_loop(system, observe).run()


if __name__ == "__main__":
    main()
