"""How a product lies in the catalogue: its row, the class of the row, and back."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from refsys.model.errors import InputCorrupt
from refsys.model.products import AuxiliaryFile, Product
from refsys.storage.database import AnyRow, insert_new
from refsys.storage.tables import product_class
from refsys.storage.times import span_class, to_us

COLUMNS = ("id", "start", "name", "auxiliary", "document")
"""What searches read of a row."""


class RowClass(NamedTuple):
    """What the rows of one class have in common: everything that selections ask for, but the times themselves."""

    product_type: str
    satellite: str
    span: int
    polarisation: str
    swath: str
    band: str
    configuration: str


_KNOWN = select(product_class.c.id, *(product_class.c[name] for name in RowClass._fields)).where(
    product_class.c.product_type.in_(bindparam("types", expanding=True))
)


def product_row(item: Product, inserted_us: int) -> dict[str, Any]:
    """Return the columns of a product, all but `class_id`; `InputCorrupt` where it ends before it starts."""
    start, stop = to_us(item.start), to_us(item.stop)
    if stop < start:
        raise InputCorrupt("the product ends before it starts", where=item.name)
    said = item.attributes
    return {
        "name": item.name,
        "product_type": item.product_type,
        "satellite": item.satellite,
        "start": start,
        "stop": stop,
        "creation": to_us(item.creation_time),
        "exact_digest": item.exact_digest,
        "auxiliary": isinstance(item, AuxiliaryFile),
        "document": item.to_json(),
        "inserted": inserted_us,
        "mode": said.mode,
        "swath": said.swath,
        "polarisation": said.polarisation,
        "data_take_id": said.data_take_id,
        "absolute_orbit": said.absolute_orbit,
        "instrument_configuration_id": said.instrument_configuration_id,
        "band": said.band,
        "timeliness": said.timeliness,
    }


def product_of(row: AnyRow) -> Product:
    """Return the product of a row that has `auxiliary` and `document`."""
    return product_from(row.document, auxiliary=row.auxiliary)


def product_from(document: str, *, auxiliary: bool) -> Product:
    """Return the product that a document describes."""
    return (AuxiliaryFile if auxiliary else Product).from_json(document)


def row_class(row: dict[str, Any]) -> RowClass:
    """Return the class that a row of `product_row` belongs to."""
    configuration = row["instrument_configuration_id"] if row["auxiliary"] else None
    return RowClass(
        row["product_type"],
        row["satellite"],
        span_class(row["start"], row["stop"]),
        row["polarisation"] or "",
        row["swath"] or "",
        row["band"] or "",
        "" if configuration is None else str(configuration),
    )


def class_ids(connection: Connection, wanted: Iterable[RowClass]) -> dict[RowClass, int]:
    """Return the number of each class, and note the new ones."""
    classes = sorted(set(wanted))
    types = sorted({each.product_type for each in classes})
    known = _known(connection, types)
    new = [each for each in classes if each not in known]
    if not new:
        return known
    rows = [{**each._asdict(), "length": 1 << each.span} for each in new]
    insert_new(connection, product_class, RowClass._fields, rows)
    return _known(connection, types)  # another process may have inserted some of them


def _known(connection: Connection, types: Sequence[str]) -> dict[RowClass, int]:
    found: dict[RowClass, int] = {}
    for first in range(0, len(types), 1000):  # well below the number of parameters of a statement
        rows = connection.execute(_KNOWN, {"types": types[first : first + 1000]})
        found |= {RowClass(*row[1:]): row[0] for row in rows}
    return found
