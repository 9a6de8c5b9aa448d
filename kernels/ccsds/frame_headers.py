"""Headers of AOS transfer frames and of the M_PDU inside (CCSDS 732.0-B, 4.1.2 and 4.1.4.2), as columns.

A VCDU is the frame after Reed-Solomon decoding: 6 bytes of header, then the M_PDU, 2 bytes of header and the packet
zone. No insert zone, no header error control, no operational control field.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

VCDU_HEADER_BYTES = 6
MPDU_HEADER_BYTES = 2
VERSION = 1  # the two bits 01 of an AOS frame
COUNTER_MODULUS = 1 << 24
IDLE_VIRTUAL_CHANNEL = 63
POINTER_IDLE = 2046  # the zone holds idle data only
POINTER_NO_START = 2047  # no packet begins in the zone


class VcduHeaders(NamedTuple):
    """Columns of shape (n,): version, spacecraft, virtual channel uint8, counter int64 (24 bits), replay bool."""

    version: npt.NDArray[np.uint8]
    spacecraft_id: npt.NDArray[np.uint8]
    virtual_channel_id: npt.NDArray[np.uint8]
    counter: npt.NDArray[np.int64]
    replay: npt.NDArray[np.bool_]


def parse_vcdu_headers(vcdus: npt.NDArray[np.uint8]) -> VcduHeaders:
    """Read the primary headers of frames.

    Parameters
    ----------
    vcdus
        uint8, shape (n, length), length at least 6.

    Raises
    ------
    ValueError
        Another shape or type.
    """
    _check("VCDU header", vcdus, VCDU_HEADER_BYTES)
    head = vcdus[:, :VCDU_HEADER_BYTES].astype(np.int64)
    return VcduHeaders(
        version=(head[:, 0] >> 6).astype(np.uint8),
        spacecraft_id=((head[:, 0] << 2 | head[:, 1] >> 6) & 0xFF).astype(np.uint8),
        virtual_channel_id=(head[:, 1] & 0x3F).astype(np.uint8),
        counter=head[:, 2] << 16 | head[:, 3] << 8 | head[:, 4],
        replay=(head[:, 5] & 0x80) != 0,
    )


def first_header_pointers(mpdus: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Where in each packet zone the first packet begins; 2047: nowhere, 2046: idle data only.

    Parameters
    ----------
    mpdus
        uint8, shape (n, 2 + zone).

    Returns
    -------
    int64, shape (n,), bytes from the start of the zone.

    Raises
    ------
    ValueError
        Another shape or type.
    """
    _check("M_PDU header", mpdus, MPDU_HEADER_BYTES)
    return (mpdus[:, 0].astype(np.int64) & 0x07) << 8 | mpdus[:, 1]


def build_vcdus(
    mpdus: npt.NDArray[np.uint8], *, spacecraft_id: int, virtual_channel_id: int, first_counter: int = 0
) -> npt.NDArray[np.uint8]:
    """Put a primary header before each M_PDU, counting from `first_counter` modulo 2^24.

    Parameters
    ----------
    mpdus
        uint8, shape (n, 2 + zone).
    spacecraft_id, virtual_channel_id, first_counter
        8, 6 and 24 bits.

    Returns
    -------
    uint8, shape (n, 6 + 2 + zone).

    Raises
    ------
    ValueError
        A number that does not fit its field, or another shape or type.
    """
    _check("VCDU", mpdus, MPDU_HEADER_BYTES)
    fields = (("spacecraft_id", spacecraft_id, 8), ("virtual_channel_id", virtual_channel_id, 6))
    for name, value, bits in (*fields, ("first_counter", first_counter, 24)):
        if not 0 <= value < 1 << bits:
            raise ValueError(f"VCDU: {name} {value} does not fit {bits} bits")
    counters = (np.arange(mpdus.shape[0], dtype=np.int64) + first_counter) % COUNTER_MODULUS
    vcdus = np.empty((mpdus.shape[0], VCDU_HEADER_BYTES + mpdus.shape[1]), np.uint8)
    vcdus[:, 0] = VERSION << 6 | spacecraft_id >> 2
    vcdus[:, 1] = (spacecraft_id & 0x03) << 6 | virtual_channel_id
    for i, shift in enumerate((16, 8, 0)):
        vcdus[:, 2 + i] = (counters >> shift) & 0xFF
    vcdus[:, 5] = 0
    vcdus[:, VCDU_HEADER_BYTES:] = mpdus
    return vcdus


def _check(what: str, frames: npt.NDArray[np.uint8], least: int) -> None:
    if frames.ndim != 2 or frames.dtype != np.uint8 or frames.shape[1] < least:
        raise ValueError(f"{what}: need uint8 (n, at least {least}), not {frames.dtype} of shape {frames.shape}")
