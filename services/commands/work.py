"""`refsys ingest` and `refsys produce`: ask, then work until it is done."""

# ruff: noqa: PLC0415  (heavy modules are imported where a command runs: `refsys --help` stays fast)

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from refsys.services import views
from refsys.services.commands.options import Json, opened

if TYPE_CHECKING:
    from refsys.model.plans import Plan
    from refsys.model.requests import ProductionRequest, RequestRecord, RequestState
    from refsys.scheduler.system import System

Paths = Annotated[
    list[Path], typer.Argument(help="Folders or files: sessions, SEN3 or SAFE folders, archives, packet files.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(ingest)
    app.command()(produce)


def ingest(ctx: typer.Context, paths: Paths, as_json: Json = False) -> None:
    """Fetch what lies at PATH..., publish it, and make what it triggers.

    What was fetched before and has not changed is not fetched again; what failed before is tried again.
    """
    from refsys.model.errors import InputMissing
    from refsys.services.consequences import with_consequences
    from refsys.services.home import ingest as ask

    with opened(ctx) as system:
        keys = ask(system, paths)
        if not keys:
            places = ", ".join(str(path) for path in paths)
            raise InputMissing("nothing that a station would deliver", where=places, hint="see `refsys ingest --help`")
        work(system)
        _report(with_consequences(system, keys), as_json=as_json)


def produce(
    ctx: typer.Context,
    chain: Annotated[str | None, typer.Argument(help="Such as S3-L0-MWR; without it, all that is open.")] = None,
    *,
    inputs: Annotated[list[str] | None, typer.Option("--input", "-i", help="Name of an input product.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="STEP.PARAMETER=VALUE", help="Override a parameter of a step.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print choice and plan; store and run nothing.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for inputs that are missing rather than fail.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Make it again although it is published.")] = False,
    as_json: Json = False,
) -> None:
    """Make the products of CHAIN from named inputs; without CHAIN, work on everything that is open."""
    overrides = parse_settings(settings or [])
    if chain is None:
        if inputs or overrides or dry_run or wait or again:
            raise typer.BadParameter("options of a request need the name of a chain", param_hint="CHAIN")
        _produce_all(ctx, as_json=as_json)
        return
    from refsys.services.home import make_request
    from refsys.services.home import produce as ask

    with opened(ctx) as system:
        names = tuple(inputs or ())
        if dry_run:
            _preview(system, make_request(system, chain, names, overrides, wait=wait), as_json=as_json)
            return
        key = ask(system, chain, names, overrides, wait=wait, again=again)
        work(system, [key])
        _report([system.ledger.get(key)], as_json=as_json)


def work(system: "System", keys: Collection[str] | None = None) -> None:
    """Work with progress bars until the requests, or all, are closed or wait."""
    from refsys.services.home import working
    from refsys.services.progress import RequestProgress

    if _nothing_to_do(system, keys):
        return
    with RequestProgress() as progress, working(system, observe=progress) as at_work:
        at_work.loop.run(keys)


def _nothing_to_do(system: "System", keys: Collection[str] | None) -> bool:
    """Whether workers need not even start."""
    from refsys.model.requests import RequestState

    if keys is not None:
        return not any(system.ledger.get(key).state.is_open for key in keys)
    counts = system.ledger.counts()
    return not any(n for state, n in counts.items() if state.is_open and state is not RequestState.WAITING)


def parse_settings(settings: Sequence[str]) -> dict[str, Any]:
    """Return the overrides of `--set`: a value that is JSON is taken as such, any other as text.

    Examples
    --------
    >>> parse_settings(["frames.marker_errors=2", "product.centre=ABC"])
    {'frames.marker_errors': 2, 'product.centre': 'ABC'}
    """
    overrides: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or "." not in name:
            raise typer.BadParameter(f"{setting!r} is not STEP.PARAMETER=VALUE", param_hint="--set")
        try:
            overrides[name] = json.loads(value)
        except json.JSONDecodeError:
            overrides[name] = value
    return overrides


def _produce_all(ctx: typer.Context, *, as_json: bool) -> None:
    with opened(ctx) as system:
        before = [record.key for record in system.ledger.find(states=_open_states(), limit=10_000)]
        work(system)
        _report([system.ledger.get(key) for key in before], as_json=as_json)


def _open_states() -> "list[RequestState]":
    from refsys.model.requests import RequestState

    return [state for state in RequestState if state.is_open]


def _preview(system: "System", request: "ProductionRequest", *, as_json: bool) -> None:
    from refsys.services.home import preview

    selection, plan = preview(system, request)
    choices = [choice.plain() for choice in selection.choices]
    if as_json:
        missing = [lack.plain() for lack in selection.missing]
        views.show_json(
            {"request": request.key, "choices": choices, "missing": missing, "plan": plan.plain() if plan else None}
        )
    else:
        views.show_table(choices, ("role", "policy", "product", "reason"), title="Inputs")
        if plan is not None:
            typer.echo()
            views.show_table(plan_rows(plan), PLAN_COLUMNS, title=f"Plan {plan.content_key[:12]}")
    if plan is None:
        typer.echo("nothing can be planned: inputs are missing", err=True)
        raise typer.Exit(1)


PLAN_COLUMNS = ("step", "processor", "after", "outputs", "memory_mib", "parameters")


def plan_rows(plan: "Plan") -> list[dict[str, Any]]:
    """Return one row for each step of a plan."""
    names = {step.key: step.name for step in plan.steps}
    return [
        {
            "step": step.name,
            "processor": f"{step.processor} {step.processor_version}",
            "after": [names[key] for key in step.after],
            "outputs": list(step.outputs),
            "memory_mib": round(step.resources.memory_bytes / 2**20),
            "parameters": json.dumps(step.parameters, ensure_ascii=False),
        }
        for step in plan.steps
    ]


def _report(records: "Sequence[RequestRecord]", *, as_json: bool) -> None:
    """Show how requests ended; exit code 1 if one of them did not make it."""
    rows = [views.request_row(record) for record in records]
    views.show_rows(rows, ("request", "chain", "state", "products", "reason"), as_json=as_json, empty="nothing is open")
    if any(record.state.value in ("FAILED", "EXPIRED", "CANCELLED") for record in records):
        raise typer.Exit(1)
