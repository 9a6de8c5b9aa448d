"""The fused pass against plain NumPy; look-up tables; the correction of pattern and range; a real annotation."""

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.chains.safe_xml import parse_xml
from refsys.kernels.sar.calibration import Looks, calibrate, look_up_tables, radiometric_gain
from refsys.kernels.sar.noise import AzimuthNoise, Noise, noise_power
from refsys.kernels.sar.tiepoints import TiePoints, Window, interpolate, join_vectors

GRD = "S1A_IW_GRDH_1SDV_20210809T173953_20210809T174018_039156_049F13_6FF8.SAFE"
RNG = np.random.default_rng(8)
TABLE = TiePoints(np.array([-4.0, 9, 70]), np.arange(0.0, 80, 13), RNG.uniform(300, 700, (3, 7)))
NOISE = Noise(
    TiePoints(np.array([0.0, 33]), np.arange(0.0, 80, 11), RNG.uniform(1e3, 9e3, (2, 8))),
    (
        AzimuthNoise(0, 60, 0, 30, np.arange(0.0, 70, 10), RNG.uniform(1, 2, 7)),
        AzimuthNoise(5, 60, 31, 55, np.arange(0.0, 70, 10), RNG.uniform(1, 2, 7)),
    ),
)


def slowly(image: np.ndarray, window: Window, looks: Looks, noise: Noise | None, negative: str) -> np.ndarray:
    power = np.abs(image.astype(np.complex128)) ** 2 if image.dtype != np.float32 else image.astype(np.float64)
    if noise is not None:
        power = power - noise_power(noise, window)
    value = power / interpolate(TABLE, window, dtype=np.float64) ** 2
    value[image == 0] = np.nan
    lines, samples = image.shape[0] // looks.lines, image.shape[1] // looks.samples
    out = np.full((lines, samples), np.nan)
    for i in range(lines):
        for j in range(samples):
            box = value[i * looks.lines : (i + 1) * looks.lines, j * looks.samples : (j + 1) * looks.samples]
            if np.isfinite(box).any():
                out[i, j] = box[np.isfinite(box)].mean()
    return np.where(out < 0, 0, out) if negative == "zero" else out


@settings(max_examples=60)
@given(
    st.sampled_from([np.uint16, np.float32, np.complex64]),
    st.builds(Window, st.integers(0, 20), st.integers(1, 30), st.integers(0, 30), st.integers(1, 40)),
    st.builds(Looks, st.integers(1, 4), st.integers(1, 5)),
    st.sampled_from([NOISE, None]),
    st.sampled_from(["keep", "zero"]),
)
def test_one_pass_equals_the_steps_one_by_one(
    dtype: type, window: Window, looks: Looks, noise: Noise | None, rule: Literal["keep", "zero"]
) -> None:
    shape = (window.lines, window.samples)
    rng = np.random.default_rng(window.lines * 100 + window.samples)
    dn = rng.integers(0, 200, shape) * rng.integers(0, 2, shape)
    image = dn * np.exp(1j) if dtype is np.complex64 else (dn**2 if dtype is np.float32 else dn)
    image = np.asarray(image, dtype=dtype)
    if dtype is np.float32:
        image[rng.random(shape) < 0.1] = np.nan
    at = {"first_line": window.first_line, "first_sample": window.first_sample}
    got = calibrate(image, TABLE, noise, **at, looks=looks, negative=rule)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, slowly(image, window, looks, noise, rule), rtol=2e-5, atol=2e-7)


def test_wide_images_are_worked_on_in_pieces_that_do_not_show() -> None:
    image = RNG.integers(0, 900, (7, 5000)).astype(np.uint16)
    table = TiePoints(np.zeros(1), np.array([0.0, 4999.0]), np.array([[300.0, 700.0]]))
    got = calibrate(image, table, looks=Looks(2, 3))
    scale = interpolate(table, Window(0, 6, 0, 4998), dtype=np.float64) ** 2
    value = image[:6, :4998].astype(np.float64) ** 2 / scale
    mean = np.nanmean(np.where(image[:6, :4998] == 0, np.nan, value).reshape(3, 2, 1666, 3), axis=(1, 3))
    np.testing.assert_allclose(got, mean, rtol=1e-5)


def test_largest_numbers_and_no_data() -> None:
    one = TiePoints(np.zeros(1), np.zeros(1), np.ones((1, 1)))
    image = np.array([[65535, 0], [65535, 0]], dtype=np.uint16)
    got = calibrate(image, one, looks=Looks(2, 1))
    assert got[0, 0] == np.float32(65535.0**2)
    assert np.isnan(got[0, 1])
    assert calibrate(np.zeros((0, 4), np.uint16), one).shape == (0, 4)


def test_tables_hold_the_relations_of_backscatter() -> None:
    angle = np.radians([20.0, 35.0, 45.0])
    tables = look_up_tables(angle, 474.0**2)
    sigma, beta, gamma = (1 / np.square(table) for table in tables[:3])
    np.testing.assert_allclose(tables.beta, 474)
    np.testing.assert_allclose(sigma, beta * np.sin(angle))
    np.testing.assert_allclose(gamma, sigma / np.cos(angle))
    np.testing.assert_array_equal(tables.dn, tables.beta)


def test_gain_undoes_pattern_and_range() -> None:
    """A focused amplitude of R^-1.5 under a pattern is level again, and 1 at the beam centre of the reference range."""
    angle = np.linspace(-0.05, 0.05, 41)
    pattern = np.cos(20 * angle) ** 2
    slant, elevation = np.linspace(8e5, 9.5e5, 200), np.linspace(-0.04, 0.045, 200)
    seen = (slant / 8e5) ** -1.5 * np.interp(elevation, angle, pattern)
    gain = radiometric_gain(slant, elevation, angle, pattern, reference_range_m=8e5)
    np.testing.assert_allclose(gain * seen, 1)
    at_centre = radiometric_gain(np.array([8e5]), np.zeros(1), angle, pattern, reference_range_m=8e5)
    np.testing.assert_allclose(at_centre, 1)


