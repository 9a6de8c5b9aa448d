"""Oracle: product units of Sentinel-3 (frames, stripes, tiles) cut from what exists.

Specification: chains 7.16, preparation 11.6. A unit waits for six hours, far longer than the next dump takes, so its
times depend on what there is in the end: those of its step, cut to the products in it. A step without products makes
none. Orbits are cut from node to node, once for each orbit in which a product of the type starts; a product that
reaches over into an orbit where none starts makes no units there. Stripes of a dump hold products of that dump alone,
whatever the length; the offset of SR_0_SRA is for orbits and plays no part. Tiles have the type and times of their
source, so as a set they add nothing.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from refsys.chains.scenarios.oracle_pieces import Piece, cut, of_type, touching

FRAME_S = 180.0
STRIPE_S = 6060.0
HALF_ORBIT_S = 3029.6

FRAMES = {
    "S3-PUG": ("OL_1_EFR___", "OL_2_LFR___", "SL_1_RBT___", "SL_2_LST___", "SL_2_FRP___"),
    "S3-PUG-STC": ("SY_2_SYN___",),
    "S3-PUG-NTC": ("OL_1_EFR___", "OL_2_LFR___", "SL_1_RBT___", "SL_2_LST___", "SL_2_FRP___", "SY_2_AOD___",
                   "SY_2_SYN___"),
}  # fmt: skip
ORBIT_STRIPES = {"S3-PUG": ("OL_0_EFR___", "OL_1_ERR___", "OL_2_LRR___", "SL_0_SLT___")}
DUMP_STRIPES = {
    "S3-PUG": (("SR_0_SRA___", HALF_ORBIT_S),),
    "S3-PUG-NTC": (("OL_1_ERR___", STRIPE_S), ("OL_2_LRR___", STRIPE_S)),
}
TILES = {"S3-PUG-STC": ("SY_2_VG1___", "SY_2_V10___"), "S3-PUG-NTC": ("SY_2_VG1___", "SY_2_V10___")}
TIMELINESS = {"S3-PUG": "NRT", "S3-PUG-STC": "STC", "S3-PUG-NTC": "NTC"}


def units(made: Iterable[Piece], chain: str) -> list[Piece]:
    """Return the units that one variant of the product unit generator cuts from products of its timeliness."""
    source = [piece for piece in made if piece.timeliness == TIMELINESS[chain]]
    found: list[Piece] = []
    for product_type in FRAMES.get(chain, ()):
        found += orbit_units(of_type(source, product_type), FRAME_S)
    for product_type in ORBIT_STRIPES.get(chain, ()):
        found += orbit_units(of_type(source, product_type), STRIPE_S)
    for product_type, length_s in DUMP_STRIPES.get(chain, ()):
        found += dump_units(of_type(source, product_type), length_s)
    for product_type in TILES.get(chain, ()):
        found += of_type(source, product_type)
    return found


def orbit_units(products: list[Piece], length_s: float) -> list[Piece]:
    """Return frames or stripes: every orbit in which a product starts, cut from its node on (11.6, FRAME, STRIPE)."""
    orbits = {(p.satellite, p.orbit, p.node_before, p.node_after) for p in products}
    found = []
    for satellite, orbit, node, next_node in sorted(orbits, key=str):
        if node is None or next_node is None:
            raise ValueError(f"products of orbit {orbit} of satellite {satellite} do not say their nodes")
        for start, stop in cut(node, next_node, length_s):
            inside = touching(products, satellite, start, stop)
            if inside:
                unit = clipped(inside, start, stop)
                found.append(replace(unit, orbit=orbit, node_before=node, node_after=next_node))
    return found


def dump_units(products: list[Piece], length_s: float) -> list[Piece]:
    """Return stripes counted from the start of each dump up to its last product (11.6, STRIPE, DUMP)."""
    dumps: dict[tuple[str, datetime], list[Piece]] = defaultdict(list)
    for piece in products:
        if piece.dump_start is None:
            raise ValueError(f"{piece.product_type} of satellite {piece.satellite} does not say its dump")
        dumps[piece.satellite, piece.dump_start].append(piece)
    found = []
    for (satellite, dump_start), members in sorted(dumps.items()):
        for start, _ in cut(dump_start, max(piece.stop for piece in members), length_s):
            stop = start + timedelta(seconds=length_s)
            inside = touching(members, satellite, start, stop)
            if inside:
                found.append(clipped(inside, start, stop))
    return found


def clipped(inside: list[Piece], start: datetime, stop: datetime) -> Piece:
    """Return the unit of a step: from the first to the last time that its products have in it."""
    first = min(inside, key=lambda piece: (piece.start, piece.stop))
    return replace(
        first,
        start=max(start, min(piece.start for piece in inside)),
        stop=min(stop, max(piece.stop for piece in inside)),
    )
