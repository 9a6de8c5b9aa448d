"""The journey of toy requests: serial and on Dask, in virtual time, and through every kind of failure."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from toy_home import no_fetch, publish_input, serial_loop, toy_request, toy_system

from refsys.model.errors import FailureClass, InvalidTransition
from refsys.model.requests import RequestState
from refsys.model.times import VirtualClock
from refsys.scheduler.system import announce, cancel, intake, retry
from refsys.storage.steps import StepArea


def test_from_arrival_to_published_product(tmp_path: Path) -> None:
    with toy_system(tmp_path / "home") as system:
        product = publish_input(system, "numbers", tmp_path)
        (key,) = announce(system, product)
        serial_loop(system).run()
        record = system.ledger.get(key)
        assert record.state is RequestState.PUBLISHED, record.reason
        (name,) = record.products
        made = system.catalogue.get(name)
        assert made.figures["sum"] == 2 * sum(sum(range(10 * n)) for n in (1, 2, 3))
        assert made.provenance is not None
        assert [ref.digest for ref in made.provenance.inputs] == [product.digest]
        stored = np.frombuffer(system.store.get(made.assets[-1].key)[-8:], dtype=np.int64)
        assert stored[0] == 58


def test_the_same_wish_is_one_request_and_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = tmp_path / "journal"
    monkeypatch.setenv("TOY_JOURNAL", str(journal))
    with toy_system(tmp_path / "home") as system:
        publish_input(system, "numbers", tmp_path)
        keys = {key for key, _ in intake(system, [toy_request("numbers"), toy_request("numbers", priority=9)])}
        assert len(keys) == 1
        serial_loop(system).run()
        intake(system, [toy_request("numbers")])
        serial_loop(system).run()
    assert len(journal.read_text().splitlines()) == 3


def test_workspace_is_dropped_after_publication(tmp_path: Path) -> None:
    with toy_system(tmp_path / "home") as system:
        announce(system, publish_input(system, "numbers", tmp_path))
        serial_loop(system).run()
        assert list(system.store.list("steps")) == []
        assert list((tmp_path / "home" / "scratch").iterdir()) == []


def test_a_request_waits_and_the_arrival_of_exactly_its_input_wakes_it(tmp_path: Path) -> None:
    with toy_system(tmp_path / "home") as system:
        ((key, _),) = intake(system, [toy_request("late")])
        serial_loop(system).run()
        assert system.ledger.get(key).state is RequestState.WAITING
        announce(system, publish_input(system, "other", tmp_path))
        assert system.ledger.get(key).state is RequestState.WAITING
        announce(system, publish_input(system, "late", tmp_path))
        assert system.ledger.get(key).state is RequestState.ACCEPTED
        serial_loop(system).run()
        assert system.ledger.get(key).state is RequestState.PUBLISHED


def test_waiting_ends_in_virtual_time(tmp_path: Path) -> None:
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    with toy_system(tmp_path / "home", clock) as system:
        ((key, _),) = intake(system, [toy_request("never")])
        serial_loop(system).run()
        clock.advance(timedelta(hours=167))
        serial_loop(system).run()
        assert system.ledger.get(key).state is RequestState.WAITING
        clock.advance(timedelta(hours=2))
        loop = serial_loop(system)
        loop.step(0.0)
        record = system.ledger.get(key)
        assert record.state is RequestState.EXPIRED
        assert "never" in (record.reason or "")


def test_a_request_that_does_not_wait_fails_by_name(tmp_path: Path) -> None:
    with toy_system(tmp_path / "home") as system:
        ((key, _),) = intake(system, [toy_request("absent", wait=False)])
        serial_loop(system).run()
        record = system.ledger.get(key)
        assert (record.state, record.failure) == (RequestState.FAILED, FailureClass.INPUT_MISSING)
        assert "absent" in (record.reason or "")


@pytest.mark.parametrize(
    ("fail", "failure", "attempts"),
    [("corrupt", FailureClass.INPUT_CORRUPT, 1), ("bug", FailureClass.BUG, 1), ("storage", FailureClass.STORAGE, 3)],
)
def test_failures_end_in_a_reason_after_the_attempts_of_their_class(
    tmp_path: Path, fail: str, failure: FailureClass, attempts: int
) -> None:
    with toy_system(tmp_path / "home") as system:
        publish_input(system, "numbers", tmp_path)
        ((key, _),) = intake(system, [toy_request("numbers", parameters={"join.fail": fail})])
        serial_loop(system).run()
        record = system.ledger.get(key)
        assert (record.state, record.failure, record.attempt) == (RequestState.FAILED, failure, attempts)
        assert record.reason
        failed = [event for event in system.ledger.history(key) if event.kind == "AttemptFailed"]
        assert len(failed) == attempts
        assert all(event.step == "join" and event.traceback for event in failed)
        assert [product.name for product in system.catalogue.find(product_type="TOY_OUT")] == []


def test_a_retry_resumes_after_the_committed_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = tmp_path / "journal"
    monkeypatch.setenv("TOY_JOURNAL", str(journal))
    with toy_system(tmp_path / "home") as system:
        publish_input(system, "numbers", tmp_path)
        ((key, _),) = intake(system, [toy_request("numbers", parameters={"join.fail": "corrupt"})])
        serial_loop(system).run()
        retry(system, key, "me")
        serial_loop(system).run()
        assert system.ledger.get(key).state is RequestState.FAILED
    assert len(journal.read_text().splitlines()) == 3, "the parts are computed once"


def test_unknown_chain_and_wrong_override_fail_by_name(tmp_path: Path) -> None:
    with toy_system(tmp_path / "home") as system:
        publish_input(system, "numbers", tmp_path)
        wishes = [
            toy_request("numbers", parameters={"nowhere.x": 1}),
            toy_request("numbers", parameters={"join.colour": 1}),
            toy_request("numbers", parameters={"part.part": "p7"}),
            toy_request("numbers").model_copy(update={"chain": "NOPE"}),
        ]
        keys = [key for key, _ in intake(system, wishes)]
        serial_loop(system).run()
        reasons = [system.ledger.get(key).reason or "" for key in keys]
        assert [system.ledger.get(key).state for key in keys] == [RequestState.FAILED] * 4
        assert "nowhere.x" in reasons[0]
        assert "colour" in reasons[1]
        assert "set by the planner" in reasons[2]
        assert "NOPE" in reasons[3]


def test_cancel_from_outside_stops_an_owned_request(tmp_path: Path) -> None:
    with toy_system(tmp_path / "home") as system:
        publish_input(system, "numbers", tmp_path)
        ((key, _),) = intake(system, [toy_request("numbers")])
        loop = serial_loop(system)
        loop.step(0.0)
        loop.step(0.0)
        assert system.ledger.get(key).state is RequestState.RUNNING
        cancel(system, key, "me")
        loop.run()
        record = system.ledger.get(key)
        assert (record.state, record.reason) == (RequestState.CANCELLED, "cancelled by me")
        assert system.catalogue.find(product_type="TOY_OUT") == []
        with pytest.raises(InvalidTransition):
            cancel(system, key, "me")


def test_twins_compute_once_and_both_are_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = tmp_path / "journal"
    monkeypatch.setenv("TOY_JOURNAL", str(journal))
    with toy_system(tmp_path / "home") as system:
        publish_input(system, "numbers", tmp_path)
        wishes = [toy_request("numbers"), toy_request("numbers", satellite="A")]  # two wishes, one computation
        keys = [key for key, _ in intake(system, wishes)]
        serial_loop(system).run()
        records = [system.ledger.get(key) for key in keys]
        assert [record.state for record in records] == [RequestState.PUBLISHED] * 2
        assert records[0].products == records[1].products
        assert list(system.store.list("steps")) == []
    assert len(journal.read_text().splitlines()) == 3


def test_on_dask_the_product_has_the_digest_of_the_serial_run(tmp_path: Path) -> None:
    from refsys.cluster.local import connect
    from refsys.model.settings import ClusterSettings
    from refsys.scheduler.dask_executor import DaskExecutor
    from refsys.scheduler.loop import Loop

    digests = []
    with toy_system(tmp_path / "serial") as system:
        announce(system, publish_input(system, "numbers", tmp_path))
        serial_loop(system).run()
        digests.append([product.digest for product in system.catalogue.find(product_type="TOY_OUT")])
    with toy_system(tmp_path / "dask", attempts=1) as system, connect(ClusterSettings(workers=2)) as client:
        announce(system, publish_input(system, "numbers", tmp_path))
        ((failing, _),) = intake(system, [toy_request("numbers", parameters={"join.fail": "bug"})])
        loop = Loop(system, DaskExecutor(client), no_fetch)
        loop.run()
        told = [event for _, event in client.get_events("refsys")]
        assert {(event["step"], event["doing"]) for event in told} >= {("part p0", "multiplied")}
        ((killing, _),) = intake(system, [toy_request("numbers", parameters={"join.fail": "kill"})])
        loop.run()
        digests.append([product.digest for product in system.catalogue.find(product_type="TOY_OUT")])
        assert "ZeroDivisionError" in (system.ledger.get(failing).reason or "")
        assert system.ledger.get(killing).failure is FailureClass.WORKER_LOST
    assert digests[0] == digests[1]
    assert len(digests[0]) == 1


def test_step_area_is_kept_for_another_open_request(tmp_path: Path) -> None:
    with toy_system(tmp_path / "home") as system:
        publish_input(system, "numbers", tmp_path)
        intake(system, [toy_request("numbers", priority=5)])
        ((other, _),) = intake(system, [toy_request("numbers", parameters={"join.fail": "storage"})])
        loop = serial_loop(system)
        while system.catalogue.find(product_type="TOY_OUT") == []:
            loop.step(0.0)
        record = system.ledger.get(other)
        assert record.state.is_open
        assert record.plan is not None
        assert StepArea(system.store, record.plan.steps[0].key).committed() is not None
        loop.run()
        assert system.ledger.get(other).state is RequestState.FAILED


def test_a_cluster_without_workers_is_a_failure_not_a_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import Client, LocalCluster

    from refsys.scheduler import dask_executor
    from refsys.scheduler.loop import Loop

    monkeypatch.setattr(dask_executor, "NO_WORKER_S", 0.5)
    options = {"n_workers": 0, "host": "127.0.0.1", "dashboard_address": None, "silence_logs": 40}
    with (
        LocalCluster(**options) as cluster,
        Client(cluster, set_as_default=False) as client,
        toy_system(tmp_path / "home", attempts=1) as system,
    ):
        (key,) = announce(system, publish_input(system, "numbers", tmp_path))
        Loop(system, dask_executor.DaskExecutor(client), no_fetch).run()
        record = system.ledger.get(key)
        assert (record.state, record.failure) == (RequestState.FAILED, FailureClass.WORKER_LOST)
        assert "no worker" in (record.reason or "")


def test_cancelled_requests_leave_no_step_areas(tmp_path: Path) -> None:
    with toy_system(tmp_path / "home") as system:
        publish_input(system, "numbers", tmp_path)
        ((key, _),) = intake(system, [toy_request("numbers")])
        loop = serial_loop(system)
        while not list(system.store.list("steps")):
            loop.step(0.0)
        cancel(system, key, "me")
        loop.run()
        loop.step(0.0)
        assert system.ledger.get(key).state is RequestState.CANCELLED
        assert list(system.store.list("steps")) == []


def test_a_failing_clean_up_does_not_hide_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from refsys.model.errors import StorageError
    from refsys.storage.steps import Attempt

    def broken(attempt: Attempt) -> None:
        raise StorageError("the store is away", where=attempt.prefix)

    monkeypatch.setattr(Attempt, "discard", broken)
    with toy_system(tmp_path / "home") as system:
        publish_input(system, "numbers", tmp_path)
        ((key, _),) = intake(system, [toy_request("numbers", parameters={"join.fail": "corrupt"})])
        serial_loop(system).run()
        record = system.ledger.get(key)
        assert record.failure is FailureClass.INPUT_CORRUPT
        assert "numbers are not numbers" in (record.reason or "")


def test_a_name_that_is_taken_is_given_up_for_that_of_a_new_plan(tmp_path: Path) -> None:
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    with toy_system(tmp_path / "home", clock) as system:
        publish_input(system, "numbers", tmp_path)
        wishes = [toy_request("numbers", parameters={"join.short_name": True, "part.factor": n}) for n in (1, 2)]
        keys = [key for key, _ in intake(system, wishes)]
        loop = serial_loop(system)
        while any(system.ledger.get(key).state.is_open for key in keys):
            if not loop.step(0.0):
                clock.advance(timedelta(seconds=1))
        records = [system.ledger.get(key) for key in keys]
        assert [record.state for record in records] == [RequestState.PUBLISHED] * 2, [r.reason for r in records]
        assert sorted(record.attempt for record in records) == [1, 2]
        assert records[0].products != records[1].products


@pytest.mark.parametrize("fail", ["exit", "surrogate", "huge"])
def test_a_poisonous_unit_fails_alone(tmp_path: Path, fail: str) -> None:
    with toy_system(tmp_path / "home") as system:
        publish_input(system, "numbers", tmp_path)
        ((bad, _),) = intake(system, [toy_request("numbers", parameters={"join.fail": fail}, priority=9)])
        ((good, _),) = intake(system, [toy_request("numbers")])
        serial_loop(system).run()
        record = system.ledger.get(bad)
        assert record.state is RequestState.FAILED
        assert 0 < len(record.reason or "") <= 2_000
        assert system.ledger.get(good).state is RequestState.PUBLISHED


def test_a_committed_step_whose_files_are_gone_runs_again(tmp_path: Path) -> None:
    with toy_system(tmp_path / "home") as system:
        publish_input(system, "numbers", tmp_path)
        _ = intake(system, [toy_request("numbers", parameters={"join.fail": "corrupt"})])
        serial_loop(system).run()
        for item in list(system.store.list("steps")):
            if not item.key.endswith("manifest.json"):
                system.store.delete(item.key)
        ((again, _),) = intake(system, [toy_request("numbers")])
        serial_loop(system).run()
        assert system.ledger.get(again).state is RequestState.PUBLISHED, system.ledger.get(again).reason


def test_a_product_that_was_damaged_is_mended_by_publishing_it_again(tmp_path: Path) -> None:
    with toy_system(tmp_path / "home") as system:
        product = publish_input(system, "numbers", tmp_path)
        system.store.delete(product.assets[0].key)
        publish_input(system, "numbers", tmp_path)
        assert len(system.store.get(product.assets[0].key)) == product.assets[0].size_bytes
