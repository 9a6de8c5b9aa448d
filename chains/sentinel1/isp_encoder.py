"""Write Sentinel-1 instrument packets: the inverse of the decoder, for simulated input.

Source: S1-IF-ASD-PL-0007, sections 3 (headers) and 4 (user data).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sentinel1.baq import BLOCK_QUADS
from refsys.kernels.sentinel1.baq_tables import BRC_COUNT, KINDS, BaqTables, compile_tables, huffman_codes
from refsys.kernels.sentinel1.packets import (
    BAQ_BLOCK_CODE,
    FIELDS,
    HEADER_BYTES,
    PRIMARY_BYTES,
    SYNC_MARKER,
)

BYPASS = 0
FDBAQ_MODES = (12, 13, 14)

_BYPASS_BITS = 10
_LARGEST_BYPASS = 511
_FIRST_BAQ = 3
_FIRST_BRC_KIND = len(KINDS) - BRC_COUNT
_FIXED = {
    "secondary_header_flag": 1,
    "process_id": 65,
    "packet_category": 12,
    "sequence_flags": 3,
    "sync_marker": SYNC_MARKER,
    "baq_block_length": BAQ_BLOCK_CODE,
}
"""Fields that are the same in every packet of the instrument."""

_Words = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Numbers and the bits each takes."""


class Encoded(NamedTuple):
    """User data of a packet, and what a decoder must make of them.

    Attributes
    ----------
    data
        As they follow the header.
    iq
        complex64 (samples,), the quantised samples.
    """

    data: bytes
    iq: NDArray[np.complex64]


def encode_packet(fields: Mapping[str, int], user_data: bytes) -> bytes:
    """Return a whole packet.

    Parameters
    ----------
    fields
        Codes by the names of `kernels.sentinel1.packets.FIELDS`; those absent are 0, the length field and those that
        never change are set here.
    user_data
        From `SampleEncoder.encode`.

    Raises
    ------
    ValueError
        If a name is no field, or a code does not fit its bits.
    """
    length = HEADER_BYTES + len(user_data) - PRIMARY_BYTES - 1
    codes = {**_FIXED, **fields, "data_length": length}
    header = 0
    for field in FIELDS:
        code = codes.pop(field.name, 0)
        if not 0 <= code < 1 << field.bits:
            raise ValueError(f"{field.name} is {code}, which does not fit {field.bits} bits")
        header |= code << (8 * HEADER_BYTES - field.first_bit - field.bits)
    if codes:
        raise ValueError(f"no header field is called {', '.join(sorted(codes))}")
    return header.to_bytes(HEADER_BYTES, "big") + user_data


