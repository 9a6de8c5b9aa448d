"""Files of Sentinel-1 space packets, end to end, without a product around them.

Source: Sentinel-1 SAR Space Packet Protocol Data Unit, S1-IF-ASD-PL-0007, sections 3.1 and 3.2.
"""

import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from refsys.chains.units import ProductDraft
from refsys.kernels.ccsds.times import gps_to_utc_ns
from refsys.model.errors import InputCorrupt

if TYPE_CHECKING:
    from pydantic import JsonValue

SYNC_MARKER = 0x352EF853
_HEADER = struct.Struct(">HHHIHIIB")  # id, sequence, length, coarse time, fine time, marker, data take, ECC number
_HEADERS_BYTES = 68
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def s1_packets_draft(path: Path) -> ProductDraft:
    """Return the draft of a packet file: type `S1_ISP`, times those of the first and last packet by their clock.

    Nothing in the packets says which satellite sent them (`_`), nor when the file was made: its creation time is its
    stop.

    Raises
    ------
    InputCorrupt
        If the file does not consist of whole Sentinel-1 packets, naming the byte.
    """
    if path.stat().st_size == 0:
        raise InputCorrupt("file is empty", where=path)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        headers = _headers(data, path)
    coarse, fine, data_takes, ecc_numbers = (np.array(column, np.int64) for column in zip(*headers, strict=True))
    # The fine time counts from the middle of its step of 2^-16 s.
    gps_ns = coarse * 1_000_000_000 + ((2 * fine + 1) * 1_000_000_000 >> 17)
    utc_ns = gps_to_utc_ns(gps_ns)
    start, stop = (_EPOCH + timedelta(microseconds=int(ns) // 1000) for ns in (utc_ns.min(), utc_ns.max()))
    figures: dict[str, JsonValue] = {
        "packets": len(headers),
        "data_takes": [int(value) for value in np.unique(data_takes)],
        "ecc_numbers": [int(value) for value in np.unique(ecc_numbers)],
    }
    return ProductDraft(
        name=path.name,
        product_type="S1_ISP",
        mission="S1",
        satellite="_",
        start=start,
        stop=stop,
        creation_time=stop,
        figures=figures,
    )


def _headers(data: mmap.mmap, path: Path) -> list[tuple[int, int, int, int]]:
    """Return coarse time, fine time, data take and ECC number of each packet."""
    found = []
    at, size = 0, len(data)
    while at < size:
        if size - at < _HEADERS_BYTES:
            raise InputCorrupt(f"packet at byte {at} is cut off: {size - at} bytes are left", where=path)
        identifier, _, length, coarse, fine, marker, data_take, ecc_number = _HEADER.unpack_from(data, at)
        if identifier >> 13 or marker != SYNC_MARKER:
            what = "file does not begin with" if at == 0 else f"byte {at} does not begin"
            raise InputCorrupt(f"{what} a Sentinel-1 space packet (no marker 352EF853)", where=path)
        if at + length + 7 > size:
            raise InputCorrupt(f"packet at byte {at} is cut off: {size - at} of {length + 7} bytes", where=path)
        found.append((coarse, fine, data_take, ecc_number))
        at += length + 7
    return found
