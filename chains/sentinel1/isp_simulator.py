"""Simulated Sentinel-1 input: a file of instrument packets and the AUX_INS that decodes it.

Their times lie in 2013, before any satellite flew, so that no real auxiliary file covers the packets.
"""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.isp_encoder import BYPASS, Encoded, SampleEncoder, encode_packet
from refsys.chains.sentinel1.l0_labels import SIGNAL_ECHO, SIGNAL_NOISE, SIGNAL_TX_CAL
from refsys.chains.sentinel1.simulated_tables import aux_ins_xml, simulated_tables
from refsys.chains.sentinel1.simulation.auxiliary_manifest import auxiliary_manifest
from refsys.kernels.ccsds.times import utc_to_gps_ns
from refsys.kernels.sentinel1.baq_tables import BLOCK_QUADS, BRC_COUNT
from refsys.kernels.sentinel1.chirp import nominal_chirp
from refsys.kernels.sentinel1.radar import (
    FREF_HZ,
    clock_seconds,
    sampling_frequency_hz,
    tx_ramp_rate_hz_per_s,
    tx_start_frequency_hz,
    window_samples,
)
from refsys.kernels.sentinel1.subcom import CYCLE_DTYPE, WORDS_PER_CYCLE
from refsys.model.times import compact_time

START = datetime(2013, 6, 1, 12, tzinfo=UTC)
VALID_FROM = datetime(2013, 1, 1, tzinfo=UTC)

_SEQUENCE = (SIGNAL_NOISE,) * 4 + (SIGNAL_TX_CAL,) * 2 + (SIGNAL_ECHO,) * (WORDS_PER_CYCLE - 6)
_MODES = {SIGNAL_NOISE: 5, SIGNAL_TX_CAL: BYPASS, SIGNAL_ECHO: 12}
_WINDOWS = {SIGNAL_NOISE: 4000, SIGNAL_TX_CAL: 1400, SIGNAL_ECHO: 4000}  # codes of the sampling window length
_NOISE_SIGMA = 1.3  # of I and of Q, quantiser units
_PULSE_AMPLITUDE, _PULSE_FIRST_SAMPLE = 160.0, 30
_FLUCTUATION = 0.02
_RADAR = {
    "data_take_id": 0x1313,
    "ecc_number": 3,
    "range_decimation": 4,
    "tx_ramp_rate": 0x8000 | 2560,
    "tx_start_frequency": 12005,
    "tx_pulse_length": 1200,
    "rank": 9,
    "pri": 20000,
    "swst": 4500,
    "sas_polarisation": 7,
    "ses_swath_number": 2,
}
"""Codes that all packets share: an up-ramp of 55 MHz in 32 µs about the carrier, sampled at 66.7 MHz."""
_EARTH_RADIUS_M, _SPEED_M_S, _CUC_FRACTION = 7.064e6, 7513.0, 1 << 24


