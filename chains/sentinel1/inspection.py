"""Look into Sentinel-1 Level-0 packets: headers as codes and physical values, samples and their statistics."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.l0_labels import SIGNAL_TX_CAL
from refsys.kernels.ccsds.times import gps_to_utc_ns
from refsys.kernels.sentinel1 import radar
from refsys.kernels.sentinel1.baq import STATUS_OK, Samples, decode_samples
from refsys.kernels.sentinel1.baq_tables import BaqLookup
from refsys.kernels.sentinel1.chirp import PulseQuality, measure_pulse, nominal_chirp
from refsys.kernels.sentinel1.packets import (
    FLAG_SYNC,
    FLAG_VERSION,
    HEADER_BYTES,
    SYNC_MARKER,
    Headers,
    PacketIndex,
    decode_headers,
    find_packets,
    header_flags,
)
from refsys.model.errors import InputCorrupt

SYNC_OFFSET = 12
"""Byte of a packet at which its synchronisation marker begins."""

Columns = dict[str, NDArray[np.float64] | NDArray[np.int64]]


class Inspection(NamedTuple):
    """Packets of one buffer, decoded.

    Attributes
    ----------
    headers
        Codes of every header field, columns (packets,).
    flags
        uint8 (packets,), what is wrong with a header: sum of the `FLAG_` values of `refsys.kernels.sentinel1.packets`.
    physical
        Columns (packets,) from `physical_values`.
    samples
        Decoded samples with the status of each packet.
    statistics
        Columns (packets,) from `sample_statistics`.
    foreign_packets
        Packets left out because they have no Sentinel-1 header: too short, other version, or no synchronisation marker.
    unread_bytes
        Bytes after the last whole packet.
    """

    headers: Headers
    flags: NDArray[np.uint8]
    physical: Columns
    samples: Samples
    statistics: Columns
    foreign_packets: int
    unread_bytes: int

    def iq(self, packet: int) -> NDArray[np.complex64]:
        """Return the samples of one packet."""
        return self.samples.iq[self.samples.starts[packet] : self.samples.starts[packet + 1]]


class IqDifference(NamedTuple):
    """How decoded samples differ from a reference.

    Attributes
    ----------
    samples
        Number compared.
    largest
        Largest absolute difference, in quantiser units.
    equal
        Whether every sample is equal.
    """

    samples: int
    largest: float
    equal: bool


def inspect_packets(buffer: NDArray[np.uint8], lookup: BaqLookup, *, where: str) -> Inspection:
    """Decode packets laid end to end.

    Parameters
    ----------
    buffer
        uint8 (bytes,), starting at a packet.
    lookup
        From `compile_tables` of the tables in an AUX_INS.
    where
        Name of the file, for messages.

    Raises
    ------
    InputCorrupt
        If there is not one Sentinel-1 packet.
    """
    index = find_packets(buffer)
    long_enough = index.lengths >= HEADER_BYTES
    offsets, lengths = index.offsets[long_enough], index.lengths[long_enough]
    headers = decode_headers(buffer, offsets)
    flags = header_flags(headers, lengths)
    own = (flags & (FLAG_SYNC | FLAG_VERSION)) == 0
    if not np.any(own):
        raise InputCorrupt(
            _why_none(buffer, index),
            where=where,
            hint="give the measurement data of a Sentinel-1 RAW product (packets without annotation)",
        )
    headers = {name: column[own] for name, column in headers.items()}
    samples = decode_samples(buffer, offsets[own], lengths[own], headers, lookup)
    return Inspection(
        headers=headers,
        flags=flags[own],
        physical=physical_values(headers),
        samples=samples,
        statistics=sample_statistics(samples),
        foreign_packets=int(index.offsets.size - np.count_nonzero(own)),
        unread_bytes=index.unread_bytes,
    )


def _why_none(buffer: NDArray[np.uint8], index: PacketIndex) -> str:
    if index.offsets.size == 0 and buffer.size > SYNC_OFFSET:
        marker = int.from_bytes(buffer[SYNC_OFFSET : SYNC_OFFSET + 4].tobytes(), "big")
        if marker == SYNC_MARKER:
            return f"truncated: the first packet is longer than the {buffer.size} bytes there are"
    return f"none of {index.offsets.size} packets in {buffer.size} bytes has the marker {SYNC_MARKER:08X}"


def physical_values(headers: Headers) -> Columns:
    """Return physical values of the codes, columns (packets,), unit in the name; `utc_ns` counts from 1970-01-01."""
    gps_ns = radar.gps_time_ns(headers["coarse_time"], headers["fine_time"])
    decimation = headers["range_decimation"]
    return {
        "gps_ns": gps_ns,
        "utc_ns": gps_to_utc_ns(gps_ns),
        "sampling_frequency_hz": radar.sampling_frequency_hz(decimation),
        "filter_bandwidth_hz": radar.filter_bandwidth_hz(decimation),
        "rx_gain_db": radar.rx_gain_db(headers["rx_gain"]),
        "tx_ramp_rate_hz_per_s": radar.tx_ramp_rate_hz_per_s(headers["tx_ramp_rate"]),
        "tx_start_frequency_hz": radar.tx_start_frequency_hz(headers["tx_start_frequency"], headers["tx_ramp_rate"]),
        "tx_pulse_length_s": radar.clock_seconds(headers["tx_pulse_length"]),
        "tx_pulse_samples": radar.tx_pulse_samples(headers["tx_pulse_length"], decimation),
        "pri_s": radar.clock_seconds(headers["pri"]),
        "swst_s": radar.clock_seconds(headers["swst"]),
        "swl_s": radar.clock_seconds(headers["swl"]),
        "window_samples": radar.window_samples(headers["swl"], decimation),
    }


def sample_statistics(samples: Samples) -> Columns:
    """Return statistics of each packet's samples, columns (packets,); NaN where a packet has none that were decoded.

    `mean_i` and `mean_q` are biases, `rms` is of the complex sample, `rms_i` and `rms_q` of the channels about their
    mean, `iq_correlation` their correlation coefficient (NaN if a channel is constant), `peak` the largest magnitude,
    `mean_brc` the mean rate code of FDBAQ blocks. All are rounded by `significant`.
    """
    names = ("mean_i", "mean_q", "rms", "rms_i", "rms_q", "iq_correlation", "peak", "mean_brc")
    rows = np.full((samples.status.size, len(names)), np.nan)
    for packet in range(samples.status.size):
        iq = samples.iq[samples.starts[packet] : samples.starts[packet + 1]].astype(np.complex128)
        if samples.status[packet] == STATUS_OK and iq.size:
            rates = samples.brc[samples.block_starts[packet] : samples.block_starts[packet + 1]]
            rows[packet] = [significant(value) for value in (*_moments(iq), _mean_rate(rates))]
    return {name: rows[:, k].copy() for k, name in enumerate(names)}


def significant(value: float) -> float:
    """Return a number rounded to 9 digits: the last ones of sums and fits differ between kinds of processors.

    Examples
    --------
    >>> significant(1 / 3)
    0.333333333
    """
    return float(f"{value:.9g}")


def measure_tx_pulse(inspection: Inspection, packet: int) -> PulseQuality:
    """Measure the transmitted pulse that a Tx calibration packet recorded.

    Raises
    ------
    ValueError
        If the packet is no Tx calibration, was not decoded, or holds no pulse.
    """
    if inspection.headers["ses_signal_type"][packet] != SIGNAL_TX_CAL:
        raise ValueError(f"packet {packet} is no Tx calibration")
    frequency = float(inspection.physical["sampling_frequency_hz"][packet])
    return measure_pulse(inspection.iq(packet), nominal_pulse(inspection, packet), frequency)


def nominal_pulse(inspection: Inspection, packet: int) -> NDArray[np.complex128]:
    """Return the chirp that a packet's header describes, at the packet's sampling frequency.

    Raises
    ------
    ValueError
        If there is no such chirp, or it is longer than what the packet holds: memory follows the size of the input,
        whatever a header claims.
    """
    samples, held = int(inspection.physical["tx_pulse_samples"][packet]), inspection.iq(packet).size
    if samples > held:
        raise ValueError(f"the pulse of {samples} samples in the header is longer than the {held} samples recorded")
    names = ("tx_ramp_rate_hz_per_s", "tx_start_frequency_hz", "tx_pulse_length_s", "sampling_frequency_hz")
    ramp, start, length, frequency = (float(inspection.physical[name][packet]) for name in names)
    return nominal_chirp(ramp, start, length, frequency)


def compare_iq(iq: NDArray[np.complex64], reference: NDArray[np.complex64]) -> IqDifference:
    """Compare decoded samples with a reference.

    Raises
    ------
    ValueError
        If their numbers differ.
    """
    if iq.shape != reference.shape:
        raise ValueError(f"{iq.size} samples cannot be compared with {reference.size} of the reference")
    difference = np.abs(iq.astype(np.complex128) - reference)
    return IqDifference(iq.size, float(difference.max(initial=0.0)), bool(np.array_equal(iq, reference)))


def _moments(iq: NDArray[np.complex128]) -> tuple[float, ...]:
    mean = iq.mean()
    rms_i, rms_q = iq.real.std(), iq.imag.std()
    product = np.mean((iq.real - mean.real) * (iq.imag - mean.imag))
    correlation = product / (rms_i * rms_q) if rms_i > 0 and rms_q > 0 else np.nan
    power = np.mean(np.abs(iq) ** 2)
    return (mean.real, mean.imag, float(np.sqrt(power)), rms_i, rms_q, correlation, float(np.abs(iq).max()))


def _mean_rate(rates: NDArray[np.uint8]) -> float:
    coded = rates[rates <= 4]
    return float(coded.mean()) if coded.size else float("nan")
