"""A small picture of an image, made from its rows as they come (PNG, ISO/IEC 15948)."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib.image import imsave
from numpy.typing import NDArray

from refsys.kernels.imaging.stretch import stretch

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
    low, high = np.percentile(seen, _STRETCH).tolist() if seen.size else (0.0, 1.0)
    grey = stretch(np.asarray(amplitude, np.float32), low, high if high > low else low + 1.0)
    file = BytesIO()
    # Without the name of the drawing software the same pixels give the same bytes.
    imsave(file, grey, format="png", cmap="gray", vmin=0, vmax=255, metadata={"Software": None})  # type: ignore[dict-item]
    return file.getvalue()
