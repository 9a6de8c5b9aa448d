"""What a file of Sentinel-1 packets holds: beam, polarisation, swaths with their lines, samples and bursts.

Sources: S1-IF-ASD-PL-0007, sections 3.2.2 (ECC number, receive channel) and 3.2.5 (polarisation, swath number); that
the mission's data take identifier is the packets' divided by 512 follows from a real product and its packets.
"""

import re

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from refsys.chains.sentinel1.l0_labels import SIGNAL_ECHO, label
from refsys.kernels.sentinel1.packets import Headers
from refsys.kernels.sentinel1.radar import clock_seconds
from refsys.model.errors import InputCorrupt

SWATHS = {
    **{number: f"S{number + 1}" for number in range(6)},
    10: "IW1", 11: "IW2", 12: "IW3",
}  # fmt: skip
"""Swath by its number in echo packets; S5 is both the northern and the southern beam."""

_MISSION_DATA_TAKE_SHIFT = 9
_TX_V = 4
_LONGEST_GAP_PULSES = 400
_PULSE_COUNTS = 1 << 32
_BEAM = re.compile(r"S[1-6]|IW")


def beam_of(ecc_number: int) -> str:
    """Return the beam of an ECC number: `S3`, `IW`; `InputCorrupt` for modes that are not processed.

    Examples
    --------
    >>> beam_of(13), beam_of(8)
    ('S3', 'IW')
    """
    match = _BEAM.match(text := label("ecc_number", ecc_number))
    if match is None:
        raise InputCorrupt(f"mode {text!r} (ECC number {ecc_number}) is neither StripMap nor IW")
    return match[0]


def polarisation_of(sas_polarisation: int, rx_channel: int) -> str:
    """Return transmitted and received polarisation.

    Examples
    --------
    >>> polarisation_of(7, 0), polarisation_of(7, 1), polarisation_of(3, 1)
    ('VV', 'VH', 'HH')
    """
    return ("V" if sas_polarisation >= _TX_V else "H") + ("H" if rx_channel else "V")


def mission_data_take(data_take_id: int) -> int:
    """Return the data take's number in product names.

    Examples
    --------
    >>> f"{mission_data_take(87747936):06X}"
    '029D76'
    """
    return data_take_id >> _MISSION_DATA_TAKE_SHIFT


def segments(headers: Headers, polarisation: str) -> list[JsonValue]:
    """Return one mapping for each swath of the echoes, with the fields of `refsys.chains.blocks.Segment`.

    Parameters
    ----------
    headers
        Columns (packets,) of `decode_headers`, in order of time.
    polarisation
        Enters the segment's name: `s3-vv`, `iw1-vh`.

    Raises
    ------
    InputCorrupt
        If a swath is not StripMap or IW.
    """
    echo = np.flatnonzero(headers["ses_signal_type"] == SIGNAL_ECHO)
    numbers = headers["ses_swath_number"][echo].astype(np.int64)
    found: list[JsonValue] = []
    for number in np.unique(numbers).tolist():
        if number not in SWATHS:
            raise InputCorrupt(f"swath number {number} is neither StripMap nor IW")
        swath = SWATHS[number]
        runs = line_runs(headers, number)
        pulses = headers["pri_count"].astype(np.int64)
        spans = [int(pulses[run[-1]] - pulses[run[0]]) % _PULSE_COUNTS + 1 for run in runs]
        found.append(
            {
                "name": segment_name(swath, polarisation),
                "lines": max(spans),
                "samples": max(line_samples(headers, run) for run in runs),
                "bursts": len(runs) if is_tops(swath) else 0,
            }
        )
    return found


def segment_name(swath: str, polarisation: str) -> str:
    """Return the name of a segment: `iw1-vv`."""
    return f"{swath}-{polarisation}".lower()


def is_tops(swath: str) -> bool:
    """Return whether a swath is acquired in bursts."""
    return swath.startswith("IW")


def line_samples(headers: Headers, rows: NDArray[np.int64]) -> int:
    """Return the samples of the lines of a run: what most of its packets say, the most of those equally frequent.

    A single header with another number of quads says nothing of the window.

    Parameters
    ----------
    headers
        Columns (packets,) of `decode_headers`.
    rows
        int64 (lines,), packets of the run, at least one.
    """
    quads, counts = np.unique(headers["quads"][rows], return_counts=True)
    return 2 * int(quads[counts == counts.max()].max())


def line_runs(headers: Headers, swath_number: int) -> list[NDArray[np.int64]]:
    """Return which packets hold the echoes of a swath, a list for each burst; one list in StripMap.

    A burst ends where another swath follows, or where so many pulses are missing that another burst must have been
    between.

    Parameters
    ----------
    headers
        Columns (packets,) of `decode_headers`, in order of time.
    swath_number
        As in the headers.
    """
    echo = np.flatnonzero(headers["ses_signal_type"] == SIGNAL_ECHO)
    places = np.flatnonzero(headers["ses_swath_number"][echo] == swath_number)
    own = echo[places]
    if not is_tops(SWATHS.get(swath_number, "")):
        return [own]
    pulses = headers["pri_count"][own].astype(np.int64)
    time_s = headers["coarse_time"][own].astype(np.float64) + headers["fine_time"][own] / 65536
    longest_s = _LONGEST_GAP_PULSES * clock_seconds(headers["pri"][own[:1]])
    late = (np.diff(pulses) > _LONGEST_GAP_PULSES) | (np.diff(time_s) > longest_s)
    cuts = np.flatnonzero((np.diff(places) > 1) | late) + 1
    return [run for run in np.split(own, cuts) if run.size]
