"""Points in published StripMap images, near, middle and far, without windows and with those of AUX_PP1."""

from datetime import timedelta

import numpy as np
import pytest
from s1_truth import EPOCH, make_complex, make_source

from refsys.chains.sentinel1.simulation.acquisition import DataTake
from refsys.chains.sentinel1.simulation.echoes import Noise
from refsys.chains.sentinel1.simulation.instrument import S3, shortened, stripmap
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT
from refsys.chains.sentinel1.simulation.scene import Scene, point_target
from refsys.chains.sentinel1.simulation.showcase import SceneTruth, TrueTarget
from refsys.chains.sentinel1.simulation.tops import Burst
from refsys.chains.sentinel1.target_quality import TargetQuality, measure_targets
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S

pytestmark = pytest.mark.slow
RCS_M2, LINES = 1e4, 2000
# Where the short windows open: samples from the opening of the swath's own, which has 21558.
SAMPLES = {"near": 200, "mid": 9000, "far": 17200}


@pytest.fixture(scope="module", params=["near", "mid", "far"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, TargetQuality]:
    """The target, measured without windows and with them."""
    work = tmp_path_factory.mktemp(request.param)
    later_s = SAMPLES[request.param] / S3.range_sampling_hz
    acquisition = stripmap(shortened(S3, 3300, later_s), gain=0.1)
    grid = acquisition.raw_grid(0.2, LINES)
    time_s = round(0.2 + 0.5 * LINES * grid.pri_s + 0.5 * grid.first_delay_s, 6)
    slant_range_m = 0.5 * LIGHT_SPEED_M_S * (grid.first_delay_s + 175.37 / grid.range_sampling_hz)
    target = point_target(SIMULATED_ORBIT, time_s, slant_range_m, RCS_M2)
    true = TrueTarget(
        name=request.param, time=EPOCH + timedelta(seconds=time_s), slant_range_m=slant_range_m, rcs_m2=RCS_M2
    )
    source = make_source(work, [Burst(0, acquisition, grid)], Scene((target,)), DataTake(noise=Noise(4.0, 3)))
    result = {}
    for windows in ("rectangular", "auxiliary"):
        (work / windows).mkdir()
        made = make_complex(source, work / windows, rectangular=windows == "rectangular")
        truth = SceneTruth(swath="S3", targets=(true,), noise_power=0.0)
        (result[windows],) = measure_targets(made.folder, truth)
    return result


def test_without_windows_the_response_is_that_of_the_rectangle(found: dict[str, TargetQuality]) -> None:
    for axis in (found["rectangular"].azimuth, found["rectangular"].range):
        assert abs(axis.width_ratio - 1) < 0.01
        assert abs(axis.measured.pslr_db + 13.26) < 0.3
        assert abs(axis.measured.islr_db + 10.16) < 0.5


def test_with_windows_of_the_auxiliary_file_it_is_that_of_the_window(found: dict[str, TargetQuality]) -> None:
    for axis in (found["auxiliary"].azimuth, found["auxiliary"].range):
        assert axis.expected.pslr_db == pytest.approx(-21.2, abs=0.1)
        assert abs(axis.width_ratio - 1) < 0.02
        assert abs(axis.pslr_error_db) < 0.5


@pytest.mark.parametrize("windows", ["rectangular", "auxiliary"])
def test_place_phase_and_cross_section_are_those_of_the_scene(found: dict[str, TargetQuality], windows: str) -> None:
    quality = found[windows]
    assert max(abs(quality.azimuth.error), abs(quality.range.error)) < 0.05
    assert abs(quality.phase_error_deg) < 2
    assert abs(quality.rcs_error_db) < 0.1
    assert np.abs(quality.chip).max() < 32767
