"""IW of three swaths and two polarisations, from packets to one detected image each: targets are where they are.

The swaths' windows are cut to some hundred samples and moved together, so that neighbours overlap.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from s1_session import write_session
from unit_runner import ChainRun, run_chain

from refsys.chains.sentinel1.safe.annotation import Annotation
from refsys.chains.sentinel1.safe.reading import open_pixels, product_images
from refsys.chains.sentinel1.simulation.acquisition import DataTake, simulate_packets
from refsys.chains.sentinel1.simulation.auxiliary import simulate_auxiliary
from refsys.chains.sentinel1.simulation.instrument import IW1, IW2, IW3, SUPPRESSED_S, SwathCodes
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT
from refsys.chains.sentinel1.simulation.scene import Scene, point_target
from refsys.chains.sentinel1.simulation.tops import iw_bursts
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S
from refsys.kernels.sentinel1.radar import FREF_HZ, window_samples

EPOCH = datetime(2013, 6, 1, 12, tzinfo=UTC)
GAIN, NEAR_S, STEP_S = 0.5, 5.660e-3, 8e-6
ROLES = ("AUX_INS", "AUX_CAL", "AUX_PP1", "AUX_RESORB")
SWATHS = ["IW1", "IW2", "IW3"]


def moved(codes: SwathCodes, rank: int, first_s: float, samples: int) -> SwathCodes:
    """A swath whose window opens at a delay and has at least so many samples."""
    swst = round((first_s - rank * codes.pri_s - SUPPRESSED_S) * FREF_HZ)
    swl = int(np.argmax(window_samples(np.arange(20000), codes.range_decimation) >= samples))
    return codes._replace(rank=rank, swst=swst, swl=swl)


@pytest.mark.slow
def test_three_swaths_and_two_polarisations_become_one_image_each(tmp_path: Path) -> None:
    codes = (
        moved(IW1, 9, NEAR_S, 4150),
        moved(IW2, 8, NEAR_S + STEP_S, 4050),
        moved(IW3, 9, NEAR_S + 2 * STEP_S, 3080),
    )
    bursts = iw_bursts(1, codes=codes, gain=GAIN)
    places = [
        (burst.acquisition.steering.mid_time_s, 0.5 * LIGHT_SPEED_M_S * (NEAR_S + 6e-6 + k * STEP_S))
        for k, burst in enumerate(bursts)
    ]
    scene = Scene(tuple(point_target(SIMULATED_ORBIT, *place, 4e5) for place in places))
    packets = {
        channel: b"".join(simulate_packets(bursts, scene, DataTake(polarisation=polarisation)))
        for channel, polarisation in ((24, "VV"), (25, "VH"))
    }
    grd = detected(packets, tmp_path)
    images = product_images(grd.product_folder("IW_GRDH_1S"))
    assert [image.read_annotation().header.polarisation for image in images] == ["VH", "VV"]
    for image in images:
        annotation = image.read_annotation()
        assert [merge.swath for merge in annotation.merges] == SWATHS
        with open_pixels(image.measurement) as rows:
            pixels = rows.read(0, rows.lines)
        for time_s, slant_range_m in places:
            line, pixel = expected(annotation, time_s, slant_range_m)
            power = np.square(pixels[round(line) - 15 : round(line) + 16, round(pixel) - 15 : round(pixel) + 16] / 1.0)
            at = np.argwhere(power > 0.3 * power.max()).mean(axis=0) - 15
            error = at + np.array([round(line) - line, round(pixel) - pixel])
            assert np.hypot(error[0], error[1]) < 1


def detected(packets: dict[int, bytes], work: Path) -> ChainRun:
    """The three chains, one after the other."""
    level0 = run_chain("S1-L0", {"session": write_session(work, packets)}, work / "l0", channels=["1"])
    said: dict[str, Any] = level0.product("IW_RAW__0S").figures
    assert len(said["segments"]) == 6
    auxiliary = dict(zip(ROLES, simulate_auxiliary(work / "aux", gain=GAIN), strict=True))
    inputs = {"packets": level0.product_folder("IW_RAW__0S"), **auxiliary}
    slc = run_chain("S1-L1-SLC", inputs, work / "slc", **said)
    figures: dict[str, Any] = slc.product("IW_SLC__1S").figures
    return run_chain("S1-L1-GRD", {"slc": slc.product_folder("IW_SLC__1S")}, work / "grd", **figures)


def expected(annotation: Annotation, time_s: float, slant_range_m: float) -> tuple[float, float]:
    """Line and pixel of a place on the ellipsoid, from the annotation alone."""
    image, conversion = annotation.image, annotation.conversions[0]
    ground_m = np.polynomial.polynomial.polyval(slant_range_m - conversion.sr0_m, conversion.srgr)
    line = (time_s - (image.first_line - EPOCH).total_seconds()) / image.line_interval_s
    return line, float(ground_m) / image.range_spacing_m
