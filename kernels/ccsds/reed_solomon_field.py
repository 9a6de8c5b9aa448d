"""Field, basis and generator of the CCSDS Reed-Solomon codes (CCSDS 131.0-B, section 4.3 and annex F).

The logarithms here are to the base beta = alpha^11, the primitive step of the code, so that everything else may read
like a textbook code with consecutive roots.
"""

from functools import lru_cache
from math import gcd
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FIELD_POLYNOMIAL = 0x187  # x^8 + x^7 + x^2 + x + 1
PRIMITIVE_STEP = 11
ORDER = 255  # of the multiplicative group; also the codeword's length in symbols
DUAL_BASIS_STEP = 117  # the dual basis is that of the powers of alpha^117
WORD_SYMBOLS = 8  # taken in at a time
REGISTER_BYTES = 32  # parity register as four 64-bit words; shorter codes use its top bytes
CAPABILITIES = (8, 16)  # symbols that each of the two CCSDS codes corrects


class Code(NamedTuple):
    """What one code has of its own.

    `steps` (8 * 256 * 4,) int64: what symbol k of a word of eight (dual basis, k = 0 goes in first) adds to the
    register once the whole word is in; entry (256 * k + symbol) * 4, four words, coefficient of the highest power
    first. `syndromes` (2 * capability * 256 * 4,) int64: what a symbol (dual basis) of the remainder adds to all
    syndromes, which lie in four words as bytes, the first root's first.
    """

    capability: int
    steps: npt.NDArray[np.int64]
    syndromes: npt.NDArray[np.int64]


def first_root(capability: int) -> int:
    """Power of beta that is the generator's first root."""
    return 128 - capability


def _powers_of_alpha() -> list[int]:
    powers = [1]
    for _ in range(ORDER - 1):
        doubled = powers[-1] << 1
        powers.append(doubled ^ FIELD_POLYNOMIAL if doubled & 0x100 else doubled)
    return powers


def _logarithms() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    alpha = _powers_of_alpha()
    exp = np.array([alpha[PRIMITIVE_STEP * i % ORDER] for i in range(3 * ORDER)], np.int64)
    log = np.zeros(256, np.int64)
    log[exp[:ORDER]] = np.arange(ORDER)
    return exp, log


def _trace(x: int, exp: npt.NDArray[np.int64], log: npt.NDArray[np.int64]) -> int:
    total = 0
    for _ in range(8):
        total ^= x
        x = int(exp[2 * log[x]]) if x else 0
    return total & 1


def _dual_basis(exp: npt.NDArray[np.int64], log: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    # Bit i of a symbol on the line, the most significant first, is the trace of x * alpha^(117 i).
    alpha = _powers_of_alpha()
    images = np.zeros(256, np.uint8)
    for bit in range(8):
        x = 1 << bit
        for i in range(8):
            factor = alpha[DUAL_BASIS_STEP * i % ORDER]
            images[x] |= _trace(int(exp[log[x] + log[factor]]), exp, log) << (7 - i)
    for x in range(1, 256):
        images[x] = images[x & -x] ^ images[x & (x - 1)]
    return images


def _generator(roots: int, first: int) -> list[int]:
    coefficients = [1]  # highest power first
    for root in range(first, first + roots):
        scaled = [int(EXP[LOG[c] + root % ORDER]) if c else 0 for c in coefficients]
        coefficients = [a ^ b for a, b in zip([*coefficients, 0], [0, *scaled], strict=True)]
    return coefficients


def _words(tables: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    return tables.reshape(-1).view(">i8").astype(np.int64)


def _product() -> npt.NDArray[np.uint8]:
    product: npt.NDArray[np.uint8] = EXP[LOG[:, None] + LOG].astype(np.uint8)
    product[0, :] = product[:, 0] = 0
    return product.reshape(-1)


def _from_dual() -> npt.NDArray[np.uint8]:
    table = np.zeros(256, np.uint8)
    table[TO_DUAL] = np.arange(256, dtype=np.uint8)
    return table


def _progressions(greatest: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint64]]:
    pieces: list[npt.NDArray[np.int64]] = []
    begins = np.zeros((greatest + 1, 256), np.uint64)
    for ratio in range(1, greatest + 1):
        for first in range(gcd(ratio, ORDER)):
            exponents = (first + ratio * np.arange(2 * ORDER)) % ORDER
            begins[ratio, exponents[:ORDER][::-1]] = len(pieces) * 2 * ORDER + np.arange(ORDER)[::-1]
            pieces.append(EXP[exponents])
    return np.concatenate(pieces).astype(np.uint8), begins.reshape(-1)


# The compiled kernels take these in as constants.
EXP, LOG = _logarithms()  # int64, to the base beta; EXP goes three times round, LOG[0] is never used
PRODUCT = _product()  # uint8, x times y at 256 * x + y
TO_DUAL = _dual_basis(EXP, LOG)  # uint8, change of basis
FROM_DUAL = _from_dual()
# Pieces of geometric progressions, uint8: that of ratio beta^i from beta^l on begins at BEGINS[256 * i + l], uint64,
# and has at least 256 elements there.
PROGRESSIONS, BEGINS = _progressions(max(CAPABILITIES))


def _step_tables(generator: list[int]) -> npt.NDArray[np.int64]:
    feedback = np.zeros((256, REGISTER_BYTES), np.uint8)
    for symbol in range(1, 256):
        x = LOG[FROM_DUAL[symbol]]
        feedback[symbol, : len(generator) - 1] = [TO_DUAL[EXP[x + LOG[g]] if g else 0] for g in generator[1:]]
    tables = [feedback]
    for _ in range(WORD_SYMBOLS - 1):
        before = tables[0]
        shifted = np.concatenate([before[:, 1:], np.zeros((256, 1), np.uint8)], axis=1)
        tables.insert(0, shifted ^ feedback[before[:, 0]])
    return _words(np.stack(tables))


def _syndrome_table(many: int, first: int) -> npt.NDArray[np.int64]:
    table = np.zeros((many, 256, REGISTER_BYTES), np.uint8)
    for i in range(many):
        powers = (many - 1 - i) * (first + np.arange(many))
        table[i, 1:, :many] = EXP[(LOG[FROM_DUAL[1:]][:, None] + powers) % ORDER]
    return _words(table)


@lru_cache(maxsize=2)
def code(capability: int) -> Code:
    """Tables of the code that corrects `capability` symbols: 16 is (255,223), 8 is (255,239).

    Raises
    ------
    ValueError
        Another capability: CCSDS has no other code.
    """
    if capability not in CAPABILITIES:
        raise ValueError(f"Reed-Solomon: capability must be one of {CAPABILITIES} symbols, not {capability}")
    roots, first = 2 * capability, first_root(capability)
    return Code(capability, _step_tables(_generator(roots, first)), _syndrome_table(roots, first))
