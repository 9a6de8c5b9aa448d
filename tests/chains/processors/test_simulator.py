"""The processor simulator in this process: names, manifests that extraction accepts, durations, checks."""

import json
import statistics
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from job_orders import S1_SLICE, S2_DATASTRIP, S3_GRANULE, START, STOP, job_order, lay_out

from refsys.chains.extraction import identify
from refsys.chains.processors.simulated_names import mission_of
from refsys.chains.processors.simulator import plan_run, simulate
from refsys.chains.processors.simulator_settings import SimulatorSettings, read_settings
from refsys.model.errors import ConfigInvalid, InputCorrupt, InputMissing
from refsys.model.job_orders import JobOrder
from refsys.model.names import S1ProductName, S3ProductName, parse_name

SETTINGS = SimulatorSettings()


def run(folder: Path, order: JobOrder, settings: SimulatorSettings = SETTINGS) -> list[Path]:
    """Simulate and return the listed paths."""
    lay_out(folder, order)
    simulate(order, folder, settings)
    return [folder / line for line in (folder / f"{folder.name}.LIST").read_text().splitlines()]


@pytest.mark.parametrize(
    ("inputs", "kind", "name"),
    [
        (S1_SLICE, "IW_GRDH_1S", r"S1A_IW_GRDH_1SDV_20200101T050000_20200101T050032_030612_0381C5_"),
        (S1_SLICE, "IW_SLC__1A", r"S1A_IW_SLC__1ADV_20200101T050000_20200101T050032_030612_0381C5_"),
        (S1_SLICE, "IW_OCN__2S", r"S1A_IW_OCN__2SDV_20200101T050000_20200101T050032_030612_0381C5_"),
        (S3_GRANULE, "OL_1_EFR___", "S3A_OL_1_EFR____20200101T050000_20200101T050030_20200101T060030_0030_053_133_"),
        (S3_GRANULE, "SL_1_VSC_AX", "S3A_SL_1_VSC_AX_20200101T050000_20200101T050030_20200101T060030_________________"),
        (S2_DATASTRIP, "MSI_L1C_TL", "S2B_OPER_MSI_L1C_TL_REFS_20200101T060030_A000001_T31TNS_N02.08"),
        (S2_DATASTRIP, "MSI_L1C_DS", "S2B_OPER_MSI_L1C_DS_REFS_20200101T060030_S20221011T064025_N02.08"),
    ],
)
def test_a_product_has_a_right_name_and_extraction_accepts_it(
    tmp_path: Path, inputs: str, kind: str, name: str
) -> None:
    (path,) = run(tmp_path / "1", job_order(tmp_path / "1", {"MAIN": [inputs]}, [kind]))
    assert path.name.startswith(name)
    parsed = parse_name(path.name)
    draft = identify(path)
    assert (draft.name, draft.product_type) == (path.name, kind)
    assert draft.satellite == parsed.satellite  # type: ignore[union-attr]
    if kind[:2] in ("IW", "OL"):
        assert (draft.start, draft.stop) == (parsed.start, parsed.stop)  # type: ignore[union-attr]


def test_times_come_from_the_slice_for_sentinel_1_and_from_the_job_order_for_sentinel_3(tmp_path: Path) -> None:
    long = (START - timedelta(hours=1), STOP)
    one = plan_run(job_order(tmp_path, {"M": [S1_SLICE]}, ["IW_GRDH_1S"], sensing=long), SETTINGS)
    three = plan_run(job_order(tmp_path, {"M": [S3_GRANULE]}, ["OL_1_EFR___"], sensing=long), SETTINGS)
    assert one.products[0].start == START
    assert three.products[0].start == long[0]


def test_timeliness_of_a_parameter(tmp_path: Path) -> None:
    order = job_order(tmp_path, {"M": [S3_GRANULE]}, ["OL_1_EFR___"], parameters={"orderType": "NTC"})
    assert S3ProductName.parse(plan_run(order, SETTINGS).products[0].name).timeliness == "NT"


def test_segments_are_cut_into_slices_whose_number_is_that_of_the_rule(tmp_path: Path) -> None:
    """503.6 s of IW make 20 slices; polarisations of two segments make one of the slices."""
    names = [f"S1A_IW_RAW__0S{p}_20171213T121123_20171213T121946_019684_021735_51B1.SAFE" for p in ("VV", "VH")]
    order = job_order(tmp_path, {"SEGMENTS": names}, ["IW_RAW__0S", "IW_RAW__0A"], processor_name="L0_SLICING")
    products = plan_run(order, SETTINGS).products
    slices = [S1ProductName.parse(made.name) for made in products if made.type == "IW_RAW__0S"]
    assert len(slices) == 20
    assert [made.slice_number for made in products[:20]] == list(range(1, 21))
    assert {name.polarisation for name in slices} == {"DV"}
    assert all(b.start <= a.stop for a, b in pairwise(slices))
    assert slices[-1].stop == S1ProductName.parse(names[0]).stop
    assert len(products) == 21


