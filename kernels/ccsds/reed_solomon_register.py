"""Division by the generator polynomial with a 32-byte register in four machine words."""

import numpy as np
import numpy.typing as npt

from refsys.kernels.jit import jit


def _remainder_body(
    word: npt.NDArray[np.uint8], symbols: int, feedback: npt.NDArray[np.int64]
) -> tuple[np.int64, np.int64, np.int64, np.int64]:
    a, b, c, d = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    for i in range(symbols):
        x = ((a >> 56) & 0xFF) ^ word[i]
        a = ((a << 8) | ((b >> 56) & 0xFF)) ^ feedback[x, 0]
        b = ((b << 8) | ((c >> 56) & 0xFF)) ^ feedback[x, 1]
        c = ((c << 8) | ((d >> 56) & 0xFF)) ^ feedback[x, 2]
        d = (d << 8) ^ feedback[x, 3]
    return a, b, c, d


remainder = jit(_remainder_body)
