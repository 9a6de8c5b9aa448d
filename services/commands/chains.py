"""`refsys chains`: list, show, check, draw, new."""

# ruff: noqa: PLC0415  (heavy modules are imported where a command runs: `refsys --help` stays fast)

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from refsys.services import views
from refsys.services.commands.options import Json, settings_of

if TYPE_CHECKING:
    from refsys.model.chains import Chain, StepRule

chains = typer.Typer(help="What can be produced.")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(chains, name="chains")


def _known(ctx: typer.Context) -> "dict[str, Chain]":
    from refsys.chains.chain_files import load_chains

    settings = settings_of(ctx)
    return load_chains(settings.chain_places, settings.task_tables_folder)


@chains.callback(invoke_without_command=True)
def list_unless_told(ctx: typer.Context, as_json: Json = False) -> None:
    """List the chains of this home, or do what COMMAND says."""
    if ctx.invoked_subcommand is None:
        list_chains(ctx, as_json=as_json)


@chains.command("list")
def list_chains(ctx: typer.Context, as_json: Json = False) -> None:
    """List the chains of this home; those of agency processors start by arrivals once `processors` names them."""
    from refsys.chains.triggers import starting_by_themselves

    known = _known(ctx)
    starting = starting_by_themselves(known, settings_of(ctx).processors)
    rows = [
        {
            "chain": chain.name,
            "version": chain.version,
            "title": chain.title,
            "triggers": [rule.arrival for rule in chain.triggers],
            "inputs": [kind for rule in chain.inputs for kind in rule.types],
            "outputs": list(chain.outputs),
            "steps": [step.name for step in chain.steps],
            "starts": "by arrivals" if chain.triggers and name in starting else "when asked",
        }
        for name, chain in sorted(known.items())
    ]
    columns = ("chain", "version", "starts", "title", "outputs")
    views.show_rows(rows, columns, as_json=as_json, empty="no chains")


@chains.command("show")
def show_chain(
    ctx: typer.Context, name: Annotated[str, typer.Argument(help="Name of a chain.")], as_json: Json = False
) -> None:
    """Show one chain: triggers, inputs, steps, and every parameter with its default and meaning."""
    from refsys.model.errors import ConfigInvalid

    known = _known(ctx)
    if name not in known:
        raise ConfigInvalid(f"no chain {name}", hint=f"there are {', '.join(sorted(known)) or 'none'}")
    chain = known[name]
    parameters = [row for step in chain.steps for row in _parameter_rows(step)]
    if as_json:
        views.show_json({**chain.plain(), "all_parameters": parameters})
        return
    typer.echo(f"{chain.name} {chain.version}: {chain.title}\n{chain.description}")
    inputs = [{**rule.plain(), "types": list(rule.types)} for rule in chain.inputs]
    views.show_table(inputs, ("role", "types", "policy", "mandatory"), title="Inputs")
    typer.echo()
    steps = [{**s.plain(), "memory_mib": round(s.resources.memory_bytes / 2**20)} for s in chain.steps]
    views.show_table(steps, ("name", "unit", "per", "inputs", "after", "outputs", "memory_mib"), title="Steps")
    typer.echo()
    views.show_table(parameters, ("parameter", "value", "meaning"), title="Parameters (--set)")


def _parameter_rows(step: "StepRule") -> list[dict[str, Any]]:
    from pydantic_core import to_jsonable_python

    from refsys.chains.units import find_unit

    rows = []
    for name, field in find_unit(step.unit).parameters.model_fields.items():
        value = step.parameters.get(name, None if field.is_required() else field.get_default())
        plain = to_jsonable_python(value)
        rows.append({"parameter": f"{step.name}.{name}", "value": plain, "meaning": field.description or ""})
    return rows


