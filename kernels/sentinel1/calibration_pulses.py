"""Replica and gain of the instrument from its calibration pulses.

Sentinel-1 sends its pulse around loops within the instrument, each of which passes a part of what an echo passes:
transmitter (Tx), receiver (Rx), the network that feeds the elevation or azimuth rows (EPDN, APDN) and the test
attenuator's path (TA). What signal type says which loop is in S1-IF-ASD-PL-0007, section 3.2.5. Assumed here, since
the loops' own description is not public: an echo passes what the Tx and Rx loops pass together, and the network once
less than these two, so that its spectrum is

    Tx * Rx / EPDN

(TA stands for EPDN where that loop is missing). The nominal chirp divides out of one of the three, so that the product
remains one pulse: replica = Tx * Rx / EPDN. With ideal loops all three are the chirp and so is the replica. The product
of gains (PG) is the complex amplitude of the replica on the nominal chirp.

The correlation with the nominal chirp, and the limits that a replica must keep, are those whose names AUX_PP1 gives
(`replicaThresholds`).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sentinel1.chirp import measure_pulse

_BAND_FLOOR = 0.1
"""Of the median spectral amplitude of the nominal chirp: below it loops are not divided by each other."""


class Replica(NamedTuple):
    """A replica from one set of loops.

    Attributes
    ----------
    pulse
        complex128 (length,), as long as the nominal chirp, in units of the loops.
    gain
        Complex amplitude on the nominal chirp: the PG product of the set.
    delay_samples
        Of the Tx pulse in its recording.
    correlation
        With the nominal chirp, 0 to 1, at the best delay.
    pslr_db, width_samples
        Of the replica compressed with the nominal chirp.
    """

    pulse: NDArray[np.complex128]
    gain: complex
    delay_samples: float
    correlation: float
    pslr_db: float
    width_samples: float


class ReplicaLimits(NamedTuple):
    """What a replica must keep to be used.

    Attributes
    ----------
    least_correlation
        With the nominal chirp.
    largest_pslr_db
        Of its compression.
    largest_width_ratio
        Width of its compression over that of the nominal chirp; the inverse bounds it from below.
    largest_gain_step_db, largest_phase_step_deg
        From the mean gain of all replicas.
    """

    least_correlation: float = 0.95
    largest_pslr_db: float = -11.0
    largest_width_ratio: float = 1.1
    largest_gain_step_db: float = 1.0
    largest_phase_step_deg: float = 20.0


DEFAULT_LIMITS = ReplicaLimits()


class ReplicaChoice(NamedTuple):
    """The replica to process with.

    Attributes
    ----------
    pulse
        complex64 (length,): mean of the valid replicas over their gains, or the nominal chirp; amplitude about 1.
    nominal
        True where no replica was valid: the product is to say so.
    gain
        complex128 (replicas,): PG product of each.
    valid
        bool (replicas,).
    gain_drift_db, phase_drift_deg
        Of the valid ones, last against first.
    """

    pulse: NDArray[np.complex64]
    nominal: bool
    gain: NDArray[np.complex128]
    valid: NDArray[np.bool_]
    gain_drift_db: float
    phase_drift_deg: float


def build_replica(
    loops: tuple[NDArray[np.complex64], NDArray[np.complex64], NDArray[np.complex64]],
    nominal: NDArray[np.complex128],
    sampling_frequency_hz: float,
) -> Replica:
    """Build a replica from the recordings of three loops.

    Parameters
    ----------
    loops
        Tx, Rx and EPDN (or TA): complex64 (samples,) each, of one length, decoded, with the same start.
    nominal
        complex128 (length,), from `nominal_chirp`.
    sampling_frequency_hz
        Of all.

    Raises
    ------
    ValueError
        If recordings differ in length, are shorter than the chirp, not finite, or hold no pulse.
    """
    if len({loop.shape for loop in loops}) != 1 or loops[0].ndim != 1 or loops[0].size < nominal.size:
        raise ValueError(f"recordings of {[loop.shape for loop in loops]} for a chirp of {nominal.size} samples")
    if not all(np.all(np.isfinite(loop)) and np.any(loop) for loop in loops):
        raise ValueError("a recording is zero or not finite")
    size = 1 << int(np.ceil(np.log2(2 * loops[0].size)))
    transmit, receive, network = (np.fft.fft(loop.astype(np.complex128), size) for loop in loops)
    reference = np.fft.fft(nominal, size)
    strength = np.abs(reference)
    inside = strength > _BAND_FLOOR * np.median(strength[strength > 0.5 * strength.max()])
    # Outside the band the loops hold noise only, and so would their ratio.
    ratio = np.zeros(size, np.complex128)
    usable = inside & (np.abs(network) > _BAND_FLOOR * np.median(np.abs(network[inside])))
    ratio[usable] = receive[usable] / network[usable]
    recorded = np.fft.ifft(transmit * ratio)[: loops[0].size]
    delay = _delay(recorded, nominal)
    shifted = np.fft.ifft(np.fft.fft(recorded, size) * np.exp(2j * np.pi * np.fft.fftfreq(size) * delay))
    pulse = np.asarray(shifted[: nominal.size], np.complex128)
    quality = measure_pulse(recorded.astype(np.complex64), nominal, sampling_frequency_hz)
    gain = complex(np.vdot(nominal, pulse) / np.vdot(nominal, nominal))
    return Replica(pulse, gain, delay, quality.correlation, quality.pslr_db, quality.width_samples)


def _delay(recorded: NDArray[np.complex128], nominal: NDArray[np.complex128]) -> float:
    """Delay of the pulse in samples: peak of the correlation, by a parabola through three values of it."""
    size = 1 << int(np.ceil(np.log2(recorded.size + nominal.size)))
    spectrum = np.fft.fft(recorded, size) * np.conj(np.fft.fft(nominal, size))
    padded = np.zeros(16 * size, np.complex128)
    padded[: size // 2], padded[-size // 2 :] = spectrum[: size // 2], spectrum[size // 2 :]
    power = np.abs(np.fft.ifft(padded)) ** 2
    top = int(np.argmax(power))
    before, at, after = power[top - 1], power[top], power[(top + 1) % power.size]
    position = (top + 0.5 * (before - after) / (before - 2 * at + after)) / 16
    return float(position if position < size / 2 else position - size)


def choose_replica(
    replicas: list[Replica],
    nominal: NDArray[np.complex128],
    sampling_frequency_hz: float,
    limits: ReplicaLimits = DEFAULT_LIMITS,
) -> ReplicaChoice:
    """Average the replicas that keep the limits; without one, return the nominal chirp.

    Parameters
    ----------
    replicas
        In order of time; may be empty.
    nominal
        complex128 (length,).
    sampling_frequency_hz
        Of all.
    limits
        To keep.

    Raises
    ------
    ValueError
        If a replica is not as long as the nominal chirp.
    """
    if any(replica.pulse.shape != nominal.shape for replica in replicas):
        raise ValueError(f"replicas are not as long as the nominal chirp, {nominal.size} samples")
    gain = np.array([replica.gain for replica in replicas], np.complex128)
    alone = measure_pulse(np.pad(nominal, nominal.size // 8).astype(np.complex64), nominal, sampling_frequency_hz)
    valid = np.array([_keeps(one, alone.width_samples, limits) for one in replicas], np.bool_)
    if np.any(valid):
        step = gain / np.mean(gain[valid])
        valid &= np.abs(20 * np.log10(np.maximum(np.abs(step), 1e-30))) <= limits.largest_gain_step_db
        valid &= np.abs(np.angle(step, deg=True)) <= limits.largest_phase_step_deg
    if not np.any(valid):
        return ReplicaChoice(nominal.astype(np.complex64), True, gain, valid, 0.0, 0.0)
    pulses = [replica.pulse / replica.gain for replica, good in zip(replicas, valid, strict=True) if good]
    kept = gain[valid]
    drift = kept[-1] / kept[0]
    return ReplicaChoice(
        pulse=np.mean(pulses, axis=0).astype(np.complex64),
        nominal=False,
        gain=gain,
        valid=valid,
        gain_drift_db=float(20 * np.log10(np.abs(drift))),
        phase_drift_deg=float(np.angle(drift, deg=True)),
    )


def _keeps(replica: Replica, nominal_width: float, limits: ReplicaLimits) -> bool:
    ratio = replica.width_samples / nominal_width
    return (
        replica.correlation >= limits.least_correlation
        and replica.pslr_db <= limits.largest_pslr_db
        and 1 / limits.largest_width_ratio <= ratio <= limits.largest_width_ratio
        and abs(replica.gain) > 0
    )
