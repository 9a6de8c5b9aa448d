"""CRC-16-CCITT, the packet error control of CCSDS telemetry (CCSDS 132.0-B, 4.1.6; ECSS-E-ST-70-41C, annex B).

Eight bytes at a time, by a table for each place in the eight (Kounavis and Berry, IEEE Trans. Computers 57, 2008).
"""

import numpy as np
import numpy.typing as npt

from refsys.kernels.jit import jit

POLYNOMIAL = 0x1021  # x^16 + x^12 + x^5 + 1
INITIAL = 0xFFFF


def _tables() -> npt.NDArray[np.uint16]:
    # Entry 256 * k + x: what a byte x does to the register after seven minus k further bytes.
    register = np.arange(256, dtype=np.int64) << 8
    for _ in range(8):
        register = ((register << 1) ^ np.where(register & 0x8000, POLYNOMIAL, 0)) & 0xFFFF
    tables = [register]
    for _ in range(7):
        before = tables[0]
        tables.insert(0, ((before << 8) & 0xFF00) ^ register[before >> 8])
    return np.concatenate(tables).astype(np.uint16)


_TABLES = _tables()


def _crc16_body(
    buffer: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    table: npt.NDArray[np.uint16],
    out: npt.NDArray[np.uint16],
) -> None:
    # Eight bytes at a time; the register meets the first two of them. Unsigned places spare a test at each index.
    for i in range(offsets.size):
        register = np.uint64(0xFFFF)
        at, end = np.uint64(offsets[i]), np.uint64(offsets[i] + lengths[i])
        while at + np.uint64(8) <= end:
            high = np.uint64(buffer[at]) ^ (register >> np.uint64(8))
            low = np.uint64(buffer[at + np.uint64(1)]) ^ (register & np.uint64(0xFF))
            register = np.uint64(table[high] ^ table[np.uint64(256) + low])
            for k in range(np.uint64(2), np.uint64(8)):
                register ^= np.uint64(table[np.uint64(256) * k + np.uint64(buffer[at + k])])
            at += np.uint64(8)
        while at < end:
            x = np.uint64(buffer[at]) ^ (register >> np.uint64(8))
            register = ((register << np.uint64(8)) & np.uint64(0xFF00)) ^ np.uint64(table[np.uint64(1792) + x])
            at += np.uint64(1)
        out[i] = register


_crc16 = jit(_crc16_body)


def crc16_of_packets(
    buffer: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]
) -> npt.NDArray[np.uint16]:
    """CRC-16-CCITT (initial 0xFFFF, polynomial 0x1021, no reflection) of many pieces of one buffer.

    Parameters
    ----------
    buffer
        Bytes, uint8, shape (b,).
    offsets, lengths
        Where each piece begins and how long it is, in bytes, int64, shape (n,).

    Returns
    -------
    uint16, shape (n,). Zero for a piece that ends with its own CRC.

    Raises
    ------
    ValueError
        A piece that does not lie in the buffer, or arrays of other shapes.
    """
    offsets = np.ascontiguousarray(offsets, dtype=np.int64)
    lengths = np.ascontiguousarray(lengths, dtype=np.int64)
    if buffer.ndim != 1 or buffer.dtype != np.uint8:
        raise ValueError(f"crc16: buffer must be uint8 of one dimension, not {buffer.dtype} of shape {buffer.shape}")
    if offsets.ndim != 1 or offsets.shape != lengths.shape:
        raise ValueError(
            f"crc16: offsets {offsets.shape} and lengths {lengths.shape} must be equal and one-dimensional"
        )
    outside = (offsets < 0) | (lengths < 0) | (offsets > buffer.size - lengths)
    if outside.any():
        i = int(np.argmax(outside))
        raise ValueError(
            f"crc16: piece {i} ({lengths[i]} bytes at {offsets[i]}) is not inside the buffer of {buffer.size} bytes"
        )
    out = np.empty(offsets.size, np.uint16)
    _crc16(np.ascontiguousarray(buffer), offsets, lengths, _TABLES, out)
    return out


def crc16(data: npt.NDArray[np.uint8]) -> int:
    """CRC-16-CCITT of one array of bytes (uint8, shape (n,)).

    Examples
    --------
    >>> hex(crc16(np.frombuffer(b"123456789", np.uint8)))
    '0x29b1'
    """
    return int(crc16_of_packets(data, np.zeros(1, np.int64), np.array([data.size], np.int64))[0])


def crc16_ok(
    buffer: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Whether each piece of a buffer ends with its own CRC-16-CCITT; arguments and errors as `crc16_of_packets`.

    Returns
    -------
    bool, shape (n,). False for a piece shorter than the two bytes of a CRC.
    """
    residues = crc16_of_packets(buffer, offsets, lengths)
    return np.asarray((residues == 0) & (np.asarray(lengths) > 1), dtype=np.bool_)
