"""Footprints of rings and of grids: at the antimeridian, round poles, crossing themselves; areas and points inside."""

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from refsys.chains.footprints import grid_footprint, polygon_footprint
from refsys.model.errors import InputCorrupt
from refsys.storage.footprints import planar


def parts(footprint: dict[str, Any] | None) -> list[Any]:
    assert footprint is not None
    assert footprint["type"] in ("Polygon", "MultiPolygon")
    return [footprint["coordinates"]] if footprint["type"] == "Polygon" else list(footprint["coordinates"])


def valid(footprint: dict[str, Any] | None) -> None:
    for rings in parts(footprint):
        outer = shapely.Polygon(rings[0], rings[1:])
        assert outer.is_valid
        assert outer.exterior.is_ccw
        assert max(abs(longitude) for longitude, _ in rings[0]) <= 180


@given(st.floats(-179, 179), st.floats(-80, 70), st.floats(0.1, 20), st.floats(0.1, 9), st.floats(-30, 30))
def test_a_slanted_image_keeps_its_outline_wherever_it_lies(
    west: float, south: float, width: float, height: float, slant: float
) -> None:
    along, across = np.meshgrid(np.linspace(0, 1, 21), np.linspace(0, 1, 34), indexing="ij")
    longitude = west + width * across + slant * along
    latitude = south + height * along
    found = grid_footprint((longitude + 180) % 360 - 180, latitude)
    valid(found)
    assert found is not None
    assert planar(found).area == pytest.approx(width * height, rel=1e-5)
    middle = (west + width / 2 + slant / 2 + 180) % 360 - 180
    assert planar(found).intersects(shapely.Point(middle, south + height / 2))


def test_round_the_pole() -> None:
    ring = [(float(longitude), 80.0) for longitude in range(-180, 180, 30)]
    for direction in (1, -1):
        found = polygon_footprint(ring[::direction])
        valid(found)
        assert found is not None
        assert planar(found).area == pytest.approx(3600)
        assert planar(found).intersects(shapely.Point(17, 90))
    # A swath that passes near the South Pole and leaves it on one side goes round nothing.
    beside = polygon_footprint([(0, -88), (60, -88), (60, -70), (0, -70)])
    assert beside is not None
    assert not planar(beside).intersects(shapely.Point(200, -89))


def test_a_ring_that_crosses_itself_keeps_both_loops() -> None:
    found = polygon_footprint([(0, 0), (10, 10), (10, 0), (0, 10)])
    valid(found)
    assert len(parts(found)) == 2
    across = polygon_footprint([(175, 0), (-175, 10), (-175, 0), (175, 10)])
    valid(across)
    assert sum(shapely.Polygon(rings[0]).area for rings in parts(across)) == pytest.approx(50)


def test_what_is_no_footprint() -> None:
    assert polygon_footprint([(0, 0), (1, 1), (2, 2)]) is None
    with pytest.raises(InputCorrupt):
        polygon_footprint([(0, 0), (1, 95), (2, 2)])
    with pytest.raises(InputCorrupt):
        polygon_footprint([])
    with pytest.raises(InputCorrupt, match="no outline"):
        grid_footprint(np.zeros((1, 4)), np.zeros((1, 4)))
