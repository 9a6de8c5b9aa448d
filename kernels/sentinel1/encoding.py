"""Encode samples as the user data of Sentinel-1 packets (S1-IF-ASD-PL-0007, section 4): the inverse of `baq`.

Each value becomes the level nearest to it; four channels follow one another, each padded to 16 bits, all to 32.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.jit import jit
from refsys.kernels.sentinel1.baq_tables import BLOCK_QUADS, BRC_COUNT, KINDS
from refsys.kernels.sentinel1.bit_writing import (
    BYPASS_BITS,
    Quantiser,
    Stream,
    put_bits,
    put_integers,
    put_levels,
    put_padding,
)
from refsys.kernels.sentinel1.encoding_tables import ENCODING_SHAPES, EncodingLookup
from refsys.kernels.sentinel1.packets import BAQ_MODES

BYPASS = 0
FDBAQ_MODES = (12, 13, 14)

_CHANNELS = 4
_FDBAQ_FIRST = FDBAQ_MODES[0]
_FIRST_BAQ = 3
_FIRST_BRC_KIND = len(KINDS) - BRC_COUNT
_PLACES = (0, 2, 1, 3)
"""Where the values of each channel lie among the four parts of a quad."""
_WORD_BITS = 16
_PACKET_WORD_BITS = 32
_HEAD_BITS = 3 + 8


class UserData(NamedTuple):
    """User data of many packets, end to end.

    Attributes
    ----------
    buffer
        uint8 (bytes,).
    offsets
        int64 (packets + 1,): packet k owns `buffer[offsets[k]:offsets[k + 1]]`, a multiple of 4 bytes.
    """

    buffer: NDArray[np.uint8]
    offsets: NDArray[np.int64]


class _Batch(NamedTuple):
    """What is encoded, and how: samples as parts (packets, 4 * quads), quantiser and threshold index of all blocks."""

    parts: NDArray[np.float32]
    baq_mode: int
    kinds: NDArray[np.uint8]
    thidx: NDArray[np.uint8]
    lookup: EncodingLookup
    quantised: NDArray[np.float32]


def encode_samples(
    iq: NDArray[np.complex64],
    baq_mode: int,
    rates: NDArray[np.uint8] | None,
    lookup: EncodingLookup,
    *,
    thidx: NDArray[np.uint8] | None = None,
    quantised: NDArray[np.complex64] | None = None,
) -> UserData:
    """Encode packets of equal length.

    Parameters
    ----------
    iq
        complex64 (packets, 2 * quads), finite, in quantiser units; what is beyond the largest level is clipped.
    baq_mode
        0 (bypass), 3 to 5 (BAQ), 12 to 14 (FDBAQ).
    rates
        uint8 (packets, blocks), rate code 0 to 4 of each block of 128 quads; for FDBAQ only, otherwise None.
    lookup
        From `compile_encoding`.
    thidx
        uint8 (packets, blocks), threshold index of each block; from `threshold_indices` if not given.
    quantised
        complex64, shape of `iq`: filled with the samples a decoder must find, if given.

    Raises
    ------
    ValueError
        For an odd number of samples, samples that are not finite, another mode, or arrays that do not fit.
    """
    samples = _checked_samples(iq)
    kinds = _quantisers(samples, baq_mode, rates)
    shapes = tuple(table.shape for table in lookup)
    if shapes != ENCODING_SHAPES:
        raise ValueError(f"look-ups {shapes} are not {ENCODING_SHAPES}")
    indices = threshold_indices(iq, lookup) if thidx is None else np.ascontiguousarray(thidx)
    if indices.shape != kinds.shape or indices.dtype != np.uint8:
        raise ValueError(f"threshold indices {indices.dtype} {indices.shape} are not uint8 {kinds.shape}")
    found = np.empty((0, 0), dtype=np.complex64) if quantised is None else quantised
    if quantised is not None and not (
        quantised.shape == samples.shape and quantised.dtype == np.complex64 and quantised.flags.c_contiguous
    ):
        raise ValueError(f"room for quantised samples is {quantised.dtype} {quantised.shape}, not {samples.shape}")
    buffer = np.empty(_most_bytes(samples, baq_mode, kinds, lookup), dtype=np.uint8)
    offsets = np.zeros(samples.shape[0] + 1, dtype=np.int64)
    parts = samples.view(np.float32)
    batch = _Batch(parts, baq_mode, kinds.reshape(-1), indices.reshape(-1), lookup, found.view(np.float32))
    _encode_packets(batch, buffer, offsets)
    return UserData(buffer[: offsets[-1]].copy(), offsets)


def threshold_indices(iq: NDArray[np.complex64], lookup: EncodingLookup) -> NDArray[np.uint8]:
    """Return for each block of 128 quads the index whose sigma is nearest to that of its values.

    Parameters
    ----------
    iq
        complex64 (packets, 2 * quads), finite, in quantiser units.
    lookup
        From `compile_encoding`.

    Returns
    -------
    ndarray
        uint8 (packets, blocks).

    Raises
    ------
    ValueError
        For an odd number of samples, or samples that are not finite.
    """
    samples = _checked_samples(iq)
    found = np.empty((samples.shape[0], blocks_of(samples.shape[1])), dtype=np.uint8)
    _choose_thresholds(samples.view(np.float32), lookup.sigma_factors, found)
    return found


def blocks_of(samples: int) -> int:
    """Return the blocks of 128 quads that so many complex samples take.

    Examples
    --------
    >>> blocks_of(256), blocks_of(258)
    (1, 2)
    """
    return -(-samples // (2 * BLOCK_QUADS))


def _checked_samples(iq: NDArray[np.complex64]) -> NDArray[np.complex64]:
    if iq.ndim != 2 or iq.dtype != np.complex64 or iq.shape[1] % 2:
        raise ValueError(f"samples {iq.dtype} {iq.shape} are no pairs of complex64 in packets")
    if not np.isfinite(iq).all():
        raise ValueError("samples that are not finite cannot be encoded")
    return np.ascontiguousarray(iq)


def _quantisers(iq: NDArray[np.complex64], baq_mode: int, rates: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """Return the quantiser of each block, place in `KINDS`, uint8 (packets, blocks)."""
    shape = (iq.shape[0], blocks_of(iq.shape[1]))
    if baq_mode not in BAQ_MODES:
        raise ValueError(f"there is no BAQ mode {baq_mode}")
    if (rates is not None) != (baq_mode in FDBAQ_MODES):
        raise ValueError(f"BAQ mode {baq_mode} {'needs' if rates is None else 'has no'} rates")
    if rates is None:
        return np.full(shape, max(baq_mode - _FIRST_BAQ, 0), dtype=np.uint8)
    if rates.shape != shape or np.any(rates >= BRC_COUNT):
        raise ValueError(f"rates {rates.shape} are not {shape} codes from 0 to {BRC_COUNT - 1}")
    return np.asarray(rates, dtype=np.uint8) + np.uint8(_FIRST_BRC_KIND)


def _most_bytes(iq: NDArray[np.complex64], baq_mode: int, kinds: NDArray[np.uint8], lookup: EncodingLookup) -> int:
    """Return bytes that hold the user data whatever the samples are."""
    packets, samples = iq.shape
    widest = BYPASS_BITS
    if baq_mode != BYPASS and kinds.size:
        widest = int(lookup.widths[np.unique(kinds)].max())
    bits = 2 * samples * widest + kinds.shape[1] * _HEAD_BITS + _CHANNELS * _WORD_BITS + _PACKET_WORD_BITS
    return int(packets * -(-bits // 8))


def _choose_thresholds_body(
    parts: NDArray[np.float32], sigma_factors: NDArray[np.float64], thidx: NDArray[np.uint8]
) -> None:
    size = _CHANNELS * BLOCK_QUADS
    for packet in range(thidx.shape[0]):
        for block in range(thidx.shape[1]):
            own = parts[packet, block * size : min((block + 1) * size, parts.shape[1])]
            power = 0.0
            for k in range(own.size):
                power += np.float64(own[k]) ** 2
            sigma = np.sqrt(power / own.size)
            nearest, least = 0, np.inf
            for index in range(sigma_factors.size):
                distance = abs(sigma_factors[index] - sigma)
                if distance < least:
                    nearest, least = index, distance
            thidx[packet, block] = nearest


_choose_thresholds = jit(_choose_thresholds_body)


def _gather_body(row: NDArray[np.float32], channel: int, first: int, values: NDArray[np.float64]) -> None:
    """Copy values of a channel (even I, odd I, even Q, odd Q) from a packet's parts, I and Q in turn."""
    place = _PLACES[channel]
    for k in range(values.size):
        values[k] = row[_CHANNELS * (first + k) + place]


