"""Columns, classes and indexes for the selection of inputs; rows that are there get them from their documents."""

# ruff: noqa: S608 - the statements are made of the names below alone

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CLASS = ("product_type", "satellite", "span", "polarisation", "swath", "band", "configuration")
TEXTS = ("mode", "swath", "polarisation", "data_take_id", "band", "timeliness")
NUMBERS = ("absolute_orbit", "instrument_configuration_id")


def upgrade() -> None:
    _create_product_class()
    for name in ("ix_product_cover", "ix_product_closest"):
        op.drop_index(name, "product")
    for name in TEXTS:
        op.add_column("product", sa.Column(name, WORD))
    for name in NUMBERS:
        op.add_column("product", sa.Column(name, sa.Integer()))
    for name in ("class_id", "inserted"):
        op.add_column("product", sa.Column(name, sa.BigInteger()))
    _fill()
    with op.batch_alter_table("product") as batch:
        batch.alter_column("class_id", existing_type=sa.BigInteger(), nullable=False)
        batch.alter_column("inserted", existing_type=sa.BigInteger(), nullable=False)
        batch.drop_column("span")
    _create_indexes()


def _create_product_class() -> None:
    op.create_table(
        "product_class",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("product_type", WORD, nullable=False),
        sa.Column("satellite", WORD, nullable=False),
        sa.Column("span", sa.Integer(), nullable=False),
        sa.Column("polarisation", WORD, nullable=False),
        sa.Column("swath", WORD, nullable=False),
        sa.Column("band", WORD, nullable=False),
        sa.Column("configuration", WORD, nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_product_class"),
    )
    op.create_index("uq_product_class_product_type", "product_class", list(CLASS), unique=True)


def _fill() -> None:
    """Set the new columns of the rows that are there; who inserted them when was not kept: not before creation."""
    values = [f"{name} = {_attribute(name)}" for name in TEXTS]
    values += [f"{name} = CAST({_attribute(name)} AS INTEGER)" for name in NUMBERS]
    op.execute(f"UPDATE product SET inserted = creation, {', '.join(values)}")
    said = [f"coalesce(product.{name}, '')" for name in CLASS[3:6]]
    number = "CAST(product.instrument_configuration_id AS TEXT)"
    configuration = f"CASE WHEN product.auxiliary THEN coalesce({number}, '') ELSE '' END"
    parts = ["product.product_type", "product.satellite", "product.span", *said, configuration]
    op.execute(
        f"INSERT INTO product_class ({', '.join(CLASS)}, length) "
        f"SELECT DISTINCT {', '.join(parts)}, CAST(1 AS BIGINT) << product.span FROM product"
    )
    same = " AND ".join(f"k.{name} = {part}" for name, part in zip(CLASS, parts, strict=True))
    op.execute(f"UPDATE product SET class_id = (SELECT k.id FROM product_class k WHERE {same})")
    op.execute("DELETE FROM span_class WHERE relation = 'product'")


def _attribute(name: str) -> str:
    if op.get_bind().dialect.name == "sqlite":
        return f"json_extract(document, '$.attributes.{name}')"
    return f"(CAST(document AS json) -> 'attributes' ->> '{name}')"


def _create_indexes() -> None:
    op.create_index("ix_product_start", "product", ["class_id", "start", "stop", "creation"])
    op.create_index("ix_product_stop", "product", ["class_id", "stop", "creation"])
    op.create_index("ix_product_type", "product", ["product_type", "start"])
    op.create_index("ix_product_inserted", "product", ["inserted"])
    _partial_index("ix_product_data_take", ["data_take_id"], where="data_take_id IS NOT NULL")
    _partial_index("ix_product_orbit", ["product_type", "absolute_orbit"], where="absolute_orbit IS NOT NULL")


def _partial_index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "product", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
