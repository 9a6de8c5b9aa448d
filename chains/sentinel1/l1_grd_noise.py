"""Thermal noise of a detected image, from the noise files of the complex images that it is made of."""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.l1_geolocation import utc
from refsys.chains.sentinel1.l1_grd_grid import slant_range_at, swath_columns
from refsys.chains.sentinel1.l1_grd_scene import Scene
from refsys.chains.sentinel1.safe import annotation as said
from refsys.chains.sentinel1.safe import calibration as tables
from refsys.kernels.sar.noise import Noise
from refsys.kernels.sar.tiepoints import TiePoints

VECTOR_STEP_S = 1.0
_VECTOR_PIXELS = 40


def vector_pixels(scene: Scene) -> NDArray[np.int64]:
    """Return the pixels of calibration and noise vectors, the last and both sides of each seam among them."""
    samples = scene.grid.samples
    seams = [left for left, _ in swath_columns(scene.grid)[1:]]
    pixels = {*range(0, samples, _VECTOR_PIXELS), samples - 1, *seams, *(left - 1 for left in seams)}
    return np.array(sorted(pixel for pixel in pixels if 0 <= pixel < samples), np.int64)


def vector_lines(scene: Scene, step_s: float) -> list[tuple[int, float]]:
    """Return lines about a step apart, the first and the last among them, and their times."""
    grid = scene.grid
    count = max(2, round((grid.lines - 1) * grid.line_interval_s / step_s) + 1)
    lines = np.unique(np.rint(np.linspace(0, grid.lines - 1, count)).astype(np.int64)).tolist()
    return [(line, grid.first_time_s + line * grid.line_interval_s) for line in lines]


def grd_noise(scene: Scene, header: said.AdsHeader, factor: float) -> tables.Noise:
    """Return the noise file: the powers of the complex images, at their slant ranges, times `factor`."""
    found = noise_of_intensity(scene).range_power
    pixel = vector_pixels(scene)
    vectors = tuple(
        tables.NoiseRangeVector(utc(scene.epoch, time_s), line, pixel, factor * power)
        for (line, time_s), power in zip(vector_lines(scene, VECTOR_STEP_S), found.value, strict=True)
    )
    ends = np.array([0, scene.grid.lines - 1])
    along = tuple(
        tables.NoiseAzimuthVector(
            swath.annotation.header.swath, 0, left, scene.grid.lines - 1, right - 1, ends, np.ones(2)
        )
        for swath, (left, right) in zip(scene.swaths, swath_columns(scene.grid), strict=True)
    )
    return tables.Noise(header, vectors, along)


def noise_of_intensity(scene: Scene) -> Noise:
    """Return the noise power in mean DN squared of the complex images, at the vectors' lines and pixels."""
    pixel = vector_pixels(scene)
    sources = [swath.image.read_noise() for swath in scene.swaths]
    lines = vector_lines(scene, VECTOR_STEP_S)
    power = np.zeros((len(lines), pixel.size))
    for row, (_, time_s) in enumerate(lines):
        slant = slant_range_at(scene.grid, time_s, pixel)
        for swath, source, (left, right) in zip(scene.swaths, sources, swath_columns(scene.grid), strict=True):
            own = (pixel >= left) & (pixel < right)
            power[row, own] = _noise_at(source, swath.grid.slant_ranges_m(), scene.epoch, time_s, slant[own])
    return Noise(TiePoints(np.array([line for line, _ in lines], np.float64), pixel.astype(np.float64), power))


def _noise_at(
    noise: tables.Noise,
    slant_ranges_m: NDArray[np.float64],
    epoch: datetime,
    time_s: float,
    wanted_m: NDArray[np.float64],
) -> NDArray[np.float64]:
    nearest = min(noise.range_vectors, key=lambda vector: abs((vector.time - epoch).total_seconds() - time_s))
    return np.asarray(np.interp(wanted_m, slant_ranges_m[nearest.pixel], nearest.power))
