"""Division by the generator polynomial: a 32-byte register in four machine words that takes in eight symbols at a time.

Taking in a symbol is linear, so what a word of eight symbols does to the register is the sum of eight entries of
tables. A codeword of 255 symbols is 256 with a zero before it, which changes nothing: 32 words, the last of them check
symbols.
"""

import numpy as np
import numpy.typing as npt

from refsys.kernels.jit import jit

Register = tuple[np.int64, np.int64, np.int64, np.int64]


def _word_body(symbols: npt.NDArray[np.uint8], at: np.uint64, step: np.uint64, count: int) -> np.int64:
    # Unsigned places, or else each index is tested for one that counts from the end.
    word = np.int64(0)
    for _ in range(count):
        word = (word << 8) | np.int64(symbols[at])
        at += step
    return word


_word = jit(_word_body)


def _take_body(register: Register, word: np.int64, steps: npt.NDArray[np.int64]) -> Register:
    a, b, c, d = register
    x = a ^ word
    i = ((x >> 56) & 0xFF) << 2
    j = 1024 + (((x >> 48) & 0xFF) << 2)
    k = 2048 + (((x >> 40) & 0xFF) << 2)
    m = 3072 + (((x >> 32) & 0xFF) << 2)
    n = 4096 + (((x >> 24) & 0xFF) << 2)
    p = 5120 + (((x >> 16) & 0xFF) << 2)
    q = 6144 + (((x >> 8) & 0xFF) << 2)
    r = 7168 + ((x & 0xFF) << 2)
    return (
        b ^ steps[i] ^ steps[j] ^ steps[k] ^ steps[m] ^ steps[n] ^ steps[p] ^ steps[q] ^ steps[r],
        c ^ steps[i + 1] ^ steps[j + 1] ^ steps[k + 1] ^ steps[m + 1]
        ^ steps[n + 1] ^ steps[p + 1] ^ steps[q + 1] ^ steps[r + 1],
        d ^ steps[i + 2] ^ steps[j + 2] ^ steps[k + 2] ^ steps[m + 2]
        ^ steps[n + 2] ^ steps[p + 2] ^ steps[q + 2] ^ steps[r + 2],
        steps[i + 3] ^ steps[j + 3] ^ steps[k + 3] ^ steps[m + 3]
        ^ steps[n + 3] ^ steps[p + 3] ^ steps[q + 3] ^ steps[r + 3],
    )  # fmt: skip


_take = jit(_take_body)


def _remainder_body(
    symbols: npt.NDArray[np.uint8], start: int, interleave: int, steps: npt.NDArray[np.int64], capability: int
) -> Register:
    # Of the data symbols of the codeword at `start`, `start + interleave`...; check symbols must lie behind them.
    at, step = np.uint64(start), np.uint64(interleave)
    register = (np.int64(0), np.int64(0), np.int64(0), np.int64(0))
    word = _word(symbols, at, step, 7)
    at += step * np.uint64(7)
    for _ in range(32 - capability // 4):
        register = _take(register, word, steps)
        word = _word(symbols, at, step, 8)
        at += step * np.uint64(8)
    return register


remainder = jit(_remainder_body)


def _difference_body(
    symbols: npt.NDArray[np.uint8], start: int, interleave: int, steps: npt.NDArray[np.int64], capability: int
) -> Register:
    # Remainder of the data symbols against the check symbols received; all zero for a codeword.
    a, b, c, d = remainder(symbols, start, interleave, steps, capability)
    step = np.uint64(interleave)
    at = np.uint64(start) + step * np.uint64(255 - 2 * capability)
    a ^= _word(symbols, at, step, 8)
    b ^= _word(symbols, at + step * np.uint64(8), step, 8)
    if capability == 16:
        c ^= _word(symbols, at + step * np.uint64(16), step, 8)
        d ^= _word(symbols, at + step * np.uint64(24), step, 8)
    return a, b, c, d


difference = jit(_difference_body)
