"""Tables to encode Sentinel-1 samples, made from those published for the decoder (S1-IF-ASD-PL-0007, section 4)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sentinel1.baq_tables import (
    BRC_COUNT,
    KINDS,
    MAX_LEVELS,
    THIDX_COUNT,
    BaqTables,
    compile_tables,
    huffman_codes,
)

ENCODING_SHAPES = (
    (len(KINDS), THIDX_COUNT, MAX_LEVELS),
    (len(KINDS),),
    (len(KINDS), MAX_LEVELS),
    (len(KINDS), MAX_LEVELS),
    (THIDX_COUNT,),
)

_FIRST_BRC_KIND = len(KINDS) - BRC_COUNT
_FIRST_BAQ = 3


class EncodingLookup(NamedTuple):
    """The tables as the encoder wants them, made by `compile_encoding`.

    Attributes
    ----------
    magnitudes
        float64 (8, 256, 16): magnitude by quantiser, threshold index and magnitude code, as the decoder reconstructs
        it; NaN where no such code exists.
    levels
        int64 (8,), magnitude codes of each quantiser.
    words, widths
        uint16 and uint8 (8, 16): code word of a positive value by quantiser and magnitude code, and its bits. The first
        is the sign, 0; a negative value has a 1 there.
    sigma_factors
        float64 (256,), sigma of each threshold index.
    """

    magnitudes: NDArray[np.float64]
    levels: NDArray[np.int64]
    words: NDArray[np.uint16]
    widths: NDArray[np.uint8]
    sigma_factors: NDArray[np.float64]


def compile_encoding(tables: BaqTables) -> EncodingLookup:
    """Turn published tables into look-ups of the encoder.

    Raises
    ------
    ValueError
        If a table is malformed, see `compile_tables`.
    """
    magnitudes = compile_tables(tables).values.astype(np.float64)
    words = np.zeros((len(KINDS), MAX_LEVELS), dtype=np.uint16)
    widths = np.zeros((len(KINDS), MAX_LEVELS), dtype=np.uint8)
    levels = np.array([own.size for own in tables.normalised_levels], dtype=np.int64)
    for kind in range(_FIRST_BRC_KIND):
        words[kind, : levels[kind]] = np.arange(levels[kind])
        widths[kind, : levels[kind]] = kind + _FIRST_BAQ
    for brc, tree in enumerate(tables.huffman_trees):
        for code, symbol in huffman_codes(tree).items():
            words[_FIRST_BRC_KIND + brc, symbol] = int(code, 2)
            widths[_FIRST_BRC_KIND + brc, symbol] = 1 + len(code)
    return EncodingLookup(magnitudes, levels, words, widths, tables.sigma_factors.astype(np.float64))
