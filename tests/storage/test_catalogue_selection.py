"""Selections on both databases against a look at every product, and how they are found."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nouns import T0, at, make_product
from sqlalchemy import text
from wiping import wipe

from refsys.chains.policies import choose
from refsys.model.attributes import Attributes
from refsys.model.errors import StorageError
from refsys.model.lookups import Lookup, Policy
from refsys.model.products import AuxiliaryFile, Product
from refsys.storage.catalogue import Catalogue
from refsys.storage.catalogue_selection import Found, statement_of
from refsys.storage.database import Database, open_database

MICROSECOND = timedelta(microseconds=1)

on_one_database = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


class Kind(NamedTuple):
    """Everything that a drawn product differs in, but its number."""

    product_type: str
    satellite: str
    start: int
    length: int
    created: int
    configuration: int | None
    polarisation: str | None
    band: str | None
    auxiliary: bool


def product_of(number: int, kind: Kind) -> Product:
    attributes = Attributes(
        instrument_configuration_id=kind.configuration, polarisation=kind.polarisation, band=kind.band
    )
    product = make_product(
        f"P{(7 * number) % 31:02}-{number}",  # not in the order of insertion
        product_type=kind.product_type,
        satellite=kind.satellite,
        start=kind.start / 1e6,  # the smallest step there is
        stop=(kind.start + kind.length) / 1e6,
        creation_time=at(kind.created),
        attributes=attributes,
    )
    return AuxiliaryFile(**dict(product)) if kind.auxiliary else product


kinds = st.builds(
    Kind,
    st.sampled_from(["T", "T", "T", "U"]),
    st.sampled_from(["A", "A", "B", "_"]),
    st.integers(0, 24),
    st.sampled_from([0, 0, 1, 2, 3, 4, 5, 8, 9, 16, 40, 1000]),
    st.integers(0, 2),
    st.sampled_from([None, None, 1, 2]),
    st.sampled_from([None, "DV", "DH"]),
    st.sampled_from([None, "8A"]),
    st.booleans(),
)
catalogues = st.lists(kinds, max_size=25).map(
    lambda drawn: [product_of(number, kind) for number, kind in enumerate(drawn)]
)
windows = st.builds(
    lambda policy, satellite, first, length, configuration, polarisation, band: Lookup(
        policy=policy,
        product_type="T",
        satellite=satellite,
        start=T0 + first * MICROSECOND,
        stop=T0 + (first + length) * MICROSECOND,
        instrument_configuration_id=configuration,
        polarisation=polarisation,
        band=band,
    ),
    st.sampled_from(list(Policy)),
    st.sampled_from([None, "A", "A", "C", "_"]),
    st.integers(-3, 40),
    st.sampled_from([0, 1, 2, 3, 7, 20]),
    st.sampled_from([None, None, 1, 3]),
    st.sampled_from([None, None, None, "DV"]),
    st.sampled_from([None, None, None, "8A"]),
)


def us(product: Product) -> tuple[int, int]:
    return (product.start - T0) // MICROSECOND, (product.stop - T0) // MICROSECOND


def chosen(lookup: Lookup, products: Sequence[Product]) -> list[Product]:
    """Return what the policy chooses, by comparing every product with every other one."""
    b, e = (lookup.start - T0) // MICROSECOND, (lookup.stop - T0) // MICROSECOND
    name = lookup.policy.value
    fitting = [p for p in products if is_asked_for(lookup, p)]
    if "Cover" in name and lookup.policy is not Policy.FULL_COVERAGE:
        fitting = [p for p in fitting if us(p)[0] <= b and us(p)[1] >= e]
    elif "Intersect" in name or name in {"LatestValidity", "LatestValidityClosest", "FullCoverage"}:
        fitting = [p for p in fitting if us(p)[0] < e and us(p)[1] > b]
    match lookup.policy:
        case Policy.VAL_COVER | Policy.VAL_INTERSECT:
            picked = fitting
        case Policy.VAL_INTERSECT_WITHOUT_DUPLICATES:
            picked = [p for p in fitting if not any(us(q) == us(p) and age(q) > age(p) for q in fitting)]
        case Policy.FULL_COVERAGE:
            steps = range(b, e)  # between two microseconds each
            whole = all(any(us(p)[0] <= step < us(p)[1] for p in fitting) for step in steps)
            picked = fitting if whole else []
        case _:
            picked = [p for p in fitting if all(rank(lookup, p) >= rank(lookup, q) for q in fitting)]
    return sorted(picked, key=lambda p: (p.start, p.creation_time, p.name))


def rank(lookup: Lookup, product: Product) -> tuple[object, ...]:
    first, last = us(product)
    centre = ((lookup.start - T0) + (lookup.stop - T0)) / MICROSECOND / 2
    ranks = {
        Policy.LATEST_VAL_COVER: (),
        Policy.LATEST_VAL_INTERSECT: (),
        Policy.LATEST_VAL_COVER_CLOSEST: (first,),
        Policy.LATEST_VALIDITY: (first,),
        Policy.LATEST_START_VALIDITY: (first,),
        Policy.LATEST_STOP_VALIDITY: (last,),
        Policy.BEST_CENTRED_COVER: (-abs((first + last) / 2 - centre),),
        Policy.LATEST_VALIDITY_CLOSEST: (-abs(first - centre), first),
        Policy.CLOSEST_START_VALIDITY: (-abs(first - centre), first < centre),
        Policy.CLOSEST_STOP_VALIDITY: (-abs(last - centre), last < centre),
    }
    return (*ranks[lookup.policy], *age(product))


def age(product: Product) -> tuple[object, ...]:
    return product.creation_time, product.name


def is_asked_for(lookup: Lookup, product: Product) -> bool:
    own = product.attributes
    wanted = lookup.instrument_configuration_id
    return (
        product.product_type == lookup.product_type
        and (lookup.satellite is None or product.satellite in {lookup.satellite, "_"})
        and (wanted is None or own.instrument_configuration_id is None or own.instrument_configuration_id == wanted)
        and (lookup.polarisation is None or own.polarisation == lookup.polarisation)
        and (lookup.band is None or own.band == lookup.band)
    )


@on_one_database
@given(catalogues, st.lists(windows, min_size=1, max_size=20))
def test_a_selection_is_what_a_look_at_every_product_gives(
    database: Database, items: list[Product], lookups: list[Lookup]
) -> None:
    wipe(database)
    catalogue = Catalogue(database)
    catalogue.insert_many(items)
    answers = catalogue.select_many(lookups)
    assert answers == [chosen(lookup, items) for lookup in lookups]
    assert answers == [choose(lookup, items) for lookup in lookups]  # the rule over rows says the same
    assert catalogue.select(lookups[0]) == answers[0]


@on_one_database
@given(catalogues, st.sampled_from([None, "A", "C"]), st.integers(-3, 40), st.sampled_from([0, 1, 5, 20]))
def test_what_touches_an_interval_has_a_part_in_it(
    database: Database, items: list[Product], satellite: str | None, first: int, length: int
) -> None:
    wipe(database)
    catalogue = Catalogue(database)
    catalogue.insert_many(items)
    interval = set(range(first, first + max(length, 1)))

    def touches(product: Product) -> bool:
        start, stop = us(product)
        return (
            satellite in {None, product.satellite} or product.satellite == "_"
            if (not interval.isdisjoint(range(start, max(stop, start + 1))))
            else False
        )

    expected = sorted((p for p in items if touches(p)), key=lambda p: (p.start, p.name))
    start = T0 + first * MICROSECOND
    assert catalogue.touching(["T", "U"], satellite, start, start + length * MICROSECOND) == expected
    only = [p for p in expected if p.product_type == "U"]
    assert catalogue.touching(["U"], satellite, start, start + length * MICROSECOND) == only


def test_a_data_take_and_an_orbit_are_found_with_products_for_all_satellites(database: Database) -> None:
    catalogue = Catalogue(database)
    told = Attributes(data_take_id="2A01", absolute_orbit=7)
    catalogue.insert_many(
        [
            make_product("late", 5, product_type="T", attributes=told),
            make_product("b", 1, product_type="U", satellite="_", attributes=told),
            make_product("a", 1, product_type="T", attributes=told),
            make_product("other satellite", product_type="T", satellite="B", attributes=told),
            make_product("other type", product_type="V", attributes=told),
            make_product("other", product_type="T", attributes=Attributes(data_take_id="2A0", absolute_orbit=70)),
            make_product("silent", product_type="T"),
        ]
    )
    found = [product.name for product in catalogue.by_data_take(["T", "U"], "A", "2A01")]
    assert found == ["a", "b", "late"]
    assert [product.name for product in catalogue.by_orbit(["T", "U"], "A", 7)] == found
    assert [p.name for p in catalogue.by_orbit(["T"], None, 7)] == ["other satellite", "a", "late"]
    assert catalogue.by_orbit([], None, 7) == catalogue.by_data_take(["T"], "A", "") == []


def test_a_deleted_product_is_selected_no_more(database: Database) -> None:
    catalogue = Catalogue(database)
    catalogue.insert_many([make_product("old", 0, 10), make_product("new", 0, 20)])
    lookup = Lookup(policy=Policy.LATEST_VAL_COVER, product_type="MW_0_MWR___", start=at(1), stop=at(2))
    assert [product.name for product in catalogue.select(lookup)] == ["new"]
    catalogue.tombstone("new", at(100))
    assert [product.name for product in catalogue.select(lookup)] == ["old"]
    assert catalogue.select_many([]) == []


def test_a_refusal_of_the_database_is_named(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("DROP TABLE product"))
    lookup = Lookup(policy=Policy.VAL_COVER, product_type="T", start=T0, stop=T0)
    with pytest.raises(StorageError, match="product"):
        Catalogue(database).select(lookup)


@pytest.mark.parametrize("policy", list(Policy))
def test_a_selection_seeks_in_each_class_and_scans_nothing(tmp_path: Path, policy: Policy) -> None:
    """Without statistics, which SQLite has only where somebody runs ANALYZE."""
    database = open_database(f"sqlite:///{tmp_path}/refsys.db")
    lookup = Lookup(policy=policy, product_type="T", satellite="A", start=T0, stop=T0, instrument_configuration_id=1)
    with database.read() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement_of(lookup, sqlite=True)}", PARAMETERS)
        plan = [row.detail for row in rows]
    seeks = [line for line in plan if "SEARCH p " in line and "class_id=?" in line]
    assert seeks, plan
    if policy not in {Policy.LATEST_START_VALIDITY, Policy.LATEST_STOP_VALIDITY}:
        assert all("start>" in line or "start<" in line or "stop>" in line or "stop<" in line for line in seeks), plan
    assert any("SEARCH product_class" in line and "product_type=?" in line for line in plan), plan
    assert not any(line.startswith(("SCAN p", "SCAN product")) for line in plan), plan
    database.close()


def test_latest_start_reads_few_of_many(tmp_path: Path) -> None:
    """The seek ends at the first row: steps of SQLite's machine, which do not depend on the load of this one."""
    database = open_database(f"sqlite:///{tmp_path}/refsys.db")
    catalogue = Catalogue(database)
    catalogue.insert_many([make_product(f"P{number:05}", number, number + 10) for number in range(3000)])
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.set_progress_handler(count, 100)
    for policy in Policy:
        steps = 0
        window = {"start": at(1500), "stop": at(1501)}
        assert catalogue.select(Lookup(policy=policy, product_type="MW_0_MWR___", satellite="A", **window))
        assert steps < 30, f"{policy}: {100 * steps} steps"
    database.close()


PARAMETERS = dict.fromkeys(
    ("product_type", "satellite", "configuration", "number", "polarisation", "band", "start", "stop", "length"), 0
) | dict.fromkeys(("twice", "floor", "ceiling"), 0)
assert Found._fields[0] == "id"
