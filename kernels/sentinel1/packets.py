"""Sentinel-1 SAR space packets: where they lie in a buffer, and their headers (S1-IF-ASD-PL-0007, section 3)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.jit import jit

PRIMARY_BYTES = 6
HEADER_BYTES = 68
"""Primary (6) and secondary header (62) together."""
SYNC_MARKER = 0x352EF853
BAQ_MODES = (0, 3, 4, 5, 12, 13, 14)
"""Bypass, BAQ with 3, 4 and 5 bits, FDBAQ modes 0 to 2 (section 3.2.5.2)."""
BAQ_BLOCK_CODE = 31
"""The only block length the instrument uses: 8 * (31 + 1) = 256 samples, 128 of each channel (section 3.2.5.3)."""

FLAG_SYNC = 1
FLAG_VERSION = 2
FLAG_LENGTH = 4
FLAG_BAQ_MODE = 8
FLAG_BLOCK_LENGTH = 16
FLAG_INSTRUMENT_ERROR = 32


_U = np.uint64
_WALK = 4096  # packets found at a time: room follows what is there

_Places = tuple[NDArray[np.uint64], ...]
_Columns = tuple[NDArray[np.uint8], NDArray[np.uint16], NDArray[np.uint32]]


class Field(NamedTuple):
    """One header field: its column name, first bit from the packet's start (most significant first), and width."""

    name: str
    first_bit: int
    bits: int


FIELDS = (
    Field("packet_version", 0, 3),
    Field("packet_type", 3, 1),
    Field("secondary_header_flag", 4, 1),
    Field("process_id", 5, 7),
    Field("packet_category", 12, 4),
    Field("sequence_flags", 16, 2),
    Field("sequence_count", 18, 14),
    Field("data_length", 32, 16),
    Field("coarse_time", 48, 32),
    Field("fine_time", 80, 16),
    Field("sync_marker", 96, 32),
    Field("data_take_id", 128, 32),
    Field("ecc_number", 160, 8),
    Field("test_mode", 169, 3),
    Field("rx_channel_id", 172, 4),
    Field("instrument_configuration_id", 176, 32),
    Field("subcom_index", 208, 8),
    Field("subcom_word", 216, 16),
    Field("space_packet_count", 232, 32),
    Field("pri_count", 264, 32),
    Field("error_flag", 296, 1),
    Field("baq_mode", 299, 5),
    Field("baq_block_length", 304, 8),
    Field("range_decimation", 320, 8),
    Field("rx_gain", 328, 8),
    Field("tx_ramp_rate", 336, 16),
    Field("tx_start_frequency", 352, 16),
    Field("tx_pulse_length", 368, 24),
    Field("rank", 395, 5),
    Field("pri", 400, 24),
    Field("swst", 424, 24),
    Field("swl", 448, 24),
    Field("sas_ssb_flag", 472, 1),
    Field("sas_polarisation", 473, 3),
    Field("sas_temperature_compensation", 476, 2),
    Field("sas_dynamic_data", 480, 4),
    Field("sas_beam_address", 486, 10),
    Field("ses_cal_mode", 496, 2),
    Field("ses_tx_pulse_number", 499, 5),
    Field("ses_signal_type", 504, 4),
    Field("ses_swap_flag", 511, 1),
    Field("ses_swath_number", 512, 8),
    Field("quads", 520, 16),
)
"""Every field of both headers, codes as sent. `sas_dynamic_data` is the elevation beam address in imaging; in
calibration (`sas_ssb_flag` set) its first bit is the SAS test flag and the other three the calibration type."""


Headers = dict[str, NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.uint32]]
"""Columns (packets,) by the names in `FIELDS`."""


class PacketIndex(NamedTuple):
    """Packets found in a buffer.

    Attributes
    ----------
    offsets, lengths
        int64 (n,), bytes: start and whole length (primary header included) of each packet.
    unread_bytes
        Bytes after the last whole packet: 0 unless the buffer is cut or is no chain of packets.
    """

    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    unread_bytes: int


def find_packets(buffer: NDArray[np.uint8]) -> PacketIndex:
    """Walk packets laid end to end by their length fields (CCSDS 133.0-B, packet data length = octets - 1).

    Parameters
    ----------
    buffer
        uint8 (bytes,), starting at a packet.

    Raises
    ------
    ValueError
        If `buffer` is not a one-dimensional uint8 array.
    """
    data = packet_bytes(buffer)
    parts: list[NDArray[np.int64]] = []
    end, found = np.int64(0), _WALK
    while found == _WALK:
        offsets = np.empty(_WALK, dtype=np.int64)
        found, end = _walk(data, end, offsets)
        parts.append(offsets[:found])
    starts = np.concatenate(parts)
    lengths = np.diff(starts, append=end)
    return PacketIndex(starts, lengths, int(data.size - end))


