"""Focused points: against theory, against where and what they are, and against a time-domain backprojection."""

from typing import Any

import numpy as np
import pytest
import stripmap_points as sp
from numpy.typing import NDArray

from refsys.chains.sentinel1.simulation.antenna import Steering
from refsys.chains.sentinel1.simulation.echoes import simulate_points
from refsys.chains.sentinel1.simulation.orbit import states
from refsys.kernels.sar.focusing import REFERENCE_RANGE_M, Radar, aperture_s, focus, valid_grid, workspace_shape
from refsys.kernels.sar.focusing_noise import noise_gain
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid, RawGrid
from refsys.kernels.sar.impulse_response import ImpulseResponse, expected_response, measure_impulse_response
from refsys.kernels.sar.windows import Window

TIME_S = 0.1234567
LINES = 1792
RANGES_M = {
    "near": sp.NEAR_M + 500.3,
    "middle": sp.NEAR_M + 0.5 * sp.SWATH_M + 0.7,
    "far": sp.NEAR_M + sp.SWATH_M - 499.1,
}


def measured(
    image: NDArray[np.complex64], grid: ImageGrid, radar: Radar, point: sp.Point, centroid_hz: float = 0.0
) -> ImpulseResponse:
    line, sample = sp.pixel(grid, point)
    nulls = (1 / grid.line_interval_s / radar.doppler_bandwidth_hz, grid.range_sampling_hz / radar.range_bandwidth_hz)
    turns = centroid_hz * grid.line_interval_s
    return measure_impulse_response(image, (round(line), round(sample)), nulls, turns_per_line=turns, chip=96)


def scene(point: sp.Point) -> tuple[RawGrid, NDArray[np.complex64]]:
    grid = sp.grid_around(point, LINES, 60.3, 120)
    return grid, sp.echoes(grid, point)


def focused(point: sp.Point, radar: Radar) -> tuple[NDArray[np.complex64], ImageGrid]:
    grid, raw = scene(point)
    history = sp.history(point.time_s)
    output = valid_grid(grid, radar, history, 0.0)
    return focus(raw, grid, radar, history, doppler_centroid_hz=0.0, output=output), output


@pytest.mark.parametrize("where", ["near", "middle", "far"])
def test_rectangular_window_equals_theory(where: str) -> None:
    point, radar = sp.Point(TIME_S, RANGES_M[where]), sp.radar()
    image, grid = focused(point, radar)
    got = measured(image, grid, radar, point)
    assert got.azimuth.width * grid.line_interval_s == pytest.approx(0.886 / 1399, rel=0.002)
    assert got.range.width / grid.range_sampling_hz == pytest.approx(0.886 / 59.4e6, rel=0.002)
    for cut in (got.azimuth, got.range):
        assert cut.pslr_db == pytest.approx(-13.26, abs=0.03)
        assert cut.islr_db == pytest.approx(-10.16, abs=0.03)


@pytest.mark.parametrize(("coefficient", "pslr_db"), [(0.75, -21.2), (0.70, -24.1), (0.60, -31.6)])
def test_hamming_windows_equal_theory(coefficient: float, pslr_db: float) -> None:
    point, radar = sp.Point(TIME_S, RANGES_M["middle"]), sp.radar(coefficient, coefficient)
    image, grid = focused(point, radar)
    got = measured(image, grid, radar, point)
    for cut, rate, band in (
        (got.azimuth, 1 / grid.line_interval_s, radar.doppler_bandwidth_hz),
        (got.range, grid.range_sampling_hz, radar.range_bandwidth_hz),
    ):
        assert cut.width / rate == pytest.approx(expected_response(Window(band, coefficient)).width, rel=0.003)
        assert cut.pslr_db == pytest.approx(pslr_db, abs=0.15)


@pytest.mark.parametrize("where", ["near", "middle", "far"])
def test_place_phase_and_amplitude_are_the_true_ones(where: str) -> None:
    point, radar = sp.Point(TIME_S, RANGES_M[where]), sp.radar(0.75, 0.75)
    image, grid = focused(point, radar)
    got = measured(image, grid, radar, point)
    assert (got.azimuth.position, got.range.position) == pytest.approx(sp.pixel(grid, point), abs=0.002)
    relative = got.peak / point.turn() / (point.amplitude() * np.sqrt(point.slant_range_m / REFERENCE_RANGE_M))
    assert abs(np.angle(relative, deg=True)) < 0.1
    assert abs(relative) == pytest.approx(1, abs=0.002)


