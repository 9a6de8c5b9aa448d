"""The SQL of the catalogue's searches; what they find carries the columns of `catalogue_rows.COLUMNS`."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    func,
    or_,
    select,
    tuple_,
)

from refsys.storage.catalogue_rows import COLUMNS
from refsys.storage.database import AnyRow
from refsys.storage.footprints import Box, boxes_around, planar
from refsys.storage.spans import ANY_SATELLITE, ClassesFirst, reaches
from refsys.storage.tables import footprint_box, product, product_class
from refsys.storage.times import from_us, to_us

AnySelect = Select[*tuple[Any, ...]]

_COLUMNS = tuple(product.c[name] for name in COLUMNS)
_OF_CLASSES = ("polarisation", "swath", "band")

_TYPES: BindParameter[str] = bindparam("types", expanding=True)
_BY_ORBIT = (
    select(*_COLUMNS)
    .where(product.c.product_type.in_(_TYPES), product.c.absolute_orbit == bindparam("absolute_orbit"))
    .order_by(product.c.start, product.c.name)
)
_BY_DATA_TAKE = (
    select(*_COLUMNS)
    .where(product.c.product_type.in_(_TYPES), product.c.data_take_id == bindparam("data_take_id"))
    .order_by(product.c.start, product.c.name)
)
_TOUCHING = (
    select(*_COLUMNS)
    .select_from(ClassesFirst.of_products())
    .where(
        product_class.c.product_type.in_(_TYPES),
        product.c.start > bindparam("start", type_=product.c.start.type) - product_class.c.length,
        product.c.start < bindparam("stop"),
        # an instant lasts until the next microsecond
        or_(product.c.stop > bindparam("start"), product.c.start >= bindparam("start")),
    )
    .order_by(product.c.start + 0, product.c.name)
)


class Page(NamedTuple):
    """What `Catalogue.find` is asked for, beside the limit and where to go on."""

    product_type: str | None
    satellite: str | None
    start: datetime | None
    stop: datetime | None
    intersects: dict[str, Any] | None
    name_like: str | None
    inserted: tuple[datetime | None, datetime | None]
    attributes: Mapping[str, str | int | None]


def by_orbit(connection: Connection, types: Sequence[str], satellite: str | None, orbit: int) -> Sequence[AnyRow]:
    """Return the rows whose absolute orbit at the start is this, in order of start and name."""
    values = {"types": list(types), "absolute_orbit": orbit}
    return connection.execute(_for_satellite(_BY_ORBIT, product, satellite), values).all()


def by_data_take(
    connection: Connection, types: Sequence[str], satellite: str | None, data_take_id: str
) -> Sequence[AnyRow]:
    """Return the rows of this data take, in order of start and name."""
    values = {"types": list(types), "data_take_id": data_take_id}
    return connection.execute(_for_satellite(_BY_DATA_TAKE, product, satellite), values).all()


def touching(
    connection: Connection, types: Sequence[str], satellite: str | None, start_us: int, stop_us: int
) -> Sequence[AnyRow]:
    """Return the rows with a part in the interval, in order of start and name."""
    values = {"types": list(types), "start": start_us, "stop": max(stop_us, start_us + 1)}
    return connection.execute(_for_satellite(_TOUCHING, product_class, satellite), values).all()


def _for_satellite(query: AnySelect, kind: Table, satellite: str | None) -> AnySelect:
    return query if satellite is None else query.where(kind.c.satellite.in_([satellite, ANY_SATELLITE]))


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
    if page.start is not None:
        query = query.select_from(ClassesFirst.of_products())
        query = query.where(reaches(product_class, product, to_us(page.start)))
    if page.stop is not None:
        query = query.where(product.c.start <= to_us(page.stop))
    for time, is_first in zip(page.inserted, (True, False), strict=True):
        if time is not None:
            query = query.where(product.c.inserted >= to_us(time) if is_first else product.c.inserted < to_us(time))
    query = _of_kind(query, page, product if page.start is None else product_class)
    if page.name_like is not None:
        query = query.where(_name_matches(page.name_like, dialect))
    if page.intersects is not None:
        query = query.where(product.c.id.in_(_boxes_meeting(boxes_around(page.intersects), dialect)))
    return query


def _of_kind(query: AnySelect, page: Page, kind: Table) -> AnySelect:
    """Narrow a query to type, satellite and attributes; what makes a class is asked of the classes."""
    if page.product_type is not None:
        query = query.where(kind.c.product_type == page.product_type)
    query = _for_satellite(query, kind, page.satellite)
    asked = {name: value for name, value in page.attributes.items() if value is not None}
    return query.where(*((kind if name in _OF_CLASSES else product).c[name] == value for name, value in asked.items()))


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
