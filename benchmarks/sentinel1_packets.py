"""Sentinel-1 packets on one core. `fdbaq` decodes 200 echoes of 21 558 samples to complex64, every block of one of the
five rate codes by chance, other packets in each repetition; the further rows are its other codings. `packet_headers`
finds 5000 packets of 4 kB and decodes all fields of their headers into columns, from the bytes alone. The peer is the
Rust core of the PyPI package sentinel1decoder with one Rayon thread, called without its file reading and data frames.
Before anything is timed both decode every coding and rate code, with the tables of a real AUX_INS (which the peer has
built in), and must agree to 2e-6 of the largest value. Ours checks every packet (bounds, modes, rate codes, length).
"""

import os
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Absent, Peer, Row, compare
from refsys.chains.sentinel1.aux_ins import read_aux_ins
from refsys.chains.sentinel1.isp_encoder import UserData, encode_packets, encode_user_data
from refsys.chains.sentinel1.simulated_tables import simulated_tables
from refsys.kernels.sentinel1.baq import decode_samples
from refsys.kernels.sentinel1.baq_tables import BaqTables, compile_tables
from refsys.kernels.sentinel1.packets import FIELDS, Headers, decode_headers, find_packets

try:
    from sentinel1decoder import _sentinel1decoder as rust  # type: ignore[import-not-found]

    HAS_PEER = True
except ImportError:
    HAS_PEER = False

PACKETS, SAMPLES, SIGMA = 200, 21_558, 30.0
BLOCKS = -(-SAMPLES // 256)
HEADER_PACKETS, HEADER_DATA_BYTES = 5000, 4096
FDBAQ = 12
MODES = {"fdbaq": FDBAQ, "baq3": 3, "baq4": 4, "baq5": 5, "bypass": 0}
TOLERANCE = 2e-6
NAME = "sentinel1decoder (Rust), one thread"
INSTALL = "make bench; AUX_INS: set REFSYS_SHARED"


class Case(NamedTuple):
    """Packets as they lie in a file, where they are and what their headers say, and their user data for the peer."""

    mode: int
    buffer: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    headers: Headers
    user_data: list[bytes]


def real_tables() -> BaqTables | None:
    """Tables of the AUX_INS among the shared data, if they are there."""
    root = Path(os.environ.get("REFSYS_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    files = sorted(root.glob("data/real/aux_s1/safe/S1B_AUX_INS*/data/s1b-aux-ins.xml"))
    return read_aux_ins(files[0]).baq if files else None


def case(number: int, mode: int, tables: BaqTables, packets: int = PACKETS) -> Case:
    rng = np.random.default_rng([number, mode])
    parts = rng.standard_normal((packets, 2 * SAMPLES), dtype=np.float32) * np.float32(SIGMA)
    rates = rng.integers(0, 5, (packets, BLOCKS), dtype=np.uint8) if mode == FDBAQ else None
    user = encode_user_data(parts.view(np.complex64), mode, rates, tables)
    buffer = np.frombuffer(encode_packets({"baq_mode": mode, "quads": SAMPLES // 2}, user), np.uint8)
    index = find_packets(buffer)
    data = [user.buffer[user.offsets[k] : user.offsets[k + 1]].tobytes() for k in range(packets)]
    return Case(mode, buffer, index.offsets, index.lengths, decode_headers(buffer, index.offsets), data)


def peer_samples(given: Case) -> NDArray[np.complex64]:
    quads = SAMPLES // 2
    if given.mode == FDBAQ:
        return np.asarray(rust.decode_batched_fdbaq_packets(given.user_data, quads))
    if given.mode == 0:
        return np.asarray(rust.decode_batched_bypass_packets(given.user_data, quads))
    return np.asarray(rust.decode_batched_baq_packets(given.user_data, quads, given.mode))


def header_case(number: int) -> bytes:
    rng = np.random.default_rng(number)
    codes = {f.name: rng.integers(0, 1 << f.bits, HEADER_PACKETS) for f in FIELDS if f.name != "data_length"}
    fixed = ("packet_version", "packet_type", "secondary_header_flag", "sync_marker", "baq_mode", "range_decimation")
    chosen = {name: column for name, column in codes.items() if name not in fixed}
    data = rng.integers(0, 256, HEADER_PACKETS * HEADER_DATA_BYTES, dtype=np.uint8)
    user = UserData(data, np.arange(HEADER_PACKETS + 1) * HEADER_DATA_BYTES)
    return encode_packets({**chosen, "baq_mode": FDBAQ, "range_decimation": 4}, user)


def our_headers(data: bytes) -> None:
    buffer = np.frombuffer(data, np.uint8)
    index = find_packets(buffer)
    if index.unread_bytes or decode_headers(buffer, index.offsets)["quads"].size != HEADER_PACKETS:
        raise SystemExit("packet_headers: packets were lost")


def check(tables: BaqTables) -> None:
    """Compare both decoders on every coding and rate code."""
    lookup = compile_tables(tables)
    for name, mode in MODES.items():
        given = case(99, mode, tables, packets=8)
        mine = decode_samples(given.buffer, given.offsets, given.lengths, given.headers, lookup)
        other = peer_samples(given).reshape(-1)
        if np.abs(mine.iq - other).max() > TOLERANCE * np.abs(other).max():
            raise SystemExit(f"{name}: the decoders differ")


def measure() -> list[Row]:
    found = real_tables()
    tables = found or simulated_tables()
    lookup = compile_tables(tables)
    if HAS_PEER and found:
        check(tables)

    def ours(given: Case) -> None:
        samples = decode_samples(given.buffer, given.offsets, given.lengths, given.headers, lookup)
        if samples.status.any():
            raise SystemExit("fdbaq: a packet was not decoded")

    decoder = Peer(NAME, peer_samples) if HAS_PEER and found else Absent(NAME, INSTALL)
    size = PACKETS * SAMPLES / 1e6
    rows = []
    for name, mode in MODES.items():
        prepare = partial(case, mode=mode, tables=tables)
        goal = ">= 6" if mode == FDBAQ else ""
        rows.append(compare(name, size, "Msamples/s", ours, decoder, prepare=prepare, goal=goal))
    return [*rows, header_row()]


def header_row() -> Row:
    peer: Peer[bytes] | Absent = Absent(NAME, INSTALL)
    if HAS_PEER:
        peer = Peer(NAME, rust.decode_packet_headers)
    size = HEADER_PACKETS / 1e6
    return compare("packet_headers", size, "Mpackets/s", our_headers, peer, prepare=header_case, goal=">= 1.5")
