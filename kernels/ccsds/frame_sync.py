"""Frame synchroniser: finds CADUs in a stream of bits by their marker (CCSDS 131.0-B, section 9; CCSDS 130.1-G, 9).

The stream comes in bytes; a frame may begin at any bit and is delivered shifted to whole bytes. The rules, all decided
on known bits only, so that a stream may be cut into blocks anywhere:

* *Lock.* The marker one frame length after the last one, with up to `marker_bit_errors` wrong bits, is the next frame.
* *Check.* Otherwise the bits from just behind the last marker on are tried. A marker on the old grid counts as in
  lock; off the grid it counts if it is exact, or if another marker stands one or two frame lengths behind it.
* *Flywheel.* Between the last marker and the one found, whole frames on the old grid are delivered too, up to
  `flywheel_frames`: their markers were hit, their contents may be good. At the end of the stream the same holds.
* *Search.* When the marker `flywheel_frames` + 1 frame lengths behind the last one is missing too, the grid is given
  up, and nothing on it is delivered.

So bits or bytes inserted or dropped between or inside frames cost the frames they hit, and no other. A frame shortened
by dropped bits is delivered with the first bits of its successor at its end: Reed-Solomon decides about it. A bit slip
leaves no other trace than the frames' `bit_offsets`.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from refsys.kernels.jit import jit

MARKER = 0x1ACFFC1D
MARKER_BYTES = 4
_NO_ANCHOR = -(1 << 60)
_LONGEST_FLYWHEEL = 1000  # frames: room for them is made with every block
_CROWD = 8  # times more frames than the bytes can hold: not a stream of frames


class _Rules(NamedTuple):
    frame: int  # bits
    tolerance: int  # wrong bits
    reach: int  # bits for which a grid lives without a marker


class Frames(NamedTuple):
    """Frames as whole bytes.

    `cadus` (n, frame_bytes) uint8, with markers; `positions` (n,) int64: byte of the stream in which each begins;
    `marker_bit_errors` (n,) int16: wrong bits; `bit_offsets` (n,) uint8: bits of that byte before the frame, 0 to 7.
    """

    cadus: npt.NDArray[np.uint8]
    positions: npt.NDArray[np.int64]
    marker_bit_errors: npt.NDArray[np.int16]
    bit_offsets: npt.NDArray[np.uint8]


def _marker_errors_body(buffer: npt.NDArray[np.uint8], at: int) -> np.int64:
    # 33, more than a marker can have, where it does not lie in the buffer.
    if at < 0 or at + 32 > 8 * buffer.size:
        return np.int64(33)
    byte, bit = at >> 3, at & 7
    word = (np.int64(buffer[byte]) << 24) | (np.int64(buffer[byte + 1]) << 16)
    word = word | (np.int64(buffer[byte + 2]) << 8) | np.int64(buffer[byte + 3])
    if bit:
        word = ((word << bit) | (np.int64(buffer[byte + 4]) >> (8 - bit))) & 0xFFFFFFFF
    word ^= 0x1ACFFC1D
    word -= (word >> 1) & 0x55555555
    word = (word & 0x33333333) + ((word >> 2) & 0x33333333)
    word = (word + (word >> 4)) & 0x0F0F0F0F
    return ((word * 0x01010101) >> 24) & 0x3F


_marker_errors = jit(_marker_errors_body)


def _find_body(buffer: npt.NDArray[np.uint8], anchor: int, scan: int, rules: _Rules, final: bool) -> int:
    # First acceptable marker at or behind `scan`; minus one minus the position where bits run out.
    end, frame = 8 * buffer.size, rules.frame
    while scan + frame <= end or (not final and scan + 32 <= end):
        errors = _marker_errors(buffer, scan)
        if errors == 0:
            return scan
        if errors <= rules.tolerance:
            if (scan - anchor) % frame == 0 and scan - anchor <= rules.reach:
                return scan
            for ahead in (scan + frame, scan + 2 * frame):
                if ahead + 32 > end and not final:
                    return -1 - scan
                if _marker_errors(buffer, ahead) <= rules.tolerance:
                    return scan
        scan += 1
    return -1 - scan


_find = jit(_find_body)


def _deliver_body(state: npt.NDArray[np.int64], found: int, rules: _Rules, starts: npt.NDArray[np.int64]) -> None:
    # The grid's frames that end before `found`, if the grid is still alive there.
    anchor, real, frame = state[0], state[3], rules.frame
    on_grid = (found - anchor) % frame == 0
    if found - anchor > rules.reach or not (real or on_grid):
        return
    at = anchor + frame
    while at + frame <= found:
        if at >= 0 and state[2] < starts.size:
            starts[state[2]] = at
            state[2] += 1
        at += frame


_deliver = jit(_deliver_body)


def _synchronise_body(
    buffer: npt.NDArray[np.uint8],
    state: npt.NDArray[np.int64],
    rules: _Rules,
    final: bool,
    starts: npt.NDArray[np.int64],
) -> None:
    # state: anchor (bit where the last frame starts), scan (next bit to try; the anchor itself while in lock), frames
    # found, whether the anchor was a marker (the start of the stream is taken as a grid too, until a marker says
    # otherwise).
    end = 8 * buffer.size
    while state[2] < starts.size:
        found = state[0] + rules.frame
        if state[1] == state[0]:
            if found + 32 > end and not final:
                return
            if _marker_errors(buffer, found) > rules.tolerance:
                state[1] = max(state[0] + 1, 0)
        if state[1] != state[0]:
            found = _find(buffer, state[0], state[1], rules, final)
            state[1] = found if found >= 0 else -1 - found
        if found < 0 or found + rules.frame > end:
            # Whoever saw 32 bits more before the end has given the grid up.
            if final and state[3] and end - state[0] < rules.reach + 32:
                _deliver(state, min(end, state[0] + rules.reach), rules, starts)
            if state[1] - state[0] > rules.reach:
                state[0], state[3] = -(1 << 60), 0
            return
        _deliver(state, found, rules, starts)
        if state[2] < starts.size:
            starts[state[2]] = found
            state[2] += 1
        state[0], state[1], state[3] = found, found, 1


_synchronise = jit(_synchronise_body)


def _cut_body(
    buffer: npt.NDArray[np.uint8],
    starts: npt.NDArray[np.int64],
    cadus: npt.NDArray[np.uint8],
    errors: npt.NDArray[np.int16],
) -> None:
    width = cadus.shape[1]
    for i in range(starts.size):
        errors[i] = _marker_errors(buffer, starts[i])
        first, bit = starts[i] >> 3, starts[i] & 7
        row = cadus[i]
        if bit == 0:
            whole = buffer[first : first + width]
            for k in range(width):
                row[k] = whole[k]
        else:
            left, right = buffer[first : first + width], buffer[first + 1 : first + 1 + width]
            for k in range(width):
                row[k] = ((np.int64(left[k]) << bit) | (np.int64(right[k]) >> (8 - bit))) & 0xFF


_cut = jit(_cut_body)


class FrameSynchroniser:
    """Synchroniser of one stream: blocks in, frames out; the memory it keeps is a few frames.

    Parameters
    ----------
    frame_bytes
        Length of a CADU with its marker (Sentinel 2044, NPP 1024).
    marker_bit_errors
        Wrong bits of 32 at which four bytes still count as a marker, 0 to 8.
    flywheel_frames
        How many frames in a row may have their markers destroyed, 0 to 1000.

    Raises
    ------
    ValueError
        A setting out of range, or none of whole numbers.
    """

    def __init__(self, frame_bytes: int = 2044, *, marker_bit_errors: int = 4, flywheel_frames: int = 4) -> None:
        settings = frame_bytes, marker_bit_errors, flywheel_frames
        whole = all(isinstance(setting, (int, np.integer)) for setting in settings)
        bounded = 0 <= marker_bit_errors <= 8 and 0 <= flywheel_frames <= _LONGEST_FLYWHEEL
        if not whole or frame_bytes <= MARKER_BYTES or not bounded:
            raise ValueError(
                f"frame synchroniser: whole numbers, frame_bytes {frame_bytes} over {MARKER_BYTES}, "
                f"marker_bit_errors {marker_bit_errors} 0 to 8, flywheel_frames {flywheel_frames} 0 to "
                f"{_LONGEST_FLYWHEEL}"
            )
        frame_bytes, marker_bit_errors, flywheel_frames = (int(setting) for setting in settings)
        frame = 8 * frame_bytes
        self._rules = _Rules(frame, marker_bit_errors, (flywheel_frames + 1) * frame)
        self._frame_bytes = frame_bytes
        self._carry = np.empty(0, np.uint8)
        self._origin = 0  # byte of the stream that the first carried one is
        self._anchor, self._scan, self._real = -frame, -frame, 0  # bits of the stream
        self._finished = False

    def push(self, block: npt.NDArray[np.uint8]) -> Frames:
        """Take the next bytes of the stream and give the frames that are now certain.

        Parameters
        ----------
        block
            uint8, shape (n,), any length.

        Raises
        ------
        ValueError
            Not bytes, after `finish`, or so many markers that the bytes cannot be frames.
        """
        return self._advance(block, final=False)

    def finish(self, block: npt.NDArray[np.uint8] | None = None) -> Frames:
        """Say that the stream ends, with the last bytes if there are more, and give the last frames.

        A frame that is cut short is not one of them. Arguments and errors as `push`.
        """
        frames = self._advance(np.empty(0, np.uint8) if block is None else block, final=True)
        self._finished = True
        return frames

    def _advance(self, block: npt.NDArray[np.uint8], *, final: bool) -> Frames:
        if self._finished:
            raise ValueError("frame synchroniser: the stream has been finished")
        if block.ndim != 1 or block.dtype != np.uint8:
            raise ValueError(f"frame synchroniser: need uint8 (n,), not {block.dtype} of shape {block.shape}")
        buffer = np.concatenate([self._carry, block]) if self._carry.size else np.ascontiguousarray(block)
        starts = np.empty(_CROWD * ((8 * buffer.size + self._rules.reach) // self._rules.frame + 1), np.int64)
        origin = 8 * self._origin
        state = np.array([self._anchor - origin, self._scan - origin, 0, self._real], np.int64)
        _synchronise(buffer, state, self._rules, final, starts)
        count = int(state[2])
        if count == starts.size:
            raise ValueError(
                f"frame synchroniser: over {count} markers in {buffer.size} bytes at {self._origin}: "
                f"not a stream of frames of {self._frame_bytes} bytes"
            )
        frames = self._cut(buffer, starts[:count])
        self._keep(buffer, state)
        return frames

    def _cut(self, buffer: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64]) -> Frames:
        cadus = np.empty((starts.size, self._frame_bytes), np.uint8)
        errors = np.empty(starts.size, np.int16)
        _cut(buffer, starts, cadus, errors)
        return Frames(cadus, (starts >> 3) + self._origin, errors, (starts & 7).astype(np.uint8))

    def _keep(self, buffer: npt.NDArray[np.uint8], state: npt.NDArray[np.int64]) -> None:
        anchor, scan = int(state[0]), int(state[1])
        alive = anchor != _NO_ANCHOR
        keep = min(buffer.size, max(0, min(scan, anchor + 1) if alive else scan) >> 3)
        self._carry = buffer[keep:].copy()
        self._anchor = anchor + 8 * self._origin if alive else _NO_ANCHOR
        self._scan, self._real = scan + 8 * self._origin, int(state[3])
        self._origin += keep


def synchronise(
    stream: npt.NDArray[np.uint8], frame_bytes: int = 2044, *, marker_bit_errors: int = 4, flywheel_frames: int = 4
) -> Frames:
    """All frames of a whole stream; arguments and errors as `FrameSynchroniser`.

    Examples
    --------
    >>> cadu = np.frombuffer(bytes.fromhex("1acffc1d 0102 0304"), np.uint8)
    >>> frames = synchronise(np.concatenate([cadu, np.zeros(3, np.uint8), cadu]), 8)
    >>> frames.positions
    array([ 0, 11])
    """
    synchroniser = FrameSynchroniser(frame_bytes, marker_bit_errors=marker_bit_errors, flywheel_frames=flywheel_frames)
    return synchroniser.finish(stream)
