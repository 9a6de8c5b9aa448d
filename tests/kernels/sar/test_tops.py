"""Bursts: targets anywhere in them, in two of them, in two swaths; seams within; noise; what is refused."""

import functools

import numpy as np
import pytest
from iw_points import (
    DOPPLER_BAND_HZ,
    LINE_INTERVAL_S,
    RANGE_BAND_HZ,
    WAVELENGTH_M,
    Simulated,
    expected_peak,
    narrow,
    range_at,
    simulate,
)
from numpy.typing import NDArray

from refsys.chains.sentinel1.simulation.instrument import IW1
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT, states
from refsys.chains.sentinel1.simulation.tops import iw_bursts
from refsys.kernels.sar.impulse_response import ImpulseResponse, expected_response, measure_impulse_response
from refsys.kernels.sar.tops import focus_burst
from refsys.kernels.sar.tops_burst import Pattern
from refsys.kernels.sar.tops_geometry import BurstRates, burst_rates, deramp_phase
from refsys.kernels.sar.tops_noise import burst_noise_gain
from refsys.kernels.sar.velocity import range_history
from refsys.kernels.sar.windows import Window

SWATHS = ("IW1", "IW2", "IW3")
EDGES = ("first line", "middle", "last line")
DENSER = 3.0


@functools.cache
def edge_places(swath: str) -> tuple[tuple[float, float], ...]:
    """Targets on the first and last line seen whole and between, at the near and far ends of the range window."""
    empty = simulate(iw_bursts(1, codes=(narrow(swath),))[0], [])
    codes, times = empty.burst.acquisition.codes, empty.whole(400).times_s()
    middle = float(times[times.size // 2]) + 0.3 * LINE_INTERVAL_S
    samples = (66.3, 210.0, 320.6)
    return tuple(zip((float(times[0]), middle, float(times[-1])), (range_at(codes, at) for at in samples), strict=True))


@functools.cache
def edges(swath: str, window: float) -> Simulated:
    return simulate(iw_bursts(1, codes=(narrow(swath),))[0], list(edge_places(swath)), window)


def rates_of(simulated: Simulated, ranges: NDArray[np.float64]) -> BurstRates:
    sweep = simulated.sweep
    history = range_history(
        sweep.orbit, sweep.steering.mid_time_s, (float(ranges.min()) - 100, float(ranges.max()) + 100)
    )
    return burst_rates(sweep.steering, sweep.orbit, history, ranges, simulated.radar.carrier_hz)


def measure(simulated: Simulated, place: tuple[float, float], monkeypatch: pytest.MonkeyPatch) -> ImpulseResponse:
    """Response on lines three times as dense, since the band moves along it; position relative to where it belongs."""
    # The response of a target on the last valid line reaches beyond it.
    monkeypatch.setattr("refsys.kernels.sar.tops._valid_lines", lambda burst: (0, burst.output.lines))
    grid = simulated.around(*place, denser=DENSER)
    swath = simulated.burst.acquisition.codes.swath
    nulls = 1 / grid.line_interval_s / DOPPLER_BAND_HZ[swath], grid.range_sampling_hz / RANGE_BAND_HZ[swath]
    rates = rates_of(simulated, np.array([place[1]]))
    turns = float(rates.image_hz_s[0]) * (place[0] - simulated.sweep.steering.mid_time_s) * grid.line_interval_s
    middle = grid.lines // 2, 64
    found = measure_impulse_response(simulated.focus(grid), middle, nulls, turns_per_line=turns, chip=112)
    azimuth = found.azimuth._replace(
        position=(found.azimuth.position - grid.lines // 2) / DENSER,
        width=found.azimuth.width * grid.line_interval_s,
    )
    across = found.range._replace(position=found.range.position - 64, width=found.range.width / grid.range_sampling_hz)
    return ImpulseResponse(azimuth, across, found.peak)


def decibels(ratio: complex) -> float:
    return float(20 * np.log10(abs(ratio)))


@pytest.mark.parametrize("edge", range(3), ids=EDGES)
@pytest.mark.parametrize("swath", SWATHS)
def test_targets_anywhere_in_a_burst_focus_as_theory_says(
    swath: str, edge: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = edge_places(swath)[edge]
    simulated = edges(swath, 1.0)
    found = measure(simulated, place, monkeypatch)
    for cut, band_hz in ((found.azimuth, DOPPLER_BAND_HZ[swath]), (found.range, RANGE_BAND_HZ[swath])):
        assert cut.width == pytest.approx(0.8859 / band_hz, rel=0.01)
        assert cut.pslr_db == pytest.approx(-13.26, abs=0.3)
        assert cut.islr_db == pytest.approx(-10.16, abs=0.5)
        assert abs(cut.position) < 0.05
    ratio = simulated.focus(simulated.around(*place, lines=2))[1, 64] / expected_peak(simulated.burst, *place)
    assert abs(np.angle(ratio, deg=True)) < 1.0
    assert abs(decibels(ratio)) < 0.05


@pytest.mark.parametrize("coefficient", [0.75, 0.70, 0.60])
def test_windows_give_the_response_of_theory(coefficient: float, monkeypatch: pytest.MonkeyPatch) -> None:
    found = measure(edges("IW1", coefficient), edge_places("IW1")[1], monkeypatch)
    for cut, band_hz in ((found.azimuth, DOPPLER_BAND_HZ["IW1"]), (found.range, RANGE_BAND_HZ["IW1"])):
        theory = expected_response(Window(band_hz, coefficient))
        assert cut.width == pytest.approx(theory.width, rel=0.02)
        assert cut.pslr_db == pytest.approx(theory.pslr_db, abs=0.5)


@pytest.mark.parametrize("swath", SWATHS)
def test_overlapping_bursts_agree(swath: str) -> None:
    early, late = iw_bursts(2, codes=(narrow(swath),))
    ends = simulate(early, []).whole(400).times_s()[-1], simulate(late, []).whole(400).times_s()[0]
    assert ends[0] - ends[1] > 10 * LINE_INTERVAL_S
    codes = early.acquisition.codes
    places = [
        (float(ends[1] + part * (ends[0] - ends[1])), range_at(codes, at)) for part, at in ((0, 80.0), (0.5, 300.0))
    ]
    pair = [simulate(burst, places) for burst in (early, late)]
    for place in places:
        first, second = (one.focus(one.around(*place, lines=2))[1, 64] for one in pair)
        assert abs(np.angle(first / second, deg=True)) < 1.0
        assert abs(decibels(first / second)) < 0.05


@pytest.mark.parametrize(("near", "far"), [("IW1", "IW2"), ("IW2", "IW3")])
def test_overlapping_swaths_agree(near: str, far: str) -> None:
    place_m = range_at(narrow(far), 100.0)
    later_s = 2 * (place_m - range_at(narrow(near), 0)) / 299_792_458.0 - 3e-6
    bursts = iw_bursts(1, codes=(narrow(near, later_s), narrow(far)))
    times = [simulate(burst, []).whole(200).times_s() for burst in bursts]
    place = (float(0.5 * (max(times[0][0], times[1][0]) + min(times[0][-1], times[1][-1]))), place_m)
    values = []
    for burst in bursts:
        one = simulate(burst, [place])
        grid = one.around(*place, lines=2)
        samples = 40
        delay = grid.first_delay_s + (64 - samples) / grid.range_sampling_hz
        image = one.focus(grid._replace(first_delay_s=delay, samples=2 * samples))
        values.append(image[1, samples] / abs(expected_peak(burst, *place)))
    assert abs(np.angle(values[0] / values[1], deg=True)) < 1.0
    assert abs(decibels(values[0] / values[1])) < 0.05


def test_pattern_of_elements_is_taken_out() -> None:
    burst = iw_bursts(1, codes=(narrow("IW1"),))[0]
    antenna = burst.acquisition.antenna._replace(element_m=0.9)
    burst = burst._replace(acquisition=burst.acquisition._replace(antenna=antenna))
    place = edge_places("IW1")[0]
    simulated = simulate(burst, [place])
    grid, expected = simulated.around(*place, lines=2), expected_peak(burst, *place)
    assert decibels(simulated.focus(grid)[1, 64] / expected) < -0.5
    doppler = np.linspace(-5000.0, 5000.0, 401)
    speed = float(np.linalg.norm(states(SIMULATED_ORBIT, [0.0])[1]))
    squint = np.arcsin(0.5 * WAVELENGTH_M * doppler / speed)
    element = Pattern(doppler, np.sinc(0.9 * np.sin(squint) / WAVELENGTH_M) ** 2)
    equalised = simulated._replace(sweep=simulated.sweep._replace(element=element))
    assert abs(decibels(equalised.focus(grid)[1, 64] / expected)) < 0.06


def test_seams_do_not_show() -> None:
    """Where the filter changes, along lines and along columns, the response stays what it is without a seam."""
    simulated = edges("IW1", 1.0)
    place = edge_places("IW1")[2][0] - 0.35, edge_places("IW1")[2][1]
    simulated = simulate(simulated.burst, [place])
    whole = simulated.whole(360)
    line = round((place[0] - whole.first_time_s) / LINE_INTERVAL_S)
    image = {}
    for before in (64, 32):
        first = whole.first_time_s + (line - before) * LINE_INTERVAL_S
        image[before] = simulated.focus(whole._replace(first_time_s=first, lines=2 * before))[before - 20 : before + 20]
    peak = np.abs(image[64]).max()
    assert np.abs(image[64] - image[32]).max() < 6e-3 * peak
    strong = np.abs(image[64]) > 0.1 * peak
    assert np.degrees(np.abs(np.angle(image[64][strong] / image[32][strong]))).max() < 2
    assert np.abs(decibels_of(image[64][strong]) - decibels_of(image[32][strong])).max() < 0.1


def decibels_of(values: NDArray[np.complex64]) -> NDArray[np.complex64]:
    return np.asarray(20 * np.log10(np.abs(values)))


def test_columns_join(monkeypatch: pytest.MonkeyPatch) -> None:
    simulated, place = edges("IW1", 1.0), edge_places("IW1")[1]
    grid = simulated.around(*place, lines=16, denser=1.0)
    image = simulated.focus(grid)
    monkeypatch.setattr("refsys.kernels.sar.tops._COLUMNS", 63)
    np.testing.assert_allclose(simulated.focus(grid), image, atol=2e-3 * np.abs(image).max())


@pytest.mark.parametrize("swath", ["IW2", "IW3"])
def test_images_of_all_swaths_may_have_one_sampling(swath: str) -> None:
    simulated = edges(swath, 1.0)
    place = edge_places(swath)[1]
    own = simulated.around(*place, lines=8)
    common_hz = IW1.range_sampling_hz
    at_s = own.first_delay_s + 64 / own.range_sampling_hz
    finer = own._replace(range_sampling_hz=common_hz, first_delay_s=at_s - 50 / common_hz, samples=100)
    image = simulated.focus(finer)
    assert int(np.argmax(np.abs(image))) == 4 * 100 + 50
    np.testing.assert_allclose(image[:, 50], simulated.focus(own)[:, 64], rtol=1e-3, atol=1e-4)


def test_deramped_image_has_no_doppler() -> None:
    simulated = edges("IW1", 1.0)
    for place in edge_places("IW1"):
        grid = simulated.around(*place, lines=24, denser=2.0)._replace(samples=65)
        image = simulated.focus(grid)
        assert abs(phase_step_hz(image, grid.line_interval_s)) > 100 or place == edge_places("IW1")[1]
        rates = rates_of(simulated, grid.slant_ranges_m())
        still = image * np.exp(1j * deramp_phase(grid, simulated.sweep.steering, rates))
        assert abs(phase_step_hz(still, grid.line_interval_s)) < 10


def phase_step_hz(image: NDArray[np.complex64], interval_s: float) -> float:
    return float(np.angle(np.sum(image[1:] * np.conj(image[:-1]))) / (2 * np.pi * interval_s))


@pytest.mark.parametrize("coefficient", [1.0, 0.70])
def test_noise_has_the_predicted_power(coefficient: float) -> None:
    simulated = simulate(iw_bursts(1, codes=(narrow("IW1", samples=600),))[0], [], coefficient)
    rng = np.random.default_rng(3)
    noise = np.asarray(rng.standard_normal((*simulated.raw.shape, 2)) @ np.array([1, 1j]), np.complex64)
    grid = simulated.whole(480)
    image = focus_burst(noise, simulated.burst.grid, simulated.radar, simulated.sweep, grid)
    predicted = 2 * burst_noise_gain(simulated.burst.grid, simulated.radar, simulated.sweep, grid)
    # 1.4e5 looks or so: 0.3 % of one standard deviation.
    assert np.mean(np.abs(image) ** 2 / predicted) == pytest.approx(1, abs=0.012)


def test_what_cannot_be_focused_is_refused() -> None:
    simulated = edges("IW1", 1.0)
    grid, radar, sweep, raw = simulated.burst.grid, simulated.radar, simulated.sweep, simulated.raw
    output = simulated.whole(64)
    with pytest.raises(ValueError, match="do not fit a grid"):
        focus_burst(raw[1:], grid, radar, sweep, output)
    with pytest.raises(ValueError, match="an image sampled at"):
        simulated.focus(output._replace(range_sampling_hz=6e7))
    with pytest.raises(ValueError, match="were asked for"):
        simulated.focus(output._replace(samples=5000))
    with pytest.raises(ValueError, match="processed Doppler band"):
        focus_burst(raw, grid, radar._replace(doppler_bandwidth_hz=0.0), sweep, output)
    with pytest.raises(ValueError, match="more than the PRF"):
        focus_burst(raw, grid, radar._replace(doppler_bandwidth_hz=500.0), sweep, output)
    short = radar.pattern_frequency_hz[100:-100], radar.pattern_amplitude[100:-100]
    narrower = radar._replace(pattern_frequency_hz=short[0], pattern_amplitude=short[1])
    with pytest.raises(ValueError, match="does not span"):
        focus_burst(raw, grid, narrower, sweep, output)
    with pytest.raises(ValueError, match="shorter than"):
        focus_burst(raw[:200], grid._replace(lines=200), radar, sweep, output)
    still = sweep._replace(steering=sweep.steering._replace(rate_rad_s=0.0))
    with pytest.raises(ValueError, match="not that of a burst"):
        focus_burst(raw, grid, radar, still, output)


def test_impossible_processing_and_patterns_are_refused() -> None:
    simulated = edges("IW1", 1.0)
    grid, radar, sweep, raw = simulated.burst.grid, simulated.radar, simulated.sweep, simulated.raw
    output = simulated.whole(64)
    frequency, amplitude = radar.pattern_frequency_hz, radar.pattern_amplitude
    for message, told in (
        ("range window", radar._replace(range_window=np.nan)),
        ("azimuth window", radar._replace(azimuth_window=0.0)),
        ("range band", radar._replace(range_bandwidth_hz=np.inf)),
        ("a pulse", radar._replace(pulse=radar.pulse[:1])),
        ("as many", radar._replace(pattern_amplitude=amplitude[1:])),
        ("those increase", radar._replace(pattern_frequency_hz=np.zeros(frequency.size))),
        ("not positive", radar._replace(pattern_amplitude=np.nan * amplitude)),
    ):
        with pytest.raises(ValueError, match=message):
            focus_burst(raw, grid, told, sweep, output)
    for interval in (0.0, -LINE_INTERVAL_S, np.nan, np.inf):
        with pytest.raises(ValueError, match="a line interval"):
            focus_burst(raw, grid, radar, sweep, output._replace(line_interval_s=interval))
    ends = np.array([-1e4, 1e4])
    for message, element in (
        ("an element pattern has", Pattern(ends, np.ones(3))),
        ("an element pattern that is not positive", Pattern(ends, np.array([1.0, 0.0]))),
        ("an element pattern from", Pattern(0.01 * ends, np.ones(2))),
    ):
        with pytest.raises(ValueError, match=message):
            focus_burst(raw, grid, radar, sweep._replace(element=element), output)
