"""Interval queries by span class: each class that occurs is sought once (design section 6).

`product` and `waiting` both have the columns product_type, satellite, span, start and stop, and an index that begins
with them. The table `span_class` says which combinations occur; joined in front, it turns an interval query into one
short seek per class, however many rows and however unequal their lengths.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_

from refsys.storage.database import insert_new
from refsys.storage.tables import span_row

Microseconds = int | ColumnElement[int]
"""A time since 1970 UTC: a number, or the parameter of a prepared statement."""


def remember_classes(connection: Connection, relation: Table, rows: Iterable[dict[str, Any]]) -> None:
    """Note the span classes of rows about to be inserted into `relation`, in the same transaction."""
    seen = sorted({(row["product_type"], row["satellite"], row["span"]) for row in rows})
    classes = [
        {
            "relation": relation.name,
            "product_type": product_type,
            "satellite": satellite,
            "span": span,
            "length": 1 << span,
        }
        for product_type, satellite, span in seen
    ]
    insert_new(connection, span_row, ["relation", "product_type", "satellite", "span"], classes)


def joined(relation: Table) -> ColumnElement[bool]:
    """Return the condition that joins `span_class` in front of `relation`."""
    return and_(
        span_row.c.relation == relation.name,
        relation.c.product_type == span_row.c.product_type,
        relation.c.satellite == span_row.c.satellite,
        relation.c.span == span_row.c.span,
    )


def reaches(relation: Table, start_us: Microseconds) -> ColumnElement[bool]:
    """Return the condition that a row, of whatever class, ends at or after `start_us`."""
    return and_(relation.c.start >= start_us - span_row.c.length, relation.c.stop >= start_us)


def covers(relation: Table, start_us: Microseconds, stop_us: Microseconds) -> ColumnElement[bool]:
    """Return the condition that a row begins at or before `start_us` and ends at or after `stop_us`."""
    return and_(
        span_row.c.length >= stop_us - start_us,
        relation.c.start.between(stop_us - span_row.c.length, start_us),
        relation.c.stop >= stop_us,
    )
