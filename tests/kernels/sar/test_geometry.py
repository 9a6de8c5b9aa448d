"""Places on the Earth and in the image, against definitions, an annotated real product and each other."""

from pathlib import Path

import numpy as np
import pytest
from circular_orbit import circular_orbit, position_at
from hypothesis import given
from hypothesis import strategies as st

from refsys.chains.safe_xml import parse_xml
from refsys.kernels.sar import ellipsoid, geometry
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S
from refsys.kernels.sar.orbit import Orbit, interpolate

EPOCH = np.datetime64("2021-04-01T15:28:00", "ns")


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(-400, 800_000))
def test_geodetic_coordinates_return(latitude: float, longitude: float, height: float) -> None:
    position = ellipsoid.to_cartesian(latitude, longitude, height)
    back = ellipsoid.to_geodetic(position)
    assert back.latitude_deg == pytest.approx(latitude, abs=1e-9)
    assert back.height_m == pytest.approx(height, abs=1e-6)
    np.testing.assert_allclose(ellipsoid.to_cartesian(*back), position, atol=1e-6)


def test_poles_equator_and_antimeridian_are_where_the_ellipsoid_is() -> None:
    places = ellipsoid.to_cartesian([90.0, -90.0, 0.0, 0.0], [0.0, 77.0, 180.0, 90.0], [10.0, 0.0, 0.0, 0.0])
    wanted = [
        [0, 0, ellipsoid.SEMI_MINOR_M + 10],
        [0, 0, -ellipsoid.SEMI_MINOR_M],
        [-ellipsoid.SEMI_MAJOR_M, 0, 0],
        [0, ellipsoid.SEMI_MAJOR_M, 0],
    ]
    np.testing.assert_allclose(places, wanted, atol=1e-6)
    assert ellipsoid.to_geodetic([0.0, 0.0, -6.4e6]).latitude_deg == -90
    east, west = ellipsoid.to_geodetic(ellipsoid.to_cartesian([1.0, 1.0], [180.0, -179.999999], 0.0)).longitude_deg
    assert east == pytest.approx(180)
    assert west == pytest.approx(-179.999999, abs=1e-9)


def test_vertical_is_the_gradient_of_the_height() -> None:
    place = ellipsoid.to_cartesian([47.0, -80.0], [12.0, 179.0], [500.0, 0.0])
    gradient = [
        (ellipsoid.to_geodetic(place + step).height_m - ellipsoid.to_geodetic(place - step).height_m) / 2
        for step in np.eye(3)
    ]
    np.testing.assert_allclose(ellipsoid.vertical(place), np.transpose(gradient), atol=1e-6)


@pytest.mark.parametrize(
    ("bad", "call"),
    [
        ("latitude", lambda: ellipsoid.to_cartesian(91.0, 0.0, 0.0)),
        ("no axis of three", lambda: ellipsoid.to_geodetic([1.0, 2.0])),
        ("deep inside", lambda: ellipsoid.to_geodetic([0.0, 0.0, 1.0])),
        ("deep inside", lambda: ellipsoid.to_geodetic([np.nan, 0.0, 7e6])),
        ("no zero-Doppler time", lambda: geometry.zero_doppler(circular_orbit(), position_at(np.full(1, 1500.0)))),
        ("outside the orbit", lambda: geometry.geolocate(circular_orbit(), 1e4, 9e5, 0.0)),
        ("no point at a height", lambda: geometry.geolocate(circular_orbit(), 0.0, 5e5, 0.0)),
        ("finite", lambda: geometry.geolocate(circular_orbit(), 0.0, np.nan, 0.0)),
        ("finite and \\(n, 3\\)", lambda: geometry.zero_doppler(circular_orbit(), np.zeros((2, 2)))),
    ],
)
def test_impossible_places_are_refused(bad: str, call: object) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=bad):
        call()


# Orbits that start near the equator, a pole and the antimeridian.
@pytest.mark.parametrize("start_rad", [0.4, 1.55, -1.6, 3.1])
@pytest.mark.parametrize("look_right", [True, False])
def test_geolocated_points_fulfil_the_three_equations(start_rad: float, look_right: bool) -> None:
    orbit = circular_orbit(start_rad=start_rad)
    times = np.array([-20.0, 0.0, 3.3, 31.7])
    ranges, heights = np.array([7.6e5, 8.5e5, 9e5, 9.9e5]), np.array([0.0, -100.0, 4000.0, 8800.0])
    points = geometry.geolocate(orbit, times, ranges, heights, look_right=look_right)
    state = interpolate(orbit, times)
    sight = points - state.position_m
    np.testing.assert_allclose(np.linalg.norm(sight, axis=1), ranges, atol=1e-6)
    np.testing.assert_allclose(np.sum(sight * state.velocity_m_s, axis=1) / 7500, 0, atol=1e-5)
    np.testing.assert_allclose(ellipsoid.to_geodetic(points).height_m, heights, atol=1e-6)
    to_the_right = np.sum(np.cross(state.velocity_m_s, state.position_m) * sight, axis=1) > 0
    assert np.all(to_the_right == look_right)
    seen = geometry.zero_doppler(orbit, points)
    np.testing.assert_allclose(seen.time_s, times, atol=1e-9)
    np.testing.assert_allclose(seen.slant_range_m, ranges, atol=1e-6)


