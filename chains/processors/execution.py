"""One run of a processor: pools in sequence, tasks of a pool at the same time, then what was made."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL, TimeoutExpired, run
from typing import Literal

from refsys.chains.processors.commands import command_of, environment_of, removal_of, secrets_of
from refsys.chains.processors.listing import Findings, classify, find_list, read_list, search
from refsys.chains.processors.quality import check_quality
from refsys.chains.processors.supervision import Call, End, run_process
from refsys.chains.processors.working import OUTPUT_FOLDER, OUTPUTS, give_folders, link_mounts
from refsys.model.errors import ProcessorFailed
from refsys.model.processors import OutputFound, Processor, ProcessorTask, RunReport, TaskReport, Verdict
from refsys.model.times import Clock, WallClock

OnTaskLine = Callable[[str, str, str], None]
"""Told the name of a task, the stream and a line."""

FailedBy = Literal["exit", "timeout", "memory", "outputs"]
_REMOVAL_S = 30.0
"""How long the removal of a container may take."""
_NEARLY_ALL = 0.9
"""Share of its memory limit that a task had when it failed, from which on the limit is taken for the cause."""
_KILLED_IN_CONTAINER = 128 + 9
"""What a container runtime says when the kernel ended the process, as it does beyond the limit of memory."""


def _silent(task: str, stream: str, line: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Run:
    """What one run needs: a working directory that holds its inputs, and a job order."""

    processor: Processor
    folder: Path
    job_order: Path
    on_line: OnTaskLine = _silent
    own_environment: Mapping[str, str] | None = None
    """Environment of refsys, from which secrets come; None: that of this process."""
    clock: Clock = field(default_factory=WallClock)

    @property
    def environment(self) -> Mapping[str, str]:
        """What secrets are taken from."""
        return os.environ if self.own_environment is None else self.own_environment


def execute(job: Run) -> RunReport:
    """Run all tasks and find what they made. A failure is in the report: it holds what is known all the same.

    Parameters
    ----------
    job
        The working directory holds job order and inputs; what the tasks print is kept in its folder `.refsys`.

    Raises
    ------
    ConfigInvalid
        If an executable, shell, runtime, user, secret or static data are not there.
    """
    started_at = job.clock.now()
    (job.folder / OUTPUT_FOLDER).mkdir(exist_ok=True)
    if job.processor.kind != "container":
        link_mounts(job.folder, job.processor.mounts)
        if job.processor.user is not None:
            give_folders(job.folder, job.processor.user)
    known = tuple(path.name for path in job.folder.iterdir() if path.name != OUTPUTS)
    tasks, failed = _run_pools(job)
    report = RunReport(
        processor=job.processor.name,
        folder=job.folder,
        started_at=started_at,
        tasks=tuple(tasks),
        warnings=tuple(f"{task.name}: {task.reason}" for task in tasks if task.verdict == "warning"),
    )
    if failed is not None:
        lost = tuple(f"{rule.type}: run failed" for rule in job.processor.outputs if rule.least)
        return report.model_copy(update={"failure": failed[1], "failed_by": failed[0], "missing": lost})
    return with_outputs(job, report, known)


def _run_pools(job: Run) -> tuple[list[TaskReport], tuple[FailedBy, str] | None]:
    deadline = time.monotonic() + job.processor.run_timeout_s
    reports: list[TaskReport] = []
    for pool in job.processor.pools:
        cancelled = threading.Event()
        with ThreadPoolExecutor(len(pool.tasks), thread_name_prefix="task of a processor") as threads:
            calls = [
                threads.submit(_run_task, job, task, pool.killing_signal, deadline, cancelled) for task in pool.tasks
            ]
            done = [call.result() for call in calls]
        reports += [report for report, _ in done]
        failures = [(by, report) for report, by in done if by is not None and report.critical]
        if failures:
            # Those that were ended only because another failed are not the cause.
            by, first = min(failures, key=lambda found: found[1].reason.startswith("cancelled"))
            return reports, (by, f"task {first.name} failed: {first.reason}")
    return reports, None


def _run_task(
    job: Run, task: ProcessorTask, killing_signal: int, deadline: float, cancelled: threading.Event
) -> tuple[TaskReport, FailedBy | None]:
    """Run one task; the failure of a critical one ends the others of its pool."""
    kept = job.folder / OUTPUT_FOLDER
    container = f"refsys-{job.folder.name}-{task.name}" if job.processor.kind == "container" else ""
    try:
        call = Call(
            command=command_of(job.processor, task, job.job_order, job.folder, container_name=container),
            folder=job.folder,
            environment=environment_of(job.processor, job.folder, job.environment),
            stdout=kept / f"{task.name}.stdout",
            stderr=kept / f"{task.name}.stderr",
            timeout_s=max(0.0, min(task.timeout_s or job.processor.timeout_s, deadline - time.monotonic())),
            killing_signal=killing_signal,
            grace_s=job.processor.grace_s,
            memory_bytes=None if container else job.processor.memory_bytes,
            user=None if container else job.processor.user,
            secrets=secrets_of(job.processor, job.environment),
            limits=job.processor.limits,
            on_line=lambda stream, line: job.on_line(task.name, stream, line),
            cancelled=cancelled,
        )
        end = run_process(call)
    except BaseException:
        cancelled.set()
        raise
    if container and end.ended_by != "itself":
        _remove(job.processor, container)
    report, failed_by = _report(job.processor, task, end, call)
    if failed_by is not None and task.critical:
        cancelled.set()
    return report, failed_by


def _report(processor: Processor, task: ProcessorTask, end: End, call: Call) -> tuple[TaskReport, FailedBy | None]:
    executable = task.command[0]
    verdict: Verdict = processor.exit_codes.verdict(executable, end.exit_code) if end.ended_by == "itself" else "error"
    reason = _reason(end, call, verdict)
    failed_by: FailedBy | None = None
    if verdict == "error":
        failed_by = _failed_by(processor, end)
        if not task.critical:
            verdict, reason = "warning", f"{reason}; not critical"
    report = TaskReport(
        name=task.name,
        executable=executable,
        exit_code=end.exit_code,
        verdict=verdict,
        critical=task.critical,
        reason=reason,
        seconds=end.seconds,
        peak_memory_bytes=end.peak_memory_bytes,
        stdout=call.stdout,
        stderr=call.stderr,
    )
    return report, failed_by


def _failed_by(processor: Processor, end: End) -> FailedBy:
    if end.ended_by in ("timeout", "memory"):
        return end.ended_by
    limit = processor.memory_bytes
    if limit is None:
        return "exit"
    killed_inside = processor.kind == "container" and end.exit_code == _KILLED_IN_CONTAINER
    refused = processor.kind != "container" and end.peak_memory_bytes >= _NEARLY_ALL * limit
    return "memory" if killed_inside or refused else "exit"


def _reason(end: End, call: Call, verdict: Verdict) -> str:
    how = f"signal {-end.exit_code}" if end.exit_code < 0 else f"exit code {end.exit_code}"
    if end.ended_by == "timeout":
        return f"not ended after {call.timeout_s:.1f} s, killed ({how})"
    if end.ended_by == "memory":
        return f"took more than {(call.memory_bytes or 0) / 2**20:.0f} MiB, killed ({how})"
    if end.ended_by == "cancel":
        return f"cancelled, for another task failed ({how})"
    held = "; its output was still held by a process that had left its group" if end.output_held else ""
    return ("" if verdict == "ok" else how) + held


def _remove(processor: Processor, container: str) -> None:
    """End a container whose client was killed."""
    removal = removal_of(processor, container)
    try:
        run(removal, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, timeout=_REMOVAL_S, check=False)  # noqa: S603
    except TimeoutExpired as error:
        raise ProcessorFailed("a container whose time is over could not be removed", where=container) from error


def with_outputs(job: Run, report: RunReport, known: tuple[str, ...]) -> RunReport:
    """Return the report of a run completed by what it made; `known` names what was there before."""
    processor = job.processor
    try:
        file = find_list(job.folder, processor)
        if file is None:
            listed = search(job.folder, processor.outputs, known)
        else:
            listed = read_list(file, isip_to_safe=processor.list_file.isip_to_safe)
    except ProcessorFailed as error:
        return report.model_copy(update={"failure": str(error), "failed_by": "outputs"})
    findings = classify(listed, processor)
    outputs = tuple(_checked(job, output) for output in findings.outputs)
    found = {"outputs": outputs, "unexpected": findings.unexpected, "missing": findings.missing}
    return report.model_copy(update=found | _failure(findings))


def _failure(findings: Findings) -> dict[str, str]:
    if not findings.failing:
        return {}
    return {"failure": f"outputs are missing: {'; '.join(findings.failing)}", "failed_by": "outputs"}


def _checked(job: Run, output: OutputFound) -> OutputFound:
    check = job.processor.quality
    if check is None or output.kind != "product" or output.type not in check.types:
        return output
    environment = environment_of(job.processor, job.folder, job.environment)
    verdict = check_quality(check, output.path, job.folder / OUTPUT_FOLDER / "quality" / output.name, environment)
    return output.model_copy(update={"quality": verdict})
