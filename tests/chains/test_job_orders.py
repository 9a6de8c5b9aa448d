"""Job orders built from task tables, compared with ones written by hand and with one of the reference system."""

from datetime import datetime
from pathlib import Path

import pytest
from job_order_cases import at, canonical, case_order, case_table, real_files
from lxml import etree

from refsys.chains.job_orders import JobSettings, build_job_order
from refsys.chains.job_orders_inputs import JobFile
from refsys.chains.job_orders_writing import write_job_order
from refsys.chains.task_tables import read_task_table
from refsys.chains.task_tables_changes import changed_table, single_task
from refsys.model.errors import PlanInvalid
from refsys.model.job_orders import JobInput, JobOrder, JobOutput

S1 = JobSettings(
    profile="s1",
    mode="SLICING",
    stderr_log_level="WARNING",
    processing_station="STAT",
    parameters={"Dem": "fine"},
    synonyms={"AUX_RES": ("AUX_RESORB",), "AUX_POE": ("AUX_POEORB",)},
    output_names={"REPORT": r"^report_[0-9]+\.xml$"},
)
S2 = JobSettings(
    profile="s2",
    acquisition_station="ACQU",
    processing_station="STAT",
    output_names={"QUICKLOOK_GEO": "output/QUICKLOOK_GEO"},
    added_inputs=(
        JobInput(file_type="WORKING", file_name_type="Directory", file_names=("tmp",)),
        JobInput(file_type="IDP_INFOS", file_name_type="Physical", file_names=("idp_infos.xml",)),
    ),
    added_outputs=(JobOutput(file_type="REPORT", file_name_type="Physical", file_name="ipf_report_file.xml"),),
)
S1_TIME = (at("03:04:05"), at("03:04:30.500"))
S3_TIME = (at("03:00"), at("03:03"))


def file(name: str, kind: str, start: str, stop: str, made: str | None = None) -> JobFile:
    made_at = None if made is None else at(made)
    return JobFile(name=name, product_type=kind, start=at(start), stop=at(stop), creation_time=made_at)


SLICE = file("slice.SAFE", "IW_RAW__0S", "03:04:05", "03:04:30.500")
ORBIT = file("orbit.EOF", "AUX_RESORB", "02:00:00.000001", "05:00")


def s1_order(**changes: object) -> JobOrder:
    given = {
        "files": {"IW_RAW__0S": [SLICE], "AUX_POE": [ORBIT, ORBIT]},
        "folder": "/work/7/",
        "sensing": S1_TIME,
        "settings": S1,
        "facts": {"Slice_Number": "4", "Mission_Id": "S1B", "Unknown": "x"},
        "overrides": {"Mission_Id": "S1C"},
    }
    return build_job_order(case_table("s1-l1"), **(given | changes))  # type: ignore[arg-type]


def test_sentinel_1_level_1() -> None:
    assert write_job_order(s1_order(), "s1") == case_order("s1-l1")


def test_sentinel_3_product_units() -> None:
    granules = [
        file("a.SEN3", "OL_1_EFR___", "02:59", "03:02", "06:00"),
        file("c.SEN3", "OL_1_EFR___", "02:59", "03:02", "07:00"),
        file("b.SEN3", "OL_1_EFR___", "03:02", "03:05", "06:00"),
    ]
    settings = JobSettings(
        profile="s3-pug", mode="NTC", processing_station="STAT", latest_only=True, append_parameters=True
    )
    order = build_job_order(
        changed_table(case_table("s3-pug"), one_by_one=True, without=(".*_BP",)),
        {"OL_1_EFR___": granules},
        folder="/work/8",
        sensing=S3_TIME,
        settings=settings.model_copy(update={"parameters": {"orderType": "NTC"}}),
        facts={
            "MtdPDUFrameNumbers": "3",
            "PDUTimeIntervals": "[20240102_030000000000,20240102_030300000000]",
        },
        main="b.SEN3",
    )
    assert write_job_order(order, "s3-pug") == case_order("s3-pug")


