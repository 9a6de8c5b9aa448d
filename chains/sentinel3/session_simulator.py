"""A simulated reception session: packets wrapped into CADUs as a station would deliver them, with the faults asked for.

Form of the frames: CADU of 2,044 bytes = marker 4 + codeblock 8 x 255, Reed-Solomon (255,223) dual basis with
interleave 8, randomised without the marker; transfer frame 1,784 bytes = VCDU header 6 + M_PDU header 2 + packet zone
1,776, without insert zone and control field. Only the 2,044 is known of real Sentinel sessions; the rest is the
plainest reading of CCSDS 131.0-B and 732.0-B that fits it. Real chunks hold whole frames, and so do these unless bytes
slip.
"""

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from refsys.chains.sessions import Dsib, format_dsib
from refsys.kernels.ccsds.frame_encoding import build_mpdus, encode_cadus
from refsys.kernels.ccsds.frame_headers import COUNTER_MODULUS, POINTER_IDLE, build_vcdus
from refsys.model.names_sessions import SessionFileName
from refsys.model.values import UtcTime, Value, sha256_hex

Bytes = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]

CADU_BYTES = 2044
ZONE_BYTES = 1776
INTERLEAVE = 8
CODEWORD_BYTES = 255
MARKER_BYTES = 4
CHANNEL_BITS_PER_S = 280e6
"""Downlink rate of one channel: sets the simulated session's stop time, and nothing else."""

MWR_CHANNEL, OTHER_CHANNEL, IDLE_CHANNEL = 5, 9, 63
"""Virtual channels: the packets', one with other packets, and only-idle frames (CCSDS 732.0-B, 4.1.2.3.4)."""

_SPACECRAFT = {"A": 0xA3, "B": 0xB3, "C": 0xC3, "D": 0xD3}  # simulated: not the identifiers of the real satellites
_OTHER_APID = 1000
_STATION = "00"
_MOST_INSERTED, _MOST_DROPPED = 40, 12  # bytes of one slip; 12 dropped are at most 2 wrong symbols of a codeword


class SessionOptions(Value):
    """What a simulated session looks like; the same options and packets give the same bytes."""

    satellite: Literal["A", "B", "C", "D"] = "A"
    start: UtcTime = Field(description="Start of the reception.")
    downlink_orbit: int = Field(1, ge=0, le=999_999)
    channels: Literal["duplicate", "split", "single"] = Field(
        "duplicate", description="Both channels with all frames, both with every second frame, or channel 1 alone."
    )
    wrong_bytes_per_codeword: int = Field(0, ge=0, le=255, description="Wrong bytes in each codeword of each frame.")
    lost_frame_fraction: float = Field(0.0, ge=0, le=1, description="Part of the packets' frames that is not there.")
    lost_on: Literal["all", "first"] = Field("all", description="Lost on every channel that has them, or on channel 1.")
    marker_bit_errors: int = Field(0, ge=0, le=32, description="Wrong bits in each frame's marker.")
    byte_slips: int = Field(0, ge=0, description="Places on each channel where bytes were inserted or dropped.")
    chunk_frames: int = Field(500, ge=1, description="Frames in one chunk file; the last may have fewer.")
    swapped_chunks: bool = Field(False, description="The first two chunks of each channel bear each other's name.")
    late_chunk: bool = Field(False, description="The first chunk of each channel is listed last.")
    truncated: bool = Field(
        False, description="The first chunk of channel 1 lacks its second half; the list says otherwise."
    )
    seed: int = Field(0, ge=0)


class SessionTruth(Value):
    """What a simulated session holds and lacks: the expected answer of the processing.

    Frames and packets are named by index, 0 is the first; only frames of the packets' own virtual channel count.
    """

    session_id: str
    packets: int
    packets_sha256: str
    frames: int
    first_counter: int = Field(description="Virtual channel frame counter of frame 0.")
    lost_frames: tuple[int, ...] = Field(description="Frames lost on the channels that `lost_on` says.")
    missing_packets: tuple[int, ...] = Field(description="Packets of which a part was in a frame that no channel has.")
    invisible_packets: tuple[int, ...] = Field(
        description="Those of them without a trace: all their frames were before the first or behind the last there."
    )


