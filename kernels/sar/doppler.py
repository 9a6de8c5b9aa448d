"""Doppler centroid from the data: phase of the correlation of neighbouring lines, and a polynomial over range.

Source: S. Madsen, Estimating the Doppler centroid of SAR data (IEEE TAES 25(2), 1989). The estimate is the fraction of
the PRF; the whole multiple is the caller's, from attitude and orbit. In bursts the chirp of the steering is taken out
first, since it turns the correlation by less than a cycle a line but smears it over a burst.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.jit import jit

_LEAST_COHERENCE = 0.05
"""Below it, the phase of a correlation is that of noise."""


class BlockCorrelation(NamedTuple):
    """Correlation of neighbouring lines in blocks of samples; those of blocks of lines add up.

    Attributes
    ----------
    correlation
        complex128 (blocks,): sum of line[k + 1] times the conjugate of line[k].
    power
        float64 (blocks,): sum of the geometric mean of their powers.
    pairs
        int64 (blocks,): samples summed.
    """

    correlation: NDArray[np.complex128]
    power: NDArray[np.float64]
    pairs: NDArray[np.int64]

    def plus(self, other: "BlockCorrelation") -> "BlockCorrelation":
        """Return the sums over both."""
        return BlockCorrelation(
            self.correlation + other.correlation, self.power + other.power, self.pairs + other.pairs
        )


class CentroidFit(NamedTuple):
    """Doppler centroid over range.

    Attributes
    ----------
    frequency_hz
        float64 (blocks,), estimates, ambiguity resolved.
    coherence
        float64 (blocks,), 0 to 1; a beam that fills the PRF has a small one.
    used
        bool (blocks,): coherent enough for the fit.
    polynomial_hz
        float64 (degree + 1,): rising powers of delay less `reference_delay_s`.
    reference_delay_s
        Delay about which the polynomial is written.
    rms_hz
        Of the used estimates about the polynomial.
    """

    frequency_hz: NDArray[np.float64]
    coherence: NDArray[np.float64]
    used: NDArray[np.bool_]
    polynomial_hz: NDArray[np.float64]
    reference_delay_s: float
    rms_hz: float

    def at(self, delay_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the centroid at delays, float64 of their shape."""
        away = np.asarray(delay_s, np.float64) - self.reference_delay_s
        return np.asarray(np.polynomial.polynomial.polyval(away, self.polynomial_hz))


def correlate_lines(
    raw: NDArray[np.complex64], blocks: int, chirp_hz_s: float = 0.0, pri_s: float = 0.0
) -> BlockCorrelation:
    """Correlate neighbouring lines, raw or compressed in range, in blocks of samples.

    Parameters
    ----------
    raw
        complex64 (lines, samples); a lost line is zero and adds nothing.
    blocks
        Of equal width, over all samples.
    chirp_hz_s, pri_s
        Rise of the centroid in a burst, taken out about its middle line; 0 where the beam stands still.

    Raises
    ------
    ValueError
        If there are fewer than two lines, or more blocks than samples.
    """
    if raw.ndim != 2 or raw.shape[0] < 2 or not 0 < blocks <= raw.shape[1]:
        raise ValueError(f"{blocks} blocks of samples {raw.shape}")
    edges = np.linspace(0, raw.shape[1], blocks + 1).astype(np.int64)
    # Between lines k and k + 1 the chirp turns by its rate times the time of their middle.
    middle = np.arange(raw.shape[0] - 1) + 0.5 - 0.5 * (raw.shape[0] - 1)
    turn = np.exp(-2j * np.pi * chirp_hz_s * pri_s**2 * middle)
    sums = BlockCorrelation(np.zeros(blocks, np.complex128), np.zeros(blocks), np.zeros(blocks, np.int64))
    _correlate(np.ascontiguousarray(raw, np.complex64), edges, turn, sums)
    return sums


