"""One job order, run alone: in a folder of its own, with whatever processor it is given."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import yaml
from lxml import etree
from pydantic import ValidationError

from refsys.chains.job_orders_reading import read_job_order
from refsys.chains.processors.execution import Run
from refsys.chains.processors.runs import run_processor
from refsys.chains.processors.simulated_names import mission_of
from refsys.chains.processors.working import link_inputs, make_folder
from refsys.chains.safe_xml import parse_xml
from refsys.model.errors import ConfigInvalid, InputMissing
from refsys.model.job_orders import JobOrder
from refsys.model.processors import ListFile, OutputRule, Processor, ProcessorPool, ProcessorTask, RunReport

SIMULATOR = (sys.executable, "-m", "refsys.chains.processors.simulator")


def read_processor(file: Path) -> Processor:
    """Return the processor of a YAML file (`ConfigInvalid` naming file and field)."""
    if not file.is_file():
        raise ConfigInvalid("no such file", where=file)
    try:
        return Processor.model_validate(yaml.safe_load(file.read_text("utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"not YAML: {' '.join(str(error).split())}", where=file) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "processor"
        raise ConfigInvalid(f"{place}: {first['msg']}", where=file) from error


def simulator_of(order: JobOrder) -> Processor:
    """Return the processor simulator as a command that plays all tasks of a job order."""
    task = ProcessorTask(name="simulator", version=order.version, command=SIMULATOR)
    return Processor(
        name=order.processor_name,
        version=order.version,
        pools=(ProcessorPool(tasks=(task,)),),
        list_file=ListFile(name="*.LIST"),
        inherit=True,
    )


def run_alone(job_order: Path, processor: Processor | None, folder: Path, job: Run | None = None) -> RunReport:
    """Run a job order in another folder than the one it was written for.

    Whatever it names below its own working directory is looked for there, and laid into the new one by hard links; its
    paths are rewritten. Other paths stay as they are.

    Parameters
    ----------
    job_order
        File of any profile.
    processor
        None: the processor simulator.
    folder
        The new working directory; it must be empty or absent.
    job
        Where lines, environment and clock are taken from.

    Raises
    ------
    InputMissing
        If the job order, or an input that it names, is not there.
    ConfigInvalid
        If the folder is in use, or the processor cannot start.
    """
    order = read_job_order(job_order)
    processor = processor or simulator_of(order)
    folder = make_folder(folder.absolute())
    old = working_directory(order) or job_order.absolute().parent
    link_inputs(folder, dict(_inputs(order, old, job_order.absolute().parent)))
    file = folder / job_order.name
    _rewrite(job_order, file, old, folder)
    for beside in ("simulator.json",):
        if (settings := job_order.parent / beside).is_file():
            shutil.copyfile(settings, folder / beside)
    if not processor.outputs:
        processor = processor.model_copy(update={"outputs": rules_of(order)})
    template = job or Run(processor, folder, file)
    return run_processor(replace(template, processor=processor, folder=folder, job_order=file))


def working_directory(order: JobOrder) -> Path | None:
    """Return the folder into which a job order's outputs go; None if it says none."""
    for process in order.processes:
        for output in process.outputs:
            path = Path(output.file_name)
            if path.is_absolute():
                return path.parent if output.file_name_type == "Regexp" else path
    return None


def rules_of(order: JobOrder) -> tuple[OutputRule, ...]:
    """Return a rule for every output that a job order declares; intermediate ones need not be listed."""
    outputs = {output.file_type: output for process in order.processes for output in process.outputs}
    rules = []
    for kind, output in outputs.items():
        needed = output.mandatory and mission_of(kind) is not None
        if not kind.startswith(("REP", "RPT")):
            rules.append(OutputRule(type=kind, pattern=f".*{kind}.*", least=1 if needed else 0, mandatory=needed))
    return (*rules, OutputRule(type="REPORT", pattern=r"(?i).*(report|rep_|rpt).*", kind="report"))


def _inputs(order: JobOrder, old: Path, beside: Path) -> Iterator[tuple[str, Path]]:
    """Yield name below the working directory and place of every input that is to be laid there."""
    made = {output.file_type for process in order.processes for output in process.outputs}
    seen = set()
    for process in order.processes:
        for entry in process.inputs:
            for path in map(Path, entry.file_names):
                if path in seen or entry.file_type in made or not path.is_relative_to(old) or path == old:
                    continue
                seen.add(path)
                name = path.relative_to(old)
                place = path if path.exists() else beside / name
                if not place.exists():
                    raise InputMissing("input of the job order is not there", where=path)
                yield str(name), place


def _rewrite(source: Path, target: Path, old: Path, new: Path) -> None:
    """Write a job order with another working directory in its paths; all else stays as it is."""
    root = parse_xml(source)
    for element in root.iter(etree.Element):
        text = (element.text or "").strip()
        if text == str(old) or text.startswith(f"{old}/"):
            element.text = f"{new}{text.removeprefix(str(old))}"
    target.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