_gather = jit(_gather_body)


def _scatter_body(values: NDArray[np.float64], channel: int, first: int, row: NDArray[np.float32]) -> None:
    place = _PLACES[channel]
    for k in range(values.size):
        row[_CHANNELS * (first + k) + place] = values[k]


_scatter = jit(_scatter_body)


def _put_head_body(out: NDArray[np.uint8], stream: Stream, batch: _Batch, channel: int, place: int) -> Stream:
    """Append the rate code or threshold index that precedes a block, where the channel has one."""
    if channel == 0 and batch.baq_mode >= _FDBAQ_FIRST:
        return put_bits(out, stream, np.int64(batch.kinds[place]) - _FIRST_BRC_KIND, 3)
    if channel == 2:
        return put_bits(out, stream, np.int64(batch.thidx[place]), 8)
    return stream


_put_head = jit(_put_head_body)


def _put_block_body(
    out: NDArray[np.uint8], stream: Stream, values: NDArray[np.float64], batch: _Batch, place: int
) -> Stream:
    """Append the values of a block, which become what was written."""
    if batch.baq_mode == BYPASS:
        return put_integers(out, stream, values)
    kind, tables = batch.kinds[place], batch.lookup
    levels = tables.magnitudes[kind, batch.thidx[place], : tables.levels[kind]]
    return put_levels(out, stream, values, Quantiser(levels, tables.words[kind], tables.widths[kind]))


