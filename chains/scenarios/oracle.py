"""Oracle: which products must exist when a scenario is over, told from its facts and the specification alone.

It is written apart from everything that plans: no rule, no trigger, no selection, no simulated processor is read here.
Whoever simulates a scenario compares what was published with what is told here. What processors make is told in
`refsys.chains.scenarios.facts`; when and whether they run follows from sections 2, 4, 6, 7, 8 and 12 of the
specification of chains and section 11 of that of preparation, with readings named in the modules of each mission.

A simulation is over when nothing is pending, however far the long delays reach (44 h, 70 h, 29 d, 5 d, 18 d). Delays
therefore decide when a product is made, never whether.
"""

from collections import Counter
from collections.abc import Collection

from refsys.chains.scenarios.happenings import Facts
from refsys.chains.scenarios.oracle_pieces import Expected, Piece
from refsys.chains.scenarios.oracle_sentinel1 import products_s1
from refsys.chains.scenarios.oracle_sentinel2 import products_s2
from refsys.chains.scenarios.oracle_sentinel3 import products_s3

__all__ = ["Expected", "expected", "expected_counts"]


def expected(facts: Facts, chains: Collection[str]) -> set[Expected]:
    """Return what must exist in the end: types, satellites and times, as a set.

    Parameters
    ----------
    facts
        What happens.
    chains
        Names of the chains that run, such as `S3-OL1-NTC`. Names that are not told of in the specification of the
        agencies' chains count for nothing.
    """
    return {piece.expected for piece in _products(facts, chains)}


def expected_counts(facts: Facts, chains: Collection[str]) -> Counter[Expected]:
    """Return how many products there must be of each: polarisations, detectors and tiles share type and times.

    A product unit that is as long as what it is cut from shares them too, and so do the SR_1_LAN_BS of the three
    chains of surface heights.
    """
    return Counter(piece.expected for piece in _products(facts, chains))


def _products(facts: Facts, chains: Collection[str]) -> list[Piece]:
    names = frozenset(chains)
    return products_s1(facts, names) + products_s2(facts, names) + products_s3(facts, names)
