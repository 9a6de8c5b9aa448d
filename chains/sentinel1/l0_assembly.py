"""Frames of all receiving channels to packets of one virtual channel, a window of frames at a time.

Counters of all frames are held, their contents only for one window, so memory does not grow with the session.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import zarr

from refsys.chains.frame_decoding import MPDU_BYTES
from refsys.kernels.ccsds.frame_order import FrameMerge, merge_frames
from refsys.kernels.ccsds.packet_assembly import assemble_packets

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

WINDOW_FRAMES = 1 << 14
_LONGEST_PACKET_FRAMES = 39  # 65,542 bytes in zones of 1,776, begun anywhere


class PacketWindow(NamedTuple):
    """Packets that begin in one window of frames.

    Attributes
    ----------
    data
        uint8 (b,), packets end to end.
    lengths
        int64 (n,), bytes of each; they sum to b.
    frames
        int64 (n,), frames that carried each.
    """

    data: Bytes
    lengths: Integers
    frames: Integers


class MergedFrames(NamedTuple):
    """Frames of one virtual channel, each once, by rising counter; their contents stay in the groups.

    Attributes
    ----------
    groups
        One for each receiving channel, as `refsys.chains.frame_decoding.FrameTable` writes them.
    rows
        For each receiving channel the rows of its group that belong to the spacecraft, int64.
    merge
        Which of those rows to take.
    foreign
        Frames of another spacecraft, left out.
    """

    groups: tuple[zarr.Group, ...]
    rows: tuple[Integers, ...]
    merge: FrameMerge
    foreign: int

    @property
    def duplicates(self) -> int:
        """Further copies of frames that were taken."""
        return int(self.merge.copies.sum()) - self.merge.counter.size

    @property
    def missing(self) -> int:
        """Frames between the first and the last valid one that no channel has, or has valid."""
        used = self.merge.counter[self.merge.valid]
        return int(used[-1] - used[0]) + 1 - used.size

    def windows(self, frames: int = WINDOW_FRAMES) -> Iterator[PacketWindow]:
        """Yield the packets, those that begin in as many frames at a time."""
        for first in range(0, self.merge.counter.size, frames):
            stop = min(first + frames + _LONGEST_PACKET_FRAMES, self.merge.counter.size)
            part = slice(first, stop)
            packets = assemble_packets(self.merge.counter[part], self._mpdus(part), self.merge.valid[part])
            own = int(np.searchsorted(packets.first_frame, frames))
            lengths = packets.lengths[:own]
            yield PacketWindow(
                packets.data[: int(lengths.sum())],
                lengths,
                packets.last_frame[:own] - packets.first_frame[:own] + 1,
            )

    def _mpdus(self, part: slice) -> Bytes:
        channel, row = self.merge.channel[part], self.merge.row[part]
        mpdus = np.empty((row.size, MPDU_BYTES), np.uint8)
        for number, (group, own) in enumerate(zip(self.groups, self.rows, strict=True)):
            taken = channel == number
            if taken.any():
                mpdus[taken] = _take(group["mpdus"], own[row[taken]])  # type: ignore[arg-type]  # an array
        return mpdus


def merge_groups(groups: Sequence[zarr.Group]) -> MergedFrames:
    """Unite the frames that the receiving channels have of one virtual channel.

    The spacecraft is the one with most valid frames.

    Raises
    ------
    ValueError
        No valid frame on any channel.
    """
    columns = [
        [np.asarray(group[name][...]) for group in groups]  # type: ignore[index]  # arrays
        for name in ("counter", "valid", "spacecraft_id")
    ]
    counters, valid, spacecraft = columns
    valid_ids = np.concatenate([ids[good] for ids, good in zip(spacecraft, valid, strict=True)])
    if valid_ids.size == 0:
        raise ValueError("no frame could be read on any channel")
    own = np.argmax(np.bincount(valid_ids))
    rows = tuple(np.flatnonzero(ids == own) for ids in spacecraft)
    merge = merge_frames(
        [counter[kept] for counter, kept in zip(counters, rows, strict=True)],
        [good[kept] for good, kept in zip(valid, rows, strict=True)],
    )
    foreign = sum(ids.size for ids in spacecraft) - sum(kept.size for kept in rows)
    return MergedFrames(tuple(groups), rows, merge, foreign)


def _take(array: "zarr.Array[Any]", rows: Integers) -> Bytes:
    """Read rows: as one piece where they nearly are one, else one by one."""
    first, last = int(rows.min()), int(rows.max())
    if last - first < 4 * rows.size:
        return np.asarray(array[first : last + 1])[rows - first]
    return np.asarray(array.oindex[rows])
