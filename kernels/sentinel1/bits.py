"""Read runs of sample codes from the bit stream of a Sentinel-1 packet (S1-IF-ASD-PL-0007, section 4).

Bits count from the start of the data, most significant first. Eight bytes are read at once, and up to a block of the
longest codes is read before the caller compares the returned bit with the end of the packet: so the data are a copy of
the packet's own bytes with `SPARE_BYTES` zeros behind them, made by `copy_packet`.

Codes are those of `BaqLookup.signed_values`: as sent in BAQ, the magnitude code plus 16 if negative in FDBAQ.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.jit import jit
from refsys.kernels.sentinel1.baq_tables import BLOCK_QUADS, MAX_CODE_BITS, MAX_LEVELS, RUN_BITS, RUN_CODES

ROOM = 8
"""Codes are written eight at a time: so many more than wanted must have a place."""

SPARE_BYTES = BLOCK_QUADS * (1 + MAX_CODE_BITS) // 8 + 32

_U = np.uint64
_GROUP = 8
_BYPASS_GROUP = 4
_BYPASS_BITS = 10
_RUNS = 5  # look-ups of RUN_BITS that fit the 56 bits of a filled queue
_SINGLES = 4  # look-ups of 1 + MAX_CODE_BITS


Block = tuple[np.int64, np.int64, np.int64]
"""Rate code or bits of a code, place of the block's first code, place behind its last."""


class HuffmanTables(NamedTuple):
    """Parts of a `BaqLookup`."""

    prefixes: NDArray[np.uint8]
    runs: NDArray[np.uint64]
    code_bits: NDArray[np.uint8]


def _copy_packet_body(data: NDArray[np.uint8], begin: np.int64, end: np.int64, copy: NDArray[np.uint8]) -> None:
    """Copy bytes `begin` to `end`, and zeros behind them."""
    size = end - begin
    for k in range(size):
        copy[k] = data[begin + k]
    copy[size : size + SPARE_BYTES] = 0


copy_packet = jit(_copy_packet_body)


def _load_body(data: NDArray[np.uint8], at: np.uint64) -> np.uint64:
    """Return the eight bytes from `at` on as one number; compiled, this is one read."""
    return (
        (_U(data[at]) << _U(56))
        | (_U(data[at + _U(1)]) << _U(48))
        | (_U(data[at + _U(2)]) << _U(40))
        | (_U(data[at + _U(3)]) << _U(32))
        | (_U(data[at + _U(4)]) << _U(24))
        | (_U(data[at + _U(5)]) << _U(16))
        | (_U(data[at + _U(6)]) << _U(8))
        | _U(data[at + _U(7)])
    )


_load = jit(_load_body)


def _store_body(codes: NDArray[np.uint8], at: np.uint64, entry: np.uint64) -> None:
    """Store the eight bytes of a number, the lowest first; compiled, this is one write."""
    for byte in range(8):
        codes[at + _U(byte)] = (entry >> _U(8 * byte)) & _U(0xFF)


_store = jit(_store_body)


def _read_head_body(data: NDArray[np.uint8], bit: np.int64, bits: int) -> np.int64:
    """Return the number in the next `bits` bits (8 at most)."""
    queue = _load(data, _U(bit >> 3)) << _U(bit & 7)
    return np.int64(queue >> _U(64 - bits))


read_head = jit(_read_head_body)


def _read_fixed_body(data: NDArray[np.uint8], bit: np.int64, block: Block, codes: NDArray[np.uint8]) -> np.int64:
    """Fill a block of `codes` from codes of equal bits (5 at most); returns the next bit.

    Up to `ROOM` codes behind the block are overwritten.
    """
    bits, first, last = block
    mask = _U((1 << bits) - 1)
    for group in range(first, last, _GROUP):
        at = _U(bit + (group - first) * bits)
        queue = _load(data, at >> _U(3)) << (at & _U(7))
        for k in range(_GROUP):
            codes[_U(group + k)] = (queue >> _U(64 - bits * (k + 1))) & mask
    return bit + bits * (last - first)


read_fixed = jit(_read_fixed_body)


def _read_integers_body(
    data: NDArray[np.uint8], bit: np.int64, quads: np.int64, parts: NDArray[np.float32]
) -> np.int64:
    """Read `quads` values of sign and 9 bits to every fourth place of `parts`; returns the next bit."""
    for first in range(0, quads, _BYPASS_GROUP):
        at = bit + first * _BYPASS_BITS
        queue = _load(data, _U(at >> 3)) << _U(at & 7)
        for k in range(min(np.int64(_BYPASS_GROUP), quads - first)):
            code = np.int64((queue >> _U(64 - _BYPASS_BITS * (k + 1))) & _U(0x3FF))
            size = np.float32(code & 0x1FF)
            parts[4 * (first + k)] = -size if code > 0x1FF else size
    return bit + _BYPASS_BITS * quads


read_integers = jit(_read_integers_body)


def _read_huffman_body(
    data: NDArray[np.uint8], bit: np.int64, block: Block, tables: HuffmanTables, codes: NDArray[np.uint8]
) -> np.int64:
    """Fill a block of `codes` from sign bits with a Huffman code each; returns the next bit.

    Up to `ROOM` codes behind the block are overwritten. A tree is complete, so any 12 bits begin with a code. The
    queue holds `held` bits of the stream before byte `at`, and below them whatever follows.
    """
    rate, k, last = block
    at, held = _U(bit >> 3) + _U(7), _U(56 - (bit & 7))
    queue = _load(data, _U(bit >> 3)) << _U(bit & 7)
    while k < last:
        queue |= _load(data, at) >> held
        at += (_U(63) - held) >> _U(3)
        held |= _U(56)
        if tables.runs[rate, queue >> _U(64 - RUN_BITS)] == _U(0):
            found = tables.prefixes[rate, (queue >> _U(63 - MAX_CODE_BITS)) & _U((1 << MAX_CODE_BITS) - 1)]
            codes[_U(k)] = _U(found >> 4) | ((queue >> _U(63)) * _U(MAX_LEVELS))
            k += 1
            queue <<= _U(1) + _U(found & 15)
            held -= _U(1) + _U(found & 15)
            continue
        for _ in range(_RUNS):
            entry = tables.runs[rate, queue >> _U(64 - RUN_BITS)]
            if k >= last:
                break
            _store(codes, _U(k), entry)
            k += np.int64((entry >> _U(48)) & _U(0xFF))
            queue <<= entry >> _U(56)
            held -= entry >> _U(56)
    for excess in range(RUN_CODES - 1):
        # What was read beyond the block is given back.
        held += _U(tables.code_bits[rate, codes[_U(last + excess)] & 31]) if last + excess < k else _U(0)
    return np.int64(at << _U(3)) - np.int64(held)


read_huffman = jit(_read_huffman_body)
