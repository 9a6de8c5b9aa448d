"""Field, basis and generator of the CCSDS Reed-Solomon codes (CCSDS 131.0-B, section 4.3 and annex F).

The logarithms here are to the base beta = alpha^11, the primitive step of the code, so that everything else may read
like a textbook code with consecutive roots.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FIELD_POLYNOMIAL = 0x187  # x^8 + x^7 + x^2 + x + 1
PRIMITIVE_STEP = 11
ORDER = 255  # of the multiplicative group; also the codeword's length in symbols
DUAL_BASIS_STEP = 117  # the dual basis is that of the powers of alpha^117
REGISTER_BYTES = 32  # parity register as four 64-bit words; shorter codes use its top bytes
CAPABILITIES = (8, 16)  # symbols that each of the two CCSDS codes corrects


class Code(NamedTuple):
    """Tables of one code, a tuple so that kernels can take it.

    `feedback` (256, 4) int64: what one fed-back symbol (dual basis) adds to the register, big-endian, coefficient of
    the highest power first. `exp` (765,), `log` (256,): to the base beta; log[0] is never used. `product` (256, 256):
    x times y. `to_dual`, `from_dual` (256,): change of basis.
    """

    capability: int
    first_root: int
    feedback: npt.NDArray[np.int64]
    exp: npt.NDArray[np.int64]
    log: npt.NDArray[np.int64]
    product: npt.NDArray[np.uint8]
    to_dual: npt.NDArray[np.uint8]
    from_dual: npt.NDArray[np.uint8]


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


def _generator(roots: int, first_root: int, exp: npt.NDArray[np.int64], log: npt.NDArray[np.int64]) -> list[int]:
    coefficients = [1]  # highest power first
    for root in range(first_root, first_root + roots):
        scaled = [int(exp[log[c] + root % ORDER]) if c else 0 for c in coefficients]
        coefficients = [a ^ b for a, b in zip([*coefficients, 0], [0, *scaled], strict=True)]
    return coefficients


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
    exp, log = _logarithms()
    product = exp[log[:, None] + log].astype(np.uint8)
    product[0, :] = product[:, 0] = 0
    to_dual = _dual_basis(exp, log)
    from_dual = np.zeros(256, np.uint8)
    from_dual[to_dual] = np.arange(256, dtype=np.uint8)
    first_root = 128 - capability
    generator = _generator(2 * capability, first_root, exp, log)
    register = np.zeros((256, REGISTER_BYTES), np.uint8)
    for symbol in range(1, 256):
        x = log[from_dual[symbol]]
        register[symbol, : 2 * capability] = [to_dual[exp[x + log[g]] if g else 0] for g in generator[1:]]
    feedback = register.view(">i8").astype(np.int64)
    return Code(capability, first_root, feedback, exp, log, product, to_dual, from_dual)
