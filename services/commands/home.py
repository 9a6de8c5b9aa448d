"""`refsys config`, `doctor`, `dashboard`, `version`: about the home itself."""

# ruff: noqa: PLC0415  (heavy modules are imported where a command runs: `refsys --help` stays fast)

from typing import Annotated

import typer

from refsys.services import views
from refsys.services.commands.options import Json, settings_of


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(config)
    app.command()(doctor)
    app.command()(dashboard)
    app.command()(version)


def config(ctx: typer.Context, as_json: Json = False) -> None:
    """Print every setting with its meaning, as YAML that `<home>/refsys.yaml` may hold."""
    settings = settings_of(ctx)
    if as_json:
        views.show_json(settings.plain())
        return
    from refsys.services.config_yaml import settings_yaml

    typer.echo(settings_yaml(settings), nl=False)


def doctor(
    ctx: typer.Context,
    cluster: Annotated[bool, typer.Option("--cluster", help="Start workers too; takes some seconds.")] = False,
    as_json: Json = False,
) -> None:
    """Check every component, and say what to do; exit code 1 if one of them fails."""
    from refsys.services.doctor import examine

    found = examine(settings_of(ctx), cluster=cluster)
    views.show_rows([check.plain() for check in found], ("state", "name", "found", "what_to_do"), as_json=as_json)
    if any(check.state == "fail" for check in found):
        raise typer.Exit(1)


def dashboard(ctx: typer.Context, as_json: Json = False) -> None:
    """Print the address of the Dask dashboard of a refsys that is at work in this home."""
    from refsys.services.home import dashboard_of

    address = dashboard_of(settings_of(ctx).home)
    if as_json:
        views.show_json({"address": address})
    elif address is None:
        typer.echo("no refsys is at work in this home; there is a dashboard while `ingest`, `produce` or `demo` runs")
    else:
        typer.echo(address)
    if address is None:
        raise typer.Exit(1)


def version(as_json: Json = False) -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    if as_json:
        views.show_json({"refsys": installed("refsys")})
    else:
        typer.echo(f"refsys {installed('refsys')}")
