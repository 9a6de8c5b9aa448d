"""IW through packets and products: points at the edges of bursts and swaths, in every image that has them."""

from typing import NamedTuple

import numpy as np
import pytest
from s1_truth import Made, complex_place, detected_place, make_complex, make_detected, make_source

from refsys.chains.sentinel1.safe.reading import ProductImage, open_pixels
from refsys.chains.sentinel1.simulation.acquisition import DataTake
from refsys.chains.sentinel1.simulation.echoes import Noise
from refsys.chains.sentinel1.simulation.instrument import CARRIER_HZ, IW1, IW2, IW3, SwathCodes, shortened
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT
from refsys.chains.sentinel1.simulation.scene import Scene, point_target
from refsys.chains.sentinel1.simulation.tops import iw_bursts
from refsys.chains.sentinel1.target_quality import windows_of
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S
from refsys.kernels.sar.impulse_response import ImpulseResponse, expected_response, measure_impulse_response

pytestmark = pytest.mark.slow
LINE_S = 1 / 486.486_486_313_56
CHIP, GAIN, RCS_M2, FIRST_S = 48, 0.1, 4e4, 0.3
HALF = CHIP // 2
PAIRS = {"near": (IW1, IW2, True), "far": (IW2, IW3, False)}


class Seen(NamedTuple):
    """A target in a burst of a swath: the response, its place less where it must be, its phase less that of the way."""

    image: ProductImage
    response: ImpulseResponse
    away: tuple[float, float]
    phase_deg: float


class Overlap(NamedTuple):
    """Products of two swaths, and their targets: zero-Doppler time and slant range."""

    made: Made
    detected: ProductImage
    targets: tuple[tuple[float, float], ...]
    rectangular: bool