@chains.command("check")
def check_chains(
    ctx: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument(help="Chain files.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Check every chain of this home.")] = False,
    as_json: Json = False,
) -> None:
    """Check chain files: form, units, types, policies, rules, loops, times; errors name the line."""
    from refsys.chains.chain_checks import findings, findings_of_all
    from refsys.chains.chain_files import load_chain_file
    from refsys.model.errors import RefsysError

    if bool(files) == every:
        raise typer.BadParameter("name chain files, or say --all", param_hint="FILE...")
    known, tables = _known(ctx), settings_of(ctx).task_tables_folder
    wrong = [("this home", name, found) for name, found in sorted(findings_of_all(known).items())] if every else []
    for file in files or []:
        try:
            wrong += [(str(file), chain.name, findings(chain, known)) for chain in load_chain_file(file, tables)]
        except RefsysError as error:
            wrong.append((str(file), "", [str(error)]))
    rows = [
        {"file": place, "chain": name or None, "ok": not found, "error": "; ".join(found) or None}
        for place, name, found in wrong
    ]
    views.show_rows(rows, ("file", "chain", "ok", "error"), as_json=as_json, empty="no chains")
    if not all(row["ok"] for row in rows):
        raise typer.Exit(1)


@chains.command("graph")
def draw_graph(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Picture to write: .svg or .png.")] = Path("chains.svg"),
    feeds: Annotated[bool, typer.Option(help="Show also what is read without triggering.")] = False,
    as_json: Json = False,
) -> None:
    """Draw who triggers whom; with --json print it instead."""
    from refsys.chains.relations import relations
    from refsys.model.errors import ConfigInvalid
    from refsys.storage.local_files import replacing

    known = _known(ctx)
    if as_json:
        views.show_json([relation.plain() for relation in relations(known) if feeds or relation.kind == "triggers"])
        return
    from refsys.services.chain_picture import draw_chains

    form = file.suffix.removeprefix(".")
    if form not in ("svg", "png"):
        raise ConfigInvalid("a picture is an .svg or a .png", where=file)
    with replacing(file) as new:
        new.write(draw_chains(known, "svg" if form == "svg" else "png", feeds=feeds))
    typer.echo(f"{len(known)} chains: {file}")


@chains.command("docs")
def write_pages(
    ctx: typer.Context, folder: Annotated[Path, typer.Argument(help="Folder of the pages.", file_okay=False)]
) -> None:
    """Write one reference page for each chain, an index, and the picture."""
    from refsys.services.chain_pages import write_all

    known = _known(ctx)
    write_all(folder, known)
    typer.echo(f"{len(known)} pages: {folder}")


@chains.command("new")
def new_chain(
    ctx: typer.Context,
    *,
    task_table: Annotated[Path, typer.Option("--task-table", help="The agency's task table.")],
    image: Annotated[
        str | None, typer.Option("--image", help="Container image; without it, the executables are on this machine.")
    ] = None,
    trigger: Annotated[
        str | None, typer.Option("--trigger", help="Type whose arrival starts it; else its first mandatory input.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the chain; else from the task table.")] = None,
    mode: Annotated[str | None, typer.Option("--mode", help="Mode, such as NTC; else NRT if it has that.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; else it is printed.")] = None,
) -> None:
    """Write the chain of a processor from its task table; say what to look at."""
    from refsys.chains.chain_files import parse_chain
    from refsys.chains.task_table_new import feeders
    from refsys.chains.task_table_new import new_chain as make
    from refsys.chains.task_tables import read_task_table
    from refsys.model.errors import ConfigInvalid
    from refsys.storage.local_files import replacing, require_file

    require_file(task_table)
    folder = settings_of(ctx).task_tables_folder
    is_kept = folder is not None and task_table.resolve().is_relative_to(folder.resolve())
    place = task_table.name if is_kept else str(task_table.resolve())
    table = read_task_table(task_table)
    made = make(table, place, image=image, trigger=trigger, name=name, mode=mode)
    if fed := feeders(parse_chain(made.text, str(task_table)), _known(ctx)):
        made = make(table, place, image=image, trigger=trigger, name=name, mode=mode, not_made_by=fed)
    if output is None:
        typer.echo(made.text, nl=False)
    elif output.exists():
        raise ConfigInvalid("there is such a file already", where=output, hint="give another with -o")
    else:
        with replacing(output) as new:
            new.write(made.text.encode())
    for remark in (*made.remarks, f"settings: name it under `processors: [{made.name}]` to start it by arrivals"):
        typer.echo(remark, err=output is None)
