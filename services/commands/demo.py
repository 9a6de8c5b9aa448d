"""`refsys demo`."""

# ruff: noqa: PLC0415  (heavy modules are imported where a command runs: `refsys --help` stays fast)

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from refsys.services import views
from refsys.services.commands.options import Json, settings_of

if TYPE_CHECKING:
    from refsys.services.demonstration.results import DemoResult


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(demo)


def demo(
    ctx: typer.Context,
    *,
    data: Annotated[
        Path | None, typer.Option(help="Folder that holds data/real; else REFSYS_SHARED, else ../shared.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete what the last demo made; make it again.")] = False,
    as_json: Json = False,
) -> None:
    """Make products from real packets (or simulated ones), compare them with the truth, and write a report.

    What an earlier demo in this home published is used again.
    """
    from refsys.services.demonstration.demo import run_demo
    from refsys.services.progress import RequestProgress

    settings = settings_of(ctx)
    with RequestProgress() as progress:
        result = run_demo(settings, data=data, fresh=fresh, observe=progress)
    if as_json:
        views.show_json({**result.plain(), "passed": result.passed})
    else:
        _show(result)
    if not result.passed:
        raise typer.Exit(1)


def _show(result: "DemoResult") -> None:
    typer.echo(f"{result.data} data" + (f" from {result.data_folder}" if result.data_folder else ""))
    for chain in result.not_run:
        typer.echo(f"not run: nothing triggered {chain}")
    if result.reused:
        many = f"{result.reused} of {len(result.requests)}"
        typer.echo(f"reused: {many} requests were published before (--fresh makes them again)")
    typer.echo()
    mwr = [{**row.plain(), "verdict": "as it must be" if row.passed else "WRONG"} for row in result.mwr]
    columns = (
        "title",
        "packets_recovered",
        "packets_sent",
        "identical",
        "packets_missing_reported",
        "packets_missing_expected",
        "verdict",
    )
    views.show_table(mwr, columns, title="S3-L0-MWR: published packets against those that were sent")
    typer.echo()
    if result.checks:
        views.show_table(
            [{**check.plain(), "verdict": "ok" if check.passed else "fail"} for check in result.checks],
            ("chain", "subject", "what", "value", "expected", "verdict"),
            title="Comparisons",
        )
        typer.echo()
    if result.kernels:
        rows = [kernels.plain() for kernels in result.kernels]
        views.show_table(
            rows, ("worker", "functions_compiled", "compile_seconds"), title="Compilation, once in each worker process"
        )
        typer.echo()
        views.show_table([row.plain() for row in result.calls], ("processor", "worker", "calls", "first_s", "later_s"))
        typer.echo()
    requests = [{**row.plain(), "note": "reused" if row.reused else row.reason} for row in result.requests]
    views.show_table(
        requests, ("request", "chain", "state", "product", "size_bytes", "seconds", "digest", "note"), title="Requests"
    )
    typer.echo(f"\n{result.seconds:.0f} s; report: {result.report}")
