"""Complex images of one polarisation to one detected image in ground range: looks, resampling and merging at once.

Borders are left out, and thermal noise is taken off, while the lines pass.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.l1_grd_grid import sample_boxes, swath_columns
from refsys.chains.sentinel1.l1_grd_noise import noise_of_intensity
from refsys.chains.sentinel1.l1_grd_scene import Scene
from refsys.chains.sentinel1.safe.reading import PixelRows, open_pixels
from refsys.kernels.sar.border import border_mask
from refsys.kernels.sar.multilook import Boxes, detect, multilook
from refsys.kernels.sar.noise import noise_power
from refsys.kernels.sar.tiepoints import Window

if TYPE_CHECKING:
    import zarr

INTENSITY = "intensity"
"""Array of the workspace: float32 (lines, samples), mean of DN squared of the input; NaN where there are no data."""

BLOCK_LINES = 128


class Detection(NamedTuple):
    """How complex images become a detected one.

    Attributes
    ----------
    width_m
        Width of each pixel's average, along and across.
    minimum_fraction
        A mean over less than this part of its box is no data.
    border_fraction
        Edges whose intensity stays below this part of the noise power hold no echoes and become no data; 0: none do.
    remove_noise
        Whether noise power is subtracted; what falls below zero is zero.
    """

    width_m: float
    minimum_fraction: float
    border_fraction: float = 0.5
    remove_noise: bool = False


class Detected(NamedTuple):
    """Pixels of an image: masked at its borders though they had a value, and zero after the noise was taken off."""

    masked: int
    below_noise: int


def write_intensity(
    scene: Scene, detection: Detection, group: "zarr.Group", progress: Callable[[float], None]
) -> Detected:
    """Write the detected image as array `intensity`, some lines at a time.

    Parameters
    ----------
    scene
        Input and grid.
    detection
        How.
    group
        Empty.
    progress
        Told the fraction done.
    """
    grid = scene.grid
    noise = noise_of_intensity(scene)
    masked = below = 0
    array = group.create_array(
        INTENSITY, shape=(grid.lines, grid.samples), chunks=(BLOCK_LINES, grid.samples), dtype=np.float32
    )
    with ExitStack() as stack:
        rows = [stack.enter_context(open_pixels(swath.image.measurement)) for swath in scene.swaths]
        for first in range(0, grid.lines, BLOCK_LINES):
            stop = min(first + BLOCK_LINES, grid.lines)
            block = _block(scene, rows, (first, stop), detection)
            power = noise_power(noise, Window(first, stop - first, 0, grid.samples))
            masked += mask_border(block, power, detection.border_fraction)
            if detection.remove_noise:
                below += subtract_noise(block, power)
            array[first:stop] = block
            progress(stop / grid.lines)
    return Detected(masked, below)


def mask_border(block: NDArray[np.float32], power: NDArray[np.float32], fraction: float) -> int:
    """Make pixels of a block's edges NaN that are darker than noise alone could be; return how many.

    An area of no echoes must reach an edge of the block, and be some pixels wide. Where the noise power is not known,
    every pixel above zero counts as an echo.

    Parameters
    ----------
    block
        float32 (lines, samples), intensities, changed in place.
    power
        float32 (lines, samples), noise power in the same units; 0 where it is not known.
    fraction
        Of the noise power.
    """
    if not fraction:
        return 0
    there = block > 0
    relative = there.astype(np.float32)
    np.divide(block, power, out=relative, where=there & (power > 0))
    outside = ~border_mask(relative, fraction)
    block[outside] = np.nan
    return int(np.count_nonzero(outside & there))


def subtract_noise(block: NDArray[np.float32], power: NDArray[np.float32]) -> int:
    """Take noise power off the intensities of a block in place, zero where less is left; return how many those are."""
    block -= power
    below = block < 0
    block[below] = 0
    return int(np.count_nonzero(below))


def _block(scene: Scene, rows: list[PixelRows], lines: tuple[int, int], detection: Detection) -> NDArray[np.float32]:
    grid, width_m = scene.grid, detection.width_m
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
        block[:, left:right] = multilook(intensity, along, across, minimum_fraction=detection.minimum_fraction)
    return block