def test_sentinel_3_altimetry() -> None:
    order = build_job_order(
        case_table("s3-sr1"),
        {
            "SR_0_SRA___": [
                file("x.SEN3", "SR_0_SRA___", "02:59", "03:02"),
                file("y.SEN3", "SR_0_SRA___", "03:02", "03:04"),
            ],
            "SR___CHDNAX": [file("chd.SEN3", "SR___CHDNAX", "2016-01-01T00:00", "2099-12-31T23:59:59")],
        },
        folder="/work/9/",
        sensing=S3_TIME,
        settings=JobSettings(
            profile="s3-sr1",
            mode="NTC",
            processing_station="STAT",
            parameters={"orderType": "NTC"},
            optional_outputs=("SR_1_SRA_BS",),
        ),
    )
    assert write_job_order(order, "s3-sr1") == case_order("s3-sr1")


def test_one_step_of_sentinel_2() -> None:
    order = build_job_order(
        single_task(case_table("s2"), 0),
        {
            "P0T0:QL_TOY-02.1I0": [file("steps/DS", "PDI_DS", "03:00", "03:03")],
            "DEM_GLOBE": [file("/dem/globe", "DEM_GLOBE", "00:00", "23:00")],
            "GIP_VIEDIR": [file(f"viedir_0{n}.xml", "GIP_VIEDIR", "00:00", "23:00") for n in (1, 2)],
        },
        folder="/work/5",
        sensing=S3_TIME,
        settings=S2,
        overrides={"PARALLEL_DETECTOR_IDENT": "05"},
    )
    assert write_job_order(order, "s2") == case_order("s2")


@pytest.mark.shared
def test_orbit_scenario_gives_the_job_order_of_the_reference_system() -> None:
    found = {path.name: path for path in real_files("Ipf_") if "rs-core" in path.parts}
    if "OBS_TT_01_taskTable.xml" not in found:
        pytest.skip("real data are absent")
    name = "S1B_OPER_AUX_RESORB_OPOD_20200121T223141_V20200121T183236_20200121T215006.EOF"
    span = (at("2020-01-21T18:32:36"), at("2020-01-21T21:50:06"))
    order = build_job_order(
        read_task_table(found["OBS_TT_01_taskTable.xml"]),
        {"AUX_POE": [JobFile(name=name, product_type="AUX_RESORB", start=span[0], stop=span[1])]},
        folder="/data/localWD/129",
        sensing=span,
        settings=JobSettings(profile="spp-obs", processing_station="DPA_", synonyms={"AUX_RES": ("AUX_RESORB",)}),
        facts={"selectedOrbitFirstAzimuthTime": "2020-01-21T18:32:46.331273"},
    )
    expected = found["JobOrder_SPP_OBS_expected.xml"].read_bytes()
    assert canonical(write_job_order(order, "spp-obs")) == canonical(expected)


@pytest.mark.shared
def test_sea_state_scenario_gives_the_job_order_of_the_reference_system() -> None:
    table_file = next((path for path in real_files("Ipf_Task_Table") if path.name == "MBU_TT_01.xml"), None)
    orders = (path for path in real_files("Ipf_Job_Order") if path.name == "jobOrder_SPP_MBU_expected.xml")
    order_file = next(orders, None)
    if table_file is None or order_file is None:
        pytest.skip("real data are absent")
    # The table at hand is of an older version than the one the expected order was made of.
    text = table_file.read_text("utf-8").replace("<Version>01.10<", "<Version>02.00<")
    head, _, task = text.partition("<Task>")
    table = read_task_table(f"{head}<Task>{task.replace('<Version>01.00<', '<Version>02.00<', 1)}".encode())
    span = (at("2020-01-20T16:47:03.429756"), at("2020-01-20T17:12:45.024909"))
    name = "S1B_WV_OCN__2SSV_20200120T164703_20200120T171244_019903_025A64_140C.SAFE"
    order = build_job_order(
        table,
        {"WV_OCN__2S": [JobFile(name=name, product_type="WV_OCN__2S", start=span[0], stop=span[1])]},
        folder="/data/localWD/123",
        sensing=span,
        settings=JobSettings(
            profile="s1-l0",
            stdout_log_level="DEBUG",
            processing_station="WILE",
            output_names={"REP_MBU_": "^s1[a-b]-[0-9a-z]{2}[0-9a-z]{1}-mbu-(vv|hh)-.*$"},
        ),
    )
    assert canonical(write_job_order(order, "s1-l0")) == canonical(order_file.read_bytes())


