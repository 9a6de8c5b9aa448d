"""Ground range: fits against circle geometry, inverse to millimetres, real polynomials, boxes that tile the swath."""

from pathlib import Path

import numpy as np
import pytest

from refsys.chains.safe_xml import parse_xml
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid
from refsys.kernels.sar.ground_range import (
    GroundRange,
    distances_along_m,
    fit_ground_range,
    ground_boxes,
    ground_range_m,
    slant_range_m,
)
from refsys.kernels.sar.multilook import even_boxes, multilook

EARTH_M, ORBIT_M = 6.37e6, 7.07e6


def circle(slant: np.ndarray) -> np.ndarray:
    """Ground range from the first point on a sphere, by the law of cosines."""
    angle = np.arccos((EARTH_M**2 + ORBIT_M**2 - slant**2) / (2 * EARTH_M * ORBIT_M))
    return np.asarray(EARTH_M * (angle - angle[0]))


SLANT = np.linspace(8.0e5, 9.6e5, 400)
CONVERSION = fit_ground_range(SLANT, circle(SLANT))


def test_fit_is_good_to_a_decimetre_over_more_than_an_iw_swath_and_inverts() -> None:
    assert CONVERSION.slant_to_ground.shape == CONVERSION.ground_to_slant.shape == (9,)
    np.testing.assert_allclose(ground_range_m(CONVERSION, SLANT), circle(SLANT), atol=0.08)
    np.testing.assert_allclose(slant_range_m(CONVERSION, circle(SLANT)), SLANT, atol=0.08)


def test_length_of_arcs() -> None:
    angle = np.linspace(0.1, 0.3, 50)
    points = EARTH_M * np.stack([np.cos(angle), np.sin(angle), np.zeros(50)], axis=1)
    np.testing.assert_allclose(distances_along_m(points), EARTH_M * (angle - 0.1), rtol=1e-9)


def test_boxes_lie_where_geometry_says_and_leave_nothing_out() -> None:
    grid = ImageGrid(0.0, 2e-3, 10, 2 * 8.0e5 / LIGHT_SPEED_M_S, 64.345e6, 60_000)
    boxes = ground_boxes(CONVERSION, grid, first_m=5.0, spacing_m=10.0, count=20_000, width_m=10.0)
    left, right = boxes.centre - boxes.width / 2, boxes.centre + boxes.width / 2
    np.testing.assert_allclose(left[1:], right[:-1], atol=0.08)
    slant = grid.slant_ranges_m()
    at = np.interp(boxes.centre, np.arange(60_000), slant)
    np.testing.assert_allclose(np.interp(at, SLANT, circle(SLANT)), 5 + 10.0 * np.arange(20_000), atol=1.0)
    np.testing.assert_allclose(ground_range_m(CONVERSION, at), 5 + 10.0 * np.arange(20_000), atol=0.08)


def test_a_target_keeps_its_place_and_a_level_scene_its_level() -> None:
    grid = ImageGrid(0.0, 2e-3, 4, 2 * 8.0e5 / LIGHT_SPEED_M_S, 64.345e6, 4000)
    ground = ground_range_m(CONVERSION, grid.slant_ranges_m())
    boxes = ground_boxes(CONVERSION, grid, first_m=0.0, spacing_m=10.0, count=int(ground[-1] // 10), width_m=20.0)
    image = np.full((4, 4000), 2.0, np.float32)
    lines = even_boxes(2, first=0.5, step=2, width=2)
    np.testing.assert_allclose(multilook(image, lines, boxes), 2, rtol=1e-5)
    image[:, 2500] += 1000
    bright = multilook(image, lines, boxes)[0] - 2
    assert np.sum(bright * np.arange(bright.size)) / bright.sum() * 10 == pytest.approx(ground[2500], abs=5.0)


@pytest.mark.shared
def test_real_polynomials_are_each_other_s_inverse(shared_data: Path) -> None:
    """28 pairs of degree 8 of a real product, across its 26144 pixels of 10 m."""
    (annotation,) = (shared_data / "s1_l1").glob("S1A_IW_GRDH_1SDV_20210809*/annotation/s1a-iw-grd-vv-*.xml")
    pairs = parse_xml(annotation).findall(".//coordinateConversionList/coordinateConversion")
    assert len(pairs) == 28

    def numbers(element: object, name: str) -> np.ndarray:
        return np.array((element.findtext(name) or "").split(), dtype=np.float64)  # type: ignore[attr-defined]

    ground = 10.0 * np.arange(0, 26144, 50)
    for pair in pairs:
        conversion = GroundRange(
            float(numbers(pair, "sr0")[0]),
            numbers(pair, "srgrCoefficients"),
            float(numbers(pair, "gr0")[0]),
            numbers(pair, "grsrCoefficients"),
        )
        slant = slant_range_m(conversion, ground)
        np.testing.assert_allclose(ground_range_m(conversion, slant), ground, atol=0.5)
        refitted = fit_ground_range(slant, ground)
        np.testing.assert_allclose(slant_range_m(refitted, ground), slant, atol=0.01)


def test_malformed_input_is_refused() -> None:
    grid = ImageGrid(0.0, 2e-3, 4, 5e-3, 64.345e6, 4000)
    with pytest.raises(ValueError, match="degree"):
        fit_ground_range([1.0, 2.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="increase"):
        fit_ground_range(SLANT, -SLANT)
    with pytest.raises(ValueError, match="points of a line"):
        distances_along_m(np.ones((3, 2)))
    with pytest.raises(ValueError, match="do not exist"):
        ground_boxes(CONVERSION, grid, first_m=0, spacing_m=0, count=3, width_m=1)
    backwards = CONVERSION._replace(ground_to_slant=np.array([8e5, -0.5]))
    with pytest.raises(ValueError, match="not for this swath"):
        ground_boxes(backwards, grid, first_m=0, spacing_m=10, count=3, width_m=10)
