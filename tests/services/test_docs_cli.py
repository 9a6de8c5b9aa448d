"""The examples of docs/cli.md, run in their order in one home."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from string import Template

import pytest
from command_line import Refsys

from refsys.services.cli import app

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "cli.md"
EXAMPLES = re.findall(r"^\$ refsys (.+)$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
ELSEWHERE = (
    "demo",
    "simulate scenario hour",
    "step run --job-order JobOrder.xml --keep",
    "chains new --task-table TaskTable.xml --image registry.example/processor:1.0",
)
"""Run by test_demo.py, test_scenario.py, test_alone.py and test_own_processor.py, which have the files for them."""

EXIT_CODES = {"dashboard": 1}
"""As the document says: nobody is at work in the home."""


@pytest.mark.slow
def test_examples_run(make_refsys: Callable[[Path], Refsys], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REFSYS_SHARED", raising=False)
    refsys = make_refsys(tmp_path / "home")
    known: dict[str, str] = {}
    for example in EXAMPLES:
        if example in ELSEWHERE:
            continue
        args = [Template(word).substitute(known) for word in shlex.split(example)]
        answer = refsys(*args, ok=False)
        assert answer.exit_code == EXIT_CODES.get(example, 0), (example, answer)
        if example.startswith("simulate session"):
            known |= {"SESSION": answer.json["folder"], "SESSION_NAME": Path(answer.json["folder"]).name}
        if example.startswith("ingest"):
            (row,) = refsys("requests", "list", "--chain", "S3-L0-MWR", "--json").json
            known |= {"REQUEST": row["request"][:6], "PRODUCT": row["products"][0]}


def test_every_command_has_an_example() -> None:
    words = {tuple(shlex.split(example))[: 2 if example.split()[0] in groups() else 1] for example in EXAMPLES}
    assert words == set(commands())


def groups() -> set[str]:
    return {str(group.name) for group in app.registered_groups}


def commands() -> list[tuple[str, ...]]:
    own: list[tuple[str, ...]] = [
        (command.callback.__name__,) for command in app.registered_commands if command.callback
    ]
    inner: list[tuple[str, ...]] = [
        (str(group.name), str(command.name))
        for group in app.registered_groups
        if group.typer_instance
        for command in group.typer_instance.registered_commands
    ]
    return own + inner
