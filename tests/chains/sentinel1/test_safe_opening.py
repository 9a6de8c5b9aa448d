"""Level-1 products open with GDAL's SAFE driver and with xarray-sentinel, and say there what was written."""

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import s1_products as made
import xarray_sentinel
from lxml import etree

from refsys.chains.sentinel1.safe.annotation_files import read_annotation
from refsys.chains.sentinel1.safe.level1 import write_level1
from refsys.chains.sentinel1.safe.naming import manifest_crc
from refsys.model.errors import InputCorrupt, InputMissing
from refsys.model.names_s1 import S1ProductName


@pytest.fixture(scope="module")
def stripmap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.write_small_product(tmp_path_factory.mktemp("sm"), made.STRIPMAP)[0]


@pytest.fixture(scope="module")
def tops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.write_small_product(tmp_path_factory.mktemp("iw"), made.TOPS, ("VV", "VH"))[0]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.write_small_product(tmp_path_factory.mktemp("grd"), made.GROUND, ("VV", "VH"))[0]


def opened(product: Path, group: str) -> Any:
    return xarray_sentinel.open_sentinel1_dataset(str(product), group=group)


def test_names(stripmap: Path, tops: Path, ground: Path) -> None:
    types = []
    for product in (stripmap, tops, ground):
        name = S1ProductName.parse(product.name)
        types.append(name.product_type)
        assert name.crc == manifest_crc(product / "manifest.safe")
    assert types == ["S3_SLC__1S", "IW_SLC__1S", "IW_GRDH_1S"]


def test_gdalinfo_opens_the_products(stripmap: Path, tops: Path, ground: Path) -> None:
    command = shutil.which("gdalinfo")
    if not command:
        pytest.skip("gdalinfo: apt-get install gdal-bin")
    for product, bands in ((stripmap, 1), (tops, 2), (ground, 2)):
        run = subprocess.run([command, str(product / "manifest.safe")], check=True, capture_output=True, text=True)
        assert "Driver: SAFE/Sentinel-1 SAR SAFE Product" in run.stdout
        assert "FACILITY_IDENTIFIER=refsys (simulated data)" in run.stdout
        assert f"Band {bands} " in run.stdout
        assert "GCP[ 29]" in run.stdout
        assert not run.stderr


def test_gdal_reads_the_pixels_of_each_image(tops: Path, ground: Path) -> None:
    for product, kind, ending in ((tops, made.TOPS, "IW2_VH:COMPLEX"), (ground, made.GROUND, "IW_VH:AMPLITUDE")):
        with rasterio.open(product / "manifest.safe") as whole:
            assert whole.driver == "SAFE"
            [name] = [name for name in whole.subdatasets if "UNCALIB" in name and name.endswith(ending)]
        with rasterio.open(name) as image:
            assert np.array_equal(image.read(1), made.pixels(kind, 4 if kind.bursts else 2))


def test_xarray_sentinel_opens_every_group(stripmap: Path, tops: Path, ground: Path) -> None:
    counts = []
    for product in (stripmap, tops, ground):
        groups = xarray_sentinel.open_sentinel1_dataset(str(product)).attrs["subgroups"]
        counts.append(len(groups))
        for group in groups:
            if group.count("/") > 1 and group.startswith(("S3", "IW1/VH", "IW/VV")):
                opened(product, group)
    assert counts == [10, 38, 21]


def test_pixels_and_coordinates_in_xarray(stripmap: Path) -> None:
    scene = opened(stripmap, "S3/VV")
    assert np.array_equal(scene.measurement.values, made.pixels(made.STRIPMAP, 1))
    assert scene.slant_range_time.values[[0, -1]] == pytest.approx(
        [made.FIRST_RANGE_S, made.FIRST_RANGE_S + 299 / made.SAMPLING_HZ], rel=1e-12
    )
    assert scene.azimuth_time.values[0] == np.datetime64("2013-06-01T12:00:00.123456")
    assert scene.attrs["pass"] == "ASCENDING"
    orbit = opened(stripmap, "S3/VV/orbit")
    np.testing.assert_allclose(orbit.position.values.T, made.orbit().position_m)


