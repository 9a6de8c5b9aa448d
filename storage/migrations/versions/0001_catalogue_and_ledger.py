"""Catalogue and ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_product()
    _create_tombstone()
    _create_span_class()
    _create_footprint_box()
    _create_request()
    _create_event()
    _create_waiting()
    _create_plan_step()


def _create_product() -> None:
    op.create_table(
        "product",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("product_type", WORD, nullable=False),
        sa.Column("satellite", WORD, nullable=False),
        sa.Column("span", sa.Integer(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("stop", sa.BigInteger(), nullable=False),
        sa.Column("creation", sa.BigInteger(), nullable=False),
        sa.Column("exact_digest", WORD, nullable=False),
        sa.Column("auxiliary", sa.Boolean(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_product"),
    )
    op.create_index("uq_product_name", "product", ["name"], unique=True)
    op.create_index("ix_product_cover", "product", ["product_type", "satellite", "span", "start", "stop", "creation"])
    op.create_index("ix_product_closest", "product", ["product_type", "satellite", "start", "creation"])
    op.create_index("ix_product_order", "product", ["start", "name"])


def _create_tombstone() -> None:
    op.create_table(
        "tombstone",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=False),
        sa.Column("auxiliary", sa.Boolean(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tombstone"),
    )
    op.create_index("ix_tombstone_name", "tombstone", ["name", "deleted_at"])


def _create_span_class() -> None:
    op.create_table(
        "span_class",
        sa.Column("relation", WORD, nullable=False),
        sa.Column("product_type", WORD, nullable=False),
        sa.Column("satellite", WORD, nullable=False),
        sa.Column("span", sa.Integer(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("relation", "product_type", "satellite", "span", name="pk_span_class"),
    )


def _create_footprint_box() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE footprint_box USING rtree(id, west, east, south, north)")
        return
    op.create_table(
        "footprint_box",
        sa.Column("id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("west", sa.Double(), nullable=False),
        sa.Column("east", sa.Double(), nullable=False),
        sa.Column("south", sa.Double(), nullable=False),
        sa.Column("north", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_footprint_box"),
    )
    op.execute(
        "CREATE INDEX ix_footprint_box ON footprint_box USING gist (box(point(west, south), point(east, north)))"
    )


def _create_request() -> None:
    op.create_table(
        "request",
        sa.Column("key", WORD, nullable=False),
        sa.Column("chain", WORD, nullable=False),
        sa.Column("product_type", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_owner", WORD, nullable=True),
        sa.Column("lease_token", sa.BigInteger(), nullable=False),
        sa.Column("content_key", WORD, nullable=True),
        sa.Column("failure", WORD, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("products", sa.Text(), nullable=True),
        sa.Column("missing", sa.Text(), nullable=True),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_request"),
    )
    _partial_index("ix_request_due", ["priority", "due_at"], where="due_at IS NOT NULL")
    _partial_index("ix_request_owner", ["lease_owner"], where="lease_owner IS NOT NULL")
    _partial_index("ix_request_content", ["content_key"], where="content_key IS NOT NULL")
    op.create_index("ix_request_order", "request", ["accepted_at", "key"])
    op.create_index("ix_request_state", "request", ["state", "chain", "accepted_at"])


def _partial_index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "request", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _create_event() -> None:
    op.create_table(
        "event",
        sa.Column("request_key", WORD, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("request_key", "number", name="pk_event"),
        sa.ForeignKeyConstraint(["request_key"], ["request.key"], name="fk_event_request_key"),
    )


def _create_waiting() -> None:
    op.create_table(
        "waiting",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("request_key", WORD, nullable=False),
        sa.Column("role", WORD, nullable=False),
        sa.Column("product_type", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("satellite", WORD, nullable=False),
        sa.Column("span", sa.Integer(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("stop", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_waiting"),
        sa.ForeignKeyConstraint(["request_key"], ["request.key"], name="fk_waiting_request_key"),
    )
    op.create_index("ix_waiting_request", "waiting", ["request_key"])
    op.create_index("ix_waiting_arrival", "waiting", ["product_type", "name", "satellite", "span", "start", "stop"])


def _create_plan_step() -> None:
    op.create_table(
        "plan_step",
        sa.Column("request_key", WORD, nullable=False),
        sa.Column("step_key", WORD, nullable=False),
        sa.PrimaryKeyConstraint("request_key", "step_key", name="pk_plan_step"),
        sa.ForeignKeyConstraint(["request_key"], ["request.key"], name="fk_plan_step_request_key"),
    )
    op.create_index("ix_plan_step_key", "plan_step", ["step_key"])
