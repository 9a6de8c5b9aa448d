"""Which WAITING requests a product wakes: found through an index, whatever the number of requests that wait."""

from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from refsys.model.products import Product
from refsys.model.requests import MissingInput
from refsys.storage.spans import ANY_SATELLITE, ClassesFirst, reaches, remember_classes
from refsys.storage.tables import span_row, waiting
from refsys.storage.times import OPEN_START_US, OPEN_STOP_US, span_class, to_us

_ANY_NAME = ""

_SATISFIED = (
    select(waiting.c.request_key)
    .distinct()
    .select_from(ClassesFirst.of_waiting())
    .where(
        span_row.c.product_type == bindparam("product_type"),
        waiting.c.name.in_([bindparam("name"), _ANY_NAME]),
        reaches(span_row, waiting, bindparam("start", type_=waiting.c.start.type)),
        waiting.c.start <= bindparam("stop"),
    )
    .order_by(waiting.c.request_key)
)
_SATISFIED_BY_SATELLITE = _SATISFIED.where(span_row.c.satellite.in_([bindparam("satellite"), ANY_SATELLITE]))


def waiting_for(connection: Connection, product: Product) -> list[str]:
    """Return the keys of the requests that wait for such a product, in order; see `Ledger.waiting_for`."""
    values = {
        "product_type": product.product_type,
        "name": product.name,
        "start": to_us(product.start),
        "stop": to_us(product.stop),
    }
    if product.satellite == ANY_SATELLITE:
        return list(connection.execute(_SATISFIED, values).scalars())
    values["satellite"] = product.satellite
    return list(connection.execute(_SATISFIED_BY_SATELLITE, values).scalars())


def replace_waiting(connection: Connection, missing: dict[str, tuple[MissingInput, ...]]) -> None:
    """Replace what each of these requests waits for; an empty tuple ends its waiting."""
    if not missing:
        return
    connection.execute(
        delete(waiting).where(waiting.c.request_key == bindparam("waiter")), [{"waiter": key} for key in missing]
    )
    rows = [_row(key, each) for key, inputs in sorted(missing.items()) for each in inputs]
    if rows:
        connection.execute(insert(waiting), rows)
        remember_classes(connection, rows)


def _row(request_key: str, missing: MissingInput) -> dict[str, Any]:
    start = OPEN_START_US if missing.start is None else to_us(missing.start)
    stop = OPEN_STOP_US if missing.stop is None else to_us(missing.stop)
    return {
        "request_key": request_key,
        "role": missing.role,
        "product_type": missing.product_type,
        "name": missing.name or _ANY_NAME,
        "satellite": missing.satellite or ANY_SATELLITE,
        "span": span_class(start, stop),
        "start": start,
        "stop": stop,
    }
