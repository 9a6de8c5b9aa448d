"""Packets to raw lines in the workspace, some at a time, with statistics of their samples."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import zarr
from numpy.typing import NDArray

from refsys.chains.sentinel1.l0_reading import PacketFile
from refsys.chains.sentinel1.l1_slc_facts import RAW, RawStatistics
from refsys.chains.sentinel1.raw_segments import RawSegment
from refsys.kernels.sentinel1.baq import STATUS_OK, Samples, decode_samples
from refsys.kernels.sentinel1.baq_tables import BaqLookup

BLOCK_LINES = 128
_HIGHEST_THRESHOLD = 254
_BYPASS_LIMIT = 511


class _Sums:
    """Sums over decoded samples, float64."""

    def __init__(self) -> None:
        self.count = self.undecoded = self.zero_lines = self.blocks = self.saturated = 0
        self.first = np.zeros(2)
        self.second = np.zeros(3)  # I I, Q Q, I Q

    def add(self, iq: NDArray[np.complex64]) -> None:
        i, q = iq.real.astype(np.float64), iq.imag.astype(np.float64)
        self.count += iq.size
        self.first += i.sum(), q.sum()
        self.second += (i * i).sum(), (q * q).sum(), (i * q).sum()

    def statistics(self, lines: int, missing: int) -> RawStatistics:
        count = max(self.count, 1)
        mean = self.first / count
        variance = np.maximum(self.second[:2] / count - mean**2, 0.0)
        spread = float(np.sqrt(variance.prod()))
        covariance = float(self.second[2] / count - mean.prod())
        return RawStatistics(
            lines=lines,
            missing_lines=missing,
            undecoded_lines=self.undecoded,
            zero_lines=self.zero_lines,
            saturated=self.saturated / max(self.blocks, 1),
            mean_i=float(mean[0]),
            mean_q=float(mean[1]),
            deviation_i=float(np.sqrt(variance[0])),
            deviation_q=float(np.sqrt(variance[1])),
            correlation=covariance / spread if spread > 0 else 0.0,
        )


class Decoded(NamedTuple):
    """Samples of one packet, or None where they could not be decoded."""

    packet: int
    iq: NDArray[np.complex64] | None


def decoded(file: PacketFile, rows: NDArray[np.int64], lookup: BaqLookup) -> Iterator[Decoded]:
    """Yield the samples of packets, decoded some at a time."""
    for samples, part in _decoded_blocks(file, rows, lookup):
        for k, packet in enumerate(part.tolist()):
            whole = samples.status[k] == STATUS_OK
            yield Decoded(packet, samples.iq[samples.starts[k] : samples.starts[k + 1]] if whole else None)


def write_lines(
    file: PacketFile,
    segment: RawSegment,
    lookup: BaqLookup,
    group: zarr.Group,
    progress: Callable[[float], None],
) -> RawStatistics:
    """Write the raw lines of a segment as array `raw`: complex64, quantiser units, runs below each other.

    Lines without a packet, or whose samples cannot be decoded or are more than the window holds, are zero. A line
    shorter than others ends in zeros.

    Parameters
    ----------
    file
        Packets.
    segment
        Where they lie.
    lookup
        From the AUX_INS.
    group
        The segment's own, empty.
    progress
        Told the fraction done.
    """
    lines = sum(run.grid.lines for run in segment.runs)
    width = max(run.grid.samples for run in segment.runs)
    array = group.create_array(RAW, shape=(lines, width), chunks=(BLOCK_LINES, width), dtype=np.complex64)
    packets = np.concatenate([run.packet for run in segment.runs])
    sums = _Sums()
    for first in range(0, lines, BLOCK_LINES):
        own = packets[first : first + BLOCK_LINES]
        array[first : first + own.size] = _block(file, own, width, lookup, sums)
        progress(min(first + own.size, lines) / lines)
    return sums.statistics(lines, segment.missing_lines)


def _block(
    file: PacketFile, packets: NDArray[np.int64], width: int, lookup: BaqLookup, sums: _Sums
) -> NDArray[np.complex64]:
    block = np.zeros((packets.size, width), np.complex64)
    there = np.flatnonzero(packets >= 0)
    for samples, part in _decoded_blocks(file, packets[there], lookup):
        _count_saturation(file, samples, part, sums)
        for k in range(part.size):
            line = block[there[k]]
            iq = samples.iq[samples.starts[k] : samples.starts[k + 1]]
            if samples.status[k] != STATUS_OK or iq.size > width:
                sums.undecoded += 1
                continue
            line[: iq.size] = iq
            sums.zero_lines += not iq.any()
            sums.add(iq)
    return block


def _count_saturation(file: PacketFile, samples: Samples, part: NDArray[np.int64], sums: _Sums) -> None:
    """Count blocks whose threshold is the highest, and bypass samples at the limit of their ten bits."""
    sums.blocks += samples.thidx.size
    sums.saturated += int(np.count_nonzero(samples.thidx >= _HIGHEST_THRESHOLD))
    for k in np.flatnonzero((file.headers["baq_mode"][part] == 0) & (samples.status == STATUS_OK)).tolist():
        iq = samples.iq[samples.starts[k] : samples.starts[k + 1]]
        sums.blocks += iq.size
        sums.saturated += int(np.count_nonzero(np.maximum(np.abs(iq.real), np.abs(iq.imag)) >= _BYPASS_LIMIT))


def _decoded_blocks(
    file: PacketFile, rows: NDArray[np.int64], lookup: BaqLookup
) -> Iterator[tuple[Samples, NDArray[np.int64]]]:
    for first in range(0, rows.size, BLOCK_LINES):
        part = rows[first : first + BLOCK_LINES]
        headers = {name: file.headers[name][part] for name in ("baq_mode", "quads")}
        yield decode_samples(*file.part(part), headers, lookup), part
