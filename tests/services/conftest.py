"""A home for the tests of the command line, and a runner that speaks to it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from refsys.services.cli import app

SETTINGS = "cluster: {executor: serial}\nledger: {lease_s: 5.0, retry_delay_s: 0.05}\n"

WAITING_CHAIN = """
name: TOY-AUX
version: "1"
title: Wants an auxiliary file that nobody has
inputs:
  - {role: session, types: [S3_SESSION]}
  - {role: orbit, types: [AUX_RESORB], policy: latest-valid-cover}
steps:
  - {name: join, unit: "toy_units:join", inputs: [session, orbit], outputs: [TOY_OUT]}
"""


@dataclass(frozen=True)
class Answer:
    """What a command printed, and how it ended."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as one JSON document."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Refsys:
    """The command line on one home."""

    home: Path

    def __call__(self, *args: object, ok: bool = True, **more: Any) -> Answer:
        result = CliRunner().invoke(app, ["--home", str(self.home), *map(str, args)], **more)
        answer = Answer(result.exit_code, result.stdout, result.stderr)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        if ok:
            assert answer.exit_code == 0, answer
        return answer


def make_home(folder: Path) -> Refsys:
    """Return the command line on a new home that runs everything in this process."""
    folder.mkdir(parents=True)
    (folder / "waiting.yaml").write_text(WAITING_CHAIN)
    (folder / "refsys.yaml").write_text(SETTINGS + f"chains: ['{folder / 'waiting.yaml'}']\n")
    return Refsys(folder)


@pytest.fixture
def new_home(tmp_path: Path) -> Refsys:
    """An empty home."""
    return make_home(tmp_path / "home")


@dataclass(frozen=True)
class Worked:
    """A home in which one simulated session was ingested and made into a product."""

    refsys: Refsys
    session: Path
    truth: dict[str, Any]
    ingested: list[dict[str, Any]]

    @property
    def request(self) -> dict[str, Any]:
        """The row of the production request."""
        return next(row for row in self.ingested if row["chain"] == "S3-L0-MWR")

    @property
    def product(self) -> str:
        """Name of the Level-0 product."""
        return str(self.request["products"][0])


@pytest.fixture(scope="session")
def worked_home(tmp_path_factory: pytest.TempPathFactory) -> Worked:
    """The command line on a home with one Level-0 product, made by `simulate` and `ingest`."""
    folder = tmp_path_factory.mktemp("worked")
    refsys = make_home(folder / "home")
    truth = refsys("simulate", "session", folder / "in", "--count", 400, "--channels", "split", "--json").json
    session = Path(truth["folder"])
    ingested = refsys("ingest", session, "--json").json
    return Worked(refsys, session, truth, ingested)


@pytest.fixture(scope="session")
def make_refsys() -> Callable[[Path], Refsys]:
    """Makes further homes."""
    return make_home
