"""Write Sentinel-1 packets (S1-IF-ASD-PL-0007, section 3): the inverse of `packets`."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from refsys.kernels.sentinel1.packets import FIELDS, HEADER_BYTES, Field


def encode_headers(fields: Mapping[str, ArrayLike], packets: int) -> NDArray[np.uint8]:
    """Return the headers of many packets.

    Parameters
    ----------
    fields
        Integer codes by the names of `FIELDS`, one for all packets or (packets,); those absent are 0.
    packets
        How many.

    Returns
    -------
    ndarray
        uint8 (packets, 68).

    Raises
    ------
    ValueError
        If a name is no field, a column has another length, or a code is no integer or does not fit its bits.
    """
    unknown = set(fields) - {field.name for field in FIELDS}
    if unknown:
        raise ValueError(f"no header field is called {', '.join(sorted(unknown))}")
    headers = np.zeros((packets, HEADER_BYTES), dtype=np.uint8)
    for field in FIELDS:
        if field.name in fields:
            _write_column(headers, field, _codes(fields[field.name], field, packets))
    return headers


def join_packets(
    headers: NDArray[np.uint8], buffer: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Return packets end to end, each its header and then its user data, uint8 (bytes,).

    Parameters
    ----------
    headers
        uint8 (packets, 68), from `encode_headers`.
    buffer, offsets
        User data: packet k has `buffer[offsets[k]:offsets[k + 1]]`; uint8 (bytes,) and int64 (packets + 1,).

    Raises
    ------
    ValueError
        If the arrays do not fit one another.
    """
    if headers.shape != (offsets.size - 1, HEADER_BYTES):
        raise ValueError(f"headers {headers.shape} are not {offsets.size - 1} of {HEADER_BYTES} bytes")
    if np.any(np.diff(offsets) < 0) or offsets[0] < 0 or offsets[-1] > buffer.size:
        raise ValueError(f"user data reach outside the {buffer.size} bytes given")
    out = np.empty(headers.size + int(offsets[-1] - offsets[0]), dtype=np.uint8)
    at = 0
    for header, begin, end in zip(headers, offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        out[at : at + HEADER_BYTES] = header
        at += HEADER_BYTES + end - begin
        out[at + begin - end : at] = buffer[begin:end]
    return out


def _codes(values: ArrayLike, field: Field, packets: int) -> NDArray[np.uint64]:
    codes = np.asarray(values)
    if codes.dtype.kind not in "iu" or codes.shape not in ((), (packets,)):
        raise ValueError(f"{field.name} is {codes.dtype} {codes.shape}, not an integer or {packets} of them")
    outside = (codes < 0) | (codes >= 1 << field.bits)
    if np.any(outside):
        first = codes if codes.shape == () else codes[np.argmax(outside)]
        raise ValueError(f"{field.name} is {first}, which does not fit {field.bits} bits")
    return np.broadcast_to(codes.astype(np.uint64), (packets,))


def _write_column(headers: NDArray[np.uint8], field: Field, codes: NDArray[np.uint64]) -> None:
    end_bit = field.first_bit + field.bits
    first, last = field.first_bit // 8, (end_bit - 1) // 8
    shifted = codes << np.uint64((last + 1) * 8 - end_bit)
    for byte in range(last, first - 1, -1):
        headers[:, byte] |= (shifted & np.uint64(0xFF)).astype(np.uint8)
        shifted = shifted >> np.uint64(8)
