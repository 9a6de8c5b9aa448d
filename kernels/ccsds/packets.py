"""Space packets: primary header as columns (CCSDS 133.0-B, 4.1.3), sequence counts made to run on, what is missing."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

PRIMARY_HEADER_BYTES = 6
IDLE_APID = 2047
SEQUENCE_MODULUS = 1 << 14


class PacketHeaders(NamedTuple):
    """Columns of shape (n,): uint8 or uint16, flags bool; `length` int64 is the whole packet's, in bytes."""

    version: npt.NDArray[np.uint8]
    telecommand: npt.NDArray[np.bool_]
    secondary_header: npt.NDArray[np.bool_]
    apid: npt.NDArray[np.uint16]
    sequence_flags: npt.NDArray[np.uint8]
    sequence_count: npt.NDArray[np.uint16]
    length: npt.NDArray[np.int64]


class SequenceGaps(NamedTuple):
    """Losses, columns of shape (g,) int64: index of the packet before, first missing unwrapped count, how many."""

    before: npt.NDArray[np.int64]
    first_missing: npt.NDArray[np.int64]
    missing: npt.NDArray[np.int64]


def parse_packet_headers(buffer: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> PacketHeaders:
    """Read the primary headers of packets in one buffer.

    Parameters
    ----------
    buffer
        uint8, shape (b,).
    offsets
        Where each packet begins, int64, shape (n,).

    Raises
    ------
    ValueError
        Other arrays, or a header that does not lie in the buffer. (A body that does not is the caller's to see, by
        `length`.)
    """
    _check_bytes(buffer)
    offsets = np.asarray(offsets, dtype=np.int64)
    if offsets.ndim != 1:
        raise ValueError(f"packet headers: offsets must be of one dimension, not {offsets.shape}")
    if offsets.size and (offsets.min() < 0 or offsets.max() > buffer.size - PRIMARY_HEADER_BYTES):
        raise ValueError(f"packet headers: an offset is outside the buffer of {buffer.size} bytes")
    word = [buffer[offsets + 2 * i].astype(np.uint16) << 8 | buffer[offsets + 2 * i + 1] for i in range(3)]
    return PacketHeaders(
        version=(word[0] >> 13).astype(np.uint8),
        telecommand=(word[0] & 0x1000) != 0,
        secondary_header=(word[0] & 0x0800) != 0,
        apid=(word[0] & 0x07FF).astype(np.uint16),
        sequence_flags=(word[1] >> 14).astype(np.uint8),
        sequence_count=(word[1] & 0x3FFF).astype(np.uint16),
        length=word[2].astype(np.int64) + PRIMARY_HEADER_BYTES + 1,
    )


def split_packets(buffer: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Offsets and lengths of packets that lie end to end, int64, shape (n,) both.

    Raises
    ------
    ValueError
        Not uint8 of one dimension, or the last packet is cut short.

    Examples
    --------
    >>> split_packets(np.frombuffer(bytes.fromhex("0801c000000155550802c000000000"), np.uint8))
    (array([0, 8]), array([8, 7]))
    """
    _check_bytes(buffer)
    offsets, at, raw = [], 0, buffer.tobytes()
    while at < len(raw):
        offsets.append(at)
        if len(raw) - at < PRIMARY_HEADER_BYTES:
            raise ValueError(f"packets: the header at {at} is cut short by the end at {len(raw)}")
        at += int.from_bytes(raw[at + 4 : at + 6], "big") + PRIMARY_HEADER_BYTES + 1
    if at != len(raw):
        raise ValueError(f"packets: the packet at {offsets[-1]} ends at {at}, the bytes at {len(raw)}")
    begins = np.array(offsets, np.int64)
    return begins, np.diff(begins, append=len(raw))


def unwrap_sequence(
    counts: npt.NDArray[np.integer], expected: npt.NDArray[np.float64] | None = None
) -> npt.NDArray[np.int64]:
    """Sequence counts of 14 bits of one APID, in time order, made to run on.

    Parameters
    ----------
    counts
        Shape (n,), modulo 16384.
    expected
        float64, shape (n,): how far the count should have run by each packet (its time over the packet period), from
        any start. Each step is then the one nearest to the expected step, so that a loss of more than 16384 packets is
        seen as long as the expectation of that step is right within 8191. Without it a step is 0 to 16383: an equal
        count is a duplicate.

    Returns
    -------
    int64, shape (n,), beginning with the first count.

    Raises
    ------
    ValueError
        Shapes differ, or an expectation that is not finite.
    """
    values = np.asarray(counts, dtype=np.int64)
    if values.size == 0:
        return values.copy()
    steps = np.diff(values) % SEQUENCE_MODULUS
    if expected is not None:
        if expected.shape != values.shape or not np.isfinite(expected).all():
            raise ValueError(
                f"sequence counts {values.shape}: expected must be finite and as long, not {expected.shape}"
            )
        steps += SEQUENCE_MODULUS * np.rint((np.diff(expected) - steps) / SEQUENCE_MODULUS).astype(np.int64)
    return np.cumsum(np.concatenate([values[:1], steps]))


def sequence_gaps(unwrapped: npt.NDArray[np.int64]) -> SequenceGaps:
    """Losses in a run of unwrapped counts, which should rise by one.

    Parameters
    ----------
    unwrapped
        int64, shape (n,), as of `unwrap_sequence`. Steps of less than two are no loss.

    Examples
    --------
    >>> sequence_gaps(np.array([7, 8, 11])).missing
    array([2])
    """
    steps = np.diff(unwrapped)
    before = np.flatnonzero(steps > 1)
    return SequenceGaps(before, unwrapped[before] + 1, steps[before] - 1)


def _check_bytes(buffer: npt.NDArray[np.uint8]) -> None:
    if buffer.ndim != 1 or buffer.dtype != np.uint8:
        raise ValueError(f"packets: need uint8 (n,), not {buffer.dtype} of shape {buffer.shape}")
