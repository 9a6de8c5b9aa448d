"""Where the echoes of a swath lie in time: from packet headers to grids of raw samples.

Source: S1-IF-ASD-PL-0007, sections 3.2.1 (packet time), 3.2.4 (PRI count), 3.2.5.9 to 11 (PRI, SWST, suppressed
samples). The packet's time is the start of the PRI in which its window opens, cut to a step of 2^-16 s; the PRI count
is exact, so the times of many packets together give the first to a small part of a step.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.l0_segments import SWATHS, line_runs, line_samples, segment_name
from refsys.kernels.ccsds.times import gps_to_utc_ns
from refsys.kernels.sar.grids import RawGrid
from refsys.kernels.sentinel1.packets import Headers
from refsys.kernels.sentinel1.radar import (
    FREF_HZ,
    clock_seconds,
    gps_time_ns,
    sampling_frequency_hz,
    tx_pulse_samples,
)
from refsys.model.errors import InputCorrupt

SUPPRESSED_S = 320 / (8 * FREF_HZ)
"""Between the opening of the window and the first sample that is sent."""

CONSTANT_CODES = (
    "pri", "rank", "swst", "range_decimation", "tx_ramp_rate", "tx_start_frequency", "tx_pulse_length", "rx_gain",
)  # fmt: skip
"""Header codes that must not change within a run of lines."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FINE_STEP_NS = 1e9 / 65536
_CLOCK_SLACK_NS = 1000.0
_LEAST_SHARE = 0.5


class RawRun(NamedTuple):
    """Lines of one run of pulses: a burst, or all of StripMap.

    Attributes
    ----------
    grid
        Times since the epoch; lines without a packet are counted too.
    packet
        int64 (lines,), packet of each line, -1 where it is missing.
    sensing_s
        Time of the first packet, since the epoch.
    """

    grid: RawGrid
    packet: NDArray[np.int64]
    sensing_s: float


class RawSegment(NamedTuple):
    """A swath in one polarisation.

    Attributes
    ----------
    name, swath, polarisation
        `iw1-vv`, `IW1`, `VV`.
    codes
        Header codes shared by all its echoes, by the names of the header fields.
    runs
        Bursts in order of time; one in StripMap.
    """

    name: str
    swath: str
    polarisation: str
    codes: dict[str, int]
    runs: tuple[RawRun, ...]

    @property
    def missing_lines(self) -> int:
        """Lines without a packet."""
        return sum(int(np.count_nonzero(run.packet < 0)) for run in self.runs)


def raw_segment(headers: Headers, swath_number: int, polarisation: str, epoch: datetime) -> RawSegment:
    """Return where the echoes of a swath lie.

    Parameters
    ----------
    headers
        Columns (packets,) of `decode_headers`, sound ones in order of time.
    swath_number
        As in the headers.
    polarisation
        Of all of them.
    epoch
        To the second; grids count from it.

    Raises
    ------
    InputCorrupt
        If pulse, PRI, rank or sampling window change within a run, pulses repeat or run back, clock and PRI count
        contradict each other, there is no pulse or one longer than the PRI, a run has one line or no samples, or more
        than half of its pulses have no packet.
    """
    swath = SWATHS[swath_number]
    name = segment_name(swath, polarisation)
    runs = line_runs(headers, swath_number)
    made = tuple(_run(headers, rows, epoch, f"{name}, run {number}") for number, rows in enumerate(runs, 1))
    first = runs[0][0]
    codes = {field: int(column[first]) for field, column in headers.items()}
    _check_same_pulse(headers, runs, name)
    return RawSegment(name, swath, polarisation, codes, made)


def _run(headers: Headers, rows: NDArray[np.int64], epoch: datetime, where: str) -> RawRun:
    codes = {}
    for field in CONSTANT_CODES:
        values = np.unique(headers[field][rows])
        if values.size > 1:
            change = int(rows[np.argmax(headers[field][rows] != headers[field][rows[0]])])
            raise InputCorrupt(f"{field} changes at packet {change}: codes {values.tolist()[:4]}", where=where)
        codes[field] = int(values[0])
    if not tx_pulse_samples(codes["tx_pulse_length"], codes["range_decimation"]):
        raise InputCorrupt("no pulse: its length is 0, or range_decimation a code that is not used", where=where)
    if codes["tx_pulse_length"] >= codes["pri"]:
        raise InputCorrupt("the pulse is longer than the PRI", where=where)
    pulse = headers["pri_count"][rows].astype(np.int64)
    line = (pulse - pulse[0]) % (1 << 32)
    if line.size < 2 or not np.all(np.diff(line) > 0):
        raise InputCorrupt("pulses repeat, run back, or are fewer than two", where=where)
    pri_s = clock_seconds(codes["pri"]).item()
    middle_ns = gps_to_utc_ns(gps_time_ns(headers["coarse_time"][rows], headers["fine_time"][rows]))
    sensing_s = _first_time_s(middle_ns - _ns(epoch), line * pri_s, where)
    lines, samples = int(line[-1]) + 1, line_samples(headers, rows)
    if not samples:
        raise InputCorrupt("lines without samples", where=where)
    if rows.size < _LEAST_SHARE * lines:
        raise InputCorrupt(f"only {rows.size} of {lines} pulses have a packet", where=where)
    packet = np.full(lines, -1, np.int64)
    packet[line] = rows
    first_delay_s = codes["rank"] * pri_s + clock_seconds(codes["swst"]).item() + SUPPRESSED_S
    grid = RawGrid(
        first_pulse_time_s=sensing_s - codes["rank"] * pri_s,
        pri_s=pri_s,
        lines=packet.size,
        first_delay_s=first_delay_s,
        range_sampling_hz=sampling_frequency_hz(codes["range_decimation"]).item(),
        samples=samples,
    )
    return RawRun(grid, packet, sensing_s)


def _ns(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(microseconds=1) * 1000


def _first_time_s(middle_ns: NDArray[np.int64], since_first_s: NDArray[np.float64], where: str) -> float:
    """Return the time of line 0: the middle of what the cut times of all packets leave possible."""
    begin_ns = middle_ns - 0.5 * _FINE_STEP_NS - since_first_s * 1e9
    earliest, latest = float(begin_ns.max()), float(begin_ns.min()) + _FINE_STEP_NS
    if earliest - latest > _CLOCK_SLACK_NS:
        raise InputCorrupt(
            f"packet times and PRI counts disagree by {(earliest - latest) / 1e3:.1f} microseconds", where=where
        )
    return 0.5e-9 * (earliest + latest)


def _check_same_pulse(headers: Headers, runs: list[NDArray[np.int64]], where: str) -> None:
    firsts = np.array([run[0] for run in runs])
    for field in (field for field in CONSTANT_CODES if field != "swst"):
        if np.unique(headers[field][firsts]).size > 1:
            raise InputCorrupt(f"{field} changes from burst to burst", where=where)