_put_block = jit(_put_block_body)


def _encode_packet_body(batch: _Batch, packet: int, out: NDArray[np.uint8], begin: np.int64) -> np.int64 | int:
    """Write one packet's user data from byte `begin` on; returns the byte after them."""
    stream: Stream = (begin, 0, 0)
    quads = batch.parts.shape[1] // _CHANNELS
    room = np.empty(BLOCK_QUADS)
    blocks = (quads + BLOCK_QUADS - 1) // BLOCK_QUADS
    for channel in range(_CHANNELS):
        for block in range(blocks):
            first, place = block * BLOCK_QUADS, packet * blocks + block
            values = room[: min(BLOCK_QUADS, quads - first)]
            _gather(batch.parts[packet], channel, first, values)
            if batch.baq_mode != BYPASS:
                stream = _put_head(out, stream, batch, channel, place)
            stream = _put_block(out, stream, values, batch, place)
            if batch.quantised.size:
                _scatter(values, channel, first, batch.quantised[packet])
        stream = put_padding(out, stream, begin, _WORD_BITS)
    return put_padding(out, stream, begin, _PACKET_WORD_BITS)[0]


_encode_packet = jit(_encode_packet_body)


def _encode_packets_body(batch: _Batch, out: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
    for packet in range(batch.parts.shape[0]):
        offsets[packet + 1] = _encode_packet(batch, packet, out, offsets[packet])


_encode_packets = jit(_encode_packets_body)
