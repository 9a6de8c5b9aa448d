"""The tables of catalogue and ledger, as the newest migration leaves them.

Times are microseconds since 1970 UTC (`refsys.storage.times`), nouns are their JSON text; what queries ask for has a
column of its own. Texts compare byte by byte on both databases, so that the order of names is the same.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    column,
    table,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

Word = String().with_variant(String(collation="C"), "postgresql")
"""A short text that is compared and indexed, byte by byte."""

RowId = BigInteger().with_variant(Integer(), "sqlite")
"""An automatic 64-bit row number (SQLite knows only INTEGER as one)."""

product_class = Table(
    "product_class",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("product_type", Word, nullable=False),
    Column("satellite", Word, nullable=False),
    Column("span", Integer, nullable=False),
    Column("polarisation", Word, nullable=False),
    Column("swath", Word, nullable=False),
    Column("band", Word, nullable=False),
    Column("configuration", Word, nullable=False),
    Column("length", BigInteger, nullable=False),
    Index(
        "uq_product_class_product_type",
        "product_type",
        "satellite",
        "span",
        "polarisation",
        "swath",
        "band",
        "configuration",
        unique=True,
    ),
)
"""Which kinds of rows occur in `product`: a selection seeks once in each. Empty texts stand for what is not said.

`configuration` is told apart for auxiliary files only, which are chosen by it. Rows are never removed.
"""

product = Table(
    "product",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", Word, nullable=False),
    Column("product_type", Word, nullable=False),
    Column("satellite", Word, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("stop", BigInteger, nullable=False),
    Column("creation", BigInteger, nullable=False),
    Column("exact_digest", Word, nullable=False),
    Column("auxiliary", Boolean, nullable=False),
    Column("document", Text, nullable=False),
    Column("class_id", BigInteger, nullable=False),
    Column("inserted", BigInteger, nullable=False),
    Column("mode", Word),
    Column("swath", Word),
    Column("polarisation", Word),
    Column("data_take_id", Word),
    Column("absolute_orbit", Integer),
    Column("instrument_configuration_id", Integer),
    Column("band", Word),
    Column("timeliness", Word),
    Index("uq_product_name", "name", unique=True),
    Index("ix_product_start", "class_id", "start", "stop", "creation"),
    Index("ix_product_stop", "class_id", "stop", "creation"),
    Index("ix_product_order", "start", "name"),
    Index("ix_product_type", "product_type", "start"),
    Index("ix_product_inserted", "inserted"),
)
"""What exists and is visible. `inserted` is when it became so: for rows older than this column, when it was created."""

_in_data_take = product.c.data_take_id.is_not(None)
_in_orbit = product.c.absolute_orbit.is_not(None)
Index("ix_product_data_take", product.c.data_take_id, sqlite_where=_in_data_take, postgresql_where=_in_data_take)
Index(
    "ix_product_orbit",
    product.c.product_type,
    product.c.absolute_orbit,
    sqlite_where=_in_orbit,
    postgresql_where=_in_orbit,
)

tombstone = Table(
    "tombstone",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", Word, nullable=False),
    Column("deleted_at", BigInteger, nullable=False),
    Column("auxiliary", Boolean, nullable=False),
    Column("document", Text, nullable=False),
    Index("ix_tombstone_name", "name", "deleted_at"),
)
"""What existed: the document, with its provenance, outlives the bytes."""

span_row = Table(
    "span_class",
    metadata,
    Column("relation", Word, primary_key=True),
    Column("product_type", Word, primary_key=True),
    Column("satellite", Word, primary_key=True),
    Column("span", Integer, primary_key=True),
    Column("length", BigInteger, nullable=False),
)
"""Which span classes occur in `waiting`: a query seeks once in each. Rows are never removed."""

footprint_box = table(
    "footprint_box",
    column("id", BigInteger),
    column("west", Double),
    column("east", Double),
    column("south", Double),
    column("north", Double),
)
"""One or two boxes, in degrees, around each footprint; `id` is 2 x product id + 0 or 1. An R*Tree on SQLite."""

request = Table(
    "request",
    metadata,
    Column("key", Word, primary_key=True),
    Column("chain", Word, nullable=False),
    Column("product_type", Word, nullable=False),
    Column("state", Word, nullable=False),
    Column("version", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("accepted_at", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("due_at", BigInteger),
    Column("lease_owner", Word),
    Column("lease_token", BigInteger, nullable=False),
    Column("content_key", Word),
    Column("failure", Word),
    Column("reason", Text),
    Column("products", Text),
    Column("missing", Text),
    Column("request", Text, nullable=False),
    Column("plan", Text),
)
"""What was asked, as it stands. `version` counts its events; `due_at` is NULL on closed requests only."""

_due = request.c.due_at.is_not(None)
_owned = request.c.lease_owner.is_not(None)
_planned = request.c.content_key.is_not(None)
Index("ix_request_due", request.c.priority, request.c.due_at, sqlite_where=_due, postgresql_where=_due)
Index("ix_request_owner", request.c.lease_owner, sqlite_where=_owned, postgresql_where=_owned)
Index("ix_request_content", request.c.content_key, sqlite_where=_planned, postgresql_where=_planned)
Index("ix_request_order", request.c.accepted_at, request.c.key)
Index("ix_request_state", request.c.state, request.c.chain, request.c.accepted_at)

event = Table(
    "event",
    metadata,
    Column("request_key", Word, ForeignKey("request.key"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Word, nullable=False),
    Column("payload", Text, nullable=False),
)
"""What happened to each request, numbered from 1; rows are only ever added."""

waiting = Table(
    "waiting",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("request_key", Word, ForeignKey("request.key"), nullable=False),
    Column("role", Word, nullable=False),
    Column("product_type", Word, nullable=False),
    Column("name", Word, nullable=False),
    Column("satellite", Word, nullable=False),
    Column("span", Integer, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("stop", BigInteger, nullable=False),
    Index("ix_waiting_request", "request_key"),
    Index("ix_waiting_arrival", "product_type", "name", "satellite", "span", "start", "stop"),
)
"""What WAITING requests wait for; an empty name and the satellite `_` stand for any."""

plan_step = Table(
    "plan_step",
    metadata,
    Column("request_key", Word, ForeignKey("request.key"), primary_key=True),
    Column("step_key", Word, primary_key=True),
    Index("ix_plan_step_key", "step_key"),
)
"""The steps of the plans of open requests: what must not be dropped."""
