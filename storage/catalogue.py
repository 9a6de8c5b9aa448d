"""The catalogue: which products exist. A row is what makes a product visible; it is written after the bytes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from difflib import get_close_matches
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from refsys.model.errors import InputCorrupt, ProductConflict, ProductUnknown, StorageError
from refsys.model.products import AuxiliaryFile, Product
from refsys.model.times import format_time
from refsys.model.values import UtcTime, Value
from refsys.storage import catalogue_queries as queries
from refsys.storage.database import AnyRow, Database, insert_new
from refsys.storage.footprints import boxes_around
from refsys.storage.spans import remember_classes
from refsys.storage.tables import footprint_box, product, tombstone
from refsys.storage.times import from_us, span_class, to_us

_BY_NAME = select(product.c.auxiliary, product.c.document, product.c.id).where(product.c.name == bindparam("name"))
_BY_NAME_LOCKED = _BY_NAME.with_for_update()
_DIGESTS = select(product.c.name, product.c.exact_digest).where(product.c.name.in_(bindparam("names", expanding=True)))
_NAMES_AT_ONCE = 1000  # well below the number of parameters of a statement
_DELETED_AT = select(func.max(tombstone.c.deleted_at)).where(tombstone.c.name == bindparam("name"))
_NAMES_FROM = select(product.c.name).where(product.c.name >= bindparam("name")).order_by(product.c.name).limit(5)
_NAMES_BEFORE = (
    select(product.c.name).where(product.c.name < bindparam("name")).order_by(product.c.name.desc()).limit(5)
)


class Tombstone(Value):
    """What is left of a deleted product: everything but its bytes."""

    product: Product | AuxiliaryFile
    deleted_at: UtcTime


class Catalogue:
    """Every visible product, and the tombstones of the deleted ones.

    All methods raise `StorageError` (`StorageFull`) where the database does.

    Parameters
    ----------
    database
        Open database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, item: Product) -> bool:
        """Make a product visible; see `insert_many`."""
        return self.insert_many([item])[0]

    def insert_many(self, items: Sequence[Product]) -> list[bool]:
        """Make products visible, all of them or none.

        Returns
        -------
        list of bool
            True where the product is new, False where the very same bytes are in the catalogue under this name.

        Raises
        ------
        ProductConflict
            Another product of the same name is in the catalogue. A deleted one is no obstacle.
        InputCorrupt
            A product ends before it starts, or its footprint is no GeoJSON geometry.
        """
        rows = [_row(item) for item in items]
        boxes = {item.name: boxes_around(item.footprint) for item in items if item.footprint is not None}
        with self._database.write() as connection:
            added = insert_new(connection, product, ["name"], sorted(rows, key=itemgetter("name")))
            new = {row.name: row.id for row in added}
            _require_same(connection, rows)
            remember_classes(connection, product, (row for row in rows if row["name"] in new))
            _insert_boxes(connection, ((number, boxes.get(name, [])) for name, number in new.items()))
        return [new.pop(item.name, None) is not None for item in items]

    def get(self, name: str) -> Product:
        """Return the product of this name (`ProductUnknown` if there is none, or it was deleted)."""
        with self._database.read() as connection:
            return _product(_existing(connection, name, locked=False))

    def find(
        self,
        product_type: str | None = None,
        satellite: str | None = None,
        *,
        start: datetime | None = None,
        stop: datetime | None = None,
        intersects: dict[str, Any] | None = None,
        name_like: str | None = None,
        limit: int = 100,
        after: tuple[datetime, str] | None = None,
    ) -> list[Product]:
        """Return products in order of sensing start, then name.

        Parameters
        ----------
        product_type, satellite
            Exact type; satellite `A` to `D`, which finds products for all satellites (`_`) too.
        start, stop
            Interval that products must meet, bounds included; either may be missing.
        intersects
            GeoJSON geometry that the footprint must meet; products without footprint are not found by it.
        name_like
            Pattern of the whole name: `*` any text, `?` one character; case matters.
        limit
            Most products returned, at least 1.
        after
            Start and name of the last product of the page before.

        Raises
        ------
        InputCorrupt
            `intersects` is no GeoJSON geometry.
        """
        if limit < 1:
            raise ValueError(f"limit {limit} is less than 1")
        page = queries.Page(product_type, satellite, start, stop, intersects, name_like)
        with self._database.read() as connection:
            return [_product(row) for row in queries.find(connection, page, limit, after)]

    def latest(self, product_type: str, satellite: str | None = None) -> Product | None:
        """Return the product that starts last (of several, the one created last), None if there is none."""
        with self._database.read() as connection:
            row = queries.latest(connection, product_type, satellite)
        return None if row is None else _product(row)

    def latest_cover(self, product_type: str, satellite: str | None, start: datetime, stop: datetime) -> Product | None:
        """Return the product created last among those that cover [start, stop], bounds included; None if none does.

        Of two created at once the one whose name sorts last is taken.
        """
        with self._database.read() as connection:
            row = queries.latest_cover(connection, product_type, satellite, to_us(start), to_us(stop))
        return None if row is None else _product(row)

    def tombstone(self, name: str, at: datetime) -> Product:
        """Make a product invisible and keep its description; return it (`ProductUnknown` if there is none)."""
        with self._database.write() as connection:
            row = _existing(connection, name, locked=True)
            kept = {"name": name, "deleted_at": to_us(at), "auxiliary": row.auxiliary, "document": row.document}
            connection.execute(insert(tombstone), kept)
            connection.execute(delete(footprint_box).where(footprint_box.c.id.in_([2 * row.id, 2 * row.id + 1])))
            connection.execute(delete(product).where(product.c.id == row.id))
        return _product(row)

    def tombstones(self) -> list[Tombstone]:
        """Return what was deleted, in order of deletion; a name deleted twice is there twice."""
        columns = (tombstone.c.auxiliary, tombstone.c.document, tombstone.c.deleted_at)
        with self._database.read() as connection:
            rows = connection.execute(select(*columns).order_by(tombstone.c.deleted_at, tombstone.c.id)).all()
        return [Tombstone(product=_product(row), deleted_at=from_us(row.deleted_at)) for row in rows]

    def count(self) -> int:
        """Return the number of visible products."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(product)).scalar_one()


def _row(item: Product) -> dict[str, Any]:
    start, stop = to_us(item.start), to_us(item.stop)
    if stop < start:
        raise InputCorrupt("the product ends before it starts", where=item.name)
    return {
        "name": item.name,
        "product_type": item.product_type,
        "satellite": item.satellite,
        "span": span_class(start, stop),
        "start": start,
        "stop": stop,
        "creation": to_us(item.creation_time),
        "exact_digest": item.exact_digest,
        "auxiliary": isinstance(item, AuxiliaryFile),
        "document": item.to_json(),
    }


def _product(row: AnyRow) -> Product:
    return (AuxiliaryFile if row.auxiliary else Product).from_json(row.document)


def _require_same(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Raise `ProductConflict` where a name in the catalogue stands for other bytes than the row's."""
    names = sorted({row["name"] for row in rows})
    stored: dict[str, str] = {}
    for first in range(0, len(names), _NAMES_AT_ONCE):
        found = connection.execute(_DIGESTS, {"names": names[first : first + _NAMES_AT_ONCE]})
        stored |= {row.name: row.exact_digest for row in found}
    for row in rows:
        if row["name"] not in stored:
            raise StorageError("another process deleted the product while it was inserted", where=row["name"])
        if stored[row["name"]] != row["exact_digest"]:
            raise ProductConflict(
                "a product of this name and other bytes is in the catalogue",
                where=row["name"],
                hint="compare them with `refsys products show`; delete the old one if the new one shall replace it",
            )


def _insert_boxes(connection: Connection, boxes: Iterable[tuple[int, list[Any]]]) -> None:
    rows = [{"id": 2 * number + half, **box._asdict()} for number, halves in boxes for half, box in enumerate(halves)]
    if rows:
        connection.execute(insert(footprint_box), rows)


def _existing(connection: Connection, name: str, *, locked: bool) -> AnyRow:
    row = connection.execute(_BY_NAME_LOCKED if locked else _BY_NAME, {"name": name}).one_or_none()
    if row is not None:
        return row
    deleted_at = connection.execute(_DELETED_AT, {"name": name}).scalar()
    if deleted_at is not None:
        raise ProductUnknown(f"this product was deleted at {format_time(from_us(deleted_at))}", where=name)
    around = [row.name for query in (_NAMES_BEFORE, _NAMES_FROM) for row in connection.execute(query, {"name": name})]
    near = get_close_matches(name, around, n=3, cutoff=0.5)
    hint = f"near are {', '.join(near)}" if near else "`refsys products list` names what there is"
    raise ProductUnknown("no product of this name is in the catalogue", where=name, hint=hint)
