"""Task tables of the agencies, read into one value whichever way they are spelled.

The spellings differ from mission to mission: `List_of_Dyn_ProcParam` or `List_of_Dyn_ProcParams`, `Cfg_Files` or
`Cfg_File`, `Type` or `File_Type` of outputs, `Sensing_Time_flag` or `Sensing_Time_Flag`. `count` attributes are wrong
in half of the files and not read. What is not known in any spelling is refused, so that it cannot pass for absence.
"""

from pathlib import Path
from typing import cast, get_args

from refsys.chains.safe_xml import parse_xml
from refsys.chains.task_tables_elements import Node
from refsys.model.lookups import Policy
from refsys.model.task_tables import (
    NameType,
    Origin,
    TableAlternative,
    TableConfigFile,
    TableInput,
    TableOption,
    TableOutput,
    TableParameter,
    TablePool,
    TableTask,
    TaskTable,
)

_TABLE = (
    "Processor_Name",
    "Version",
    "Test",
    "Min_Disk_Space",
    "Max_Time",
    "Sensing_Time_flag",
    "List_of_Cfg_Files",
    "List_of_Dyn_ProcParam",
    "List_of_Dyn_ProcParams",
    "List_of_Pools",
)
_TASK = (
    "Name",
    "Version",
    "Critical",
    "Criticality_Level",
    "File_Name",
    "Number_of_CPUs",
    "List_of_Inputs",
    "List_of_Outputs",
    "List_of_Options",
    "List_of_Breakpoints",
)
_ALTERNATIVE = (
    "Order",
    "Origin",
    "Retrieval_Mode",
    "T0",
    "T1",
    "File_Type",
    "File_Name_Type",
    "minResults",
    "maxResults",
    "customClass",
)
_CONFIG = ("Cfg_Files", "Cfg_File")
_PARAMETERS = ("List_of_Dyn_ProcParam", "List_of_Dyn_ProcParams")
_MODES = ("ALWAYS", "SLICING", "NON_SLICING", "NRT", "STC", "NTC", "")
_POLICIES = {policy.value for policy in Policy}
_CUSTOM = "Custom"

INTERSECT_CLASS = "com.werum.esa.pfm.selection.policies.PolicyIntersectMinNumber"
"""The only class that a policy `Custom` may name; it selects as ValIntersect with a least number."""


def read_task_table(source: Path | bytes, *, where: str | None = None) -> TaskTable:
    """Return the task table of a file.

    A policy `Custom` with the class `INTERSECT_CLASS` becomes ValIntersect; an empty T0, T1 is 0, an empty policy stays
    empty, an empty Mode is ALWAYS, an empty Mandatory is No.

    Parameters
    ----------
    source
        File, or its bytes.
    where
        What errors call it; the path of a file by default.

    Raises
    ------
    InputCorrupt
        For what is no task table, an unknown element, word or policy, a reference to nothing, alternatives that
        contradict each other: with file, line and element.
    InputMissing
        If there is no such file.
    """
    name = where or (str(source) if isinstance(source, Path) else "task table")
    root = Node(parse_xml(source), name)
    if root.name != "Ipf_Task_Table":
        raise root.fault("is no task table, whose root is Ipf_Task_Table")
    root.refuse_others(*_TABLE)
    pools = tuple(_pool(node) for node in root.listed(("List_of_Pools",), ("Pool",), needed=True))
    _check_references(root)
    sensing = ("Sensing_Time_flag",)
    return root.made(
        lambda: TaskTable(
            processor_name=root.needed("Processor_Name"),
            version=root.needed("Version"),
            test=root.yes("Test", default=False),
            min_disk_mb=root.whole("Min_Disk_Space"),
            max_time_s=root.whole("Max_Time"),
            sensing_time=None if root.first(*sensing) is None else root.yes(*sensing, default=True),
            config_files=tuple(_config_file(node) for node in root.listed(("List_of_Cfg_Files",), _CONFIG)),
            parameters=tuple(_parameter(node) for node in root.listed(_PARAMETERS, ("Dyn_ProcParam",))),
            pools=pools,
        )
    )


def _config_file(node: Node) -> TableConfigFile:
    node.refuse_others("Version", "File_Name")
    return TableConfigFile(file_name=node.needed("File_Name"), version=node.text("Version"))