def _correlate_body(
    raw: NDArray[np.complex64],
    edges: NDArray[np.int64],
    turn: NDArray[np.complex128],
    sums: BlockCorrelation,
) -> None:
    for line in range(raw.shape[0] - 1):
        for block in range(edges.size - 1):
            real, imag, before, after = 0.0, 0.0, 0.0, 0.0
            for sample in range(edges[block], edges[block + 1]):
                a, b = raw[line, sample], raw[line + 1, sample]
                ar, ai, br, bi = np.float64(a.real), np.float64(a.imag), np.float64(b.real), np.float64(b.imag)
                real += br * ar + bi * ai
                imag += bi * ar - br * ai
                before += ar * ar + ai * ai
                after += br * br + bi * bi
            if before > 0.0 and after > 0.0:
                sums.correlation[block] += complex(real, imag) * turn[line]
                sums.power[block] += np.sqrt(before * after)
                sums.pairs[block] += edges[block + 1] - edges[block]


_correlate = jit(_correlate_body)


def coherent_blocks(blocks: BlockCorrelation) -> NDArray[np.bool_]:
    """Return which blocks are more coherent from line to line than noise is, bool (blocks,)."""
    return np.asarray(_coherence(blocks) > np.maximum(_LEAST_COHERENCE, 3 / np.sqrt(np.maximum(blocks.pairs, 1))))


def _coherence(blocks: BlockCorrelation) -> NDArray[np.float64]:
    return np.asarray(np.abs(blocks.correlation) / np.where(blocks.power > 0, blocks.power, np.inf))


def fit_centroid(
    blocks: BlockCorrelation, delays_s: NDArray[np.float64], prf_hz: float, *, expected_hz: float = 0.0, degree: int = 2
) -> CentroidFit:
    """Fit a polynomial over range to the estimates of blocks.

    Parameters
    ----------
    blocks
        From `correlate_lines`.
    delays_s
        float64 (blocks,), of the middles of the blocks.
    prf_hz
        Of the lines.
    expected_hz
        From geometry: estimates are moved by whole PRFs to within half a PRF of it.
    degree
        Of the polynomial; less where fewer blocks are coherent.

    Raises
    ------
    ValueError
        If there is no delay for each block, or no block is coherent: there is nothing but noise.
    """
    if delays_s.shape != blocks.correlation.shape or not prf_hz > 0 or degree < 0:
        raise ValueError(f"{delays_s.shape} delays for {blocks.correlation.size} blocks, PRF {prf_hz} Hz")
    coherence, used = _coherence(blocks), coherent_blocks(blocks)
    if not np.any(used):
        raise ValueError(f"no block of {coherence.size} is coherent from line to line: {coherence.max()} at most")
    fraction_hz = np.angle(blocks.correlation) / (2 * np.pi) * prf_hz
    # Blocks around the edge of the PRF would be moved to both ends: all are moved about their common phase first.
    common_hz = float(np.angle(np.sum(blocks.correlation[used])) / (2 * np.pi) * prf_hz)
    frequency = common_hz + (fraction_hz - common_hz + 0.5 * prf_hz) % prf_hz - 0.5 * prf_hz
    frequency += prf_hz * np.round((expected_hz - common_hz) / prf_hz)
    reference = float(np.mean(delays_s))
    scale = max(float(np.ptp(delays_s)), 1e-9)
    away = (delays_s[used] - reference) / scale
    order = min(degree, int(np.count_nonzero(used)) - 1)
    weights = coherence[used] * np.sqrt(blocks.pairs[used])
    scaled = np.polynomial.polynomial.polyfit(away, frequency[used], order, w=weights)
    polynomial = np.zeros(degree + 1)
    polynomial[: order + 1] = scaled / scale ** np.arange(order + 1)
    residual = frequency[used] - np.polynomial.polynomial.polyval(away, scaled)
    rms = float(np.sqrt(np.mean(residual**2)))
    return CentroidFit(frequency, coherence, used, polynomial, reference, rms)
