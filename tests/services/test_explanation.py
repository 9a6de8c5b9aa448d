"""`refsys why`: candidates that were rejected are told with the reason."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import Refsys

from refsys.chains.units import ProductDraft
from refsys.scheduler.system import System
from refsys.services.explanation import Explanation, explain
from refsys.services.home import load_settings, open_system, produce, working
from refsys.storage.publishing import publish_folder

DAY = datetime(2026, 1, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def publish(system: System, folder: Path, name: str, **fields: Any) -> None:
    source = folder / name
    source.mkdir(parents=True)
    (source / "content.txt").write_text(name)
    auxiliary = {"product_type": "AUX_RESORB", "satellite": "A", "start": DAY - HOUR, "stop": DAY + 2 * HOUR}
    draft = ProductDraft.model_validate({"name": name, "mission": "S3", "creation_time": DAY, **auxiliary, **fields})
    publish_folder(draft, source, system.store, system.catalogue, incoming_id=name)


def ask(system: System) -> Explanation:
    key = produce(system, "TOY-AUX", ("session",), wait=True)
    with working(system) as at_work:
        at_work.loop.run([key])
    return explain(system, system.ledger.get(key))


@pytest.fixture
def system(new_home: Refsys, tmp_path: Path) -> Iterator[System]:
    with open_system(load_settings(new_home.home)) as opened:
        publish(opened, tmp_path, "session", product_type="S3_SESSION", start=DAY, stop=DAY + HOUR)
        yield opened


def test_every_reason_to_reject(system: System, tmp_path: Path) -> None:
    publish(system, tmp_path, "other_satellite", satellite="B")
    publish(system, tmp_path, "too_late", start=DAY + timedelta(minutes=1))
    publish(system, tmp_path, "too_short", stop=DAY + timedelta(minutes=59))
    found = ask(system)
    assert found.state == "WAITING"
    orbit = found.inputs[1]
    assert orbit.missing is not None
    reasons = {rejected.product: rejected.reason for rejected in orbit.rejected}
    assert reasons["other_satellite"] == "is of satellite B, wanted is A"
    assert reasons["too_late"].startswith("is valid from 2026-01-02T00:01:00")
    assert reasons["too_short"].startswith("is valid until 2026-01-02T00:59:00")
    assert "AUX_RESORB of satellite A that covers 2026-01-02T00:00:00" in found.what_would_change_it[0]


def test_the_preferred_one_and_the_rest(system: System, tmp_path: Path) -> None:
    publish(system, tmp_path, "older", creation_time=DAY - HOUR)
    publish(system, tmp_path, "newer", creation_time=DAY + HOUR)
    found = ask(system)
    assert found.chosen_at == "plan"
    assert found.inputs[1].chosen == ("newer",)
    (older,) = found.inputs[1].rejected
    assert older.product == "older"
    assert older.reason.startswith("fits, but newer was preferred: created 2026-01-02T01:00:00")
    (better,) = found.inputs[1].would_change
    assert better.startswith("a product of type AUX_RESORB of satellite A that covers 2026-01-02T00:00:00")
    assert "created after 2026-01-02T01:00:00" in better
