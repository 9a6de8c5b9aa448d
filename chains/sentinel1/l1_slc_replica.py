"""Replica and Doppler centroid of a swath, from its calibration pulses and raw lines."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.l0_reading import PacketFile
from refsys.chains.sentinel1.l1_slc_facts import RAW
from refsys.chains.sentinel1.l1_slc_lines import decoded
from refsys.chains.sentinel1.raw_segments import RawSegment
from refsys.kernels.sar.doppler import BlockCorrelation, coherent_blocks, correlate_lines, fit_centroid
from refsys.kernels.sentinel1.baq_tables import BaqLookup
from refsys.kernels.sentinel1.calibration_pulses import Replica, build_replica, choose_replica
from refsys.kernels.sentinel1.chirp import nominal_chirp
from refsys.kernels.sentinel1.radar import (
    clock_seconds,
    sampling_frequency_hz,
    tx_ramp_rate_hz_per_s,
    tx_start_frequency_hz,
)

if TYPE_CHECKING:
    import zarr

TX, RX, NETWORK = 8, 9, 10
"""Signal types of the loops that a replica is built of: transmitter, receiver, power divider network (EPDN)."""

_BLOCK_LINES = 512
_RANGE_BLOCKS = 16
_LARGEST_RMS_HZ = 50.0


class ChosenReplica(NamedTuple):
    """Pulse to compress with, complex64 (p,), and why it is not that of the calibration pulses, if it is not."""

    pulse: NDArray[np.complex64]
    source: str
    doubt: str | None


class Centroid(NamedTuple):
    """Doppler centroid, why the estimate was not used, if it was not, and whether it comes from the data."""

    frequency_hz: float
    doubt: str | None
    estimated: bool = False

    @property
    def source(self) -> str:
        """As `SegmentFacts.doppler_source` has it."""
        return "doubted" if self.doubt else "estimate" if self.estimated else "set"


def replica_of(file: PacketFile, segment: RawSegment, lookup: BaqLookup) -> ChosenReplica:
    """Return the mean replica of the swath's calibration pulses; the nominal chirp where there are no good ones.

    A packet belongs to the swath if its pulse has the codes of the echoes. A set is one pulse of each loop, in order of
    their count; sets of which a recording cannot be decoded are left out whole.
    """
    codes = segment.codes
    sampling = sampling_frequency_hz(codes["range_decimation"]).item()
    nominal = nominal_chirp(
        tx_ramp_rate_hz_per_s(codes["tx_ramp_rate"]).item(),
        tx_start_frequency_hz(codes["tx_start_frequency"], codes["tx_ramp_rate"]).item(),
        clock_seconds(codes["tx_pulse_length"]).item(),
        sampling,
    )
    own = np.ones(file.offsets.size, np.bool_)
    for field in ("tx_ramp_rate", "tx_start_frequency", "tx_pulse_length", "range_decimation", "pri"):
        own &= file.headers[field] == codes[field]
    loops = [_recordings(file, own, signal, lookup) for signal in (TX, RX, NETWORK)]
    replicas: list[Replica] = []
    for transmit, receive, network in zip(*loops, strict=False):
        if transmit is None or receive is None or network is None:
            continue
        try:
            replicas.append(build_replica((transmit, receive, network), nominal, sampling))
        except ValueError:
            continue  # a recording without a pulse is no reason to fail: the others count, or the nominal chirp
    if not replicas:
        counts = ", ".join(str(len(loop)) for loop in loops)
        doubt = f"no set of calibration pulses gives a replica, of {counts} recordings" if any(loops) else None
        return ChosenReplica(nominal.astype(np.complex64), "nominal", doubt)
    choice = choose_replica(replicas, nominal, sampling)
    if choice.nominal:
        doubt = f"none of {len(replicas)} replicas from calibration pulses keeps its limits"
        return ChosenReplica(choice.pulse, "nominal", doubt)
    return ChosenReplica(choice.pulse, "calibration pulses", None)


def centroid_of(group: "zarr.Group", segment: RawSegment) -> Centroid:
    """Return the Doppler centroid of a StripMap swath from its raw lines; geometry says it is within half a PRF of 0.

    The satellite is steered so that the beam looks at zero Doppler. Where the lines are not coherent, or the
    estimates over range spread too widely, it is taken to be 0.
    """
    grid = segment.runs[0].grid
    array: Any = group[RAW]
    sums: BlockCorrelation | None = None
    blocks = min(_RANGE_BLOCKS, grid.samples)
    for first in range(0, grid.lines - 1, _BLOCK_LINES):
        lines = np.asarray(array[first : first + _BLOCK_LINES + 1], np.complex64)
        if lines.shape[0] < 2:
            break
        part = correlate_lines(lines, blocks)
        sums = part if sums is None else sums.plus(part)
    if sums is None:
        return Centroid(0.0, "too few lines to estimate the Doppler centroid")
    edges = np.linspace(0, grid.samples, blocks + 1)
    delays = grid.first_delay_s + 0.5 * (edges[1:] + edges[:-1]) / grid.range_sampling_hz
    if not sums.power.any():
        return Centroid(0.0, "no two neighbouring lines to estimate the Doppler centroid of")
    if not coherent_blocks(sums).any():
        return Centroid(0.0, None)  # noise alone has no centroid
    fit = fit_centroid(sums, delays, 1 / grid.pri_s, degree=0)
    if fit.rms_hz > _LARGEST_RMS_HZ:
        return Centroid(0.0, f"estimates of the Doppler centroid spread by {fit.rms_hz:.0f} Hz")
    return Centroid(float(fit.polynomial_hz[0]), None, estimated=True)


def _recordings(
    file: PacketFile, own: NDArray[np.bool_], signal: int, lookup: BaqLookup
) -> list[NDArray[np.complex64] | None]:
    """Return the recordings of a loop in order of the pulses' count; None where one cannot be decoded."""
    rows = np.flatnonzero(own & (file.headers["ses_signal_type"] == signal))
    rows = rows[np.argsort(file.headers["pri_count"][rows], kind="stable")]
    return [iq for _, iq in decoded(file, rows, lookup)]
