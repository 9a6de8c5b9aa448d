"""A whole detected image: speckle under pattern and range spreading to sigma0 in ground range, noise taken off."""

import numpy as np
import pytest

from refsys.kernels.sar.calibration import Looks, calibrate, look_up_tables, radiometric_gain
from refsys.kernels.sar.equivalent_looks import equivalent_looks, measured_looks
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid
from refsys.kernels.sar.ground_range import GroundRange, fit_ground_range, ground_boxes, slant_range_m
from refsys.kernels.sar.multilook import Boxes, box_weights, detect, even_boxes, multilook
from refsys.kernels.sar.noise import Noise, noise_vectors
from refsys.kernels.sar.tiepoints import TiePoints

EARTH_M, ORBIT_M, REFERENCE_M = 6.37e6, 7.07e6, 8.0e5
GRID = ImageGrid(0.0, 2e-3, 1024, 2 * 8.05e5 / LIGHT_SPEED_M_S, 66.7e6, 4096)
SIGMA, NOISE, CONSTANT = 0.08, 0.02, 300.0**2
ANGLE = np.linspace(-0.1, 0.1, 201)
PATTERN = np.cos(9 * ANGLE) ** 2


def incidence_rad(slant: np.ndarray) -> np.ndarray:
    return np.arccos((ORBIT_M**2 - EARTH_M**2 - slant**2) / (2 * EARTH_M * slant))


def elevation_rad(slant: np.ndarray) -> np.ndarray:
    return np.arccos((slant**2 + ORBIT_M**2 - EARTH_M**2) / (2 * slant * ORBIT_M)) - 0.52


def conversion() -> GroundRange:
    slant = np.linspace(8.04e5, 8.2e5, 300)
    angle = np.arccos((EARTH_M**2 + ORBIT_M**2 - slant**2) / (2 * EARTH_M * ORBIT_M))
    return fit_ground_range(slant, EARTH_M * (angle - angle[0]), degree=5)


def response(count: int, band: float) -> np.ndarray:
    frequency = np.fft.fftfreq(count)
    return np.where(np.abs(frequency) <= band / 2, 0.75 + 0.25 * np.cos(2 * np.pi * frequency / band), 0)


def focused(seed: int) -> np.ndarray:
    """Speckle of the scene's beta0 as the radar sees it, and white noise, both through the same processing."""
    rng = np.random.default_rng(seed)
    slant = GRID.slant_ranges_m()
    shape = (GRID.lines, GRID.samples)
    seen = np.interp(elevation_rad(slant), ANGLE, PATTERN) * (slant / REFERENCE_M) ** -1.5
    beta = np.sqrt(CONSTANT * SIGMA / np.sin(incidence_rad(slant)))
    clutter, noise = ((rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / np.sqrt(2) for _ in range(2))
    both = clutter * beta * seen + noise * np.sqrt(CONSTANT * NOISE)
    across, along = response(shape[1], 0.89), response(shape[0], 0.72)
    shaped = np.fft.ifft2(np.fft.fft2(both) * across * along[:, np.newaxis])
    return np.asarray(shaped / np.sqrt(np.mean(across**2) * np.mean(along**2)))


@pytest.mark.slow
def test_sigma_looks_and_noise_of_a_detected_product() -> None:
    slant = GRID.slant_ranges_m()
    gain = radiometric_gain(slant, elevation_rad(slant), ANGLE, PATTERN, reference_range_m=REFERENCE_M)
    image = (focused(seed=12) * gain).astype(np.complex64)
    along = even_boxes(340, first=1, step=3, width=3)
    ground = conversion()
    across = ground_boxes(ground, GRID, first_m=3000.0, spacing_m=15.0, count=1050, width_m=15.0)
    assert across.centre[0] > 10
    assert across.centre[-1] < GRID.samples - 10
    numbers = np.rint(10 * np.sqrt(multilook(detect(image), along, across))).astype(np.uint16)
    ranges = slant_range_m(ground, 3000.0 + 15.0 * np.arange(1050))
    at = np.arange(1050.0)
    sigma = look_up_tables(incidence_rad(ranges), 100 * CONSTANT).sigma
    table = TiePoints(np.array([0.0, 339.0]), at, np.tile(sigma, (2, 1)))
    radiometric = radiometric_gain(ranges, elevation_rad(ranges), ANGLE, PATTERN, reference_range_m=REFERENCE_M)
    noise = Noise(noise_vectors([0, 339], [CONSTANT * NOISE] * 2, 100.0, at, radiometric))
    found = calibrate(numbers, table, noise)
    assert found.size > 1e5
    assert abs(10 * np.log10(found.mean() / SIGMA)) < 0.1
    for part in np.array_split(found, 5, axis=1):  # near and far alike: pattern, range and incidence are taken out
        assert abs(10 * np.log10(part.mean() / SIGMA)) < 0.1
    noisy = calibrate(numbers, table)
    assert measured_looks(noisy) == pytest.approx(predicted(across), rel=0.05)
    assert calibrate(numbers, table, noise, looks=Looks(10, 10)).std() < 0.1 * SIGMA


def predicted(across: Boxes) -> float:
    """Mean of the variances over the swath, whose boxes differ in width and place."""
    spectrum = response(4096, 0.89) ** 2
    inverse = [
        1 / equivalent_looks(spectrum, box_weights(8 + centre % 1, width, 20))
        for centre, width in zip(across.centre[::25], across.width[::25], strict=True)
    ]
    return float(equivalent_looks(response(1024, 0.72) ** 2, np.ones(3)) / np.mean(inverse))
