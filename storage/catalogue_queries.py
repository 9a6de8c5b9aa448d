"""The SQL of the catalogue's searches. Rows carry id, start, name, auxiliary and document of a product."""

import json
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, or_, select, tuple_

from refsys.storage.database import AnyRow
from refsys.storage.footprints import Box, boxes_around, planar
from refsys.storage.spans import ANY_SATELLITE, ClassesFirst, covers, reaches
from refsys.storage.tables import footprint_box, product, span_row
from refsys.storage.times import from_us, to_us

AnySelect = Select[*tuple[Any, ...]]

_COLUMNS = (product.c.id, product.c.start, product.c.name, product.c.auxiliary, product.c.document)

_COVER = (
    select(*_COLUMNS)
    .select_from(ClassesFirst(product))
    .where(
        span_row.c.product_type == bindparam("product_type"),
        covers(product, bindparam("start", type_=product.c.start.type), bindparam("stop", type_=product.c.stop.type)),
    )
    .order_by(product.c.creation.desc(), product.c.name.desc())
    .limit(1)
)
_COVER_SATELLITE = _COVER.where(span_row.c.satellite.in_([bindparam("satellite"), ANY_SATELLITE]))

_SATELLITES = (
    select(span_row.c.satellite)
    .distinct()
    .where(span_row.c.relation == product.name, span_row.c.product_type == bindparam("product_type"))
)
_LAST = (
    select(*_COLUMNS, product.c.creation)
    .where(product.c.product_type == bindparam("product_type"), product.c.satellite == bindparam("satellite"))
    .order_by(product.c.start.desc(), product.c.creation.desc())
    .limit(1)
)


class Page(NamedTuple):
    """What `Catalogue.find` is asked for, beside the limit and where to go on."""

    product_type: str | None
    satellite: str | None
    start: datetime | None
    stop: datetime | None
    intersects: dict[str, Any] | None
    name_like: str | None


def latest(connection: Connection, product_type: str, satellite: str | None) -> AnyRow | None:
    """Return the row with the last start, then creation; `satellite` None looks at all of them."""
    satellites: list[str] = [satellite, ANY_SATELLITE] if satellite is not None else []
    if satellite is None:
        satellites = list(connection.execute(_SATELLITES, {"product_type": product_type}).scalars())
    sought = [{"product_type": product_type, "satellite": each} for each in dict.fromkeys(satellites)]
    rows = [row for each in sought for row in connection.execute(_LAST, each)]
    return max(rows, key=lambda row: (row.start, row.creation), default=None)


def latest_cover(
    connection: Connection, product_type: str, satellite: str | None, start_us: int, stop_us: int
) -> AnyRow | None:
    """Return the row created last among those that cover the interval, bounds included."""
    values = {"product_type": product_type, "start": start_us, "stop": stop_us}
    if satellite is None:
        return connection.execute(_COVER, values).first()
    return connection.execute(_COVER_SATELLITE, values | {"satellite": satellite}).first()


def find(connection: Connection, page: Page, limit: int, after: tuple[datetime, str] | None) -> list[AnyRow]:
    """Return up to `limit` rows in order of start and name, after the given ones."""
    area = None if page.intersects is None else planar(page.intersects)
    query = _filtered(page, connection.dialect.name)
    found: list[AnyRow] = []
    while True:
        batch = connection.execute(_continued(query, after).limit(limit)).all()
        found += [row for row in batch if area is None or area.intersects(planar(_footprint(row)))]
        if len(batch) < limit or len(found) >= limit:
            return found[:limit]
        after = (from_us(batch[-1].start), batch[-1].name)  # boxes met where footprints do not: look further


def _footprint(row: AnyRow) -> dict[str, Any]:
    footprint: dict[str, Any] = json.loads(row.document)["footprint"]
    return footprint


def _filtered(page: Page, dialect: str) -> AnySelect:
    # Between two times the span classes are the way; a plain order tempts PostgreSQL to walk the index on start.
    is_short = page.start is not None and page.stop is not None
    query = select(*_COLUMNS).order_by(product.c.start + 0 if is_short else product.c.start, product.c.name)
    kind = product.c if page.start is None else span_row.c
    if page.start is not None:
        query = query.select_from(ClassesFirst(product)).where(reaches(product, to_us(page.start)))
    if page.stop is not None:
        query = query.where(product.c.start <= to_us(page.stop))
    if page.product_type is not None:
        query = query.where(kind.product_type == page.product_type)
    if page.satellite is not None:
        query = query.where(kind.satellite.in_([page.satellite, ANY_SATELLITE]))
    if page.name_like is not None:
        query = query.where(_name_matches(page.name_like, dialect))
    if page.intersects is not None:
        query = query.where(product.c.id.in_(_boxes_meeting(boxes_around(page.intersects), dialect)))
    return query


def _continued(query: AnySelect, after: tuple[datetime, str] | None) -> AnySelect:
    if after is None:
        return query
    start, name = to_us(after[0]), after[1]
    return query.where(tuple_(product.c.start, product.c.name) > tuple_(start, name))


def _name_matches(pattern: str, dialect: str) -> ColumnElement[bool]:
    """Return the condition that a name has a shell pattern of `*` and `?`; both databases use the index on names."""
    if dialect == "sqlite":
        return product.c.name.op("GLOB")(pattern.replace("[", "[[]"))
    escaped = "".join(f"\\{char}" if char in "\\%_" else char for char in pattern)
    return product.c.name.like(escaped.replace("*", "%").replace("?", "_"), escape="\\")


def _boxes_meeting(boxes: list[Box], dialect: str) -> Select[tuple[int]]:
    """Return the query for products with a box that has a point in common with one of `boxes`."""
    return select(footprint_box.c.id // 2).where(or_(*(_box_meets(box, dialect) for box in boxes)))


def _box_meets(box: Box, dialect: str) -> ColumnElement[bool]:
    own = footprint_box.c
    if dialect == "postgresql":  # in the very words of the GiST index
        stored = func.box(func.point(own.west, own.south), func.point(own.east, own.north))
        return stored.op("&&", is_comparison=True)(
            func.box(func.point(box.west, box.south), func.point(box.east, box.north))
        )
    return and_(own.west <= box.east, own.east >= box.west, own.south <= box.north, own.north >= box.south)
