"""Chunks of one receiving channel to decoded transfer frames of virtual channels, in Zarr groups.

CCSDS 131.0-B (synchronisation, randomiser, Reed-Solomon) and 732.0-B (AOS frames). The chunks are one stream of bytes,
read in blocks; frames go to the group as they come, so memory does not grow with the session.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import zarr
from pydantic import JsonValue

from refsys.chains.sessions import Session
from refsys.kernels.ccsds.frame_headers import VCDU_HEADER_BYTES, VERSION, parse_vcdu_headers
from refsys.kernels.ccsds.frame_sync import Frames, FrameSynchroniser
from refsys.kernels.ccsds.randomizer import derandomise
from refsys.kernels.ccsds.reed_solomon import decode
from refsys.model.errors import InputCorrupt
from refsys.model.names_sessions import SessionFileName

CADU_BYTES = 2044
MPDU_BYTES = 1778  # header 2, packet zone 1776
_BLOCK_BYTES = 4 << 20
_ROWS = 1024  # frames of one Zarr chunk
_LEAST_MARKERS = 0.01  # of the frames that a chunk has room for; fewer, and it is not made of CADUs

Progress = Callable[[float, str], None]
_COLUMNS = {"counter": np.int64, "spacecraft_id": np.uint8, "valid": np.bool_}


class FrameTable:
    """Frames of one virtual channel as arrays of a Zarr group, appended in whole chunks.

    Arrays: `mpdus` (n, 1778) uint8, M_PDU header and packet zone; `counter` (n,) int64, 24 bits as received;
    `spacecraft_id` (n,) uint8; `valid` (n,) bool, false where a codeword was uncorrectable. Those of the header never
    are: such a frame is not kept, since its counter would not be known.

    Parameters
    ----------
    group
        An empty group.
    """

    def __init__(self, group: zarr.Group) -> None:
        self._arrays = {
            name: group.create_array(name, shape=(0,), chunks=(16 * _ROWS,), dtype=dtype)
            for name, dtype in _COLUMNS.items()
        }
        self._arrays["mpdus"] = group.create_array(
            "mpdus", shape=(0, MPDU_BYTES), chunks=(_ROWS, MPDU_BYTES), dtype=np.uint8
        )
        self._pending: list[dict[str, npt.NDArray[np.generic]]] = []
        self._rows = 0
        self.frames = 0

    def append(self, **columns: npt.NDArray[np.generic]) -> None:
        """Add frames; they reach the group when a chunk is full, or with `flush`."""
        self._pending.append(columns)
        self._rows += columns["counter"].shape[0]
        self.frames += columns["counter"].shape[0]
        if self._rows >= _ROWS:
            self._write(self._rows // _ROWS * _ROWS)

    def flush(self) -> None:
        """Write what is pending."""
        self._write(self._rows)

    def _write(self, rows: int) -> None:
        if not rows:
            return
        whole = {name: np.concatenate([part[name] for part in self._pending]) for name in self._arrays}
        for name, array in self._arrays.items():
            array.append(whole[name][:rows])
        self._pending = [{name: column[rows:] for name, column in whole.items()}]
        self._rows -= rows


class _Counts:
    """Figures of one channel as they add up."""

    def __init__(self) -> None:
        self.frames = 0
        self.corrected_symbols = 0
        self.uncorrectable = 0
        self.marker_bit_errors = 0
        self.slips = 0
        self.by_virtual_channel = np.zeros(64, np.int64)
        self._last_bit: int | None = None

    def add(
        self,
        frames: Frames,
        corrected: npt.NDArray[np.int16],
        known: npt.NDArray[np.bool_],
        vcid: npt.NDArray[np.uint8],
    ) -> None:
        begins = 8 * frames.positions + frames.bit_offsets
        if not begins.size:
            return
        previous = begins[0] - 8 * CADU_BYTES if self._last_bit is None else self._last_bit
        self.slips += int((np.diff(begins, prepend=previous) % (8 * CADU_BYTES) != 0).sum())
        self._last_bit = int(begins[-1])
        self.frames += begins.size
        self.marker_bit_errors += int(frames.marker_bit_errors.sum())
        self.corrected_symbols += int(corrected[corrected > 0].sum())
        self.uncorrectable += int((corrected < 0).any(axis=1).sum())
        self.by_virtual_channel += np.bincount(vcid[known], minlength=64)


def channel_chunks(session: Session, folder: Path, channel: str) -> list[Path]:
    """Return the chunk files of one receiving channel in the order of the stream.

    Raises
    ------
    InputCorrupt
        If the session has no such channel.
    """
    if channel not in session.channels:
        raise InputCorrupt(f"the session has no channel {channel}", where=session.session_id)
    # The number in a chunk's name is its place in the stream; the list is in the order of publication.
    chunks = (folder / chunk.path for chunk in session.channels[channel])
    return sorted(chunks, key=lambda path: SessionFileName.parse(path.name).number or 0)


def decode_channel(
    chunks: Sequence[Path], groups: Mapping[int, zarr.Group], *, marker_bit_errors: int, progress: Progress
) -> dict[str, JsonValue]:
    """Decode the chunks of one receiving channel and keep the frames of some virtual channels.

    Parameters
    ----------
    chunks
        Chunk files in the order of the stream.
    groups
        By virtual channel to keep, 0 to 63, an empty group; see `FrameTable` for what it then holds.
    marker_bit_errors
        Wrong bits of 32 at which a marker still counts.
    progress
        Told the fraction of bytes read.

    Returns
    -------
    Figures: chunks, bytes, frames, frames of each virtual channel, uncorrectable frames, corrected symbols, wrong
    marker bits, slips (frames off the grid of the one before), frames kept.

    Raises
    ------
    InputCorrupt
        A chunk in which no CADUs are found; the error names it.
    """
    sizes = np.array([path.stat().st_size for path in chunks], np.int64)
    starts, total = np.cumsum(sizes) - sizes, int(sizes.sum())
    markers = np.zeros(len(chunks), np.int64)
    synchroniser = FrameSynchroniser(CADU_BYTES, marker_bit_errors=marker_bit_errors)
    tables, counts = {number: FrameTable(group) for number, group in groups.items()}, _Counts()
    for frames, read in _synchronised(chunks, synchroniser):
        seen = frames.positions[frames.marker_bit_errors <= marker_bit_errors]
        np.add.at(markers, np.searchsorted(starts, seen, side="right") - 1, 1)
        _keep(frames, tables, counts)
        progress(read / max(total, 1), f"{counts.frames} frames")
    for table in tables.values():
        table.flush()
    _check_chunks(chunks, sizes, markers)
    return {
        "chunks": len(chunks),
        "bytes": total,
        "frames": counts.frames,
        "frames_of_virtual_channel": {str(i): int(n) for i, n in enumerate(counts.by_virtual_channel) if n},
        "uncorrectable_frames": counts.uncorrectable,
        "corrected_symbols": counts.corrected_symbols,
        "marker_bit_errors": counts.marker_bit_errors,
        "slips": counts.slips,
        "frames_kept": sum(table.frames for table in tables.values()),
    }


def _synchronised(chunks: Sequence[Path], synchroniser: FrameSynchroniser) -> Iterator[tuple[Frames, int]]:
    """Yield frames and the number of bytes read so far."""
    read = 0
    for path in chunks:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                read += len(block)
                try:
                    frames = synchroniser.push(np.frombuffer(block, np.uint8))
                except ValueError as error:
                    raise InputCorrupt(f"chunk is not made of CADUs: {error}", where=path.name) from error
                yield frames, read
    yield synchroniser.finish(), read


def _keep(frames: Frames, tables: Mapping[int, FrameTable], counts: _Counts) -> None:
    vcdus, corrected = decode(derandomise(frames.cadus))
    headers = parse_vcdu_headers(vcdus)
    # Byte i of the frame belongs to codeword i modulo the interleave: the header is in the first six.
    known = (corrected[:, :VCDU_HEADER_BYTES] >= 0).all(axis=1) & (headers.version == VERSION)
    counts.add(frames, corrected, known, headers.virtual_channel_id)
    for number, table in tables.items():
        rows = known & (headers.virtual_channel_id == number)
        table.append(
            counter=headers.counter[rows],
            spacecraft_id=headers.spacecraft_id[rows],
            valid=(corrected[rows] >= 0).all(axis=1),
            mpdus=vcdus[rows, VCDU_HEADER_BYTES:],
        )


def _check_chunks(chunks: Sequence[Path], sizes: npt.NDArray[np.int64], markers: npt.NDArray[np.int64]) -> None:
    # The first frame of a chunk may have begun in the one before.
    room = sizes // CADU_BYTES - 1
    for path, frames, found in zip(chunks, room.tolist(), markers.tolist(), strict=True):
        if frames > 0 and found < max(1, int(frames * _LEAST_MARKERS)):
            raise InputCorrupt(
                f"chunk is not made of CADUs: {found} markers 1ACFFC1D where {frames} or more must be",
                where=path.name,
                hint="fetch the chunk again; if it is the same, the station recorded no frames",
            )
