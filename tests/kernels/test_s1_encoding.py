"""The packet encoder against a slow one on words and bits, written from the format."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from s1_tables import made_up_tables

from refsys.kernels.sentinel1.baq_tables import BLOCK_QUADS, compile_tables, huffman_codes
from refsys.kernels.sentinel1.encoding import FDBAQ_MODES, blocks_of, encode_samples, threshold_indices
from refsys.kernels.sentinel1.encoding_tables import compile_encoding

MODES = (0, 3, 4, 5, *FDBAQ_MODES)
TABLES = made_up_tables()
LOOKUP = compile_encoding(TABLES)
VALUES = compile_tables(TABLES).values
LEVELS = [levels.size for levels in TABLES.normalised_levels]

Words = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Numbers and the bits each takes."""


class Slow(NamedTuple):
    data: bytes
    iq: NDArray[np.complex64]
    thidx: NDArray[np.int64]


def code_words(codes: Mapping[str, int]) -> Words:
    by_symbol = sorted((symbol, code) for code, symbol in codes.items())
    return np.array([int(code, 2) for _, code in by_symbol]), np.array([len(code) for _, code in by_symbol])


CODES = [code_words(huffman_codes(tree)) for tree in TABLES.huffman_trees]


def slow_encode(iq: NDArray[np.complex128], mode: int, rates: NDArray[np.uint8] | None) -> Slow:
    channels = (iq.real[0::2], iq.real[1::2], iq.imag[0::2], iq.imag[1::2])
    blocks = -(-channels[0].size // BLOCK_QUADS)
    thidx = slow_thresholds(channels, blocks)
    if mode == 0:
        return slow_packed([slow_bypass(channel) for channel in channels], thidx)
    kinds = np.full(blocks, mode - 3) if rates is None else rates.astype(np.int64) + 3
    heads: list[Words | None] = [None, None, (thidx, np.full(blocks, 8)), None]
    if rates is not None:
        heads[0] = (rates.astype(np.int64), np.full(blocks, 3))
    coded = [slow_channel(values, kinds, thidx, mode, head) for values, head in zip(channels, heads, strict=True)]
    return slow_packed(coded, thidx)


def slow_thresholds(channels: tuple[NDArray[np.float64], ...], blocks: int) -> NDArray[np.int64]:
    found = np.empty(blocks, np.int64)
    for block in range(blocks):
        own = slice(block * BLOCK_QUADS, (block + 1) * BLOCK_QUADS)
        sigma = np.sqrt(np.mean([np.mean(channel[own] ** 2) for channel in channels]))
        found[block] = np.argmin(np.abs(TABLES.sigma_factors - sigma))
    return found


def slow_channel(
    values: NDArray[np.float64], kinds: NDArray[np.int64], thidx: NDArray[np.int64], mode: int, head: Words | None
) -> tuple[Words, NDArray[np.float64]]:
    words, widths = np.empty(values.size, np.int64), np.empty(values.size, np.int64)
    levels = np.empty(values.size, np.float64)
    for block in range(kinds.size):
        own = slice(block * BLOCK_QUADS, (block + 1) * BLOCK_QUADS)
        sizes = slow_sizes(int(kinds[block]), int(thidx[block]))
        magnitude = np.argmin(np.abs(np.abs(values[own])[:, None] - sizes), axis=1)
        negative = values[own] < 0
        if mode in FDBAQ_MODES:
            codes, bits = CODES[kinds[block] - 3]
            words[own], widths[own] = codes[magnitude] | negative << bits[magnitude], bits[magnitude] + 1
        else:
            words[own], widths[own] = magnitude | negative << (mode - 1), mode
        levels[own] = np.where(negative, -sizes[magnitude], sizes[magnitude])
    if head is not None:
        at = np.arange(kinds.size) * BLOCK_QUADS
        words, widths = np.insert(words, at, head[0]), np.insert(widths, at, head[1])
    return (words, widths), levels


def slow_sizes(kind: int, thidx: int) -> NDArray[np.float64]:
    """Magnitudes in single precision, as a decoder has them."""
    last = LEVELS[kind] - 1
    sizes = TABLES.normalised_levels[kind] * TABLES.sigma_factors[thidx]
    if thidx <= TABLES.thidx_thresholds[kind]:
        sizes = np.array([*range(last), TABLES.simple_levels[kind][thidx]])
    return np.asarray(sizes.astype(np.float32), np.float64)


def slow_bypass(values: NDArray[np.float64]) -> tuple[Words, NDArray[np.float64]]:
    levels: NDArray[np.float64] = np.clip(np.rint(values), -511, 511)
    words: NDArray[np.int64] = np.abs(levels).astype(np.int64) | (levels < 0).astype(np.int64) << 9
    return (words, np.full(values.size, 10)), levels


def slow_packed(coded: list[tuple[Words, NDArray[np.float64]]], thidx: NDArray[np.int64]) -> Slow:
    bits = np.concatenate([padded(bits_of(*words), 16) for words, _ in coded])
    levels = [channel for _, channel in coded]
    iq = np.empty(2 * levels[0].size, np.complex64)
    iq[0::2], iq[1::2] = levels[0] + 1j * levels[2], levels[1] + 1j * levels[3]
    return Slow(np.packbits(padded(bits, 32)).tobytes(), iq, thidx)


def bits_of(words: NDArray[np.int64], widths: NDArray[np.int64]) -> NDArray[np.uint8]:
    most = int(widths.max(initial=0))
    place = np.arange(most - 1, -1, -1)
    spread = (words[:, None] >> place) & 1
    return np.asarray(spread[place < widths[:, None]], np.uint8)


def padded(bits: NDArray[np.uint8], unit: int) -> NDArray[np.uint8]:
    return np.concatenate([bits, np.zeros(-bits.size % unit, np.uint8)])


def drawn_samples(packets: int, quads: int, sigma: float, seed: int) -> NDArray[np.complex64]:
    rng = np.random.default_rng(seed)
    shape = (packets, 2 * quads)
    scale = sigma * rng.random((packets, 1)) * np.linspace(0.1, 1.5, 2 * quads)
    return np.asarray(scale * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)), np.complex64)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(MODES),
    st.integers(0, 3),
    st.one_of(st.integers(0, 300), st.sampled_from([127, 128, 129, 256])),
    st.floats(0, 400),
    st.integers(0, 2**32 - 1),
)
def test_the_bytes_are_those_of_the_slow_encoder(mode: int, packets: int, quads: int, sigma: float, seed: int) -> None:
    iq = drawn_samples(packets, quads, sigma, seed)
    if seed % 3 == 0:
        iq = np.rint(iq)  # values that lie on levels, or half way between them
    rng = np.random.default_rng(seed)
    rates = None if mode < 12 else rng.integers(0, 5, (packets, blocks_of(2 * quads))).astype(np.uint8)
    quantised = np.empty_like(iq)
    encoded = encode_samples(iq, mode, rates, LOOKUP, quantised=quantised)
    assert encoded.offsets.shape == (packets + 1,)
    assert encoded.offsets[-1] == encoded.buffer.size
    thidx = threshold_indices(iq, LOOKUP)
    for k in range(packets):
        slow = slow_encode(iq[k].astype(np.complex128), mode, None if rates is None else rates[k])
        assert encoded.buffer[encoded.offsets[k] : encoded.offsets[k + 1]].tobytes() == slow.data
        np.testing.assert_array_equal(quantised[k], slow.iq)
        np.testing.assert_array_equal(thidx[k], slow.thidx)


