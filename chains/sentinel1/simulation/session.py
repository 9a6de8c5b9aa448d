"""Packets of a simulated data take in a reception session, as a station delivers it.

Form of the frames: as in `refsys.chains.sentinel3.session_simulator` (CADU of 2,044 bytes, Reed-Solomon with interleave
8, packet zone of 1,776 bytes). Each polarisation has a virtual channel of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from refsys.chains.frame_decoding import CADU_BYTES, MPDU_BYTES
from refsys.chains.sessions import Dsib, format_dsib
from refsys.kernels.ccsds.frame_encoding import build_mpdus, encode_cadus
from refsys.kernels.ccsds.frame_headers import COUNTER_MODULUS, MPDU_HEADER_BYTES, POINTER_IDLE, build_vcdus
from refsys.kernels.sentinel1.packets import find_packets
from refsys.model.names_sessions import SessionFileName
from refsys.model.values import UtcTime, Value

VIRTUAL_CHANNELS = {"VV": 24, "HH": 24, "VH": 25, "HV": 25}
"""Simulated: like-polarised echoes on 24, cross-polarised on 25."""

IDLE_CHANNEL = 63
CHANNEL_BITS_PER_S = 260e6

_SPACECRAFT = {"A": 0xA1, "B": 0xB1, "C": 0xC1, "D": 0xD1}  # simulated: not the identifiers of the real satellites
_PIECE_BYTES = 16 << 20
_IDLE_FRAMES = 3
_STATION = "00"


class SessionOptions(Value):
    """What a session looks like; the same options and packets give the same bytes."""

    satellite: Literal["A", "B", "C", "D"] = "A"
    start: UtcTime = Field(description="Start of the reception.")
    downlink_orbit: int = Field(1, ge=0, le=999_999)
    channels: Literal["duplicate", "split", "single"] = Field(
        "single", description="Both channels with all frames, both with every second frame, or channel 1 alone."
    )
    chunk_frames: int = Field(16_384, ge=1, description="Frames in one chunk file; the last may have fewer.")
    seed: int = Field(0, ge=0)


def session_id(options: SessionOptions) -> str:
    """Return the session's identifier: satellite, start of the reception, downlink orbit."""
    return f"S1{options.satellite}_{options.start:%Y%m%d%H%M%S}{options.downlink_orbit:06d}"


def simulate_session(packets: Mapping[str, Iterable[bytes]], folder: Path, options: SessionOptions) -> Path:
    """Write a session folder: chunk files of each receiving channel and their session lists (DSIB).

    Parameters
    ----------
    packets
        Packets end to end by polarisation, in pieces of whole packets; they are sent in that order, a piece of each
        polarisation in turn.
    folder
        Where the session's folder is made; its name is the session's identifier.
    options
        Its form.

    Returns
    -------
    The session's folder.

    Raises
    ------
    ValueError
        For a polarisation that is none, or pieces that do not hold whole packets.
    FileExistsError
        The session's folder exists.
    """
    unknown = set(packets) - set(VIRTUAL_CHANNELS)
    if unknown or not packets:
        raise ValueError(f"packets of polarisations {sorted(packets)} cannot be sent")
    place = folder / session_id(options)
    place.mkdir(parents=True)
    channels = [_Channel(place, number, options) for number in ((1,) if options.channels == "single" else (1, 2))]
    frame = 0
    for cadus in _downlink(packets, options):
        whole = frame + np.arange(cadus.shape[0])
        for channel in channels:
            split = options.channels == "split"
            channel.write(cadus[whole % 2 == channel.number - 1] if split else cadus)
        frame += cadus.shape[0]
    size = sum(channel.size for channel in channels)
    for channel in channels:
        channel.finish(size, round(frame * CADU_BYTES * 8 / CHANNEL_BITS_PER_S, 6))
    return place


def _downlink(packets: Mapping[str, Iterable[bytes]], options: SessionOptions) -> Iterator[NDArray[np.uint8]]:
    """Yield CADUs, (n, 2044), in order of transmission; idle frames before and behind."""
    rng = np.random.default_rng([options.seed, 3])
    counters = {number: int(rng.integers(COUNTER_MODULUS)) for number in (24, 25, IDLE_CHANNEL)}

    def frames(mpdus: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
        first = counters[number]
        counters[number] = (first + mpdus.shape[0]) % COUNTER_MODULUS
        spacecraft = _SPACECRAFT[options.satellite]
        return encode_cadus(
            build_vcdus(mpdus, spacecraft_id=spacecraft, virtual_channel_id=number, first_counter=first)
        )

    idle = rng.integers(0, 256, (_IDLE_FRAMES, MPDU_BYTES), dtype=np.uint8)
    idle[:, 0], idle[:, 1] = POINTER_IDLE >> 8, POINTER_IDLE & 0xFF
    yield frames(idle, IDLE_CHANNEL)
    open_ones = {polarisation: _pieces(own) for polarisation, own in packets.items()}
    while open_ones:
        for polarisation in list(open_ones):
            piece = next(open_ones[polarisation], None)
            if piece is None:
                del open_ones[polarisation]
            else:
                yield frames(_mpdus(piece, polarisation), VIRTUAL_CHANNELS[polarisation])
    yield frames(idle, IDLE_CHANNEL)


def _pieces(packets: Iterable[bytes]) -> Iterator[bytes]:
    """Join pieces of whole packets until they are worth a stream of frames; each begins with a frame of its own."""
    held: list[bytes] = []
    for piece in packets:
        held.append(piece)
        if sum(len(part) for part in held) >= _PIECE_BYTES:
            yield b"".join(held)
            held = []
    if held:
        yield b"".join(held)


def _mpdus(piece: bytes, polarisation: str) -> NDArray[np.uint8]:
    data = np.frombuffer(piece, np.uint8)
    found = find_packets(data)
    if found.unread_bytes:
        raise ValueError(f"{found.unread_bytes} bytes of {polarisation} are no whole packet")
    return build_mpdus(data, found.lengths, MPDU_BYTES - MPDU_HEADER_BYTES)


class _Channel:
    """Writes the chunks of one receiving channel, and at the end their list."""

    def __init__(self, place: Path, number: int, options: SessionOptions) -> None:
        self.place, self.number, self.options = place, number, options
        self.name = SessionFileName(
            station_unit=_STATION, session_id=place.name, channel=number, extension=".xml", number=None
        )
        self.names: list[str] = []
        self.size = self.frames = 0

    def write(self, cadus: NDArray[np.uint8]) -> None:
        while cadus.shape[0]:
            room = self.options.chunk_frames - self.frames % self.options.chunk_frames
            if room == self.options.chunk_frames:
                update = {"extension": ".raw", "number": len(self.names) + 1}
                self.names.append(self.name.model_copy(update=update).format())
            with (self.place / self.names[-1]).open("ab") as file:
                file.write(cadus[:room].tobytes())
            taken = min(room, cadus.shape[0])
            self.frames, self.size = self.frames + taken, self.size + taken * CADU_BYTES
            cadus = cadus[taken:]

    def finish(self, size_bytes: int, seconds: float) -> None:
        start, stop = self.options.start, self.options.start + timedelta(seconds=seconds)
        dsib = Dsib(
            session_id=self.place.name,
            start=start,
            stop=stop,
            created=start,
            finished=stop,
            data_size_bytes=size_bytes,
            chunks=tuple(self.names),
        )
        (self.place / self.name.format()).write_bytes(format_dsib(dsib))
