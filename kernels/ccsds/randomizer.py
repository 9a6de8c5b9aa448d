"""The pseudo-randomiser of CCSDS 131.0-B, section 10: exclusive-or with a sequence that repeats after 255 bytes."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

PERIOD_BYTES = 255
MARKER_BYTES = 4


@lru_cache(maxsize=8)
def pseudo_random_sequence(length: int) -> npt.NDArray[np.uint8]:
    """First bytes of the sequence of x^8 + x^7 + x^5 + x^3 + 1, all ones at the start.

    Parameters
    ----------
    length
        Number of bytes.

    Returns
    -------
    uint8, shape (length,), read-only.

    Examples
    --------
    >>> pseudo_random_sequence(8).tobytes().hex(" ")
    'ff 48 0e c0 9a 0d 70 bc'
    """
    register = [1] * 8
    bits = np.empty(8 * PERIOD_BYTES, np.uint8)
    for i in range(bits.size):
        bits[i] = register[0]
        register = [*register[1:], register[0] ^ register[3] ^ register[5] ^ register[7]]
    sequence = np.resize(np.packbits(bits), length)
    sequence.flags.writeable = False
    return sequence


def randomise(codeblocks: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Exclusive-or every row with the sequence, which starts anew on each row; the same operation takes it off again.

    Parameters
    ----------
    codeblocks
        Frames without their markers, uint8, shape (n, length).

    Returns
    -------
    uint8, shape (n, length), a new array.

    Raises
    ------
    ValueError
        Not uint8 of two dimensions.
    """
    if codeblocks.ndim != 2 or codeblocks.dtype != np.uint8:
        raise ValueError(f"randomise: need uint8 (n, length), not {codeblocks.dtype} of shape {codeblocks.shape}")
    return codeblocks ^ pseudo_random_sequence(codeblocks.shape[1])


def derandomise(cadus: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Codeblocks of CADUs: the marker cut off, which is not randomised, and the sequence taken off the rest.

    Parameters
    ----------
    cadus
        Frames with their 4-byte markers, uint8, shape (n, 4 + length).

    Returns
    -------
    uint8, shape (n, length), a new array.

    Raises
    ------
    ValueError
        Not uint8 of two dimensions, or rows no longer than a marker.
    """
    if cadus.ndim != 2 or cadus.shape[1] <= MARKER_BYTES:
        raise ValueError(f"derandomise: need uint8 (n, {MARKER_BYTES} + length), not shape {cadus.shape}")
    return randomise(cadus[:, MARKER_BYTES:])