@pytest.mark.parametrize("where", ["near", "middle", "far"])
def test_equals_backprojection(where: str) -> None:
    point, radar = sp.Point(TIME_S, RANGES_M[where]), sp.radar(0.75, 0.75)
    raw_grid, raw = scene(point)
    history = sp.history(point.time_s)
    grid = valid_grid(raw_grid, radar, history, 0.0)
    image = focus(raw, raw_grid, radar, history, doppler_centroid_hz=0.0, output=grid)
    line, sample = (round(at) - 2 for at in sp.pixel(grid, point))
    chip = grid._replace(
        first_time_s=grid.first_time_s + line * grid.line_interval_s,
        first_delay_s=grid.first_delay_s + sample / grid.range_sampling_hz,
        lines=5,
        samples=5,
    )
    oracle = sp.backproject(raw, raw_grid, radar, chip) * np.sqrt(point.slant_range_m / REFERENCE_RANGE_M)
    part = image[line : line + 5, sample : sample + 5]
    # The same estimate of the peak in both: what it lacks in exactness cancels.
    assert parabola(part) == pytest.approx(parabola(oracle), abs=0.001)
    assert abs(np.angle(np.vdot(oracle, part), deg=True)) < 0.2
    assert np.abs(part - oracle).max() < 0.01 * np.abs(oracle).max()


def parabola(chip: NDArray[Any]) -> tuple[float, ...]:
    power = np.abs(chip) ** 2
    middle = np.unravel_index(int(np.argmax(power)), power.shape)
    place = []
    for axis, at in enumerate(middle):
        cut = np.take(power, middle[1 - axis], axis=1 - axis)
        before, top, after = cut[at - 1 : at + 2]
        place.append(float(at + 0.5 * (before - after) / (before - 2 * top + after)))
    return tuple(place)


def test_points_far_from_the_middle_of_a_wide_block() -> None:
    # 18 km of slant range about one reference range.
    near, far = sp.Point(TIME_S, sp.NEAR_M + 15_000), sp.Point(TIME_S, sp.NEAR_M + 33_000)
    radar, history = sp.radar(), sp.history(TIME_S)
    grid = sp.grid_around(near, LINES, 60, 8200)
    raw = sp.echoes(grid, near, far)
    output = valid_grid(grid, radar, history, 0.0)
    image = focus(raw, grid, radar, history, doppler_centroid_hz=0.0, output=output)
    for point in (near, far):
        got = measured(image, output, radar, point)
        assert (got.azimuth.position, got.range.position) == pytest.approx(sp.pixel(output, point), abs=0.02)
        assert abs(np.angle(got.peak / point.turn(), deg=True)) < 0.5
        assert got.azimuth.pslr_db == pytest.approx(-13.26, abs=0.05)
        assert got.range.pslr_db == pytest.approx(-13.26, abs=0.05)


@pytest.mark.parametrize("squint_rad", [-2e-3, 1e-3])
def test_squinted_beam(squint_rad: float) -> None:
    # So slow a steering that the beam stands still.
    steering = Steering(1e-9, TIME_S - squint_rad / 1e-9)
    centroid_hz = 2 * sp.SPEED_M_S * np.sin(squint_rad) / sp.ACQUISITION.wavelength_m
    point, radar, history = sp.Point(TIME_S, RANGES_M["middle"]), sp.radar(0.75, 0.75), sp.history(TIME_S)
    grid = sp.grid_around(point, LINES, 60.3, 120)
    later_s = -centroid_hz * LIGHT_SPEED_M_S * point.slant_range_m / (2 * radar.carrier_hz * 7200**2)
    grid = grid._replace(first_pulse_time_s=grid.first_pulse_time_s + later_s)
    raw = simulate_points(grid, sp.ACQUISITION._replace(steering=steering), [point.target()])
    output = valid_grid(grid, radar, history, centroid_hz)
    image = focus(raw, grid, radar, history, doppler_centroid_hz=centroid_hz, output=output)
    got = measured(image, output, radar, point, centroid_hz)
    assert (got.azimuth.position, got.range.position) == pytest.approx(sp.pixel(output, point), abs=0.005)
    assert abs(np.angle(got.peak / point.turn(), deg=True)) < 0.5
    assert got.azimuth.pslr_db == pytest.approx(-21.2, abs=0.15)


def test_noise_comes_out_as_predicted_and_every_run_is_the_same() -> None:
    point, radar = sp.Point(TIME_S, RANGES_M["middle"]), sp.radar(0.75, 0.7)
    grid = sp.grid_around(point, LINES, 60, 400)
    rng = np.random.default_rng(11)
    raw = rng.standard_normal((LINES, 2 * grid.samples), np.float32).view(np.complex64)
    history = sp.history(TIME_S)
    output = valid_grid(grid, radar, history, 0.0)
    image = focus(raw, grid, radar, history, doppler_centroid_hz=0.0, output=output)
    # About 1e5 independent pixels: 0.3 % of statistics.
    expected = 2 * noise_gain(grid, radar, history, output.slant_ranges_m()).mean()
    assert np.mean(np.abs(image) ** 2) == pytest.approx(expected, rel=0.015)
    # Nothing that was in the workspace before comes through.
    dirty = np.full(workspace_shape(grid), np.nan, np.complex64)
    again = focus(raw, grid, radar, history, doppler_centroid_hz=0.0, output=output, workspace=dirty)
    assert again.tobytes() == image.tobytes()


