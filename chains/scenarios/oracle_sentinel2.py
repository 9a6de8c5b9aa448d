"""Oracle: products of Sentinel-2 that must exist, from datastrips and auxiliary files (specification, chains 8).

Readings where the specification leaves a choice:

- A session of one channel waits, is taken, and holds its datastrips whole (facts).
- A datastrip of fewer than 48 granules makes no Level 1 (8.7), so nothing after it either.
- Level 2 waits for every tile of the datastrip; when tiles cannot be made it is never made.
- Auxiliary files have to cover the session for L0U, the datastrip for all that follows; banded ones come for 13 bands.
"""

from datetime import timedelta

from refsys.chains.scenarios.happenings import Facts, S2Datastrip
from refsys.chains.scenarios.oracle_needs import Need, Shelf, covers, each_band
from refsys.chains.scenarios.oracle_pieces import Piece

SCENE_S = 3.608
LEAST_GRANULES = 48
_NOT_GIPP = ("UT1UTC", "ECMWFD", "CAMSFO")


def _full(names: str) -> str:
    """Return product types of short names: processing parameters (GIPP) all but three."""
    return " ".join(f"{'AUX' if name in _NOT_GIPP else 'GIP'}_{name}" for name in names.split())


NEEDS: dict[str, tuple[Need, ...]] = {
    "S2-L0U": covers(_full("DATATI ATMSAD ATMIMA UT1UTC")),
    "S2-L0C": covers(
        _full("UT1UTC ATMIMA ATMSAD BLINDP CLOINV DATATI INVLOC JP2KPA LREXTR OLQCPA PROBAS R2ABCA SPAMOD")
    )
    + each_band("GIP_VIEDIR"),
    "S2-L1": covers(
        _full(
            "CAMSFO ECMWFD UT1UTC BLINDP CLOINV CLOPAR CONVER DATATI DECOMP EARMOD ECMWFP G2PARA G2PARE GEOPAR HRTPAR "
            "INTDET INVLOC JP2KPA LREXTR MASPAR OLQCPA PRDLOC PROBAS R2ABCA R2BINN R2CRCO R2DEPI R2NOMO R2PARA R2SWIR "
            "RESPAR SPAMOD TILPAR"
        )
    )
    + each_band(_full("R2DECT R2DEFI R2DENT R2EOB2 R2EQOG R2L2NC R2MACO R2WAFI VIEDIR")),
    "S2-L2": covers(_full("PROBA2 JP2KPA OLQCPA")),
}


def products_s2(facts: Facts, chains: frozenset[str]) -> list[Piece]:
    """Return every product of Sentinel-2 that must exist; Sentinel-2 knows no timeliness."""
    shelf = Shelf(facts.auxiliaries, NEEDS)
    made = []
    opened = set()
    for session in facts.sessions:
        fits = session.mission == "S2" and shelf.suffices("S2-L0U", session.satellite, session.start, session.stop)
        if fits and "S2-L0U" in chains:
            opened.add(session.session_id)
            kinds = ("AUX_SADATA", "PRD_HKTM__")
            made += [Piece(kind, session.satellite, session.start, session.stop) for kind in kinds]
    for strip in facts.s2_datastrips:
        if strip.session_id in opened:
            made += of_datastrip(strip, chains, shelf)
    return made


def of_datastrip(strip: S2Datastrip, chains: frozenset[str], shelf: Shelf) -> list[Piece]:
    """Return all products of a datastrip, level after level until one is not made (8.2, 8.7)."""

    def runs(chain: str) -> bool:
        return chain in chains and shelf.suffices(chain, strip.satellite, strip.start, strip.stop)

    def whole(*kinds: str) -> list[Piece]:
        return [Piece(kind, strip.satellite, strip.start, strip.stop) for kind in kinds]

    made = whole("MSI_L0U_DS")
    if not runs("S2-L0C"):
        return made
    made += whole("MSI_L0__DS") + scenes(strip, "MSI_L0__GR")
    if not runs("S2-L1") or strip.detectors * strip.scenes < LEAST_GRANULES:
        return made
    made += whole("MSI_L1B_DS", "MSI_L1C_DS") + scenes(strip, "MSI_L1B_GR")
    if runs("S2-L1C"):
        made += [tile for _ in strip.tiles for tile in whole("MSI_L1C_TL", "MSI_L1C_TC")]
    if not runs("S2-L2") or (strip.tiles and not runs("S2-L1C")):
        return made
    made += whole("MSI_L2A_DS")
    if runs("S2-L2-TILE"):
        made += [tile for _ in strip.tiles for tile in whole("MSI_L2A_TL", "MSI_L2A_TC")]
    return made


def scenes(strip: S2Datastrip, product_type: str) -> list[Piece]:
    """Return the granules of a datastrip: one for each detector and scene of 3.608 s (8.1)."""
    length = timedelta(seconds=SCENE_S)
    starts = [strip.start + number * length for number in range(strip.scenes)]
    return [
        Piece(product_type, strip.satellite, start, start + length) for start in starts for _ in range(strip.detectors)
    ]