@pytest.mark.shared
@pytest.mark.parametrize("polarisation", ["vv", "vh"])
def test_real_tables_hold_the_same_relations(shared_data: Path, polarisation: str) -> None:
    """The 27 vectors of a real product: angles that the tables imply lie at the annotated ones, ellipsoid for terrain.

    The tables have six decimals or so; what they imply is compared between tables to that, and with ours.
    """
    (path,) = (shared_data / "s1_l1" / GRD).rglob(f"calibration-*-{polarisation}-*.xml")
    vectors = parse_xml(path).findall(".//calibrationVector")
    assert len(vectors) == 27
    for k, vector in enumerate(vectors):
        sigma, beta, gamma, dn = (
            np.array((vector.findtext(name) or "").split(), dtype=np.float64)
            for name in ("sigmaNought", "betaNought", "gamma", "dn")
        )
        incidence = np.arcsin(beta**2 / sigma**2)
        if k == 0:
            np.testing.assert_allclose(np.degrees(incidence[[0, -1]]), [30.7525, 46.2468], atol=5e-5)
        ours = look_up_tables(incidence, float(beta[0]) ** 2)
        for own, real in zip(ours, (sigma, beta, gamma, dn), strict=True):
            np.testing.assert_allclose(own, real, rtol=3e-6)
    # Annotated terrain incidence of the grid of geolocation: 30.47 to 46.23 degrees.
    (annotation,) = (shared_data / "s1_l1" / GRD / "annotation").glob(f"s1a-iw-grd-{polarisation}-*.xml")
    annotated = [
        float(angle.text or "") for angle in parse_xml(annotation).iterfind(".//geolocationGridPoint/incidenceAngle")
    ]
    assert abs(np.degrees(incidence[0]) - min(annotated)) < 0.35
    assert abs(np.degrees(incidence[-1]) - max(annotated)) < 0.35


@pytest.mark.shared
def test_real_noise_vectors_give_the_noise_of_the_product(shared_data: Path) -> None:
    """26 range and 3 azimuth vectors: noise-equivalent sigma0 -35 to -20 dB; sub-swaths meet where they say."""
    (path,) = (shared_data / "s1_l1" / GRD).rglob("noise-*-vv-*.xml")
    root = parse_xml(path)
    ranges, azimuths = root.findall(".//noiseRangeVector"), root.findall(".//noiseAzimuthVector")
    assert (len(ranges), len(azimuths)) == (26, 3)

    def numbers(element: object, name: str) -> np.ndarray:
        return np.array((element.findtext(name) or "").split(), dtype=np.float64)  # type: ignore[attr-defined]

    power = join_vectors(
        [float(numbers(vector, "line")[0]) for vector in ranges],
        [numbers(vector, "pixel") for vector in ranges],
        [numbers(vector, "noiseRangeLut") for vector in ranges],
    )
    blocks = tuple(
        AzimuthNoise(
            int(numbers(vector, "firstAzimuthLine")[0]),
            int(numbers(vector, "lastAzimuthLine")[0]),
            int(numbers(vector, "firstRangeSample")[0]),
            int(numbers(vector, "lastRangeSample")[0]),
            numbers(vector, "line"),
            numbers(vector, "noiseAzimuthLut"),
        )
        for vector in azimuths
    )
    window = Window(0, 40, 0, 26144)
    got = noise_power(Noise(power, blocks), window)
    row = interpolate(power, window, dtype=np.float64)[10]
    for block, factor in zip(blocks, (blocks[0].factor[1], blocks[1].factor[1], blocks[2].factor[1]), strict=True):
        inside = slice(block.first_sample, block.last_sample + 1)
        np.testing.assert_allclose(got[10, inside], row[inside] * factor, rtol=1e-6)
    assert np.all(np.flatnonzero(got[10] == 0) > 25_800)  # only beyond its last data
    equivalent_db = 10 * np.log10(got[:, :25_800] / 600.0**2)
    assert equivalent_db.min() > -35
    assert equivalent_db.max() < -20


def test_malformed_input_is_refused() -> None:
    one = TiePoints(np.zeros(1), np.zeros(1), np.ones((1, 1)))
    with pytest.raises(ValueError, match="uint16, float32 or complex64"):
        calibrate(np.ones((2, 2)), one)
    with pytest.raises(ValueError, match="looks"):
        calibrate(np.ones((2, 2), np.uint16), one, looks=Looks(0, 1))
    with pytest.raises(ValueError, match="positive"):
        calibrate(np.ones((2, 2), np.uint16), TiePoints(np.zeros(1), np.zeros(1), np.zeros((1, 1))))
    with pytest.raises(ValueError, match="incidence"):
        look_up_tables([0.0], 1.0)
    with pytest.raises(ValueError, match="leave the antenna pattern"):
        radiometric_gain(np.ones(1), np.ones(1), np.array([0.0, 0.5]), np.ones(2), reference_range_m=1.0)
    with pytest.raises(ValueError, match="increasing"):
        radiometric_gain(np.ones(1), np.ones(1), np.array([0.0]), np.ones(1), reference_range_m=1.0)
    with pytest.raises(ValueError, match="must be positive"):
        radiometric_gain(np.zeros(1), np.zeros(1), np.array([0.0, 1.0]), np.ones(2), reference_range_m=1.0)
