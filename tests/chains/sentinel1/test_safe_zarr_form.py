"""The Zarr form of products opens with xarray and says what the SAFE form says."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import s1_products as made
import xarray as xr
import zarr

from refsys.chains.sentinel1.safe.reading import product_images
from refsys.chains.sentinel1.safe.zarr_form import write_zarr_form


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Zarr forms of a StripMap, a TOPS and a ground range product."""
    made_up = {}
    for name, kind, polarisations in (
        ("stripmap", made.STRIPMAP, ("VV",)),
        ("tops", made.TOPS, ("VV", "VH")),
        ("ground", made.GROUND, ("VV",)),
    ):
        folder = tmp_path_factory.mktemp(name)
        product = made.write_small_product(folder, kind, polarisations)[0]
        made_up[name] = folder / f"{product.stem}.zarr"
        write_zarr_form(product, made_up[name])
    return made_up


def opened(path: Path, group: str) -> Any:
    return xr.open_zarr(path, group=group, consolidated=False)


def test_groups(forms: dict[str, Path]) -> None:
    root = zarr.open_group(forms["tops"], mode="r")
    assert sorted(root.group_keys()) == ["IW1_VH", "IW1_VV", "IW2_VH", "IW2_VV"]
    assert root.metadata.zarr_format == 3
    manifest: Any = root.attrs["manifest"]
    assert manifest["origin"]["simulated"] is True
    image: Any = root["IW1_VV"]
    assert sorted(image.group_keys()) == ["conditions", "measurements", "quality"]
    assert image.attrs["image"]["lines"] == made.TOPS.lines


def test_stripmap_pixels_and_coordinates(forms: dict[str, Path]) -> None:
    scene = opened(forms["stripmap"], "S3_VV/measurements")
    assert scene.slc.dims == ("azimuth_time", "slant_range_time")
    assert np.array_equal(scene.slc.values, made.pixels(made.STRIPMAP, 1))
    assert scene.azimuth_time.values[0] == np.datetime64("2013-06-01T12:00:00.123456")
    assert scene.azimuth_time.values[-1] - scene.azimuth_time.values[0] == np.timedelta64(199 * 2, "ms")
    step = np.diff(scene.slant_range_time.values)
    assert step == pytest.approx(np.full(299, 1 / made.SAMPLING_HZ), rel=1e-6)


def test_bursts_have_times_of_their_own(forms: dict[str, Path]) -> None:
    scene = opened(forms["tops"], "IW2_VH/measurements")
    assert scene.slc.dims == ("line", "pixel")
    assert np.array_equal(scene.slc.values, made.pixels(made.TOPS, 4))
    starts = scene.azimuth_time.values[::70]
    assert (np.diff(starts) == np.timedelta64(120, "ms")).all()


def test_ground_range(forms: dict[str, Path]) -> None:
    scene = opened(forms["ground"], "IW_VV/measurements")
    assert scene.grd.dtype == np.uint16
    assert np.array_equal(scene.grd.values, made.pixels(made.GROUND, 1))
    assert scene.ground_range.values[-1] == 2990.0
    conversion = opened(forms["ground"], "IW_VV/conditions/coordinate_conversion")
    assert conversion.grsr_coefficients.values[0].tolist() == [8e5, 0.5, 5e-7]


def test_tables_calibrate(forms: dict[str, Path]) -> None:
    tables = opened(forms["ground"], "IW_VV/quality/calibration")
    said = made.calibration(made.GROUND, "IW", "VV", 1)
    assert np.array_equal(tables.sigma_nought.values[0], said.vectors[0].sigma_nought)
    at_pixels = tables.sigma_nought.interp(line=[20], pixel=np.arange(300)).values[0]
    expected = np.interp(np.arange(300), said.vectors[0].pixel, said.vectors[0].sigma_nought)
    assert at_pixels == pytest.approx(expected)
    noise = opened(forms["ground"], "IW_VV/quality/noise_range")
    assert (
        noise.noise_range_lut.values[1].tolist()
        == made.noise(made.GROUND, "IW", "VV", 1).range_vectors[1].power.tolist()
    )
    along = opened(forms["ground"], "IW_VV/quality/noise_azimuth/IW")
    assert along.attrs["last_line"] == made.GROUND.lines - 1


def test_conditions(forms: dict[str, Path]) -> None:
    orbit = opened(forms["stripmap"], "S3_VV/conditions/orbit")
    assert np.array_equal(orbit.position.values, made.orbit().position_m)
    assert orbit.azimuth_time.values[6] == np.datetime64("2013-06-01T12:00:00")
    points, grid = opened(forms["stripmap"], "S3_VV/conditions/gcp"), made.grid(made.STRIPMAP)
    assert points.latitude.dims == ("line", "pixel")
    assert np.array_equal(points.latitude.values.ravel(), grid.latitude_deg)
    assert points.line.values.tolist() == np.unique(grid.line).tolist()
    doppler = opened(forms["stripmap"], "S3_VV/conditions/doppler_centroid")
    assert doppler.data_dc_polynomial.values[0].tolist() == [3.0, -4e3, 1e8]


def test_same_product_same_bytes(tmp_path: Path) -> None:
    product = made.write_small_product(tmp_path, made.STRIPMAP)[0]
    for name in ("a.zarr", "b.zarr"):
        write_zarr_form(product, tmp_path / name)
    files = [path for path in (tmp_path / "a.zarr").rglob("*") if path.is_file()]
    assert len(files) > 30
    for path in files:
        assert path.read_bytes() == (tmp_path / "b.zarr" / path.relative_to(tmp_path / "a.zarr")).read_bytes()
    with pytest.raises(FileExistsError):
        write_zarr_form(product, tmp_path / "a.zarr")


def test_vectors_of_different_pixels_are_filled_up(tmp_path: Path) -> None:
    [image] = made.images(made.STRIPMAP)
    first, last = image.noise.range_vectors
    short = last._replace(pixel=last.pixel[:-2], power=last.power[:-2])
    from refsys.chains.sentinel1.safe.level1 import write_level1

    image = image._replace(noise=image.noise._replace(range_vectors=(first, short)))
    name = write_level1(tmp_path, made.content(made.STRIPMAP, ("VV",)), [image]).name
    write_zarr_form(tmp_path / name, tmp_path / "a.zarr")
    noise = opened(tmp_path / "a.zarr", "S3_VV/quality/noise_range")
    assert noise.pixel.dims == ("line", "point")
    assert noise.pixel.values[1, -2:].tolist() == [-1, -1]
    assert np.isnan(noise.noise_range_lut.values[1, -2:]).all()
    assert len(product_images(tmp_path / name)) == 1
