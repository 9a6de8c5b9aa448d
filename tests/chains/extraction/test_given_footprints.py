"""Footprints as metadata give them: never lost, whatever the ring; what was given, repaired or beyond repair."""

import math

import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from refsys.chains.footprints import given_footprint
from refsys.model.errors import InputCorrupt
from refsys.storage.footprints import planar

LONGITUDE = st.floats(-180, 180).map(lambda value: round(value, 4))
LATITUDE = st.floats(-90, 90).map(lambda value: round(value, 4))


@given(st.lists(st.tuples(LONGITUDE, LATITUDE), min_size=2, max_size=12))
@example([(0.0, 1.0), (130.0, 0.0), (1.9062, 0.0)])
@settings(max_examples=150)
def test_any_positions_give_a_valid_footprint_or_are_told_to_be_beyond_repair(
    positions: list[tuple[float, float]],
) -> None:
    found = given_footprint(positions)
    if found.state == "unrepairable":
        assert found.geometry is None
        return
    assert found.geometry is not None
    shape = shapely.geometry.shape(found.geometry)
    assert shape.is_valid
    assert not shape.is_empty
    west, south, east, north = shape.bounds
    assert west >= -180
    assert east <= 180
    assert south >= -90
    assert north <= 90


@given(st.floats(-150, 150), st.floats(-60, 60), st.integers(3, 20), st.booleans(), st.booleans())
def test_a_simple_ring_stays_as_it_was_given(
    west: float, south: float, corners: int, backwards: bool, closed: bool
) -> None:
    turns = [2 * math.pi * n / corners for n in range(corners)]
    ring = [(round(west + 9 * math.cos(a), 5), round(south + 7 * math.sin(a), 5)) for a in turns]
    ring = ring[::-1] if backwards else ring
    found = given_footprint([*ring, ring[0]] if closed else ring)
    assert found.state == "given"
    assert found.geometry is not None
    assert shapely.geometry.shape(found.geometry).normalize() == shapely.Polygon(ring).normalize()


@pytest.mark.parametrize(
    ("positions", "area"),
    [
        ([(0, 0), (2, 2), (2, 0), (0, 2)], 2.0),
        ([(170, 0), (-170, 0), (-170, 5), (170, 5)], 100.0),
        ([(longitude, 70) for longitude in range(-180, 180, 30)], 7200.0),
        ([(longitude, -70) for longitude in range(-180, 180, 30)], 7200.0),
    ],
    ids=["crosses itself", "antimeridian", "north pole", "south pole"],
)
def test_repaired(positions: list[tuple[float, float]], area: float) -> None:
    found = given_footprint(positions)
    assert found.state == "repaired"
    assert found.geometry is not None
    assert planar(found.geometry).area == pytest.approx(area)


@pytest.mark.parametrize(
    "positions",
    [[(1, 1)] * 5, [(0, 0), (1, 1), (2, 2), (0, 0)], [(3, 3), (3, 3)], [(0, 0), (5, 5), (0, 0), (5, 5)]],
    ids=["one place", "a line there and back", "no line", "the same line twice"],
)
def test_beyond_repair(positions: list[tuple[float, float]]) -> None:
    assert given_footprint(positions).state == "unrepairable"


def test_lines() -> None:
    line = given_footprint([(10, 1), (12, 5)])
    assert (line.state, line.geometry) == ("given", {"type": "LineString", "coordinates": [[10, 1], [12, 5]]})
    cut = given_footprint([(179, 0), (-179, 2)])
    assert cut.state == "repaired"
    assert cut.geometry is not None
    assert cut.geometry["type"] == "MultiLineString"
    assert sorted(x for part in cut.geometry["coordinates"] for x, _ in part) == [-180, -179, 179, 180]


@pytest.mark.parametrize("positions", [[], [(1, 1)], [(0, 0), (0, 91), (1, 1)], [(0, 0), (math.nan, 1), (1, 1)]])
def test_what_are_no_positions(positions: list[tuple[float, float]]) -> None:
    with pytest.raises(InputCorrupt):
        given_footprint(positions)
