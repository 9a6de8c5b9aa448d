"""Orbit, places and echoes of point targets against differences, hand-made values and a slow scalar oracle."""

import cmath
import math

import numpy as np
import pytest

from refsys.chains.sentinel1.simulation import geometry
from refsys.chains.sentinel1.simulation.antenna import Steering
from refsys.chains.sentinel1.simulation.echoes import simulate_points
from refsys.chains.sentinel1.simulation.instrument import CARRIER_HZ, IW1, S3, Acquisition, shortened, stripmap
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT, Vector, motion, position, state_vectors, states
from refsys.chains.sentinel1.simulation.scene import point_target
from refsys.kernels.sar.grids import RawGrid

C = 299_792_458.0
ORBIT = SIMULATED_ORBIT


def test_velocity_and_acceleration_are_those_of_the_position() -> None:
    step = 1e-2
    for time in (-700.0, 0.0, 13.7, 2900.0):
        (before, now, after), (v0, v, v1) = states(ORBIT, [time - step, time, time + step])
        np.testing.assert_allclose((after - before) / (2 * step), v, atol=2e-6)
        np.testing.assert_allclose((v1 - v0) / (2 * step), motion(ORBIT, time)[1], atol=1e-8)
        np.testing.assert_allclose(np.linalg.norm(now), ORBIT.radius_m, rtol=1e-14)


