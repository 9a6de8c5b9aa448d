"""Reed-Solomon (255,223) and (255,239) of CCSDS 131.0-B, section 4: dual basis, symbol interleaving, whole codeblocks.

A received codeword is first divided by the generator with the encoder's register, four 64-bit words, which stays in the
dual basis because the change of basis is linear. A zero remainder is a clean word; else `reed_solomon_errors` goes on,
with the remainder's 32 symbols in place of the codeword's 255.
"""

import numpy as np
import numpy.typing as npt

from refsys.kernels.ccsds.reed_solomon_errors import ERRORS, PLACES, ROOM_BYTES, find_errors
from refsys.kernels.ccsds.reed_solomon_field import ORDER, Code, code
from refsys.kernels.ccsds.reed_solomon_register import difference, remainder
from refsys.kernels.jit import jit


def _encode_body(blocks: npt.NDArray[np.uint8], rows: int, interleave: int, tables: Code) -> None:
    parity, steps = 2 * tables.capability, tables.steps
    for row in range(rows):
        for way in range(interleave):
            start = row * 255 * interleave + way
            register = remainder(blocks, start, interleave, steps, tables.capability)
            for i in range(parity):
                blocks[start + (255 - parity + i) * interleave] = (register[i >> 3] >> (56 - 8 * (i & 7))) & 0xFF


_encode = jit(_encode_body)


def _decode_body(
    blocks: npt.NDArray[np.uint8],
    data: npt.NDArray[np.uint8],
    tables: Code,
    room: npt.NDArray[np.uint8],
    corrected: npt.NDArray[np.int16],
) -> None:
    # `data` has the data symbols of `blocks` already; they are written to where something is corrected.
    rows, interleave = corrected.shape
    capability, steps, syndromes = tables
    width = 255 - 2 * capability
    for row in range(rows):
        for way in range(interleave):
            start = row * 255 * interleave + way
            register = difference(blocks, start, interleave, steps, capability)
            corrected[row, way] = 0
            if register[0] | register[1] | register[2] | register[3]:
                corrected[row, way] = find_errors(register, steps, syndromes, capability, room)
                for i in range(corrected[row, way]):
                    place = np.int64(room[PLACES + i])
                    if place < width:
                        data[(row * width + place) * interleave + way] ^= room[ERRORS + i]


_decode = jit(_decode_body)


def encode(data: npt.NDArray[np.uint8], capability: int = 16) -> npt.NDArray[np.uint8]:
    """Codeblocks of transfer frames: the data with the check symbols behind, symbols of the codewords taken in turn.

    Parameters
    ----------
    data
        uint8, shape (n, interleave * (255 - 2 * capability)): interleave 8 has 1784 bytes, 4 has 892.
    capability
        Symbols a codeword can correct, 16 or 8.

    Returns
    -------
    uint8, shape (n, interleave * 255), a new array.

    Raises
    ------
    ValueError
        Another width, type or capability.
    """
    tables = code(capability)
    width = ORDER - 2 * capability
    interleave = _interleave("encode", data, width)
    blocks = np.empty((data.shape[0], interleave * ORDER), np.uint8)
    blocks[:, : interleave * width] = data
    _encode(blocks.reshape(-1), blocks.shape[0], interleave, tables)
    return blocks


def decode(
    codeblocks: npt.NDArray[np.uint8], capability: int = 16
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int16]]:
    """Correct codeblocks and cut off their check symbols.

    Parameters
    ----------
    codeblocks
        Derandomised, without markers, uint8, shape (n, interleave * 255).
    capability
        Symbols a codeword can correct, 16 or 8.

    Returns
    -------
    data
        uint8, shape (n, interleave * (255 - 2 * capability)). Symbols of an uncorrectable codeword are as received.
    corrected
        int16, shape (n, interleave): corrected symbols of each codeword, check symbols included; -1 is uncorrectable.

    Raises
    ------
    ValueError
        Another width, type or capability.
    """
    tables = code(capability)
    interleave = _interleave("decode", codeblocks, ORDER)
    blocks = np.ascontiguousarray(codeblocks)
    data = blocks[:, : interleave * (ORDER - 2 * capability)].copy()
    corrected = np.empty((blocks.shape[0], interleave), np.int16)
    _decode(blocks.reshape(-1), data.reshape(-1), tables, np.zeros(ROOM_BYTES, np.uint8), corrected)
    return data, corrected


def _interleave(what: str, blocks: npt.NDArray[np.uint8], width: int) -> int:
    if blocks.ndim != 2 or blocks.dtype != np.uint8 or blocks.shape[1] == 0 or blocks.shape[1] % width:
        raise ValueError(
            f"Reed-Solomon {what}: need uint8 (n, interleave * {width}), not {blocks.dtype} of shape {blocks.shape}"
        )
    return int(blocks.shape[1]) // width
