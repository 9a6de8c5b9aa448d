"""The real transmitted pulse, from a calibration packet of Sentinel-1B: what the instrument sent is what it says."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from refsys.chains.sentinel1.aux_ins import read_aux_ins
from refsys.kernels.sentinel1.baq import STATUS_OK, decode_samples
from refsys.kernels.sentinel1.baq_tables import compile_tables
from refsys.kernels.sentinel1.chirp import OVERSAMPLING, compress_pulse, measure_pulse, nominal_chirp
from refsys.kernels.sentinel1.packets import decode_headers, find_packets
from refsys.kernels.sentinel1.radar import (
    clock_seconds,
    sampling_frequency_hz,
    tx_ramp_rate_hz_per_s,
    tx_start_frequency_hz,
)

PULSE = slice(30, 2978)  # samples 30 to 2977 hold the pulse
PSLR_OF_A_RECTANGLE_DB = -13.26


class Recording(NamedTuple):
    iq: NDArray[np.complex64]
    sampling_hz: float
    ramp_hz_per_s: float
    replica: NDArray[np.complex128]


@pytest.fixture(scope="module")
def recording(shared_data: Path) -> Recording:
    (aux,) = (shared_data / "aux_s1/safe").glob("S1B_AUX_INS*/data/s1b-aux-ins.xml")
    buffer = np.fromfile(shared_data / "s1_l0/isp/000008-txcal.dat", np.uint8)
    index = find_packets(buffer)
    headers = decode_headers(buffer, index.offsets)
    samples = decode_samples(buffer, index.offsets, index.lengths, headers, compile_tables(read_aux_ins(aux).baq))
    assert samples.status.tolist() == [STATUS_OK]
    ramp = tx_ramp_rate_hz_per_s(headers["tx_ramp_rate"]).item()
    sampling = sampling_frequency_hz(headers["range_decimation"]).item()
    start = tx_start_frequency_hz(headers["tx_start_frequency"], headers["tx_ramp_rate"]).item()
    length = clock_seconds(headers["tx_pulse_length"]).item()
    return Recording(samples.iq, sampling, ramp, nominal_chirp(ramp, start, length, sampling))


def ramp_error_ppm(recording: Recording, samples: slice) -> float:
    """Deviation from the header of twice the quadratic term of the phase, unweighted least squares."""
    pulse = recording.iq[samples].astype(np.complex128)
    # Time in units of the pulse's length keeps the problem well conditioned.
    length_s = (pulse.size - 1) / recording.sampling_hz
    quadratic = np.polyfit(np.linspace(0, 1, pulse.size), np.unwrap(np.angle(pulse)), 2)[0] / length_s**2
    return float((quadratic / np.pi / recording.ramp_hz_per_s - 1) * 1e6)


@pytest.mark.shared
def test_chirp_rate_of_the_real_pulse_is_within_10_ppm_of_the_header(recording: Recording) -> None:
    # The pulse rises and falls within a few samples, where the filter turns its phase: the first sample is 34 degrees
    # off the fit and the last, 2977, 47. From 30 up to the last but one the fit is 9.4 ppm off.
    assert abs(ramp_error_ppm(recording, slice(30, 2977))) < 10
    # That last sample alone costs 1 ppm, and without 2 % at each edge 2.4 are left.
    assert ramp_error_ppm(recording, PULSE) == pytest.approx(-10.45, abs=0.01)
    assert ramp_error_ppm(recording, slice(88, 2919)) == pytest.approx(-2.43, abs=0.01)


@pytest.mark.shared
def test_pslr_of_the_real_pulse_is_within_half_a_decibel_of_theory(recording: Recording) -> None:
    quality = measure_pulse(recording.iq, recording.replica, recording.sampling_hz)
    assert (quality.first_sample, quality.samples) == (PULSE.start, PULSE.stop - PULSE.start)
    assert quality.pslr_db == pytest.approx(PSLR_OF_A_RECTANGLE_DB, abs=0.5)
    # By hand: what is left of the response outside the first nulls, one width of 1 / bandwidth from the peak.
    response = compress_pulse(recording.iq, recording.replica)
    peak = int(np.argmax(response))
    bandwidth_hz = recording.ramp_hz_per_s * recording.replica.size / recording.sampling_hz
    null = int(np.ceil(OVERSAMPLING * recording.sampling_hz / bandwidth_hz))
    sides = np.concatenate([response[: peak - null], response[peak + null + 1 :]])
    assert 20 * np.log10(sides.max() / response[peak]) == pytest.approx(PSLR_OF_A_RECTANGLE_DB, abs=0.5)
