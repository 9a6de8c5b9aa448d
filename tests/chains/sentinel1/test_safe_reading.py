"""Level-1 products are read back: manifests (made up and real), images, rows of pixels, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import s1_products as made

from refsys.chains.sentinel1.safe.reading import open_pixels, product_images, read_level1_manifest
from refsys.model.errors import InputCorrupt, InputMissing


@pytest.fixture
def tops(tmp_path: Path) -> Path:
    return made.write_small_product(tmp_path, made.TOPS, ("VV", "VH"))[0]


def test_manifest_comes_back(tops: Path) -> None:
    assert read_level1_manifest(tops) == made.content(made.TOPS, ("VV", "VH"))


def test_images_come_back(tops: Path) -> None:
    images = product_images(tops)
    assert [image.read_annotation().header.swath for image in images] == ["IW1", "IW2", "IW1", "IW2"]
    assert images[3].read_calibration().header == images[3].read_noise().header == images[3].read_annotation().header
    whole = made.pixels(made.TOPS, 4)
    with open_pixels(images[3].measurement) as pixels:
        assert (pixels.lines, pixels.samples) == whole.shape
        assert np.array_equal(pixels.read(70, 20), whole[70:90])
        assert np.array_equal(pixels.read(70, 20, 100, 50), whole[70:90, 100:150])
        assert pixels.read(0, 1).dtype == np.complex64
        for wrong in ((200, 11), (-1, 5), (0, 5, 290, 11)):
            with pytest.raises(InputCorrupt):
                pixels.read(*wrong)


def test_pixels_cut_short_and_rows_that_are_no_numbers_are_refused(tops: Path) -> None:
    path = product_images(tops)[0].measurement
    with open_pixels(path) as pixels:
        for wrong in ((0.5, 1), (0, 1.0), (0, 1, 2.0), (0, 1, 0, 1.5)):
            with pytest.raises(ValueError, match="whole numbers"):
                pixels.read(*wrong)
        lines = pixels.lines
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with open_pixels(path) as pixels, pytest.raises(InputCorrupt, match="cannot be read") as caught:
        pixels.read(0, lines)
    assert path.name in str(caught.value)


def test_real_manifests_are_read(shared_data: Path) -> None:
    folders = [path.parent for path in shared_data.glob("s1_l1/S1*.SAFE/manifest.safe")]
    said = {folder.name[:14]: read_level1_manifest(folder) for folder in folders}
    assert len(said) == 4
    stripmap = said["S1A_S3_SLC__1S"]
    assert (stripmap.swaths, stripmap.orbit.absolute_orbit, stripmap.data_take_id) == (("S3",), 37258, 287630)
    assert (stripmap.mode, stripmap.slice_number, stripmap.origin.version) == ("SM", 1, "003.31")
    assert stripmap.footprint[0] == (-11.021373, 42.773777)
    assert not stripmap.origin.simulated
    assert said["S1B_IW_SLC__1S"].swaths == ("IW1", "IW2", "IW3")
    assert said["S1A_IW_GRDH_1S"].resolution == "H"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<s1:pass>ASCENDING</s1:pass>", "", "no element s1:pass"),
        ("<s1sarl1:productType>SLC<", "<s1sarl1:productType>XYZ<", "productType|product_type"),
        ("<s1sarl1:missionDataTakeID>", "<s1sarl1:missionDataTakeID>x", "manifest"),
        ("45.000000,10.000000 ", "", "footprint"),
        ("<safe:startTime>2013", "<safe:startTime>MMXIII", "startTime"),
    ],
)
def test_malformed_manifests_say_what_is_wrong(tops: Path, old: str, new: str, message: str) -> None:
    path = tops / "manifest.safe"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputCorrupt, match=message):
        read_level1_manifest(tops)


def test_missing_files_are_named(tops: Path) -> None:
    image = product_images(tops)[1]
    image.noise.unlink()
    with pytest.raises(InputMissing, match=r"noise-s1a-iw2-slc-vv"):
        product_images(tops)
    image.measurement.write_bytes(b"no raster")
    with pytest.raises(InputCorrupt, match="cannot be opened"), open_pixels(image.measurement):
        pass
    with pytest.raises(InputMissing), open_pixels(tops / "measurement" / "none.tiff"):
        pass
    with pytest.raises(InputMissing, match="without annotation"):
        product_images(tops / "measurement")
