"""Transactions, errors and processes, on both databases."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

from refsys.model.errors import ConfigInvalid, StorageError, StorageFull
from refsys.storage import database as database_module
from refsys.storage.database import Database, open_database
from refsys.storage.tables import tombstone

ROW = {"name": "x", "deleted_at": 1, "auxiliary": False, "document": "{}"}


def rows(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(tombstone)).scalar_one()


def test_a_transaction_is_whole_or_nothing(database: Database) -> None:
    def half() -> None:
        with database.write() as connection:
            connection.execute(insert(tombstone), ROW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert rows(database) == 0
    with database.write() as connection:
        connection.execute(insert(tombstone), ROW)
    assert rows(database) == 1


def test_writers_in_threads_do_not_lose_updates(database: Database) -> None:
    with database.write() as connection:
        connection.execute(insert(tombstone), ROW | {"deleted_at": 0})

    def add(_: int) -> None:
        with database.write() as connection:
            seen = connection.execute(select(tombstone.c.deleted_at).with_for_update()).scalar_one()
            connection.execute(tombstone.update().values(deleted_at=seen + 1))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(60)))
    with database.read() as connection:
        assert connection.execute(select(tombstone.c.deleted_at)).scalar_one() == 60


def test_a_reader_sees_only_what_is_committed(database: Database) -> None:
    with database.write() as connection:
        connection.execute(insert(tombstone), ROW)
        assert rows(database) == 0  # another connection, while this one still writes
    assert rows(database) == 1


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("no url at all", "not named by a URL"),
        ("mysql://host/name", "neither SQLite nor PostgreSQL"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_a_url_of_no_use_is_refused(url: str, says: str) -> None:
    with pytest.raises(ConfigInvalid, match=says):
        open_database(url)


def test_no_error_shows_the_password() -> None:
    with pytest.raises(StorageError) as caught:
        open_database("postgresql://someone:hunter2@127.0.0.1:1/nowhere")
    assert "127.0.0.1:1/nowhere" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "refsys.db"
    path.write_bytes(b"this is not a database file " * 50)
    with pytest.raises(StorageError, match="not a database") as caught:
        open_database(f"sqlite:///{path}")
    assert str(path) in str(caught.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="no folder"):
        open_database(f"sqlite:///{tmp_path}/file/refsys.db")


def test_a_full_sqlite_says_so_and_keeps_what_it_has(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/refsys.db")
    with database.write() as connection:
        connection.execute(insert(tombstone), ROW)
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages + 2}"))

    def fill() -> None:
        with database.write() as connection:
            connection.execute(text(f"PRAGMA max_page_count = {pages + 2}"))
            connection.execute(insert(tombstone), ROW | {"document": "x" * 100_000})

    with pytest.raises(StorageFull, match="no space"):
        fill()
    assert rows(database) == 1
    database.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="a small tmpfs: needs root to mount it")
def test_a_full_disk_says_so_and_keeps_what_it_has(tmp_path: Path) -> None:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)], check=False)
    if mounted.returncode != 0:
        pytest.skip("a small tmpfs: this root may not mount one")
    try:
        database = open_database(f"sqlite:///{tmp_path}/refsys.db")
        with database.write() as connection:
            connection.execute(insert(tombstone), ROW)

        def fill() -> None:
            for _ in range(100):
                with database.write() as connection:
                    connection.execute(insert(tombstone), ROW | {"document": "x" * 50_000})

        with pytest.raises(StorageFull, match="no space"):
            fill()
        kept = rows(database)
        assert kept >= 1
        database.close()
        with sqlite3.connect(tmp_path / "refsys.db") as plain:
            assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert plain.execute("SELECT count(*) FROM tombstone").fetchone() == (kept,)
        plain.close()
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.postgres
def test_a_full_postgres_disk_says_so(postgres_url: str) -> None:
    database = open_database(postgres_url)

    def fail() -> None:
        with database.write() as connection:
            connection.execute(text("DO $$ BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$"))

    with pytest.raises(StorageFull, match="could not extend file"):
        fail()
    database.close()


def test_a_database_that_stays_locked_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_S", 0.2)
    database = open_database(f"sqlite:///{tmp_path}/refsys.db")
    other = sqlite3.connect(tmp_path / "refsys.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def write() -> None:
        with database.write() as connection:
            connection.execute(insert(tombstone), ROW)

    with pytest.raises(StorageError, match="stayed locked"):
        write()
    other.close()
    write()
    assert rows(database) == 1
    database.close()


OPEN_AND_WRITE = """
import sys
from refsys.storage.database import open_database
from refsys.storage.tables import tombstone
print("ready", flush=True)
sys.stdin.readline()
database = open_database(sys.argv[1])
for number in range(20):
    with database.write() as connection:
        connection.execute(tombstone.insert(), dict(name="x", deleted_at=number, auxiliary=False, document="{}"))
database.close()
"""


def test_processes_may_open_a_fresh_database_at_once(empty_database_url: str) -> None:
    command = [sys.executable, "-c", OPEN_AND_WRITE, empty_database_url]
    pipe = subprocess.PIPE
    started = [subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=pipe) for _ in range(3)]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], errors
    database = open_database(empty_database_url)
    assert rows(database) == 60
    database.close()


def test_threads_may_open_a_fresh_database_at_once(empty_database_url: str) -> None:
    start = threading.Barrier(4)

    def open_it(_: int) -> int:
        start.wait(30)
        database = open_database(empty_database_url)
        found = rows(database)
        database.close()
        return found

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(open_it, range(4))) == [0, 0, 0, 0]


WRITE_AND_HANG = """
import sys
from refsys.storage.database import open_database
from refsys.storage.tables import tombstone
row = dict(name="x", deleted_at=1, auxiliary=False, document="y" * 10_000)
database = open_database(sys.argv[1])
with database.write() as connection:
    connection.execute(tombstone.insert(), [row] * 10)
with database.write() as connection:
    connection.execute(tombstone.insert(), [row] * 1000)
    print("in the middle", flush=True)
    sys.stdin.readline()
"""


def test_a_writer_killed_in_the_middle_leaves_what_was_committed(database_url: str) -> None:
    command = [sys.executable, "-c", WRITE_AND_HANG, database_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "in the middle\n"
        process.send_signal(signal.SIGKILL)
    database = open_database(database_url)
    assert rows(database) == 10
    with database.write() as connection:  # the dead writer's lock is gone
        connection.execute(insert(tombstone), ROW)
        if database.is_sqlite:
            assert connection.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]
    assert rows(database) == 11
    database.close()