def test_aperture_and_coverage() -> None:
    point, radar, history = sp.Point(TIME_S, RANGES_M["far"]), sp.radar(), sp.history(TIME_S)
    grid = sp.grid_around(point, LINES, 60, 120)
    valid = valid_grid(grid, radar, history, 0.0)
    # From the orbit: times at which the target's range changes by half a wavelength times half the band per second.
    times = TIME_S + np.linspace(-0.5, 0.5, 100_001)
    ranges = np.linalg.norm(states(sp.ORBIT, times[::50])[0] - np.array(point.target().position_m), axis=1)
    doppler = -2 / sp.ACQUISITION.wavelength_m * np.gradient(ranges, times[::50])
    seen = np.ptp(times[::50][np.abs(doppler) <= 0.5 * radar.doppler_bandwidth_hz])
    assert aperture_s(radar, history, point.slant_range_m, 0.0) == pytest.approx(seen, abs=0.0015)
    assert valid.lines == pytest.approx(LINES - seen / grid.pri_s, abs=4)
    assert 0 <= 121 - valid.samples <= 2
    assert valid_grid(grid._replace(lines=500), radar, history, 0.0).lines == 0
    raw = np.zeros((LINES, grid.samples), np.complex64)
    for wrong in (
        valid._replace(lines=valid.lines + 1),
        valid._replace(first_time_s=valid.first_time_s - grid.pri_s),
        valid._replace(first_delay_s=valid.first_delay_s - 1 / grid.range_sampling_hz),
        valid._replace(samples=valid.samples + 1),
        valid._replace(first_time_s=np.nan),
    ):
        with pytest.raises(ValueError, match="were asked for"):
            focus(raw, grid, radar, history, doppler_centroid_hz=0.0, output=wrong)
    assert not focus(raw, grid, radar, history, doppler_centroid_hz=0.0, output=valid).any()


def test_what_does_not_fit_is_refused() -> None:
    point, radar, history = sp.Point(TIME_S, RANGES_M["far"]), sp.radar(), sp.history(TIME_S)
    grid = sp.grid_around(point, 1500, 20, 40)
    output = valid_grid(grid, radar, history, 0.0)
    raw = np.zeros((1500, grid.samples), np.complex64)

    with pytest.raises(ValueError, match="workspace"):
        focus(raw, grid, radar, history, doppler_centroid_hz=0.0, output=output, workspace=raw[1:])

    def refused(message: str, *, told: Radar = radar, asked: ImageGrid = output, given: Any = raw) -> None:
        with pytest.raises(ValueError, match=message):
            focus(given, grid, told, history, doppler_centroid_hz=0.0, output=asked)

    refused("do not fit", given=raw[:-1])
    refused("do not fit", given=raw.astype(np.complex128))
    refused("line interval", asked=output._replace(line_interval_s=1.001 * grid.pri_s))
    refused("range sampling", asked=output._replace(range_sampling_hz=6e7))
    refused("0 x", asked=output._replace(lines=0))
    refused("range band", told=radar._replace(range_bandwidth_hz=7e7))
    refused("Doppler band", told=radar._replace(doppler_bandwidth_hz=2000.0))
    refused("a pulse", told=radar._replace(pulse=np.ones(grid.samples + 1, np.complex64)))
    refused("does not fill", told=radar._replace(pulse=np.ones(radar.pulse.size, np.complex64)))
    refused("does not span", told=radar._replace(pattern_frequency_hz=0.5 * radar.pattern_frequency_hz))
    refused("increase", told=radar._replace(pattern_frequency_hz=-radar.pattern_frequency_hz))
    for bad in (0 * radar.pattern_amplitude, np.inf * radar.pattern_amplitude, np.nan * radar.pattern_amplitude):
        refused("not positive", told=radar._replace(pattern_amplitude=bad))
    refused("as many", told=radar._replace(pattern_frequency_hz=np.zeros(0)))
    for window in (np.nan, 0.0, 0.49, 1.01, 7.0):
        refused("range window", told=radar._replace(range_window=window))
        refused("azimuth window", told=radar._replace(azimuth_window=window))
    for band in (np.nan, np.inf, 0.0):
        refused("range band", told=radar._replace(range_bandwidth_hz=band))
        refused("Doppler band", told=radar._replace(doppler_bandwidth_hz=band))
    whole = np.zeros(workspace_shape(grid), np.complex64)
    part = whole[: grid.lines, : grid.samples]
    with pytest.raises(ValueError, match="shares memory"):
        focus(part, grid, radar, history, doppler_centroid_hz=0.0, output=output, workspace=whole)
