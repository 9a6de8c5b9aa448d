"""The processor simulator: reads a job order and does what a processor of the agencies would seem to do.

As a command, `python -m refsys.chains.processors.simulator [--task NAME] JobOrder.xml`, it takes time and memory, makes
products with a LIST file, and fails as it is told. In this process (`simulate`), it does the same without waiting.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from refsys.chains.job_orders_reading import read_job_order
from refsys.chains.processors.simulated_names import (
    Facts,
    Made,
    facts_of,
    mission_of,
    names_of,
    polarisation_of,
    segment_interval,
    slices_of,
)
from refsys.chains.processors.simulated_products import write_product
from refsys.chains.processors.simulator_settings import SimulatorSettings, read_settings
from refsys.model.errors import InputMissing, RefsysError
from refsys.model.job_orders import JobOrder
from refsys.model.values import Value

MISSING_INPUT = 200
"""Exit code when a declared input is not there, or the job order cannot be read."""
_STEP_BYTES = 16 << 20
_POLL_S = 3600.0


class SimulatedRun(Value):
    """What a simulated run is and makes."""

    duration_s: float
    memory_bytes: int
    fails: bool
    products: tuple[Made, ...]
    reports: tuple[str, ...]
    intermediate: tuple[str, ...]
    """Folders that later tasks read, and that are not listed."""
    facts: Facts


def plan_run(job_order: JobOrder, settings: SimulatorSettings, task: str | None = None) -> SimulatedRun:
    """Return what a run of a job order, or of one of its tasks, takes and makes; nothing is read or written.

    Raises
    ------
    InputCorrupt
        If the job order does not say enough for a name, or has no such task.
    """
    processes = [process for process in job_order.processes if task in (None, process.task_name)]
    facts = _facts(job_order, settings)
    types = list(dict.fromkeys(output.file_type for process in processes for output in process.outputs))
    what = f"{job_order.processor_name} {task} {facts.start.isoformat()}"
    return SimulatedRun(
        duration_s=settings.duration_s(what),
        memory_bytes=settings.memory_bytes,
        fails=settings.fails(what),
        products=tuple(made for kind in types for made in _products(kind, job_order, facts, settings)),
        reports=tuple(f"{kind.strip('_')}_report.xml" for kind in types if _is_report(kind)),
        intermediate=tuple(kind for kind in types if mission_of(kind) is None and not _is_report(kind)),
        facts=facts,
    )


def check_inputs(job_order: JobOrder) -> None:
    """Check that every declared input is there, but for those that a task of the run makes (`InputMissing`)."""
    made = {output.file_type for process in job_order.processes for output in process.outputs}
    entries = [entry for process in job_order.processes for entry in process.inputs if entry.file_type not in made]
    lost = [path for entry in entries for path in entry.file_names if not _is_there(Path(path), entry.file_name_type)]
    if lost:
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        raise InputMissing(f"a declared input is not there{more}", where=lost[0])


def simulate(job_order: JobOrder, folder: Path, settings: SimulatorSettings, task: str | None = None) -> SimulatedRun:
    """Do in this process what the command does, but for waiting, taking memory, and ending the process.

    Parameters
    ----------
    job_order
        What is to be made.
    folder
        The working directory.
    settings
        `failure`, if it happens, has the effect on outputs that it has on those of the command.
    task
        One task of the job order; None: all.

    Raises
    ------
    InputMissing
        If a declared input is not there.
    """
    if settings.check_inputs:
        check_inputs(job_order)
    run = plan_run(job_order, settings, task)
    if not (run.fails and settings.failure in ("exit", "hang", "hang-deaf", "signal", "memory-hog")):
        write_outputs(run, folder, settings)
    return run


def write_outputs(run: SimulatedRun, folder: Path, settings: SimulatorSettings) -> None:
    """Write products, reports, intermediate folders, and add to the LIST file; amiss in the way that was asked for."""
    failure = settings.failure if run.fails else "none"
    lines = []
    for number, made in enumerate(run.products):
        place = folder / settings.list_prefix
        place.mkdir(parents=True, exist_ok=True)
        path = write_product(place, made, run.facts, size_bytes=settings.product_bytes, seed=settings.seed)
        lines.append(settings.list_prefix + _spoilt(path, made, failure, number))
    for report in run.reports:
        (folder / report).write_text("<report/>\n", "utf-8")
        lines.append(report)
    for kind in run.intermediate:
        (folder / kind).mkdir(exist_ok=True)
    if failure != "no-list":
        text = "".join(f"{line}\n" for line in lines)
        names = [settings.list_name.replace("{folder}", folder.name)]
        for name in [*names, "another.LIST"] if failure == "two-lists" else names:
            with (folder / name).open("a", encoding="utf-8") as file:
                file.write(text)


def _spoilt(path: Path, made: Made, failure: str, number: int) -> str:
    """Return the line of a product in the LIST file, after doing to the product what the failure does."""
    if failure == "no-outputs" or (failure == "half-outputs" and number % 2 == 0):
        path.rename(path.with_name(f".unfinished-{path.name}"))
    elif failure == "wrong-names":
        return path.rename(path.with_name(f"WRONG_{path.name[5:]}")).name
    elif failure == "corrupt-manifest":
        for manifest in [*path.rglob("*manifest*"), *path.rglob("*_iif.xml"), *path.rglob("Inventory*")]:
            manifest.write_bytes(manifest.read_bytes()[:100])
    return path.name


def _facts(job_order: JobOrder, settings: SimulatorSettings) -> Facts:
    facts = facts_of(job_order, settings.creation_time)
    changes: dict[str, object] = {}
    if _cuts_slices(job_order):
        interval = segment_interval(job_order)
        if interval is not None:
            changes |= {"start": interval[0], "stop": interval[1]}
        if (polarisation := polarisation_of(job_order)) is not None:
            changes["fields"] = facts.fields | {"polarisation": polarisation}
    return facts.model_copy(update=changes)


def _cuts_slices(job_order: JobOrder) -> bool:
    return "SLICING" in job_order.processor_name.upper()


def _products(file_type: str, job_order: JobOrder, facts: Facts, settings: SimulatorSettings) -> list[Made]:
    count = settings.counts.get(file_type, settings.other_count)
    if count == 0:
        return []
    if _cuts_slices(job_order) and file_type.endswith("_RAW__0S") and file_type not in settings.counts:
        return slices_of(file_type, facts)
    return names_of(file_type, facts, count)


def _is_report(file_type: str) -> bool:
    return file_type.startswith(("REP", "RPT"))


def _is_there(path: Path, name_type: str) -> bool:
    if name_type == "Stem":
        return any(path.parent.glob(f"{path.name}*"))
    return path.exists() or (name_type == "Regexp" and path.parent.is_dir())


def main(arguments: Sequence[str]) -> int:
    """Run as a command; return the exit code."""
    task = arguments[1] if len(arguments) > 1 and arguments[0] == "--task" else None
    file = Path(arguments[-1])
    try:
        settings = read_settings(file)
        job_order = read_job_order(file)
        if settings.check_inputs:
            check_inputs(job_order)
        run = plan_run(job_order, settings, task)
        code = _play(run, file.parent, settings)
    except (RefsysError, OSError) as error:
        sys.stderr.write(f"simulator: {error}\n")
        return MISSING_INPUT
    return code


def _play(run: SimulatedRun, folder: Path, settings: SimulatorSettings) -> int:
    """Take time and memory, then fail or write."""
    failure = settings.failure if run.fails else "none"
    _print(f"simulator: {len(run.products)} products in {run.duration_s:.3f} s", settings.lines)
    held = bytearray(run.memory_bytes)  # zeros are not resident until written
    held[::4096] = b"\1" * len(range(0, run.memory_bytes, 4096))
    time.sleep(run.duration_s)
    if failure == "exit":
        return settings.exit_code
    if failure in ("hang", "hang-deaf", "signal", "memory-hog"):
        return _fail(failure, settings)
    write_outputs(run, folder, settings)
    return settings.exit_code


def _print(text: str, lines: int) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.writelines(f"simulator: line {number}\n" for number in range(lines))
    sys.stdout.flush()


def _fail(failure: str, settings: SimulatorSettings) -> int:
    if failure == "signal":
        os.kill(os.getpid(), settings.signal)
    if failure == "memory-hog":
        _take_all()
    if failure == "hang-deaf":
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
    _print("simulator: hangs", 0)
    while True:
        time.sleep(_POLL_S)


def _take_all() -> None:
    """Take memory until there is no more, then end as C++ programs do."""
    taken = []
    try:
        while True:
            taken.append(b"\1" * _STEP_BYTES)
    except MemoryError:
        taken.clear()
        os.abort()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