@pytest.fixture(scope="module", params=["near", "far"])
def overlap(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Overlap:
    """Two bursts of each of two swaths, with windows that end and begin where the swaths meet."""
    inner, outer, rectangular = PAIRS[request.param]
    codes = (tail(inner, 4200), shortened(outer, 4200))
    bursts = iw_bursts(2, codes=codes, first_s=FIRST_S, gain=GAIN)
    near_s, far_s = codes[1].first_delay_s, end_s(codes[0])
    slant_range_m = 0.25 * LIGHT_SPEED_M_S * (near_s + far_s) + 0.9
    second = int(bursts[0].grid.first_pulse_time_s)  # that lines are counted from
    targets: list[tuple[float, float]] = []
    for swath in (inner.swath, outer.swath):
        middles = [b.acquisition.steering.mid_time_s for b in bursts if b.acquisition.codes.swath == swath]
        # On a line of the image, where the steep slope of a burst's phase does not matter.
        line = round((float(np.mean(middles)) - second) / LINE_S)
        targets.append((second + line * LINE_S, slant_range_m + 300 * len(targets)))
    scene = Scene(tuple(point_target(SIMULATED_ORBIT, time_s, ranges, RCS_M2) for time_s, ranges in targets))
    work = tmp_path_factory.mktemp(request.param)
    source = make_source(work, bursts, scene, DataTake(noise=Noise(4.0, 3)))
    made = make_complex(source, work, rectangular=rectangular)
    (detected,) = make_detected(source, made, work).images
    return Overlap(made, detected, tuple(targets), rectangular)


def end_s(codes: SwathCodes) -> float:
    """Delay of the last target whose echo is whole."""
    return codes.first_delay_s + codes.samples / codes.range_sampling_hz - codes.pulse().length_s


def tail(codes: SwathCodes, samples: int) -> SwathCodes:
    """Return the end of a swath's window."""
    return shortened(codes, samples, (codes.samples - samples - 60) / codes.range_sampling_hz)


def seen(overlap: Overlap, time_s: float, slant_range_m: float) -> list[Seen]:
    """Measure a target in all bursts that have it, with room around it."""
    found = []
    for image in overlap.made.images:
        said = image.read_annotation()
        with open_pixels(image.measurement) as pixels:
            for number, burst in enumerate(said.bursts):
                place = complex_place(image, time_s, slant_range_m, number)
                row, sample = round(place.line), round(place.sample)
                lines = np.arange(row - HALF, row + HALF) - number * said.lines_per_burst
                if lines[0] < 0 or lines[-1] >= said.lines_per_burst or np.any(burst.first_valid[lines] < 0):
                    continue
                chip = pixels.read(row - HALF, CHIP, sample - HALF, CHIP)
                found.append(measured(image, chip, (place.line - row, place.sample - sample), slant_range_m))
    return found


def measured(image: ProductImage, chip: np.ndarray, part: tuple[float, float], slant_range_m: float) -> Seen:
    inner = chip[HALF - 8 : HALF + 8, HALF - 8 : HALF + 8]
    turns = float(np.angle(np.sum(np.conj(inner[:-1]) * inner[1:])) / (2 * np.pi))
    windows = windows_of(image.read_annotation())
    response = measure_impulse_response(chip, (HALF, HALF), windows.null_pixels, turns_per_line=turns, chip=CHIP)
    away = response.azimuth.position - HALF - part[0], response.range.position - HALF - part[1]
    # Back along the slope, whole turns a line left out, from the peak to the line of the target.
    phase = np.angle(response.peak) / (2 * np.pi) - turns * (response.azimuth.position - HALF)
    phase += 2 * slant_range_m / LIGHT_SPEED_M_S * CARRIER_HZ
    return Seen(image, response, away, float(360 * (phase - np.round(phase))))


def test_every_image_of_a_target_is_the_same(overlap: Overlap) -> None:
    for number, (time_s, slant_range_m) in enumerate(overlap.targets):
        found = seen(overlap, time_s, slant_range_m)
        swaths = [one.image.read_annotation().header.swath for one in found]
        edge = overlap.made.images[number].read_annotation().header.swath
        assert swaths.count(edge) == 2
        assert len(set(swaths)) == 2
        for one in found:
            assert max(np.abs(one.away)) < 0.05
            assert abs(one.phase_deg) < 2
            assert abs(level_db(one) - level_db(found[0])) < 0.1
        phases = [one.phase_deg for one in found]
        assert max(phases) - min(phases) < 2


def level_db(one: Seen) -> float:
    """Cross-section over the true one, by the product's own tables; whatever the bandwidths of the swath."""
    said, windows = one.image.read_annotation(), windows_of(one.image.read_annotation())
    beta = float(np.mean([vector.beta_nought.mean() for vector in one.image.read_calibration().vectors]))
    speed_m_s = said.image.azimuth_spacing_m / said.image.line_interval_s
    area_m2 = windows.azimuth.equivalent_width_s() * speed_m_s
    area_m2 *= windows.range.equivalent_width_s() * 0.5 * LIGHT_SPEED_M_S
    return float(10 * np.log10((abs(one.response.peak) / beta) ** 2 * area_m2 / RCS_M2))


def test_responses_at_the_edges_are_those_of_the_windows(overlap: Overlap) -> None:
    width, pslr_db, islr_db = (0.01, 0.3, 0.5) if overlap.rectangular else (0.02, 0.5, 0.5)
    for time_s, slant_range_m in overlap.targets:
        for one in seen(overlap, time_s, slant_range_m):
            windows = windows_of(one.image.read_annotation())
            for cut, window, null in zip(one.response[:2], windows[:2], windows.null_pixels, strict=True):
                theory = expected_response(window)
                assert abs(cut.width / (theory.width * window.bandwidth_hz * null) - 1) < width
                assert abs(cut.pslr_db - theory.pslr_db) < pslr_db
                assert abs(cut.islr_db - theory.islr_db) < islr_db


def test_in_the_merged_image_a_target_lies_once_where_it_must(overlap: Overlap) -> None:
    with open_pixels(overlap.detected.measurement) as pixels:
        power = pixels.read(0, pixels.lines).astype(float) ** 2
    rest = power.copy()
    for time_s, slant_range_m in overlap.targets:
        place = detected_place(overlap.detected, time_s, slant_range_m)
        line, sample = round(place.line) - 6, round(place.sample) - 6
        chip = power[line : line + 13, sample : sample + 13]
        centre = [float(np.sum(axis * chip) / chip.sum()) for axis in np.indices(chip.shape)]
        assert abs(centre[0] + line - place.line) < 0.2
        assert abs(centre[1] + sample - place.sample) < 0.2
        rest[line - 30 : line + 43, :] = 0
    # No second image of a target where bursts or swaths were joined badly.
    assert rest.max() < 1e-3 * power.max()
