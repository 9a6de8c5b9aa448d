"""The command line on a home, called in this process, and what it answers."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from refsys.services.cli import app

SETTINGS = "cluster: {executor: serial}\nledger: {lease_s: 5.0, retry_delay_s: 0.05}\n"

WAITING_CHAIN = """
name: TOY-AUX
version: "1"
title: Wants an auxiliary file that nobody has
inputs:
  - {role: session, types: [S3_SESSION]}
  - {role: orbit, types: [AUX_RESORB], policy: LatestValCover}
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
