"""Detected images, one tile of 1024 lines at a time, everything in memory, one core. `grd_calibration`: uint16 in,
noise subtracted, sigma0, mean of 2 x 2 pixels in float32 out, with the tables of an IW product (vectors every 667 lines
and 40 samples, azimuth noise of three sub-swaths). The peer is xarray-sentinel's own calibration, with noise and means
by xarray and NumPy; a second peer is NumPy alone, written as fast as we could, in float32 and with separable
interpolation. It is what a user of a detected product does; the chain itself publishes integers with tables.
`grd_copy_share` is the rate of bytes read and written (2 and 1 per pixel) against that of copying the
same tile. `tiepoint_interpolation`: a table to the full grid in float32, 128 lines at a time, against the fastest
bilinear interpolation that we found in SciPy (linear splines along one axis, then the other; SciPy computes in float64)
and against the usual one. In float64 the memory that both write to takes half of our time.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline, make_interp_spline

from benchmarks.harness import Absent, Peer, Row, compare
from refsys.kernels.sar.calibration import Looks, calibrate
from refsys.kernels.sar.noise import AzimuthNoise, Noise
from refsys.kernels.sar.tiepoints import TiePoints, Window, interpolate

try:
    import xarray as xr
    from xarray_sentinel import calibrate_intensity

    HAS_XARRAY = True
except ImportError:
    HAS_XARRAY = False

LINES, SAMPLES = 1024, 25_000
LOOKS = Looks(2, 2)
PIXELS = LINES * SAMPLES / 1e6
WINDOWS = [Window(first, 128, 0, SAMPLES) for first in range(0, LINES, 128)]


class Tile(NamedTuple):
    image: NDArray[np.uint16]
    table: TiePoints
    noise: Noise


def tables(number: int) -> tuple[TiePoints, Noise]:
    rng = np.random.default_rng(number)
    line, sample = np.arange(0.0, LINES + 667, 667), np.append(np.arange(0.0, SAMPLES - 1, 40), SAMPLES - 1)
    grid = (line.size, sample.size)
    steps = np.arange(0.0, LINES + 10, 10)
    edges = (0, 8760, 17_561, SAMPLES)
    blocks = tuple(
        AzimuthNoise(0, LINES - 1, first, stop - 1, steps, rng.uniform(1, 1.1, steps.size))
        for first, stop in pairwise(edges)
    )
    power = TiePoints(line, sample, rng.uniform(300, 2700, grid))
    return TiePoints(line, sample, rng.uniform(300, 700, grid)), Noise(power, blocks)


def tile(number: int) -> Tile:
    image = np.random.default_rng(100 + number).rayleigh(180, (LINES, SAMPLES)).astype(np.uint16)
    return Tile(image, *tables(number))


def ours(given: Tile) -> NDArray[np.float32]:
    return calibrate(given.image, given.table, given.noise, looks=LOOKS)


def azimuth(given: Tile) -> NDArray[np.float32]:
    factor = np.empty((LINES, SAMPLES), dtype=np.float32)
    for block in given.noise.azimuth:
        profile = np.interp(np.arange(LINES), block.line, block.factor)
        factor[:, block.first_sample : block.last_sample + 1] = profile[:, np.newaxis]
    return factor


def by_xarray(given: Tile) -> NDArray[np.float32]:
    full = {"line": np.arange(LINES), "pixel": np.arange(SAMPLES)}
    image = xr.DataArray(given.image, dims=("line", "pixel"), coords=full)
    table, power = (
        xr.DataArray(points.value, dims=("line", "pixel"), coords={"line": points.line, "pixel": points.sample})
        for points in (given.table, given.noise.range_power)
    )
    numbers = image.astype(np.float32).where(image != 0)
    noise = power.interp(full).astype(np.float32) * azimuth(given)
    sigma = calibrate_intensity(numbers, table) - calibrate_intensity(np.sqrt(noise), table)
    return np.asarray(sigma.coarsen(line=LOOKS.lines, pixel=LOOKS.samples).mean())


def separable(points: TiePoints) -> NDArray[np.float32]:
    columns = make_interp_spline(points.sample, points.value, k=1, axis=1)(np.arange(SAMPLES)).astype(np.float32)
    lines = np.arange(LINES)
    upper = np.clip(np.searchsorted(points.line, lines, side="right") - 1, 0, points.line.size - 2)
    weight = ((lines - points.line[upper]) / np.diff(points.line)[upper]).astype(np.float32)[:, np.newaxis]
    full = columns[upper + 1] - columns[upper]
    full *= weight
    full += columns[upper]
    return np.asarray(full)


def by_numpy(given: Tile) -> NDArray[np.float32]:
    noise = separable(given.noise.range_power)
    noise *= azimuth(given)
    scale = separable(given.table)
    scale *= scale
    power = given.image.astype(np.float32)
    power *= power
    power -= noise
    power /= scale
    power[given.image == 0] = np.nan
    return np.asarray(np.nanmean(power.reshape(LINES // 2, 2, SAMPLES // 2, 2), axis=(1, 3)))


def check(given: Tile) -> None:
    found = ours(given)
    for other in (by_numpy, by_xarray if HAS_XARRAY else by_numpy):
        np.testing.assert_allclose(found, other(given), rtol=1e-3, atol=1e-4)


def calibration() -> list[Row]:
    check(tile(99))
    label, goal = "xarray-sentinel, xarray", ">= 5"
    peer = Peer(label, by_xarray) if HAS_XARRAY else Absent(label, "pip install xarray-sentinel")
    work = ("grd_calibration", PIXELS, "Mpixel/s", ours)
    out = np.empty((LINES, SAMPLES), dtype=np.uint16)
    moved = PIXELS * (2 + 4 / (LOOKS.lines * LOOKS.samples)) / 1e3
    ratio = 2 * out.itemsize / (2 + 4 / (LOOKS.lines * LOOKS.samples))

    def copy(given: Tile) -> None:
        # As many bytes read and written as ours: the copy moves 4 per pixel, we 3.
        size = int(given.image.size / ratio)
        np.copyto(out.reshape(-1)[:size], given.image.reshape(-1)[:size])

    return [
        compare(*work, peer, prepare=tile, goal=goal),
        compare("grd_calibration_numpy", *work[1:], Peer("NumPy, float32, separable", by_numpy), prepare=tile),
        compare("grd_copy_share", moved, "GB/s", ours, Peer("NumPy copy of as many bytes", copy), prepare=tile),
    ]


def fastest_scipy(points: TiePoints) -> Iterator[NDArray[np.float64]]:
    columns = make_interp_spline(points.sample, points.value, k=1, axis=1)(np.arange(SAMPLES))
    along = make_interp_spline(points.line, columns, k=1, axis=0)
    for window in WINDOWS:
        yield along(window.first_line + np.arange(window.lines))


def usual_scipy(points: TiePoints) -> Iterator[NDArray[np.float64]]:
    spline = RectBivariateSpline(points.line, points.sample, points.value, kx=1, ky=1)
    for window in WINDOWS:
        yield spline(window.first_line + np.arange(window.lines), np.arange(SAMPLES))


def narrow(points: TiePoints) -> Iterator[NDArray[np.floating[Any]]]:
    for window in WINDOWS:
        yield interpolate(points, window)


def wide(points: TiePoints) -> Iterator[NDArray[np.floating[Any]]]:
    for window in WINDOWS:
        yield interpolate(points, window, dtype=np.float64)


def draining(tiles: Callable[[TiePoints], Iterator[object]]) -> Callable[[TiePoints], None]:
    def drain(points: TiePoints) -> None:
        for _ in tiles(points):
            pass

    return drain


def interpolation() -> list[Row]:
    def points(number: int) -> TiePoints:
        return tables(number)[0]

    for other in (fastest_scipy, usual_scipy):
        for mine, theirs in zip(narrow(points(9)), other(points(9)), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5)
    name, ours_narrow = "tiepoint_interpolation", draining(narrow)
    fastest = Peer("SciPy, splines of degree 1 in turn", draining(fastest_scipy))
    usual = Peer("SciPy, RectBivariateSpline", draining(usual_scipy))
    return [
        compare(name, PIXELS, "Mpixel/s", ours_narrow, fastest, prepare=points, goal=">= 4"),
        compare(f"{name}_usual", PIXELS, "Mpixel/s", ours_narrow, usual, prepare=points),
        compare(f"{name}_float64", PIXELS, "Mpixel/s", draining(wide), fastest, prepare=points),
    ]


def measure() -> list[Row]:
    return calibration() + interpolation()
