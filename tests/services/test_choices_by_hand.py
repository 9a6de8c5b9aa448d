"""`refsys requests override` and what `refsys why` tells of waits, deadlines and choices by hand."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import Refsys

from refsys.chains.chain_files import parse_chain
from refsys.chains.units import ProductDraft
from refsys.model.requests import ProductionRequest
from refsys.model.times import VirtualClock
from refsys.scheduler.system import System, intake
from refsys.services.explanation import Explanation, InputStory, explain
from refsys.services.home import load_settings, open_system, produce, working
from refsys.storage.publishing import publish_folder

DAY = datetime(2026, 1, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)

WAITING_CHAIN = """
name: TOY-WAIT
version: "1"
title: Waits for an orbit file, and takes the precise one first
inputs:
  - {role: session, types: [S3_SESSION]}
  - role: orbit
    mandatory: false
    wait: {after_acceptance_s: 1800}
    alternatives:
      - {types: [AUX_POEORB], policy: LatestValCover, before_s: 60}
      - {types: [AUX_RESORB], policy: ClosestStartValidity, least: 2}
steps:
  - {name: join, unit: "toy_units:join", inputs: [session, orbit], outputs: [TOY_OUT]}
"""


def publish(system: System, folder: Path, name: str, **fields: Any) -> None:
    source = folder / name
    source.mkdir(parents=True)
    (source / "content.txt").write_text(name)
    auxiliary = {"product_type": "AUX_RESORB", "satellite": "A", "start": DAY - HOUR, "stop": DAY + 2 * HOUR}
    draft = ProductDraft.model_validate({"name": name, "mission": "S3", "creation_time": DAY, **auxiliary, **fields})
    publish_folder(draft, source, system.store, system.catalogue, incoming_id=name)


@pytest.fixture
def system(new_home: Refsys, tmp_path: Path) -> Iterator[System]:
    with open_system(load_settings(new_home.home), VirtualClock(DAY)) as opened:
        publish(opened, tmp_path, "session", product_type="S3_SESSION", start=DAY, stop=DAY + HOUR)
        yield opened


def told(system: System, chain: str = "TOY-WAIT") -> tuple[Explanation, InputStory]:
    if chain == "TOY-WAIT":
        system.chains["TOY-WAIT"] = parse_chain(WAITING_CHAIN, "wait")  # type: ignore[index]
    wanted = ProductionRequest(chain=chain, product_type="TOY_OUT", inputs=("session",))
    ((key, _),) = intake(system, [wanted])
    with working(system) as at_work:
        at_work.loop.run([key])
    found = explain(system, system.ledger.get(key))
    return found, found.inputs[1]


def test_what_is_awaited_and_until_when_and_what_would_end_it(system: System, tmp_path: Path) -> None:
    publish(system, tmp_path, "restituted")
    publish(system, tmp_path, "precise", product_type="AUX_POEORB", start=DAY - timedelta(seconds=59))
    found, orbit = told(system)
    assert (found.state, found.awaited_until) == ("WAITING", DAY + HOUR / 2)
    assert orbit.awaited_until == DAY + HOUR / 2
    assert {r.product: r.reason for r in orbit.rejected} == {
        "precise": "is valid from 2026-01-01T23:59:01.000000Z, needed from 2026-01-01T23:59:00.000000Z",
        "restituted": "1 found, at least 2 needed",
    }
    assert orbit.would_change[0] == (
        "a product of type AUX_POEORB of satellite A that covers "
        "2026-01-01T23:59:00.000000Z to 2026-01-02T01:00:00.000000Z"
    )
    assert found.what_would_change_it[0] == f"ingest {orbit.would_change[0]}: its arrival wakes the request"
    assert found.what_would_change_it[-1] == "otherwise it goes on with what is there at 2026-01-02T00:30:00.000000Z"


def test_a_better_alternative_would_change_the_choice_of_a_plan(system: System, tmp_path: Path) -> None:
    publish(system, tmp_path, "precise", product_type="AUX_POEORB", creation_time=DAY)
    found, orbit = told(system)
    assert (found.chosen_at, orbit.chosen) == ("plan", ("precise",))
    assert orbit.reason.startswith("covers 2026-01-01T23:59:00.000000Z to ")
    assert orbit.would_change[0].endswith("created after 2026-01-02T00:00:00.000000Z")
    publish(system, tmp_path, "newer", product_type="AUX_POEORB", creation_time=DAY + HOUR)
    later = explain(system, system.ledger.get(found.request)).inputs[1]
    assert later.chosen == ("precise",)
    assert later.reason == "frozen in the plan; now newer would be chosen"


def test_an_override_is_used_kept_and_shown(new_home: Refsys, system: System, tmp_path: Path) -> None:
    publish(system, tmp_path, "far", start=DAY - 9 * HOUR, stop=DAY - 8 * HOUR)
    key = produce(system, "TOY-AUX", ("session",), wait=True)
    with working(system) as at_work:
        at_work.loop.run([key])
    assert system.ledger.get(key).state == "WAITING"
    (row,) = new_home(
        "requests", "override", key, "--input", "orbit=far", "--reason", "a manoeuvre", "--json"
    ).json  # fmt: skip
    assert row["state"] == "ACCEPTED"
    (done,) = new_home("produce", "--json", ok=False).json
    assert done["request"] == key
    why = new_home("why", key, "--json").json
    orbit = why["inputs"][1]
    assert (orbit["policy"], orbit["chosen"]) == ("by hand", ["far"])
    assert "a manoeuvre" in orbit["reason"]
    (said,) = why["by_hand"]
    assert (said["role"], said["products"], said["reason"]) == ("orbit", ["far"], "a manoeuvre")
    assert said["by"]
    assert said["at"]
    assert "by hand: orbit = far" in new_home("why", key).out
    history = new_home("requests", "show", key, "--json").json["history"]
    assert "InputsOverridden" in [event["kind"] for event in history]


@pytest.mark.parametrize(
    ("given", "words"),
    [("orbit", "not ROLE=PRODUCT"), ("nothing=far", "has no input 'nothing'"), ("orbit=session", "not S3_SESSION")],
)
def test_overrides_that_cannot_be(new_home: Refsys, system: System, given: str, words: str) -> None:
    key = produce(system, "TOY-AUX", ("session",), wait=True)
    answer = new_home("requests", "override", key, "--input", given, "--reason", "why not", ok=False)
    assert answer.exit_code != 0
    assert words in answer.err
