"""The page on a chain of one's own, typed as it stands."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "own-chain.md"


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert found
    return found.group(1)


@pytest.mark.slow
def test_the_page_works_as_it_stands(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "refsys.yaml").write_text("cluster: {executor: serial}\n")
    (tmp_path / "my_units.py").write_text(block("python"))
    (tmp_path / "count.yaml").write_text(block("yaml"))
    commands = [line.removeprefix("$ ") for line in block("console").splitlines()]
    assert len(commands) == 6
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(tmp_path),
        "REFSYS_HOME": str(home),
    }
    script = "\n".join(["set -euo pipefail", *commands, "refsys products list --type PACKET_COUNT --json"])
    run = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert run.returncode == 0, f"{run.stdout[-3000:]}\n{run.stderr[-3000:]}"
    (product,) = json.loads(run.stdout[run.stdout.rindex("\n[\n") :])
    shown = subprocess.run(
        ["refsys", "products", "show", product["name"], "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(shown.stdout)["figures"]["packets"] == 500
