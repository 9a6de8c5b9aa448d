"""Job order files: the bytes of a job order in the form that a processor wants."""

from datetime import datetime
from typing import Literal

from lxml import etree

from refsys.chains.job_orders_profiles import Form, form_of
from refsys.model.job_orders import JobInput, JobOrder, JobOutput, JobProcess

_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def write_job_order(order: JobOrder, profile: str) -> bytes:
    """Return a job order as XML in the form of a profile; the same order always gives the same bytes.

    `count` attributes are right. What a form has no place for is left out: see `refsys.chains.job_orders_profiles`.

    Raises
    ------
    ConfigInvalid
        For an unknown profile.
    ValueError
        For a text that XML cannot hold, such as one with control characters.
    """
    form = form_of(profile)
    root = etree.Element("Ipf_Job_Order")
    _write_configuration(root, order, form)
    processes = _add_list(root, "List_of_Ipf_Procs", len(order.processes))
    for process in order.processes:
        _write_process(processes, process, form)
    etree.indent(root, "  ")
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def job_order_time(time: datetime) -> str:
    """Return a time as job orders spell it: `yyyyMMdd_HHmmssSSSSSS`.

    Examples
    --------
    >>> from datetime import UTC
    >>> job_order_time(datetime(2020, 1, 21, 18, 32, 36, 40, tzinfo=UTC))
    '20200121_183236000040'
    """
    return time.strftime("%Y%m%d_%H%M%S%f").rjust(21, "0")


def _write_configuration(root: etree._Element, order: JobOrder, form: Form) -> None:
    conf = _add(root, "Ipf_Conf", type_name=_type_name(form, "configuration"))
    _add(conf, "Processor_Name", order.processor_name)
    _add(conf, "Version", order.version)
    _add(conf, "Stdout_Log_Level", order.stdout_log_level)
    _add(conf, "Stderr_Log_Level", order.stderr_log_level)
    _add(conf, "Test", _word(order.test))
    _add(conf, "Breakpoint_Enable", _word(order.breakpoint_enable))
    if form.acquisition_station and order.acquisition_station is not None:
        _add(conf, "Acquisition_Station", order.acquisition_station)
    if order.processing_station is not None:
        _add(conf, "Processing_Station", order.processing_station)
    if form.config_before_sensing:
        _write_config_files(conf, order, form)
    if order.sensing is not None:
        sensing = _add(conf, "Sensing_Time")
        _add(sensing, "Start", job_order_time(order.sensing[0]))
        _add(sensing, "Stop", job_order_time(order.sensing[1]))
    if not form.config_before_sensing:
        _write_config_files(conf, order, form)
    _write_parameters(conf, order, form)


def _write_config_files(conf: etree._Element, order: JobOrder, form: Form) -> None:
    around, item = form.config_files
    files = _add_list(conf, around, len(order.config_files)) if form.config_count else _add(conf, around)
    for name in order.config_files:
        _add(files, item, name)


def _write_parameters(conf: etree._Element, order: JobOrder, form: Form) -> None:
    around, item = form.parameters
    count = len(order.parameters)
    parameters = _add_list(conf, around, count) if form.parameters_count == "list" else _add(conf, around)
    for parameter in order.parameters:
        element = _add(parameters, item)
        _add(element, "Name", parameter.name)
        _add(element, "Value", parameter.value)
    if form.parameters_count == "empty list after":
        _add_list(conf, "List_of_Dynamic_Processing_Parameters", count)


def _write_process(processes: etree._Element, process: JobProcess, form: Form) -> None:
    element = _add(processes, "Ipf_Proc", type_name=_type_name(form, "process"))
    _add(element, "Task_Name", process.task_name)
    _add(element, "Task_Version", process.task_version)
    inputs = _add_list(element, "List_of_Inputs", len(process.inputs))
    for entry in process.inputs:
        _write_input(inputs, entry, form)
    outputs = _add_list(element, "List_of_Outputs", len(process.outputs))
    for output in process.outputs:
        _write_output(outputs, output)
    if form.breakpoint is not None:
        _write_breakpoint(element, process, form, form.breakpoint)


def _write_input(inputs: etree._Element, entry: JobInput, form: Form) -> None:
    element = _add(inputs, "Input")
    _add(element, "File_Type", entry.file_type)
    _add(element, "File_Name_Type", entry.file_name_type)
    names = _add_list(element, "List_of_File_Names", len(entry.file_names))
    for name in entry.file_names:
        _add(names, "File_Name", name)
    if not form.intervals:
        return
    intervals = _add_list(element, "List_of_Time_Intervals", len(entry.time_intervals))
    for interval in entry.time_intervals:
        around = _add(intervals, "Time_Interval")
        _add(around, "Start", job_order_time(interval.start))
        _add(around, "Stop", job_order_time(interval.stop))
        _add(around, "File_Name", interval.file_name)


def _write_output(outputs: etree._Element, output: JobOutput) -> None:
    element = _add(outputs, "Output")
    element.set("mandatory", _word(output.mandatory))
    _add(element, "File_Type", output.file_type)
    _add(element, "File_Name_Type", output.file_name_type)
    _add(element, "File_Name", output.file_name)


def _write_breakpoint(process: etree._Element, order: JobProcess, form: Form, name: str) -> None:
    element = _add(process, name, type_name=_type_name(form, "breakpoint"))
    files = _add_list(element, "List_of_Brk_Files", len(order.breakpoint_files))
    for file_name in order.breakpoint_files:
        _add(files, "Brk_File", file_name)
    if form.breakpoint_enable:
        _add(element, "Enable", "ON" if order.breakpoint else "OFF")


def _add(parent: etree._Element, name: str, text: str | None = None, *, type_name: str | None = None) -> etree._Element:
    # The prefix is declared where it is used: canonical forms of such files differ by it.
    element = etree.SubElement(parent, name, nsmap={"xsi": _XSI} if type_name else None)
    if type_name:
        element.set(f"{{{_XSI}}}type", type_name)
    if text:
        element.text = text
    return element


def _type_name(form: Form, of: Literal["configuration", "process", "breakpoint"]) -> str | None:
    return None if form.type_names is None else str(getattr(form.type_names, of))


def _add_list(parent: etree._Element, name: str, count: int) -> etree._Element:
    element = _add(parent, name)
    element.set("count", str(count))
    return element


def _word(yes: bool) -> str:
    return "true" if yes else "false"
