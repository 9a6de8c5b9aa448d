"""`refsys step run`: one job order, run alone."""

# ruff: noqa: PLC0415  (heavy modules are imported where a command runs: `refsys --help` stays fast)

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from refsys.services import views
from refsys.services.commands.options import Json

if TYPE_CHECKING:
    from refsys.model.processors import RunReport

step = typer.Typer(no_args_is_help=True, help="Run one step of a chain by hand.")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(step, name="step")


@step.command("run")
def run(
    job_order: Annotated[Path, typer.Option("--job-order", help="Job order, of any mission's form.")],
    processor: Annotated[
        Path | None, typer.Option("--processor", help="YAML file of the processor; without it, the simulator.")
    ] = None,
    task_table: Annotated[
        Path | None, typer.Option("--task-table", help="Task table whose executables are run, instead of --processor.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="New working directory; else one beside the job order.")
    ] = None,
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the working directory although all went well.")] = False,
    as_json: Json = False,
) -> None:
    """Run one job order alone, in a working directory of its own, which is kept if it failed.

    Inputs are taken from where the job order names them, or from its own folder.
    """
    import shutil
    import tempfile

    from refsys.chains.processors.alone import read_processor, run_alone
    from refsys.chains.processors.from_tables import processor_of
    from refsys.chains.task_tables import read_task_table
    from refsys.storage.local_files import require_file

    require_file(job_order)
    if processor is not None and task_table is not None:
        raise typer.BadParameter("give --processor or --task-table, not both", param_hint="--task-table")
    what = read_processor(processor) if processor is not None else None
    if task_table is not None:
        what = processor_of(read_task_table(task_table))
    place = folder or Path(tempfile.mkdtemp(prefix=f"{job_order.stem}-", dir=job_order.absolute().parent))
    report = run_alone(job_order, what, place)
    removed = report.failure is None and not keep
    if removed:
        shutil.rmtree(place)
    _show(report, removed=removed, as_json=as_json)
    if report.failure is not None:
        raise typer.Exit(1)


def _show(report: "RunReport", *, removed: bool, as_json: bool) -> None:
    if as_json:
        views.show_json(report.plain() | {"kept": not removed})
        return
    tasks = [
        {
            "task": task.name,
            "exit_code": task.exit_code,
            "verdict": task.verdict,
            "seconds": f"{task.seconds:.2f}",
            "reason": task.reason,
        }
        for task in report.tasks
    ]
    views.show_table(tasks, ("task", "exit_code", "verdict", "seconds", "reason"), title="Tasks")
    outputs = [{"output": output.name, "type": output.type, "kind": output.kind} for output in report.outputs]
    views.show_table(outputs, ("output", "type", "kind"), title="Outputs")
    for word, found in (("missing", report.missing), ("unexpected", report.unexpected)):
        for text in found:
            typer.echo(f"{word}: {text}")
    typer.echo("working directory removed" if removed else f"working directory: {report.folder}")
    if report.failure is not None:
        typer.echo(f"failed: {report.failure}", err=True)
