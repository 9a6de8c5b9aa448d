"""Read the packets of a Level-0 product: one polarisation's file, mapped and never read whole."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.l0_segments import polarisation_of
from refsys.kernels.sentinel1.packets import HEADER_BYTES, Headers, decode_headers, find_packets, header_flags
from refsys.model.errors import InputCorrupt, InputMissing


class PacketFile(NamedTuple):
    """Sound packets of one polarisation, in the order of the file.

    Attributes
    ----------
    path
        Of the file.
    data
        uint8 (bytes,), mapped.
    offsets, lengths
        int64 (packets,) of the sound ones.
    headers
        Columns (packets,) of `decode_headers`.
    unsound
        Packets left out because their header is not whole or not sound.
    """

    path: Path
    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    headers: Headers
    unsound: int

    @property
    def polarisation(self) -> str:
        """Transmitted and received."""
        codes = self.headers["sas_polarisation"], self.headers["rx_channel_id"]
        return polarisation_of(*(int(code[0]) for code in codes))


def measurement_files(folder: Path) -> list[Path]:
    """Return the files of packets of a Level-0 product, in order of name (`InputMissing` if there is none)."""
    files = [path for path in folder.glob("*.dat") if not path.stem.endswith(("-annot", "-index"))]
    if not files:
        raise InputMissing("a Level-0 product without a file of packets", where=folder)
    return sorted(files)


def open_packets(path: Path) -> PacketFile:
    """Map a file of packets and decode the headers.

    Raises
    ------
    InputCorrupt
        If the file is empty, ends inside a packet, or holds no sound packet or packets of two polarisations.
    """
    if path.stat().st_size == 0:
        raise InputCorrupt("file of packets is empty", where=path.name)
    data = np.memmap(path, np.uint8, mode="r")
    index = find_packets(data)
    if index.unread_bytes:
        raise InputCorrupt(
            f"truncated: {index.unread_bytes} bytes at the end are no whole packet",
            where=path.name,
            hint="fetch the product again",
        )
    whole = index.lengths >= HEADER_BYTES
    offsets, lengths = index.offsets[whole], index.lengths[whole]
    headers = decode_headers(data, offsets)
    sound = header_flags(headers, lengths) == 0
    if not sound.any():
        raise InputCorrupt("no packet with a sound header", where=path.name)
    kept = {name: column[sound] for name, column in headers.items()}
    for field in ("sas_polarisation", "rx_channel_id", "data_take_id", "ecc_number"):
        if np.unique(kept[field]).size > 1:
            raise InputCorrupt(f"packets of several {field}: {np.unique(kept[field]).tolist()[:4]}", where=path.name)
    unsound = index.offsets.size - int(np.count_nonzero(sound))
    return PacketFile(path, data, offsets[sound], lengths[sound], kept, unsound)
