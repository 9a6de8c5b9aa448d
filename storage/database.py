"""Opening the database of catalogue and ledger: SQLite on one machine, PostgreSQL where several share it.

Several processes may use one SQLite file at once, and may open a fresh one at once: writers take the file's write lock
when they begin, so that no transaction can fail half way for having read first.
"""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from refsys.model.errors import ConfigInvalid, StorageError, StorageFull
from refsys.storage.migrations import migrate

AnyRow = Row[*tuple[Any, ...]]
"""A row of whatever columns."""

BUSY_TIMEOUT_S = 30.0
"""How long a writer waits for another one on SQLite."""

_SCHEMA_LOCK = 7_231_865  # any number that is the same in every refsys process


class Database:
    """An open database: one pool of connections, for all threads of this process.

    Parameters
    ----------
    engine
        Engine of a migrated database; `open_database` makes it.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        # Threads of one process queue here rather than poll the file's lock; a nested write still ends, in an error.
        self._writer = threading.RLock() if self.is_sqlite else contextlib.nullcontext()

    @property
    def where(self) -> str:
        """The address without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a transaction that may write; committed at the end, rolled back on any error.

        Raises
        ------
        StorageFull
            No space is left for the database.
        StorageError
            The database refused, could not be reached, or stayed locked for `BUSY_TIMEOUT_S`.
        """
        with self._translated(), self._writer, self.engine.connect() as connection:
            transaction = connection.execution_options(refsys_writes=True).begin()
            with transaction:
                yield connection

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection in a transaction that only reads; `StorageError` as for `write`."""
        with self._translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise _storage_error(error, self.where) from error


def open_database(url: str) -> Database:
    """Open a database, making or migrating its schema.

    Parameters
    ----------
    url
        SQLAlchemy URL: `sqlite:///path/to/file` or `postgresql://user:password@host/name` (psycopg 3).

    Raises
    ------
    ConfigInvalid
        The URL is none, names another kind of database, or its driver is not installed.
    StorageError
        The database cannot be opened, or a newer release wrote it.
    """
    parsed = _checked(url)
    database = Database(_sqlite_engine(parsed) if parsed.get_backend_name() == "sqlite" else _postgres_engine(parsed))
    try:
        with database.write() as connection:
            if not database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _SCHEMA_LOCK})
            migrate(connection)
    except BaseException:
        database.close()
        raise
    return database


def insert_new(
    connection: Connection, table: Table, unique: Sequence[str], rows: Sequence[dict[str, Any]]
) -> list[AnyRow]:
    """Insert rows whose `unique` columns are not taken yet, and leave the others alone.

    Returns
    -------
    list of Row
        Primary key and `unique` columns of the rows that were new. Give rows in an order that every process uses: on
        PostgreSQL two processes that insert the same rows wait for each other.
    """
    if not rows:
        return []
    names = [*table.primary_key.columns.keys(), *unique]
    columns = [table.c[name] for name in dict.fromkeys(names)]
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).on_conflict_do_nothing(index_elements=list(unique)).returning(*columns)
    return list(connection.execute(statement, list(rows)))


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigInvalid(
            "the database is not named by a URL", hint="sqlite:///FILE or postgresql://HOST/NAME"
        ) from None
    where = parsed.render_as_string(hide_password=True)
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in {"sqlite", "postgresql+psycopg"}:
        raise ConfigInvalid("neither SQLite nor PostgreSQL", where=where, hint="use sqlite:/// or postgresql://")
    if parsed.drivername == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise ConfigInvalid("SQLite needs a file: threads would not see one memory", where=where, hint="sqlite:///FILE")
    return parsed


def _sqlite_engine(url: URL) -> Engine:
    folder = Path(url.database or "").absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"no folder for the database: {error.strerror}", where=folder) from error
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself: `_begin_sqlite` does
    _use_write_ahead_log(connection)
    connection.execute("PRAGMA synchronous = FULL")  # an accepted request survives a power cut
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("refsys_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch to WAL; on a fresh file two processes may collide here, and SQLite does not wait by itself."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if _sqlite_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _postgres_engine(url: URL) -> Engine:
    try:
        return create_engine(
            url, pool_pre_ping=True, connect_args={"connect_timeout": 10, "application_name": "refsys"}
        )
    except ModuleNotFoundError as error:
        raise ConfigInvalid(
            "the PostgreSQL driver psycopg is not installed",
            where=url.render_as_string(hide_password=True),
            hint="pip install 'refsys[postgres]'",
        ) from error


def _sqlite_code(error: BaseException | None) -> int | None:
    """Return the primary result code, without the extended bits."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _storage_error(error: Exception, where: str) -> StorageError:
    cause = getattr(error, "orig", None) or error
    message = next(iter(str(cause).splitlines()), type(cause).__name__)
    if _sqlite_code(cause) == sqlite3.SQLITE_FULL or getattr(cause, "sqlstate", None) == "53100":
        return StorageFull(f"no space is left for the database: {message}", where=where, hint="free disk space")
    if _sqlite_code(cause) == sqlite3.SQLITE_BUSY:
        hint = f"another process held it for {BUSY_TIMEOUT_S:g} s; find it with `fuser`, and try again"
        return StorageError(f"the database stayed locked: {message}", where=where, hint=hint)
    return StorageError(f"the database refused: {message}", where=where, hint="`refsys doctor` checks it")
