"""`refsys products`: list, show, export, delete."""

# ruff: noqa: PLC0415  (heavy modules are imported where a command runs: `refsys --help` stays fast)

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from refsys.services import views
from refsys.services.commands.options import Json, opened

if TYPE_CHECKING:
    from datetime import datetime

products = typer.Typer(no_args_is_help=True, help="What is published.")
Name = Annotated[str, typer.Argument(help="Name of a product.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(products, name="products")


@products.command("list")
def list_products(
    ctx: typer.Context,
    *,
    product_type: Annotated[str | None, typer.Option("--type", help="Only this product type.")] = None,
    satellite: Annotated[str | None, typer.Option(help="Only this satellite, A to D.")] = None,
    start: Annotated[str | None, typer.Option(help="Only what ends at or after this time, ISO 8601.")] = None,
    stop: Annotated[str | None, typer.Option(help="Only what begins at or before this time, ISO 8601.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    as_json: Json = False,
) -> None:
    """List products by time."""
    with opened(ctx) as system:
        found = system.catalogue.find(
            product_type=product_type,
            satellite=satellite,
            start=_time(start, "--start"),
            stop=_time(stop, "--stop"),
            limit=limit,
        )
    rows = [views.product_row(product) for product in found]
    views.show_rows(rows, views.PRODUCT_COLUMNS, as_json=as_json, empty="no such products")
    if len(rows) == limit and not as_json:
        typer.echo(f"these are the first {limit}; --limit shows more")


def _time(text: str | None, option: str) -> "datetime | None":
    from refsys.model.times import parse_time

    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not an ISO 8601 time", param_hint=option) from error


@products.command("show")
def show_product(ctx: typer.Context, name: Name, as_json: Json = False) -> None:
    """Show everything about a product: figures, files, provenance."""
    with opened(ctx) as system:
        product = system.catalogue.get(name)
    if as_json:
        views.show_json(product.plain())
        return
    row = views.product_row(product)
    views.show_table([{"field": field, "value": value} for field, value in row.items()], ("field", "value"))
    if product.figures:
        typer.echo()
        figures = [{"figure": key, "value": str(value)[:200]} for key, value in sorted(product.figures.items())]
        views.show_table(figures, ("figure", "value"), title="Figures")
    typer.echo()
    files = [{"path": a.path, "size_bytes": a.size_bytes, "sha256": a.sha256, "key": a.key} for a in product.assets]
    views.show_table(files, ("path", "size_bytes", "sha256"), title="Files")
    typer.echo()
    if product.provenance is None:
        typer.echo("came from outside")
        return
    made = product.provenance
    typer.echo(f"made by {made.software}, chain {made.chain} {made.chain_version}, request {made.request_key}")
    inputs = [{"role": i.role, "input": i.name, "digest": i.digest} for i in made.inputs]
    views.show_table(inputs, ("role", "input", "digest"), title="Inputs")


@products.command("export")
def export_product(
    ctx: typer.Context,
    names: Annotated[list[str], typer.Argument(help="Names of products.")],
    folder: Annotated[Path, typer.Option("--to", help="Folder below which each product gets its own.")] = Path(),
    as_json: Json = False,
) -> None:
    """Write the files of products to a folder, verified."""
    from refsys.storage.publishing import export

    with opened(ctx) as system:
        found = [system.catalogue.get(name) for name in names]
        rows = [{"name": product.name, "folder": str(export(product, system.store, folder))} for product in found]
    views.show_rows(rows, ("name", "folder"), as_json=as_json)


@products.command("delete")
def delete_products(
    ctx: typer.Context,
    names: Annotated[list[str], typer.Argument(help="Names of products.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete the files of products; what they were and how they came to be is kept."""
    from refsys.storage.publishing import remove

    with opened(ctx) as system:
        found = [system.catalogue.get(name) for name in names]
        size = views.size_text(sum(product.size_bytes for product in found))
        if not yes and not typer.confirm(f"Delete {len(found)} products, {size}?", err=True):
            typer.echo("nothing is deleted", err=True)
            raise typer.Exit(1)
        for product in found:
            remove(product.name, system.store, system.catalogue, system.clock.now())
    views.show_rows(
        [{"name": product.name, "deleted": True} for product in found], ("name", "deleted"), as_json=as_json
    )
