"""Focusing of blocks from facts and raw lines: places, phases, levels, and no seams."""

import numpy as np
import pytest
import zarr
from s1_facts import STRIP, facts_of, segment_facts, write_raw

from refsys.chains.blocks import BlockPlace
from refsys.chains.sentinel1.l1_slc_facts import RAW, Facts
from refsys.chains.sentinel1.l1_slc_focus import FocusedBlock, focus_block
from refsys.chains.sentinel1.l1_slc_grids import radar_of, strip_grid
from refsys.chains.sentinel1.l1_slc_radiometry import PIXEL_SCALE
from refsys.chains.sentinel1.simulation.geometry import view
from refsys.chains.sentinel1.simulation.instrument import CARRIER_HZ, S3, shortened, stripmap
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT
from refsys.chains.sentinel1.simulation.scene import point_target
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S
from refsys.kernels.sar.impulse_response import ImpulseResponse, measure_impulse_response

GROUND_SPEED_M_S = 6790.0
LINES, SAMPLES, RCS_M2, GAIN = 2000, 3600, 900.0, 0.5


@pytest.fixture(scope="module")
def strip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Facts, zarr.Group, float, float]:
    """A target in the middle of the image."""
    acquisition = stripmap(shortened(S3, SAMPLES, 100e-6), gain=GAIN)
    grid = acquisition.raw_grid(0.0, LINES)
    segment = segment_facts("s3-vv", acquisition, [grid], STRIP)
    facts = facts_of(segment, "S3")
    image = strip_grid(facts, segment, radar_of(facts, segment))
    time_s = float(image.times_s()[image.lines // 2]) + 1e-4
    slant_range_m = float(image.slant_ranges_m()[image.samples // 2]) + 0.7
    target = point_target(SIMULATED_ORBIT, time_s, slant_range_m, RCS_M2)
    group = write_raw(tmp_path_factory.mktemp("raw") / "raw.zarr", facts, [acquisition], [target])
    return facts, group, time_s, slant_range_m


def whole(strip: tuple[Facts, zarr.Group, float, float], number: int = 1, of: int = 1) -> FocusedBlock:
    facts, group = strip[:2]
    raw = group["s3-vv"]
    assert isinstance(raw, zarr.Group)
    return focus_block(facts, facts.segments[0], BlockPlace("s3-vv", number, of), raw)


def measured(block: FocusedBlock, time_s: float, slant_range_m: float) -> tuple[ImpulseResponse, float, float]:
    """The response, and where it must be."""
    grid = block.grid
    line = (time_s - grid.first_time_s) / grid.line_interval_s
    sample = (2 * slant_range_m / LIGHT_SPEED_M_S - grid.first_delay_s) * grid.range_sampling_hz
    nulls = 1 / grid.line_interval_s / STRIP.azimuth_bandwidth_hz, grid.range_sampling_hz / STRIP.range_bandwidth_hz
    return measure_impulse_response(block.pixels, (round(line), round(sample)), nulls), line, sample


def test_a_point_is_where_it_is_with_its_phase_and_its_level(strip: tuple[Facts, zarr.Group, float, float]) -> None:
    _, _, time_s, slant_range_m = strip
    block = whole(strip)
    found, line, sample = measured(block, time_s, slant_range_m)
    assert abs(found.azimuth.position - line) < 0.05
    assert abs(found.range.position - sample) < 0.05
    turns = np.angle(found.peak * np.exp(4j * np.pi * slant_range_m * CARRIER_HZ / LIGHT_SPEED_M_S))
    assert abs(np.degrees(turns)) < 2
    seen = view(SIMULATED_ORBIT, point_target(SIMULATED_ORBIT, time_s, slant_range_m).position_m, time_s)
    assert abs(seen.slant_range_m - slant_range_m) < 1e-3
    area = 0.5 * LIGHT_SPEED_M_S / STRIP.range_bandwidth_hz * GROUND_SPEED_M_S / STRIP.azimuth_bandwidth_hz
    level = 20 * np.log10(abs(found.peak) / (PIXEL_SCALE * np.sqrt(RCS_M2 / area)))
    assert abs(level) < 0.1


def test_the_response_is_that_of_its_windows(strip: tuple[Facts, zarr.Group, float, float]) -> None:
    found, _, _ = measured(whole(strip), *strip[2:])
    for cut in (found.azimuth, found.range):
        assert abs(cut.pslr_db + 13.26) < 0.3
        assert abs(cut.islr_db + 10.16) < 0.5


def test_blocks_are_the_whole_without_seams(strip: tuple[Facts, zarr.Group, float, float]) -> None:
    one = whole(strip)
    parts = [whole(strip, number, 3) for number in (1, 2, 3)]
    assert sum(part.grid.lines for part in parts) == one.grid.lines
    assert [part.first_line for part in parts] == [0, *np.cumsum([part.grid.lines for part in parts])[:-1].tolist()]
    joined = np.concatenate([part.pixels for part in parts])
    largest = np.abs(one.pixels).max()
    # Each block has the range history of its own middle time, so they differ a little, and not at the seams alone.
    assert np.abs(joined - one.pixels).max() < 2e-3 * largest


def test_noise_of_known_power_has_the_power_that_is_said(strip: tuple[Facts, zarr.Group, float, float]) -> None:
    facts, _, _, _ = strip
    segment = facts.segments[0]
    rng = np.random.default_rng(1)
    shape = (segment.runs[0].grid.lines, segment.runs[0].grid.samples)
    lines = (rng.standard_normal((*shape, 2), dtype=np.float32) / np.sqrt(np.float32(2))).view(np.complex64)[..., 0]
    group = zarr.create_group({})
    group.create_array(RAW, data=lines)
    block = focus_block(facts, segment, BlockPlace("s3-vv", 1, 1), group)
    said = np.interp(np.arange(block.grid.samples), block.view.sample, block.noise_power)
    assert abs(np.mean(np.abs(block.pixels) ** 2 / said) - 1) < 0.01
