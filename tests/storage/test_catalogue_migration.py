"""A catalogue that an older release wrote is selected from like a new one."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from nouns import at, make_product
from sqlalchemy import Connection, text

from refsys.model.attributes import Attributes
from refsys.model.lookups import Lookup, Policy
from refsys.model.products import AuxiliaryFile, Product
from refsys.model.times import VirtualClock
from refsys.storage import database as database_module
from refsys.storage import migrations
from refsys.storage.catalogue import Catalogue
from refsys.storage.database import open_database
from refsys.storage.times import span_class, to_us

INSERT = text(
    "INSERT INTO product"
    " (name, product_type, satellite, span, start, stop, creation, exact_digest, auxiliary, document)"
    " VALUES (:name, :product_type, :satellite, :span, :start, :stop, :creation, :exact_digest, :auxiliary, :document)"
)


def to_first_revision(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")


def old_row(product: Product, document: str) -> dict[str, object]:
    start, stop = to_us(product.start), to_us(product.stop)
    return {
        "name": product.name,
        "product_type": product.product_type,
        "satellite": product.satellite,
        "span": span_class(start, stop),
        "start": start,
        "stop": stop,
        "creation": to_us(product.creation_time),
        "exact_digest": product.exact_digest,
        "auxiliary": isinstance(product, AuxiliaryFile),
        "document": document,
    }


def without_attributes(product: Product) -> str:
    return product.model_dump_json(exclude={"attributes"})


def test_rows_of_an_older_release_get_columns_and_classes(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Attributes(
        mode="IW",
        swath="IW",
        polarisation="DV",
        data_take_id="0123",
        absolute_orbit=7,
        instrument_configuration_id=3,
        band="8A",
        timeliness="NRT",
    )
    plain = make_product("plain")
    telling = AuxiliaryFile(**dict(make_product("telling", 0, 1000, attributes=said)))
    rows = [old_row(plain, without_attributes(plain)), old_row(telling, telling.to_json())]

    def as_it_was(upgrade: Callable[[Connection], None]) -> None:
        monkeypatch.setattr(database_module, "migrate", upgrade)
        opened = open_database(empty_database_url)
        with opened.write() as connection:
            connection.execute(INSERT, rows)
        opened.close()

    as_it_was(to_first_revision)
    monkeypatch.undo()
    database = open_database(empty_database_url)
    catalogue = Catalogue(database)
    assert catalogue.get("plain") == plain
    assert plain.attributes == Attributes()
    cover = {"product_type": "MW_0_MWR___", "start": at(0), "stop": at(10)}
    everything = catalogue.select(Lookup(policy=Policy.VAL_COVER, **cover))
    assert everything == sorted([plain, telling], key=lambda product: product.creation_time)
    for filters in ({"polarisation": "DV"}, {"band": "8A"}):
        assert catalogue.select(Lookup(policy=Policy.LATEST_VAL_COVER, **cover, **filters)) == [telling]
    numbered = Lookup(policy=Policy.VAL_COVER, **cover, instrument_configuration_id=4)
    assert catalogue.select(numbered) == [plain]
    told = said.model_dump(exclude_none=True)
    assert catalogue.find(**told) == [telling]
    assert catalogue.find(inserted_before=at(3610)) == []
    assert catalogue.find(inserted_from=plain.creation_time, inserted_before=at(4600)) == [plain]
    assert catalogue.insert(make_product("new")) is True
    database.close()


def test_products_are_found_by_what_they_say_and_when_they_came(database_url: str) -> None:
    database = open_database(database_url)
    catalogue = Catalogue(database)
    one, two = (Attributes(swath=swath, timeliness="NTC", absolute_orbit=9) for swath in ("IW", "EW"))
    catalogue.insert_many([make_product("one", attributes=one), make_product("two", attributes=two)])
    assert [p.name for p in catalogue.find(swath="EW")] == ["two"]
    assert [p.name for p in catalogue.find(swath="EW", start=at(1), stop=at(2))] == ["two"]
    assert [p.name for p in catalogue.find(timeliness="NTC", absolute_orbit=9, start=at(1))] == ["one", "two"]
    late = Catalogue(database, VirtualClock(at(500)))
    late.insert(make_product("late"))
    assert [p.name for p in late.find(inserted_from=at(500), inserted_before=at(500) + timedelta(microseconds=1))] == [
        "late"
    ]
    assert late.find(inserted_before=at(500)) == []
    assert catalogue.find(timeliness="NRT") == catalogue.find(mode="") == []
    database.close()
