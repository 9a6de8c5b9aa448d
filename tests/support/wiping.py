"""Emptying a database between the examples of a property."""

from sqlalchemy import text

from refsys.storage.database import Database


def wipe(database: Database) -> None:
    """Remove every row; the schema stays."""
    tables = (
        "event",
        "waiting",
        "plan_step",
        "request",
        "product",
        "product_class",
        "tombstone",
        "span_class",
        "footprint_box",
    )
    with database.write() as connection:
        for table in tables:
            connection.execute(text(f"DELETE FROM {table}"))
