"""Tables to decode Sentinel-1 samples: as published, and as look-ups (S1-IF-ASD-PL-0007, sections 4 and 5.2)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

KINDS = ("BAQ 3-Bit", "BAQ 4-Bit", "BAQ 5-Bit", "BRC 0", "BRC 1", "BRC 2", "BRC 3", "BRC 4")
"""The eight kinds of quantiser, in the order of the first axis of the tables; BAQ takes three, FDBAQ five."""
BLOCK_QUADS = 128
BRC_COUNT = 5
MAX_CODE_BITS = 12
MAX_LEVELS = 16
THIDX_COUNT = 256
RUN_BITS = 11
RUN_CODES = 5
"""A sign and a Huffman code take at least two bits, so that 11 hold no more than five."""
LOOKUP_SHAPES = (
    (BRC_COUNT, 1 << MAX_CODE_BITS),
    (BRC_COUNT, 1 << RUN_BITS),
    (BRC_COUNT, 2 * MAX_LEVELS),
    (len(KINDS), THIDX_COUNT, MAX_LEVELS),
    (len(KINDS), THIDX_COUNT, 2 * MAX_LEVELS),
)


class BaqTables(NamedTuple):
    """The tables as published.

    Attributes
    ----------
    huffman_trees
        Five integer arrays, one for each BRC: the tree in pre-order, per node a leaf flag, the bit that leads to it,
        and for a leaf its symbol. The root is not listed.
    normalised_levels
        Eight float64 arrays in the order of `KINDS`: reconstruction level of each magnitude code in units of sigma.
    simple_levels
        Eight float64 arrays: value of the largest magnitude code for each threshold index up to the threshold.
    sigma_factors
        float64 (256,), sigma of each threshold index.
    thidx_thresholds
        int64 (8,), the largest threshold index for which simple reconstruction holds.
    magnitude_thresholds
        int64 (8,), the largest magnitude code; smaller ones stand for themselves in simple reconstruction.
    """

    huffman_trees: tuple[NDArray[np.int64], ...]
    normalised_levels: tuple[NDArray[np.float64], ...]
    simple_levels: tuple[NDArray[np.float64], ...]
    sigma_factors: NDArray[np.float64]
    thidx_thresholds: NDArray[np.int64]
    magnitude_thresholds: NDArray[np.int64]


class BaqLookup(NamedTuple):
    """The tables as the decoder wants them, made by `compile_tables`.

    Attributes
    ----------
    prefixes
        uint8 (5, 4096): for each BRC and 12 bits, the magnitude code at their head times 16, plus the bits it takes.
    runs
        uint64 (5, 2048): for each BRC and 11 bits, the codes that are whole among them, each with its sign before it:
        one byte for each, the first lowest (magnitude code, plus 16 if negative), in bits 48 to 55 their count, in the
        highest eight the bits they take. 0 where not even the first is whole.
    code_bits
        uint8 (5, 32): for each BRC and code (magnitude code, plus 16 if negative), the bits it takes.
    values
        float32 (8, 256, 16): magnitude by quantiser, threshold index and magnitude code; NaN where no such code exists.
    signed_values
        float32 (8, 256, 32): value by quantiser, threshold index and code: for BAQ the code as sent, sign first; for
        FDBAQ the magnitude code, plus 16 if negative.
    """

    prefixes: NDArray[np.uint8]
    runs: NDArray[np.uint64]
    code_bits: NDArray[np.uint8]
    values: NDArray[np.float32]
    signed_values: NDArray[np.float32]


def compile_tables(tables: BaqTables) -> BaqLookup:
    """Turn published tables into look-ups.

    Raises
    ------
    ValueError
        If a table has the wrong size, a tree is malformed, or its symbols are not those of its levels.
    """
    _check_sizes(tables)
    prefixes = np.zeros((BRC_COUNT, 1 << MAX_CODE_BITS), dtype=np.uint8)
    code_bits = np.zeros((BRC_COUNT, 2 * MAX_LEVELS), dtype=np.uint8)
    for brc, tree in enumerate(tables.huffman_trees):
        kind = KINDS[len(KINDS) - BRC_COUNT + brc]
        try:
            codes = huffman_codes(tree)
        except ValueError as error:
            raise ValueError(f"{kind}: {error}") from error
        levels = tables.normalised_levels[KINDS.index(kind)].size
        if sorted(codes.values()) != list(range(levels)):
            raise ValueError(
                f"{kind}: the Huffman tree has symbols {sorted(codes.values())}, the levels need 0 to {levels - 1}"
            )
        for code, symbol in codes.items():
            first = int(code, 2) << (MAX_CODE_BITS - len(code))
            prefixes[brc, first : first + (1 << (MAX_CODE_BITS - len(code)))] = symbol * 16 + len(code)
            code_bits[brc, [symbol, MAX_LEVELS + symbol]] = 1 + len(code)
    runs = np.array([[_run(row, head) for head in range(1 << RUN_BITS)] for row in prefixes.tolist()], dtype=np.uint64)
    values = np.stack([_magnitudes(tables, kind) for kind in range(len(KINDS))])
    return BaqLookup(prefixes, runs, code_bits, values, _with_signs(tables, values))


def huffman_codes(tree: NDArray[np.int64]) -> dict[str, int]:
    """Return the codes of a published tree: text of bits to symbol.

    Raises
    ------
    ValueError
        If the list is no complete binary tree in pre-order, repeats a symbol, or has a code longer than 12 bits.

    Examples
    --------
    >>> huffman_codes(np.array([1, 0, 0, 0, 1, 1, 0, 1, 1, 1, 2]))
    {'0': 0, '10': 1, '11': 2}
    """
    words = [int(word) for word in tree]
    codes: dict[str, int] = {}
    at = _read_children(words, 0, "", codes)
    if at != len(words):
        raise ValueError(f"the Huffman tree ends after {at} words but has {len(words)}")
    if len(set(codes.values())) != len(codes):
        raise ValueError(f"the Huffman tree repeats a symbol: {sorted(codes.values())}")
    return codes


def _read_children(words: list[int], at: int, prefix: str, codes: dict[str, int]) -> int:
    if len(prefix) >= MAX_CODE_BITS:
        raise ValueError(f"a Huffman code is longer than {MAX_CODE_BITS} bits")
    for bit in (0, 1):
        node = words[at : at + 2]
        if node not in ([0, bit], [1, bit]):
            raise ValueError(
                f"word {at} of the Huffman tree: leaf flag and bit are {node}, not [0, {bit}] or [1, {bit}]"
            )
        at += 2
        if node[0] == 0:
            at = _read_children(words, at, f"{prefix}{bit}", codes)
        elif at == len(words):
            raise ValueError("the Huffman tree ends inside a leaf")
        else:
            codes[f"{prefix}{bit}"] = words[at]
            at += 1
    return at


def _magnitudes(tables: BaqTables, kind: int) -> NDArray[np.float32]:
    """Return float32 (256, 16): sections 5.2.1 (simple reconstruction) and 5.2.2 (normalised levels times sigma)."""
    levels = tables.normalised_levels[kind]
    values = np.full((THIDX_COUNT, MAX_LEVELS), np.nan)
    values[:, : levels.size] = tables.sigma_factors[:, None] * levels
    simple = int(tables.thidx_thresholds[kind]) + 1
    largest = int(tables.magnitude_thresholds[kind])
    values[:simple, :largest] = np.arange(largest)
    values[:simple, largest] = tables.simple_levels[kind][:simple]
    return values.astype(np.float32)


def _run(prefixes: list[int], head: int) -> int:
    """Return the entry of `BaqLookup.runs` for 11 bits."""
    entry = count = used = 0
    while True:
        rest = head << used & (1 << RUN_BITS) - 1
        symbol, bits = divmod(prefixes[(rest << MAX_CODE_BITS + 1 - RUN_BITS) & (1 << MAX_CODE_BITS) - 1], 16)
        if used + 1 + bits > RUN_BITS:
            return entry | count << 48 | used << 56 if count else 0
        entry |= (symbol + MAX_LEVELS * (rest >> RUN_BITS - 1)) << 8 * count
        count, used = count + 1, used + 1 + bits


def _with_signs(tables: BaqTables, values: NDArray[np.float32]) -> NDArray[np.float32]:
    signed = np.concatenate([values, -values], axis=2)
    for kind in range(len(KINDS) - BRC_COUNT):
        levels = tables.normalised_levels[kind].size
        signed[kind, :, levels : 2 * levels] = -values[kind, :, :levels]
    return signed


def _check_sizes(tables: BaqTables) -> None:
    if len(tables.huffman_trees) != BRC_COUNT:
        raise ValueError(f"{len(tables.huffman_trees)} Huffman trees, not {BRC_COUNT}")
    if tables.sigma_factors.shape != (THIDX_COUNT,):
        raise ValueError(f"{tables.sigma_factors.size} sigma factors, not {THIDX_COUNT}")
    for name in ("normalised_levels", "simple_levels", "thidx_thresholds", "magnitude_thresholds"):
        if len(getattr(tables, name)) != len(KINDS):
            raise ValueError(f"{name}: {len(getattr(tables, name))} quantisers, not {len(KINDS)}")
    for kind, name in enumerate(KINDS):
        levels, simple = tables.normalised_levels[kind].size, tables.simple_levels[kind].size
        if not 1 <= levels <= MAX_LEVELS or levels != tables.magnitude_thresholds[kind] + 1:
            raise ValueError(f"{name}: {levels} levels but largest magnitude code {tables.magnitude_thresholds[kind]}")
        if not 1 <= simple <= THIDX_COUNT or simple != tables.thidx_thresholds[kind] + 1:
            raise ValueError(f"{name}: {simple} simple levels but threshold {tables.thidx_thresholds[kind]}")
        if name.startswith("BAQ") and levels != 1 << (kind + 2):
            raise ValueError(f"{name}: {levels} levels, not {1 << (kind + 2)}")
