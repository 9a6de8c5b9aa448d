"""What annotation says of the raw data: downlink, raw data analysis, replica, noise (S1-RS-MDA-52-7441)."""

from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class TimedValues(NamedTuple):
    """Values from given times on: int64 and float64, (n,) each."""

    utc_ns: NDArray[np.int64]
    value: NDArray[np.float64]


class Downlink(NamedTuple):
    """Instrument settings of one swath.

    Attributes
    ----------
    swath, time
        Which beam, from when on.
    first_sensing, last_sensing
        Times of first and last line of raw data.
    prf_hz, pri_s, rank
        Pulses.
    data_take_id, ecc_number, rx_channel_id, configuration_id
        Of the packets' headers; of the data take the 16 low bits, which is what the schema has room for.
    baq_block_length, echo_format, noise_format, calibration_format, mean_bit_rate
        Coding of samples; formats as `FDBAQ`, `BAQ 5 Bit`, `Decimation`.
    filter_bandwidth_hz, range_sampling_hz, filter_length
        Range decimation.
    rx_gain_db
        Receiver attenuation.
    pulse_length_s, pulse_start_hz, pulse_ramp_hz_per_s
        Transmitted pulse.
    swath_number
        Number of the signal's swath in packet headers.
    window_length_s, window_start_s
        SWL and SWST, each a list of changes.
    """

    swath: str
    time: datetime
    first_sensing: datetime
    last_sensing: datetime
    prf_hz: float
    pri_s: float
    rank: int
    data_take_id: int
    ecc_number: int
    rx_channel_id: int
    configuration_id: int
    baq_block_length: int
    echo_format: str
    noise_format: str
    calibration_format: str
    mean_bit_rate: float
    filter_bandwidth_hz: float
    range_sampling_hz: float
    filter_length: int
    rx_gain_db: float
    pulse_length_s: float
    pulse_start_hz: float
    pulse_ramp_hz_per_s: float
    swath_number: int
    window_length_s: TimedValues
    window_start_s: TimedValues


class RawAnalysis(NamedTuple):
    """Bias, gain imbalance and departure from quadrature of I and Q, estimated and used for correction."""

    time: datetime
    bias_i: float
    bias_q: float
    quadrature_departure_deg: float
    gain_imbalance: float
    bias_i_used: float
    bias_q_used: float
    gain_imbalance_used: float
    quadrature_departure_used_deg: float


class Replica(NamedTuple):
    """Replicas reconstructed from calibration pulses, columns (n,) float64; flags bool; bandwidth in range bins."""

    utc_ns: NDArray[np.int64]
    bandwidth: NDArray[np.float64]
    pslr_db: NDArray[np.float64]
    islr_db: NDArray[np.float64]
    peak_location: NDArray[np.float64]
    valid: NDArray[np.bool_]
    pg_amplitude: NDArray[np.float64]
    pg_phase_rad: NDArray[np.float64]
    model_pg_amplitude: NDArray[np.float64]
    model_pg_phase_rad: NDArray[np.float64]
    relative_pg_valid: NDArray[np.bool_]
    absolute_pg_valid: NDArray[np.bool_]
    internal_delay_s: NDArray[np.float64]


class ReplicaInformation(NamedTuple):
    """Pulse used for range compression: polynomials of amplitude and phase (rad) over time (s), delay, complex gain."""

    swath: str
    time: datetime
    chirp_source: str
    pg_source: str
    amplitude: NDArray[np.float64]
    phase: NDArray[np.float64]
    delay_s: float
    gain_i: float
    gain_q: float
    replicas: Replica


class NoiseMeasurement(NamedTuple):
    """Power of noise packets relative to the reference, and how many lines were averaged."""

    swath: str
    time: datetime
    power_factor: float
    lines: int
