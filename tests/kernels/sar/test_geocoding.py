"""Geocoding: a target of known place is found there; fast against exact; sampling against SciPy and by hand."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from refsys.kernels.sar.ellipsoid import to_cartesian, to_geodetic
from refsys.kernels.sar.geocoding import (
    Places,
    places_in_ground_range,
    places_in_slant_range,
    sample_image,
    see_terrain,
)
from refsys.kernels.sar.geometry import geolocate, zero_doppler
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid
from refsys.kernels.sar.ground_range import fit_ground_range, ground_range_m
from refsys.kernels.sar.orbit import Orbit


def circular_orbit(latitude_deg: float, longitude_deg: float) -> Orbit:
    """Earth-fixed circle of 7071 km whose right-looking swath holds a place about 700 km above and 330 km aside."""
    time = np.arange(-60.0, 61.0, 10.0)
    up = to_cartesian(latitude_deg, longitude_deg, 0.0)
    up /= np.linalg.norm(up)
    north = np.array([0, 0, 1.0]) - up[2] * up
    north /= np.linalg.norm(north)
    start = np.cos(0.05) * up - np.sin(0.05) * np.cross(north, up)
    angle = 7500.0 / 7.071e6 * time[:, None]
    position = 7.071e6 * (np.cos(angle) * start + np.sin(angle) * north)
    velocity = 7500.0 * (-np.sin(angle) * start + np.cos(angle) * north)
    return Orbit(time, position, velocity)


ORBIT = circular_orbit(41.9, 12.5)


def rome(rows: int = 90, columns: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    latitude, longitude = np.meshgrid(
        41.95 - 2.7e-4 * np.arange(rows), 12.45 + 2.7e-4 * np.arange(columns), indexing="ij"
    )
    height = 300 + 900 * np.sin(np.arange(rows)[:, None] / 11) * np.cos(np.arange(columns) / 17)
    return latitude, longitude, height


def image_around(latitude: np.ndarray, longitude: np.ndarray, height: np.ndarray) -> ImageGrid:
    seen = see_terrain(ORBIT, latitude, longitude, height, step=1)
    near, far = seen.slant_range_m.min() - 200, seen.slant_range_m.max() + 200
    first, last = seen.time_s.min() - 0.02, seen.time_s.max() + 0.02
    return ImageGrid(
        first, 2e-3, int((last - first) / 2e-3), 2 * near / LIGHT_SPEED_M_S, 64e6,
        int(2 * (far - near) / LIGHT_SPEED_M_S * 64e6),
    )  # fmt: skip


def test_interpolated_geometry_equals_the_exact_one() -> None:
    cells = rome()
    fast, exact = see_terrain(ORBIT, *cells), see_terrain(ORBIT, *cells, step=1)
    np.testing.assert_allclose(fast.slant_range_m, exact.slant_range_m, atol=0.05)
    np.testing.assert_allclose(fast.time_s, exact.time_s, atol=2e-6)
    flat = see_terrain(ORBIT, cells[0], cells[1], np.full(cells[0].shape, 50.0))
    level = see_terrain(ORBIT, cells[0], cells[1], np.full(cells[0].shape, 50.0), step=1)
    np.testing.assert_allclose(flat.slant_range_m, level.slant_range_m, atol=0.05)


def test_a_target_is_found_at_its_latitude_and_longitude() -> None:
    """Seen in slant range through its height; the geometry that places it is that of geolocation, not of geocoding."""
    latitude, longitude, height = rome()
    grid = image_around(latitude, longitude, height)
    row, column = 31, 77
    line, sample = 40 + grid.lines // 3, grid.samples // 2
    time, distance = grid.times_s()[line], grid.slant_ranges_m()[sample]
    height = np.full(latitude.shape, 123.0)
    point = geolocate(ORBIT, np.array([time]), np.array([distance]), np.array([123.0]))
    image = np.zeros((grid.lines, grid.samples), np.float32)
    image[line, sample] = 1
    place = to_geodetic(point)
    latitude += float(np.ravel(place.latitude_deg)[0]) - latitude[row, column]
    longitude += float(np.ravel(place.longitude_deg)[0]) - longitude[row, column]
    found = sample_image(image, places_in_slant_range(see_terrain(ORBIT, latitude, longitude, height), grid))
    assert int(np.nanargmax(found)) == row * found.shape[1] + column
    assert found[row, column] == pytest.approx(1, abs=0.05)


def test_ground_range_places_follow_the_polynomials_between_times() -> None:
    cells = rome(20, 30)
    seen = see_terrain(ORBIT, *cells, step=1)
    slant = np.linspace(seen.slant_range_m.min() - 500, seen.slant_range_m.max() + 500, 50)
    one = fit_ground_range(slant, 1.5 * (slant - slant[0]), degree=2)
    two = fit_ground_range(slant, 1.5 * (slant - slant[0]) + 100, degree=2)
    first, last = float(seen.time_s.min()), float(seen.time_s.max())
    places = places_in_ground_range(
        seen, [first, last], [one, two], first_time_s=first, line_interval_s=1e-3, first_m=0.0, spacing_m=10.0
    )
    part = (seen.time_s - first) / (last - first)
    np.testing.assert_allclose(10 * places.sample, ground_range_m(one, seen.slant_range_m) + 100 * part, atol=1e-3)
    np.testing.assert_allclose(places.line, (seen.time_s - first) / 1e-3)


def test_cells_without_height_and_outside_the_image_have_no_value() -> None:
    latitude, longitude, height = rome(20, 24)
    grid = image_around(latitude, longitude, height)._replace(samples=90)
    height[3, 4] = np.nan
    seen = see_terrain(ORBIT, latitude, longitude, height)
    found = sample_image(np.ones((grid.lines, 90), np.float32), places_in_slant_range(seen, grid))
    assert np.isnan(found[3, 4])
    inside = places_in_slant_range(seen, grid).sample <= 89
    assert 0 < inside.sum() < inside.size
    np.testing.assert_array_equal(np.isfinite(found), inside)
    assert np.isnan(see_terrain(ORBIT, latitude, longitude, np.full(latitude.shape, np.nan)).time_s).all()


@given(st.integers(0, 2**31), st.integers(1, 9), st.integers(1, 9))
def test_bilinear_equals_scipy(seed: int, lines: int, samples: int) -> None:
    rng = np.random.default_rng(seed)
    image = rng.standard_normal((lines, samples)).astype(np.float32)
    places = Places(rng.uniform(0, lines - 1, (3, 5)), rng.uniform(0, samples - 1, (3, 5)))
    peer = map_coordinates(image.astype(np.float64), np.stack(places), order=1, mode="nearest")
    np.testing.assert_allclose(sample_image(image, places), peer, atol=1e-5)


def test_cubic_keeps_pixels_and_reproduces_parabolas() -> None:
    i, j = np.arange(9)[:, None], np.arange(11)
    image = (0.5 * i**2 - 0.3 * i * j + 0.2 * j**2 + 1).astype(np.float32)
    places = Places(np.array([2.0, 3.3, 5.75]), np.array([4.0, 6.6, 2.25]))
    want = 0.5 * places.line**2 - 0.3 * places.line * places.sample + 0.2 * places.sample**2 + 1
    np.testing.assert_allclose(sample_image(image, places, method="cubic"), want, rtol=1e-5)
    assert np.isnan(sample_image(image, Places(np.array([-0.1, np.nan]), np.array([1.0, 1.0])))).all()


@pytest.mark.shared
def test_the_real_terrain_of_rome_is_seen_whole(shared_data: Path) -> None:
    """Only that a real terrain model goes through; there is no real image of the place at full resolution."""
    import rasterio

    with rasterio.open(shared_data / "aux_s1" / "dem" / "Rome-30m-DEM.tif") as dem:
        height = dem.read(1).astype(np.float64)
        rows, columns = np.meshgrid(np.arange(dem.height), np.arange(dem.width), indexing="ij")
        longitude, latitude = (np.reshape(p, height.shape) for p in dem.transform @ (columns + 0.5, rows + 0.5))
    fast = see_terrain(ORBIT, latitude, longitude, height)
    some = (slice(None, None, 45), slice(None, None, 45))
    exact = zero_doppler(ORBIT, to_cartesian(latitude[some].ravel(), longitude[some].ravel(), height[some].ravel()))
    np.testing.assert_allclose(fast.slant_range_m[some].ravel(), exact.slant_range_m, atol=0.05)
    assert np.isfinite(fast.time_s).all()


def test_malformed_input_is_refused() -> None:
    cells = rome(4, 4)
    seen = see_terrain(ORBIT, *cells, step=1)
    with pytest.raises(ValueError, match="do not fit"):
        see_terrain(ORBIT, cells[0], cells[1], cells[2][:2])
    with pytest.raises(ValueError, match="cannot sample"):
        sample_image(np.ones((2, 2)), Places(np.zeros(1), np.zeros(1)))
    with pytest.raises(ValueError, match="no places"):
        sample_image(np.ones((2, 2), np.float32), Places(np.zeros(1), np.zeros(2)))
    with pytest.raises(ValueError, match="do not fit"):
        places_in_ground_range(seen, [], [], first_time_s=0, line_interval_s=1, first_m=0, spacing_m=1)
