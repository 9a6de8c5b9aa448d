"""Tables of a simulated instrument: quantisers, Huffman codes and the AUX_INS annotation that holds them.

They have the form of the real ones (S1-IF-ASD-PL-0007, sections 4 and 5.2; S1-RS-MDA-52-7443) but are made here:
quantisers by the method of Lloyd and Max for Gaussian samples (J. Max, IRE Trans. Inform. Theory 6, 1960), codes for
their cells by that of Huffman.
"""

import heapq
import math
from functools import cache
from itertools import count, pairwise

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sentinel1.baq_tables import BRC_COUNT, KINDS, THIDX_COUNT, BaqTables

LEVELS = (4, 8, 16, 4, 5, 7, 10, 16)
"""Magnitudes of each quantiser in the order of `KINDS`."""

RADAR_FREQUENCY_HZ = 5.4e9

_SIGMA_STEP = 0.5
_ITERATIONS = 400
_TGU_CODES = 128
_UNCALIBRATED_TILE_CODES = 4

_Node = int | tuple["_Node", "_Node"]
"""A symbol, or the two nodes below."""


@cache
def simulated_tables() -> BaqTables:
    """Return the tables; the same every time."""
    levels = [_gaussian_levels(size) for size in LEVELS]
    # Where sigma is so small that the levels would lie closer than 1, samples are sent as they are.
    simple = [int((size - 1) / (_SIGMA_STEP * own[-1])) for size, own in zip(LEVELS, levels, strict=True)]
    return BaqTables(
        huffman_trees=tuple(_huffman_tree(_cell_probabilities(own)) for own in levels[len(KINDS) - BRC_COUNT :]),
        normalised_levels=tuple(levels),
        simple_levels=tuple(np.full(last + 1, size - 1.0) for last, size in zip(simple, LEVELS, strict=True)),
        sigma_factors=np.arange(THIDX_COUNT, dtype=np.float64) * _SIGMA_STEP,
        thidx_thresholds=np.array(simple),
        magnitude_thresholds=np.array(LEVELS) - 1,
    )


def aux_ins_xml() -> str:
    """Return the annotation of a simulated AUX_INS: what the decoder of packets takes from it, and no more."""
    tables = simulated_tables()
    rates = KINDS[len(KINDS) - BRC_COUNT :]
    trees = [
        _entry("huffmanLut", kind, _numbers("values", tree))
        for kind, tree in zip(rates, tables.huffman_trees, strict=True)
    ]
    normalised, simple = (
        [_entry("rlLut", kind, _numbers("values", own)) for kind, own in zip(KINDS, levels, strict=True)]
        for levels in (tables.normalised_levels, tables.simple_levels)
    )
    thresholds = [
        _entry(
            "thresholdLut",
            kind,
            f"<thidxThreshold>{tables.thidx_thresholds[k]}</thidxThreshold>"
            f"<mCodeThreshold>{tables.magnitude_thresholds[k]}</mCodeThreshold>",
        )
        for k, kind in enumerate(KINDS)
    ]
    tile = np.concatenate([np.zeros(_UNCALIBRATED_TILE_CODES), tile_celsius()[_UNCALIBRATED_TILE_CODES:]])
    parts = (
        _list("huffmanLutList", trees),
        _list("nrlLutList", normalised),
        _list("srlLutList", simple),
        _numbers("sigmaFactorLut", tables.sigma_factors),
        _list("thresholdLutList", thresholds),
        _numbers("tguLut", tgu_celsius()),
        _numbers("tileLut", tile),
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!-- Simulated: tables of no real instrument. -->\n'
        f"<auxiliaryInstrument>\n<radarFrequency>{RADAR_FREQUENCY_HZ!r}</radarFrequency>\n<decodingParams>\n"
        + "\n".join(parts)
        + "\n</decodingParams>\n</auxiliaryInstrument>\n"
    )


def tgu_celsius() -> NDArray[np.float64]:
    """Return the temperature of each code of the timing generator unit, float64 (128,)."""
    return np.asarray(-20.0 + 0.5 * np.arange(_TGU_CODES))


def tile_celsius() -> NDArray[np.float64]:
    """Return the temperature of each code of an antenna tile, float64 (256,)."""
    return np.asarray(-40.0 + 0.5 * np.arange(THIDX_COUNT))


def _gaussian_levels(size: int) -> NDArray[np.float64]:
    """Return the magnitudes that quantise a Gaussian of sigma 1 with least mean square error, to 4 decimals."""
    levels = (np.arange(size) + 0.5) * 3.0 / size
    for _ in range(_ITERATIONS):
        edges = _edges(levels)
        centroids = np.array([_density(low) - _density(high) for low, high in pairwise(edges)])
        levels = centroids / _masses(edges)
    return np.round(levels, 4)


def _edges(levels: NDArray[np.float64]) -> list[float]:
    return [0.0, *(0.5 * (levels[1:] + levels[:-1])).tolist(), math.inf]


def _density(value: float) -> float:
    return math.exp(-0.5 * value * value) / math.sqrt(2 * math.pi)


def _masses(edges: list[float]) -> NDArray[np.float64]:
    below = [0.5 * math.erf(edge / math.sqrt(2)) for edge in edges]
    return np.asarray(np.diff(below))


def _cell_probabilities(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    return _masses(_edges(levels))


def _huffman_tree(probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the tree in pre-order without its root: leaf flag, bit, and for a leaf its symbol."""
    order = count()
    # The running number decides between equal probabilities, so that the tree is the same everywhere.
    heap: list[tuple[float, int, _Node]] = [
        (float(probability), next(order), symbol) for symbol, probability in enumerate(probabilities)
    ]
    heapq.heapify(heap)
    while len(heap) > 1:
        (first, _, left), (second, _, right) = heapq.heappop(heap), heapq.heappop(heap)
        heapq.heappush(heap, (first + second, next(order), (left, right)))
    return np.array(_below(heap[0][2]), dtype=np.int64)


def _below(node: _Node) -> list[int]:
    if isinstance(node, int):
        raise TypeError("a leaf has nothing below it")
    words: list[int] = []
    for bit, child in enumerate(node):
        words += [1, bit, child] if isinstance(child, int) else [0, bit, *_below(child)]
    return words


def _entry(tag: str, kind: str, content: str) -> str:
    return f"<{tag}><baqCode>{kind}</baqCode>{content}</{tag}>"


def _numbers(tag: str, values: NDArray[np.float64] | NDArray[np.int64]) -> str:
    return f'<{tag} count="{values.size}">{" ".join(str(value) for value in values.tolist())}</{tag}>'


def _list(tag: str, entries: list[str]) -> str:
    return "\n".join([f'<{tag} count="{len(entries)}">', *entries, f"</{tag}>"])
