"""One door to processors of all kinds: commands, containers, EOPF units, and those simulated in this process."""

from dataclasses import replace
from pathlib import Path

from pydantic import JsonValue, ValidationError

from refsys.chains.job_orders_reading import read_job_order
from refsys.chains.processors.eopf import as_command, payload_of, write_payload
from refsys.chains.processors.execution import Run, execute, with_outputs
from refsys.chains.processors.simulator import simulate
from refsys.chains.processors.simulator_settings import SimulatorSettings
from refsys.model.errors import ConfigInvalid, InputMissing, ProcessorFailed, ProcessorOutOfMemory, ProcessorTimeout
from refsys.model.job_orders import JobOrder
from refsys.model.processors import Processor, RunReport, TaskReport

_WITHOUT_OUTPUTS = {"exit": "exit", "signal": "exit", "hang": "timeout", "hang-deaf": "timeout", "memory-hog": "memory"}
LAST_LINES = 10
"""Lines of standard error that a failure repeats."""


def run_processor(job: Run) -> RunReport:
    """Run a processor on the job order of its working directory; see `execute`."""
    if job.processor.kind == "simulated":
        return _simulated(job)
    if job.processor.kind == "eopf":
        return _eopf(job)
    return execute(job)


def raise_failure(report: RunReport) -> None:
    """Raise the failure of a run by its class, with the last lines of what its tasks said."""
    if report.failure is None:
        return
    kinds = {"timeout": ProcessorTimeout, "memory": ProcessorOutOfMemory}
    worst = sorted(report.tasks, key=lambda task: ("cancelled" in task.reason, task.verdict != "error"))
    failed = next((task for task in worst if task.verdict != "ok"), None)
    said = _last_lines(failed.stderr) if failed is not None and failed.stderr is not None else ""
    raise kinds.get(report.failed_by or "", ProcessorFailed)(f"{report.failure}{said}", where=report.processor)


def _last_lines(file: Path) -> str:
    lines = file.read_text("utf-8", "backslashreplace").splitlines()[-LAST_LINES:]
    return f"; it said: {' | '.join(lines)}" if lines else ""


def _eopf(job: Run) -> RunReport:
    order = read_job_order(job.job_order)
    inputs = {
        _name(entry.file_type, number, len(entry.file_names)): Path(path)
        for process in order.processes
        for entry in process.inputs
        for number, path in enumerate(entry.file_names)
    }
    outputs = tuple(dict.fromkeys(output.file_type for process in order.processes for output in process.outputs))
    payload = payload_of(job.processor, inputs, outputs, job.folder)
    file = write_payload(payload, job.folder / "payload.yaml")
    return execute(replace(job, processor=as_command(job.processor), job_order=file))


def _name(file_type: str, number: int, count: int) -> str:
    return file_type if count == 1 else f"{file_type}_{number + 1}"


def _simulated(job: Run) -> RunReport:
    try:
        settings = SimulatorSettings.model_validate(_list_name(job.processor) | job.processor.simulation)
    except ValidationError as error:
        raise ConfigInvalid(
            f"settings of the simulator: {error.errors()[0]['msg']}", where=job.processor.name
        ) from error
    order = read_job_order(job.job_order)
    known = tuple(path.name for path in job.folder.iterdir())
    started_at = job.clock.now()
    report = RunReport(processor=job.processor.name, folder=job.folder, started_at=started_at)
    try:
        run = simulate(order, job.folder, settings)
    except InputMissing as error:
        return _with_task(report, order, str(error), "exit")
    report = report.model_copy(update={"tasks": (_task(order, "", run.duration_s),)})
    how = _WITHOUT_OUTPUTS.get(settings.failure) if run.fails else None
    if how is not None:
        return _with_task(report, order, f"simulated failure {settings.failure}", how, run.duration_s)
    return with_outputs(job, report, known)


def _list_name(processor: Processor) -> dict[str, JsonValue]:
    """Return the name of the LIST file as the processor is known to give it."""
    name = processor.list_file.name
    return {} if "*" in name else {"list_name": name}


def _with_task(report: RunReport, order: JobOrder, reason: str, by: str, seconds: float = 0.0) -> RunReport:
    update = {"tasks": (_task(order, reason, seconds),), "failure": reason, "failed_by": by}
    return report.model_copy(update=update)


def _task(order: JobOrder, reason: str, seconds: float) -> TaskReport:
    return TaskReport(
        name="simulated",
        executable=order.processor_name,
        exit_code=None,
        verdict="error" if reason else "ok",
        reason=reason,
        seconds=seconds,
    )