def test_level_0_of_sentinel_1_lies_in_an_isip_folder(tmp_path: Path) -> None:
    (path,) = run(tmp_path / "1", job_order(tmp_path / "1", {"M": [S1_SLICE]}, ["IW_RAW__0S"]))
    assert path.name.endswith(".ISIP")
    assert (path / f"{path.stem}.SAFE" / "manifest.safe").is_file()


def test_granules_of_sentinel_3(tmp_path: Path) -> None:
    (path,) = run(tmp_path / "1", job_order(tmp_path / "1", {"M": [S3_GRANULE]}, ["OL_0_EFR__G"]))
    assert path.suffix == ".ISIP"
    assert identify(path).product_type == "OL_0_EFR__G"


def test_counts_prefix_reports_and_intermediate_folders(tmp_path: Path) -> None:
    settings = SimulatorSettings(counts={"OL_1_EFR___": 3, "OL_1_ERR___": 0}, list_prefix="NRT/")
    order = job_order(tmp_path / "1", {"M": [S3_GRANULE]}, ["OL_1_EFR___", "OL_1_ERR___", "OL_1_EFRINT", "REP_L0PSA_"])
    paths = run(tmp_path / "1", order, settings)
    assert [path.parent.name for path in paths] == ["NRT", "NRT", "NRT", "1"]
    assert len({path.name for path in paths}) == 4
    assert all(path.exists() for path in paths)
    assert (tmp_path / "1/OL_1_EFRINT").is_dir()


def test_same_job_order_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        run(tmp_path / name / "1", job_order(tmp_path / name / "1", {"M": [S1_SLICE]}, ["IW_GRDH_1S"]))
    a, b = ([p.read_bytes() for p in sorted((tmp_path / n).rglob("S1A_IW_GRDH*/**/*")) if p.is_file()] for n in "ab")
    assert a == b
    assert a


def test_a_declared_input_that_is_absent_is_told_and_a_made_one_is_not(tmp_path: Path) -> None:
    order = job_order(tmp_path, {"M": [S3_GRANULE], "SignalData": ["SignalData"]}, ["OL_1_EFR___", "SignalData"])
    with pytest.raises(InputMissing, match="OL_0_EFR"):
        simulate(order, tmp_path, SETTINGS)
    (tmp_path / S3_GRANULE).mkdir()
    simulate(order, tmp_path, SETTINGS)


def test_a_job_order_that_says_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputCorrupt, match="no sensing time"):
        plan_run(job_order(tmp_path, {}, ["OL_1_EFR___"], sensing=None), SETTINGS)
    with pytest.raises(InputCorrupt, match="no product of a mission"):
        plan_run(job_order(tmp_path, {"X": ["static"]}, ["SignalData"]), SETTINGS)


def test_durations_are_log_normal_and_repeat() -> None:
    settings = SimulatorSettings(seed=7, median_s=100.0, sigma=0.5)
    drawn = [settings.duration_s(f"run {number}") for number in range(2000)]
    assert statistics.median(drawn) == pytest.approx(100.0, rel=0.05)
    assert statistics.mean(drawn) == pytest.approx(100.0 * 1.1331, rel=0.05)  # exp(sigma²/2)
    assert drawn == [settings.duration_s(f"run {number}") for number in range(2000)]


def test_failures_happen_as_often_as_asked() -> None:
    settings = SimulatorSettings(failure="exit", failure_rate=0.25)
    assert sum(settings.fails(str(number)) for number in range(2000)) == pytest.approx(500, abs=80)


@given(st.sampled_from(["IW", "EW", "SM", "WV", "AN"]), st.sampled_from(["RAW__0S", "GRDH_1S", "SLC__1A", "OCN__2S"]))
def test_types_of_all_modes_are_known(beam: str, rest: str) -> None:
    assert mission_of(f"{beam}_{rest}") == "S1"


def test_settings_of_variable_file_and_default(tmp_path: Path) -> None:
    order = tmp_path / "JobOrder.xml"
    assert read_settings(order, {}) == SimulatorSettings()
    (tmp_path / "simulator.json").write_text(json.dumps({"seed": 3}))
    assert read_settings(order, {}).seed == 3
    assert read_settings(order, {"REFSYS_SIMULATOR": '{"seed": 4}'}).seed == 4
    for given_, why in (('{"seed": ', "no JSON"), ('{"speed": 1}', "speed"), ("/no/file", "no such file")):
        with pytest.raises(ConfigInvalid, match=why):
            read_settings(order, {"REFSYS_SIMULATOR": given_})
