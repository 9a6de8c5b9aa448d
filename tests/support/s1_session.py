"""A small Sentinel-1 reception session around given packets, written with the frame encoder alone."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from refsys.chains.sessions import Dsib, format_dsib
from refsys.kernels.ccsds.frame_encoding import build_mpdus, encode_cadus
from refsys.kernels.ccsds.frame_headers import build_vcdus
from refsys.kernels.sentinel1.packets import find_packets

START = datetime(2013, 6, 1, 12, 30, tzinfo=UTC)
NAME = f"S1A_{START:%Y%m%d%H%M%S}000123"
ZONE_BYTES = 1776


def write_session(
    folder: Path, packets: Mapping[int, bytes], *, lost: Mapping[int, tuple[int, ...]] | None = None, channels: int = 1
) -> Path:
    """Write a session with the packets of each virtual channel.

    Parameters
    ----------
    folder
        Where the session's folder is made.
    packets
        Packets end to end by virtual channel.
    lost
        By receiving channel the places of frames that it does not have, in the order of the downlink.
    channels
        Receiving channels, each with all frames but its lost ones.
    """
    parts = [_vcdus(number, data) for number, data in packets.items()]
    places = [np.arange(len(part)) / len(part) for part in parts]
    order = np.argsort(np.concatenate(places), kind="stable")
    cadus = encode_cadus(np.concatenate(parts)[order])
    place = folder / NAME
    place.mkdir(parents=True)
    for channel in range(1, channels + 1):
        there = np.setdiff1d(np.arange(len(cadus)), (lost or {}).get(channel, ()))
        _write(place, channel, cadus[there])
    return place


def _vcdus(virtual_channel: int, data: bytes) -> npt.NDArray[np.uint8]:
    packets = np.frombuffer(data, np.uint8)
    mpdus = build_mpdus(packets, find_packets(packets).lengths, ZONE_BYTES)
    return build_vcdus(mpdus, spacecraft_id=0xA1, virtual_channel_id=virtual_channel, first_counter=1000)


def _write(place: Path, channel: int, cadus: npt.NDArray[np.uint8]) -> None:
    stem = f"DCS_00_{NAME}_ch{channel}"
    halves = np.array_split(cadus, 2)
    names = [f"{stem}_DSDB_{number:05d}.raw" for number in (1, 2)]
    for name, half in zip(names, halves, strict=True):
        (place / name).write_bytes(half.tobytes())
    stop = START + timedelta(seconds=10)
    dsib = Dsib(
        session_id=NAME,
        start=START,
        stop=stop,
        created=START,
        finished=stop,
        data_size_bytes=cadus.size,
        chunks=tuple(names),
    )
    (place / f"{stem}_DSIB.xml").write_bytes(format_dsib(dsib))
