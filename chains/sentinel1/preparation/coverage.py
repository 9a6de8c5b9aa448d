"""Whether the segments of a data take are all there, and which of them are taken."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from refsys.chains.sentinel1.preparation.level0 import newest
from refsys.model.products import Product

SINGLE = frozenset({"SH", "SV"})
PAIRS = (frozenset({"VV", "VH"}), frozenset({"HH", "HV"}))
"""Polarisations of a data take: received in one channel, or in two that were sent alike."""


def by_polarisation(segments: Iterable[Product]) -> dict[str, list[Product]]:
    """Return the segments of each polarisation, in order of start, then name; `__` for one that says none."""
    groups: dict[str, list[Product]] = {}
    for segment in sorted(segments, key=lambda segment: (segment.start, segment.name)):
        groups.setdefault(segment.attributes.polarisation or "__", []).append(segment)
    return {key: groups[key] for key in sorted(groups)}


def complete_polarisations(polarisations: Iterable[str]) -> bool:
    """Return whether these are the polarisations of a whole data take.

    Examples
    --------
    >>> [complete_polarisations(given) for given in (["SV"], ["VH", "VV"], ["VV"], ["VV", "HV"])]
    [True, True, False, False]
    """
    found = frozenset(polarisations)
    return found in PAIRS or (len(found) == 1 and found <= SINGLE)


def chosen(segments: Sequence[Product]) -> list[Product]:
    """Return the segments of one polarisation that are taken, in order of start.

    One that is the whole data take is enough: the newest of such. Else of those with the same start the newest
    creation; a newer copy that is shorter and would open a gap does not replace the older one.
    """
    whole = [segment for segment in segments if segment.attributes.consolidation == "FULL"]
    if whole:
        return [newest(whole)]
    latest = _newest_each(segments, lambda segment: (segment.start,))
    return latest if covered(latest) else _newest_each(segments, lambda segment: (segment.start, segment.stop))


def covered(segments: Sequence[Product]) -> bool:
    """Return whether segments of one polarisation hold the data take from its begin to its end without a gap.

    One segment must say that it is full. Of several the first must be the begin, the one that stops last the end, and
    each must start no later than all before it have stopped.
    """
    if any(segment.attributes.consolidation == "FULL" for segment in segments):
        return True
    if len(segments) < 2:
        return False
    ordered = sorted(segments, key=lambda segment: (segment.start, segment.stop))
    start, stop = ordered[0].start, max(segment.stop for segment in ordered)
    begins = any(_position(segment) == "BEGIN" for segment in ordered if segment.start == start)
    ends = any(_position(segment) == "END" for segment in ordered if segment.stop == stop)
    return begins and ends and _without_gap(ordered)


def _without_gap(ordered: Sequence[Product]) -> bool:
    reached: datetime = ordered[0].stop
    for segment in ordered[1:]:
        if segment.start > reached:
            return False
        reached = max(reached, segment.stop)
    return True


def _position(segment: Product) -> str | None:
    """Return where in the data take a segment lies, as its metadata say it in one or the other element."""
    said = segment.attributes
    return said.sensing_consolidation or said.consolidation


def _newest_each(segments: Sequence[Product], key: Callable[[Product], tuple[datetime, ...]]) -> list[Product]:
    groups: dict[tuple[datetime, ...], list[Product]] = {}
    for segment in segments:
        groups.setdefault(key(segment), []).append(segment)
    return [newest(groups[each]) for each in sorted(groups)]
