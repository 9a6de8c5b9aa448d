"""Echoes of clutter and noise: against exact points, against the sum over frequencies, and against the power due."""

import math

import numpy as np
import pytest

from refsys.chains.sentinel1.simulation import geometry
from refsys.chains.sentinel1.simulation.clutter_echoes import ClutterEchoes
from refsys.chains.sentinel1.simulation.echoes import (
    BLOCK_LINES,
    EchoSimulator,
    Noise,
    simulate_echoes,
    simulate_points,
)
from refsys.chains.sentinel1.simulation.instrument import CARRIER_HZ, IW1, S3, shortened, stripmap
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT
from refsys.chains.sentinel1.simulation.point_echoes import beam_of, weight
from refsys.chains.sentinel1.simulation.scene import (
    ClutterPatch,
    PointTarget,
    Scatterers,
    Scene,
    patch_truth,
    point_target,
    scatterers,
)
from refsys.chains.sentinel1.simulation.tops import iw_bursts
from refsys.kernels.sentinel1.chirp import nominal_chirp

C = 299_792_458.0
ORBIT = SIMULATED_ORBIT
STRIP = stripmap(shortened(S3, 3300))
BURST = iw_bursts(1, codes=(shortened(IW1, 3700),))[0]
RANGE_M = 0.5 * C * (S3.first_delay_s + 100 / S3.range_sampling_hz)


def seen(first_time_s: float, slant_range_m: float) -> list[PointTarget]:
    places = ((0.0, 0.0), (0.013, 3.1), (0.02, -7.7))
    return [point_target(ORBIT, first_time_s + dt, slant_range_m + dr, 1.0, 0.3) for dt, dr in places]


def as_scatterers(targets: list[PointTarget]) -> Scatterers:
    times = [geometry.view(ORBIT, target.position_m).time_s for target in targets]
    amplitudes = [math.sqrt(target.rcs_m2) * np.exp(1j * target.phase_rad) for target in targets]
    return Scatterers(np.array([target.position_m for target in targets]), np.array(times), np.array(amplitudes))


@pytest.mark.parametrize("mode", ["strip", "tops"])
def test_scatterers_echo_as_points_do(mode: str) -> None:
    acquisition, grid = (STRIP, STRIP.raw_grid(0.0, 40)) if mode == "strip" else (BURST.acquisition, BURST.grid)
    # Pulses 330 Hz from the beam's centre, or the last of a burst, which looks ahead of the satellite.
    grid = grid._replace(lines=40, first_pulse_time_s=0.0 if mode == "strip" else 0.78)
    targets = seen(0.14 if mode == "strip" else 2.35, 0.5 * C * (grid.first_delay_s + 100 / grid.range_sampling_hz))
    exact = simulate_points(grid, acquisition, targets)
    assert np.abs(exact).max() > 0.1
    found = np.zeros_like(exact)
    ClutterEchoes(grid, acquisition, as_scatterers(targets)).add(found, 0)
    # A sampled chirp is not band-limited: what lies beyond the band, 3e-4 of it, is folded in another way.
    error = np.sum(np.abs(found - exact) ** 2) / np.sum(np.abs(exact) ** 2)
    assert error < 1e-3
    # Compressed, that spreads over the whole line; what could be taken for a target stays below -50 dB.
    pulse = acquisition.codes.pulse()
    chirp = nominal_chirp(
        pulse.ramp_rate_hz_s, pulse.start_frequency_hz, pulse.length_s, acquisition.codes.range_sampling_hz
    )
    replica = np.conj(np.fft.fft(chirp, grid.samples))
    difference, whole = (np.abs(np.fft.ifft(np.fft.fft(part) * replica)).max() for part in (found - exact, exact))
    assert difference < 10 ** (-50 / 20) * whole


def test_impulses_are_those_of_the_sum_over_frequencies() -> None:
    """One scatterer in one line: exact delay and phase, and the band-limited pulse as a sum over its band."""
    grid = STRIP.raw_grid(0.0, 1)
    (target, *_) = seen(0.14, RANGE_M)
    found = np.zeros((1, grid.samples), np.complex64)
    ClutterEchoes(grid, STRIP, as_scatterers([target])).add(found, 0)
    pulse = STRIP.codes.pulse()
    middle = geometry.delay(ORBIT, target.position_m, 0.5 * pulse.length_s)
    ends = [geometry.delay(ORBIT, target.position_m, time) for time in (0.0, pulse.length_s)]
    doppler_hz = -CARRIER_HZ * (ends[1] - ends[0]) / pulse.length_s
    place = (middle - doppler_hz / pulse.ramp_rate_hz_s - grid.first_delay_s) * grid.range_sampling_hz
    chirp = nominal_chirp(pulse.ramp_rate_hz_s, pulse.start_frequency_hz, pulse.length_s, STRIP.codes.range_sampling_hz)
    size = 8192
    shift = np.exp(-2j * np.pi * np.fft.fftfreq(size) * place)
    wanted = np.fft.ifft(np.fft.fft(chirp, size) * shift)[: grid.samples]
    ground = 0.5 * geometry.delay(ORBIT, target.position_m, 0.0)
    wanted *= weight(beam_of(STRIP), target.position_m, ground) * np.exp(0.3j - 2j * np.pi * CARRIER_HZ * middle)
    error = np.sum(np.abs(found[0] - wanted) ** 2) / np.sum(np.abs(wanted) ** 2)
    assert error < 10 ** (-50 / 10)


