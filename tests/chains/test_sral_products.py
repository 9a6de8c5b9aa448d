"""Reading, writing, drawing and simulating SRAL products; no real data needed."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5netcdf
import h5py
import numpy as np
import pytest
from lxml import etree

from refsys.chains.sentinel3.sral_figure import figure
from refsys.chains.sentinel3.sral_l1b import SralL1b, read_l1b
from refsys.chains.sentinel3.sral_level2 import level2_variables, write_l2
from refsys.chains.sentinel3.sral_retracking import (
    FLAGS,
    NOT_CONVERGED,
    NOT_OCEAN,
    PARTIAL_STACK,
    TRACKING_LOST,
    SralL2,
    retrack,
)
from refsys.chains.sentinel3.sral_simulator import SimulatedSea, simulate_l1b
from refsys.model.errors import InputCorrupt, InputMissing

SEA = SimulatedSea(swh_m=2.5, sigma0_db=10.5, surface_height_m=33.0, seconds=3.0)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_l1b(tmp_path_factory.mktemp("sral"), seed=4, sea=SEA)


@pytest.fixture(scope="module")
def l1b(product: Path) -> SralL1b:
    return read_l1b(product / "measurement.nc")


@pytest.fixture(scope="module")
def l2(l1b: SralL1b) -> SralL2:
    return retrack(l1b)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def a_later_second() -> None:
    begun = int(time.time())
    while int(time.time()) == begun:
        pass


def test_the_truth_is_found_again(l2: SralL2) -> None:
    for track in (l2.plrm, l2.sar):
        assert track.good.all()
        records = track.time_s.size
        for values, uncertainty, truth in (
            (track.swh_m, track.swh_uncertainty_m, SEA.swh_m),
            (track.altitude_m - track.range_uncorrected_m, track.range_uncertainty_m, SEA.surface_height_m),
            (track.sigma0_db, track.sigma0_uncertainty_db, SEA.sigma0_db),
        ):
            error = np.mean(values) - truth
            assert abs(error) < 4.0 * np.median(uncertainty) / np.sqrt(records) + 0.02
    assert np.unwrap(l2.sar.longitude_deg, period=360.0) == pytest.approx(l2.sar.longitude_deg)
    assert l2.sar.longitude_deg[0] == pytest.approx(SEA.longitude_deg, abs=1e-6)


def test_simulation_says_that_it_is_one(product: Path, l1b: SralL1b) -> None:
    assert product.name.startswith("S3A_SR_1_SRA____2030")
    assert "_SIM_D_" in product.name
    assert len(product.name) == len(
        "S3A_SR_1_SRA____20230309T204558_20230309T204623_20230309T225028_0024_096_214______PS1_O_NR_004.SEN3"
    )
    assert "SIMULATED" in l1b.title
    assert l1b.product_name == product.name
    assert json.loads((product / "simulation.json").read_text())["simulated"] is True
    assert "SIMULATED" in etree.tostring(etree.parse(product / "xfdumanifest.xml")).decode()


def test_simulation_is_deterministic_and_seeded(product: Path, tmp_path: Path) -> None:
    a_later_second()
    again = simulate_l1b(tmp_path / "again", seed=4, sea=SEA)
    other = simulate_l1b(tmp_path / "other", seed=5, sea=SEA)
    assert {p.name for p in again.iterdir()} == {"measurement.nc", "simulation.json", "xfdumanifest.xml"}
    for file in again.iterdir():
        assert digest(file) == digest(product / file.name)
    assert digest(other / "measurement.nc") != digest(product / "measurement.nc")
    with pytest.raises(FileExistsError):
        simulate_l1b(tmp_path / "again", seed=4, sea=SEA)


def test_the_product_has_the_same_bytes_twice(l1b: SralL1b, l2: SralL2, tmp_path: Path) -> None:
    write_l2(l2, tmp_path / "one.nc", {"processor": "test", "baseline": 4})
    a_later_second()
    write_l2(retrack(l1b), tmp_path / "two.nc", {"baseline": 4, "processor": "test"})
    assert digest(tmp_path / "one.nc") == digest(tmp_path / "two.nc")


def test_the_product_reads_back(l2: SralL2, tmp_path: Path) -> None:
    write_l2(l2, tmp_path / "l2.nc", {"processor": "test"})
    with h5netcdf.File(tmp_path / "l2.nc", "r") as file:
        assert file.attrs["processor"] == "test"
        assert file.attrs["source_product"] == l2.source_product
        assert "No sea-level anomaly" in file.attrs["comment"]
        np.testing.assert_array_equal(file.variables["swh_sar_ku"][...], l2.sar.swh_m)
        np.testing.assert_array_equal(file.variables["range_uncorrected_plrm"][...], l2.plrm.range_uncorrected_m)
        assert file.variables["range_uncorrected_plrm"].attrs["units"] == "m"
        assert file.variables["quality_sar_ku"].attrs["flag_meanings"].split() == list(FLAGS.values())
        assert file.variables["time_plrm"].dimensions == ("time_plrm",)
        names = set(file.variables)
    for quantity in ("range_uncorrected", "swh", "sigma0"):
        assert {f"{quantity}_plrm", f"{quantity}_sar_ku"} <= names
    assert {"range_uncertainty_plrm", "swh_uncertainty_sar_ku", "sigma0_uncertainty_sar_ku"} <= names
    assert not [name for name in names if "anomaly" in name or "sla" in name.split("_") or "ssha" in name]
    assert names == {variable.name for variable in level2_variables(l2)}


def test_callers_may_not_overrule_what_the_product_states(l2: SralL2, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="source_product"):
        write_l2(l2, tmp_path / "l2.nc", {"source_product": "something else"})
    assert not (tmp_path / "l2.nc").exists()


def test_the_figure_is_drawn(l1b: SralL1b, l2: SralL2, tmp_path: Path) -> None:
    drawing = figure(l2, l1b)
    drawing.savefig(tmp_path / "l2.png")
    assert (tmp_path / "l2.png").stat().st_size > 50_000
    titles = [axes.get_title(loc="left") for axes in drawing.axes]
    assert any("wave height" in title for title in titles)
    assert any("SIMULATED" in text.get_text() for text in drawing.texts)
    with pytest.raises(ValueError, match="was not made from"):
        figure(replace(l2, source_product="another"), l1b)


def test_records_that_cannot_be_retracked_are_flagged_and_the_rest_is_untouched(l1b: SralL1b, l2: SralL2) -> None:
    sar = l1b.sar
    waveforms, surface, lost = sar.waveforms_count.copy(), sar.surface_type.copy(), sar.tracking_lost.copy()
    angles = l1b.look_angles_rad.copy()
    waveforms[5] = np.nan
    waveforms[6] = 0.0
    surface[7], lost[8] = 3, True
    angles[9, 60:] = np.nan
    broken = replace(sar, waveforms_count=waveforms, surface_type=surface, tracking_lost=lost)
    track = retrack(replace(l1b, sar=broken, look_angles_rad=angles)).sar
    assert [int(bit) for bit in track.quality[5:10]] == [
        NOT_CONVERGED,
        NOT_CONVERGED,
        NOT_OCEAN,
        TRACKING_LOST,
        PARTIAL_STACK,
    ]
    assert np.isnan(track.swh_m[5:7]).all()
    assert np.isnan(track.range_uncertainty_m[5:7]).all()
    others = np.setdiff1d(np.arange(track.time_s.size), np.arange(5, 10))
    assert track.good[others].all()
    np.testing.assert_array_equal(track.range_uncorrected_m[others], l2.sar.range_uncorrected_m[others])


def test_a_product_without_any_echo_comes_out_flagged(l1b: SralL1b, tmp_path: Path) -> None:
    empty = replace(l1b.plrm, waveforms_count=np.zeros_like(l1b.plrm.waveforms_count))
    l2 = retrack(replace(l1b, plrm=empty))
    assert (l2.plrm.quality == NOT_CONVERGED).all()
    write_l2(l2, tmp_path / "l2.nc", {})
    figure(l2, l1b).savefig(tmp_path / "l2.png")


def test_altitudes_far_apart_are_fitted_each_with_their_own_bank(l1b: SralL1b) -> None:
    plrm = l1b.plrm
    lifted = np.where(np.arange(plrm.time_s.size) % 2 == 0, plrm.altitude_m, plrm.altitude_m + 10_000.0)
    shifted = replace(plrm, altitude_m=lifted, tracker_range_m=plrm.tracker_range_m + lifted - plrm.altitude_m)
    mixed, plain = retrack(replace(l1b, plrm=shifted)).plrm, retrack(l1b).plrm
    height = mixed.altitude_m - mixed.range_uncorrected_m
    np.testing.assert_array_equal(mixed.time_s, plain.time_s)
    np.testing.assert_allclose(height, plain.altitude_m - plain.range_uncorrected_m, atol=0.05)


def damaged(product: Path, tmp_path: Path, change: Callable[[h5py.File], None]) -> Path:
    copy = tmp_path / "measurement.nc"
    shutil.copy(product / "measurement.nc", copy)
    with h5py.File(copy, "r+") as file:
        change(file)
    return copy


def delete(name: str) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[name]

    return change


def unit(name: str, text: str) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        file[name].attrs["units"] = np.bytes_(text)

    return change


def overwrite(name: str, index: int, value: float) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        file[name][index] = value

    return change


def reshape(name: str, columns: int) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        values, attributes = file[name][:, :columns], dict(file[name].attrs)
        del file[name]
        file.create_dataset(name, data=values).attrs.update(attributes)

    return change


def no_attribute(file: h5py.File) -> None:
    del file.attrs["product_name"]


def text_variable(file: h5py.File) -> None:
    records = file["lat_l1b_echo_plrm"].size
    del file["lat_l1b_echo_plrm"]
    file["lat_l1b_echo_plrm"] = [b"north"] * records


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (delete("i2q2_meas_ku_l1b_echo_plrm"), "i2q2_meas_ku_l1b_echo_plrm is missing"),
        (delete("beam_ang_stack_l1b_echo_sar_ku"), "beam_ang_stack"),
        (unit("range_ku_l1b_echo_sar_ku", "km"), "'km'"),
        (unit("time_l1b_echo_plrm", "seconds since 1980-01-06 00:00:00.0"), "1980"),
        (overwrite("time_l1b_echo_plrm", 3, 0.0), "do not increase"),
        (overwrite("lat_l1b_echo_sar_ku", 0, 95_000_000), "pole"),
        (overwrite("alt_l1b_echo_plrm", 0, 2**31 - 1), "fill values"),
        (reshape("i2q2_meas_ku_l1b_echo_plrm", 64), "shape"),
        (no_attribute, "product_name"),
        (text_variable, "lat_l1b_echo_plrm"),
    ],
)
def test_other_files_are_refused_by_name_and_cause(
    product: Path, tmp_path: Path, change: Callable[[h5py.File], None], says: str
) -> None:
    path = damaged(product, tmp_path, change)
    with pytest.raises(InputCorrupt, match=says) as caught:
        read_l1b(path)
    assert str(path) in str(caught.value)


def test_files_that_are_no_hdf5_truncated_or_absent_are_refused(product: Path, tmp_path: Path) -> None:
    (tmp_path / "text.nc").write_text("not a product")
    whole = (product / "measurement.nc").read_bytes()
    (tmp_path / "half.nc").write_bytes(whole[: len(whole) // 2])
    for name in ("text.nc", "half.nc"):
        with pytest.raises(InputCorrupt, match="HDF5"):
            read_l1b(tmp_path / name)
    with pytest.raises(InputMissing):
        read_l1b(tmp_path / "absent.nc")


def test_fill_values_in_a_waveform_become_nan(product: Path, tmp_path: Path) -> None:
    path = damaged(product, tmp_path, overwrite("i2q2_meas_ku_l1b_echo_plrm", 2, 2**32 - 1))
    assert np.isnan(read_l1b(path).plrm.waveforms_count[2]).all()
