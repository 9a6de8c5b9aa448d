"""The page on a processor of one's own, typed as it stands."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "own-processor.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.slow
def test_the_page_works_as_it_stands(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "refsys.yaml").write_text("cluster: {executor: serial}\n")
    (tmp_path / "count.py").write_text(blocks("python")[0])
    (tmp_path / "count.xml").write_text(blocks("xml")[0])
    commands = [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines()]
    assert len(commands) == 10
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "REFSYS_HOME": str(home),
    }
    script = "\n".join(["set -euo pipefail", *commands, "refsys products list --type MW_1_CNT___ --json"])
    run = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert run.returncode == 0, f"{run.stdout[-3000:]}\n{run.stderr[-3000:]}"
    (product,) = json.loads(run.stdout[run.stdout.rindex("\n[\n") :])
    assert "_MW_1_CNT____" in product["name"]
    assert "AX___OSF_AX" in run.stdout
    assert len((tmp_path / "count.yaml").read_text().splitlines()) <= 20