class SampleEncoder:
    """Encodes samples with the tables of an AUX_INS: each value becomes the level nearest to it.

    Parameters
    ----------
    tables
        As published; malformed ones raise `ValueError`.
    """

    def __init__(self, tables: BaqTables) -> None:
        self.sigma_factors = tables.sigma_factors
        self.values = compile_tables(tables).values
        self.levels = [levels.size for levels in tables.normalised_levels]
        self.codes = [_code_words(huffman_codes(tree)) for tree in tables.huffman_trees]

    def encode(self, iq: NDArray[np.complex128], baq_mode: int, rates: NDArray[np.uint8] | None = None) -> Encoded:
        """Encode the samples of one packet.

        Parameters
        ----------
        iq
            complex128 (2 * quads,), in quantiser units; what is beyond the largest level is clipped.
        baq_mode
            0 (bypass), 3 to 5 (BAQ), 12 to 14 (FDBAQ).
        rates
            uint8 (blocks,), rate code of each block of 128 quads; for FDBAQ only.

        Raises
        ------
        ValueError
            For an odd number of samples, another mode, or rates that do not fit.
        """
        self._check(iq, baq_mode, rates)
        channels = (iq.real[0::2], iq.real[1::2], iq.imag[0::2], iq.imag[1::2])
        if baq_mode == BYPASS:
            return _packed(*zip(*(_bypass(channel) for channel in channels), strict=True))
        blocks = -(-channels[0].size // BLOCK_QUADS)
        kinds = np.full(blocks, baq_mode - _FIRST_BAQ)
        if rates is not None:
            kinds = rates.astype(np.int64) + _FIRST_BRC_KIND
        thidx = self._threshold_indices(channels, blocks)
        heads: list[_Words | None] = [None, None, (thidx, np.full(blocks, 8)), None]
        if rates is not None:
            heads[0] = (rates.astype(np.int64), np.full(blocks, 3))
        coded = [
            self._channel(values, kinds, thidx, baq_mode, head) for values, head in zip(channels, heads, strict=True)
        ]
        return _packed(*zip(*coded, strict=True))

    def _check(self, iq: NDArray[np.complex128], baq_mode: int, rates: NDArray[np.uint8] | None) -> None:
        if iq.ndim != 1 or iq.size % 2:
            raise ValueError(f"samples of shape {iq.shape} are no pairs")
        if baq_mode not in (BYPASS, 3, 4, 5, *FDBAQ_MODES):
            raise ValueError(f"there is no BAQ mode {baq_mode}")
        if (rates is not None) != (baq_mode in FDBAQ_MODES):
            raise ValueError(f"BAQ mode {baq_mode} {'needs' if rates is None else 'has no'} rates")
        blocks = -(-(iq.size // 2) // BLOCK_QUADS)
        if rates is not None and (rates.shape != (blocks,) or np.any(rates >= BRC_COUNT)):
            raise ValueError(f"rates {rates.shape} are not {blocks} codes from 0 to {BRC_COUNT - 1}")

    def _threshold_indices(self, channels: tuple[NDArray[np.float64], ...], blocks: int) -> NDArray[np.int64]:
        """Return for each block the index whose sigma is nearest to that of its values, (blocks,)."""
        found = np.empty(blocks, np.int64)
        for block in range(blocks):
            own = slice(block * BLOCK_QUADS, (block + 1) * BLOCK_QUADS)
            sigma = np.sqrt(np.mean([np.mean(channel[own] ** 2) for channel in channels]))
            found[block] = np.argmin(np.abs(self.sigma_factors - sigma))
        return found

    def _channel(
        self,
        values: NDArray[np.float64],
        kinds: NDArray[np.int64],
        thidx: NDArray[np.int64],
        baq_mode: int,
        head: _Words | None,
    ) -> tuple[_Words, NDArray[np.float64]]:
        """Return words and quantised values (quads,) of one channel."""
        words, widths = np.empty(values.size, np.int64), np.empty(values.size, np.int64)
        levels = np.empty(values.size, np.float64)
        for block in range(kinds.size):
            own = slice(block * BLOCK_QUADS, (block + 1) * BLOCK_QUADS)
            sizes = self.values[kinds[block], thidx[block], : self.levels[kinds[block]]].astype(np.float64)
            magnitude = np.argmin(np.abs(np.abs(values[own])[:, None] - sizes), axis=1)
            negative = values[own] < 0
            if baq_mode in FDBAQ_MODES:
                codes, bits = self.codes[kinds[block] - _FIRST_BRC_KIND]
                words[own], widths[own] = codes[magnitude] | negative << bits[magnitude], bits[magnitude] + 1
            else:
                words[own], widths[own] = magnitude | negative << (baq_mode - 1), baq_mode
            levels[own] = np.where(negative, -sizes[magnitude], sizes[magnitude])
        if head is not None:
            at = np.arange(kinds.size) * BLOCK_QUADS
            words, widths = np.insert(words, at, head[0]), np.insert(widths, at, head[1])
        return (words, widths), levels


def _code_words(codes: Mapping[str, int]) -> _Words:
    """Return code words and their bits by symbol, int64 (symbols,) each."""
    by_symbol = sorted((symbol, code) for code, symbol in codes.items())
    return np.array([int(code, 2) for _, code in by_symbol]), np.array([len(code) for _, code in by_symbol])


def _bypass(values: NDArray[np.float64]) -> tuple[_Words, NDArray[np.float64]]:
    levels: NDArray[np.float64] = np.clip(np.rint(values), -_LARGEST_BYPASS, _LARGEST_BYPASS)
    words: NDArray[np.int64] = np.abs(levels).astype(np.int64) | (levels < 0).astype(np.int64) << (_BYPASS_BITS - 1)
    return (words, np.full(values.size, _BYPASS_BITS)), levels


def _packed(words: tuple[_Words, ...], levels: tuple[NDArray[np.float64], ...]) -> Encoded:
    """Join the four channels: each padded to 16 bits, all to 32."""
    bits = np.concatenate([_padded(_bits(*channel), 16) for channel in words])
    iq = np.empty(2 * levels[0].size, np.complex64)
    iq[0::2], iq[1::2] = levels[0] + 1j * levels[2], levels[1] + 1j * levels[3]
    return Encoded(np.packbits(_padded(bits, 32)).tobytes(), iq)


def _bits(words: NDArray[np.int64], widths: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the bits of words end to end, most significant first."""
    most = int(widths.max(initial=0))
    place = np.arange(most - 1, -1, -1)
    spread = (words[:, None] >> place) & 1
    return np.asarray(spread[place < widths[:, None]], np.uint8)


def _padded(bits: NDArray[np.uint8], unit: int) -> NDArray[np.uint8]:
    return np.concatenate([bits, np.zeros(-bits.size % unit, np.uint8)])