def simulate_session(packets: Bytes, lengths: Indices, folder: Path, options: SessionOptions) -> SessionTruth:
    """Write a session folder: chunk files per channel and their session lists (DSIB).

    Parameters
    ----------
    packets
        Space packets end to end, uint8, shape (b,).
    lengths
        Bytes of each packet, int64, shape (n,), together b.
    folder
        Where the session's folder is made; its name is the session's identifier.
    options
        Form and faults.

    Returns
    -------
    What the processing of the session must find.

    Raises
    ------
    ValueError
        No packets, or lengths that do not add up to their bytes.
    FileExistsError
        The session's folder exists.
    """
    if lengths.size == 0:
        raise ValueError("simulated session: no packets")
    rng, faults = (np.random.default_rng([options.seed, purpose]) for purpose in (0, 1))
    first_counter = int(rng.integers(COUNTER_MODULUS))
    mpdus = build_mpdus(packets, lengths, ZONE_BYTES)
    count = mpdus.shape[0]
    lost = np.sort(faults.choice(count, round(options.lost_frame_fraction * count), replace=False))
    cadus, origin = _downlink(mpdus, first_counter, options, rng)
    received = _received(origin, lost, options)
    there = np.isin(np.arange(count), np.concatenate([origin[rows] for rows in received.values()]))
    missing, invisible = _missing_packets(lengths, there)
    chunks = {channel: _chunks(_stream(cadus[rows], options, faults), options) for channel, rows in received.items()}
    name = session_id(options)
    stop = options.start + timedelta(seconds=round(origin.size * CADU_BYTES * 8 / CHANNEL_BITS_PER_S, 6))
    _write(folder / name, name, chunks, stop, options)
    return SessionTruth(
        session_id=name,
        packets=lengths.size,
        packets_sha256=sha256_hex(packets.tobytes()),
        frames=count,
        first_counter=first_counter,
        lost_frames=tuple(lost.tolist()),
        missing_packets=tuple(missing.tolist()),
        invisible_packets=tuple(invisible.tolist()),
    )


def session_id(options: SessionOptions) -> str:
    """Return the session's identifier: satellite, start of the reception, downlink orbit."""
    return f"S3{options.satellite}_{options.start:%Y%m%d%H%M%S}{options.downlink_orbit:06d}"


def _missing_packets(lengths: Indices, there: npt.NDArray[np.bool_]) -> tuple[Indices, Indices]:
    """Return the packets of which a part was in a frame that is not there, and those of them that left no trace."""
    ends = np.cumsum(lengths)
    first, last = (ends - lengths) // ZONE_BYTES, (ends - 1) // ZONE_BYTES
    gone_before = np.concatenate([[0], np.cumsum(~there)])
    missing = gone_before[last + 1] > gone_before[first]
    seen = np.flatnonzero(there)
    outside = (last < seen[0]) | (first > seen[-1]) if seen.size else np.ones_like(missing)
    return np.flatnonzero(missing), np.flatnonzero(missing & outside)


