"""Packet reassembly across the frames of one virtual channel (CCSDS 732.0-B, 4.3.2: packet extraction)."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from refsys.kernels.ccsds.frame_headers import MPDU_HEADER_BYTES
from refsys.kernels.jit import jit

# Places in the state array of the loop below.
_WRITTEN = 0  # bytes in the output, the open packet's included
_OPEN = 1  # where the open packet begins in the output, or -1
_BEGAN = 2  # frame in which it began
_PACKETS, _IDLE, _PARTIAL, _MALFORMED = 3, 4, 5, 6
_GAP = 7  # whether something was lost since the last packet
_STARTED, _COUNTER = 8, 9  # whether there was a frame yet, and the counter of the last
_ROWS = 10  # of the frames in earlier calls
_STATES = 11


class _Output(NamedTuple):
    data: npt.NDArray[np.uint8]
    state: npt.NDArray[np.int64]  # the places above
    columns: npt.NDArray[np.int64]  # (5, capacity): offset, length, first row, last row, after a gap


class Packets(NamedTuple):
    """Packets of one virtual channel, idle ones left out.

    `data` (b,) uint8, one packet behind the other; `offsets`, `lengths` (n,) int64; `first_frame`, `last_frame` (n,)
    int64: rows of the input where a packet begins and ends; `after_gap` (n,) bool: something was lost just before it.
    `idle`: idle packets; `partial`: packets begun and not finished, because of a gap or the end; `malformed`: places
    where header pointer, packet length or packet version contradict each other (the packet is dropped).
    """

    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    first_frame: npt.NDArray[np.int64]
    last_frame: npt.NDArray[np.int64]
    after_gap: npt.NDArray[np.bool_]
    idle: int
    partial: int
    malformed: int


def _abandon_body(state: npt.NDArray[np.int64], reason: int) -> None:
    if state[_OPEN] >= 0:
        state[reason] += 1
        state[_WRITTEN] = state[_OPEN]
        state[_OPEN] = -1
    state[_GAP] = 1


_abandon = jit(_abandon_body)


def _feed_body(mpdu: npt.NDArray[np.uint8], at: int, out: _Output) -> int:
    # Bytes of the M_PDU from `at` on go to the open packet, until it is whole or they run out; returns where they end,
    # or minus one minus that for an open packet that is not whole.
    data, state = out.data, out.state
    begin, need = state[_OPEN], np.int64(6)
    while True:
        have = state[_WRITTEN] - begin
        take = max(0, min(need - have, mpdu.size - at))
        begun = begin + have
        into, from_ = data[begun : begun + take], mpdu[at : at + take]
        for k in range(take):
            into[k] = from_[k]
        state[_WRITTEN] += take
        at += take
        if have + take < need:
            return -1 - at
        if need > 6:
            return at
        need = (np.int64(data[begin + 4]) << 8) + data[begin + 5] + 7


_feed = jit(_feed_body)


def _close_body(row: int, out: _Output) -> None:
    data, state, columns = out
    begin = state[_OPEN]
    state[_OPEN] = -1
    if (np.int64(data[begin]) & 7) << 8 | np.int64(data[begin + 1]) == 2047:
        state[_IDLE] += 1
        state[_WRITTEN] = begin
        return
    if state[_PACKETS] < columns.shape[1]:
        columns[0, state[_PACKETS]] = begin
        columns[1, state[_PACKETS]] = state[_WRITTEN] - begin
        columns[2, state[_PACKETS]] = state[_BEGAN]
        columns[3, state[_PACKETS]] = row
        columns[4, state[_PACKETS]] = state[_GAP]
    state[_PACKETS] += 1
    state[_GAP] = 0


_close = jit(_close_body)


def _take_whole_body(mpdu: npt.NDArray[np.uint8], at: int, row: int, out: _Output) -> int:
    # Packets that lie whole in the M_PDU from `at` on, as far as they are neither idle nor malformed, are copied at
    # once. Returns where they end.
    state, columns = out.state, out.columns
    begin, size, packets, gap = at, mpdu.size, state[_PACKETS], state[_GAP]
    shift = state[_WRITTEN] - begin
    while at + 7 <= size and packets < columns.shape[1]:
        first = np.int64(mpdu[at])
        length = int((np.int64(mpdu[at + 4]) << 8) + mpdu[at + 5] + 7)
        if first >> 5 or at + length > size or (first & 7) << 8 | np.int64(mpdu[at + 1]) == 2047:
            break
        columns[0, packets], columns[1, packets] = at + shift, length
        columns[2, packets], columns[3, packets], columns[4, packets] = row, row, gap
        packets, gap = packets + 1, 0
        at += length
    state[_PACKETS], state[_GAP] = packets, gap
    source, target = mpdu[begin:at], out.data[begin + shift : at + shift]
    for k in range(source.size):
        target[k] = source[k]
    state[_WRITTEN] += at - begin
    return at


_take_whole = jit(_take_whole_body)


def _frame_body(mpdu: npt.NDArray[np.uint8], pointer: int, row: int, out: _Output) -> None:
    state = out.state
    at = mpdu.size if pointer == 2047 else pointer + 2
    if state[_OPEN] >= 0:
        end = _feed(mpdu, 2, out)
        if end == at:
            _close(row, out)
        elif end >= 0 or pointer != 2047:
            _abandon(state, _MALFORMED)
    while True:
        at = _take_whole(mpdu, at, row, out)
        if at >= mpdu.size:
            return
        if mpdu[at] >> 5:
            state[_MALFORMED] += 1
            state[_GAP] = 1
            return
        state[_OPEN], state[_BEGAN] = state[_WRITTEN], row
        at = _feed(mpdu, at, out)
        if at < 0:
            return
        _close(row, out)


_frame = jit(_frame_body)


def _assemble_body(
    counters: npt.NDArray[np.int64], valid: npt.NDArray[np.bool_], mpdus: npt.NDArray[np.uint8], out: _Output
) -> None:
    state = out.state
    for row in range(counters.size):
        if not valid[row]:
            continue
        step = np.int64(1)
        if state[_STARTED]:
            step = counters[row] - state[_COUNTER]
            if step == 0:
                continue
        if step not in (1, 1 - (1 << 24)):
            _abandon(state, _PARTIAL)
        state[_STARTED], state[_COUNTER] = 1, counters[row]
        pointer = (np.int64(mpdus[row, 0]) & 7) << 8 | np.int64(mpdus[row, 1])
        if pointer == 2046:
            if state[_OPEN] >= 0:
                _abandon(state, _MALFORMED)
        elif pointer != 2047 and pointer + 2 >= mpdus.shape[1]:
            _abandon(state, _PARTIAL)
            state[_MALFORMED] += 1
        else:
            _frame(mpdus[row], int(pointer), int(row + state[_ROWS]), out)
    state[_ROWS] += counters.size


_assemble = jit(_assemble_body)


class PacketAssembler:
    """Packets of one virtual channel whose frames come block by block; what is kept is the open packet.

    A gap in the counters drops the open packet; work goes on at the next first header pointer. An open packet must end
    exactly where the next pointer points, so a wrong length cannot swallow its neighbours' frames.
    """

    def __init__(self) -> None:
        self._state = np.zeros(_STATES, np.int64)
        self._state[_OPEN] = -1
        self._carry = np.empty(0, np.uint8)

    def push(
        self, counters: npt.NDArray[np.int64], mpdus: npt.NDArray[np.uint8], valid: npt.NDArray[np.bool_]
    ) -> Packets:
        """Take the next frames and give the packets that end in them.

        Parameters
        ----------
        counters
            Frame counters in order, of 24 bits or unwrapped, int64, shape (n,). A frame with the counter of the one
            before it is a duplicate and is left out.
        mpdus
            M_PDU header and packet zone of each frame, uint8, shape (n, 2 + zone).
        valid
            Frames to use, bool, shape (n,); the others are taken as lost.

        Returns
        -------
        Packets; `first_frame` and `last_frame` count the rows of all calls, `idle` and so on are those of this one.

        Raises
        ------
        ValueError
            Shapes or types that do not agree.
        """
        counters = np.ascontiguousarray(counters, dtype=np.int64)
        valid = np.ascontiguousarray(valid, dtype=np.bool_)
        if mpdus.ndim != 2 or mpdus.dtype != np.uint8 or mpdus.shape[1] <= MPDU_HEADER_BYTES:
            raise ValueError(f"packet assembly: need uint8 (n, 2 + zone), not {mpdus.dtype} of shape {mpdus.shape}")
        if not counters.shape == valid.shape == mpdus.shape[:1]:
            raise ValueError(
                f"packet assembly: {counters.shape} counters, {valid.shape} validities, {mpdus.shape} M_PDUs"
            )
        frames = np.ascontiguousarray(mpdus)
        data = np.empty(self._carry.size + frames.shape[0] * (frames.shape[1] - MPDU_HEADER_BYTES), np.uint8)
        columns = np.empty((5, data.size // 32 + 16), np.int64)
        while True:
            state = self._state.copy()
            data[: self._carry.size] = self._carry
            _assemble(counters, valid, frames, _Output(data, state, columns))
            if state[_PACKETS] <= columns.shape[1]:
                break
            columns = np.empty((5, int(state[_PACKETS])), np.int64)
        return self._give(_Output(data, state, columns))

    def finish(self) -> Packets:
        """Say that the frames have ended; only the figures of the result can be other than empty."""
        if self._state[_OPEN] >= 0:
            _abandon(self._state, _PARTIAL)
        return self._give(_Output(np.empty(0, np.uint8), self._state, np.empty((5, 0), np.int64)))

    def _give(self, out: _Output) -> Packets:
        data, state, columns = out
        offsets, lengths, first, last, gap = columns[:, : state[_PACKETS]].copy()
        end = int(state[_OPEN] if state[_OPEN] >= 0 else state[_WRITTEN])
        self._carry = data[end : state[_WRITTEN]].copy()
        packets = Packets(
            data[:end], offsets, lengths, first, last, gap != 0,
            int(state[_IDLE]), int(state[_PARTIAL]), int(state[_MALFORMED]),
        )  # fmt: skip
        self._state = state
        state[_WRITTEN] -= end
        state[_OPEN] -= end if state[_OPEN] >= 0 else 0
        state[[_PACKETS, _IDLE, _PARTIAL, _MALFORMED]] = 0
        return packets


def assemble_packets(
    counters: npt.NDArray[np.int64], mpdus: npt.NDArray[np.uint8], valid: npt.NDArray[np.bool_]
) -> Packets:
    """Packets out of all frames of one virtual channel; arguments, rules and errors as `PacketAssembler.push`."""
    assembler = PacketAssembler()
    packets = assembler.push(counters, mpdus, valid)
    return packets._replace(partial=packets.partial + assembler.finish().partial)
