"""How a Sentinel-2 step is divided along an axis: bands, detectors, granules along the track, reference images.

Rule: a list or a range of n elements in at most p contiguous parts of nearly equal size, the larger ones first
(splitting of the Sentinel-2 orchestrator, S2IPF_Orchestrator of CS SI, as observed).
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")

DETECTORS = tuple(f"{number:02d}" for number in range(1, 13))
BANDS = ("01", "02", "03", "04", "05", "06", "07", "08", "8A", "09", "10", "11", "12")
QUICK_LOOK_BANDS = ("02", "03", "04", "10", "11")


def split_list(elements: Sequence[T], parts: int) -> list[tuple[T, ...]]:
    """Return at most `parts` contiguous, never empty pieces of a list, sizes differing by at most one.

    Raises
    ------
    ValueError
        If the list is empty or `parts` is below 1.

    Examples
    --------
    >>> split_list("abcde", 2)
    [('a', 'b', 'c'), ('d', 'e')]
    """
    if not elements or parts < 1:
        raise ValueError(f"{len(elements)} elements in {parts} parts: both must be at least 1")
    parts = min(parts, len(elements))
    small, larger = divmod(len(elements), parts)
    bounds = [number * small + min(number, larger) for number in range(parts + 1)]
    return [tuple(elements[first:last]) for first, last in pairwise(bounds)]


def split_range(count: int, parts: int) -> list[tuple[str, str]]:
    """Return first and last number, three digits each, of at most `parts` contiguous pieces of 1 to `count`.

    Raises
    ------
    ValueError
        If `count` or `parts` is below 1.

    Examples
    --------
    >>> split_range(16, 3)
    [('001', '006'), ('007', '011'), ('012', '016')]
    """
    pieces = split_list(range(1, count + 1), parts)
    return [(f"{piece[0]:03d}", f"{piece[-1]:03d}") for piece in pieces]
