"""The whole path from a byte stream of clean frames to packets, on one core: synchronisation, derandomising,
Reed-Solomon, demultiplexing, packet assembly and CRC, against the rate of a two-channel downlink (65 MB/s, stated).
Packets have 58 bytes, which makes many of them; every codeword and every CRC is checked. The check of clean codewords
takes about half of the time.
"""

import numpy as np
import numpy.typing as npt

from benchmarks.harness import Peer, Row, compare
from refsys.chains.sentinel3.mwr_packets import simulate_mwr_packets
from refsys.kernels.ccsds.crc import crc16_ok
from refsys.kernels.ccsds.frame_encoding import build_mpdus, encode_cadus
from refsys.kernels.ccsds.frame_headers import build_vcdus, parse_vcdu_headers
from refsys.kernels.ccsds.frame_sync import synchronise
from refsys.kernels.ccsds.packet_assembly import assemble_packets
from refsys.kernels.ccsds.randomizer import derandomise
from refsys.kernels.ccsds.reed_solomon import decode

ZONE_BYTES = 1776
PACKETS = 300_000


def stream_of(number: int) -> npt.NDArray[np.uint8]:
    """CADUs of simulated packets; every number gives other packets."""
    packets = simulate_mwr_packets(PACKETS, seed=number)
    lengths = np.full(PACKETS, packets.shape[1], dtype=np.int64)
    mpdus = build_mpdus(packets.reshape(-1), lengths, ZONE_BYTES)
    return encode_cadus(build_vcdus(mpdus, spacecraft_id=1, virtual_channel_id=5, first_counter=number)).reshape(-1)


def path(stream: npt.NDArray[np.uint8]) -> None:
    """From bytes to packets, and the check that none is lost or wrong."""
    data, corrected = decode(derandomise(synchronise(stream).cadus))
    headers = parse_vcdu_headers(data)
    found = assemble_packets(headers.counter, data[:, 6:], np.asarray((corrected >= 0).all(axis=1)))
    if not crc16_ok(found.data, found.offsets, found.lengths).all() or found.offsets.size != PACKETS:
        raise SystemExit("packets were lost")


def measure() -> list[Row]:
    peer: Peer[npt.NDArray[np.uint8]] = Peer("two-channel downlink (stated)", 65.0)
    amount = stream_of(0).size / 1e6
    return [compare("frames_to_packets", amount, "MB/s", path, peer, prepare=stream_of, goal=">= 3")]
