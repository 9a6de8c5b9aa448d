"""`refsys why`: what was chosen, rejected and missing, and what would change it."""

# ruff: noqa: PLC0415  (heavy modules are imported where a command runs: `refsys --help` stays fast)

from typing import Annotated

import typer

from refsys.services import views
from refsys.services.commands.options import Json, opened


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(why)


def why(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="REQUEST", help="Key of a request, or its first six digits or more.")],
    as_json: Json = False,
) -> None:
    """Explain a request: what was chosen, rejected, awaited or missing for each input, and what would change it."""
    from refsys.services.explanation import explain

    with opened(ctx) as system:
        found = explain(system, system.ledger.get(key))
    if as_json:
        views.show_json(found.plain())
        return
    typer.echo(f"{found.request}  {found.chain}  {found.state} since {views.time_text(found.since)}")
    if found.reason:
        typer.echo(f"because: {found.reason}")
    if found.main:
        typer.echo(f"main inputs: {found.main}")
    typer.echo()
    rows = [
        {"role": said.role, "policy": said.policy, "verdict": verdict, "product": name, "reason": reason}
        for said in found.inputs
        for verdict, name, reason in said.lines()
    ]
    if rows:
        views.show_table(rows, ("role", "policy", "verdict", "product", "reason"), title="Inputs")
        typer.echo()
    for said in found.by_hand:
        chosen = ", ".join(said.products) or "what the rules choose"
        typer.echo(f"by hand: {said.role} = {chosen}, {said.by} at {views.time_text(said.at)}: {said.reason}")
    for sentence in found.what_would_change_it:
        typer.echo(f"- {sentence}")
    for story in found.inputs:
        for arrival in story.would_change:
            typer.echo(f"- {story.role} would change with {arrival}")
