"""The command line `refsys`.

Only what `refsys --help` needs is imported at the top of this module and of the `commands_*` modules: each command
imports what it works with when it runs, so that the help is there at once.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from refsys.model.errors import RefsysError
from refsys.services.commands import chains, demo, home, products, requests, simulate, step, why, work
from refsys.services.commands.options import Options

if TYPE_CHECKING:
    from typer._click import Context


class Commands(TyperGroup):
    """The group of all commands: whatever the error family knows is told in one line, without a traceback."""

    def invoke(self, ctx: "Context") -> object:
        """Run the command; exit code 1 for a known error, 130 when interrupted."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo("interrupted; `refsys produce` goes on with what was begun", err=True)
            raise typer.Exit(130) from None
        except (RefsysError, OSError) as error:
            if ctx.params.get("debug") or isinstance(error, BrokenPipeError) or not _is_told(error):
                raise
            typer.echo(f"error: {one_line(error)}", err=True)
            raise typer.Exit(1) from error


def _is_told(error: Exception) -> bool:
    """Whether the error speaks for itself: one of the family, or the system's word about a file."""
    return isinstance(error, RefsysError) or getattr(error, "filename", None) is not None


def one_line(error: Exception) -> str:
    """Return the text of an error in one line."""
    text = str(error)
    if isinstance(error, OSError) and not isinstance(error, RefsysError):
        text = f"{error.strerror} [{error.filename}]"
    return " ".join(text.split())


app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,  # half of the time of `--help` would go into drawing its frames
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="An open reference system for Sentinel processors. Start with `refsys demo`.",
)


@app.callback()
def start(
    ctx: typer.Context,
    home: Annotated[
        Path | None, typer.Option("--home", help="Folder of all state; else REFSYS_HOME, else ~/.refsys.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Remember the global options."""
    ctx.obj = Options(home=home, debug=debug)


demo.add_to(app)
work.add_to(app)
products.add_to(app)
requests.add_to(app)
why.add_to(app)
chains.add_to(app)
simulate.add_to(app)
step.add_to(app)
home.add_to(app)


def main() -> None:
    """Run the command line; entry point of the script `refsys`."""
    app(prog_name="refsys")


if __name__ == "__main__":
    main()