def simulate_packets(folder: Path, seed: int) -> Path:
    """Write a file of 64 packets: 4 of noise (BAQ5), 2 of Tx calibration (bypass), 58 of echoes (FDBAQ).

    The echoes are those of random scatterers on land and sea. The quantised samples of all packets, end to end, are
    written beside the file (`_iq.npy`, complex64): what a decoder must find.

    Parameters
    ----------
    folder
        Where; it is made if it is not there.
    seed
        Same seed, same bytes.

    Returns
    -------
    Path
        `S1_SIMULATED_ISP_<seed>.dat`. It is decoded with the tables of `simulate_aux_ins`.
    """
    rng = np.random.default_rng(seed)
    encoder = SampleEncoder(simulated_tables())
    chirp, words = _chirp(), _ancillary_words()
    scene = _backscatter(window_samples(_WINDOWS[SIGNAL_ECHO], _RADAR["range_decimation"]).item())
    packets, samples = [], []
    for number, signal in enumerate(_SEQUENCE):
        encoded = _user_data(signal, encoder, chirp, scene, rng)
        fields = _fields(number, signal, encoded.iq.size // 2, int(words[number]))
        packets.append(encode_packet(fields, encoded.data))
        samples.append(encoded.iq)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"S1_SIMULATED_ISP_{seed:04d}.dat"
    path.write_bytes(b"".join(packets))
    np.save(path.with_name(f"{path.stem}_iq.npy"), np.concatenate(samples))
    return path


def simulate_aux_ins(folder: Path) -> Path:
    """Write the AUX_INS of the simulated instrument: a SAFE folder with manifest and annotation.

    Parameters
    ----------
    folder
        Where; it is made if it is not there. One that holds a simulated AUX_INS gets the same bytes again.

    Returns
    -------
    Path
        The SAFE folder. It is valid from 2013-01-01 on and, generated then too, gives way to every real one.
    """
    time = compact_time(VALID_FROM)
    product = folder / f"S1A_AUX_INS_V{time}_G{time}.SAFE"
    (product / "data").mkdir(parents=True, exist_ok=True)
    annotation = aux_ins_xml().encode()
    (product / "data" / "s1a-aux-ins.xml").write_bytes(annotation)
    manifest = auxiliary_manifest(
        "AUX_INS",
        "s1a-aux-ins.xml",
        annotation,
        processing="AUX_INS simulation",
        valid_from=VALID_FROM,
        generated_at=VALID_FROM,
    )
    (product / "manifest.safe").write_text(manifest, encoding="utf-8")
    return product


def _chirp() -> NDArray[np.complex128]:
    ramp = _RADAR["tx_ramp_rate"]
    return nominal_chirp(
        tx_ramp_rate_hz_per_s(ramp).item(),
        tx_start_frequency_hz(_RADAR["tx_start_frequency"], ramp).item(),
        clock_seconds(_RADAR["tx_pulse_length"]).item(),
        sampling_frequency_hz(_RADAR["range_decimation"]).item(),
    )


def _backscatter(samples: int) -> NDArray[np.float64]:
    """Return the amplitude of the scatterers along the window (samples,): antenna pattern, sea, then land."""
    across = np.linspace(-1.0, 1.0, samples)
    surface = np.where(across < -0.1, 3.0, 14.0)
    return np.asarray(surface * np.cos(0.45 * np.pi * across))


def _user_data(
    signal: int,
    encoder: SampleEncoder,
    chirp: NDArray[np.complex128],
    scene: NDArray[np.float64],
    rng: np.random.Generator,
) -> Encoded:
    mode = _MODES[signal]
    size = window_samples(_WINDOWS[signal], _RADAR["range_decimation"]).item()
    iq = _NOISE_SIGMA * _gaussian(size, rng)
    if signal == SIGNAL_TX_CAL:
        wave = 1 + _FLUCTUATION * np.sin(np.linspace(0, 9, chirp.size))
        iq[_PULSE_FIRST_SAMPLE : _PULSE_FIRST_SAMPLE + chirp.size] += _PULSE_AMPLITUDE * wave * chirp
    if signal != SIGNAL_ECHO:
        return encoder.encode(iq, mode)
    iq += _convolved(scene * _gaussian(size, rng), chirp)
    return encoder.encode(iq, mode, _rates(iq))


def _gaussian(size: int, rng: np.random.Generator) -> NDArray[np.complex128]:
    """Return complex Gaussian noise (size,) of sigma 1 in each of I and Q."""
    return np.asarray(rng.standard_normal(size) + 1j * rng.standard_normal(size))


def _convolved(scatterers: NDArray[np.complex128], chirp: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return the echo of scatterers, of their power, (samples,)."""
    size = scatterers.size + chirp.size
    echo = np.fft.ifft(np.fft.fft(scatterers, size) * np.fft.fft(chirp / np.linalg.norm(chirp), size))
    middle = chirp.size // 2
    return np.asarray(echo[middle : middle + scatterers.size])


def _rates(iq: NDArray[np.complex128]) -> NDArray[np.uint8]:
    """Return a rate code for each block: one more for every doubling of its sigma over that of the noise."""
    block = 2 * BLOCK_QUADS
    sigma = np.array([np.sqrt(np.mean(np.abs(iq[at : at + block]) ** 2) / 2) for at in range(0, iq.size, block)])
    return np.clip(np.floor(np.log2(sigma / _NOISE_SIGMA)), 0, BRC_COUNT - 1).astype(np.uint8)


def _fields(number: int, signal: int, quads: int, word: int) -> dict[str, int]:
    pri_s = _RADAR["pri"] / FREF_HZ
    gps_ns = _gps_ns(START) + round(number * pri_s * 1e9)
    return {
        **_RADAR,
        "coarse_time": gps_ns // 1_000_000_000,
        "fine_time": (gps_ns % 1_000_000_000) * 65536 // 1_000_000_000,
        "sequence_count": number,
        "space_packet_count": number,
        "pri_count": number,
        "subcom_index": number + 1,
        "subcom_word": word,
        "baq_mode": _MODES[signal],
        "rx_gain": 0 if signal == SIGNAL_TX_CAL else 8,
        "swl": _WINDOWS[signal],
        "sas_ssb_flag": int(signal == SIGNAL_TX_CAL),
        "ses_cal_mode": 0 if signal == SIGNAL_ECHO else 1,
        "ses_signal_type": signal,
        "quads": quads,
    }


def _gps_ns(time: datetime) -> int:
    return utc_to_gps_ns(np.array(int(time.timestamp()) * 1_000_000_000)).item()


def _ancillary_words() -> NDArray[np.uint16]:
    """Return the words of one cycle of sub-commutated data, (64,): a circular orbit, temperatures near 20 °C."""
    cycle = np.zeros(1, CYCLE_DTYPE)
    cycle["position_m"] = (_EARTH_RADIUS_M, 0.0, 0.0)
    cycle["velocity_m_s"] = (0.0, 0.0, _SPEED_M_S)
    cycle["pvt_time_stamp"] = cycle["attitude_time_stamp"] = _gps_ns(START) // 1_000_000_000 * _CUC_FRACTION
    cycle["quaternion"] = (1.0, 0.0, 0.0, 0.0)
    cycle["tile_temperature"] = 120 + np.arange(42).reshape(14, 3) % 5
    cycle["tgu_temperature"] = 80
    return np.asarray(cycle.view(">u2"), np.uint16)
