"""IW through packets and products: a target in the overlap of two bursts is in both, the same."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from s1_session import write_session
from unit_runner import run_chain

from refsys.chains.sentinel1.safe.reading import open_pixels, product_images
from refsys.chains.sentinel1.simulation.acquisition import DataTake, simulate_packets
from refsys.chains.sentinel1.simulation.auxiliary import simulate_auxiliary
from refsys.chains.sentinel1.simulation.instrument import IW1, shortened
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT
from refsys.chains.sentinel1.simulation.scene import Scene, point_target
from refsys.chains.sentinel1.simulation.tops import iw_bursts
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S

EPOCH = datetime(2013, 6, 1, 12, tzinfo=UTC)
GAIN = 0.5


def test_a_target_between_bursts_is_in_both(tmp_path: Path) -> None:
    codes = shortened(IW1, 3900, 130e-6)
    bursts = iw_bursts(2, codes=(codes,), gain=GAIN)
    middles = [burst.acquisition.steering.mid_time_s for burst in bursts]
    time_s, slant_range_m = float(np.mean(middles)), 0.5 * LIGHT_SPEED_M_S * (codes.first_delay_s + 5e-6)
    target = point_target(SIMULATED_ORBIT, time_s, slant_range_m, 4e4)
    packets = b"".join(simulate_packets(bursts, Scene((target,)), DataTake()))
    level0 = run_chain("S1-L0", {"session": write_session(tmp_path, {24: packets})}, tmp_path / "l0", channels=["1"])
    said: dict[str, Any] = level0.product("IW_RAW__0S").figures
    assert [segment["bursts"] for segment in said["segments"]] == [2]
    files = simulate_auxiliary(tmp_path / "aux", gain=GAIN)
    inputs = dict(zip(("AUX_INS", "AUX_CAL", "AUX_PP1", "AUX_RESORB"), files, strict=True))
    slc = run_chain("S1-L1-SLC", {"packets": level0.product_folder("IW_RAW__0S"), **inputs}, tmp_path / "slc", **said)
    (image,) = product_images(slc.product_folder("IW_SLC__1S"))
    annotation = image.read_annotation()
    peaks = []
    with open_pixels(image.measurement) as rows:
        for number, burst in enumerate(annotation.bursts):
            line = (time_s - (burst.time - EPOCH).total_seconds()) / annotation.image.line_interval_s
            delay_s = 2 * slant_range_m / LIGHT_SPEED_M_S - annotation.image.slant_range_time_s
            sample = round(delay_s * annotation.product.range_sampling_hz)
            assert burst.first_valid[round(line)] >= 0
            chip = rows.read(number * annotation.lines_per_burst + round(line) - 4, 9, sample - 4, 9)
            found = np.unravel_index(np.argmax(np.abs(chip)), chip.shape)
            assert max(abs(found[0] - 4), abs(found[1] - 4)) <= 1
            peaks.append(chip[found])
    assert abs(20 * np.log10(abs(peaks[0] / peaks[1]))) < 0.1
