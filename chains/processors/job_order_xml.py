"""Job order files, read from whatever form and written in that of Sentinel-1."""

from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from refsys.chains.safe_xml import parse_xml
from refsys.model.errors import InputCorrupt
from refsys.model.job_orders import JobInput, JobInterval, JobOrder, JobOutput, JobParameter, JobProcess, Profile

_TIME = "%Y%m%d_%H%M%S%f"


def read_job_order(file: Path) -> JobOrder:
    """Return the job order of a file."""
    root = parse_xml(file)
    if root.tag != "Ipf_Job_Order":
        raise InputCorrupt("no job order", where=file)
    start, stop = (root.findtext(f".//Sensing_Time/{name}") for name in ("Start", "Stop"))
    parameters = [
        entry
        for tag in ("Processing_Parameter", "Dynamic_Processing_Parameter", "Dyn_Processing_Parameter")
        for entry in root.iter(tag)
    ]
    return JobOrder(
        processor_name=root.findtext(".//Processor_Name") or "",
        version=root.findtext(".//Ipf_Conf/Version") or "",
        sensing=(_time(start), _time(stop)) if start and stop else None,
        parameters=tuple(
            JobParameter(name=p.findtext("Name") or "", value=p.findtext("Value") or "") for p in parameters
        ),
        processes=tuple(_process(entry) for entry in root.iter("Ipf_Proc")),
    )


def _process(entry: etree._Element) -> JobProcess:
    return JobProcess(
        task_name=entry.findtext("Task_Name") or "",
        task_version=entry.findtext("Task_Version") or "",
        inputs=tuple(
            JobInput(
                file_type=item.findtext("File_Type") or "",
                file_name_type=item.findtext("File_Name_Type") or "",  # type: ignore[arg-type]
                file_names=tuple(name.text or "" for name in item.iterfind("List_of_File_Names/File_Name")),
            )
            for item in entry.iterfind("List_of_Inputs/Input")
        ),
        outputs=tuple(
            JobOutput(
                file_type=item.findtext("File_Type") or "",
                file_name_type=item.findtext("File_Name_Type") or "",  # type: ignore[arg-type]
                file_name=item.findtext("File_Name") or "",
                mandatory=item.get("mandatory") != "false",
            )
            for item in entry.iterfind("List_of_Outputs/Output")
        ),
    )


def _time(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def write_job_order(order: JobOrder, file: Path, profile: Profile) -> None:
    """Write a job order."""
    root = etree.Element("Ipf_Job_Order")
    conf = etree.SubElement(root, "Ipf_Conf")
    etree.SubElement(conf, "Processor_Name").text = order.processor_name
    etree.SubElement(conf, "Version").text = order.version
    if order.sensing:
        sensing = etree.SubElement(conf, "Sensing_Time")
        for name, time in zip(("Start", "Stop"), order.sensing, strict=True):
            etree.SubElement(sensing, name).text = time.strftime(_TIME)
    listed = etree.SubElement(conf, "List_of_Dynamic_Processing_Parameters", count=str(len(order.parameters)))
    for parameter in order.parameters:
        entry = etree.SubElement(listed, "Dynamic_Processing_Parameter")
        etree.SubElement(entry, "Name").text = parameter.name
        etree.SubElement(entry, "Value").text = parameter.value
    processes = etree.SubElement(root, "List_of_Ipf_Procs", count=str(len(order.processes)))
    for process in order.processes:
        node = etree.SubElement(processes, "Ipf_Proc")
        etree.SubElement(node, "Task_Name").text = process.task_name
        etree.SubElement(node, "Task_Version").text = process.task_version
        inputs = etree.SubElement(node, "List_of_Inputs", count=str(len(process.inputs)))
        for item in process.inputs:
            place = etree.SubElement(inputs, "Input")
            etree.SubElement(place, "File_Type").text = item.file_type
            etree.SubElement(place, "File_Name_Type").text = item.file_name_type
            names = etree.SubElement(place, "List_of_File_Names", count=str(len(item.file_names)))
            for name in item.file_names:
                etree.SubElement(names, "File_Name").text = name
        outputs = etree.SubElement(node, "List_of_Outputs", count=str(len(process.outputs)))
        for made in process.outputs:
            place = etree.SubElement(outputs, "Output", mandatory="true" if made.mandatory else "false")
            etree.SubElement(place, "File_Type").text = made.file_type
            etree.SubElement(place, "File_Name_Type").text = made.file_name_type
            etree.SubElement(place, "File_Name").text = made.file_name
    file.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


del JobInterval
