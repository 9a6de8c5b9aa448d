"""Every command in the README is run, in a folder of its own, and every link in the docs leads somewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.slow
def test_the_tour_of_the_readme(tmp_path: Path) -> None:
    setup, *tour = [block for block in blocks("sh") if "make " not in block]
    assert 'REFSYS_HOME="$PWD/var/tour"' in setup
    (tmp_path / "var").mkdir()
    script = "\n".join(["set -euo pipefail", *tour])
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "REFSYS_HOME": str(tmp_path / "var" / "tour"),
    }
    run = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert run.returncode == 0, f"{run.stdout[-3000:]}\n{run.stderr[-3000:]}"
    assert "MW_0_MWR" in run.stdout
    assert len(list((tmp_path / "var" / "out").glob("S3A_MW_0_MWR*.SEN3/xfdumanifest.xml"))) == 1


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    (first,) = [block for block in blocks("sh") if block.startswith("make ")]
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert first.split() == ["make", "demo", "make", "test"]
    assert {"demo", "test"} <= targets


def test_the_settings_of_the_readme_are_settings(tmp_path: Path) -> None:
    from refsys.services.home import load_settings

    (block,) = blocks("yaml")
    (tmp_path / "refsys.yaml").write_text(block)
    settings = load_settings(tmp_path)
    assert settings.store_url == "s3://products/refsys"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8"))
    lost = [t for t in targets if not t.startswith("http") and not (page.parent / t).exists()]
    assert lost == []
