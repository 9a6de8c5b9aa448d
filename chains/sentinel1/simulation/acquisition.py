"""A data take as the instrument sends it: noise and calibration packets, echoes, noise and calibration again.

Source: S1-IF-ASD-PL-0007, sections 3 and 4. Order, formats and windows are those of a real StripMap data take (eight
noise packets in BAQ 5, calibration pulses without compression, echoes in FDBAQ). The loops of the instrument are ideal:
every calibration pulse is the nominal chirp with one gain, without leakage or phase code.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.isp_encoder import encode_packets
from refsys.chains.sentinel1.simulated_tables import simulated_tables
from refsys.chains.sentinel1.simulation.ancillary_words import ancillary_words, gps_ns
from refsys.chains.sentinel1.simulation.echoes import BLOCK_LINES, NO_NOISE, EchoSimulator, Noise
from refsys.chains.sentinel1.simulation.instrument import SwathCodes
from refsys.chains.sentinel1.simulation.orbit import SimulatedOrbit
from refsys.chains.sentinel1.simulation.scene import Scene
from refsys.chains.sentinel1.simulation.tops import Burst
from refsys.kernels.sentinel1.baq_tables import BLOCK_QUADS, BRC_COUNT
from refsys.kernels.sentinel1.chirp import nominal_chirp
from refsys.kernels.sentinel1.encoding import BYPASS, encode_samples
from refsys.kernels.sentinel1.encoding_tables import EncodingLookup, compile_encoding
from refsys.kernels.sentinel1.radar import window_samples
from refsys.kernels.sentinel1.subcom import WORDS_PER_CYCLE

NOISE_PACKETS = 8
CALIBRATION_CYCLES = 2
SIGNAL_TYPES = {"noise": 1, "tx": 8, "rx": 9, "epdn": 10, "ta": 11, "apdn": 12}
CALIBRATION = ("tx", "rx", "epdn", "ta", "apdn")
"""Pulses of one cycle, in order."""

PULSE_AMPLITUDE, PULSE_FIRST_SAMPLE = 160.0, 30
"""Of calibration pulses, in quantiser units; where they begin in their window."""

_ECHO, _BAQ5, _FDBAQ = 0, 5, 12
_CALIBRATION_FLAG = 8
_PREAMBLE = 1
_RX_CHANNELS = {"V": 0, "H": 1}
_SAS_POLARISATIONS = {"VV": 6, "VH": 5, "HH": 1, "HV": 2}
_NOISE_STREAMS = 1 << 16


class DataTake(NamedTuple):
    """What packets say of the data take.

    Attributes
    ----------
    polarisation
        `VV`, `VH`, `HH` or `HV`: transmitted, received.
    data_take_id
        As in headers; the mission's number is this divided by 512.
    noise
        Thermal noise of echoes and noise packets. Powers below 100 feel the quantiser's steps.
    least_rate
        Rate code (0 to 4) of blocks of echoes that hold noise alone; those with signal get higher ones. At code 0 the
        quantiser takes 3 % of a block's power, at code 2 one, in noise packets (BAQ 5) 0.3 %.
    """

    polarisation: str = "VV"
    data_take_id: int = 0x1313 << 9
    noise: Noise = NO_NOISE
    least_rate: int = 2


class _Lines(NamedTuple):
    """Packets of one kind: first time and step, pulses without packet before, header codes, samples (n, 2 * quads)."""

    first_s: float
    step_s: float
    idle: int
    fields: Mapping[str, int]
    samples: NDArray[np.complex64]


def simulate_packets(parts: Sequence[Burst], scene: Scene, take: DataTake) -> Iterator[bytes]:
    """Yield the packets of a data take, some hundred at a time, end to end.

    Parameters
    ----------
    parts
        StripMap (one part) or bursts, in order of time; all of one orbit.
    scene
        What is seen.
    take
        Polarisation, identifier, noise.

    Raises
    ------
    ValueError
        If there are no parts, they overlap, or a target lies off the ellipsoid.
    """
    ends = [part.grid.first_pulse_time_s + part.grid.lines * part.grid.pri_s for part in parts]
    if not parts or any(end > part.grid.first_pulse_time_s for end, part in zip(ends, parts[1:], strict=False)):
        raise ValueError("a data take has one part at least, in order of time")
    writer = _Writer(take, parts[0].acquisition.orbit)
    swaths = list({part.acquisition.codes.swath: part.acquisition.codes for part in parts}.values())
    first, last = parts[0], parts[-1]
    spare_s = sum(_calibration_s(codes) for codes in swaths)
    time_s = first.grid.first_pulse_time_s - spare_s
    for codes in swaths:
        yield from writer.write_all(_calibration_lines(codes, take, time_s, 2 * swaths.index(codes)))
        time_s += _calibration_s(codes)
    for number, part in enumerate(parts):
        yield from writer.write_all(_echo_lines(part, scene, take, number))
    time_s = last.grid.first_pulse_time_s + (last.grid.lines + last.acquisition.codes.rank) * last.grid.pri_s
    for codes in swaths:
        yield from writer.write_all(_calibration_lines(codes, take, time_s, 2 * swaths.index(codes) + 1))
        time_s += _calibration_s(codes)


def _calibration_pulses(codes: SwathCodes) -> int:
    return NOISE_PACKETS + codes.rank + CALIBRATION_CYCLES * len(CALIBRATION)


def _calibration_s(codes: SwathCodes) -> float:
    return _calibration_pulses(codes) * codes.pri_s


def _calibration_lines(codes: SwathCodes, take: DataTake, first_s: float, stream: int) -> Iterator[_Lines]:
    """Yield noise packets, then calibration pulses; as many pulses are left out between as are under way."""
    rng = np.random.default_rng([take.noise.seed, 2, _NOISE_STREAMS + stream])
    parts = rng.standard_normal((NOISE_PACKETS, 2 * codes.samples), dtype=np.float32)
    noise = (parts * np.float32(np.sqrt(0.5 * take.noise.power))).view(np.complex64)
    fields = {"ses_signal_type": SIGNAL_TYPES["noise"], "ses_cal_mode": _PREAMBLE, "baq_mode": _BAQ5}
    yield _Lines(first_s, codes.pri_s, 0, {**_fields(codes, take), **fields}, noise)
    pulse, iq = codes.pulse(), np.zeros((1, _calibration_samples(codes)), np.complex64)
    chirp = nominal_chirp(pulse.ramp_rate_hz_s, pulse.start_frequency_hz, pulse.length_s, codes.range_sampling_hz)
    iq[0, PULSE_FIRST_SAMPLE : PULSE_FIRST_SAMPLE + chirp.size] = PULSE_AMPLITUDE * chirp
    for number, kind in enumerate(CALIBRATION * CALIBRATION_CYCLES):
        fields = {
            "ses_signal_type": SIGNAL_TYPES[kind],
            "ses_cal_mode": _PREAMBLE,
            "baq_mode": BYPASS,
            "sas_ssb_flag": 1,
            "sas_dynamic_data": _CALIBRATION_FLAG | CALIBRATION.index(kind),
            "rx_gain": 0,
            "swl": _calibration_swl(codes),
        }
        time_s = first_s + (NOISE_PACKETS + codes.rank + number) * codes.pri_s
        yield _Lines(time_s, codes.pri_s, 0 if number else codes.rank, {**_fields(codes, take), **fields}, iq)


def _calibration_swl(codes: SwathCodes) -> int:
    """Return the window of calibration packets: room for the pulse, as much beyond as the real one of S3 has."""
    return codes.tx_pulse_length + 100


def _calibration_samples(codes: SwathCodes) -> int:
    return window_samples(_calibration_swl(codes), codes.range_decimation).item()


def _echo_lines(part: Burst, scene: Scene, take: DataTake, number: int) -> Iterator[_Lines]:
    codes, grid = part.acquisition.codes, part.grid
    fields = {**_fields(codes, take), "ses_signal_type": _ECHO, "baq_mode": _FDBAQ}
    noise = take.noise._replace(stream=number)
    for block, lines in enumerate(EchoSimulator(grid, part.acquisition, scene, noise)):
        first_s = grid.first_pulse_time_s + (block * BLOCK_LINES + codes.rank) * grid.pri_s
        yield _Lines(first_s, grid.pri_s, 0 if block else codes.rank, fields, lines)


def _fields(codes: SwathCodes, take: DataTake) -> dict[str, int]:
    """Return the header codes that all packets of a swath share."""
    return {
        "data_take_id": take.data_take_id,
        "ecc_number": codes.ecc_number,
        "rx_channel_id": _RX_CHANNELS[take.polarisation[1]],
        "instrument_configuration_id": 1,
        "range_decimation": codes.range_decimation,
        "rx_gain": codes.rx_gain,
        "tx_ramp_rate": codes.tx_ramp_rate,
        "tx_start_frequency": codes.tx_start_frequency,
        "tx_pulse_length": codes.tx_pulse_length,
        "rank": codes.rank,
        "pri": codes.pri,
        "swst": codes.swst,
        "swl": codes.swl,
        "sas_polarisation": _SAS_POLARISATIONS[take.polarisation],
        "ses_swath_number": codes.swath_number,
    }


class _Writer:
    """Counts packets and pulses, and codes lines as packets."""

    def __init__(self, take: DataTake, orbit: SimulatedOrbit) -> None:
        self.lookup: EncodingLookup = compile_encoding(simulated_tables())
        self.noise_power, self.least_rate = take.noise.power, take.least_rate
        self.orbit = orbit
        self.packets = self.pulses = 0
        self.words = np.empty(0, np.uint16)

    def write_all(self, many: Iterator[_Lines]) -> Iterator[bytes]:
        for lines in many:
            yield self.write(lines)

    def write(self, lines: _Lines) -> bytes:
        count = lines.samples.shape[0]
        numbers = self.packets + np.arange(count)
        self.pulses += lines.idle
        times_s = np.asarray(lines.first_s + lines.step_s * np.arange(count), np.float64)
        sent_ns = np.array([gps_ns(time) for time in times_s.tolist()])
        fields = {
            **lines.fields,
            "coarse_time": sent_ns // 1_000_000_000,
            "fine_time": (sent_ns % 1_000_000_000) * 65536 // 1_000_000_000,
            "sequence_count": numbers % (1 << 14),
            "space_packet_count": numbers,
            "pri_count": self.pulses + np.arange(count),
            "subcom_index": numbers % WORDS_PER_CYCLE + 1,
            "subcom_word": self._words(numbers, times_s),
            "quads": lines.samples.shape[1] // 2,
        }
        self.packets, self.pulses = self.packets + count, self.pulses + count
        mode = lines.fields["baq_mode"]
        rates = self._rates(lines.samples) if mode == _FDBAQ else None
        return encode_packets(fields, encode_samples(lines.samples, mode, rates, self.lookup))

    def _words(self, numbers: NDArray[np.int64], times_s: NDArray[np.float64]) -> NDArray[np.uint16]:
        found = np.empty(numbers.size, np.uint16)
        for k, number in enumerate((numbers % WORDS_PER_CYCLE).tolist()):
            if number == 0:
                self.words = ancillary_words(self.orbit, float(times_s[k]))
            found[k] = self.words[number]
        return found

    def _rates(self, samples: NDArray[np.complex64]) -> NDArray[np.uint8]:
        """Return a rate code for each block: one more for every doubling of its sigma over that of the noise."""
        block = 2 * BLOCK_QUADS
        starts = np.arange(0, samples.shape[1], block)
        sizes = np.diff(np.append(starts, samples.shape[1]))
        power = np.add.reduceat(samples.real**2 + samples.imag**2, starts, axis=1) / sizes
        if not self.noise_power:
            return np.asarray(np.where(power > 0, BRC_COUNT - 1, self.least_rate), np.uint8)
        doublings = 0.5 * np.log2(np.maximum(power / self.noise_power, 1.0))
        return np.asarray(np.minimum(np.floor(doublings) + self.least_rate, BRC_COUNT - 1), np.uint8)
