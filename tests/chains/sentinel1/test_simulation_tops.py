"""The timeline of IW against facts of real annotations, and the ground its bursts cover."""

import math
from itertools import pairwise

import numpy as np
import pytest

from refsys.chains.sentinel1.simulation import geometry
from refsys.chains.sentinel1.simulation.instrument import IW1, IW2, IW3, SUPPRESSED_S, SwathCodes, shortened
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT, motion, position
from refsys.chains.sentinel1.simulation.tops import Burst, burst_lines, iw_bursts

C = 299_792_458.0

# PRI, pulse length, ramp rate, start frequency and sampling frequency in the annotations of two real products:
# S1B_IW_SLC__1SDV_20210401T052622 and, for IW3, S1A_IW_GRDH_1SDV_20210809T173953.
FACTS = {
    "IW1": (5.823674372819869e-4, 5.240481033595628e-05, 1.078230321255894e12, -2.825153419637256e7, 6.434523812571e7),
    "IW2": (6.888821458346830e-4, 6.199592966536363e-05, 7.792817275120481e11, -2.415503791125222e7, 5.459595962182e7),
    "IW3": (5.931840885257075e-4, 5.339056426703426e-05, 8.014509490705804e11, -2.139431040091632e7, 4.69184028e7),
}
NEAR_S = {"IW1": 5.343e-3, "IW2": 5.652e-3, "IW3": 6.03e-3}
"""First slant range times of real products, to 20 microseconds."""


@pytest.mark.parametrize("codes", [IW1, IW2, IW3])
def test_swaths_are_the_real_ones(codes: SwathCodes) -> None:
    pri_s, length_s, ramp, start, sampling = FACTS[codes.swath]
    pulse = codes.pulse()
    assert codes.pri_s == pytest.approx(pri_s, rel=1e-12)
    assert pulse.length_s == pytest.approx(length_s, rel=1e-12)
    assert pulse.ramp_rate_hz_s == pytest.approx(ramp, rel=1e-12)
    assert pulse.start_frequency_hz == pytest.approx(start, rel=1e-12)
    # The annotation rounds the reference frequency otherwise.
    assert codes.range_sampling_hz == pytest.approx(sampling, rel=1e-7)
    assert codes.first_delay_s == codes.rank * codes.pri_s + codes.swst / 37.53472224e6 + SUPPRESSED_S
    assert codes.first_delay_s == pytest.approx(NEAR_S[codes.swath], abs=2e-5)


def test_bursts_follow_each_other_as_in_real_acquisitions() -> None:
    bursts = iw_bursts(3)
    assert [burst.acquisition.codes.swath for burst in bursts] == ["IW1", "IW2", "IW3"] * 3
    assert [burst.number for burst in bursts] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    # Sensing times of first lines in the annotations, which are of the first packets, a rank after the first pulses.
    heard = [burst.grid.first_pulse_time_s + burst.acquisition.codes.rank * burst.grid.pri_s for burst in bursts]
    assert heard[3] - heard[0] == pytest.approx(2.758277, abs=2e-6)
    assert heard[1] - heard[0] == pytest.approx(21.076789 - 20.244575, abs=2e-5)
    assert heard[2] - heard[1] == pytest.approx(22.154823 - 21.076789, abs=2e-5)
    for burst, following in pairwise(bursts):
        last_echo = burst.grid.first_pulse_time_s + (burst.grid.lines + burst.acquisition.codes.rank) * burst.grid.pri_s
        assert 0 <= following.grid.first_pulse_time_s - last_echo < burst.grid.pri_s


def passed(burst: Burst, time_s: float) -> float:
    """Return the zero-Doppler time of the ground in the beam's centre, at the middle of the swath's window."""
    orbit, steering = SIMULATED_ORBIT, burst.acquisition.steering
    slant_range = 0.5 * C * (burst.grid.first_delay_s + 0.5 * burst.grid.samples / burst.grid.range_sampling_hz)
    angle = steering.rate_rad_s * (time_s - steering.mid_time_s)
    low, high = time_s - 4.0, time_s + 4.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        sat, velocity = np.array(position(orbit, time_s)), np.array(motion(orbit, time_s)[0])
        line = geometry.place_at(orbit, middle, slant_range) - sat
        ahead = math.asin(line @ velocity / np.linalg.norm(line) / np.linalg.norm(velocity))
        low, high = (middle, high) if ahead < angle else (low, middle)
    return low


def test_bursts_overlap_on_the_ground() -> None:
    """Targets see 327, 313 and 314 Hz of the sweep; bursts of about 3 s of zero-Doppler time follow every 2.758 s."""
    for burst in iw_bursts(1):
        grid = burst.grid
        ends = [grid.first_pulse_time_s + 0.5 * grid.first_delay_s + line * grid.pri_s for line in (0, grid.lines - 1)]
        first, last = (passed(burst, time) for time in ends)
        # The processed band takes 0.14 s of the burst, which sweeps the ground by about this factor:
        stretch = (last - first) / (ends[1] - ends[0])
        assert 2.758 < last - first - 0.14 * stretch < 3.3
        middle = 0.5 * (ends[0] + ends[1])
        assert passed(burst, middle) == pytest.approx(middle, abs=2e-3)


def test_swaths_and_cycles_that_are_not_there_are_refused() -> None:
    assert burst_lines("IW1", IW1.pri_s, IW1.rank) == 1419
    assert [burst.grid.samples for burst in iw_bursts(2, codes=(shortened(IW2, 600),))] == [600, 600]
    with pytest.raises(ValueError, match="0 cycles"):
        iw_bursts(0)
    with pytest.raises(ValueError, match="no swath 'S3'"):
        burst_lines("S3", 5e-4, 9)
