"""Simulated traffic through the whole system: published is what the oracle says, whatever happens on the way."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from refsys.chains.scenarios.oracle import expected_counts
from refsys.chains.scenarios.scenario import parse_scenario, read_scenario
from refsys.services import scenario_report
from refsys.services.cli import app
from refsys.services.scenario_report import difference
from refsys.services.scenarios import Ran, run_scenario

SMALL = """
version: 1
name: small
start: 2026-03-01T00:00:00Z
hours: 3.4
s1:
  split: 1.0
  lost_segments: 0.2
  data_takes:
    - {mode: IW, length_s: 60, after_node_s: 600}
    - {mode: WV, polarisation: SV, length_s: 90, after_node_s: 3300}
"""


def found(ran: Ran) -> Counter[tuple[object, ...]]:
    """What matters of products: type, satellite, times, timeliness."""
    return Counter(
        (p.product_type, p.satellite, p.start, p.stop, p.attributes.timeliness, p.attributes.polarisation)
        for p in ran.products
    )


def test_an_hour_of_all_missions_gives_what_the_oracle_says() -> None:
    told = json.loads(CliRunner().invoke(app, ["simulate", "scenario", "hour", "--json"]).stdout)
    assert told["agrees"], (told["missing_products"], told["unexpected_products"], told["reasons"])
    assert told["published"] == told["expected"] > 100
    assert told["open"] == told["duplicates"] == 0
    assert {kind.split("_")[0] for kind in told["types"]} >= {"MSI", "OL", "SR", "IW", "WV"}
    assert all(row["reason"] != "no reason told" for row in told["reasons"])
    assert told["virtual_end"] > "2026-03-04"  # NTC of OLCI is looked at 70 h after its stripe


def test_shuffled_arrivals_give_the_same_products(tmp_path: Path) -> None:
    given = parse_scenario(SMALL, "small.yaml")
    plain = run_scenario(given, tmp_path / "plain", slots=100)
    assert difference(plain).none
    assert difference(plain).expected > 10
    for seed in (1, 2):
        shuffled = run_scenario(given, tmp_path / str(seed), slots=3, shuffle=seed)
        assert found(shuffled) == found(plain)


def test_a_run_that_was_killed_goes_on_to_the_same_end(tmp_path: Path) -> None:
    file, home = tmp_path / "small.yaml", tmp_path / "home"
    file.write_text(SMALL)
    command = [sys.executable, "-m", "refsys.services.cli", "simulate", "scenario", str(file), "--keep", str(home)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    try:
        _wait_until_published(home / "refsys.db", 2)
    finally:
        process.send_signal(signal.SIGKILL)
        ended = process.wait()
    assert ended == -signal.SIGKILL  # in the middle, not after the end
    given = parse_scenario(SMALL, "small.yaml")
    continued = run_scenario(given, home, slots=100)
    assert difference(continued).none
    assert found(continued) == found(run_scenario(given, tmp_path / "other", slots=100))


def _wait_until_published(database: Path, least: int) -> None:
    for _ in range(600):
        if database.is_file() and _published(database) >= least:
            return
        time.sleep(0.1)
    raise AssertionError("the simulation did not get there")


def _published(database: Path) -> int:
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            return int(connection.execute("select count(*) from request where state = 'PUBLISHED'").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_a_difference_from_the_oracle_is_told_and_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL.replace("hours: 3.4", "hours: 1.7"))
    right = expected_counts

    def wrong(*given: object) -> Counter[object]:
        counts = right(*given)  # type: ignore[arg-type]
        first = min(counts, key=str)
        del counts[first]
        return counts  # type: ignore[return-value]

    monkeypatch.setattr(scenario_report, "expected_counts", wrong)
    result = CliRunner().invoke(app, ["simulate", "scenario", str(file), "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["unexpected"] >= 1


def test_an_unknown_scenario_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no such scenario"):
        read_scenario(tmp_path / "nothing.yaml")
    assert CliRunner().invoke(app, ["simulate", "scenario", str(tmp_path / "nothing.yaml")]).exit_code != 0
