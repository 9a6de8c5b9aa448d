"""Job order files read back, whichever form they have."""

from datetime import UTC, datetime
from pathlib import Path
from typing import cast, get_args

from refsys.chains.safe_xml import parse_xml
from refsys.chains.task_tables_elements import Node
from refsys.model.job_orders import JobInput, JobInterval, JobOrder, JobOutput, JobParameter, JobProcess
from refsys.model.task_tables import NameType

_CONF = ("Ipf_Conf",)
_CONFIG_FILES = ("Config_Files", "List_of_Config_Files")
_PARAMETERS = (
    "Dynamic_Processing_Parameters",
    "List_of_Dynamic_Processing_Parameters",
    "List_of_Dyn_Processing_Parameters",
)
_PARAMETER = ("Processing_Parameter", "Dynamic_Processing_Parameter", "Dyn_Processing_Parameter")
_TIME_CHARACTERS = len("yyyyMMdd_HHmmssSSSSSS")


def read_job_order(source: Path | bytes, *, where: str | None = None) -> JobOrder:
    """Return the job order of a file of any profile; `count` attributes are not read.

    Parameters
    ----------
    source
        File, or its bytes.
    where
        What errors call it; the path of a file by default.

    Raises
    ------
    InputCorrupt
        For what is no job order, or an element that is absent or no time: with file, line and element.
    InputMissing
        If there is no such file.
    """
    root = Node(parse_xml(source), where or (str(source) if isinstance(source, Path) else "job order"))
    if root.name != "Ipf_Job_Order":
        raise root.fault("is no job order, whose root is Ipf_Job_Order")
    conf = root.first(*_CONF)
    if conf is None:
        raise root.fault("has no Ipf_Conf")
    return root.made(
        lambda: JobOrder(
            processor_name=conf.needed("Processor_Name"),
            version=conf.needed("Version"),
            stdout_log_level=conf.text("Stdout_Log_Level") or "INFO",
            stderr_log_level=conf.text("Stderr_Log_Level") or "INFO",
            test=conf.yes("Test", default=False),
            breakpoint_enable=conf.yes("Breakpoint_Enable", default=False),
            acquisition_station=conf.text("Acquisition_Station") or None,
            processing_station=conf.text("Processing_Station") or None,
            sensing=_sensing(conf),
            config_files=_config_files(conf),
            parameters=_parameters(conf),
            processes=tuple(_process(node) for node in root.listed(("List_of_Ipf_Procs",), ("Ipf_Proc",))),
        )
    )


def _sensing(conf: Node) -> tuple[datetime, datetime] | None:
    node = conf.first("Sensing_Time")
    return None if node is None else (_time(node, "Start"), _time(node, "Stop"))


def _config_files(conf: Node) -> tuple[str, ...]:
    around = conf.first(*_CONFIG_FILES)
    nodes = [] if around is None else around.all("Conf_File_Name", "Config_File")
    return tuple(node.own_text for node in nodes if node.own_text)


def _parameters(conf: Node) -> tuple[JobParameter, ...]:
    nodes = [node for around in conf.all(*_PARAMETERS) for node in around.all(*_PARAMETER)]
    return tuple(JobParameter(name=node.needed("Name"), value=node.text("Value")) for node in nodes)


def _process(node: Node) -> JobProcess:
    breakpoint_node = node.first("Breakpoint")
    files = [] if breakpoint_node is None else breakpoint_node.listed(("List_of_Brk_Files",), ("Brk_File",))
    inputs = node.first("List_of_Inputs")
    outputs = node.first("List_of_Outputs")
    return JobProcess(
        task_name=node.needed("Task_Name"),
        task_version=node.text("Task_Version"),
        inputs=() if inputs is None else tuple(_input(entry) for entry in inputs.all("Input")),
        outputs=() if outputs is None else tuple(_output(entry) for entry in outputs.all("Output")),
        breakpoint=breakpoint_node is not None and breakpoint_node.yes("Enable", default=False),
        breakpoint_files=tuple(file.own_text for file in files),
    )


def _input(node: Node) -> JobInput:
    names = node.listed(("List_of_File_Names",), ("File_Name",))
    intervals = node.listed(("List_of_Time_Intervals",), ("Time_Interval",))
    return JobInput(
        file_type=node.text("File_Type"),
        file_name_type=_name_type(node),
        file_names=tuple(name.own_text for name in names),
        time_intervals=tuple(_interval(entry) for entry in intervals),
    )


def _interval(node: Node) -> JobInterval:
    start, stop = _time(node, "Start"), _time(node, "Stop")
    return node.made(lambda: JobInterval(start=start, stop=stop, file_name=node.text("File_Name")))


def _output(node: Node) -> JobOutput:
    word = (node.element.get("mandatory") or "true").casefold()
    if word not in ("true", "false"):
        raise node.fault(f"mandatory {word!r} is neither true nor false")
    return JobOutput(
        file_type=node.text("File_Type"),
        file_name_type=_name_type(node),
        file_name=node.text("File_Name"),
        mandatory=word == "true",
    )


def _name_type(node: Node) -> NameType:
    return cast("NameType", node.choice("File_Name_Type", get_args(NameType), default=""))


def _time(node: Node, name: str) -> datetime:
    text = node.needed(name)
    iso = "T" in text
    if not iso and len(text) != _TIME_CHARACTERS:
        raise (node.first(name) or node).fault(f"{text!r} is no time yyyyMMdd_HHmmssSSSSSS")
    try:
        if iso:
            return datetime.fromisoformat(text if text.endswith("Z") else f"{text}Z").astimezone(UTC)
        return datetime.strptime(text, "%Y%m%d_%H%M%S%f").replace(tzinfo=UTC)
    except ValueError as error:
        raise (node.first(name) or node).fault(f"{text!r} is no time yyyyMMdd_HHmmssSSSSSS") from error
