"""The demo as a user runs it: on a local cluster, twice, and killed in between."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from command_line import Refsys

from refsys.model.requests import INGEST
from refsys.services.demonstration import demo as demo_module
from refsys.services.demonstration import inputs as demo_inputs
from refsys.services.demonstration.checks import MWR_CHAIN, S1_CHAIN, SRAL_CHAIN
from refsys.services.demonstration.demo import CHAINS
from refsys.services.demonstration.scene_checks import SLC_CHAIN
from refsys.services.home import load_settings, open_system

COMMAND = (sys.executable, "-m", "refsys.services.cli")
SMALL = (sys.executable, str(Path(__file__).with_name("small_demo.py")))
SEED = 20261122
KILLS = 2
MOST_SECONDS = 300 * 4
"""Four times what two cores that do nothing else may take: the suite runs beside the demo."""


def environment(data: Path | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "REFSYS_SHARED"}
    return kept if data is None else {**kept, "REFSYS_SHARED": str(data)}


def demo(home: Path, data: Path | None, *args: str) -> dict[str, Any]:
    """Run the demo in a process of its own, in a folder without repository, and return its JSON."""
    ended = subprocess.run(
        [*COMMAND, "--home", home, "demo", "--json", *args],
        cwd=home.parent,
        env=environment(data),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, (ended.stdout[-3000:], ended.stderr[-3000:])
    assert ended.stderr == ""  # no progress bar where there is no terminal
    result: dict[str, Any] = json.loads(ended.stdout)
    return result


def digests(result: dict[str, Any]) -> dict[str, str]:
    return {f"{line['chain']} {line['input']}": line["digest"] for line in result["requests"]}


def check_result(result: dict[str, Any], chains: tuple[str, ...] = CHAINS) -> None:
    assert result["passed"] is True
    assert result["seconds"] < MOST_SECONDS
    assert {line["state"] for line in result["requests"]} == {"PUBLISHED"}
    assert {*chains, "INGEST"} == {line["chain"] for line in result["requests"]}
    mwr = {row["variant"]: row for row in result["mwr"]}
    assert {name: row["packets_sent"] for name, row in mwr.items()} == dict.fromkeys(mwr, demo_inputs.PACKETS)
    whole = [row["packets_recovered"] for name, row in mwr.items() if name != "lost-on-all"]
    assert whole == [demo_inputs.PACKETS] * 3
    lost = mwr["lost-on-all"]
    assert lost["packets_missing_expected"] > 300
    assert lost["packets_recovered"] + lost["packets_missing_expected"] == demo_inputs.PACKETS
    assert lost["packets_missing_reported"] + lost["left_no_trace"] == lost["packets_missing_expected"]
    assert (lost["head"], lost["tail"]) == ("unknown", "unknown")
    assert mwr["wrong-bytes"]["corrected_symbols"] >= 8 * 8 * 2 * lost["frames_sent"]
    assert all(row["identical"] and row["missing_exact"] for row in mwr.values())
    assert mwr["lost-on-one"]["frames_lost"] == lost["frames_lost"] > 0
    assert all(check["passed"] for check in result["checks"])
    assert {check["chain"] for check in result["checks"]} == {SRAL_CHAIN, S1_CHAIN, SLC_CHAIN} & set(chains)


def check_nothing_was_planned_before_auxiliary_data(home: Path) -> None:
    with open_system(load_settings(home)) as system:
        records = system.ledger.find(limit=1000)
        auxiliary = [record for record in records if "_AUX_" in record.request.label]
        told = [event for record in auxiliary for event in system.ledger.history(record.key)]
        others = [record for record in records if record.request.chain != INGEST]
        begun = [system.ledger.history(record.key)[0].at for record in others]
    assert len(auxiliary) >= 5
    assert max(event.at for event in told) <= min(begun)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.shared
def test_demo_on_real_data_and_again(shared_data: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = demo(home, shared_data)
    check_result(first)
    assert len([check for check in first["checks"] if check["chain"] == SLC_CHAIN]) == 7
    assert first["data"] == "real"
    assert first["reused"] == 0
    assert len(first["kernels"]) == 2  # what they compiled depends on what is kept
    assert all(call["first_s"] > 0 for call in first["calls"])
    html = Path(first["report"]).read_text("utf-8")
    assert html.count("data:image/png;base64,") >= 5
    assert "http" not in html.replace("http-equiv", "")
    check_nothing_was_planned_before_auxiliary_data(home)
    second = demo(home, shared_data)
    assert second["reused"] == len(second["requests"])
    assert digests(second) == digests(first)
    assert second["kernels"] == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_demo_on_simulated_data_and_fresh(new_home: Refsys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REFSYS_SHARED", raising=False)
    monkeypatch.chdir(tmp_path)  # in no repository, so that nothing is beside it
    # The scene is the same with real data, and there it is looked at.
    monkeypatch.setattr(demo_module, "scene_inputs", lambda folder: [])
    monkeypatch.setattr(demo_module, "CHAINS", CHAINS[:3])
    first = new_home("demo", "--json").json
    check_result(first, CHAINS[:3])
    assert first["data"] == "simulated"
    assert first["data_folder"] is None
    assert "as it must be" in new_home("demo").out
    monkeypatch.setattr(demo_inputs, "VARIANTS", demo_inputs.VARIANTS[:1])
    again = new_home("demo", "--fresh", "--json").json
    assert again["passed"]
    assert again["reused"] == 0
    assert digests(again).items() <= digests(first).items()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_killed_demo_finishes_with_the_digests_of_an_undisturbed_one(tmp_path: Path) -> None:
    undisturbed = run_small(tmp_path / "undisturbed")
    chance = random.Random(SEED)
    home = tmp_path / "killed"
    killed = 0
    for _ in range(KILLS):
        process = start_small(home)
        until = time.monotonic() + chance.uniform(1.0, 12.0)
        while process.poll() is None and time.monotonic() < until:
            wait_a_moment(process)
        if process.poll() is None:
            process.kill()
            killed += 1
        process.communicate()
    assert killed > 0, "every run ended before its random moment; nothing was tested"
    finished = run_small(home)
    assert {line["state"] for line in finished["requests"]} == {"PUBLISHED"}
    assert all(row["identical"] and row["missing_exact"] for row in finished["mwr"])
    assert digests(finished) == digests(undisturbed)


def wait_a_moment(process: "subprocess.Popen[str]") -> None:
    try:
        process.wait(0.05)
    except subprocess.TimeoutExpired:
        return


def start_small(home: Path) -> "subprocess.Popen[str]":
    home.mkdir(exist_ok=True)
    (home / "refsys.yaml").write_text("ledger: {lease_s: 2.0}\ncluster: {workers: 1}\n")
    return subprocess.Popen(
        [*SMALL, "--home", home, "demo", "--json"],
        cwd=home.parent,
        env=environment(None),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_small(home: Path) -> dict[str, Any]:
    """Run to the end; without the other chains the exit code says that something was not run."""
    out, err = start_small(home).communicate(timeout=200)
    assert out, err
    result: dict[str, Any] = json.loads(out)
    assert sorted(result["not_run"]) == sorted(set(CHAINS) - {MWR_CHAIN})
    return result
