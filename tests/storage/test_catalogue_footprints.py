"""Footprints: boxes and meeting on the globe, checked against points chosen inside them."""

from typing import Any

import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from nouns import square

from refsys.model.errors import InputCorrupt
from refsys.storage.footprints import boxes_around, planar

longitudes = st.floats(-180, 179, allow_nan=False).map(lambda x: round(x, 3))
latitudes = st.floats(-85, 80, allow_nan=False).map(lambda x: round(x, 3))


def normal(longitude: float) -> float:
    return (longitude + 180) % 360 - 180


def contains(footprint: dict[str, Any], longitude: float, latitude: float) -> bool:
    return bool(planar(footprint).intersects(shapely.Point(longitude, latitude)))


@settings(deadline=None)
@given(
    west=longitudes,
    width=st.floats(0.01, 179),
    south=latitudes,
    height=st.floats(0.01, 5),
    longitude=longitudes,
    up=st.floats(-0.5, 1.5),
    spelling=st.sampled_from(["jump", "beyond"]),
)
def test_a_rectangle_holds_the_points_between_its_meridians(
    *, west: float, width: float, south: float, height: float, longitude: float, up: float, spelling: str
) -> None:
    east = west + width
    footprint = square(west, normal(east) if spelling == "jump" else east, south, south + height)
    latitude = south + up * height
    assume(abs(latitude) <= 90)
    eastward = (longitude - west) % 360
    assume(min(abs(eastward - width), eastward, 360 - eastward, abs(up), abs(up - 1)) > 1e-6)
    inside = eastward < width and 0 < up < 1
    assert contains(footprint, longitude, latitude) == inside
    boxes = boxes_around(footprint)
    assert 1 <= len(boxes) <= 2
    if inside:
        assert any(b.west <= longitude <= b.east and b.south <= latitude <= b.north for b in boxes)
    assert sum(box.east - box.west for box in boxes) <= width + 1e-6


def test_one_that_crosses_the_antimeridian_has_a_box_on_each_side() -> None:
    expected = [(-180, -170, 0, 5), (170, 180, 0, 5)]
    assert boxes_around(square(170, -170, 0, 5)) == expected
    assert boxes_around(square(170, 190, 0, 5)) == expected
    assert boxes_around(square(-190, -170, 0, 5)) == expected
    cut = [square(*box)["coordinates"] for box in ((170, 180, 0, 5), (-180, -170, 0, 5))]
    assert boxes_around({"type": "MultiPolygon", "coordinates": cut}) == expected


def test_one_round_a_pole_covers_it() -> None:
    north = {"type": "Polygon", "coordinates": [[[0, 80], [120, 80], [-120, 80], [0, 80]]]}
    south = {"type": "Polygon", "coordinates": [[[0, -80], [-120, -80], [120, -80], [0, -80]]]}
    assert contains(north, 77, 89.9)
    assert not contains(north, 77, 79.9)
    assert contains(south, -179, -89.9)
    assert not contains(south, -179, 0)


def test_the_whole_globe_and_a_band_round_it() -> None:
    assert contains(square(-180, 180, -90, 90), 0, 0)
    band = square(-180, 180, -10, 10)
    assert contains(band, 123, 9)
    assert not contains(band, 123, 11)


def test_what_touches_the_antimeridian_meets_what_touches_its_other_side() -> None:
    assert planar(square(170, 180, 0, 5)).intersects(planar(square(-180, -170, 0, 5)))
    assert planar({"type": "Point", "coordinates": [180, 1]}).intersects(planar(square(-180, -170, 0, 5)))


def test_a_hole_is_not_covered_on_either_side_of_the_antimeridian() -> None:
    outer, hole = square(170, -170, -10, 10)["coordinates"][0], square(-179, -178, -1, 1)["coordinates"][0]
    footprint = {"type": "Polygon", "coordinates": [outer, hole]}
    assert not contains(footprint, -178.5, 0)
    assert contains(footprint, -175, 0)
    assert contains(footprint, 175, 0)


def test_a_ground_track_wraps() -> None:
    track = {"type": "LineString", "coordinates": [[170, 0], [-170, 10], [-160, 20]]}
    assert contains(track, 175, 2.5)
    assert contains(track, -175, 7.5)
    assert boxes_around(track) == [(-180, -160, 5, 20), (170, 180, 0, 5)]


def test_a_bow_tie_is_repaired() -> None:
    tie = {"type": "Polygon", "coordinates": [[[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]]}
    assert planar(tie).is_valid
    assert contains(tie, 2, 5)
    assert contains(tie, 8, 5)
    assert not contains(tie, 5, 2)


def test_a_collection_is_the_union_of_its_members() -> None:
    members = [square(0, 1, 0, 1), {"type": "Point", "coordinates": [50, 50]}]
    collection = {"type": "GeometryCollection", "geometries": members}
    assert contains(collection, 0.5, 0.5)
    assert contains(collection, 50, 50)
    assert boxes_around(collection) == [(0, 50, 0, 50)]


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"type": "Circle", "coordinates": [0, 0]},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]},
        {"type": "Point", "coordinates": [0]},
        {"type": "Point", "coordinates": [0, 91]},
        {"type": "Point", "coordinates": [float("nan"), 0]},
        {"type": "Point", "coordinates": ["east", 0]},
        {"type": "LineString", "coordinates": []},
        {"type": "MultiPolygon", "coordinates": []},
        {"type": "GeometryCollection", "geometries": [3]},
    ],
)
def test_what_is_no_geometry_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(InputCorrupt, match=r"GeoJSON|empty"):
        boxes_around(bad)
