"""The catalogue: which products exist. A row is what makes a product visible; it is written after the bytes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from difflib import get_close_matches
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from refsys.model.errors import ProductConflict, ProductUnknown, StorageError
from refsys.model.lookups import Lookup, Policy
from refsys.model.products import AuxiliaryFile, Product
from refsys.model.times import Clock, WallClock, format_time
from refsys.model.values import UtcTime, Value
from refsys.storage import catalogue_queries as queries
from refsys.storage.catalogue_rows import class_ids, product_from, product_of, product_row, row_class
from refsys.storage.catalogue_selection import select_rows
from refsys.storage.database import AnyRow, Database, insert_new
from refsys.storage.footprints import boxes_around
from refsys.storage.tables import footprint_box, product, tombstone
from refsys.storage.times import EPOCH, from_us, to_us

_BY_NAME = select(product.c.auxiliary, product.c.document, product.c.id).where(product.c.name == bindparam("name"))
_BY_NAME_LOCKED = _BY_NAME.with_for_update()
_DIGESTS = select(product.c.name, product.c.exact_digest).where(product.c.name.in_(bindparam("names", expanding=True)))
_NAMES_AT_ONCE = 1000  # well below the number of parameters of a statement
_DELETED_AT = select(func.max(tombstone.c.deleted_at)).where(tombstone.c.name == bindparam("name"))
_MARK = select(
    select(func.coalesce(func.max(product.c.id), 0)).scalar_subquery(),
    select(func.coalesce(func.max(tombstone.c.id), 0)).scalar_subquery(),
)
_TYPES_SINCE = select(product.c.product_type).distinct().where(product.c.id > bindparam("inserted"))
_NAMES_FROM = select(product.c.name).where(product.c.name >= bindparam("name")).order_by(product.c.name).limit(5)
_NAMES_BEFORE = (
    select(product.c.name).where(product.c.name < bindparam("name")).order_by(product.c.name.desc()).limit(5)
)


class Mark(NamedTuple):
    """A state of the catalogue: the last products that were inserted and deleted."""

    inserted: int
    deleted: int


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
    clock
        Where the present comes from: when products became visible.
    """

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or WallClock()

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
        now = to_us(self._clock.now())
        rows = [product_row(item, now) for item in items]
        boxes = {item.name: boxes_around(place) for item in items if (place := _place(item)) is not None}
        with self._database.write() as connection:
            classes = class_ids(connection, map(row_class, rows))
            rows = [{**row, "class_id": classes[row_class(row)]} for row in rows]
            added = insert_new(connection, product, ["name"], sorted(rows, key=itemgetter("name")))
            new = {row.name: row.id for row in added}
            _require_same(connection, rows)
            _insert_boxes(connection, ((number, boxes.get(name, [])) for name, number in new.items()))
        return [new.pop(item.name, None) is not None for item in items]

    def get(self, name: str) -> Product:
        """Return the product of this name (`ProductUnknown` if there is none, or it was deleted)."""
        with self._database.read() as connection:
            return product_of(_existing(connection, name, locked=False))

    def find(
        self,
        product_type: str | None = None,
        satellite: str | None = None,
        *,
        start: datetime | None = None,
        stop: datetime | None = None,
        intersects: dict[str, Any] | None = None,
        name_like: str | None = None,
        polarisation: str | None = None,
        mode: str | None = None,
        swath: str | None = None,
        data_take_id: str | None = None,
        absolute_orbit: int | None = None,
        instrument_configuration_id: int | None = None,
        band: str | None = None,
        timeliness: str | None = None,
        inserted_from: datetime | None = None,
        inserted_before: datetime | None = None,
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
        polarisation, mode, swath, data_take_id, absolute_orbit, instrument_configuration_id, band, timeliness
            What `Product.attributes` must say, exactly.
        inserted_from, inserted_before
            When products became visible, the first bound included; either may be missing.
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
        attributes: dict[str, str | int | None] = {
            "polarisation": polarisation,
            "mode": mode,
            "swath": swath,
            "data_take_id": data_take_id,
            "absolute_orbit": absolute_orbit,
            "instrument_configuration_id": instrument_configuration_id,
            "band": band,
            "timeliness": timeliness,
        }
        inserted = (inserted_from, inserted_before)
        page = queries.Page(product_type, satellite, start, stop, intersects, name_like, inserted, attributes)
        with self._database.read() as connection:
            return [product_of(row) for row in queries.find(connection, page, limit, after)]

    def select(self, lookup: Lookup) -> list[Product]:
        """Return what a policy chooses, in order of start, creation, name; empty if nothing fits.

        Exact to the microsecond; ties go to the later creation, then to the name that sorts last.
        """
        return self.select_many([lookup])[0]

    def select_many(self, lookups: Sequence[Lookup]) -> list[list[Product]]:
        """Return what each lookup chooses, from one state of the catalogue; equal lookups are asked once."""
        distinct = list(dict.fromkeys(lookups))
        with self._database.read() as connection:
            rows = dict(zip(distinct, select_rows(connection, distinct), strict=True))
        found = {row.id: row for row in chain.from_iterable(rows.values())}
        made = {number: product_from(row.document, auxiliary=bool(row.auxiliary)) for number, row in found.items()}
        return [[made[row.id] for row in rows[lookup]] for lookup in lookups]

    def touching(self, types: Sequence[str], satellite: str | None, start: datetime, stop: datetime) -> list[Product]:
        """Return the products of whole types with a part in [start, stop), in order of start, then name.

        They start before `stop` and stop after `start`; an instant, be it product or interval, lasts one microsecond.
        """
        with self._database.read() as connection:
            rows = queries.touching(connection, types, satellite, to_us(start), to_us(stop))
        return [product_of(row) for row in rows]

    def by_data_take(self, types: Sequence[str], satellite: str | None, data_take_id: str) -> list[Product]:
        """Return the products of whole types with this data take, in order of start, then name."""
        with self._database.read() as connection:
            rows = queries.by_data_take(connection, types, satellite, data_take_id)
        return [product_of(row) for row in rows]

    def by_orbit(self, types: Sequence[str], satellite: str | None, absolute_orbit: int) -> list[Product]:
        """Return the products of whole types that start in this absolute orbit, in order of start, then name."""
        with self._database.read() as connection:
            rows = queries.by_orbit(connection, types, satellite, absolute_orbit)
        return [product_of(row) for row in rows]

    def latest(self, product_type: str, satellite: str | None = None) -> Product | None:
        """Return the product that starts last (of several, the one created last), None if there is none."""
        return self._one(Policy.LATEST_START_VALIDITY, product_type, satellite, EPOCH, EPOCH)

    def latest_cover(self, product_type: str, satellite: str | None, start: datetime, stop: datetime) -> Product | None:
        """Return the product created last among those that cover [start, stop], bounds included; None if none does.

        Of two created at once the one whose name sorts last is taken.
        """
        return self._one(Policy.LATEST_VAL_COVER, product_type, satellite, start, stop)

    def _one(
        self, policy: Policy, product_type: str, satellite: str | None, start: datetime, stop: datetime
    ) -> Product | None:
        lookup = Lookup(policy=policy, product_type=product_type, satellite=satellite, start=start, stop=stop)
        return next(iter(self.select(lookup)), None)

    def tombstone(self, name: str, at: datetime) -> Product:
        """Make a product invisible and keep its description; return it (`ProductUnknown` if there is none)."""
        with self._database.write() as connection:
            row = _existing(connection, name, locked=True)
            kept = {"name": name, "deleted_at": to_us(at), "auxiliary": row.auxiliary, "document": row.document}
            connection.execute(insert(tombstone), kept)
            connection.execute(delete(footprint_box).where(footprint_box.c.id.in_([2 * row.id, 2 * row.id + 1])))
            connection.execute(delete(product).where(product.c.id == row.id))
        return product_of(row)

    def tombstones(self) -> list[Tombstone]:
        """Return what was deleted, in order of deletion; a name deleted twice is there twice."""
        columns = (tombstone.c.auxiliary, tombstone.c.document, tombstone.c.deleted_at)
        with self._database.read() as connection:
            rows = connection.execute(select(*columns).order_by(tombstone.c.deleted_at, tombstone.c.id)).all()
        return [Tombstone(product=product_of(row), deleted_at=from_us(row.deleted_at)) for row in rows]

    def changes(self, since: Mark | None) -> tuple[Mark | None, frozenset[str] | None]:
        """Return the present state, and the types of products that were inserted since another.

        Returns
        -------
        Mark or None
            To be given at the next call. None on PostgreSQL, where transactions end in another order than they number
            their rows.
        frozenset of str or None
            None where it cannot be told: no state was given, a product was deleted, or on PostgreSQL.
        """
        if not self._database.is_sqlite:
            return None, None
        with self._database.read() as connection:
            now = Mark(*connection.execute(_MARK).one())
            if since is None or since.deleted != now.deleted:
                return now, None
            if since == now:
                return now, frozenset()
            return now, frozenset(connection.execute(_TYPES_SINCE, {"inserted": since.inserted}).scalars())

    def count(self) -> int:
        """Return the number of visible products."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(product)).scalar_one()


def _place(item: Product) -> dict[str, Any] | None:
    """Return the footprint that a product is found by: an unrepairable one is kept, and meets nothing."""
    return None if item.attributes.footprint_state == "unrepairable" else item.footprint


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
