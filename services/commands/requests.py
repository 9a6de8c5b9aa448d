"""`refsys requests`: list, show, cancel, retry, override."""

# ruff: noqa: PLC0415  (heavy modules are imported where a command runs: `refsys --help` stays fast)

from typing import TYPE_CHECKING, Annotated, Any

import typer

from refsys.services import views
from refsys.services.commands.options import Json, opened, told_by

if TYPE_CHECKING:
    from refsys.model.events import Event
    from refsys.model.requests import RequestRecord, RequestState

requests = typer.Typer(no_args_is_help=True, help="What was asked, and what became of it.")
Key = Annotated[str, typer.Argument(metavar="REQUEST", help="Key of a request, or its first six digits or more.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(requests, name="requests")


@requests.command("list")
def list_requests(
    ctx: typer.Context,
    *,
    state: Annotated[
        list[str] | None, typer.Option(help="Only this state, for example FAILED; may be repeated.")
    ] = None,
    chain: Annotated[str | None, typer.Option(help="Only this chain; INGEST for what was fetched.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    as_json: Json = False,
) -> None:
    """List requests, the newest first."""
    with opened(ctx) as system:
        found = system.ledger.find(states=_states(state), chain=chain, limit=limit)
    rows = [views.request_row(record) for record in found]
    views.show_rows(rows, views.REQUEST_COLUMNS, as_json=as_json, empty="no such requests")


def _states(texts: list[str] | None) -> "list[RequestState] | None":
    from refsys.model.requests import RequestState

    if not texts:
        return None
    try:
        return [RequestState(text.upper()) for text in texts]
    except ValueError as error:
        states = ", ".join(RequestState)
        raise typer.BadParameter(f"{error}; there are {states}", param_hint="--state") from error


@requests.command("show")
def show_request(ctx: typer.Context, key: Key, as_json: Json = False) -> None:
    """Show a request with its history, plan, attempts and reason."""
    with opened(ctx) as system:
        record = system.ledger.get(key)
        history = list(system.ledger.history(record.key))
    if as_json:
        views.show_json({**record.plain(), "history": [event.model_dump(mode="json") for event in history]})
        return
    row = views.request_row(record)
    views.show_table([{"field": k, "value": v} for k, v in row.items() if v not in (None, [])], ("field", "value"))
    if record.plan is not None:
        from refsys.services.commands.work import PLAN_COLUMNS, plan_rows

        typer.echo()
        views.show_table(plan_rows(record.plan), PLAN_COLUMNS, title=f"Plan {record.plan.content_key[:12]}")
    typer.echo()
    views.show_table(_history_rows(history), ("at", "event", "words"), title="History")


def _history_rows(history: "list[Event]") -> list[dict[str, Any]]:
    return [{"at": views.time_text(event.at), "event": event.kind, "words": _words(event)} for event in history]


def _words(event: "Event") -> str:
    """Say what an event adds, in a few words."""
    plain: dict[str, Any] = event.model_dump(mode="json", exclude={"request", "plan", "traceback"})
    match event.kind:
        case "StepCompleted":
            done = event.result
            return f"{done.name}: " + ("there already" if done.reused else f"{done.seconds:.2f} s, {done.worker}")
        case "InputsMissing":
            return ", ".join(lack.name or lack.product_type for lack in event.missing)
        case "InputsOverridden":
            return f"{event.role} = {', '.join(event.products) or 'by the rules'}: {event.by}: {event.reason}"
        case "PlanMade":
            return f"{len(event.plan.steps)} steps"
        case "RunCompleted":
            return ", ".join(product.name for product in event.products)
    said = [
        plain[field] for field in ("failure", "reason", "executor", "product", "names", "by", "owner") if field in plain
    ]
    return ": ".join(views.cell("words", value) for value in said)


@requests.command("cancel")
def cancel_request(ctx: typer.Context, key: Key, as_json: Json = False) -> None:
    """Cancel an open request, whoever works on it."""
    from refsys.scheduler.system import cancel

    with opened(ctx) as system:
        record = cancel(system, key, told_by())
    _show_one(record, as_json=as_json)


@requests.command("retry")
def retry_request(ctx: typer.Context, key: Key, as_json: Json = False) -> None:
    """Ask for a closed request again; `refsys produce` works on it."""
    from refsys.scheduler.system import retry

    with opened(ctx) as system:
        record = retry(system, key, told_by())
    _show_one(record, as_json=as_json)


@requests.command("override")
def override_input(
    ctx: typer.Context,
    key: Key,
    *,
    inputs: Annotated[
        list[str],
        typer.Option("--input", metavar="ROLE=PRODUCT", help="May be repeated; without a product the rules choose."),
    ],
    reason: Annotated[str, typer.Option(help="Why; it stays in the history with your name.")],
    as_json: Json = False,
) -> None:
    """Choose inputs of a request by hand, for the next time that it is prepared."""
    from refsys.scheduler.overrides import override

    wanted = _by_role(inputs)
    with opened(ctx) as system:
        record = system.ledger.get(key)
        for role, names in wanted.items():
            record = override(system, record, role, names, by=told_by(), reason=reason)
    _show_one(record, as_json=as_json)


def _by_role(texts: list[str]) -> dict[str, tuple[str, ...]]:
    chosen: dict[str, tuple[str, ...]] = {}
    for text in texts:
        role, equals, name = text.partition("=")
        if not role or not equals:
            raise typer.BadParameter(f"{text!r} is not ROLE=PRODUCT", param_hint="--input")
        chosen[role] = (*chosen.get(role, ()), *([name] if name else []))
    return chosen


def _show_one(record: "RequestRecord", *, as_json: bool) -> None:
    row = views.request_row(record)
    views.show_rows([row], ("request", "chain", "state", "reason"), as_json=as_json)
