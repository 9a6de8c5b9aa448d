"""Biases and uncertainties of the whole retracker on speckled echoes of the numerical forward model."""

import numpy as np
import pytest

from refsys.chains.sentinel3 import sral_instrument as instrument
from refsys.chains.sentinel3.sral_l1b import SralEchoes, SralL1b
from refsys.chains.sentinel3.sral_retracking import RetrackedTrack, retrack
from refsys.chains.sentinel3.sral_speckle import ALTITUDE_M, SPEED_M_S, SpeckledEchoes, stack_angles

Sea = tuple[float, dict[str, RetrackedTrack]]
RECORDS = 800
SIGMA0_DB, HEIGHT_M = 11.0, 40.0
SCALE_DB = {"plrm": -8.0, "sar_ku": -0.4}
OFFSET_DB = {"plrm": 0.0, "sar_ku": instrument.SAR_SIGMA0_OFFSET_DB}
NOISE = {"plrm": 0.01, "sar_ku": 2e-4}


def echoes(mode: str, source: SpeckledEchoes, swh_m: float, generator: np.random.Generator) -> SralEchoes:
    """A track over a uniform sea, whose echo wanders through the window."""
    epoch = 42.0 + 3.0 * np.sin(np.arange(RECORDS) / 30.0).round(1)
    amplitude = 10.0 ** ((SIGMA0_DB - SCALE_DB[mode] - OFFSET_DB[mode]) / 10.0)
    waveforms = np.array([amplitude * source.draw(generator, swh_m, one, NOISE[mode]) for one in epoch])
    return SralEchoes(
        time_s=np.arange(RECORDS, dtype=np.float64) * 0.05,
        latitude_deg=np.linspace(60.0, 63.0, RECORDS),
        longitude_deg=np.linspace(1.0, -1.0, RECORDS),
        altitude_m=np.full(RECORDS, ALTITUDE_M),
        tracker_range_m=ALTITUDE_M - HEIGHT_M - (epoch - instrument.REFERENCE_BIN) * instrument.BIN_LENGTH_M,
        scale_factor_db=np.full(RECORDS, SCALE_DB[mode]),
        speed_m_s=np.full(RECORDS, SPEED_M_S),
        surface_type=np.zeros(RECORDS, dtype=np.int64),
        tracking_lost=np.zeros(RECORDS, dtype=bool),
        waveforms_count=waveforms,
    )


def level1(plrm: SralEchoes, sar: SralEchoes) -> SralL1b:
    angles = np.full((RECORDS, 256), np.nan)
    angles[:, : stack_angles().size] = stack_angles()
    return SralL1b("SIMULATED", "Sentinel 3A", "SIMULATED", plrm, sar, angles)


@pytest.fixture(scope="module")
def sources() -> dict[str, SpeckledEchoes]:
    return {mode: SpeckledEchoes(mode) for mode in ("plrm", "sar_ku")}


@pytest.fixture(scope="module", params=[1.0, 2.0, 4.0, 8.0])
def sea(request: pytest.FixtureRequest, sources: dict[str, SpeckledEchoes]) -> Sea:
    generator = np.random.default_rng(int(request.param * 10))
    drawn = {mode: echoes(mode, source, request.param, generator) for mode, source in sources.items()}
    l2 = retrack(level1(drawn["plrm"], drawn["sar_ku"]))
    return request.param, {"plrm": l2.plrm, "sar_ku": l2.sar}


@pytest.mark.parametrize("mode", ["plrm", "sar_ku"])
def test_biases_are_below_the_limits(sea: Sea, mode: str) -> None:
    swh_m, tracks = sea
    track = tracks[mode]
    assert track.converged.mean() > 0.99
    good = track.converged
    assert abs(np.mean(track.swh_m[good]) - swh_m) < 0.05
    assert abs(np.mean(track.range_uncorrected_m[good]) - (ALTITUDE_M - HEIGHT_M)) < 0.01
    assert abs(np.mean(track.sigma0_db[good]) - SIGMA0_DB) < 0.02


@pytest.mark.parametrize("mode", ["plrm", "sar_ku"])
def test_uncertainties_are_the_spread_of_the_errors(sea: Sea, mode: str) -> None:
    swh_m, tracks = sea
    track = tracks[mode]
    pairs = {
        "swh": (track.swh_m - swh_m, track.swh_uncertainty_m),
        "range": (track.range_uncorrected_m - (ALTITUDE_M - HEIGHT_M), track.range_uncertainty_m),
        "sigma0": (track.sigma0_db - SIGMA0_DB, track.sigma0_uncertainty_db),
    }
    for name, (error, uncertainty) in pairs.items():
        standardised = (error / uncertainty)[track.converged]
        assert 0.8 < standardised.std() < 1.2, (name, standardised.std())


@pytest.mark.parametrize("mode", ["plrm", "sar_ku"])
def test_threshold_retracker_sees_the_same_surface_within_a_bin_or_two(sea: Sea, mode: str) -> None:
    track = sea[1][mode]
    error = track.range_threshold_uncorrected_m - (ALTITUDE_M - HEIGHT_M)
    assert abs(np.nanmedian(error)) < 2.5 * instrument.BIN_LENGTH_M
    assert np.nanmedian(track.range_threshold_uncertainty_m) > 0


@pytest.mark.parametrize("mispointing_deg", [0.15])
def test_small_mispointing_neither_biases_plrm_nor_goes_unnoticed(
    sources: dict[str, SpeckledEchoes], mispointing_deg: float
) -> None:
    generator = np.random.default_rng(77)
    tilted = SpeckledEchoes("plrm", mispointing_rad=float(np.radians(mispointing_deg)))
    sar = echoes("sar_ku", sources["sar_ku"], 2.0, generator)
    track = retrack(level1(echoes("plrm", tilted, 2.0, generator), sar)).plrm
    assert abs(np.mean(track.swh_m[track.converged]) - 2.0) < 0.05
    assert abs(np.mean(track.range_uncorrected_m[track.converged]) - (ALTITUDE_M - HEIGHT_M)) < 0.01
    assert track.mispointing_deg2 is not None
    assert np.mean(track.mispointing_deg2[track.converged]) == pytest.approx(mispointing_deg**2, abs=0.006)
