"""What the loop believes of its requests is what the ledger holds; views outlive rounds and see all that comes."""

from pathlib import Path

from toy_home import publish_input, serial_loop, toy_request, toy_system

from refsys.model.events import Event
from refsys.model.requests import RequestRecord
from refsys.scheduler.shared_view import SharedView
from refsys.scheduler.system import intake


def test_the_record_after_every_transition_is_that_of_the_ledger(tmp_path: Path) -> None:
    with toy_system(tmp_path / "home") as system:
        for name in ("one", "two"):
            publish_input(system, name, tmp_path)
        seen: list[str] = []

        def observe(record: RequestRecord, event: Event) -> None:
            seen.append(event.kind)
            told = {past.kind for past in system.ledger.history(record.key)}
            if event == system.ledger.history(record.key)[-1]:  # not one of several written together
                assert record == system.ledger.get(record.key)
            assert event.kind in told

        wishes = [toy_request("one"), toy_request("two"), toy_request("absent"), toy_request("no", wait=False)]
        wishes += [toy_request("one", parameters={"part.nonsense": 1})]
        intake(system, wishes)
        serial_loop(system, observe).run()
    assert {"InputsMissing", "PlanMade", "RunStarted", "StepCompleted", "ProductsPublished", "AttemptFailed"} <= set(
        seen
    )


def test_a_shared_view_keeps_what_did_not_change_and_sees_what_came_and_went(tmp_path: Path) -> None:
    with toy_system(tmp_path / "home") as system:
        first = publish_input(system, "one", tmp_path)
        shared = SharedView(system.catalogue)
        view = shared.fresh()
        before = view.touching(("TOY_IN",), None, first.start, first.stop)
        assert [one.name for one in before] == ["one"]
        assert shared.fresh() is view
        assert view.get("one") is view.get("one")
        publish_input(system, "two", tmp_path)
        assert [one.name for one in shared.fresh().touching(("TOY_IN",), None, first.start, first.stop)] == [
            "one",
            "two",
        ]
        system.catalogue.tombstone("two", system.clock.now())
        after = shared.fresh()
        assert after is not view
        assert [one.name for one in after.touching(("TOY_IN",), None, first.start, first.stop)] == ["one"]


def test_a_name_deleted_and_given_again_is_seen(tmp_path: Path) -> None:
    with toy_system(tmp_path / "home") as system:
        first = publish_input(system, "one", tmp_path)
        shared = SharedView(system.catalogue)
        assert shared.fresh().get("one") == first
        system.catalogue.tombstone("one", system.clock.now())
        again = first.model_copy(update={"figures": {"parts": []}})
        system.catalogue.insert(again)  # on SQLite it may get the number of the row that was deleted
        assert shared.fresh().get("one") == again
