"""SIGKILL at every transition of a request in turn: after a restart it finishes, with the digest it would have had."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from toy_home import publish_input, toy_request, toy_system

from refsys.chains.sentinel1.isp_simulator import simulate_aux_ins
from refsys.model.errors import FailureClass
from refsys.model.requests import RequestState
from refsys.scheduler.system import announce, intake
from refsys.services.home import load_settings, open_system

SUPPORT = Path(__file__).parents[1] / "support"
TRANSITIONS = [
    "PlanMade",
    "RunStarted",
    "StepCompleted",
    "StepCompleted",
    "StepCompleted",
    "RunCompleted",
    "ProductsPublished",
]
"""What a toy request with two parts goes through; `test_the_list_is_complete` keeps it true."""


def work(home: Path, die_at: int | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SUPPORT / "toy_home.py"), str(home), *([str(die_at)] if die_at else [])]
    environment = os.environ | {"PYTHONPATH": str(SUPPORT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def prepared(home: Path, folder: Path) -> None:
    with toy_system(home) as system:
        announce(system, publish_input(system, "numbers", folder, parts=2))


def outcome(home: Path) -> tuple[list[str], list[str]]:
    with toy_system(home) as system:
        (record,) = system.ledger.find()
        assert record.state is RequestState.PUBLISHED, record.reason
        published = [event for event in system.ledger.history(record.key) if event.kind == "ProductsPublished"]
        assert len(published) == 1
        assert list(system.store.list("steps")) == []
        products = system.catalogue.find(product_type="TOY_OUT")
        for product in products:
            for asset in product.assets:
                assert len(system.store.get(asset.key)) == asset.size_bytes
        return [product.digest for product in products], list(record.products)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("undisturbed")
    prepared(folder / "home", folder)
    done = work(folder / "home")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == TRANSITIONS
    return outcome(folder / "home")[0]


@pytest.mark.parametrize(
    "die_at", range(1, len(TRANSITIONS) + 1), ids=[f"{n}-{t}" for n, t in enumerate(TRANSITIONS, 1)]
)
def test_killed_at_a_transition(tmp_path: Path, undisturbed: list[str], die_at: int) -> None:
    home = tmp_path / "home"
    prepared(home, tmp_path)
    killed = work(home, die_at)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert killed.stdout.split() == TRANSITIONS[:die_at]
    again = work(home)
    assert again.returncode == 0, again.stderr
    digests, names = outcome(home)
    assert digests == undisturbed
    assert len(names) == 1


def test_killed_again_and_again(tmp_path: Path, undisturbed: list[str]) -> None:
    home = tmp_path / "home"
    prepared(home, tmp_path)
    for die_at in (1, 2, 3, 2, 1):
        assert work(home, die_at).returncode == -signal.SIGKILL
    assert work(home).returncode == 0
    assert outcome(home)[0] == undisturbed


FAILING = ["PlanMade", *(["RunStarted", "StepCompleted", "StepCompleted", "AttemptFailed", "RetryDue"] * 3)][:-1]
"""What a request goes through whose last step fails, in a way that may go away, at each of three attempts."""


@pytest.mark.parametrize("die_at", [5, 6, 7, 11, 15], ids=lambda at: f"{at}-{FAILING[at - 1]}")
def test_killed_between_failures(tmp_path: Path, die_at: int) -> None:
    home = tmp_path / "home"
    with toy_system(home) as system:
        publish_input(system, "numbers", tmp_path, parts=2)
        intake(system, [toy_request("numbers", parameters={"join.fail": "storage"})])
    killed = work(home, die_at)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert killed.stdout.split() == FAILING[:die_at]
    assert work(home).returncode == 0
    with toy_system(home) as system:
        (record,) = system.ledger.find()
        assert (record.state, record.failure, record.attempt) == (RequestState.FAILED, FailureClass.STORAGE, 3)
        assert "the store is away" in (record.reason or "")


def test_killed_while_it_begins_to_wait(tmp_path: Path, undisturbed: list[str]) -> None:
    home = tmp_path / "home"
    with toy_system(home) as system:
        intake(system, [toy_request("numbers")])
    killed = work(home, 1)
    assert (killed.returncode, killed.stdout.split()) == (-signal.SIGKILL, ["InputsMissing"])
    with toy_system(home) as system:
        announce(system, publish_input(system, "numbers", tmp_path, parts=2))
    assert work(home).returncode == 0
    assert outcome(home)[0] == undisturbed


@pytest.mark.parametrize("die_at", [1, 2])
def test_killed_while_it_fetches(tmp_path: Path, die_at: int) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "refsys.yaml").write_text("cluster: {executor: serial}\nledger: {lease_s: 1.0}\n")
    item = simulate_aux_ins(tmp_path / "inbox")
    command = [sys.executable, str(SUPPORT / "ingest_home.py"), str(home), str(item)]
    killed = subprocess.run([*command, str(die_at)], capture_output=True, text=True, timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert killed.stdout.split() == ["RunStarted", "ProductsPublished"][:die_at]
    again = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert again.returncode == 0, again.stderr
    with open_system(load_settings(home)) as system:
        (record,) = system.ledger.find()
        assert record.state is RequestState.PUBLISHED, record.reason
        (product,) = system.catalogue.find()
        assert record.products == (product.name,)
        assert all(len(system.store.get(asset.key)) == asset.size_bytes for asset in product.assets)
        assert list(system.store.list("incoming")) == []
