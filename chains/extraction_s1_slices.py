"""Arithmetic of Sentinel-1 slices, and the timeliness of what a packet store held.

Source: Sentinel-1 slicing concept (S1-RS-MDA-52-7440, slice products): a segment of a data take is cut into slices of
a length, each longer by an overlap. Packet stores: the on-board memory configuration of the satellites (AUX_OBMEMC).
"""

import math
from datetime import datetime

from refsys.model.attributes import Timeliness
from refsys.model.errors import InputCorrupt

_STRIPMAP = dict.fromkeys(("S1", "S2", "S3", "S4", "S5", "S6"), (7.7, 25.0))
OVERLAP_AND_LENGTH_S = {"EW": (8.2, 60.0), "IW": (7.4, 25.0)} | _STRIPMAP
"""Overlap and length of the slices of a beam, seconds; other beams are not cut."""

_NOT_CUT = ("WV", "RF")
_STORES: tuple[tuple[range, Timeliness], ...] = (
    (range(2), "PT"),  # emergency
    (range(2, 6), "FAST24"),  # RF characterisation
    (range(6, 19), "NRT"),
    (range(19, 37), "FAST24"),  # wave mode, then standard
    (range(37, 45), "PT"),  # pass-through
    (range(45, 50), "NRT"),  # house-keeping, GPS
    (range(50, 51), "FAST24"),  # filler
)
_HIGHEST_FIRST: tuple[Timeliness, ...] = ("PT", "NRT", "FAST24")


def slice_count(beam: str, start: datetime, stop: datetime) -> int | None:
    """Return how many slices a segment of this beam has; None for beams of which no rule is known.

    A rest shorter than the overlap makes no slice of its own.

    Raises
    ------
    InputCorrupt
        For a stop before the start.

    Examples
    --------
    >>> from datetime import timedelta
    >>> start = datetime(2017, 12, 13)
    >>> slice_count("IW", start, start + timedelta(seconds=503.6)), slice_count("WV", start, start)
    (20, 1)
    """
    if stop < start:
        raise InputCorrupt(f"segment stops at {stop.isoformat()}, before its start {start.isoformat()}")
    if beam in _NOT_CUT:
        return 1
    if beam not in OVERLAP_AND_LENGTH_S:
        return None
    overlap_s, length_s = OVERLAP_AND_LENGTH_S[beam]
    count = ((stop - start).total_seconds() - overlap_s) / length_s
    rest_s = (count - math.floor(count)) * length_s
    return max(math.floor(count) if rest_s < overlap_s else math.ceil(count), 1)


def packet_store_timeliness(packet_stores: list[int]) -> Timeliness | None:
    """Return the most urgent timeliness of the packet stores that data came from; None for no store.

    Raises
    ------
    InputCorrupt
        For a number that no store has.

    Examples
    --------
    >>> packet_store_timeliness([22, 37]), packet_store_timeliness([24, 25])
    ('PT', 'FAST24')
    """
    found = set()
    for store in packet_stores:
        timeliness = next((timeliness for numbers, timeliness in _STORES if store in numbers), None)
        if timeliness is None:
            raise InputCorrupt(f"packetStoreID is {store}, must be 0 to {_STORES[-1][0][-1]}")
        found.add(timeliness)
    return next((timeliness for timeliness in _HIGHEST_FIRST if timeliness in found), None)
