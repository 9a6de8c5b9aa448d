"""Read the packets of a Level-0 product: one polarisation's file, never in memory whole.

Parts of the file are mapped and let go of again, for the pages of a mapping count as memory of the process.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.l0_segments import polarisation_of
from refsys.kernels.sentinel1.packets import HEADER_BYTES, Headers, decode_headers, find_packets, header_flags
from refsys.model.errors import InputCorrupt, InputMissing

_WINDOW_BYTES = 64 << 20
"""More than the largest packet."""


class PacketFile(NamedTuple):
    """Sound packets of one polarisation, in the order of the file.

    Attributes
    ----------
    path
        Of the file.
    offsets, lengths
        int64 (packets,) of the sound ones.
    headers
        Columns (packets,) of `decode_headers`.
    unsound
        Packets left out because their header is not whole or not sound.
    """

    path: Path
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    headers: Headers
    unsound: int

    @property
    def polarisation(self) -> str:
        """Transmitted and received."""
        codes = self.headers["sas_polarisation"], self.headers["rx_channel_id"]
        return polarisation_of(*(int(code[0]) for code in codes))

    def part(self, packets: NDArray[np.int64]) -> "PacketBytes":
        """Map the part of the file that holds some packets, at least one, given by their numbers."""
        offsets, lengths = self.offsets[packets], self.lengths[packets]
        first, stop = int(offsets.min()), int((offsets + lengths).max())
        return PacketBytes(_mapped(self.path, first, stop - first), offsets - first, lengths)


class PacketBytes(NamedTuple):
    """Some packets: uint8 (bytes,), mapped, and int64 (n,) where in it each begins and how long it is."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]


def measurement_files(folder: Path) -> list[Path]:
    """Return the files of packets of a Level-0 product, in order of name (`InputMissing` if there is none)."""
    files = [path for path in folder.glob("*.dat") if not path.stem.endswith(("-annot", "-index"))]
    if not files:
        raise InputMissing("a Level-0 product without a file of packets", where=folder)
    return sorted(files)


def open_packets(path: Path) -> PacketFile:
    """Find the packets of a file and decode their headers.

    Raises
    ------
    InputCorrupt
        If the file is empty, ends inside a packet, or holds no sound packet or packets of two polarisations.
    """
    if path.stat().st_size == 0:
        raise InputCorrupt("file of packets is empty", where=path.name)
    found = list(_windows(path))
    offsets, lengths = (np.concatenate([getattr(window, name) for window in found]) for name in ("offsets", "lengths"))
    headers = {name: np.concatenate([window.headers[name] for window in found]) for name in found[0].headers}
    sound = header_flags(headers, lengths) == 0
    if not sound.any():
        raise InputCorrupt("no packet with a sound header", where=path.name)
    kept = {name: column[sound] for name, column in headers.items()}
    for field in ("sas_polarisation", "rx_channel_id", "data_take_id", "ecc_number"):
        if np.unique(kept[field]).size > 1:
            raise InputCorrupt(f"packets of several {field}: {np.unique(kept[field]).tolist()[:4]}", where=path.name)
    unsound = sum(window.packets for window in found) - int(np.count_nonzero(sound))
    return PacketFile(path, offsets[sound], lengths[sound], kept, unsound)


class _Window(NamedTuple):
    """What a part of the file holds: number of packets; offsets in the file, lengths and headers of those with one."""

    packets: int
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    headers: Headers


def _windows(path: Path) -> Iterator[_Window]:
    size, first = path.stat().st_size, 0
    while first < size:
        data = _mapped(path, first, min(_WINDOW_BYTES, size - first))
        index = find_packets(data)
        if not index.offsets.size:
            raise InputCorrupt(
                f"truncated: {index.unread_bytes} bytes at the end are no whole packet",
                where=path.name,
                hint="fetch the product again",
            )
        whole = index.lengths >= HEADER_BYTES
        offsets, lengths = index.offsets[whole], index.lengths[whole]
        yield _Window(index.offsets.size, first + offsets, lengths, decode_headers(data, offsets))
        first += data.size - index.unread_bytes


def _mapped(path: Path, first: int, size: int) -> NDArray[np.uint8]:
    return np.memmap(path, np.uint8, mode="r", offset=first, shape=(size,))