def _downlink(
    mpdus: Bytes, first_counter: int, options: SessionOptions, rng: np.random.Generator
) -> tuple[Bytes, Indices]:
    """Return CADUs in order of transmission, (m, 2044), and which of the packets' frames each is (else -1), (m,)."""
    count, spacecraft = mpdus.shape[0], _SPACECRAFT[options.satellite]
    own = build_vcdus(mpdus, spacecraft_id=spacecraft, virtual_channel_id=MWR_CHANNEL, first_counter=first_counter)
    other = build_vcdus(
        _other_mpdus(count // 8 + 1, rng),
        spacecraft_id=spacecraft,
        virtual_channel_id=OTHER_CHANNEL,
        first_counter=int(rng.integers(COUNTER_MODULUS)),
    )
    idle = build_vcdus(
        _idle_mpdus(count // 4 + 6, rng),
        spacecraft_id=spacecraft,
        virtual_channel_id=IDLE_CHANNEL,
        first_counter=int(rng.integers(COUNTER_MODULUS)),
    )
    # Idle frames before and behind, and between the others at places drawn by lot; each channel in its own order.
    places = [
        np.arange(count) + 0.5,
        np.sort(rng.uniform(0, count, len(other))),
        np.concatenate([[-3, -2, -1], np.sort(rng.uniform(0, count, len(idle) - 6)), count + np.arange(1, 4)]),
    ]
    order = np.argsort(np.concatenate(places), kind="stable")
    origin = np.concatenate([np.arange(count), np.full(len(other) + len(idle), -1)])[order]
    return encode_cadus(np.concatenate([own, other, idle])[order]), origin


def _other_mpdus(count: int, rng: np.random.Generator) -> Bytes:
    lengths = rng.integers(7, 3 * ZONE_BYTES, count // 2 + 1)
    packets = rng.integers(0, 256, lengths.sum(), dtype=np.uint8)
    begins = np.cumsum(lengths) - lengths
    packets[begins], packets[begins + 1] = 0x08 | _OTHER_APID >> 8, _OTHER_APID & 0xFF
    sequence = 0xC000 | np.arange(lengths.size) % 0x4000
    packets[begins + 2], packets[begins + 3] = sequence >> 8, sequence & 0xFF
    packets[begins + 4], packets[begins + 5] = (lengths - 7) >> 8, (lengths - 7) & 0xFF
    return build_mpdus(packets, lengths, ZONE_BYTES)


def _idle_mpdus(count: int, rng: np.random.Generator) -> Bytes:
    mpdus = rng.integers(0, 256, (count, 2 + ZONE_BYTES), dtype=np.uint8)
    mpdus[:, 0], mpdus[:, 1] = POINTER_IDLE >> 8, POINTER_IDLE & 0xFF
    return mpdus


def _received(origin: Indices, lost: Indices, options: SessionOptions) -> dict[int, Indices]:
    """Return for each channel the places in the downlink that it has."""
    whole = np.arange(origin.size)
    there = ~np.isin(origin, lost)
    if options.channels == "single":
        return {1: whole[there]}
    second = there if options.lost_on == "all" else np.ones_like(there)
    if options.channels == "split":
        there, second = there & (whole % 2 == 0), second & (whole % 2 == 1)
    return {1: whole[there], 2: whole[second]}


def _stream(cadus: Bytes, options: SessionOptions, rng: np.random.Generator) -> Bytes:
    """Return the bytes of one channel with the faults of its reception."""
    if options.marker_bit_errors:
        bits = rng.random((len(cadus), 8 * MARKER_BYTES)).argsort(axis=1) < options.marker_bit_errors
        cadus[:, :MARKER_BYTES] ^= np.packbits(bits, axis=1)
    if options.wrong_bytes_per_codeword:
        for part in np.array_split(cadus, len(cadus) // 256 + 1):
            _spoil(part, options.wrong_bytes_per_codeword, rng)
    return _slipped(cadus, options.byte_slips, rng)


def _spoil(cadus: Bytes, wrong: int, rng: np.random.Generator) -> None:
    words = rng.random((len(cadus), CODEWORD_BYTES, INTERLEAVE))
    hit = words.argsort(axis=1).argsort(axis=1) < wrong
    changes = rng.integers(1, 256, hit.shape, dtype=np.uint8)
    cadus[:, MARKER_BYTES:] ^= np.where(hit, changes, 0).astype(np.uint8).reshape(len(cadus), -1)


def _slipped(cadus: Bytes, slips: int, rng: np.random.Generator) -> Bytes:
    """Insert bytes behind some frames, and drop the last bytes of others, in turn."""
    after = np.sort(rng.choice(np.arange(1, len(cadus) - 1), slips, replace=False)) if slips else np.empty(0, np.int64)
    parts: list[Bytes] = []
    for number, (begin, end) in enumerate(pairwise([0, *after.tolist(), len(cadus)])):
        piece = cadus[begin:end].reshape(-1)
        if number == after.size:
            parts.append(piece)
        elif number % 2 == 0:
            parts += [piece, rng.integers(0, 256, rng.integers(1, _MOST_INSERTED + 1), dtype=np.uint8)]
        else:
            parts.append(piece[: -rng.integers(1, _MOST_DROPPED + 1)])
    return np.concatenate(parts)


def _chunks(stream: Bytes, options: SessionOptions) -> list[bytes]:
    size = options.chunk_frames * CADU_BYTES
    chunks = [stream[at : at + size].tobytes() for at in range(0, stream.size, size)]
    if options.swapped_chunks and len(chunks) > 1:
        chunks[0], chunks[1] = chunks[1], chunks[0]
    return chunks


def _write(folder: Path, name: str, chunks: dict[int, list[bytes]], stop: datetime, options: SessionOptions) -> None:
    folder.mkdir(parents=True)
    size_bytes = sum(len(chunk) for own in chunks.values() for chunk in own)
    for channel, own in chunks.items():
        file_name = SessionFileName(station_unit=_STATION, session_id=name, channel=channel, extension=".xml")
        numbered = file_name.model_copy(update={"extension": ".raw"})
        names = [numbered.model_copy(update={"number": i}).format() for i in range(1, len(own) + 1)]
        for chunk_name, chunk in zip(names, own, strict=True):
            cut = options.truncated and channel == 1 and chunk_name == names[0]
            (folder / chunk_name).write_bytes(chunk[: len(chunk) // 2] if cut else chunk)
        dsib = Dsib(
            session_id=name,
            start=options.start,
            stop=stop,
            created=options.start,
            finished=stop,
            data_size_bytes=size_bytes,
            chunks=(*names[1:], names[0]) if options.late_chunk else tuple(names),
        )
        (folder / file_name.format()).write_bytes(format_dsib(dsib))
