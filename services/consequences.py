"""What follows from requests: those that the arrival of their products triggered."""

from collections.abc import Iterable

from refsys.chains.triggers import triggered
from refsys.model.errors import ProductUnknown, RequestUnknown
from refsys.model.requests import RequestRecord
from refsys.scheduler.system import System


def with_consequences(system: System, keys: Iterable[str]) -> list[RequestRecord]:
    """Return the records of requests, each followed by those that its products triggered, each once."""
    records: dict[str, RequestRecord] = {}
    todo = list(dict.fromkeys(keys))
    while todo:
        key = todo.pop(0)
        if key in records:
            continue
        try:
            record = system.ledger.get(key)
        except RequestUnknown:
            continue  # a trigger that was added after the product came made no request
        records[record.key] = record
        todo[:0] = [follower for name in record.products for follower in _triggered_by(system, name)]
    return list(records.values())


def _triggered_by(system: System, name: str) -> list[str]:
    try:
        product = system.catalogue.get(name)
    except ProductUnknown:
        return []  # deleted since
    return [request.key for request in triggered(product, system.chains, system.catalogue, system.clock.now())]
