"""Huffman trees and reconstruction look-ups: against a slow reading of made-up tables; malformed ones are refused."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.kernels.sentinel1 import baq_tables as bt

SIZES = (4, 8, 16, 4, 5, 7, 10, 16)
THIDX = (3, 5, 10, 3, 3, 5, 6, 8)


@st.composite
def trees(draw: st.DrawFn, symbols: list[int], prefix: str = "") -> tuple[list[int], dict[str, int]]:
    """A random complete tree, as published and as codes."""
    # Both parts stay small enough for codes of 12 bits.
    room = 11 - len(prefix)
    low = max(1, len(symbols) - 2 ** min(room, 4) if room < 4 else len(symbols) - room - 1)
    cut = draw(st.integers(min(low, len(symbols) // 2) or 1, max(len(symbols) // 2, 1)))
    words, codes = [], {}
    for bit, part in enumerate((symbols[:cut], symbols[cut:])):
        if len(part) == 1:
            words += [1, bit, part[0]]
            codes[f"{prefix}{bit}"] = part[0]
        else:
            below, inner = draw(trees(part, f"{prefix}{bit}"))
            words += [0, bit, *below]
            codes |= inner
    return words, codes


def made_up_tables(huffman_trees: list[list[int]] | None = None) -> bt.BaqTables:
    rng = np.random.default_rng(7)
    flat = [unary(size) for size in SIZES[3:]] if huffman_trees is None else huffman_trees
    return bt.BaqTables(
        huffman_trees=tuple(np.array(tree) for tree in flat),
        normalised_levels=tuple(np.sort(rng.random(size)) for size in SIZES),
        simple_levels=tuple(size - 1 + rng.random(limit + 1) for size, limit in zip(SIZES, THIDX, strict=True)),
        sigma_factors=np.sort(rng.random(256)) * 256,
        thidx_thresholds=np.array(THIDX),
        magnitude_thresholds=np.array(SIZES) - 1,
    )


def unary(size: int) -> list[int]:
    """Codes 0, 10, 110, ... as far as 12 bits allow, then pairs."""
    if size == 2:
        return [1, 0, 0, 1, 1, 1]
    words: list[int] = []
    for symbol in range(min(size - 2, 8)):
        words += [1, 0, symbol, 0, 1]
    rest = list(range(min(size - 2, 8), size))
    return words + balanced(rest)


def balanced(symbols: list[int]) -> list[int]:
    words: list[int] = []
    for bit, part in enumerate((symbols[: len(symbols) // 2], symbols[len(symbols) // 2 :])):
        words += [1, bit, part[0]] if len(part) == 1 else [0, bit, *balanced(part)]
    return words


@settings(deadline=None)
@given(st.data(), st.sampled_from([2, 3, 4, 5, 7, 10, 16]))
def test_any_tree_gives_its_codes(data: st.DataObject, size: int) -> None:
    words, codes = data.draw(trees(data.draw(st.permutations(range(size)))))
    assert bt.huffman_codes(np.array(words)) == codes


@settings(deadline=None, max_examples=20)
@given(st.data())
def test_prefixes_equal_slow_matching(data: st.DataObject) -> None:
    drawn = [data.draw(trees(list(range(size)))) for size in SIZES[3:]]
    prefixes = bt.compile_tables(made_up_tables([words for words, _ in drawn])).prefixes
    for brc, (_, codes) in enumerate(drawn):
        for head in data.draw(st.lists(st.integers(0, 4095), min_size=20, max_size=20)):
            (code,) = [code for code in codes if f"{head:012b}".startswith(code)]
            assert divmod(int(prefixes[brc, head]), 16) == (codes[code], len(code))


@settings(deadline=None, max_examples=20)
@given(st.data())
def test_runs_equal_slow_matching(data: st.DataObject) -> None:
    drawn = [data.draw(trees(list(range(size)))) for size in SIZES[3:]]
    lookup = bt.compile_tables(made_up_tables([words for words, _ in drawn]))
    for brc, (_, codes) in enumerate(drawn):
        for head in data.draw(st.lists(st.integers(0, 2047), min_size=20, max_size=20)):
            bits, found = f"{head:011b}", []
            while matching := [code for code in codes if bits and bits[1:].startswith(code)]:
                found.append(codes[matching[0]] + 16 * int(bits[0]))
                assert lookup.code_bits[brc, found[-1]] == 1 + len(matching[0])
                bits = bits[1 + len(matching[0]) :]
            entry = int(lookup.runs[brc, head]).to_bytes(8, "little")
            assert list(entry[: entry[6]]) == found
            assert entry[6:] == bytes([len(found), 11 - len(bits) if found else 0])


def test_signed_values_are_those_of_codes_as_sent() -> None:
    lookup = bt.compile_tables(made_up_tables())
    for kind in range(8):
        sign = SIZES[kind] if kind < 3 else 16
        for magnitude in range(SIZES[kind]):
            expected = lookup.values[kind, :, magnitude]
            np.testing.assert_array_equal(lookup.signed_values[kind, :, magnitude], expected)
            np.testing.assert_array_equal(lookup.signed_values[kind, :, magnitude + sign], -expected)


def test_values_equal_slow_reconstruction() -> None:
    tables = made_up_tables()
    values = bt.compile_tables(tables).values
    for kind in range(8):
        for thidx in range(256):
            for magnitude in range(16):
                got = values[kind, thidx, magnitude]
                if magnitude >= SIZES[kind]:
                    assert np.isnan(got)
                elif thidx > THIDX[kind]:
                    assert got == np.float32(tables.normalised_levels[kind][magnitude] * tables.sigma_factors[thidx])
                elif magnitude == SIZES[kind] - 1:
                    assert got == np.float32(tables.simple_levels[kind][thidx])
                else:
                    assert got == magnitude


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([1, 0, 0], "word 3 of the Huffman tree"),
        ([1, 1, 0, 1, 0, 1], "word 0 of the Huffman tree"),
        ([2, 0, 0, 1, 1, 1], "word 0 of the Huffman tree"),
        ([1, 0, 0, 1, 1], "ends inside a leaf"),
        ([1, 0, 0, 1, 1, 1, 0], "ends after 6 words but has 7"),
        ([1, 0, 0, 1, 1, 0], "repeats a symbol"),
        ([], "word 0 of the Huffman tree"),
        ([0, 0] * 5000, "longer than 12 bits"),
    ],
)
def test_malformed_trees_are_refused(words: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        bt.huffman_codes(np.array(words, dtype=np.int64))


@settings(deadline=None)
@given(st.lists(st.integers(-2, 17), max_size=40))
def test_any_list_is_a_tree_or_an_error(words: list[int]) -> None:
    try:
        codes = bt.huffman_codes(np.array(words, dtype=np.int64))
    except ValueError:
        return
    # Kraft's equality: the codes are a complete prefix code.
    assert sum(2.0 ** -len(code) for code in codes) == 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"huffman_trees": ()}, "0 Huffman trees, not 5"),
        ({"sigma_factors": np.zeros(255)}, "255 sigma factors"),
        ({"normalised_levels": (np.zeros(4),)}, "normalised_levels: 1 quantisers"),
        ({"magnitude_thresholds": np.array(SIZES)}, "BAQ 3-Bit: 4 levels but largest magnitude code 4"),
        ({"thidx_thresholds": np.array(THIDX) + 1}, "BAQ 3-Bit: 4 simple levels but threshold 4"),
        ({"huffman_trees": tuple(np.array(unary(4)) for _ in range(5))}, "BRC 1: the Huffman tree has symbols"),
    ],
)
def test_tables_of_wrong_size_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        bt.compile_tables(made_up_tables()._replace(**change))


def test_baq_must_have_as_many_levels_as_its_bits() -> None:
    tables = made_up_tables()
    seven = (tables.normalised_levels[0], np.zeros(7), *tables.normalised_levels[2:])
    limits = tables.magnitude_thresholds.copy()
    limits[1] = 6
    with pytest.raises(ValueError, match="BAQ 4-Bit: 7 levels, not 8"):
        bt.compile_tables(tables._replace(normalised_levels=seven, magnitude_thresholds=limits))
