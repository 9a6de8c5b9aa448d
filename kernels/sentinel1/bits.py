"""Read runs of sample codes from the bit stream of a Sentinel-1 packet (S1-IF-ASD-PL-0007, section 4).

Bits count from the start of the data, most significant first. Bytes from `end` on are never touched and read as zeros:
the caller compares the returned bit with the end. A code becomes magnitude * 2 + sign.
"""

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.jit import jit
from refsys.kernels.sentinel1.baq_tables import MAX_CODE_BITS

_QUEUE_MASK = 0xFFFFFFFF


def _read_head_body(data: NDArray[np.uint8], bit: np.int64, end: np.int64, bits: int) -> np.int64:
    """Return the number in the next `bits` bits (8 at most)."""
    window = np.int64(0)
    for byte in range(bit >> 3, (bit >> 3) + 2):
        window <<= 8
        if byte < end:
            window |= np.int64(data[byte])
    return (window >> (16 - bits - (bit & 7))) & ((1 << bits) - 1)


read_head = jit(_read_head_body)


def _read_fixed_body(
    data: NDArray[np.uint8], bit: np.int64, end: np.int64, bits: np.int64, codes: NDArray[np.uint16]
) -> np.int64:
    """Fill `codes` from codes of `bits` bits (10 at most), sign first; returns the next bit."""
    mask = (1 << (bits - 1)) - 1
    queue, at = np.int64(0), bit >> 3
    held = -(bit & 7)
    for k in range(codes.size):
        while held < bits:
            queue = (queue << 8) & _QUEUE_MASK
            if at < end:
                queue |= np.int64(data[at])
            at += 1
            held += 8
        held -= bits
        codes[k] = (((queue >> held) & mask) << 1) | ((queue >> (held + bits - 1)) & 1)
    return bit + bits * codes.size


read_fixed = jit(_read_fixed_body)


def _read_huffman_body(
    data: NDArray[np.uint8], bit: np.int64, end: np.int64, prefixes: NDArray[np.uint8], codes: NDArray[np.uint16]
) -> np.int64:
    """Fill `codes` from sign bits, each with a Huffman code; returns the next bit.

    `prefixes` is one rate's row of `BaqLookup.prefixes`; its tree is complete, so any 12 bits begin with a code.
    """
    queue, at = np.int64(0), bit >> 3
    held = -(bit & 7)
    for k in range(codes.size):
        while held < 1 + MAX_CODE_BITS:
            queue = (queue << 8) & _QUEUE_MASK
            if at < end:
                queue |= np.int64(data[at])
            at += 1
            held += 8
        found = np.int64(prefixes[(queue >> (held - 1 - MAX_CODE_BITS)) & ((1 << MAX_CODE_BITS) - 1)])
        codes[k] = ((found >> 4) << 1) | ((queue >> (held - 1)) & 1)
        held -= 1 + (found & 15)
    return at * 8 - held


read_huffman = jit(_read_huffman_body)
