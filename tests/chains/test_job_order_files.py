"""Job order files: what is written is read back, in every form, and what is no job order is refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from job_order_cases import case_order, real_files
from lxml import etree

from refsys.chains.job_orders_profiles import FORMS, form_of
from refsys.chains.job_orders_reading import read_job_order
from refsys.chains.job_orders_writing import write_job_order
from refsys.model.errors import ConfigInvalid, InputCorrupt
from refsys.model.job_orders import JobInput, JobInterval, JobOrder, JobOutput, JobParameter, JobProcess

WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=0x17F, exclude_characters="\x7f"), min_size=1, max_size=9)
WORDS = WORDS.filter(lambda text: text.strip() == text and all(ord(sign) not in range(0x80, 0xA0) for sign in text))
TIMES = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999), timezones=st.just(UTC))
SPANS = st.tuples(TIMES, TIMES).map(lambda pair: (min(pair), max(pair)))
INTERVALS = st.builds(lambda span, name: JobInterval(start=span[0], stop=span[1], file_name=name), SPANS, WORDS)
NAME_TYPES = st.sampled_from(["Physical", "Directory", "Regexp"])
INPUTS = st.builds(
    JobInput,
    file_type=WORDS,
    file_name_type=NAME_TYPES,
    file_names=st.lists(WORDS, max_size=3).map(tuple),
    time_intervals=st.lists(INTERVALS, max_size=2).map(tuple),
)
OUTPUTS = st.builds(
    JobOutput, file_type=WORDS, file_name_type=NAME_TYPES, file_name=st.just("") | WORDS, mandatory=st.booleans()
)
PROCESSES = st.builds(
    JobProcess,
    task_name=WORDS,
    task_version=WORDS,
    inputs=st.lists(INPUTS, max_size=3).map(tuple),
    outputs=st.lists(OUTPUTS, max_size=3).map(tuple),
    breakpoint=st.booleans(),
    breakpoint_files=st.lists(WORDS, max_size=2).map(tuple),
)
ORDERS = st.builds(
    JobOrder,
    processor_name=WORDS,
    version=WORDS,
    stdout_log_level=st.sampled_from(["DEBUG", "INFO", "WARNING"]),
    test=st.booleans(),
    breakpoint_enable=st.booleans(),
    acquisition_station=st.none() | WORDS,
    processing_station=st.none() | WORDS,
    sensing=st.none() | SPANS,
    config_files=st.lists(WORDS, max_size=2).map(tuple),
    parameters=st.lists(st.builds(JobParameter, name=WORDS, value=st.just("") | WORDS), max_size=3).map(tuple),
    processes=st.lists(PROCESSES, max_size=2).map(tuple),
)


def fitting(order: JobOrder, profile: str) -> JobOrder:
    """Return the order without what a form has no place for."""
    form = form_of(profile)
    processes = []
    for process in order.processes:
        changes: dict[str, object] = {}
        if not form.intervals:
            changes["inputs"] = tuple(entry.model_copy(update={"time_intervals": ()}) for entry in process.inputs)
        if form.breakpoint is None:
            changes["breakpoint_files"] = ()
        if form.breakpoint is None or not form.breakpoint_enable:
            changes["breakpoint"] = False
        processes.append(process.model_copy(update=changes))
    station = order.acquisition_station if form.acquisition_station else None
    return order.model_copy(update={"processes": tuple(processes), "acquisition_station": station})


@pytest.mark.parametrize("profile", FORMS)
@settings(max_examples=30)
@given(order=ORDERS)
def test_what_is_written_is_read_back(profile: str, order: JobOrder) -> None:
    order = fitting(order, profile)
    data = write_job_order(order, profile)
    assert read_job_order(data) == order
    assert write_job_order(order, profile) == data


@pytest.mark.parametrize("profile", FORMS)
@settings(max_examples=15)
@given(order=ORDERS)
def test_counts_are_right(profile: str, order: JobOrder) -> None:
    root = etree.fromstring(write_job_order(order, profile))
    for element in root.iter("{*}*"):
        count = element.get("count")
        if count is None:
            continue
        if element.tag == "List_of_Dynamic_Processing_Parameters" and form_of(profile).type_names is not None:
            assert (int(count), len(element)) == (len(order.parameters), 0)
        else:
            assert int(count) == len(element)


@pytest.mark.parametrize("profile", FORMS)
def test_every_form_has_its_names(profile: str) -> None:
    order = JobOrder(
        processor_name="P",
        version="1",
        config_files=("/c.xml",),
        parameters=(JobParameter(name="n", value="v"),),
        processes=(JobProcess(task_name="T", task_version="1"),),
    )
    text = write_job_order(order, profile).decode()
    family = "s3" if profile.startswith("s3") else profile
    present = {
        "s1": ('<List_of_Dynamic_Processing_Parameters count="1">', "<Config_Files>", "<Enable>OFF"),
        "s1-l0": ("<Processing_Parameter>", 'xsi:type="l0JobOrderConf"', "<Enable>OFF"),
        "spp-obs": ("<Processing_Parameter>", 'xsi:type="sppObsJobOrderConf"', "<BreakPoint "),
        "s2": ("<Dynamic_Processing_Parameters>", "<Processing_Parameter>", "<Conf_File_Name>"),
        "s3": ('<List_of_Dyn_Processing_Parameters count="1">', "<Dyn_Processing_Parameter>", "<Config_File>"),
    }[family]
    assert all(part in text for part in present)
    assert ("List_of_Config_Files count" in text) == (profile == "s3-pug")
    assert ("reakpoint>" in text.lower().replace("breakpoint_enable>", "")) == (profile != "s2")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"20240102_030405000000", b"2024-01-02", "element Start: '2024-01-02' is no time"),
        (b"20240102_030405000000", b"20241302_030405000000", "is no time"),
        (b"20240102_030430500000", b"20240101_030430500000", "before it starts"),
        (b'mandatory="true"', b'mandatory="maybe"', "'maybe' is neither true nor false"),
        (b"<Task_Name>PRE</Task_Name>", b"", "Task_Name is absent or empty"),
        (b"Ipf_Conf>", b"Ipf_Config>", "has no Ipf_Conf"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: bytes, new: bytes, says: str) -> None:
    count = -1 if old == b"Ipf_Conf>" else 1
    with pytest.raises(InputCorrupt, match=r"order\.xml:[0-9]+") as caught:
        read_job_order(case_order("s1-l1").replace(old, new, count), where="order.xml")
    assert says in str(caught.value)


def test_iso_times_are_read_too() -> None:
    data = case_order("s1-l1").replace(b"20240102_030405000000", b"2024-01-02T03:04:05.000000Z")
    assert read_job_order(data) == read_job_order(case_order("s1-l1"))


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(ConfigInvalid, match="no job order profile 's4'"):
        form_of("s4")


@pytest.mark.shared
@pytest.mark.parametrize("path", real_files("Ipf_Job_Order"), ids=lambda path: path.name)
def test_real_job_orders_are_read_or_have_place_holders_for_times(path: Path) -> None:
    data = path.read_bytes()
    if b"<Start>@" in data or b"<Start>*" in data:
        with pytest.raises(InputCorrupt, match="is no time"):
            read_job_order(path)
        return
    order = read_job_order(path)
    assert order.processes
    assert sum(len(process.outputs) for process in order.processes) == data.count(b"<Output mandatory") + (
        data.count(b"<Output>")
    )
    assert len(order.parameters) == data.count(b"<Processing_Parameter>")
