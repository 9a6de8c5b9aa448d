"""The files of a Sentinel-3 MWR Level-0 product: packets, annotation, Zarr, missing packets.

Formats are described in `docs/chains/s3-l0-mwr.md`.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import zarr
from pydantic import JsonValue

from refsys.chains.sentinel3.l0_mwr_packets import Edge, InstrumentPackets
from refsys.model.times import format_time

PACKETS_FILE = "ISPData.dat"
ANNOTATION_FILE = "ISPAnnotation.dat"
MISSING_FILE = "missing_packets.json"
ZARR_FOLDER = "packets.zarr"
DESCRIPTIONS = {
    PACKETS_FILE: "Instrument source packets end to end, in order of time",
    ANNOTATION_FILE: "One record for each packet: time, sequence, place, frames, flags",
    MISSING_FILE: "Packets that are missing: unwrapped sequence count and expected time",
    ZARR_FOLDER: "Packets and annotation as a Zarr group, format 3",
}
CRC_OK_FLAG = 1
ANNOTATION_RECORD = np.dtype(
    [
        ("utc_ns", ">i8"),
        ("sequence", ">i8"),
        ("offset", ">i8"),
        ("length", ">i4"),
        ("first_frame", ">i8"),
        ("last_frame", ">i8"),
        ("flags", ">u2"),
    ]
)
"""Record of `ISPAnnotation.dat`, 46 bytes, big-endian, no padding."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHUNK_PACKETS = 1 << 16
_CHUNK_BYTES = 4 << 20
_ABOUT = {
    "time": ("Time of the packet in UTC", "nanoseconds since 1970-01-01T00:00:00Z"),
    "sequence": ("Sequence count, unwrapped; -1: unknown (wrong CRC)", "1"),
    "offset": ("First byte of the packet in `data`", "byte"),
    "length": ("Length of the packet", "byte"),
    "first_frame": ("Unwrapped counter of the frame in which the packet begins", "1"),
    "last_frame": ("Unwrapped counter of the frame in which the packet ends", "1"),
    "crc_ok": ("Whether the CRC of the packet is right", "1"),
}


def utc_from_ns(ns: int) -> datetime:
    """Return the time of nanoseconds since 1970, rounded to microseconds: the on-board clock ticks every 60 ns.

    Examples
    --------
    >>> utc_from_ns(1_500).isoformat()
    '1970-01-01T00:00:00.000002+00:00'
    """
    return _EPOCH + timedelta(microseconds=(int(ns) + 500) // 1000)


def write_product_files(folder: Path, packets: InstrumentPackets, apid: int) -> None:
    """Write everything but the manifest into an empty folder; the same packets give the same bytes.

    Parameters
    ----------
    folder
        Folder of the product; exists.
    packets
        What was extracted.
    apid
        Application process identifier of the packets.
    """
    (folder / PACKETS_FILE).write_bytes(packets.data.tobytes())
    (folder / ANNOTATION_FILE).write_bytes(_annotation(packets).tobytes())
    text = json.dumps(_missing(packets, apid), indent=1)
    (folder / MISSING_FILE).write_text(text + "\n", encoding="utf-8")
    _write_zarr(folder / ZARR_FOLDER, packets, apid)


def _annotation(packets: InstrumentPackets) -> npt.NDArray[np.void]:
    records = np.zeros(packets.offset.size, ANNOTATION_RECORD)
    for name in ("utc_ns", "sequence", "offset", "length", "first_frame", "last_frame"):
        records[name] = getattr(packets, name)
    records["flags"] = np.where(packets.crc_ok, CRC_OK_FLAG, 0)
    return records


def _missing(packets: InstrumentPackets, apid: int) -> dict[str, JsonValue]:
    listed: list[JsonValue] = [
        {"sequence": int(sequence), "expected_time": format_time(utc_from_ns(int(ns)))}
        for sequence, ns in zip(packets.missing.sequence, packets.missing.utc_ns, strict=True)
    ]
    return {
        "apid": apid,
        "sequence_modulus": 1 << 14,
        "first_sequence": int(packets.sequence[packets.crc_ok][0]),
        "last_sequence": int(packets.sequence[packets.crc_ok][-1]),
        "head": _edge(packets.head),
        "tail": _edge(packets.tail),
        "packets": listed,
    }


def _edge(edge: Edge) -> dict[str, JsonValue]:
    # Nothing in a session says which frame of a virtual channel should have been its first or last.
    return {
        "lost_frames": "unknown",
        "lost_frames_at_least": edge.unreadable_frames,
        "partial_packet": edge.partial_packet,
        "further_missing_packets": "unknown",
    }


def _write_zarr(path: Path, packets: InstrumentPackets, apid: int) -> None:
    group = zarr.open_group(path, mode="w-", zarr_format=3)
    group.attrs.update({"title": "Sentinel-3 MWR instrument source packets", "apid": apid})
    data = group.create_array(
        "data", data=packets.data, chunks=(min(_CHUNK_BYTES, packets.data.size),), dimension_names=("byte",)
    )
    data.attrs.update({"long_name": "Packets end to end", "units": "1"})
    columns = {
        "time": packets.utc_ns,
        "sequence": packets.sequence,
        "offset": packets.offset,
        "length": packets.length,
        "first_frame": packets.first_frame,
        "last_frame": packets.last_frame,
        "crc_ok": packets.crc_ok,
    }
    for name, column in columns.items():
        array = group.create_array(
            name,
            data=np.ascontiguousarray(column),
            chunks=(min(_CHUNK_PACKETS, column.size),),
            dimension_names=("packet",),
        )
        array.attrs.update({"long_name": _ABOUT[name][0], "units": _ABOUT[name][1]})
