"""Complex images of one polarisation to one detected image in ground range: looks, resampling and merging at once."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.l1_grd_grid import GroundGrid, ground_grid, sample_boxes, swath_columns
from refsys.chains.sentinel1.l1_grd_swath import Swath, open_swath
from refsys.chains.sentinel1.safe.reading import PixelRows, open_pixels, product_images
from refsys.kernels.sar.multilook import Boxes, detect, multilook
from refsys.kernels.sar.orbit import Orbit
from refsys.model.errors import InputCorrupt

if TYPE_CHECKING:
    import zarr

INTENSITY = "intensity"
"""Array of the workspace: float32 (lines, samples), mean of DN squared of the input; NaN where there are no data."""

BLOCK_LINES = 128


class Scene(NamedTuple):
    """What one polarisation of a product shows.

    Attributes
    ----------
    epoch
        To the second; times count from it.
    orbit
        Of the annotation.
    swaths
        From near to far.
    grid
        Of the detected image.
    """

    epoch: datetime
    orbit: Orbit
    swaths: tuple[Swath, ...]
    grid: GroundGrid


def open_scene(folder: Path, polarisation: str, spacing_m: float) -> Scene:
    """Return what a product of complex images shows in one polarisation (`InputCorrupt` if it has none)."""
    images = [image for image in product_images(folder) if f"-{polarisation.lower()}-" in image.annotation.name]
    if not images:
        raise InputCorrupt(f"the product has no image of polarisation {polarisation}", where=folder.name)
    annotation = images[0].read_annotation()
    epoch = annotation.header.start.replace(microsecond=0)
    orbit = annotation.orbit.orbit(epoch)
    swaths = sorted((open_swath(image, epoch) for image in images), key=lambda swath: swath.grid.first_delay_s)
    return Scene(epoch, orbit, tuple(swaths), ground_grid(list(swaths), orbit, spacing_m))


def write_intensity(
    scene: Scene, width_m: float, minimum_fraction: float, group: "zarr.Group", progress: Callable[[float], None]
) -> None:
    """Write the detected image as array `intensity`, some lines at a time.

    Parameters
    ----------
    scene
        Input and grid.
    width_m
        Width of each pixel's average, along and across.
    minimum_fraction
        A mean over less than this part of its box is no data.
    group
        Empty.
    progress
        Told the fraction done.
    """
    grid = scene.grid
    array = group.create_array(
        INTENSITY, shape=(grid.lines, grid.samples), chunks=(BLOCK_LINES, grid.samples), dtype=np.float32
    )
    with ExitStack() as stack:
        rows = [stack.enter_context(open_pixels(swath.image.measurement)) for swath in scene.swaths]
        for first in range(0, grid.lines, BLOCK_LINES):
            stop = min(first + BLOCK_LINES, grid.lines)
            array[first:stop] = _block(scene, rows, (first, stop), width_m, minimum_fraction)
            progress(stop / grid.lines)


def _block(
    scene: Scene, rows: list[PixelRows], lines: tuple[int, int], width_m: float, minimum_fraction: float
) -> NDArray[np.float32]:
    grid = scene.grid
    times = grid.times_s()[lines[0] : lines[1]]
    block = np.full((times.size, grid.samples), np.nan, np.float32)
    for swath, own, (left, right) in zip(scene.swaths, rows, swath_columns(grid), strict=True):
        interval = swath.grid.line_interval_s
        centre = (times - swath.grid.first_time_s) / interval
        width = width_m / grid.spacing_m * grid.line_interval_s / interval
        first = int(np.floor(centre[0] - 0.5 * width)) - 1
        count = int(np.ceil(centre[-1] + 0.5 * width)) + 2 - first
        intensity = detect(swath.read(own, first, count))
        along = Boxes(centre - first, np.full(times.size, width))
        across = sample_boxes(grid, swath, times, width_m)
        across = Boxes(across.centre[:, left:right], across.width[:, left:right])
        block[:, left:right] = multilook(intensity, along, across, minimum_fraction=minimum_fraction)
    return block