def real_table(ending: str) -> Path:
    found = [path for path in real_files("Ipf_Task_Table") if path.as_posix().endswith(ending)]
    if not found:
        pytest.skip("real data are absent")
    return found[0]


@pytest.mark.shared
def test_real_level_1_table_binds_inputs_by_mode_and_reference() -> None:
    table = read_task_table(real_table("s1-l1/additional_resources/tasktable_configmap/IW_RAW__0_GRDH_1.xml"))
    kinds = ("IW_RAW__0S", "IW_RAW__0C", "IW_RAW__0N", "IW_RAW__0A", "AUX_PP1", "AUX_CAL", "AUX_INS")
    files = {kind: [file(kind.lower(), kind, "03:00", "04:00")] for kind in kinds}
    orbit = {"AUX_POE": [file("orbit", "AUX_POE", "02:00", "05:00")]}
    order = build_job_order(
        table, files | orbit, folder="/w", sensing=S1_TIME, settings=S1.model_copy(update={"parameters": {}})
    )
    read = [[entry.file_type for entry in process.inputs] for process in order.processes]
    auxiliary = ["AUX_PP1", "AUX_CAL", "AUX_INS", "AUX_POE"]
    assert read == [list(kinds[:4]) + auxiliary, auxiliary, auxiliary, ["IW_SL1__1_", *auxiliary]]
    assert order.processes[3].inputs[0].file_names == ("/w/IW_SL1__1_",)
    assert len(order.parameters) == 9


@pytest.mark.shared
def test_real_altimetry_calibration_table_names_what_earlier_tasks_make() -> None:
    table = read_task_table(real_table("TaskTable_S3A_SR1_CAL_07_04.xml"))
    files: dict[str, list[JobFile]] = {}
    for key, _, entry in table.inputs():
        way = entry.alternatives[0]
        if way.origin == "DB":
            files[key] = [file(way.file_type, way.file_type, "03:00", "04:00")]
    flat = changed_table(table, one_by_one=True)
    by_place = dict(zip((key for key, _, _ in table.inputs()), (key for key, _, _ in flat.inputs()), strict=True))
    settings = JobSettings(profile="s3-sr1", mode="NTC", optional_outputs=())
    order = build_job_order(
        flat, {by_place[key]: value for key, value in files.items()}, folder="/w", sensing=S3_TIME, settings=settings
    )
    assert [process.task_name for process in order.processes] == [task.name for task in table.tasks]
    assert order.processes[1].inputs[1].file_names == ("/w/SR_1_CAL_PR",)
    assert order.processes[3].inputs[0].file_names == ("/w/SR_1_CAL_CA",)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["TaskTable.PUG_OL_1_EFR.03.xml", "TaskTable.PUG_SL_1_RBT.03.xml"])
def test_real_product_unit_table_without_reports_and_browses(name: str) -> None:
    without = ("PUGReportGenerator", "OLQC_Wrapper", ".*_BP")
    table = changed_table(read_task_table(real_table(name)), one_by_one=True, without=without)
    kind = name.split("_", 1)[1].removesuffix(".03.xml") + "___"
    files = {kind: [file("unit.SEN3", kind, "02:59", "03:04")]}
    orbit = {"AX___FRO_AX": [file("orbit.SEN3", "AX___FRO_AX", "00:00", "23:00")]}
    settings = JobSettings(profile="s3-pug", mode="NTC", append_parameters=True)
    order = build_job_order(table, files | orbit, folder="/w", sensing=S3_TIME, settings=settings)
    read = {process.task_name: [entry.file_type for entry in process.inputs] for process in order.processes}
    made = {process.task_name: [output.file_type for output in process.outputs] for process in order.processes}
    cut = kind.replace("___", "INT")
    assert read == {
        "PUGCoreProcessor": [kind, "AX___FRO_AX"],
        "PUGPostProcessor": [cut, "PDUStatistics", "AX___FRO_AX"],
    }
    assert made == {"PUGCoreProcessor": [cut, "PDUStatistics"], "PUGPostProcessor": [kind]}
    assert (order.parameter("MtdPDUFrameNumbers"), order.parameter("QcApply")) == ("", "false")


