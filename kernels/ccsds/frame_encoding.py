"""From packets to CADUs, as a spacecraft does it: M_PDU stream, Reed-Solomon, randomiser, marker."""

import numpy as np
import numpy.typing as npt

from refsys.kernels.ccsds.frame_headers import MPDU_HEADER_BYTES, POINTER_NO_START
from refsys.kernels.ccsds.frame_sync import MARKER, MARKER_BYTES
from refsys.kernels.ccsds.packets import IDLE_APID, PRIMARY_HEADER_BYTES
from refsys.kernels.ccsds.randomizer import randomise
from refsys.kernels.ccsds.reed_solomon import encode

_LEAST_PACKET_BYTES = PRIMARY_HEADER_BYTES + 1
_IDLE_FILL = 0x55


def build_mpdus(
    packets: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64], zone_bytes: int
) -> npt.NDArray[np.uint8]:
    """Lay packets end to end into packet zones; one idle packet (APID 2047) fills the last zone.

    Parameters
    ----------
    packets
        The packets, one behind the other, uint8, shape (b,).
    lengths
        Bytes of each packet, int64, shape (n,), together b.
    zone_bytes
        Bytes of a packet zone, 7 to 2046: 1776 for interleave 8, 884 for interleave 4.

    Returns
    -------
    uint8, shape (m, 2 + zone_bytes). An idle packet shorter than 7 bytes cannot be; then it fills one more zone.

    Raises
    ------
    ValueError
        Lengths that do not add up, or a zone length that no pointer can address.
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    if not _LEAST_PACKET_BYTES <= zone_bytes < POINTER_NO_START:
        raise ValueError(f"M_PDU: zone_bytes {zone_bytes} must be {_LEAST_PACKET_BYTES} to {POINTER_NO_START - 1}")
    if lengths.sum() != packets.size or (lengths < _LEAST_PACKET_BYTES).any():
        raise ValueError(
            f"M_PDU: lengths (each at least {_LEAST_PACKET_BYTES}) add up to {lengths.sum()}, not to {packets.size}"
        )
    idle_bytes = -packets.size % zone_bytes
    if 0 < idle_bytes < _LEAST_PACKET_BYTES:
        idle_bytes += zone_bytes
    zones = np.concatenate([packets, _idle_packet(idle_bytes)]).reshape(-1, zone_bytes)
    begins = np.concatenate([[0], np.cumsum(lengths)])
    begins = begins[begins < packets.size + (idle_bytes > 0)]
    return _with_pointers(zones, begins)


def encode_cadus(vcdus: npt.NDArray[np.uint8], capability: int = 16) -> npt.NDArray[np.uint8]:
    """Reed-Solomon check symbols, randomiser and marker for every frame.

    Parameters
    ----------
    vcdus
        uint8, shape (n, interleave * (255 - 2 * capability)): 1784 bytes for interleave 8, 892 for 4.
    capability
        Symbols a codeword can correct, 16 or 8.

    Returns
    -------
    uint8, shape (n, 4 + interleave * 255): 2044 bytes for interleave 8, 1024 for 4.

    Raises
    ------
    ValueError
        Another width, type or capability.
    """
    codeblocks = randomise(encode(vcdus, capability))
    cadus = np.empty((codeblocks.shape[0], MARKER_BYTES + codeblocks.shape[1]), np.uint8)
    cadus[:, :MARKER_BYTES] = np.frombuffer(MARKER.to_bytes(MARKER_BYTES, "big"), np.uint8)
    cadus[:, MARKER_BYTES:] = codeblocks
    return cadus


def _idle_packet(length: int) -> npt.NDArray[np.uint8]:
    packet = np.full(length, _IDLE_FILL, np.uint8)
    if length:
        field = length - _LEAST_PACKET_BYTES
        packet[:PRIMARY_HEADER_BYTES] = [IDLE_APID >> 8, IDLE_APID & 0xFF, 0xC0, 0, field >> 8, field & 0xFF]
    return packet


def _with_pointers(zones: npt.NDArray[np.uint8], begins: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    zone_bytes = zones.shape[1]
    edges = np.arange(zones.shape[0], dtype=np.int64) * zone_bytes
    first = np.append(begins, np.iinfo(np.int64).max)[np.searchsorted(begins, edges)]
    pointers = np.where(first < edges + zone_bytes, first - edges, POINTER_NO_START)
    mpdus = np.empty((zones.shape[0], MPDU_HEADER_BYTES + zone_bytes), np.uint8)
    mpdus[:, 0] = pointers >> 8
    mpdus[:, 1] = pointers & 0xFF
    mpdus[:, MPDU_HEADER_BYTES:] = zones
    return mpdus