def test_given_threshold_indices_are_used() -> None:
    iq = drawn_samples(2, 130, 20.0, 1)
    thidx = np.array([[3, 200], [0, 255]], np.uint8)
    encoded = encode_samples(iq, 5, None, LOOKUP, thidx=thidx)
    again = encode_samples(iq, 5, None, LOOKUP, thidx=threshold_indices(iq, LOOKUP))
    assert encoded.buffer.size == again.buffer.size
    # Channels of 130 values of 5 bits take 656 bits; the third begins with an index, its next 128 values later.
    bits = np.unpackbits(encoded.buffer[: encoded.offsets[1]])
    for at, index in ((1312, 3), (1312 + 8 + 640, 200)):
        assert int(np.packbits(bits[at : at + 8])[0]) == index


def test_samples_beyond_the_last_level_are_clipped_and_keep_their_sign() -> None:
    iq = np.array([[1e9 - 1e9j, -3e38 + 3e38j]], np.complex64)
    quantised = np.empty_like(iq)
    encode_samples(iq, 3, None, LOOKUP, thidx=np.full((1, 1), 255, np.uint8), quantised=quantised)
    most = VALUES[0, 255, LEVELS[0] - 1]
    np.testing.assert_array_equal(quantised, [[most - 1j * most, -most + 1j * most]])


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1j * -np.inf])
def test_samples_that_are_not_finite_are_refused(bad: complex) -> None:
    iq = np.zeros((2, 4), np.complex64)
    iq[1, 2] = bad
    with pytest.raises(ValueError, match="not finite"):
        encode_samples(iq, 0, None, LOOKUP)
    with pytest.raises(ValueError, match="not finite"):
        threshold_indices(iq, LOOKUP)


def test_arrays_that_do_not_fit_are_refused() -> None:
    iq = np.zeros((2, 4), np.complex64)
    with pytest.raises(ValueError, match="no pairs"):
        encode_samples(iq[:, :3], 0, None, LOOKUP)
    with pytest.raises(ValueError, match="no pairs"):
        encode_samples(iq.astype(np.complex128), 0, None, LOOKUP)
    with pytest.raises(ValueError, match="no BAQ mode 2"):
        encode_samples(iq, 2, None, LOOKUP)
    with pytest.raises(ValueError, match=r"rates \(1, 1\) are not \(2, 1\)"):
        encode_samples(iq, 12, np.zeros((1, 1), np.uint8), LOOKUP)
    with pytest.raises(ValueError, match="threshold indices"):
        encode_samples(iq, 3, None, LOOKUP, thidx=np.zeros((2, 2), np.uint8))
    with pytest.raises(ValueError, match="look-ups"):
        encode_samples(iq, 3, None, LOOKUP._replace(levels=LOOKUP.levels[:3]))
    with pytest.raises(ValueError, match="room for quantised samples"):
        encode_samples(iq, 3, None, LOOKUP, quantised=np.empty((2, 3), np.complex64))
