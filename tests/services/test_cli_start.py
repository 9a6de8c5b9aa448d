"""How the command line starts, refuses and breaks: in processes of its own where that matters."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from refsys.model.errors import InputCorrupt
from refsys.services import cli

HEAVY = ("pydantic", "sqlalchemy", "numpy", "numba", "dask", "distributed", "lxml", "zarr", "rich", "jinja2", "yaml")
COMMAND = (sys.executable, "-m", "refsys.services.cli")


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "sys.argv = ['refsys', '--help']\n"
        "from refsys.services.cli import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as ended:\n"
        "    code = ended.code\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print('loaded:', *loaded)\n"
        "sys.exit(code)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "loaded:"
    assert "Usage: refsys" in ended.stdout


@pytest.mark.parametrize("name", ["demo", "ingest", "produce", "products", "requests", "why", "chains", "simulate"])
def test_each_command_has_help(name: str) -> None:
    result = CliRunner().invoke(cli.app, [name, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_wrong_use_ends_with_2() -> None:
    ended = subprocess.run([*COMMAND, "produce", "--dry-run"], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "CHAIN" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_known_error_is_one_line_and_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "refsys.yaml").write_text("cluster: {worker: 3}\n")
    ended = subprocess.run([*COMMAND, "--home", tmp_path, "config"], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: setting cluster.worker:")
    assert "refsys.yaml" in line


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    (tmp_path / "refsys.yaml").write_text("cluster: {worker: 3}\n")
    result = CliRunner().invoke(cli.app, ["--home", str(tmp_path), "--debug", "config"])
    assert result.exit_code == 1
    assert type(result.exception).__name__ == "ConfigInvalid"


def test_an_error_of_many_lines_becomes_one() -> None:
    error = InputCorrupt("first\n  second", where="file.xml", hint="mend it")
    assert cli.one_line(error) == "first second [file.xml]; mend it"


def test_an_error_of_the_system_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("not a folder")
    result = CliRunner().invoke(cli.app, ["simulate", "session", str(tmp_path / "occupied"), "--count", "10"])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: File exists [")


def test_interrupted_is_clean(tmp_path: Path) -> None:
    script = (
        "import time, refsys.services.cli as cli\n"
        "cli.app.command('wait')(lambda: (print('up', flush=True), time.sleep(60)))\n"
        "cli.main()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, "--home", tmp_path, "wait"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    (line,) = err.splitlines()
    assert line.startswith("interrupted")


def test_version() -> None:
    result = CliRunner().invoke(cli.app, ["version"])
    assert result.stdout.startswith("refsys ")
