"""The two real products: both modes see the same sea."""

import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from refsys.chains.sentinel3.sral_figure import figure
from refsys.chains.sentinel3.sral_footprint import track_footprint
from refsys.chains.sentinel3.sral_l1b import SralL1b, read_l1b
from refsys.chains.sentinel3.sral_retracking import PARTIAL_STACK, RetrackedTrack, SralL2, retrack

Real = tuple[str, SralL1b, SralL2]
pytestmark = pytest.mark.shared


@pytest.fixture(scope="module", params=["S3A", "S3B"])
def real(request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Real:
    archive = next((shared_data / "s3_sral").glob(f"{request.param}_SR_1_SRA*.zip"))
    folder = tmp_path_factory.mktemp(request.param)
    with zipfile.ZipFile(archive) as packed:
        member = next(name for name in packed.namelist() if name.endswith("/measurement.nc"))
        (folder / "measurement.nc").write_bytes(packed.read(member))
    l1b = read_l1b(folder / "measurement.nc")
    return request.param, l1b, retrack(l1b)


def median(track: RetrackedTrack, values: npt.NDArray[np.float64]) -> float:
    return float(np.median(values[track.good]))


def test_the_reader_sees_what_the_products_hold(real: Real) -> None:
    satellite, l1b, _ = real
    records = {"S3A": (491, 504), "S3B": (471, 483)}[satellite]
    assert (l1b.plrm.time_s.size, l1b.sar.time_s.size) == records
    assert l1b.mission == f"Sentinel 3{satellite[-1]}"
    assert 8.12e5 < l1b.sar.altitude_m.mean() < 8.14e5
    assert np.isfinite(l1b.look_angles_rad).sum(axis=1).max() == 180
    assert not l1b.plrm.tracking_lost.any()


def test_both_modes_agree(real: Real) -> None:
    _, _, l2 = real
    assert l2.plrm.good.mean() > 0.98
    assert ((l2.sar.quality == 0) | (l2.sar.quality == PARTIAL_STACK)).mean() > 0.98
    assert abs(median(l2.plrm, l2.plrm.swh_m) - median(l2.sar, l2.sar.swh_m)) < 0.5
    heights = [track.altitude_m - track.range_uncorrected_m for track in (l2.plrm, l2.sar)]
    # the sea slopes along the track, so heights are compared at the same latitudes
    common = np.interp(l2.plrm.latitude_deg, l2.sar.latitude_deg[l2.sar.good], heights[1][l2.sar.good])
    assert abs(np.median((heights[0] - common)[l2.plrm.good])) < 0.05
    assert abs(median(l2.plrm, l2.plrm.sigma0_db) - median(l2.sar, l2.sar.sigma0_db)) < 0.1
    assert 8.0 < median(l2.sar, l2.sar.sigma0_db) < 15.0


def test_uncertainties_are_those_the_noise_shows(real: Real) -> None:
    """Differences of neighbours hold little sea and much noise; the sea's own changes may only add to it."""
    _, _, l2 = real
    for track in (l2.plrm, l2.sar):
        good = track.good[:-1] & track.good[1:]
        height = track.altitude_m - track.range_uncorrected_m
        for values, uncertainty in ((height, track.range_uncertainty_m), (track.swh_m, track.swh_uncertainty_m)):
            noise = np.std(np.diff(values)[good]) / np.sqrt(2.0)
            assert 0.8 < noise / np.median(uncertainty[track.good]) < 1.6


def test_backscatter_changes_alike_in_both_modes(real: Real) -> None:
    _, _, l2 = real
    smooth = []
    for track in (l2.plrm, l2.sar):
        seconds = np.floor(track.time_s[track.good] - l2.sar.time_s[0]).astype(int)
        smooth.append({s: track.sigma0_db[track.good][seconds == s].mean() for s in np.unique(seconds)})
    common = sorted(smooth[0].keys() & smooth[1].keys())
    plrm, sar = (np.array([means[s] for s in common]) for means in smooth)
    assert len(common) > 20
    assert np.corrcoef(plrm, sar)[0, 1] > 0.8
    assert np.std(plrm - sar) < 0.15


def test_misfit_is_that_of_speckle(real: Real) -> None:
    _, _, l2 = real
    assert 0.9 < median(l2.plrm, l2.plrm.misfit) < 1.15
    assert 0.9 < median(l2.sar, l2.sar.misfit) < 1.8


def test_the_footprint_does_not_go_around_the_world(real: Real) -> None:
    satellite, l1b, _ = real
    geometry = track_footprint(l1b.sar.latitude_deg, l1b.sar.longitude_deg)
    assert geometry["type"] == "LineString"
    longitudes = [point[0] for point in geometry["coordinates"]]
    west, east = {"S3A": (-0.03, 1.24), "S3B": (3.115, 4.320)}[satellite]
    assert min(longitudes) == pytest.approx(west, abs=0.03)
    assert max(longitudes) == pytest.approx(east, abs=0.03)


def test_the_figure_is_drawn(real: Real, tmp_path: Path) -> None:
    _, l1b, l2 = real
    figure(l2, l1b).savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 50_000
