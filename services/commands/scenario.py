"""`refsys simulate scenario`: hours or weeks of traffic in virtual time."""

# ruff: noqa: PLC0415  (heavy modules are imported where a command runs: `refsys --help` stays fast)

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from refsys.services import views
from refsys.services.commands.options import Json

if TYPE_CHECKING:
    from refsys.scheduler.loop import Observer

_TOLD_EVERY = 50


def simulate_scenario(
    scenario: Annotated[str, typer.Argument(help="A scenario file, or `hour`, `day-s1-s2-s3`, `week-ntc`.")],
    *,
    shuffle: Annotated[int | None, typer.Option(min=0, help="Seed of another order of arrivals.")] = None,
    slots: Annotated[int, typer.Option(min=1, help="Steps that run at the same time.")] = 1000,
    keep: Annotated[
        Path | None, typer.Option(help="Folder of the home, kept; a run that was ended there goes on.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run simulated traffic through the whole system in virtual time, and compare the products with an oracle."""
    from refsys.chains.scenarios.scenario import read_scenario
    from refsys.services.scenario_report import summary
    from refsys.services.scenarios import run_scenario

    given = read_scenario(scenario)
    with _home(keep) as home, _progress() as observe:
        told = summary(run_scenario(given, home, slots=slots, shuffle=shuffle, observe=observe))
    if as_json:
        views.show_json(told)
    else:
        _show(told)
    if not told["agrees"]:
        raise typer.Exit(1)


@contextmanager
def _home(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep.expanduser().absolute()
        return
    with tempfile.TemporaryDirectory(prefix="refsys-scenario-") as folder:
        yield Path(folder)


@contextmanager
def _progress() -> "Iterator[Observer | None]":
    """Tell virtual time and closed requests on a terminal; nothing elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    seen: set[str] = set()
    closed = 0
    with console.status("simulating") as status:

        def observe(record: Any, event: Any) -> None:  # noqa: ANN401
            nonlocal closed
            seen.add(record.key)
            if not record.state.is_open:
                closed += 1
                if closed % _TOLD_EVERY == 0:
                    status.update(f"{event.at:%Y-%m-%d %H:%M} in virtual time, {closed} of {len(seen)} requests closed")

        yield observe


def _show(told: dict[str, Any]) -> None:
    chains = sorted({row["chain"] for row in told["states"]})
    columns = sorted({row["state"] for row in told["states"]})
    counts = {(row["chain"], row["state"]): row["requests"] for row in told["states"]}
    rows = [{"chain": chain, **{c.lower(): counts.get((chain, c), "") for c in columns}} for chain in chains]
    views.show_table(rows, ("chain", *(c.lower() for c in columns)))
    if told["reasons"]:
        views.show_table(told["reasons"], ("chain", "state", "requests", "reason"))
    plain = [{"field": key, "value": value} for key, value in told.items() if not isinstance(value, list | dict)]
    views.show_table(plain, ("field", "value"))
    for what in ("missing_products", "unexpected_products"):
        if told[what]:
            typer.echo(what.replace("_", " "))
            views.show_table(told[what], ("type", "satellite", "start", "stop", "timeliness", "products"))
