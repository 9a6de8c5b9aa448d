"""Footprints at Greenwich, at the antimeridian and in between."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refsys.chains.sentinel3.sral_footprint import track_footprint


def lines(geometry: dict[str, Any]) -> list[list[list[float]]]:
    return [geometry["coordinates"]] if geometry["type"] == "LineString" else geometry["coordinates"]


@given(
    start=st.floats(0.0, 360.0),
    step=st.floats(-2.0, 2.0),
    latitude=st.floats(-80.0, 80.0),
    count=st.integers(2, 600),
    signed=st.booleans(),
)
def test_any_track_stays_whole(start: float, step: float, latitude: float, count: int, signed: bool) -> None:
    unwrapped = start + step * np.arange(count)
    given_longitude = unwrapped % 360.0
    if signed:
        given_longitude = (given_longitude + 180.0) % 360.0 - 180.0
    latitudes = np.linspace(latitude, latitude + 1.0, count)
    parts = lines(track_footprint(latitudes, given_longitude))
    points = np.concatenate([np.array(part) for part in parts])
    assert np.all((points[:, 0] >= -180.0) & (points[:, 0] < 180.0))
    spans = [np.abs(np.diff(np.array(part)[:, 0])).sum() for part in parts]
    assert sum(spans) == pytest.approx(abs(step) * (count - 1), abs=1e-3)
    for before, after in itertools.pairwise(parts):
        assert abs(before[-1][0]) == pytest.approx(180.0, abs=1e-5)
        assert before[-1][0] * after[0][0] < 0
        assert before[-1][1] == after[0][1]
    assert points[0][1] == pytest.approx(latitudes[0], abs=1e-6)
    assert points[-1][1] == pytest.approx(latitudes[-1], abs=1e-6)


def test_greenwich_does_not_cut() -> None:
    geometry = track_footprint(np.linspace(63.1, 64.5, 504), np.linspace(1.21, -0.05, 504) % 360.0)
    assert geometry["type"] == "LineString"
    longitudes = [point[0] for point in geometry["coordinates"]]
    assert max(longitudes) == pytest.approx(1.21)
    assert min(longitudes) == pytest.approx(-0.05)
    assert len(longitudes) <= 64


def test_the_antimeridian_cuts_westward_and_eastward() -> None:
    for longitudes in ([-179.5, 179.5], [179.5, -179.5]):
        geometry = track_footprint([10.0, 11.0], longitudes)
        assert geometry["type"] == "MultiLineString"
        assert len(geometry["coordinates"]) == 2
        assert geometry["coordinates"][0][1][1] == pytest.approx(10.5)


@pytest.mark.parametrize("track", [([1.0], [2.0]), ([1.0, 2.0], [3.0]), ([1.0, np.nan], [0, 0]), ([0, 91.0], [0, 0])])
def test_impossible_tracks_are_refused(track: tuple[list[float], list[float]]) -> None:
    with pytest.raises(ValueError, match=r"track"):
        track_footprint(*track)
