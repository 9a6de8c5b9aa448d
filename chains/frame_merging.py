"""Frames of one virtual channel, united from all receiving channels."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import zarr

from refsys.kernels.ccsds.frame_order import FrameMerge, merge_frames, take_merged

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class ChannelFrames(NamedTuple):
    """What one receiving channel has: columns of shape (n,), and M_PDUs (n, 1778) uint8; see `FrameTable`."""

    counter: Integers
    spacecraft_id: Bytes
    valid: Flags
    mpdus: Bytes


class SourceFrames(NamedTuple):
    """Frames of one virtual channel, each once, by rising counter: (k,) int64 unwrapped, (k,) bool, (k, 1778) uint8.

    `duplicates`: further copies that were left out; `conflicting`: valid frames of equal counter whose contents differ;
    `foreign`: frames of another spacecraft, left out.
    """

    counter: Integers
    valid: Flags
    mpdus: Bytes
    duplicates: int
    conflicting: int
    foreign: int


def read_channel(group: zarr.Group) -> ChannelFrames:
    """Return the frames that `refsys.chains.frame_decoding.FrameTable` wrote into a group."""
    columns = {name: np.asarray(group[name][...]) for name in ChannelFrames._fields}  # type: ignore[index]  # arrays
    return ChannelFrames(**columns)


def merge_channels(channels: Sequence[ChannelFrames]) -> SourceFrames:
    """Unite what the receiving channels have: duplicates left out, different frames put in order.

    The spacecraft is the one with most valid frames.

    Raises
    ------
    ValueError
        No valid frame on any channel.
    """
    valid_ids = np.concatenate([channel.spacecraft_id[channel.valid] for channel in channels])
    if valid_ids.size == 0:
        raise ValueError("no frame could be read on any channel")
    own = np.argmax(np.bincount(valid_ids))
    kept = [ChannelFrames(*(column[channel.spacecraft_id == own] for column in channel)) for channel in channels]
    merge = merge_frames([channel.counter for channel in kept], [channel.valid for channel in kept])
    mpdus = take_merged([channel.mpdus for channel in kept], merge)
    return SourceFrames(
        counter=merge.counter,
        valid=merge.valid,
        mpdus=mpdus,
        duplicates=int(merge.copies.sum()) - merge.counter.size,
        conflicting=sum(_conflicts(merge, mpdus, channel) for channel in kept),
        foreign=sum(channel.counter.size for channel in channels) - sum(channel.counter.size for channel in kept),
    )


def _conflicts(merge: FrameMerge, mpdus: Bytes, channel: ChannelFrames) -> int:
    """Count a channel's valid frames that differ from the one that was chosen for their counter."""
    modulus = 1 << 24
    order = np.argsort(merge.counter % modulus)
    places = np.searchsorted(merge.counter[order] % modulus, channel.counter)
    chosen = order[np.minimum(places, order.size - 1)]
    same = (mpdus[chosen] == channel.mpdus).all(axis=1)
    return int((channel.valid & ~same).sum())
