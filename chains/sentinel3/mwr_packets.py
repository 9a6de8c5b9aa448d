"""Source packets of the Sentinel-3 microwave radiometer: their form, and simulated ones of that form.

The form is that of one orbit of real packets (Sentinel-3A, 2022-11-01): 58 bytes, APID 1323, CCSDS 133.0-B primary
header, PUS secondary header, CUC time (4 + 3 bytes, GPS epoch) at byte 10, CRC-16-CCITT of the whole packet at its end.
What the measurements mean is not needed for Level 0; simulated ones are slow random walks of about the real size.
"""

import binascii
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

PACKET_BYTES = 58
APID = 1323
TIME_AT_BYTE = 10
MEDIAN_STEP_S = 0.15288
GPS_EPOCH = datetime(1980, 1, 6, tzinfo=UTC)
GPS_MINUS_UTC_S = 18  # since 2017-01-01; simulated packets are not older

_SECONDARY_HEADER = (16, 201, 21, 0)  # PUS version, service, subservice, destination of the real packets
_CHANNELS = 19  # 16-bit words between time and CRC
_ORBIT_START = datetime(2022, 11, 1, 9, 24, 39, tzinfo=UTC)


def simulate_mwr_packets(
    count: int, seed: int, start: datetime = _ORBIT_START, first_sequence_count: int | None = None
) -> npt.NDArray[np.uint8]:
    """Make packets of the real form for a run without real data.

    Parameters
    ----------
    count
        How many packets.
    seed
        Same seed, same packets.
    start
        Time of the first packet, aware, 2017 or later.
    first_sequence_count
        0 to 16383; drawn from the seed if None.

    Returns
    -------
    uint8, shape (count, 58): the packets in order of time, 0.15288 s apart, sequence counts without a gap.

    Raises
    ------
    ValueError
        A negative count, or a start before 2017.

    Examples
    --------
    >>> packets = simulate_mwr_packets(2, seed=1, first_sequence_count=16383)
    >>> packets[:, :6].tobytes().hex(" ", 6)
    '0d2bffff0033 0d2bc0000033'
    """
    if count < 0 or start < datetime(2017, 1, 1, tzinfo=UTC):
        raise ValueError(f"simulated packets: count {count} must not be negative and start {start} not before 2017")
    rng = np.random.default_rng(seed)
    drawn = int(rng.integers(1 << 14))
    first = drawn if first_sequence_count is None else first_sequence_count
    packets = np.zeros((count, PACKET_BYTES), np.uint8)
    packets[:, 0:2] = np.frombuffer((1 << 11 | APID).to_bytes(2, "big"), np.uint8)
    packets[:, 2:4] = _big_endian(3 << 14 | (first + np.arange(count)) % (1 << 14), 2)
    packets[:, 4:6] = _big_endian(np.full(count, PACKET_BYTES - 7), 2)
    packets[:, 6:10] = _SECONDARY_HEADER
    packets[:, 10:17] = _big_endian(_cuc_ticks(count, start), 7)
    packets[:, 17] = 1
    packets[:, 18:56] = _measurements(count, rng)
    for packet in packets:
        packet[56:58] = np.frombuffer(binascii.crc_hqx(packet[:56].tobytes(), 0xFFFF).to_bytes(2, "big"), np.uint8)
    return packets


def _big_endian(values: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray(values, dtype=">i8").view(np.uint8).reshape(-1, 8)[:, 8 - width :]


def _cuc_ticks(count: int, start: datetime) -> npt.NDArray[np.int64]:
    # 2^-24 s since the GPS epoch; the microseconds of `start` are kept to within one tick (60 ns).
    since_epoch_us = (start - GPS_EPOCH) // timedelta(microseconds=1) + GPS_MINUS_UTC_S * 1_000_000
    first = -(-(since_epoch_us << 24) // 1_000_000)
    steps: npt.NDArray[np.int64] = np.rint(np.arange(count) * MEDIAN_STEP_S * (1 << 24)).astype(np.int64)
    return steps + int(first)


def _measurements(count: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    levels = rng.integers(0x2000, 0x4000, _CHANNELS)
    walks = np.clip(levels + np.cumsum(rng.integers(-3, 4, (count, _CHANNELS)), axis=0), 0, 0xFFFF)
    return walks.astype(">u2").view(np.uint8).reshape(count, 2 * _CHANNELS)