def decode_headers(buffer: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Headers:
    """Decode every field of `FIELDS` of many packets into columns.

    Parameters
    ----------
    buffer
        uint8 (bytes,).
    offsets
        int64 (n,), start of each packet in `buffer`.

    Returns
    -------
    dict
        Column name to (n,) codes in the smallest unsigned dtype that holds the field (8, 16 or 32 bits).

    Raises
    ------
    ValueError
        If a header would reach outside the buffer, or the arrays are not one-dimensional, `buffer` of uint8.
    """
    data = packet_bytes(buffer)
    starts = np.asarray(offsets, dtype=np.int64)
    if starts.ndim != 1:
        raise ValueError(f"offsets of packets come as a one-dimensional array, not {starts.shape}")
    outside = (starts < 0) | (starts > data.size - HEADER_BYTES)
    if np.any(outside):
        first = int(starts[np.argmax(outside)])
        raise ValueError(
            f"a header of {HEADER_BYTES} bytes at offset {first} reaches outside the {data.size} bytes given"
        )
    rows = [
        np.empty((places.shape[0], starts.size), dtype=dtype) for dtype, places in zip(_DTYPES, _PLACES, strict=True)
    ]
    _read_columns(data, starts, _PLACES, (rows[0], rows[1], rows[2]))
    columns = {
        name: column for names, own in zip(_NAMES, rows, strict=True) for name, column in zip(names, own, strict=True)
    }
    return {field.name: columns[field.name] for field in FIELDS}


def header_flags(headers: Headers, lengths: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Tell for each packet what is wrong with its header, as a sum of the `FLAG_` values; 0 is a sound header.

    Parameters
    ----------
    headers
        Columns of `decode_headers`, each (n,).
    lengths
        int64 (n,), bytes each packet really has.
    """
    version = (headers["packet_version"] != 0) | (headers["packet_type"] != 0) | (headers["secondary_header_flag"] != 1)
    faults = (
        (FLAG_SYNC, headers["sync_marker"] != SYNC_MARKER),
        (FLAG_VERSION, version),
        (FLAG_LENGTH, headers["data_length"].astype(np.int64) + PRIMARY_BYTES + 1 != np.asarray(lengths)),
        (FLAG_BAQ_MODE, ~np.isin(headers["baq_mode"], BAQ_MODES)),
        (FLAG_BLOCK_LENGTH, headers["baq_block_length"] != BAQ_BLOCK_CODE),
        (FLAG_INSTRUMENT_ERROR, headers["error_flag"] != 0),
    )
    flags = np.zeros(headers["sync_marker"].shape, dtype=np.uint8)
    for value, wrong in faults:
        flags |= np.where(wrong, np.uint8(value), np.uint8(0))
    return flags


def packet_bytes(buffer: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a contiguous read-only view, one type for the compiled loops whatever the buffer was made of.

    Raises
    ------
    ValueError
        If `buffer` is not a one-dimensional uint8 array.
    """
    if buffer.dtype != np.uint8 or buffer.ndim != 1:
        raise ValueError(f"packets come as a one-dimensional uint8 array, not {buffer.dtype} {buffer.shape}")
    view = np.ascontiguousarray(buffer).view()
    view.flags.writeable = False
    return view


def _place(field: Field) -> tuple[int, int, int]:
    """Return a byte from which eight hold the field and lie in the header, its distance from their end, its bits."""
    byte = min(field.first_bit // 8, HEADER_BYTES - 8)
    return byte, 8 * byte + 64 - field.first_bit - field.bits, (1 << field.bits) - 1


_DTYPES = (np.uint8, np.uint16, np.uint32)
_OWN = tuple([field for field in FIELDS if low < field.bits <= high] for low, high in ((0, 8), (8, 16), (16, 32)))
_NAMES = tuple([field.name for field in own] for own in _OWN)
_PLACES = tuple(np.array([_place(field) for field in own], dtype=np.uint64) for own in _OWN)
"""For the fields of each width: `_place`, uint64 (fields, 3)."""


def _word_body(data: NDArray[np.uint8], at: np.uint64) -> np.uint64:
    """Return eight bytes as one number; compiled, this is one read."""
    word = _U(0)
    for byte in range(8):
        word = (word << _U(8)) | _U(data[at + _U(byte)])
    return word


_word = jit(_word_body)


def _read_columns_body(data: NDArray[np.uint8], starts: NDArray[np.int64], places: _Places, columns: _Columns) -> None:
    for packet in range(starts.size):
        at = _U(starts[packet])
        for k in range(places[0].shape[0]):
            columns[0][k, packet] = (_word(data, at + places[0][k, 0]) >> places[0][k, 1]) & places[0][k, 2]
        for k in range(places[1].shape[0]):
            columns[1][k, packet] = (_word(data, at + places[1][k, 0]) >> places[1][k, 1]) & places[1][k, 2]
        for k in range(places[2].shape[0]):
            columns[2][k, packet] = (_word(data, at + places[2][k, 0]) >> places[2][k, 1]) & places[2][k, 2]


_read_columns = jit(_read_columns_body)


def _walk_body(data: NDArray[np.uint8], at: np.int64, offsets: NDArray[np.int64]) -> tuple[int, np.int64]:
    """Fill `offsets` from byte `at` on; returns how many packets there were, and where the last ends."""
    count = 0
    while count < offsets.size and at + PRIMARY_BYTES <= data.size:
        length = PRIMARY_BYTES + 1 + ((np.int64(data[at + 4]) << 8) | np.int64(data[at + 5]))
        if at + length > data.size:
            break
        offsets[count] = at
        count += 1
        at += length
    return count, at


_walk = jit(_walk_body)
