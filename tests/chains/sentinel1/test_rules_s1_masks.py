"""Masks: areas of real mask files, coverage against a count of grid points, the antimeridian, damaged files."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nouns import square

from refsys.chains.masks import Mask, meets, read_mask, sea_coverage
from refsys.model.errors import InputCorrupt, InputMissing, XmlUnsafe


def ring(*corners: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[*map(list, corners), list(corners[0])]]}


ATLANTIC = ring((-31.948, 42.000), (-23.379, 39.977), (-26.323, 44.497))
CHAD = ring((1.406, 15.961), (13.184, 12.383), (12.129, 20.797))
PORTUGAL = ring((-11.228, 41.121), (-12.184, 38.643), (-7.745, 39.851))
CENTRAL = ring((-43.242, 23.564), (-44.297, 7.362), (-31.992, 20.303))


def mask_of(folder: Path, *geometries: dict[str, Any] | None, name: str = "mask.EOF") -> Mask:
    features = [{"type": "Feature", "properties": {}, "geometry": geometry} for geometry in geometries]
    block = json.dumps({"type": "FeatureCollection", "features": features})
    (folder / name).write_text(
        f"<Earth_Explorer_File><Data_Block><![CDATA[{block}]]></Data_Block></Earth_Explorer_File>"
    )
    return read_mask(folder / name)


@pytest.fixture
def land_files(shared_data: Path) -> dict[str, Path]:
    places = (shared_data.parent / "production-input").rglob("S1__OPER_MSK*.EOF")
    found = {path.stem.partition("_G")[2][:8]: path for path in places}
    if len(found) < 3:
        pytest.skip("the mask files are not among the shared data")
    return found


@pytest.mark.shared
def test_sea_of_three_known_triangles(land_files: dict[str, Path]) -> None:
    land = read_mask(land_files["20200914"])
    assert sea_coverage(ATLANTIC, land) == 100
    assert sea_coverage(CHAD, land) == 0
    assert 80 < sea_coverage(PORTUGAL, land) < 100


@pytest.mark.shared
def test_areas_of_two_known_triangles(land_files: dict[str, Path]) -> None:
    areas = read_mask(land_files["20210108"])
    assert not meets(ATLANTIC, areas)
    assert meets(CENTRAL, areas)


@pytest.mark.shared
def test_features_of_the_older_land_mask(land_files: dict[str, Path]) -> None:
    text = land_files["20190711"].read_text("utf-8")
    block = text[text.index("<Data_Block") :]
    assert len(json.loads(block[block.index("{") : block.rindex("}") + 1])["features"]) == 175
    assert len(read_mask(land_files["20190711"]).polygons) >= 175


BOX = st.tuples(st.integers(-8, 4), st.integers(1, 8), st.integers(-8, 4), st.integers(1, 8))


@settings(max_examples=80, deadline=None)
@given(st.lists(BOX, min_size=1, max_size=4), BOX)
def test_coverage_is_that_of_a_count_of_cells(
    tmp_path_factory: pytest.TempPathFactory, lands: list[tuple[int, ...]], seen: tuple[int, ...]
) -> None:
    squares = [square(w, w + width, s, s + height) for w, width, s, height in lands]
    land = mask_of(tmp_path_factory.mktemp("mask"), *squares)
    west, width, south, height = seen
    cells = [(x, y) for x in range(west, west + width) for y in range(south, south + height)]
    dry = [any(w <= x < w + a and s <= y < s + b for w, a, s, b in lands) for x, y in cells]
    share = 100 * sum(dry) / len(cells)
    assert abs(sea_coverage(square(west, west + width, south, south + height), land) - (100 - share)) <= 0.5


def test_a_footprint_over_the_antimeridian_is_not_taken_round_the_globe(tmp_path: Path) -> None:
    land = mask_of(tmp_path, square(-60, 60, -30, 30))
    over = ring((178, 0), (-178, 0), (-178, 5), (178, 5))
    assert sea_coverage(over, land) == 100
    assert not meets(over, land)
    isles = mask_of(tmp_path, square(178, 180, 0, 5), square(-179, -178, 0, 5), name="isles.EOF")
    assert sea_coverage(over, isles) == 25


def test_a_mask_may_reach_round_the_globe(tmp_path: Path) -> None:
    land = mask_of(tmp_path, square(-180, 180, -90, -60))
    assert sea_coverage(square(10, 20, -70, -65), land) == 0
    assert sea_coverage(square(10, 20, -65, -55), land) == 50


def test_holes_are_land_and_what_crosses_itself_is_mended(tmp_path: Path) -> None:
    lake = {
        "type": "Polygon",
        "coordinates": [square(0, 10, 0, 10)["coordinates"][0], square(2, 8, 2, 8)["coordinates"][0]],
    }
    bow = ring((20, 0), (30, 10), (30, 0), (20, 10))
    land = mask_of(tmp_path, lake, bow, {"type": "Point", "coordinates": [1, 1]}, None)
    assert sea_coverage(square(3, 5, 3, 5), land) == 0
    assert sea_coverage(square(20, 30, 0, 10), land) == 50


def test_a_ground_track_has_no_sea(tmp_path: Path) -> None:
    land = mask_of(tmp_path, square(0, 1, 0, 1))
    assert sea_coverage({"type": "LineString", "coordinates": [[50, 0], [51, 5]]}, land) == 0


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("<a/>", InputCorrupt),
        ("<a><Data_Block> </Data_Block></a>", InputCorrupt),
        ("<a><Data_Block>{}</Data_Block></a>", InputCorrupt),
        ("<a><Data_Block>[1</Data_Block></a>", InputCorrupt),
        ('<a><Data_Block>{"features": []}</Data_Block></a>', InputCorrupt),
        (
            '<a><Data_Block>{"features": [{"geometry": {"type": "Polygon", "coordinates": []}}]}</Data_Block></a>',
            InputCorrupt,
        ),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a><Data_Block>&b;</Data_Block></a>', XmlUnsafe),
    ],
)
def test_what_is_no_mask_is_refused(tmp_path: Path, text: str, error: type[Exception]) -> None:
    (tmp_path / "bad.EOF").write_text(text)
    with pytest.raises(error):
        read_mask(tmp_path / "bad.EOF")


def test_a_mask_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputMissing):
        read_mask(tmp_path / "none.EOF")
