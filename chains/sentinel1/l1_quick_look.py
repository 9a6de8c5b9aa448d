"""A small picture of an image, made from its rows as they come."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.io import MemoryFile

_PIXELS = 1024
_STRETCH = (2.0, 98.0)


def quick_look(blocks: Iterable[NDArray[Any]], lines: int, samples: int, *, aspect: float = 1.0) -> bytes:
    """Return a PNG file, grey, of at most 1024 pixels on the longer side; the same pixels give the same bytes.

    Mean intensity of boxes, its root stretched between the 2nd and the 98th percentile.

    Parameters
    ----------
    blocks
        Rows in order, complex or real amplitudes, (k, samples) each.
    lines, samples
        Size of the whole.
    aspect
        Spacing of lines over spacing of samples: the picture has square pixels.
    """
    across = max(-(-samples // _PIXELS), int(np.ceil(lines * aspect / _PIXELS)), 1)
    along = max(round(across / aspect), -(-lines // _PIXELS), 1)
    rows, columns = -(-lines // along), -(-samples // across)
    total, count = np.zeros((rows, columns)), np.zeros((rows, 1))
    line = 0
    widths = np.diff(np.append(np.arange(0, samples, across), samples))
    for block in blocks:
        power = np.square(np.abs(block), dtype=np.float64)
        sums = np.add.reduceat(power, np.arange(0, samples, across), axis=1)
        at = (line + np.arange(block.shape[0])) // along
        np.add.at(total, at, sums)
        np.add.at(count, at, 1.0)
        line += block.shape[0]
    return _png(np.sqrt(total / np.maximum(count, 1) / widths))


def _png(amplitude: NDArray[np.float64]) -> bytes:
    seen = amplitude[amplitude > 0]
    low, high = np.percentile(seen, _STRETCH) if seen.size else (0.0, 1.0)
    grey = np.clip((amplitude - low) / max(high - low, 1e-30), 0, 1)
    pixels = np.rint(255 * grey).astype(np.uint8)
    with rasterio.Env(GDAL_PAM_ENABLED="NO"), MemoryFile() as memory:
        with memory.open(driver="PNG", height=pixels.shape[0], width=pixels.shape[1], count=1, dtype="uint8") as out:
            out.write(pixels, 1)
        return bytes(memory.read())
