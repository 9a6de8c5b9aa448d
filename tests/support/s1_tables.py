"""Made-up tables of the Sentinel-1 sample decoder, unlike the real and the simulated ones."""

import numpy as np

from refsys.kernels.sentinel1.baq_tables import BaqTables

SIZES = (4, 8, 16, 4, 5, 7, 10, 16)
THIDX = (3, 5, 10, 3, 3, 5, 6, 8)


def balanced(symbols: list[int]) -> list[int]:
    """A tree in pre-order whose codes differ by a few bits in length."""
    words: list[int] = []
    for bit, part in enumerate((symbols[: len(symbols) // 3 or 1], symbols[len(symbols) // 3 or 1 :])):
        words += [1, bit, part[0]] if len(part) == 1 else [0, bit, *balanced(part)]
    return words


def long_codes(size: int) -> list[int]:
    """A tree with codes of 1 to 6 bits, and all others below 6 further ones, up to 12 for 16."""
    words: list[int] = []
    for symbol in range(min(size - 2, 6)):
        words += [1, 0, symbol, 0, 1]
    return words + balanced(list(range(min(size - 2, 6), size)))


def made_up_tables() -> BaqTables:
    rng = np.random.default_rng(11)
    trees = [*(balanced(list(range(size))) for size in SIZES[3:7]), long_codes(SIZES[7])]
    return BaqTables(
        huffman_trees=tuple(np.array(tree) for tree in trees),
        normalised_levels=tuple(np.sort(rng.random(size)) + 0.1 for size in SIZES),
        simple_levels=tuple(size - 1 + rng.random(limit + 1) for size, limit in zip(SIZES, THIDX, strict=True)),
        sigma_factors=np.sort(rng.random(256)) * 256,
        thidx_thresholds=np.array(THIDX),
        magnitude_thresholds=np.array(SIZES) - 1,
    )
