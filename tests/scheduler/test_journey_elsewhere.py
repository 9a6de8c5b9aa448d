"""The journey with the store on S3 and the ledger on PostgreSQL: the product has the digest it has on one machine."""

from pathlib import Path
from typing import Any

import pytest
from toy_home import publish_input, serial_loop, toy_system

from refsys.model.requests import RequestState
from refsys.scheduler.system import announce


@pytest.mark.postgres
def test_on_s3_and_postgresql(tmp_path: Path, s3_url: str, s3_endpoint: str, postgres_url: str) -> None:
    digests = []
    places: list[dict[str, Any]] = [{}, {"store": s3_url, "s3_endpoint": s3_endpoint, "database": postgres_url}]
    for number, place in enumerate(places):
        with toy_system(tmp_path / str(number), **place) as system:
            (key,) = announce(system, publish_input(system, "numbers", tmp_path))
            serial_loop(system).run()
            assert system.ledger.get(key).state is RequestState.PUBLISHED, system.ledger.get(key).reason
            digests.append([product.digest for product in system.catalogue.find(product_type="TOY_OUT")])
            assert list(system.store.list("steps")) == []
    assert digests[0] == digests[1]
