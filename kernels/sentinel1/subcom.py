"""Sub-commutated ancillary data of Sentinel-1: 64 words spread over 64 packets (S1-IF-ASD-PL-0007, section 3.2.3)."""

import numpy as np
from numpy.typing import NDArray

WORDS_PER_CYCLE = 64

CYCLE_DTYPE = np.dtype(
    [
        ("position_m", ">f8", 3),
        ("velocity_m_s", ">f4", 3),
        ("pvt_time_stamp", ">u8"),
        ("quaternion", ">f4", 4),
        ("angular_rate_rad_s", ">f4", 3),
        ("attitude_time_stamp", ">u8"),
        ("aocs_mode", "u1"),
        ("pointing_error_bits", "u1"),
        ("temperature_update", ">u2"),
        ("tile_temperature", "u1", (14, 3)),
        ("tgu_temperature", ">u2"),
    ]
)
"""The 128 bytes of one cycle as they lie in it (tables 3.2-5 to 3.2-9). The quaternion has its scalar first;
`pointing_error_bits` holds roll, pitch and yaw in its last three bits; a tile has the codes of EFE H, EFE V and TA."""


def find_cycles(packet_count: NDArray[np.uint32], word_index: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return where complete cycles start: words 1 to 64 in 64 consecutive packets.

    The instrument restarts the cycle whenever the platform delivers new data, so incomplete ones are normal.

    Parameters
    ----------
    packet_count
        uint32 (n,), space packet count, in order.
    word_index
        uint8 (n,), 1 to 64; 0 marks a packet without a word.

    Raises
    ------
    ValueError
        If the two lengths differ.
    """
    if packet_count.shape != word_index.shape:
        raise ValueError(f"{packet_count.size} packet counts but {word_index.size} word indices")
    if word_index.size < WORDS_PER_CYCLE:
        return np.empty(0, dtype=np.int64)
    follows = (np.diff(packet_count.astype(np.int64)) == 1) & (np.diff(word_index.astype(np.int64)) == 1)
    starts = np.flatnonzero(word_index[: -(WORDS_PER_CYCLE - 1)] == 1)
    breaks = np.concatenate([[0], np.cumsum(~follows)])
    whole = breaks[starts + WORDS_PER_CYCLE - 1] == breaks[starts]
    return np.asarray(starts[whole], dtype=np.int64)


def decode_cycles(words: NDArray[np.uint16], starts: NDArray[np.int64]) -> NDArray[np.void]:
    """Return one record of `CYCLE_DTYPE` per complete cycle.

    Parameters
    ----------
    words
        uint16 (n,), the word of each packet.
    starts
        int64 (cycles,), from `find_cycles`.

    Returns
    -------
    ndarray
        (cycles,) records in the machine's byte order. Time stamps keep their 56 bits (32 of GPS seconds, 24 of
        fraction), the TGU temperature its 7 bits.

    Raises
    ------
    ValueError
        If a cycle would reach outside `words`.
    """
    if starts.size and (starts.min() < 0 or starts.max() > words.size - WORDS_PER_CYCLE):
        raise ValueError(f"a cycle of {WORDS_PER_CYCLE} words reaches outside the {words.size} words given")
    packed = words[starts[:, None] + np.arange(WORDS_PER_CYCLE)].astype(">u2")
    sent = np.ascontiguousarray(packed).view(CYCLE_DTYPE).reshape(starts.shape)
    cycles = sent.astype(CYCLE_DTYPE.newbyteorder("="))
    for name in ("pvt_time_stamp", "attitude_time_stamp"):
        cycles[name] &= np.uint64((1 << 56) - 1)
    cycles["tgu_temperature"] &= np.uint16(0x7F)
    cycles["pointing_error_bits"] &= np.uint8(0x07)
    return cycles


def distinct_cycles(cycles: NDArray[np.void]) -> NDArray[np.int64]:
    """Return where the position-velocity-time record changes: the platform repeats each for about a second."""
    stamps = cycles["pvt_time_stamp"]
    changed = np.concatenate([[True], stamps[1:] != stamps[:-1]]) if stamps.size else np.empty(0, dtype=bool)
    return np.asarray(np.flatnonzero(changed), dtype=np.int64)