def _parameter(node: Node) -> TableParameter:
    node.refuse_others("Param_Name", "Param_Type", "Param_Default")
    return TableParameter(
        name=node.needed("Param_Name"),
        type=node.text("Param_Type") or "String",
        default=node.text("Param_Default") or None,
    )


def _pool(node: Node) -> TablePool:
    node.refuse_others("Detached", "Killing_Signal", "List_of_Tasks")
    tasks = node.listed(("List_of_Tasks",), ("Task",), needed=True)
    return TablePool(
        detached=node.yes("Detached", default=False),
        killing_signal=node.whole("Killing_Signal"),
        tasks=tuple(_task(task) for task in tasks),
    )


def _task(node: Node) -> TableTask:
    node.refuse_others(*_TASK)
    return node.made(
        lambda: TableTask(
            name=node.needed("Name"),
            version=node.text("Version"),
            critical=node.yes("Critical", default=True),
            criticality_level=node.whole("Criticality_Level"),
            cpus=node.whole("Number_of_CPUs"),
            executable=node.needed("File_Name"),
            inputs=tuple(_input(entry) for entry in node.listed(("List_of_Inputs",), ("Input",))),
            outputs=tuple(_output(entry) for entry in node.listed(("List_of_Outputs",), ("Output",))),
            options=tuple(_option(entry) for entry in node.listed(("List_of_Options",), ("Option",))),
        )
    )


def _input(node: Node) -> TableInput:
    node.refuse_others("Mode", "Mandatory", "List_of_Alternatives")
    alternatives = [_alternative(entry) for entry in node.listed(("List_of_Alternatives",), ("Alternative",))]
    return node.made(
        lambda: TableInput(
            id=node.element.get("id") or None,
            ref=node.element.get("ref") or None,
            mode=node.choice("Mode", _MODES, default="ALWAYS") or "ALWAYS",
            mandatory=node.yes("Mandatory", default=True),
            alternatives=tuple(sorted(alternatives, key=lambda alternative: alternative.order)),
        )
    )


def _alternative(node: Node) -> TableAlternative:
    node.refuse_others(*_ALTERNATIVE)
    order = node.whole("Order")
    if order is None:
        raise node.fault("Order is absent or empty")
    return node.made(
        lambda: TableAlternative(
            order=order,
            origin=cast("Origin", node.choice("Origin", get_args(Origin), default="")),
            policy=_policy(node),
            t0_s=node.number("T0") or 0.0,
            t1_s=node.number("T1") or 0.0,
            least=node.whole("minResults"),
            most=node.whole("maxResults"),
            custom_class=node.text("customClass") or None,
            file_type=node.needed("File_Type"),
            file_name_type=_name_type(node),
        )
    )


def _policy(node: Node) -> str:
    child = node.first("Retrieval_Mode")
    policy = "" if child is None else child.own_text
    if child is None or policy == "" or policy in _POLICIES:
        return policy
    if policy != _CUSTOM:
        raise child.fault(f"no policy {policy!r}")
    if node.text("customClass") != INTERSECT_CLASS:
        raise child.fault(f"no class {node.text('customClass')!r} of custom policies, only {INTERSECT_CLASS}")
    return Policy.VAL_INTERSECT.value


def _output(node: Node) -> TableOutput:
    node.refuse_others("Destination", "Mandatory", "Type", "File_Type", "File_Name_Type")
    destinations = ("DB", "DBPROC", "PROC", "")
    return node.made(
        lambda: TableOutput.model_validate(
            {
                "file_type": node.needed("Type", "File_Type"),
                "destination": node.choice("Destination", destinations, default=""),
                "mandatory": node.yes("Mandatory", default=True),
                "file_name_type": _name_type(node),
            }
        )
    )


def _name_type(node: Node) -> NameType:
    return cast("NameType", node.choice("File_Name_Type", get_args(NameType), default=""))


def _option(node: Node) -> TableOption:
    node.refuse_others("Name", "Type", "Value")
    return TableOption(name=node.needed("Name"), type=node.text("Type") or "String", value=node.text("Value"))


def _check_references(root: Node) -> None:
    """Raise `InputCorrupt` at an input that refers to no other, or to more than one."""
    inputs = [Node(element, root.where) for element in root.element.iter("{*}Input")]
    ids = [node.element.get("id") for node in inputs]
    for node in inputs:
        ref = node.element.get("ref")
        if ref and ids.count(ref) != 1:
            raise node.fault(f"refers to input {ref!r}, which is the id of {ids.count(ref)} inputs")
