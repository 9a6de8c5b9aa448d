"""Detected images of a made-up StripMap scene: borders without echoes, thermal noise annotated or taken off."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import unit_runner
from numpy.typing import NDArray
from s1_products import START, STRIPMAP, content, images, write_small_product
from unit_runner import run_chain

from refsys.chains.sentinel1.l1_grd_detect import mask_border, subtract_noise
from refsys.chains.sentinel1.l1_grd_swath import open_swath
from refsys.chains.sentinel1.safe.annotation import Annotation
from refsys.chains.sentinel1.safe.calibration import Noise
from refsys.chains.sentinel1.safe.level1 import write_level1
from refsys.chains.sentinel1.safe.reading import open_pixels, product_images
from refsys.model.products import Quality

KIND = STRIPMAP._replace(lines=300, samples=600)
NOISE, CLUTTER, DARK = 4e4, 16e4, 400.0
DARK_END, NOISE_END = 150, 350
SCALE = 4.0
"""DN squared of the detected image over that of the complex one."""


class Detected(NamedTuple):
    """Pixels, annotation, noise file and figures of a detected product."""

    pixels: NDArray[np.uint16]
    annotation: Annotation
    noise: Noise
    figures: dict[str, Any]


def speckle() -> NDArray[np.complex64]:
    """A border far below the noise, then noise, then noise and clutter."""
    rng = np.random.default_rng(11)
    power = np.full(KIND.samples, NOISE + CLUTTER)
    power[:NOISE_END] = NOISE
    power[:DARK_END] = DARK
    shape = (KIND.lines, KIND.samples)
    parts = rng.standard_normal((2, *shape)) * np.sqrt(power / 2)
    return np.asarray(parts[0] + 1j * parts[1], np.complex64)


@pytest.fixture(scope="module")
def complex_product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    (image,) = images(KIND)
    constant = image.noise.range_vectors
    vectors = tuple(vector._replace(power=np.full(vector.pixel.size, NOISE)) for vector in constant)
    calibration = tuple(
        vector._replace(beta_nought=np.full(vector.pixel.size, 237.0)) for vector in image.calibration.vectors
    )
    image = image._replace(
        noise=image.noise._replace(range_vectors=vectors),
        calibration=image.calibration._replace(vectors=calibration),
        blocks=[speckle()],
    )
    folder = tmp_path_factory.mktemp("complex")
    return folder / write_level1(folder, content(KIND, ("VV",)), [image]).name


def detected(product: Path, work: Path, **parameters: Any) -> Detected:
    said = {f"detect.{name}": value for name, value in parameters.items()}
    run = run_chain("S1-L1-GRD", {"slc": product}, work, parameters=said, polarisations=["VV"])
    (image,) = product_images(run.product_folder("S3_GRDH_1S"))
    with open_pixels(image.measurement) as rows:
        pixels = rows.read(0, rows.lines)
    return Detected(pixels, image.read_annotation(), image.read_noise(), dict(run.product("S3_GRDH_1S").figures))


def columns(found: Detected) -> tuple[int, int]:
    """Where noise and clutter begin in the detected image, from its own conversion."""
    said, conversion = found.annotation.image, found.annotation.conversions[0]
    edges = np.array([DARK_END, NOISE_END]) / found.annotation.product.range_sampling_hz
    slant = 0.5 * 299_792_458.0 * (said.slant_range_time_s + edges) - conversion.sr0_m
    first, second = np.polynomial.polynomial.polyval(slant, conversion.srgr) / said.range_spacing_m
    return round(float(first)), round(float(second))


def test_edges_without_echoes_are_no_data_and_all_else_is_data(complex_product: Path, tmp_path: Path) -> None:
    found = detected(complex_product, tmp_path)
    begin, _ = columns(found)
    assert not found.pixels[:, : begin - 2].any()
    # Boxes of the outermost pixels reach beyond the input at their corners.
    assert found.pixels[1:-1, begin + 2 : -1].all()
    # One pixel more or less at the edge, in each line.
    assert abs(found.figures["border_pixels"] - begin * found.pixels.shape[0]) < 2 * found.pixels.shape[0]
    whole = detected(complex_product, tmp_path / "whole", border_fraction=0.0)
    assert whole.pixels[1:-1, 1:-1].all()
    assert whole.figures["border_pixels"] == 0
    assert np.array_equal(whole.pixels[:, begin + 2 :], found.pixels[:, begin + 2 :])


def test_noise_is_annotated_and_taken_off_on_request(complex_product: Path, tmp_path: Path) -> None:
    kept = detected(complex_product, tmp_path / "kept")
    removed = detected(complex_product, tmp_path / "removed", remove_thermal_noise=True)
    begin, clutter = columns(kept)
    assert (kept.annotation.processing.thermal_noise_removed, removed.annotation.processing.thermal_noise_removed) == (
        False,
        True,
    )
    for found in (kept, removed):
        np.testing.assert_allclose(found.noise.range_vectors[0].power, SCALE * NOISE, rtol=1e-6)
    powers = [np.square(found.pixels.astype(np.float64)) for found in (kept, removed)]
    means = [power[:, clutter + 2 :].mean() / SCALE for power in powers]
    assert means[0] == pytest.approx(NOISE + CLUTTER, rel=0.02)
    assert means[0] - means[1] == pytest.approx(NOISE, rel=0.01)
    alone = slice(begin + 2, clutter - 2)
    expected = np.maximum(powers[0][:, alone] - SCALE * NOISE, 1.0)
    # Amplitudes are whole numbers: half a step of the one and of the other.
    assert np.all(np.abs(powers[1][:, alone] - expected) <= 1.5 + np.sqrt(powers[0][:, alone]) + np.sqrt(expected))
    below = removed.pixels[:, alone] == 1
    assert 0.4 < below.mean() < 0.7
    assert removed.pixels[:, alone].min() == 1


def test_what_is_made_of_a_degraded_product_is_degraded(
    complex_product: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert detected(complex_product, tmp_path / "nominal").figures["degraded_because"] == []
    made = unit_runner._ref
    monkeypatch.setattr(unit_runner, "_ref", lambda *own: made(*own).model_copy(update={"quality": Quality.DEGRADED}))
    assert detected(complex_product, tmp_path / "degraded").figures["degraded_because"] == ["input is degraded"]


def test_what_is_not_valid_in_a_burst_is_not_read(tmp_path: Path) -> None:
    folder, _ = write_small_product(tmp_path, STRIPMAP._replace(beam="IW", lines=210, bursts=3))
    image = product_images(folder)[0]
    swath = open_swath(image, START.replace(microsecond=0))
    with open_pixels(image.measurement) as rows:
        pixels = swath.read(rows, 0, swath.grid.lines)
    # Valid are samples 5 to 293 of all lines but the first two and the last of a burst.
    there = np.flatnonzero(pixels.any(axis=1))
    assert there[0] == 2
    assert not pixels[:, :5].any()
    assert not pixels[:, 294:].any()
    assert pixels[there][:, [5, 293]].any(axis=0).all()


def test_a_block_without_known_noise_has_no_border() -> None:
    block = np.full((20, 40), 3.0, np.float32)
    block[:, :10] = np.nan
    assert mask_border(block, np.zeros_like(block), 0.5) == 0
    assert np.isnan(block[:, :10]).all()
    assert (block[:, 10:] == 3).all()


def test_noise_taken_off_leaves_no_data_alone() -> None:
    block = np.array([[5.0, 1.0, np.nan]], np.float32)
    assert subtract_noise(block, np.full((1, 3), 2.0, np.float32)) == 1
    np.testing.assert_array_equal(block, np.array([[3.0, 0.0, np.nan]], np.float32))
