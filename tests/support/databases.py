"""Fixtures: databases of both kinds. A test module has them by `pytest_plugins = ("databases",)`.

PostgreSQL comes from the server that REFSYS_TEST_POSTGRES names, where databases may be created, else from a cluster
that is started here on the loopback and ended with the session; without either, its tests are skipped.
"""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from refsys.storage.database import Database, open_database

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """URL of a server (its database `postgres`) where databases may be created."""
    if given := os.environ.get("REFSYS_TEST_POSTGRES"):
        yield make_url(given).set(drivername="postgresql+psycopg")
        return
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("PostgreSQL: apt-get install postgresql-15, or set REFSYS_TEST_POSTGRES to the URL of a server")
    folder = Path(tempfile.mkdtemp(prefix="refsys-postgres-"))
    try:
        yield from _own_cluster(programs[-1].parent, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _own_cluster(programs: Path, folder: Path) -> Iterator[URL]:
    user = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
    if user is not None:
        shutil.chown(folder, user)
    password, port = secrets.token_hex(16), _free_port()
    secret = folder / "password"
    secret.write_text(password)
    if user is not None:
        shutil.chown(secret, user)

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(folder / "data"), *arguments]
        subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=120)

    run("initdb", "-A", "scram-sha-256", f"--pwfile={secret}", "-U", "refsys", "--no-sync", "-E", "UTF8", "--no-locale")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield URL.create("postgresql+psycopg", "refsys", password, "127.0.0.1", port, "postgres")
    finally:
        run("pg_ctl", "-w", "-m", "immediate", "stop")


@pytest.fixture(params=KINDS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/refsys.db"
        return
    server = request.getfixturevalue("postgres_server")
    yield from _postgres_database(server, "template0")


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a fresh, migrated database."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("_sqlite_template"), tmp_path / "refsys.db")
        yield f"sqlite:///{tmp_path}/refsys.db"
        return
    yield request.getfixturevalue("postgres_url")


@pytest.fixture
def postgres_url(postgres_server: URL, _postgres_template: str) -> Iterator[str]:
    """URL of a fresh, migrated PostgreSQL database."""
    yield from _postgres_database(postgres_server, _postgres_template)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database, open."""
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "refsys.db"
    open_database(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: URL) -> Iterator[str]:
    for url in _postgres_database(postgres_server, "template0"):
        open_database(url).close()
        yield make_url(url).database or ""


def _postgres_database(server: URL, template: str) -> Iterator[str]:
    name = f"refsys_test_{secrets.token_hex(6)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
