"""Order of the frames of one virtual channel: counters unwrapped, late chunks put in place, channels merged."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from refsys.kernels.ccsds.frame_headers import COUNTER_MODULUS


class FrameMerge(NamedTuple):
    """Which frames to take, by rising counter, every counter once.

    `counter` (k,) int64 unwrapped; `channel` (k,) int64 and `row` (k,) int64: where to take it; `valid` (k,) bool;
    `copies` (k, channels) int64: how many frames of that counter each channel brought, invalid ones included.
    """

    counter: npt.NDArray[np.int64]
    channel: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    valid: npt.NDArray[np.bool_]
    copies: npt.NDArray[np.int64]


def unwrap_counters(
    counters: npt.NDArray[np.int64], valid: npt.NDArray[np.bool_], reference: int | None = None
) -> npt.NDArray[np.int64]:
    """Counters of 24 bits made to run on, in whatever order the frames came.

    Each valid frame is put nearest to the valid one before it, so a chunk that comes late keeps its place as long as
    neighbours in the order of arrival are less than 2^23 frames apart. An invalid frame, whose counter may be wrong, is
    put nearest to the valid one before it and moves no other.

    Parameters
    ----------
    counters
        As received, int64, shape (n,).
    valid
        Whether the frame was decoded, bool, shape (n,).
    reference
        An unwrapped counter near the first valid frame; by default that frame's own.

    Returns
    -------
    int64, shape (n,); may be negative when frames from before a wrap come after the first.

    Raises
    ------
    ValueError
        Shapes differ, or a counter is not of 24 bits.
    """
    counters = np.asarray(counters, dtype=np.int64)
    valid = np.asarray(valid, dtype=np.bool_)
    if counters.ndim != 1 or counters.shape != valid.shape:
        raise ValueError(
            f"frame counters {counters.shape} and validity {valid.shape} must be of one dimension and equal"
        )
    if counters.size == 0:
        return counters.copy()
    if counters.min() < 0 or counters.max() >= COUNTER_MODULUS:
        raise ValueError(f"frame counters must be 0 to {COUNTER_MODULUS - 1}")
    good = counters[valid]
    start = reference if reference is not None else int(good[0] if good.size else counters[0])
    chain = start + np.concatenate([[0], np.cumsum(_nearest(np.diff(good, prepend=start % COUNTER_MODULUS)))])
    before = chain[np.cumsum(valid) - valid]
    return np.asarray(before + _nearest(counters - before), dtype=np.int64)


def frame_order(counters: npt.NDArray[np.int64], valid: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Give the indices that sort frames by unwrapped counter, first come first; arguments as `unwrap_counters`.

    Examples
    --------
    >>> frame_order(np.array([16777215, 2, 0, 1]), np.ones(4, bool))
    array([0, 2, 3, 1])
    """
    return np.argsort(unwrap_counters(counters, valid), kind="stable")


def merge_frames(counters: Sequence[npt.NDArray[np.int64]], valid: Sequence[npt.NDArray[np.bool_]]) -> FrameMerge:
    """Union by counter of what several receiving channels have of one virtual channel.

    A valid frame goes before an invalid one, then the earlier channel, then the earlier arrival. One channel alone is
    put in order and freed of its duplicates.

    Parameters
    ----------
    counters
        One array per channel, as received, int64, shape (n_i,).
    valid
        One array per channel, bool, shape (n_i,).

    Raises
    ------
    ValueError
        Not as many counters as validities, in all or of a channel, or as `unwrap_counters`.
    """
    if len(counters) != len(valid) or not counters:
        raise ValueError(f"merge of frames: {len(counters)} channels of counters, {len(valid)} of validity")
    for one, other in zip(counters, valid, strict=True):
        if one.ndim != 1 or one.shape != other.shape:
            raise ValueError(f"merge of frames: counters {one.shape} and validity {other.shape} of a channel")
    reference = next((int(c[v][0]) for c, v in zip(counters, valid, strict=True) if v.any()), None)
    unwrapped = np.concatenate([unwrap_counters(c, v, reference) for c, v in zip(counters, valid, strict=True)])
    channel = np.repeat(np.arange(len(counters)), [len(c) for c in counters])
    row = np.concatenate([np.arange(len(c)) for c in counters])
    good = np.concatenate(valid).astype(np.bool_)
    order = np.lexsort((row, channel, ~good, unwrapped))
    ordered = unwrapped[order]
    fresh = np.diff(ordered, prepend=ordered[:1] - 1) != 0
    copies = np.zeros((int(fresh.sum()), len(counters)), np.int64)
    np.add.at(copies, (np.cumsum(fresh) - 1, channel[order]), 1)
    taken = order[fresh]
    return FrameMerge(unwrapped[taken], channel[taken], row[taken], good[taken], copies)


def take_merged(blocks: Sequence[npt.NDArray[np.uint8]], merge: FrameMerge) -> npt.NDArray[np.uint8]:
    """Gather what a merge chose out of the channels' frames.

    Parameters
    ----------
    blocks
        One array per channel, uint8, shape (n_i, length).

    Returns
    -------
    uint8, shape (k, length).
    """
    out = np.empty((merge.row.size, blocks[0].shape[1]), np.uint8)
    for channel, block in enumerate(blocks):
        here = merge.channel == channel
        out[here] = block[merge.row[here]]
    return out


def _nearest(step: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    half = COUNTER_MODULUS // 2
    return (step + half) % COUNTER_MODULUS - half
