"""Oracle: products of Sentinel-1 that must exist, from data takes and auxiliary files (specification, chains 6).

Readings where the specification leaves a choice:

- A session of one channel waits, is taken, and holds all its segments (facts).
- Segments of a data take that never become complete (one lost, or a whole polarisation) are taken after 36 h as far as
  they are there, a lone VV, VH, HH or HV too; nothing is discarded but RF.
- RF needs both polarisations of a pair with the same start; otherwise it is discarded, RF of one polarisation always.
  RF gives no annotation, calibration and noise (12.7 of the preparation counts none).
- Of N1 to N6, satellite B makes complex images, every other one detected images; the tables tell it of A and B only.
- Ghost segments are not told apart: the threshold is off as deployed.
- Slices show no footprint, so masks of sea and ice leave nothing out.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from refsys.chains.scenarios.happenings import Facts, S1DataTake, S1Segment, Session
from refsys.chains.scenarios.oracle_needs import Shelf, covers, some
from refsys.chains.scenarios.oracle_pieces import Piece

LENGTHS_S = {"IW": (25.0, 7.4), "EW": (60.0, 8.2), "SM": (25.0, 7.7)}
"""Length and overlap of slices in seconds (6.3)."""

PAIRS = ({"VV", "VH"}, {"HH", "HV"})

LEVEL1: dict[str, dict[str, tuple[str, ...]]] = {
    "IW": {"S1-IPF-L1-IW": ("SLC__1S", "GRDH_1S")},
    "EW": {"S1-IPF-L1-EW": ("GRDM_1S",), "S1-IPF-L1-EW-SLC": ("SLC__1S",)},
    "SM": {"S1-IPF-L1-SM": ("SLC__1S", "GRDH_1S")},
    "WV": {"S1-IPF-L1-WV": ("SLC__1S",)},
    "EN": {"S1-IPF-L1-EN": ("GRDH_1S",)},
}
LEVEL2: dict[str, dict[str, tuple[str, ...]]] = {
    beam: {f"S1-IPF-L2-{beam}": ("OCN__2S",)} for beam in ("IW", "EW", "SM", "WV")
}

_LEVEL0_NEEDS = {
    "S1-L0AIOP": covers("MPL_ORBPRE", 345600) + covers("MPL_ORBSCT AUX_OBMEMC"),
    "S1-L0ASP": covers("MPL_ORBSCT") + covers("MPL_ORBPRE", 7200),
}
_LEVEL1_NEEDS = covers("AUX_PP1 AUX_CAL AUX_INS")
_LEVEL2_NEEDS = _LEVEL1_NEEDS + covers("AUX_PP2") + some("AUX_WND")


def products_s1(facts: Facts, chains: frozenset[str]) -> list[Piece]:
    """Return every product of Sentinel-1 that must exist."""
    needs = dict(_LEVEL0_NEEDS)
    needs |= {f"S1-IPF-L1-{kind}": _LEVEL1_NEEDS for kind in ("IW", "EW", "EW-SLC", "SM", "WV", "EN", "AN", "AN-SLC")}
    needs |= {f"S1-IPF-L2-{kind}": _LEVEL2_NEEDS for kind in LEVEL2}
    shelf = Shelf(facts.auxiliaries, needs)
    sessions = {each.session_id: each for each in facts.sessions if each.mission == "S1"}
    opened = {
        name: each
        for name, each in sessions.items()
        if "S1-L0AIOP" in chains and shelf.suffices("S1-L0AIOP", each.satellite, each.start, each.stop)
    }
    made = [piece for session in opened.values() for piece in of_session(session)]
    for take in facts.s1_data_takes:
        received = [each for each in take.segments if not each.lost and each.session_id in opened]
        made += [_piece(f"{take.mode}_RAW__0S", take, [segment]) for segment in received]
        for slice_ in slices(take, received, chains, shelf):
            made.append(slice_)
            if slice_.product_type.endswith("_RAW__0S"):
                made += level1_and_2(take, slice_, chains, shelf)
    return made


def of_session(session: Session) -> list[Piece]:
    """Return positions and house-keeping of a session, over its downlink (6.1; timeliness as the facts tell it)."""
    return [
        Piece(kind, session.satellite, session.start, session.stop, "FAST24") for kind in ("GP_RAW__0_", "HK_RAW__0_")
    ]


def slices(take: S1DataTake, received: list[S1Segment], chains: frozenset[str], shelf: Shelf) -> list[Piece]:
    """Return slices, annotation, calibration and noise of a data take from what was received of it (6.2, 6.3)."""
    if "S1-L0ASP" not in chains:
        return []
    found = []
    for group in rf_groups(received) if take.mode == "RF" else [received]:
        if not group:
            continue
        whole = _piece(f"{take.mode}_RAW__0S", take, group)
        if not shelf.suffices("S1-L0ASP", whole.satellite, whole.start, whole.stop):
            continue
        found += cut_slices(whole, take.mode)
        if take.mode != "RF":
            found += [replace(whole, product_type=f"{take.mode}_RAW__0{kind}") for kind in "ACN"]
    return found


def rf_groups(received: Iterable[S1Segment]) -> list[list[S1Segment]]:
    """Return the calibration segments of each start time that make a pair (preparation 11.2)."""
    by_start = defaultdict(list)
    for segment in received:
        by_start[segment.start].append(segment)
    return [group for group in by_start.values() if {segment.polarisation for segment in group} in PAIRS]


def cut_slices(whole: Piece, mode: str) -> list[Piece]:
    """Return the slices of a data take: one every length, each longer by the overlap, the last to the end (6.3)."""
    length_s, overlap_s = LENGTHS_S.get(_family(mode), (0.0, 0.0))
    count = slice_count((whole.stop - whole.start).total_seconds(), length_s, overlap_s)
    found = []
    for number in range(count):
        start = whole.start + number * timedelta(seconds=length_s)
        stop = start + timedelta(seconds=length_s + overlap_s)
        found.append(replace(whole, start=start, stop=stop if number < count - 1 else whole.stop))
    return found


def slice_count(duration_s: float, length_s: float, overlap_s: float) -> int:
    """Return how many slices there are (preparation 7.6): a rest shorter than the overlap joins the last one."""
    if length_s <= 0:
        return 1
    length, overlap = round(length_s * 1e6), round(overlap_s * 1e6)
    full, rest = divmod(round(duration_s * 1e6) - overlap, length)
    return max(1, full if rest < overlap else full + 1)


def level1_and_2(take: S1DataTake, piece: Piece, chains: frozenset[str], shelf: Shelf) -> list[Piece]:
    """Return the images and ocean products of a slice (6.4)."""
    family = _family(take.mode)
    level1 = LEVEL1.get(family, {})
    if family == "AN":
        level1 = {"S1-IPF-L1-AN-SLC": ("SLC__1S",)} if take.satellite == "B" else {"S1-IPF-L1-AN": ("GRDF_1S",)}
    return [
        replace(piece, product_type=f"{take.mode}_{kind}")
        for chain, kinds in (level1 | LEVEL2.get(family, {})).items()
        if chain in chains and shelf.suffices(chain, piece.satellite, piece.start, piece.stop)
        for kind in kinds
    ]


def _family(mode: str) -> str:
    """Return what the beam counts as: strip map S1 to S6, notch N1 to N6."""
    return {"S": "SM", "N": "AN"}.get(mode[0], mode) if mode[1].isdigit() else mode


def _piece(product_type: str, take: S1DataTake, segments: list[S1Segment]) -> Piece:
    """Return a piece of a data take from the first to the last time that some segments have."""
    start, stop = min(each.start for each in segments), max(each.stop for each in segments)
    return Piece(product_type, take.satellite, start, stop, take.timeliness, take.absolute_orbit)