def test_zero_doppler_is_the_nearest_approach_in_the_earth_fixed_frame() -> None:
    orbit = circular_orbit()
    point = geometry.geolocate(orbit, 4.2, 8.5e5, 0.0)
    times = 4.2 + np.linspace(-2e-3, 2e-3, 5)
    distance = np.linalg.norm(position_at(times) - point, axis=1)
    assert np.polynomial.polynomial.polyfit(times - 4.2, distance - distance[2], 2)[1] == pytest.approx(0, abs=2e-3)


def test_angles_are_those_of_the_triangle() -> None:
    orbit = circular_orbit()
    point = geometry.geolocate(orbit, 0.0, 8.5e5, 0.0)
    angles = geometry.view_angles(orbit, 0.0, point)
    platform = position_at(np.zeros(1))[0]
    sides = np.linalg.norm(platform), 8.5e5, np.linalg.norm(point[0])
    look = np.arccos((sides[0] ** 2 + sides[1] ** 2 - sides[2] ** 2) / (2 * sides[0] * sides[1]))
    assert angles.elevation_deg[0] == pytest.approx(np.degrees(look), abs=1e-9)
    cosine = ellipsoid.vertical(point)[0] @ (platform - point[0]) / 8.5e5
    assert np.cos(np.radians(angles.incidence_deg[0])) == pytest.approx(cosine, abs=1e-12)


@pytest.fixture(scope="module")
def annotation(shared_data: Path) -> tuple[Orbit, np.ndarray]:
    """Orbit of a real StripMap product, and its grid: time, range, latitude, longitude, height, two angles."""
    product = next((shared_data / "s1_l1").glob("S1A_S3_SLC*.SAFE"))
    root = parse_xml(next((product / "annotation").glob("*.xml")))

    def seconds(text: str | None) -> float:
        return float((np.datetime64(str(text), "ns") - EPOCH) / np.timedelta64(1, "ns")) * 1e-9

    vectors = [
        [seconds(node.findtext("time")), *(float(node.findtext(f"{kind}/{axis}") or "nan") for kind in
         ("position", "velocity") for axis in "xyz")]
        for node in root.iter("orbit")
    ]  # fmt: skip
    names = ("slantRangeTime", "latitude", "longitude", "height", "incidenceAngle", "elevationAngle")
    grid = [
        [seconds(node.findtext("azimuthTime")), *(float(node.findtext(name) or "nan") for name in names)]
        for node in root.iter("geolocationGridPoint")
    ]
    table = np.array(vectors)
    return Orbit(table[:, 0], table[:, 1:4], table[:, 4:7]), np.array(grid)


def test_real_annotation_has_our_ranges_and_angles(annotation: tuple[Orbit, np.ndarray]) -> None:
    orbit, grid = annotation
    assert grid.shape == (945, 7)
    points = ellipsoid.to_cartesian(grid[:, 2], grid[:, 3], grid[:, 4])
    seen = geometry.zero_doppler(orbit, points)
    np.testing.assert_allclose(seen.slant_range_m, grid[:, 1] * LIGHT_SPEED_M_S / 2, atol=0.02)
    angles = geometry.view_angles(orbit, seen.time_s, points)
    np.testing.assert_allclose(angles.elevation_deg, grid[:, 6], atol=2e-6)
    # The annotated incidence is measured from the direction to the Earth's centre, not from the normal.
    sight = interpolate(orbit, seen.time_s).position_m - points
    cosine = np.sum(sight * points, axis=1) / (np.linalg.norm(sight, axis=1) * np.linalg.norm(points, axis=1))
    np.testing.assert_allclose(np.degrees(np.arccos(cosine)), grid[:, 5], atol=2e-6)
    np.testing.assert_allclose(angles.incidence_deg, grid[:, 5], atol=0.02)


def test_real_annotation_has_our_places(annotation: tuple[Orbit, np.ndarray]) -> None:
    orbit, grid = annotation
    points = geometry.geolocate(orbit, grid[:, 0], grid[:, 1] * LIGHT_SPEED_M_S / 2, grid[:, 4])
    apart = np.linalg.norm(points - ellipsoid.to_cartesian(grid[:, 2], grid[:, 3], grid[:, 4]), axis=1)
    assert apart.max() < 1.6
    # The annotated times depart from ours by up to 0.22 ms half-way between state vectors, and by 7 us at them.
    since = np.abs((grid[:, 0] + 6) % 10 + 5) % 10 - 5
    assert apart[np.abs(since) < 0.25].max() < 0.12