def test_bursts_in_xarray(tops: Path) -> None:
    whole = made.pixels(made.TOPS, 4)  # IW2, VH
    for number in range(3):
        burst = opened(tops, f"IW2/VH/{number}")
        assert burst.azimuth_time.values[0] == np.datetime64("2013-06-01T12:00:00.123456") + np.timedelta64(
            120 * number, "ms"
        )
        assert np.array_equal(burst.measurement.values, whole[70 * number : 70 * (number + 1)])


def test_xarray_sentinel_calibrates_with_our_tables(ground: Path) -> None:
    scene, tables = opened(ground, "IW/VH"), opened(ground, "IW/VH/calibration")
    vector = made.calibration(made.GROUND, "IW", "VH", 2).vectors[0]
    for quantity, table in (
        ("sigmaNought", vector.sigma_nought),
        ("betaNought", vector.beta_nought),
        ("gamma", vector.gamma),
    ):
        intensity = xarray_sentinel.calibrate_intensity(scene.measurement, tables[quantity])
        expected = made.pixels(made.GROUND, 2) ** 2 / np.interp(np.arange(300), vector.pixel, table) ** 2
        np.testing.assert_allclose(intensity.values, expected, rtol=1e-5)


def test_noise_in_xarray(ground: Path) -> None:
    over_range, along = opened(ground, "IW/VV/noise_range"), opened(ground, "IW/VV/noise_azimuth")
    said = made.noise(made.GROUND, "IW", "VV", 1)
    assert over_range.noiseRangeLut.values[0] == pytest.approx(said.range_vectors[0].power)
    assert along.noiseAzimuthLut.values == pytest.approx(said.azimuth_vectors[0].factor)


def test_manifest_lists_every_file_with_its_digest(tops: Path) -> None:
    root = etree.parse(tops / "manifest.safe").getroot()
    listed = set()
    for stream in root.iterfind(".//byteStream"):
        place = stream.find("fileLocation")
        assert place is not None
        path = tops / str(place.attrib["href"])
        listed.add(path)
        assert stream.get("size") == str(path.stat().st_size)
        assert stream.findtext("checksum") == hashlib.md5(path.read_bytes()).hexdigest()
    assert listed == {path for path in tops.rglob("*") if path.is_file()} - {tops / "manifest.safe"}
    assert "Simulated" in (tops / "manifest.safe").read_text()


def test_annotation_knows_the_pixels_that_were_written(tops: Path) -> None:
    [path] = tops.glob("annotation/s1a-iw1-slc-vv-*.xml")
    said = read_annotation(path)
    pixels = made.pixels(made.TOPS, 1)
    [tiff] = tops.glob("measurement/s1a-iw1-slc-vv-*.tiff")
    data = tiff.read_bytes()
    for number, burst in enumerate(said.bursts):
        raw = np.frombuffer(data, "<i2", 2 * 70 * 300, burst.byte_offset).reshape(70, 300, 2)
        assert np.array_equal(raw[..., 0], pixels[70 * number : 70 * (number + 1)].real)
    assert said.image.statistics.deviation_q == pytest.approx(pixels.imag.std(), rel=1e-3)
    assert said.qualities[0].statistics == said.image.statistics


def test_same_content_same_bytes_whatever_the_blocks(tmp_path: Path) -> None:
    products = []
    for rows in (13, 64):
        folder = tmp_path / str(rows)
        folder.mkdir()
        products.append(made.write_small_product(folder, made.TOPS, ("VV",), rows)[0])
    assert products[0].name == products[1].name
    for path in products[0].rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (products[1] / path.relative_to(products[0])).read_bytes()


def test_images_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    content = made.content(made.STRIPMAP, ("VV",))
    with pytest.raises(InputMissing, match="at least one"):
        write_level1(tmp_path, content, [])
    [image] = made.images(made.STRIPMAP)
    with pytest.raises(InputCorrupt, match="image numbers 001, 001 repeat"):
        write_level1(tmp_path, content, [image, image])
    other = made.noise(made.STRIPMAP, "S3", "VV", 2)
    with pytest.raises(InputCorrupt, match="headers"):
        write_level1(tmp_path, content, [image._replace(noise=other)])
    [first, *rest] = image.calibration.vectors
    broken = image.calibration._replace(vectors=(first._replace(dn=first.dn * np.nan), *rest))
    with pytest.raises(ValueError, match="dn: numbers that are not finite"):
        write_level1(tmp_path, content, [image._replace(calibration=broken)])
    assert not list(tmp_path.iterdir())
