"""From simulated packets to complex and detected images, through the chains' own plans."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from s1_session import write_session
from unit_runner import ChainRun, run_chain

from refsys.chains.extraction import identify
from refsys.chains.sentinel1.safe.reading import open_pixels, product_images
from refsys.chains.sentinel1.simulation.acquisition import DataTake, simulate_packets
from refsys.chains.sentinel1.simulation.auxiliary import simulate_auxiliary
from refsys.chains.sentinel1.simulation.echoes import Noise
from refsys.chains.sentinel1.simulation.instrument import S3, shortened, stripmap
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT
from refsys.chains.sentinel1.simulation.scene import Scene, point_target
from refsys.chains.sentinel1.simulation.tops import Burst
from refsys.kernels.sar.ellipsoid import to_geodetic
from refsys.kernels.sar.geometry import geolocate
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S

GAIN, RCS_M2, LINES, SAMPLES = 0.5, 2500.0, 1500, 3600
TIME_S, NEAR_S = 0.59, 100e-6


EPOCH = datetime(2013, 6, 1, 12, tzinfo=UTC)
ROLES = ("AUX_INS", "AUX_CAL", "AUX_PP1", "AUX_RESORB")


def auxiliary(folder: Path) -> dict[str, Path]:
    return dict(zip(ROLES, simulate_auxiliary(folder, gain=GAIN), strict=True))


class Runs:
    """What the chains made."""

    def __init__(self, level0: ChainRun, slc: ChainRun, slant_range_m: float) -> None:
        self.level0, self.slc, self.slant_range_m = level0, slc, slant_range_m


@pytest.fixture(scope="module")
def stripmap_runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    work = tmp_path_factory.mktemp("stripmap")
    acquisition = stripmap(shortened(S3, SAMPLES, NEAR_S), gain=GAIN)
    grid = acquisition.raw_grid(0.2, LINES)
    slant_range_m = 0.5 * LIGHT_SPEED_M_S * (grid.first_delay_s + 300 / grid.range_sampling_hz)
    target = point_target(SIMULATED_ORBIT, TIME_S, slant_range_m, RCS_M2)
    take = DataTake(noise=Noise(2.0, seed=3))
    packets = b"".join(simulate_packets([Burst(0, acquisition, grid)], Scene((target,)), take))
    level0 = run_chain("S1-L0", {"session": write_session(work, {24: packets})}, work / "l0", channels=["1"])
    folder = level0.product_folder("S3_RAW__0S")
    inputs = {"packets": folder, **auxiliary(work / "aux")}
    said: dict[str, Any] = level0.product("S3_RAW__0S").figures
    slc = run_chain("S1-L1-SLC", inputs, work / "slc", **said)
    return Runs(level0, slc, slant_range_m)


def test_the_level_0_product_has_the_grid_of_the_acquisition(stripmap_runs: Runs) -> None:
    figures: dict[str, Any] = stripmap_runs.level0.product("S3_RAW__0S").figures
    (segment,) = figures["segments"]
    assert (segment["name"], segment["lines"], segment["bursts"]) == ("s3-vv", LINES, 0)
    assert segment["samples"] >= SAMPLES


def test_a_point_through_quantiser_frames_and_files_is_where_it_is(stripmap_runs: Runs) -> None:
    draft = stripmap_runs.slc.product("S3_SLC__1S")
    folder = stripmap_runs.slc.product_folder("S3_SLC__1S")
    assert draft.quality.value == "nominal", draft.figures["degraded_because"]
    said_of_image: dict[str, Any] = draft.figures["images"]["s3-vv"]  # type: ignore[index, call-overload, assignment]
    assert said_of_image["replica_source"] == "calibration pulses"
    assert abs(said_of_image["doppler_centroid_hz"]) < 30
    (image,) = product_images(folder)
    annotation = image.read_annotation()
    said = annotation.image
    with open_pixels(image.measurement) as rows:
        pixels = rows.read(0, rows.lines)
    line, sample = np.unravel_index(np.argmax(np.abs(pixels)), pixels.shape)
    expected_line = (TIME_S - (said.first_line - EPOCH).total_seconds()) / said.line_interval_s
    delay = 2 * stripmap_runs.slant_range_m / LIGHT_SPEED_M_S - said.slant_range_time_s
    expected_sample = delay * annotation.product.range_sampling_hz
    assert abs(line - expected_line) <= 0.6
    assert abs(sample - expected_sample) <= 0.6


@pytest.fixture(scope="module")
def detected(stripmap_runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> ChainRun:
    folder = stripmap_runs.slc.product_folder("S3_SLC__1S")
    figures: dict[str, Any] = stripmap_runs.slc.product("S3_SLC__1S").figures
    return run_chain("S1-L1-GRD", {"slc": folder}, tmp_path_factory.mktemp("grd"), **figures)


def test_slc_to_grd(detected: ChainRun) -> None:
    draft = detected.product("S3_GRDH_1S")
    (image,) = product_images(detected.product_folder("S3_GRDH_1S"))
    with open_pixels(image.measurement) as rows:
        pixels = rows.read(0, rows.lines)
    assert pixels.dtype == np.uint16
    assert pixels.shape == (draft.figures["lines"], draft.figures["samples"])
    assert pixels.max() > 20 * np.median(pixels[pixels > 0])


def write_terrain(path: Path, box: tuple[float, float, float, float], height_m: float) -> Path:
    """Write a flat terrain model over west, south, east, north with cells of 1e-4 degree."""
    west, south, east, north = box
    shape = round((north - south) * 1e4), round((east - west) * 1e4)
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": "EPSG:4326", "nodata": -9999.0}
    transform = rasterio.Affine(1e-4, 0, west, 0, -1e-4, north)
    with rasterio.open(path, "w", height=shape[0], width=shape[1], transform=transform, **profile) as out:
        out.write(np.full(shape, height_m, np.float32), 1)
    return path


def box_around(run: ChainRun) -> tuple[float, float, float, float]:
    (image,) = product_images(run.product_folder("S3_GRDH_1S"))
    grid = image.read_annotation().grid
    edges = grid.longitude_deg.min(), grid.latitude_deg.min(), grid.longitude_deg.max(), grid.latitude_deg.max()
    west, south, east, north = (round(float(edge), 1) for edge in edges)
    return west - 0.2, south - 0.2, east + 0.2, north + 0.2


def place_of_target(runs: Runs, detected: ChainRun, height_m: float) -> tuple[float, float]:
    """Longitude and latitude, in degrees, of the point of this height that is seen where the target is."""
    (image,) = product_images(detected.product_folder("S3_GRDH_1S"))
    orbit = image.read_annotation().orbit.orbit(EPOCH)
    place = to_geodetic(geolocate(orbit, np.array([TIME_S]), np.array([runs.slant_range_m]), height_m))
    return float(place.longitude_deg[0]), float(place.latitude_deg[0])


@pytest.mark.parametrize("height_m", [0.0, 700.0])
def test_a_point_lies_on_the_map_where_the_terrain_puts_it(
    stripmap_runs: Runs, detected: ChainRun, tmp_path: Path, height_m: float
) -> None:
    folder = detected.product_folder("S3_GRDH_1S")
    tile = write_terrain(tmp_path / "Flat_DEM.tif", box_around(detected), height_m)
    assert identify(tile).product_type == "AUX_DEM"
    run = run_chain("S1-L1-GTC", {"image": folder, "dem": tile}, tmp_path / "work")
    (draft,) = next(iter(run.outcomes.values())).products
    assert (draft.product_type, draft.quality.value) == ("S3_GTCH_1S", "nominal"), draft.figures
    with rasterio.open(next(run.out.glob("*/*/sigma0-vv.tif"))) as written:
        assert written.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        sigma0 = written.read(1)
        row, column = np.unravel_index(int(np.nanargmax(sigma0)), sigma0.shape)
        found = written.xy(row, column)
    longitude, latitude = place_of_target(stripmap_runs, detected, height_m)
    assert abs(found[0] - longitude) < 2e-4
    assert abs(found[1] - latitude) < 2e-4
    # As much backscatter as the image has there: a box of 20 m that holds the target, between its pixels.
    assert RCS_M2 / 20**2 / 4 < float(sigma0[row, column]) < RCS_M2 / 20**2 * 2


def test_a_map_without_heights_for_a_part_is_degraded(stripmap_runs: Runs, detected: ChainRun, tmp_path: Path) -> None:
    west, south, _, north = box_around(detected)
    east, _ = place_of_target(stripmap_runs, detected, 0.0)
    tile = write_terrain(tmp_path / "Half_DEM.tif", (west, south, round(east, 4), north), 0.0)
    inputs = {"image": detected.product_folder("S3_GRDH_1S"), "dem": tile}
    (draft,) = next(iter(run_chain("S1-L1-GTC", inputs, tmp_path / "work").outcomes.values())).products
    assert draft.quality.value == "degraded"
    assert "heights for" in str(draft.figures["degraded_because"])


@pytest.mark.parametrize(("level", "kind"), [("level0", "S3_RAW__0S"), ("slc", "S3_SLC__1S")])
def test_products_that_come_back_from_outside_are_what_they_were(stripmap_runs: Runs, level: str, kind: str) -> None:
    run: ChainRun = getattr(stripmap_runs, level)
    made, found = run.product(kind), identify(run.product_folder(kind))
    for field in ("name", "product_type", "mission", "satellite", "start", "stop", "creation_time"):
        assert getattr(found, field) == getattr(made, field), field
    for figure in ("beam", "polarisations", "orbit", *(("segments", "orbit_direction") if level == "level0" else ())):
        assert found.figures[figure] == made.figures[figure]
    assert (found.footprint is None) == (made.footprint is None)
