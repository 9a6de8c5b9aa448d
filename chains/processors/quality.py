"""The on-line quality check: a command that looks at a product. It may fail; the run does not."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

from refsys.chains.processors.supervision import Call, run_process
from refsys.chains.safe_xml import parse_xml
from refsys.model.errors import RefsysError
from refsys.model.processors import QualityCheck

QualityVerdict = Literal["OK", "NOK", "NOT_CHECKED"]
REASON = "not-checked.txt"
"""File in the folder of the check that says why there is no verdict."""

_TEMPLATE = """<?xml version="1.0" encoding="UTF-8"?>
<Ipf_Job_Order>
  <Ipf_Conf><Processor_Name>OQC</Processor_Name></Ipf_Conf>
  <List_of_Ipf_Procs count="1"><Ipf_Proc>
    <List_of_Inputs count="1"><Input><List_of_File_Names count="1"><File_Name>{product}</File_Name></List_of_File_Names>
    </Input></List_of_Inputs>
    <List_of_Outputs count="1"><Output><File_Name>{reports}</File_Name></Output></List_of_Outputs>
  </Ipf_Proc></List_of_Ipf_Procs>
</Ipf_Job_Order>
"""


def check_quality(check: QualityCheck, product: Path, folder: Path, environment: Mapping[str, str]) -> QualityVerdict:
    """Check one product; the report in PDF is laid into it.

    The command is called in a folder of its own with a job order, and must leave exactly one PDF and one XML file in
    `reports`; the attribute `status` of `/report/inspection` says `Passed` or something else. Whatever goes wrong, the
    verdict is `NOT_CHECKED` and the file `not-checked.txt` says why.
    """
    reports = folder / "reports"
    reports.mkdir(parents=True)
    try:
        _run(check, product, folder, environment)
        pdf, xml = _only(reports, "pdf"), _only(reports, "xml")
        verdict = _verdict(xml)
        if product.is_dir():
            shutil.copyfile(pdf, product / pdf.name)
    except (RefsysError, OSError) as error:
        (folder / REASON).write_text(f"{error}\n", "utf-8")
        return "NOT_CHECKED"
    return verdict


def _run(check: QualityCheck, product: Path, folder: Path, environment: Mapping[str, str]) -> None:
    template = _TEMPLATE if check.template is None else check.template.read_text("utf-8")
    text = template.replace("{product}", escape(str(product))).replace("{reports}", escape(str(folder / "reports")))
    job_order = folder / "JobOrder.xml"
    job_order.write_text(text, "utf-8")
    end = run_process(
        Call(
            command=(*check.command, str(job_order)),
            folder=folder,
            environment=environment,
            stdout=folder / "stdout",
            stderr=folder / "stderr",
            timeout_s=check.timeout_s,
            grace_s=1.0,
        )
    )
    if end.ended_by != "itself" or end.exit_code != 0:
        raise OSError(f"the check ended by {end.ended_by} with code {end.exit_code}")


def _only(folder: Path, suffix: str) -> Path:
    found = sorted(folder.glob(f"*.{suffix}"))
    if len(found) != 1:
        raise OSError(f"{len(found)} files .{suffix} where one must be")
    return found[0]


def _verdict(xml: Path) -> QualityVerdict:
    root = parse_xml(xml)
    inspection = root.find("inspection") if root.tag == "report" else None
    status = None if inspection is None else inspection.get("status")
    if status is None:
        raise OSError("the report has no /report/inspection with a status")
    return "OK" if status == "Passed" else "NOK"
