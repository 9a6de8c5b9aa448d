"""Antenna patterns of a real AUX_CAL as the focuser of bursts gets them."""

from pathlib import Path

import numpy as np
import pytest
from iw_points import narrow
from s1_facts import IW1, facts_of, segment_facts

from refsys.chains.sentinel1.l1_slc_auxiliary import swath_patterns
from refsys.chains.sentinel1.l1_slc_facts import Facts, SegmentFacts
from refsys.chains.sentinel1.l1_slc_grids import burst_grids, radar_of, sweep_of
from refsys.chains.sentinel1.l1_slc_radiometry import element_noise, view_line
from refsys.chains.sentinel1.safe.aux_readers import read_aux_cal
from refsys.chains.sentinel1.simulation.instrument import CARRIER_HZ
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT, states
from refsys.chains.sentinel1.simulation.tops import iw_bursts
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S


def burst_facts() -> tuple[Facts, SegmentFacts]:
    burst = iw_bursts(1, codes=(narrow("IW1"),))[0]
    segment = segment_facts("iw1-vv", burst.acquisition, [burst.grid], IW1)
    return facts_of(segment, "IW"), segment


def test_elements_of_a_real_antenna_bound_steered_beams(shared_data: Path) -> None:
    """What is taken out over a burst: the fall of gain that the mission's files give for the ends of IW1."""
    [path] = shared_data.glob("aux_s1/safe/*AUX_CAL*/data/*.xml")
    record = read_aux_cal(path).record("IW1", "VV")
    facts, plain = burst_facts()
    patterns = swath_patterns(record)
    segment = plain.model_copy(update={"element_pattern": patterns["element_pattern"]})
    run = segment.runs[0]
    speed = np.linalg.norm(states(SIMULATED_ORBIT, [run.grid.first_pulse_time_s])[1])
    doppler = 2 * speed * CARRIER_HZ / LIGHT_SPEED_M_S * np.sin(np.radians([-0.65, 0.0, 0.65]))
    power_db = 20 * np.log10(sweep_of(facts, segment, run).element.at(doppler))
    assert power_db == pytest.approx([-0.9, 0.0, -0.9], abs=0.1)
    [grid] = burst_grids(facts, segment, radar_of(facts, segment))
    view = view_line(facts, grid, float(grid.times_s()[grid.lines // 2]))
    noise_db = 10 * np.log10(element_noise(facts, segment, run, view, grid.times_s()))
    assert noise_db.min() == pytest.approx(0.0, abs=0.01)
    # The outermost lines that are seen whole lie half a passage through the band (0.12 degrees) within the sweep.
    assert noise_db[[0, -1]] == pytest.approx([0.61, 0.61], abs=0.06)
    assert np.all(element_noise(facts, plain, run, view, grid.times_s()) == 1)


def test_beams_that_do_not_steer_have_no_element_pattern(shared_data: Path) -> None:
    [path] = shared_data.glob("aux_s1/safe/*AUX_CAL*/data/*.xml")
    assert swath_patterns(read_aux_cal(path).record("S3", "VV"))["element_pattern"].angle_rad == ()
