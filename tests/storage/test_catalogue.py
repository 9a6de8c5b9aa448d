"""The catalogue on both databases; its searches against a plain list of products."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nouns import T0, at, make_product, square
from wiping import wipe

from refsys.model.attributes import Attributes
from refsys.model.errors import InputCorrupt, ProductConflict, ProductUnknown
from refsys.model.products import AuxiliaryFile, InputRef, Product, Provenance
from refsys.storage.catalogue import Catalogue
from refsys.storage.database import Database
from refsys.storage.footprints import planar

on_one_database = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def catalogue(database: Database) -> Catalogue:
    return Catalogue(database)


def test_a_product_comes_back_as_it_went_in(catalogue: Catalogue) -> None:
    provenance = Provenance(
        software="refsys 0.1.0",
        chain="TOY",
        chain_version="1",
        processor="toy",
        processor_version="1",
        inputs=(InputRef(role="main", name="i", product_type="T", digest="d"),),
    )
    figures = {"frames": 12, "gaps": [1.5, None], "text": "µ"}
    product = make_product("P", footprint=square(1, 2, 3, 4), provenance=provenance, figures=figures)
    assert catalogue.insert(product) is True
    back = catalogue.get("P")
    assert back == product
    assert back.start.microsecond == 123457
    assert type(back) is Product


def test_an_auxiliary_file_keeps_its_rule(catalogue: Catalogue) -> None:
    product = AuxiliaryFile(**dict(make_product("AUX")), selection="closest")
    catalogue.insert(product)
    assert catalogue.get("AUX") == product
    (found,) = catalogue.find("MW_0_MWR___")
    assert isinstance(found, AuxiliaryFile)
    catalogue.tombstone("AUX", T0)
    assert catalogue.tombstones()[0].product == product


def test_twice_is_once_and_other_bytes_are_refused(catalogue: Catalogue) -> None:
    assert catalogue.insert(make_product("P")) is True
    assert catalogue.insert(make_product("P")) is False
    with pytest.raises(ProductConflict, match="other bytes") as caught:
        catalogue.insert(make_product("P", content="other"))
    assert caught.value.where == "P"
    assert catalogue.get("P") == make_product("P")
    assert catalogue.count() == 1


def test_many_are_inserted_whole_or_not_at_all(catalogue: Catalogue) -> None:
    a, b, c = (make_product(name, footprint=square(0, 1, 0, 1)) for name in "ABC")
    assert catalogue.insert_many([b, a, b]) == [True, True, False]
    with pytest.raises(ProductConflict):
        catalogue.insert_many([c, make_product("A", content="other")])
    with pytest.raises(ProductConflict):
        catalogue.insert_many([c, make_product("C", content="other")])
    with pytest.raises(InputCorrupt, match="GeoJSON"):
        catalogue.insert_many([c, make_product("D", footprint={"type": "Nonsense"})])
    d = make_product("D", 4, 5)
    backwards = d.model_copy(update={"start": d.stop, "stop": d.start})  # past the value's own check
    with pytest.raises(InputCorrupt, match="ends before it starts"):
        catalogue.insert_many([c, backwards])
    assert catalogue.insert_many([]) == []
    assert [product.name for product in catalogue.find()] == ["A", "B"]


def test_of_many_writers_one_inserts(catalogue: Catalogue) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: catalogue.insert(make_product("P")), range(24)))
    assert sorted(answers) == [False] * 23 + [True]


def test_writers_of_overlapping_sets_do_not_block_each_other(catalogue: Catalogue) -> None:
    products = [make_product(f"P{number}", number, 10 * number + 1) for number in range(12)]

    def insert(turn: int) -> int:
        return sum(catalogue.insert_many(products[turn:] + products[:turn]))

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(insert, range(12))) == 12
    assert catalogue.count() == 12


def test_a_deleted_product_leaves_its_description_and_its_name(catalogue: Catalogue) -> None:
    product = make_product("P", footprint=square(0, 10, 0, 10))
    catalogue.insert(product)
    assert catalogue.tombstone("P", at(100)) == product
    with pytest.raises(ProductUnknown, match=r"deleted at 2024-03-01T00:01:39\.123457Z"):
        catalogue.get("P")
    with pytest.raises(ProductUnknown, match="deleted at"):
        catalogue.tombstone("P", at(101))
    assert catalogue.find() == catalogue.find(intersects=square(0, 1, 0, 1)) == []
    assert catalogue.latest("MW_0_MWR___") is None
    other = make_product("P", content="other", footprint=square(50, 51, 0, 1))
    assert catalogue.insert(other) is True
    assert catalogue.get("P") == other
    assert catalogue.find(intersects=square(0, 10, 0, 10)) == []
    catalogue.tombstone("P", at(200))
    kept = [(stone.product, stone.deleted_at) for stone in catalogue.tombstones()]
    assert kept == [(product, at(100)), (other, at(200))]
    assert catalogue.count() == 0


def test_an_unknown_name_is_answered_with_the_nearest(catalogue: Catalogue) -> None:
    names = ["S3A_MW_0_MWR____20230309T204558", "S3A_MW_0_MWR____20230309T210000", "S1A_IW_RAW__0SDV"]
    catalogue.insert_many([make_product(name) for name in names])
    with pytest.raises(ProductUnknown) as caught:
        catalogue.get("S3A_MW_0_MWR____20230309T204559")
    assert caught.value.hint is not None
    assert names[0] in caught.value.hint
    assert names[2] not in caught.value.hint


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("S3A*", ["S3A_x", "S3A[x"]),
        ("S3?_x", ["S3A_x", "S3B_x"]),
        ("S3A_x", ["S3A_x"]),
        ("s3a*", []),
        ("S3A[*", ["S3A[x"]),
        ("*%*", ["100%_\\"]),
        ("100%_\\", ["100%_\\"]),
        ("S3__x", []),
    ],
)
def test_names_are_found_by_pattern(catalogue: Catalogue, pattern: str, found: list[str]) -> None:
    catalogue.insert_many([make_product(name) for name in ("S3A_x", "S3B_x", "S3A[x", "100%_\\")])
    assert sorted(product.name for product in catalogue.find(name_like=pattern)) == sorted(found)


def test_pages_follow_each_other(catalogue: Catalogue) -> None:
    catalogue.insert_many([make_product(name, start) for start in (3, 1, 2) for name in (f"Z{start}", f"a{start}")])
    whole = [product.name for product in catalogue.find()]
    assert whole == ["Z1", "a1", "Z2", "a2", "Z3", "a3"]  # capitals first on both databases
    paged: list[Product] = []
    while page := catalogue.find(limit=2, after=(paged[-1].start, paged[-1].name) if paged else None):
        assert len(page) <= 2
        paged += page
    assert [product.name for product in paged] == whole
    with pytest.raises(ValueError, match="limit"):
        catalogue.find(limit=0)


def test_a_footprint_across_the_antimeridian_is_found_from_both_sides(catalogue: Catalogue) -> None:
    catalogue.insert_many(
        [
            make_product("across", footprint=square(175, -175, -5, 5)),
            make_product("greenwich", footprint=square(-5, 5, -5, 5)),
            make_product("nowhere"),
        ]
    )
    for longitude, name in ((178, "across"), (-178, "across"), (180, "across"), (-180, "across"), (0, "greenwich")):
        (found,) = catalogue.find(intersects={"type": "Point", "coordinates": [longitude, 0]})
        assert found.name == name
    assert catalogue.find(intersects={"type": "Point", "coordinates": [90, 0]}) == []
    assert len(catalogue.find(intersects=square(-180, 180, -90, 90))) == 2


def test_an_unrepairable_footprint_is_kept_and_meets_nothing(catalogue: Catalogue) -> None:
    broken = {"type": "Polygon", "coordinates": [[[0, 0], [400, 900], [1, 1], [0, 0]]]}
    product = make_product("P", footprint=broken, attributes=Attributes(footprint_state="unrepairable"))
    with pytest.raises(InputCorrupt):
        catalogue.insert(make_product("Q", footprint=broken))
    assert catalogue.insert(product) is True
    assert catalogue.get("P") == product
    assert catalogue.find(intersects=square(-180, 180, -90, 90)) == []


def test_boxes_that_meet_do_not_make_footprints_meet(catalogue: Catalogue) -> None:
    for number in range(30):  # more than a page of products whose box, not whose footprint, holds the point
        triangle = {"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [0, 10], [0, 0]]]}
        catalogue.insert(make_product(f"triangle{number:02}", number, 99, footprint=triangle))
    catalogue.insert(make_product("square", 100, 101, footprint=square(8, 10, 8, 10)))
    found = catalogue.find(intersects={"type": "Point", "coordinates": [9, 9]}, limit=2)
    assert [product.name for product in found] == ["square"]


products = st.lists(
    st.tuples(
        st.sampled_from(["T1", "T2"]),
        st.sampled_from(["A", "B", "_"]),
        st.integers(0, 40),
        st.sampled_from([0, 1, 2, 3, 4, 5, 8, 9, 16, 100, 1000]),
        st.integers(0, 5),
        st.sampled_from([None, (0, 10, 0, 10), (170, -170, 0, 10), (5, 30, 5, 6)]),
    ),
    max_size=25,
).map(
    lambda rows: [
        make_product(
            f"P{number}",
            product_type=kind,
            satellite=satellite,
            # microseconds: the smallest step there is
            start=start / 1e6,
            stop=(start + length) / 1e6,
            creation_time=at(created),
            footprint=area and square(*area),
        )
        for number, (kind, satellite, start, length, created, area) in enumerate(rows)
    ]
)
kinds = st.sampled_from(["T1", "T2", "T3"])
satellites = st.sampled_from([None, "A", "B", "C", "_"])
offsets = st.integers(-5, 60)


def fits(product: Product, kind: str | None, satellite: str | None) -> bool:
    return kind in {None, product.product_type} and (satellite is None or product.satellite in {satellite, "_"})


@on_one_database
@given(products, kinds, satellites, st.lists(st.tuples(offsets, st.integers(0, 120)), min_size=1, max_size=4))
def test_latest_cover_is_what_a_look_at_every_product_gives(
    database: Database, items: list[Product], kind: str, satellite: str | None, intervals: Sequence[tuple[int, int]]
) -> None:
    wipe(database)
    catalogue = Catalogue(database)
    catalogue.insert_many(items)
    for first, length in intervals:
        start = T0 + timedelta(microseconds=first)
        stop = start + timedelta(microseconds=length)
        covering = [p for p in items if fits(p, kind, satellite) and p.start <= start and p.stop >= stop]
        expected = max(covering, key=lambda p: (p.creation_time, p.name), default=None)
        assert catalogue.latest_cover(kind, satellite, start, stop) == expected
    last = max(((p.start, p.creation_time) for p in items if fits(p, kind, satellite)), default=None)
    found = catalogue.latest(kind, satellite)
    assert last == (None if found is None else (found.start, found.creation_time))
    assert found is None or fits(found, kind, satellite)


@on_one_database
@given(
    items=products,
    kind=st.none() | kinds,
    satellite=satellites,
    first=st.none() | offsets,
    last=st.none() | offsets,
    area=st.sampled_from([None, (9, 12, 9, 12), (-175, -160, 0, 1), (31, 32, 0, 10)]),
    limit=st.integers(1, 30),
)
def test_find_gives_what_a_look_at_every_product_gives(
    database: Database,
    *,
    items: list[Product],
    kind: str | None,
    satellite: str | None,
    first: int | None,
    last: int | None,
    area: tuple[float, float, float, float] | None,
    limit: int,
) -> None:
    wipe(database)
    catalogue = Catalogue(database)
    catalogue.insert_many(items)
    start = None if first is None else T0 + timedelta(microseconds=first)
    stop = None if last is None else T0 + timedelta(microseconds=last)
    wanted = None if area is None else square(*area)
    expected = [
        p
        for p in sorted(items, key=lambda p: (p.start, p.name))
        if fits(p, kind, satellite)
        and (start is None or p.stop >= start)
        and (stop is None or p.start <= stop)
        and (wanted is None or (p.footprint is not None and planar(p.footprint).intersects(planar(wanted))))
    ]
    found = catalogue.find(kind, satellite, start=start, stop=stop, intersects=wanted, limit=limit)
    assert found == expected[:limit]