@pytest.mark.shared
@pytest.mark.parametrize("name", ["INIT_LOC_L0", "FORMAT_ISP", "QL_GEO", "QL_CLOUD_MASK", "FORMAT_IMG_QL_L0"])
def test_a_real_step_of_sentinel_2_reads_and_writes_what_its_template_does(name: str) -> None:
    whole = read_task_table(real_table("data/6.1/L0/TaskTable_L0.xml"))
    table = single_task(whole, [task.name for task in whole.tasks].index(name))
    files = {
        key: [file(f"in/{way.file_type}", way.file_type, "03:00", "03:03")]
        for key, _, entry in table.inputs()
        for way in entry.alternatives
    }
    order = build_job_order(table, files, folder="/w", sensing=S3_TIME, settings=S2)
    templates = {path.name: path for path in real_files("Ipf_Job_Order")}
    template = etree.parse(str(templates[f"job_order_template_{name}.xml"])).getroot()
    (process,) = order.processes
    for built, kind in ((process.inputs, "Input"), (process.outputs, "Output")):
        expected = {(element.findtext("File_Type") or "").strip() for element in template.iter(kind)}
        assert {entry.file_type for entry in built} == expected


def test_a_mandatory_input_without_files_is_named() -> None:
    with pytest.raises(PlanInvalid, match="mandatory input IW_RAW__0S has no files"):
        s1_order(files={})


def test_an_optional_input_without_files_is_left_out() -> None:
    order = s1_order(files={"IW_RAW__0S": [SLICE]})
    assert [[entry.file_type for entry in process.inputs] for process in order.processes] == [["IW_RAW__0S"], ["SLANT"]]


def test_files_that_no_alternative_takes_are_named() -> None:
    with pytest.raises(PlanInvalid, match="files of type AUX_PREORB are none of AUX_POE, AUX_RES"):
        s1_order(files={"IW_RAW__0S": [SLICE], "AUX_POE": [ORBIT.model_copy(update={"product_type": "AUX_PREORB"})]})


def test_parameters_that_the_table_lacks_are_refused_but_not_facts() -> None:
    with pytest.raises(PlanInvalid, match="no parameter Sped"):
        s1_order(overrides={"Sped": "1"})


def test_modes_bind_inputs() -> None:
    calibration = file("cal.SAFE", "IW_RAW__0C", "03:00", "04:00")
    files = {"IW_RAW__0S": [SLICE], "IW_RAW__0C": [calibration]}
    kinds = {}
    for mode in ("SLICING", "NON_SLICING", "ALWAYS"):
        order = s1_order(files=files, settings=S1.model_copy(update={"mode": mode}))
        kinds[mode] = len(order.processes[0].inputs)
    assert kinds == {"SLICING": 1, "NON_SLICING": 2, "ALWAYS": 2}


def test_a_relative_working_directory_is_refused() -> None:
    with pytest.raises(PlanInvalid, match="no absolute path"):
        s1_order(folder="work/7")


@pytest.mark.parametrize("order_of_arrival", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_the_newest_of_the_same_interval_stays_whatever_came_first(order_of_arrival: tuple[int, ...]) -> None:
    # Names shorter than those that hold a creation time, and one file without any.
    made: list[datetime | None] = [at("05:00"), at("06:00"), None]
    slices = [SLICE.model_copy(update={"name": f"s{n}", "creation_time": made[n]}) for n in range(3)]
    settings = S1.model_copy(update={"latest_only": True})
    order = s1_order(files={"IW_RAW__0S": [slices[n] for n in order_of_arrival]}, settings=settings)
    assert order.processes[0].inputs[0].file_names == ("/work/7/s1",)
