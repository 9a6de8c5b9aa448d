"""Write Sentinel-1 instrument packets: the inverse of the decoder, for simulated input.

Source: S1-IF-ASD-PL-0007, sections 3 (headers) and 4 (user data).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from refsys.kernels.sentinel1.baq_tables import BaqTables
from refsys.kernels.sentinel1.encoding import BYPASS, FDBAQ_MODES, UserData, encode_samples
from refsys.kernels.sentinel1.encoding_tables import compile_encoding
from refsys.kernels.sentinel1.header_encoding import encode_headers, join_packets
from refsys.kernels.sentinel1.packets import BAQ_BLOCK_CODE, HEADER_BYTES, PRIMARY_BYTES, SYNC_MARKER

__all__ = [
    "BYPASS",
    "FDBAQ_MODES",
    "Encoded",
    "SampleEncoder",
    "UserData",
    "encode_packet",
    "encode_packets",
    "encode_user_data",
]

_FIXED = {
    "secondary_header_flag": 1,
    "process_id": 65,
    "packet_category": 12,
    "sequence_flags": 3,
    "sync_marker": SYNC_MARKER,
    "baq_block_length": BAQ_BLOCK_CODE,
}
"""Fields that are the same in every packet of the instrument."""


class Encoded(NamedTuple):
    """User data of a packet, and what a decoder must make of them.

    Attributes
    ----------
    data
        As they follow the header.
    iq
        complex64 (samples,), the quantised samples.
    """

    data: bytes
    iq: NDArray[np.complex64]


def encode_user_data(
    iq: NDArray[np.complex64], baq_mode: int, rates: NDArray[np.uint8] | None, tables: BaqTables
) -> UserData:
    """Encode the samples of many packets of equal length; each block gets the threshold index nearest to its sigma.

    Parameters
    ----------
    iq
        complex64 (packets, 2 * quads), finite, in quantiser units; what is beyond the largest level is clipped.
    baq_mode
        0 (bypass), 3 to 5 (BAQ), 12 to 14 (FDBAQ).
    rates
        uint8 (packets, blocks), rate code of each block of 128 quads; for FDBAQ only.
    tables
        As published.

    Raises
    ------
    ValueError
        For arrays that do not fit, another mode, or malformed tables.
    """
    return encode_samples(iq, baq_mode, rates, compile_encoding(tables))


def encode_packets(fields: Mapping[str, ArrayLike], user_data: UserData) -> bytes:
    """Return whole packets end to end.

    Parameters
    ----------
    fields
        Codes by the names of `kernels.sentinel1.packets.FIELDS`, one for all packets or one for each; those absent
        are 0, the length field and those that never change are set here.
    user_data
        From `encode_user_data`: one packet each.

    Raises
    ------
    ValueError
        If a name is no field, a column has another length, or a code does not fit its bits; a packet that is too long
        has a `data_length` that does not.
    """
    sizes = np.diff(user_data.offsets)
    lengths = HEADER_BYTES + sizes - PRIMARY_BYTES - 1
    headers = encode_headers({**_FIXED, **fields, "data_length": lengths}, sizes.size)
    return join_packets(headers, user_data.buffer, user_data.offsets).tobytes()


def encode_packet(fields: Mapping[str, int], user_data: bytes) -> bytes:
    """Return one whole packet; see `encode_packets`."""
    buffer = np.frombuffer(user_data, dtype=np.uint8)
    return encode_packets(fields, UserData(buffer, np.array([0, buffer.size])))


class SampleEncoder:
    """Encodes samples, packet by packet, with the tables of an AUX_INS.

    Parameters
    ----------
    tables
        As published; malformed ones raise `ValueError`.
    """

    def __init__(self, tables: BaqTables) -> None:
        self.lookup = compile_encoding(tables)

    def encode(
        self, iq: NDArray[np.complex128] | NDArray[np.complex64], baq_mode: int, rates: NDArray[np.uint8] | None = None
    ) -> Encoded:
        """Encode the samples of one packet.

        Parameters
        ----------
        iq
            complex (2 * quads,), in quantiser units, taken in single precision.
        baq_mode, rates
            As `encode_user_data`; rates uint8 (blocks,).

        Raises
        ------
        ValueError
            As `encode_user_data`.
        """
        if iq.ndim != 1:
            raise ValueError(f"samples {iq.shape} are not those of one packet")
        samples = np.asarray(iq, dtype=np.complex64)[None]
        quantised = np.empty_like(samples)
        row = None if rates is None else rates[None]
        data = encode_samples(samples, baq_mode, row, self.lookup, quantised=quantised)
        return Encoded(data.buffer.tobytes(), quantised[0])
