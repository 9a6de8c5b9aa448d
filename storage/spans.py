"""Interval queries by span class: each class that occurs is sought once (design section 6).

`product` and `waiting` both have the columns product_type, satellite, span, start and stop, and an index that begins
with them. The table `span_class` says which combinations occur; joined in front, it turns an interval query into one
short seek per class, however many rows and however unequal their lengths.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Join, Table, and_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from refsys.storage.database import insert_new
from refsys.storage.tables import span_row

ANY_SATELLITE = "_"
"""Satellite of what serves, or waits for, all satellites of its mission."""

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


class ClassesFirst(Join):
    """`span_class` joined with `product` or `waiting`, in this order: nothing but the order is special.

    SQLite may otherwise begin with the big table, for it does not know how few classes there are.
    """

    inherit_cache = True

    def __init__(self, relation: Table) -> None:
        on = and_(
            span_row.c.relation == relation.name,
            relation.c.product_type == span_row.c.product_type,
            relation.c.satellite == span_row.c.satellite,
            relation.c.span == span_row.c.span,
        )
        super().__init__(span_row, relation, on)


@compiles(ClassesFirst, "sqlite")
def _in_this_order(join: ClassesFirst, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (the compiler's own)
    """Spell the join as SQLite's CROSS JOIN, whose left side is always the outer loop."""
    left, right = (compiler.process(side, **(options | {"asfrom": True})) for side in (join.left, join.right))
    condition = join.onclause
    assert condition is not None
    return f"{left} CROSS JOIN {right} ON {compiler.process(condition, **(options | {'asfrom': False}))}"


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
