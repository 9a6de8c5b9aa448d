"""Interval queries by span class: each class that occurs is sought once (design section 6).

`product` and `waiting` both have the columns start and stop, and an index that begins with what makes a class. The
tables `product_class` and `span_class` say which classes occur; joined in front, they turn an interval query into one
short seek per class, however many rows and however unequal their lengths.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Join, Table, and_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from refsys.storage.database import insert_new
from refsys.storage.tables import product, product_class, span_row, waiting

ANY_SATELLITE = "_"
"""Satellite of what serves, or waits for, all satellites of its mission."""

Microseconds = int | ColumnElement[int]
"""A time since 1970 UTC: a number, or the parameter of a prepared statement."""


def remember_classes(connection: Connection, rows: Iterable[dict[str, Any]]) -> None:
    """Note the span classes of rows about to be inserted into `waiting`, in the same transaction."""
    seen = sorted({(row["product_type"], row["satellite"], row["span"]) for row in rows})
    classes = [
        {
            "relation": waiting.name,
            "product_type": product_type,
            "satellite": satellite,
            "span": span,
            "length": 1 << span,
        }
        for product_type, satellite, span in seen
    ]
    insert_new(connection, span_row, ["relation", "product_type", "satellite", "span"], classes)


class ClassesFirst(Join):
    """Classes joined with the rows in them, in this order: nothing but the order is special.

    SQLite may otherwise begin with the big table, for it does not know how few classes there are.
    """

    inherit_cache = True

    @classmethod
    def of_products(cls) -> "ClassesFirst":
        """Return `product_class` joined with `product`."""
        return cls(product_class, product, product.c.class_id == product_class.c.id)

    @classmethod
    def of_waiting(cls) -> "ClassesFirst":
        """Return `span_class` joined with `waiting`."""
        on = and_(
            span_row.c.relation == waiting.name,
            waiting.c.product_type == span_row.c.product_type,
            waiting.c.satellite == span_row.c.satellite,
            waiting.c.span == span_row.c.span,
        )
        return cls(span_row, waiting, on)


@compiles(ClassesFirst, "sqlite")
def _in_this_order(join: ClassesFirst, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (the compiler's own)
    """Spell the join as SQLite's CROSS JOIN, whose left side is always the outer loop."""
    left, right = (compiler.process(side, **(options | {"asfrom": True})) for side in (join.left, join.right))
    condition = join.onclause
    assert condition is not None
    return f"{left} CROSS JOIN {right} ON {compiler.process(condition, **(options | {'asfrom': False}))}"


def reaches(classes: Table, relation: Table, start_us: Microseconds) -> ColumnElement[bool]:
    """Return the condition that a row, of whatever class, ends at or after `start_us`."""
    return and_(relation.c.start >= start_us - classes.c.length, relation.c.stop >= start_us)