def test_the_orbit_is_that_of_the_satellite() -> None:
    assert ORBIT.period_s() == pytest.approx(12 * 86400 / 175, rel=2e-3)  # 175 orbits in 12 days
    vectors = state_vectors(ORBIT, 3.0, 21.0, margin=2)
    assert vectors.time_s.tolist() == [-20.0, -10.0, 0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    assert 7400 < np.linalg.norm(vectors.velocity_m_s[0]) < 7700
    assert 690e3 < geometry.height(position(ORBIT, 0.0)) < 730e3
    with pytest.raises(ValueError, match="does not exist"):
        state_vectors(ORBIT, 1.0, 0.0)


@pytest.mark.parametrize("slant_range", [760e3, 800e3, 950e3])
def test_places_are_on_the_ellipsoid_at_the_range_and_across(slant_range: float) -> None:
    place = geometry.place_at(ORBIT, 4.25, slant_range)
    major, minor = 6378137.0, 6356752.314245
    assert (place[0] ** 2 + place[1] ** 2) / major**2 + place[2] ** 2 / minor**2 == pytest.approx(1, abs=1e-14)
    (sat,), (velocity,) = states(ORBIT, 4.25)
    assert np.linalg.norm(place - sat) == pytest.approx(slant_range, abs=1e-7)
    assert abs((place - sat) @ velocity) / np.linalg.norm(velocity) < 1e-7
    # To the right of the flight: as seen from above, velocity x line of sight points down.
    assert np.cross(velocity, place - sat) @ sat < 0
    seen = geometry.view(ORBIT, place, 0.0)
    assert seen.time_s == pytest.approx(4.25, abs=1e-10)
    assert seen.slant_range_m == pytest.approx(slant_range, abs=1e-6)
    assert seen.look_rad < seen.incidence_rad < math.radians(50)


def test_a_range_that_reaches_nothing_is_refused() -> None:
    for slant_range in (600e3, 4e6):
        with pytest.raises(ValueError, match="no place"):
            geometry.place_at(ORBIT, 0.0, slant_range)


def oracle_sample(grid: RawGrid, acquisition: Acquisition, target: Vector, line: int, n: int) -> complex:
    """One sample in plain Python: the emission time by bisection, then the pulse and the carrier there."""
    start = grid.first_pulse_time_s + line * grid.pri_s
    heard = start + grid.first_delay_s + n / grid.range_sampling_hz

    def sent_before_travel(time: float) -> float:
        here, there = position(ORBIT, time), position(ORBIT, heard)
        return (math.dist(here, target) + math.dist(target, there)) / C

    low, high = heard - 8e-3, heard - 3e-3
    for _ in range(80):
        middle = 0.5 * (low + high)
        if middle + sent_before_travel(middle) < heard:
            low = middle
        else:
            high = middle
    delay = sent_before_travel(low)
    inside, pulse = (heard - start) - delay, acquisition.codes.pulse()
    if not 0 <= inside < pulse.length_s:
        return 0j
    ground = start + 0.5 * geometry.delay(ORBIT, target, start)
    sat, velocity = (np.array(part[0]) for part in states(ORBIT, ground))
    line_of_sight = np.array(target) - sat
    squint = math.asin(line_of_sight @ velocity / np.linalg.norm(line_of_sight) / np.linalg.norm(velocity))
    off = squint - acquisition.steering.rate_rad_s * (ground - acquisition.steering.mid_time_s)
    azimuth = np.sinc(acquisition.antenna.length_m * math.sin(off) * CARRIER_HZ / C) ** 2
    cos_look = (sat @ -line_of_sight) / np.linalg.norm(sat) / np.linalg.norm(line_of_sight)
    roll = 29.45 - 5.66e-5 * (geometry.height(tuple(sat.tolist())) - 711_700)
    beam = acquisition.antenna
    away = (math.degrees(math.acos(cos_look)) - roll - beam.elevation_centre_deg) / (0.5 * beam.elevation_width_deg)
    gain = azimuth * 10 ** (-0.150515 * away**2) * (800e3 / np.linalg.norm(line_of_sight)) ** 2
    turns = inside * (pulse.start_frequency_hz + 0.5 * pulse.ramp_rate_hz_s * inside) - CARRIER_HZ * delay
    return complex(gain * acquisition.gain * cmath.exp(2j * math.pi * turns))


def acquisitions() -> list[tuple[Acquisition, RawGrid]]:
    strip = stripmap(shortened(S3, 3600), gain=40.0)
    burst = Acquisition(shortened(IW1, 3900), strip.antenna, Steering(math.radians(1.590368784), 0.35), ORBIT, 3.0)
    return [(strip, strip.raw_grid(0.2, 8)), (burst, burst.raw_grid(0.1, 8))]


@pytest.mark.parametrize("case", [0, 1])
def test_echoes_are_those_of_a_scalar_oracle(case: int) -> None:
    acquisition, grid = acquisitions()[case]
    middle = grid.first_delay_s + 300 / grid.range_sampling_hz
    # Ahead of the unsteered beam by 0.3 s, that is 700 Hz of Doppler; far behind where the steered one looks back.
    target = point_target(ORBIT, -0.7 if case else 0.5, 0.5 * C * middle, rcs_m2=1.0)
    raw = simulate_points(grid, acquisition, [target])
    assert raw.dtype == np.complex64
    assert raw.shape == (8, grid.samples)
    size = np.abs(raw).max()
    for line, n in ((0, 10), (0, 700), (3, 1500), (7, 320), (7, 3000), (5, 3580)):
        wanted = oracle_sample(grid, acquisition, target.position_m, line, n)
        # complex64 keeps 1e-7; the rounding of the delay is 1e-9 turns.
        assert abs(raw[line, n] - wanted) < 2e-6 * size, (line, n, raw[line, n], wanted)


def test_the_echo_begins_and_ends_with_its_delay() -> None:
    acquisition, grid = acquisitions()[0]
    target = point_target(ORBIT, 0.21, 0.5 * C * (grid.first_delay_s + 200.5 / grid.range_sampling_hz))
    (line, *_) = simulate_points(grid, acquisition, [target])
    heard = np.flatnonzero(line)
    delay = geometry.delay(ORBIT, target.position_m, grid.first_pulse_time_s)
    first = (delay - grid.first_delay_s) * grid.range_sampling_hz
    assert heard[0] == math.ceil(first)
    assert heard.size in (2947, 2948)
    assert heard[-1] - heard[0] + 1 == heard.size


def test_phase_and_cross_section_scale_an_echo() -> None:
    acquisition, grid = acquisitions()[0]
    target = point_target(ORBIT, 0.3, 800.5e3)
    one = simulate_points(grid, acquisition, [target])
    other = simulate_points(grid, acquisition, [target._replace(rcs_m2=4.0, phase_rad=math.pi / 2)])
    np.testing.assert_allclose(other, 2j * one, rtol=1e-5, atol=1e-4)


def test_nothing_is_seen_outside_the_beam() -> None:
    acquisition, grid = acquisitions()[0]
    # The first null lies 1234 Hz from the centre, which is 0.53 s at the Doppler rate of 2320 Hz/s.
    assert not simulate_points(grid, acquisition, [point_target(ORBIT, 0.2 + 0.6, 800.5e3)]).any()
    assert simulate_points(grid, acquisition, [point_target(ORBIT, 0.2 + 0.4, 800.5e3)]).any()


def test_codes_are_the_real_ones() -> None:
    assert S3.pri_s == pytest.approx(5.194923216780943e-04, rel=1e-12)
    assert S3.range_sampling_hz == pytest.approx(66.72839509333333e6, rel=1e-12)
    assert S3.samples == 21558
    pulse = S3.pulse()
    assert pulse.ramp_rate_hz_s == pytest.approx(1.3449327745509954e12, rel=1e-12)
    assert pulse.start_frequency_hz == pytest.approx(-29704503.224123612, rel=1e-12)
    assert pulse.length_s == pytest.approx(4.4172432911548294e-05, rel=1e-12)


@pytest.mark.parametrize("samples", [64, 1000, 8192])
def test_a_shorter_window_has_the_samples_asked_for(samples: int) -> None:
    codes = shortened(S3, samples, later_s=1e-5)
    assert samples <= codes.samples <= samples + 4
    assert codes.first_delay_s - S3.first_delay_s == pytest.approx(1e-5, abs=1.4e-8)
    with pytest.raises(ValueError, match="do not lie in the window"):
        shortened(S3, 21600)
