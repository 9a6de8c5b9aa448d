"""Oracle: which auxiliary files a run cannot do without, and whether they ever come.

A missing mandatory input is waited for without end (preparation 10.4), so what counts is whether a fitting file is
there in the end, not when it came. Which of several fitting files is chosen changes no product's type or times.

Left open by the specification: an input with a greatest number of files (8.1) may have few enough when it is asked for
and too many later. Read here: what is there in the end counts, so scenarios have to bring such files early.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from refsys.chains.scenarios.happenings import Auxiliary

Fit = Literal["covers", "touches", "any"]
"""Validity covers the interval with its margins; has time in common with it; is not asked for."""


@dataclass(frozen=True)
class Need:
    """One mandatory input; a file of any of its types will do."""

    types: tuple[str, ...]
    fit: Fit
    before_s: float = 0.0
    after_s: float = 0.0
    least: int = 1
    most: int | None = None
    banded: bool = False
    instead: "Need | None" = None


BANDS = 13
"""Files of an input that is asked for each band of Sentinel-2."""


def covers(types: str, before_s: float = 0.0, after_s: float = 0.0) -> tuple[Need, ...]:
    """Return needs, one for each word; `A|B` takes either. Policies LatestValCover and ValCover."""
    return tuple(Need(tuple(word.split("|")), "covers", before_s, after_s) for word in types.split())


def touches(types: str, before_s: float = 0.0, after_s: float = 0.0) -> tuple[Need, ...]:
    """Return needs, one for each word. Policies LatestValIntersect, ValIntersect, LatestValidityClosest."""
    return tuple(Need((word,), "touches", before_s, after_s) for word in types.split())


def some(types: str) -> tuple[Need, ...]:
    """Return needs, one for each word. Policies Latest(Start|Stop)Validity and Closest(Start|Stop)Validity."""
    return tuple(Need((word,), "any") for word in types.split())


def several(types: str, before_s: float, after_s: float, least: int, most: int) -> tuple[Need, ...]:
    """Return needs of so many different validities; more are as bad as fewer (8.1, without duplicates)."""
    return tuple(Need((word,), "touches", before_s, after_s, least, most) for word in types.split())


def each_band(types: str) -> tuple[Need, ...]:
    """Return needs, one for each word, of a file for each band."""
    return tuple(Need((word,), "covers", banded=True) for word in types.split())


def one_of(first: tuple[Need, ...], second: tuple[Need, ...]) -> tuple[Need, ...]:
    """Return one need that is met when either of two is."""
    (need,), (instead,) = first, second
    return (replace(need, instead=instead),)


class Shelf:
    """The auxiliary files that come in a scenario, and what is mandatory for each chain."""

    def __init__(self, files: Iterable[Auxiliary], needs: dict[str, tuple[Need, ...]]) -> None:
        self._files: dict[tuple[str, str], list[Auxiliary]] = {}
        for each in files:
            self._files.setdefault((each.mission, each.type), []).append(each)
        self._needs = needs

    def suffices(self, chain: str, satellite: str, start: datetime, stop: datetime) -> bool:
        """Tell whether every mandatory auxiliary input of a run of a chain comes some time."""
        return all(self._met(chain[:2], need, satellite, start, stop) for need in self._needs.get(chain, ()))

    def _met(self, mission: str, need: Need, satellite: str, start: datetime, stop: datetime) -> bool:
        if need.instead is not None and self._met(mission, need.instead, satellite, start, stop):
            return True
        lower, upper = start - timedelta(seconds=need.before_s), stop + timedelta(seconds=need.after_s)
        return any(
            _enough(
                [
                    each
                    for each in self._files.get((mission, product_type), ())
                    if each.satellite in (satellite, "_") and _fits(each, need.fit, lower, upper)
                ],
                need,
            )
            for product_type in need.types
        )


def _fits(file: Auxiliary, fit: Fit, lower: datetime, upper: datetime) -> bool:
    if fit == "covers":
        return file.start <= lower and file.stop >= upper
    if fit == "touches":
        return file.start < upper and file.stop > lower
    return True


def _enough(found: list[Auxiliary], need: Need) -> bool:
    if need.banded:
        return len({file.band for file in found}) >= BANDS
    count = len({(file.start, file.stop) for file in found})
    return count >= need.least and (need.most is None or count <= need.most)
