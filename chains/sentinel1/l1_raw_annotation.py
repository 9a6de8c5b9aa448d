"""What the annotation of a Level-1 image says of its raw data."""

from datetime import datetime

import numpy as np

from refsys.chains.sentinel1.l0_labels import label
from refsys.chains.sentinel1.l1_geolocation import utc, utc_ns
from refsys.chains.sentinel1.l1_slc_facts import Facts, SegmentFacts
from refsys.chains.sentinel1.safe import annotation as said
from refsys.chains.sentinel1.safe import annotation_raw as raw
from refsys.kernels.sentinel1 import radar

PG_SOURCE = "Model"
"""The product of gains that is applied is 1 throughout, whatever the calibration pulses say; schemas know no third."""

_FORMATS = {0: "Bypass", 3: "BAQ 3 Bit", 4: "BAQ 4 Bit", 5: "BAQ 5 Bit", 12: "FDBAQ", 13: "FDBAQ", 14: "FDBAQ"}


def quality(segment: SegmentFacts, time: datetime) -> said.RawQuality:
    """Return the quality of the raw data; the statistics are those of the pixels, filled in later."""
    found = segment.statistics
    chirp = "Nominal" if segment.replica_source == "nominal" else "Extracted"
    return said.RawQuality(
        time=time,
        mean_i=found.mean_i,
        mean_q=found.mean_q,
        deviation_i=found.deviation_i,
        deviation_q=found.deviation_q,
        missing_lines=found.missing_lines,
        missing_lines_significant=False,
        chirp_source=chirp,
        pg_source=PG_SOURCE,
        rrf_spectrum="Unextended",
        bias_i=found.mean_i,
        bias_q=found.mean_q,
        gain_imbalance=_imbalance(segment),
        quadrature_departure_deg=_departure_deg(segment),
        doppler_method=doppler_method(segment),
        doppler_uncertain=doppler_doubted(segment),
        statistics=said.ImageStatistics(),
    )


def doppler_method(segment: SegmentFacts) -> str:
    """Return where the Doppler centroid is from: bursts are steered about 0; that of StripMap may be set, too."""
    return "Data Analysis" if segment.doppler_source == "estimate" else "Pre-defined"


def doppler_doubted(segment: SegmentFacts) -> bool:
    """Return whether a centroid was to be estimated, and the estimate was not used."""
    return segment.doppler_source == "doubted"


def raw_analysis(segment: SegmentFacts, time: datetime) -> raw.RawAnalysis:
    """Return what was estimated of I and Q; all of it is corrected."""
    found = segment.statistics
    return raw.RawAnalysis(
        time=time,
        bias_i=found.mean_i,
        bias_q=found.mean_q,
        quadrature_departure_deg=_departure_deg(segment),
        gain_imbalance=_imbalance(segment),
        bias_i_used=found.mean_i,
        bias_q_used=found.mean_q,
        gain_imbalance_used=_imbalance(segment),
        quadrature_departure_used_deg=_departure_deg(segment),
    )


def downlink(facts: Facts, segment: SegmentFacts) -> raw.Downlink:
    """Return the instrument settings of a swath, from the codes of its first echo packet."""
    codes, runs = segment.codes, segment.runs
    first, last = runs[0], runs[-1]
    start = utc(facts.epoch, first.sensing_s)
    end_s = last.sensing_s + (last.grid.lines - 1) * last.grid.pri_s
    starts = np.array([utc_ns(facts.epoch, first.sensing_s)])
    return raw.Downlink(
        swath=segment.swath,
        time=start,
        first_sensing=start,
        last_sensing=utc(facts.epoch, end_s),
        prf_hz=1 / first.grid.pri_s,
        pri_s=first.grid.pri_s,
        rank=codes["rank"],
        data_take_id=codes["data_take_id"],
        ecc_number=codes["ecc_number"],
        rx_channel_id=codes["rx_channel_id"],
        configuration_id=codes["instrument_configuration_id"],
        baq_block_length=int(radar.baq_block_samples(codes["baq_block_length"])),
        echo_format=_FORMATS.get(codes["baq_mode"], label("baq_mode", codes["baq_mode"])),
        noise_format="BAQ 5 Bit",
        calibration_format="Bypass",
        mean_bit_rate=0.0,
        filter_bandwidth_hz=radar.filter_bandwidth_hz(codes["range_decimation"]).item(),
        range_sampling_hz=first.grid.range_sampling_hz,
        filter_length=radar.filter_taps(codes["range_decimation"]).item(),
        rx_gain_db=radar.rx_gain_db(codes["rx_gain"]).item(),
        pulse_length_s=radar.clock_seconds(codes["tx_pulse_length"]).item(),
        pulse_start_hz=radar.tx_start_frequency_hz(codes["tx_start_frequency"], codes["tx_ramp_rate"]).item(),
        pulse_ramp_hz_per_s=radar.tx_ramp_rate_hz_per_s(codes["tx_ramp_rate"]).item(),
        swath_number=codes["ses_swath_number"],
        window_length_s=raw.TimedValues(starts, np.array([radar.clock_seconds(codes["swl"]).item()])),
        window_start_s=raw.TimedValues(starts, np.array([radar.clock_seconds(codes["swst"]).item()])),
    )


def replica(facts: Facts, segment: SegmentFacts) -> raw.ReplicaInformation:
    """Return what the pulse is, and whether that of the calibration pulses was used for range compression.

    The phase is that of the chirp which was commanded, the amplitude the median of the pulse that was used; neither is
    fitted to it. There is no list of replicas.
    """
    codes = segment.codes
    start = radar.tx_start_frequency_hz(codes["tx_start_frequency"], codes["tx_ramp_rate"]).item()
    ramp = radar.tx_ramp_rate_hz_per_s(codes["tx_ramp_rate"]).item()
    none = np.zeros(0)
    flags = np.zeros(0, np.bool_)
    return raw.ReplicaInformation(
        swath=segment.swath,
        time=utc(facts.epoch, segment.runs[0].sensing_s),
        chirp_source="Nominal" if segment.replica_source == "nominal" else "Extracted",
        pg_source=PG_SOURCE,
        amplitude=np.array([float(np.median(np.abs(segment.replica()))), 0.0, 0.0, 0.0]),
        phase=np.array([0.0, 2 * np.pi * start, np.pi * ramp, 0.0]),
        delay_s=0.0,
        gain_i=1.0,
        gain_q=0.0,
        replicas=raw.Replica(
            np.zeros(0, np.int64), none, none, none, none, flags, none, none, none, none, flags, flags, none
        ),
    )


def measured_noise(facts: Facts, segment: SegmentFacts) -> tuple[raw.NoiseMeasurement, ...]:
    """Return the powers of the noise packets: their mean at the time of the first; empty without any."""
    if not segment.noise_power:
        return ()
    time = utc(facts.epoch, segment.noise_power[0][0])
    mean = float(np.mean([power for _, power in segment.noise_power]))
    return (raw.NoiseMeasurement(segment.swath, time, mean, len(segment.noise_power)),)


def _imbalance(segment: SegmentFacts) -> float:
    found = segment.statistics
    return found.deviation_i / found.deviation_q if found.deviation_q > 0 else 1.0


def _departure_deg(segment: SegmentFacts) -> float:
    return float(np.degrees(np.arcsin(np.clip(segment.statistics.correlation, -1, 1))))
