"""A small picture of an image, made from its rows as they come (PNG, ISO/IEC 15948)."""

import struct
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    rows = np.concatenate([np.zeros((pixels.shape[0], 1), np.uint8), pixels], axis=1)  # each row: no filter
    size = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 0, 0, 0, 0)
    parts = ((b"IHDR", size), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
