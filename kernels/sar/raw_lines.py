"""Received lines on a regular grid: lost ones, repeated ones, and changes of the instrument's settings."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Lines(NamedTuple):
    """Where received lines lie on a regular grid.

    Attributes
    ----------
    place
        int64 (received,): line of the grid, -1 where a line repeats an earlier one.
    present
        bool (lines,): lines of the grid that were received; the others are lost.
    """

    place: NDArray[np.int64]
    present: NDArray[np.bool_]


def place_lines(pri_count: NDArray[np.int64]) -> Lines:
    """Place received lines by the instrument's count of pulses, from the first to the last.

    Parameters
    ----------
    pri_count
        int64 (received,), not decreasing.

    Raises
    ------
    ValueError
        If there is no line or the count decreases.
    """
    if pri_count.ndim != 1 or not pri_count.size:
        raise ValueError("no line was received")
    steps = np.diff(pri_count)
    if np.any(steps < 0):
        raise ValueError(f"the count of pulses falls at line {int(np.argmax(steps < 0)) + 1}")
    place = (pri_count - pri_count[0]).astype(np.int64)
    present = np.zeros(int(place[-1]) + 1, np.bool_)
    present[place] = True
    place[1:][steps == 0] = -1
    return Lines(place, present)


def fill_lines(received: NDArray[np.complex64], lines: Lines) -> NDArray[np.complex64]:
    """Return lines on the regular grid, complex64 (lines, samples); lost lines and samples not finite are zero.

    Raises
    ------
    ValueError
        If there are not as many lines as were placed.
    """
    if received.ndim != 2 or received.shape[0] != lines.place.size:
        raise ValueError(f"{lines.place.size} lines were placed, {received.shape} given")
    filled = np.zeros((lines.present.size, received.shape[1]), np.complex64)
    kept = lines.place >= 0
    filled[lines.place[kept]] = received[kept]
    filled[~np.isfinite(filled)] = 0
    return filled


def constant_runs(*settings: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return where settings of the instrument stay the same: first and end of each run of lines.

    A line's PRI, window start, window length or rank may change within an acquisition; echoes on both sides of a change
    lie on different grids and are focused apart.

    Parameters
    ----------
    settings
        int64 (lines,) each: codes of the packet headers.

    Raises
    ------
    ValueError
        If there is no setting, no line, or the lengths differ.
    """
    if not settings or not settings[0].size or any(one.shape != (settings[0].size,) for one in settings):
        raise ValueError("settings are arrays of the same length, one value a line")
    changed = np.any(np.diff(np.stack(settings), axis=1) != 0, axis=0)
    borders = [0, *(np.flatnonzero(changed) + 1).tolist(), settings[0].size]
    return list(pairwise(borders))
