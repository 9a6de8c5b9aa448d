"""Ledger on SQLite: 500 transitions in one transaction against one in each; requests accepted in the same two ways."""

import tempfile
from itertools import count
from pathlib import Path

from benchmarks.harness import Peer, Row, compare, repetition
from refsys.model.events import RunStarted
from refsys.model.requests import Change, ProductionRequest, RequestState
from refsys.model.times import WallClock
from refsys.storage.database import open_database
from refsys.storage.ledger import Ledger

MANY = 500


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/ledger.db")
        ledger = Ledger(database, WallClock())
        rows = [_accepting(ledger), _transitions(ledger)]
        database.close()
        if not Path(folder, "ledger.db").stat().st_size:
            raise SystemExit("nothing was written")
        return rows


def _accepting(ledger: Ledger) -> Row:
    numbers = count()

    def wishes() -> list[ProductionRequest]:
        return [ProductionRequest(chain="BENCH", product_type="X", inputs=(f"in{next(numbers)}",)) for _ in range(MANY)]

    def one_by_one(_: int) -> None:
        for wish in wishes():
            ledger.accept([wish])

    peer = Peer("one at a time", one_by_one)
    return compare("ledger_accept", MANY, "requests/s", lambda _: ledger.accept(wishes()), peer, prepare=repetition)


def _transitions(ledger: Ledger) -> Row:
    claims = ledger.claim("bench", MANY, 3600)
    now = WallClock().now()
    started = RunStarted(at=now, executor="none")
    change = Change(state=RequestState.RUNNING)
    writes = [(claim.lease, change, started) for claim in claims]

    def one_by_one(_: int) -> None:
        for write in writes:
            ledger.record(*write)

    return compare(
        "ledger_transitions",
        len(writes),
        "transitions/s",
        lambda _: ledger.record_many(writes),
        Peer("one at a time", one_by_one),
        prepare=repetition,
    )
