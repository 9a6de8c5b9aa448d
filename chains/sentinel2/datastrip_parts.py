"""Granules and tiles of a datastrip: how many there must be, and which are there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from refsys.chains.rules import RuleView
from refsys.model.errors import InputCorrupt, NameInvalid
from refsys.model.names import S2PdiName
from refsys.model.products import Product

MARGIN = timedelta(seconds=60)
"""How far granules and tiles may reach beyond the times of their datastrip; scenes take 3.6 s."""


@dataclass(frozen=True)
class Expected:
    """Number of parts, and where they are listed: names of granules, or of tiles such as `32TNS`."""

    keys: frozenset[str] | None
    count: int

    def absent(self, parts: Iterable[Product]) -> list[str]:
        """Return the listed parts that are not there, in order; empty if only their number is known."""
        there = {key for part in parts for key in _keys(part)}
        return sorted((self.keys or frozenset()) - there)


def expected_parts(strip: Product, part_type: str) -> Expected | None:
    """Return what a datastrip says of its parts in its figures `granules` or `tiles`; None if it says nothing.

    Raises
    ------
    InputCorrupt
        If the figure is neither a list of texts nor a whole number from 1.
    """
    figure = "tiles" if part_type.endswith("_TL") else "granules"
    told = strip.figures.get(figure)
    if told is None:
        return None
    if isinstance(told, list) and told and all(isinstance(one, str) for one in told):
        keys = frozenset(str(one) for one in told)
        return Expected(keys=keys, count=len(keys))
    if isinstance(told, int) and not isinstance(told, bool) and told > 0:
        return Expected(keys=None, count=told)
    raise InputCorrupt(f"figure {figure!r} is neither names nor a number from 1", where=strip.name)


def tile_names(strip: Product) -> tuple[str, ...] | None:
    """Return the tiles that a datastrip lists, in order of name; None if it lists none (`InputCorrupt`: bad figure)."""
    expected = expected_parts(strip, "MSI_L1C_TL")
    return None if expected is None or expected.keys is None else tuple(sorted(expected.keys))


def found_parts(view: RuleView, strip: Product, part_type: str, expected: Expected | None) -> list[Product]:
    """Return the parts of a datastrip that are there, of duplicates the newest, in order of detector, start, tile.

    A duplicate is the same detector and sensing time, or the same tile. Where the datastrip lists its parts, only those
    count. Parts belong to the datastrip of their own level that has the same sensing time in its name.
    """
    near = view.touching((part_type,), strip.satellite, strip.start - MARGIN, strip.stop + MARGIN)
    newest: dict[tuple[str, datetime | None, str], Product] = {}
    for part in sorted(near, key=lambda one: (one.creation_time, one.name)):
        listed = expected is None or expected.keys is None or not expected.keys.isdisjoint(_keys(part))
        if listed and _belongs(part, strip, part_type):
            newest[_place(part)] = part
    return [newest[place] for place in sorted(newest, key=lambda place: (place[0], place[1] or strip.start, place[2]))]


def _place(part: Product) -> tuple[str, datetime | None, str]:
    """Return what two duplicates have in common."""
    if part.attributes.tile is not None:
        return ("", None, part.attributes.tile)
    if part.attributes.detector is None:
        raise InputCorrupt("names neither detector nor tile", where=part.name)
    return (part.attributes.detector, part.start, "")


def _keys(part: Product) -> Sequence[str]:
    return (part.name,) if part.attributes.tile is None else (part.name, part.attributes.tile)


def _belongs(part: Product, strip: Product, part_type: str) -> bool:
    own = part.attributes.datastrip
    if own is None:
        return False
    if strip.product_type[:8] == part_type[:8]:
        return own == strip.name
    made_of = [ref.name for ref in strip.provenance.inputs] if strip.provenance else []
    same_level = [name for name in made_of if name[9:17] == part_type[:8] and "_DS_" in name]
    return own in same_level if same_level else _sensing(own) == _sensing(strip.name)


def _sensing(datastrip: str) -> datetime | None:
    try:
        return S2PdiName.parse(datastrip).sensing_time
    except NameInvalid as error:
        raise InputCorrupt(f"datastrip has no name of Sentinel-2: {error.message}", where=datastrip) from error
