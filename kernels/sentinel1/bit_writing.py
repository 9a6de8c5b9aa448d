"""Write runs of sample codes to the bit stream of a Sentinel-1 packet (S1-IF-ASD-PL-0007, section 4).

A stream is three numbers: the next byte, the bits that wait to be written, and how many they are: fewer than 32 between
calls, and none once `put_padding` has filled a multiple of 32. Most significant bits go first.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.jit import jit
from refsys.kernels.sentinel1.baq_tables import BLOCK_QUADS

BYPASS_BITS = 10
LARGEST_BYPASS = 511

_FAR = 1e9  # what is beyond counts as this, from where levels still have different distances

Stream = tuple[np.int64 | int, np.int64 | int, np.int64 | int]
"""Next byte, waiting bits as a number, their count."""


class Quantiser(NamedTuple):
    """One quantiser at one threshold index: a part of `EncodingLookup`.

    Attributes
    ----------
    levels
        float64 (levels,), magnitudes.
    words, widths
        uint16 and uint8 (16,), code word of each level with a sign bit of 0, and its bits.
    """

    levels: NDArray[np.float64]
    words: NDArray[np.uint16]
    widths: NDArray[np.uint8]


def _put_bits_body(out: NDArray[np.uint8], stream: Stream, word: np.int64 | int, bits: np.int64 | int) -> Stream:
    """Append the lowest `bits` bits of a number (32 at most)."""
    at, queue, held = stream
    # At most 31 + 32 bits, which a signed machine word holds.
    queue = (queue << bits) | word
    held += bits
    if held >= 32:
        held -= 32
        full = queue >> held
        out[at] = (full >> 24) & 0xFF
        out[at + 1] = (full >> 16) & 0xFF
        out[at + 2] = (full >> 8) & 0xFF
        out[at + 3] = full & 0xFF
        at += 4
        queue &= (1 << held) - 1
    return at, queue, held


put_bits = jit(_put_bits_body)


def _put_padding_body(out: NDArray[np.uint8], stream: Stream, begin: np.int64 | int, unit: int) -> Stream:
    """Append zeros until the bits from byte `begin` on are a multiple of `unit`, 32 at most."""
    at, _, held = stream
    return put_bits(out, stream, 0, -((at - begin) * 8 + held) % unit)


put_padding = jit(_put_padding_body)


def _put_levels_body(
    out: NDArray[np.uint8], stream: Stream, values: NDArray[np.float64], quantiser: Quantiser
) -> Stream:
    """Append the code of the level nearest to each value of a block; `values` become these levels.

    Of two equally near levels the first counts.
    """
    sizes, least = np.empty(BLOCK_QUADS), np.empty(BLOCK_QUADS)
    nearest = np.empty(BLOCK_QUADS, dtype=np.int64)
    for k in range(values.size):
        sizes[k] = min(abs(values[k]), _FAR)
        least[k] = np.inf
        nearest[k] = 0
    for level in range(quantiser.levels.size):
        own = quantiser.levels[level]
        for k in range(values.size):
            distance = abs(sizes[k] - own)
            nearer = distance < least[k]
            nearest[k] = level if nearer else nearest[k]
            least[k] = distance if nearer else least[k]
    for k in range(values.size):
        code, negative = nearest[k], values[k] < 0
        width = np.int64(quantiser.widths[code])
        sign = np.int64(1 if negative else 0)
        stream = put_bits(out, stream, np.int64(quantiser.words[code]) | sign << (width - 1), width)
        values[k] = -quantiser.levels[code] if negative else quantiser.levels[code]
    return stream


put_levels = jit(_put_levels_body)


def _put_integers_body(out: NDArray[np.uint8], stream: Stream, values: NDArray[np.float64]) -> Stream:
    """Append each value as sign and 9 bits, rounded and clipped; `values` become what was written."""
    for k in range(values.size):
        size = min(np.rint(abs(values[k])), LARGEST_BYPASS)
        negative = np.int64(1 if values[k] < 0 and size > 0 else 0)
        stream = put_bits(out, stream, np.int64(size) | negative << (BYPASS_BITS - 1), BYPASS_BITS)
        values[k] = -size if negative else size
    return stream


put_integers = jit(_put_integers_body)
