"""Range histories against distances along the orbit itself."""

import numpy as np
import pytest

from refsys.chains.sentinel1.simulation.geometry import place_at
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT, state_vectors, states
from refsys.kernels.sar.velocity import range_history

ORBIT = state_vectors(SIMULATED_ORBIT, -10, 10)
NEAR_M, FAR_M = 800e3, 960e3


@pytest.mark.parametrize("time_s", [-4.2, 3.3])
@pytest.mark.parametrize("slant_range_m", [NEAR_M, 871e3, FAR_M])
def test_history_gives_the_distances(time_s: float, slant_range_m: float) -> None:
    history = range_history(ORBIT, time_s, (NEAR_M, FAR_M))
    target = place_at(SIMULATED_ORBIT, time_s, slant_range_m)
    at = np.array(slant_range_m)
    velocity, cubic = history.velocities_m_s(at), history.cubics_m2_s3(at)
    # What the quartic term is worth: 0.001 degrees of two-way phase in StripMap, 0.2 in a burst.
    for reach_s, tolerance_m in ((0.35, 1e-7), (1.35, 1.5e-5)):
        away = np.linspace(-reach_s, reach_s, 31)
        true = np.linalg.norm(states(SIMULATED_ORBIT, time_s + away)[0] - target, axis=1)
        got = np.sqrt(slant_range_m**2 + velocity**2 * away**2 + cubic * away**3)
        np.testing.assert_allclose(got, true, rtol=0, atol=tolerance_m)


def test_height_and_side() -> None:
    right = range_history(ORBIT, 0.0, (NEAR_M, FAR_M))
    left = range_history(ORBIT, 0.0, (NEAR_M, FAR_M), looks_right=False)
    high = range_history(ORBIT, 0.0, (NEAR_M, FAR_M), height_m=3000.0)
    at = np.array(871e3)
    assert abs(right.velocities_m_s(at) - left.velocities_m_s(at)) > 1
    assert 0.1 < abs(right.velocities_m_s(at) - high.velocities_m_s(at)) < 5


def test_ranges_that_meet_no_ground_are_refused() -> None:
    with pytest.raises(ValueError, match="no span"):
        range_history(ORBIT, 0.0, (FAR_M, NEAR_M))
    with pytest.raises(ValueError, match="do not meet"):
        range_history(ORBIT, 0.0, (500e3, FAR_M))
    with pytest.raises(ValueError, match="outside the orbit"):
        range_history(ORBIT, 1e4, (NEAR_M, FAR_M))
