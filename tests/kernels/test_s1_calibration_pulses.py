"""Replicas from loops of known transfer functions, from the real transmitted pulse, and the way back to the nominal."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from refsys.kernels.sentinel1 import calibration_pulses as cal
from refsys.kernels.sentinel1.chirp import nominal_chirp

FS_HZ = 66.7284e6
RAMP_HZ_S = 1.34493277e12
LENGTH_S = 44.1724e-6
NOMINAL = nominal_chirp(RAMP_HZ_S, -0.5 * RAMP_HZ_S * LENGTH_S, LENGTH_S, FS_HZ)
FIRST = 30


def recording(
    transfer: NDArray[np.complex128] | complex = 1.0, noise: float = 0.0, seed: int = 1
) -> NDArray[np.complex64]:
    """The nominal chirp after a filter over frequency (given on 8192 bins), in a window like the real one."""
    padded = np.zeros(8192, np.complex128)
    padded[FIRST : FIRST + NOMINAL.size] = 160 * NOMINAL
    filtered = np.fft.ifft(np.fft.fft(padded) * transfer)[: NOMINAL.size + 86]
    rng = np.random.default_rng(seed)
    parts = rng.standard_normal((2, filtered.size))
    return np.asarray(filtered + noise * (parts[0] + 1j * parts[1]), np.complex64)


def build(*transfers: NDArray[np.complex128] | complex, noise: float = 0.0) -> cal.Replica:
    loops = [recording(one, noise, seed) for seed, one in enumerate(transfers)]
    return cal.build_replica((loops[0], loops[1], loops[2]), NOMINAL, FS_HZ)


def test_ideal_loops_give_the_nominal_chirp() -> None:
    replica = build(1, 1, 1)
    assert replica.gain == pytest.approx(160, rel=1e-3)
    assert replica.delay_samples == pytest.approx(FIRST, abs=1e-3)
    assert replica.correlation == pytest.approx(1, abs=1e-3)
    core = slice(20, -20)
    np.testing.assert_allclose((replica.pulse / replica.gain)[core], NOMINAL[core], atol=0.05)


def test_gain_is_that_of_transmitter_and_receiver_over_network() -> None:
    replica = build(2 * np.exp(0.3j), 0.5 * np.exp(0.4j), 0.8 * np.exp(-0.1j))
    assert replica.gain == pytest.approx(160 * 1.25 * np.exp(0.8j), rel=1e-3)


def test_shape_of_loops_is_in_the_replica() -> None:
    frequency = np.fft.fftfreq(8192)
    transmit = 1 + 0.2 * np.cos(2 * np.pi * 2 * frequency)
    receive = np.exp(1j * 0.5 * np.cos(2 * np.pi * 3 * frequency))
    replica = build(transmit, receive * transmit, transmit, noise=0.1)
    inverse = np.fft.fft(replica.pulse, 8192) / np.fft.fft(160 * NOMINAL, 8192)
    inside = np.abs(frequency) < 0.4
    np.testing.assert_allclose(inverse[inside], (transmit * receive)[inside], atol=0.06)


def test_valid_replicas_are_averaged_and_their_drift_is_told() -> None:
    gains = 10 ** (np.linspace(0, 0.2, 5) / 20) * np.exp(1j * np.radians(np.linspace(0, 4, 5)))
    replicas = [build(complex(gain), 1, 1, noise=2.0) for gain in gains]
    choice = cal.choose_replica(replicas, NOMINAL, FS_HZ)
    assert not choice.nominal
    assert choice.valid.all()
    assert choice.gain_drift_db == pytest.approx(0.2, abs=0.02)
    assert choice.phase_drift_deg == pytest.approx(4, abs=0.1)
    np.testing.assert_allclose(np.vdot(NOMINAL, choice.pulse) / NOMINAL.size, 1, atol=1e-3)


def test_bad_replicas_are_left_out_and_without_a_good_one_the_nominal_serves() -> None:
    good = build(1, 1, 1)
    noisy = build(0.02, 1, 1, noise=60.0)
    loud = build(1.0, 1.6, 1)
    choice = cal.choose_replica([good, noisy, good, good, loud, good, good], NOMINAL, FS_HZ)
    assert choice.valid.tolist() == [True, False, True, True, False, True, True]
    nothing = cal.choose_replica([noisy], NOMINAL, FS_HZ)
    assert nothing.nominal
    np.testing.assert_array_equal(nothing.pulse, NOMINAL.astype(np.complex64))
    assert cal.choose_replica([], NOMINAL, FS_HZ).nominal


def test_recordings_without_a_pulse_are_refused() -> None:
    fine = recording()
    with pytest.raises(ValueError, match="zero or not finite"):
        cal.build_replica((fine, fine * 0, fine), NOMINAL, FS_HZ)
    with pytest.raises(ValueError, match="for a chirp of"):
        cal.build_replica((fine, fine[1:], fine), NOMINAL, FS_HZ)
    with pytest.raises(ValueError, match="as long as"):
        cal.choose_replica([build(1, 1, 1)], NOMINAL[1:], FS_HZ)


def test_real_transmitted_pulse_is_a_valid_replica(shared_data: Path) -> None:
    """One real Tx loop; with itself as network and receiver the product is the pulse itself."""
    pulse = np.load(shared_data / "s1_l0" / "reference" / "000008-txcal_iq.npy").astype(np.complex64).reshape(-1)
    replica = cal.build_replica((pulse, pulse, pulse), NOMINAL, FS_HZ)
    assert replica.delay_samples == pytest.approx(30, abs=1)
    assert replica.correlation > 0.97
    choice = cal.choose_replica([replica], NOMINAL, FS_HZ)
    assert not choice.nominal
    assert replica.pslr_db == pytest.approx(-13.26, abs=0.6)