def test_the_lattice_fills_the_patch() -> None:
    patch = ClutterPatch(0.5, 0.55, 801e3, 801.4e3, sigma0=0.1, seed=3)
    ground = scatterers(ORBIT, patch)
    assert ground.amplitude.size == 100 * 181
    assert np.all(np.diff(ground.time_s) >= 0)
    truth = patch_truth(ORBIT, patch)
    area = truth["ground_range_m"] * truth["azimuth_m"] * (181 * 2.2 / 400)
    power = np.abs(ground.amplitude) ** 2
    # 18,100 exponential values: their mean is within 3 % of the expected one at four standard deviations.
    assert power.sum() == pytest.approx(0.1 * area, rel=0.03)
    assert np.mean(power**2) / np.mean(power) ** 2 == pytest.approx(2.0, abs=0.15)
    for k in (0, 700, 18_099):
        view = geometry.view(ORBIT, ground.position_m[k])
        assert view.time_s == pytest.approx(ground.time_s[k], abs=1e-9)
    # Ground range by the incidence angle, azimuth by the speed of the beam on the ground.
    assert truth["ground_range_m"] == pytest.approx(400 / math.sin(truth["incidence_rad"]), rel=1e-3)


def test_clutter_has_the_power_of_its_area() -> None:
    """The power of a raw sample far from the edges is the sum over what the pulse and the beam see."""
    acquisition = stripmap(shortened(S3, 512), gain=5.0)
    grid = acquisition.raw_grid(0.0, 64)
    # The beam sees +-0.53 s and the pulse 6.6 km of slant range: coarse cells keep the test short.
    near = 0.5 * C * (grid.first_delay_s - 46e-6)
    patch = ClutterPatch(-0.6, 0.65, near, near + 8.2e3, 0.05, seed=1, time_step_s=8e-3, range_step_m=8.0)
    raw = simulate_echoes(grid, acquisition, Scene(clutter=(patch,)))
    beam, expected = beam_of(acquisition), 0.0
    ground = scatterers(ORBIT, patch)
    for place in ground.position_m[:: ground.position_m.shape[0] // 400]:
        target = (float(place[0]), float(place[1]), float(place[2]))
        delay = geometry.delay(ORBIT, target, 0.016)
        late = grid.first_delay_s + 256 / grid.range_sampling_hz - delay
        expected += weight(beam, target, 0.016 + 0.5 * delay) ** 2 * (0 < late < 44.17e-6)
    truth = patch_truth(ORBIT, patch)
    share = expected / len(ground.position_m[:: ground.position_m.shape[0] // 400])
    wanted = 25 * 0.05 * truth["ground_range_m"] * truth["azimuth_m"] * share
    assert np.mean(np.abs(raw) ** 2) == pytest.approx(wanted, rel=0.12)


def test_blocks_are_parts_of_the_whole_and_seeds_decide() -> None:
    acquisition = stripmap(shortened(S3, 64))
    grid = acquisition.raw_grid(0.0, 2 * BLOCK_LINES + 30)
    patch = ClutterPatch(0.1, 0.13, RANGE_M - 50, RANGE_M + 50, 0.2)
    scene = Scene((point_target(ORBIT, 0.1, RANGE_M),), (patch,))
    maker = EchoSimulator(grid, acquisition, scene, Noise(2.0, seed=7))
    whole = np.concatenate(list(maker))
    assert whole.shape == (grid.lines, grid.samples)
    assert maker.blocks == 3
    np.testing.assert_array_equal(maker.block(2), whole[2 * BLOCK_LINES :])
    again = EchoSimulator(grid, acquisition, scene, Noise(2.0, seed=7)).block(1)
    assert again.tobytes() == whole[BLOCK_LINES : 2 * BLOCK_LINES].tobytes()
    other = EchoSimulator(grid, acquisition, scene, Noise(2.0, seed=7, stream=1)).block(1)
    assert np.abs(other - again).mean() > 1
    with pytest.raises(ValueError, match="no block 3 of 3"):
        maker.block(3)


def test_noise_has_its_power_and_is_white() -> None:
    acquisition = stripmap(shortened(S3, 1000))
    raw = simulate_echoes(acquisition.raw_grid(0.0, 100), acquisition, Scene(), Noise(3.0, seed=2))
    # 1e5 samples: the mean of their power is known to 0.3 %.
    assert np.mean(np.abs(raw) ** 2) == pytest.approx(3.0, rel=0.015)
    assert abs(np.mean(raw**2)) < 0.05
    assert abs(np.mean(raw[:, 1:] * np.conj(raw[:, :-1]))) < 0.05


@pytest.mark.parametrize(
    "patch",
    [
        ClutterPatch(0.0, 1.0, 801e3, 801e3, 0.1),
        ClutterPatch(1.0, 0.0, 801e3, 802e3, 0.1),
        ClutterPatch(0.0, 0.1, 801e3, 802e3, -1),
        ClutterPatch(0.0, 0.1, 100e3, 101e3, 1.0),
    ],
)
def test_impossible_patches_are_refused(patch: ClutterPatch) -> None:
    with pytest.raises(ValueError, match=r"clutter patch|do not all reach"):
        scatterers(ORBIT, patch)
