"""What commands share: the global options, `--json`, and opening the home."""

# ruff: noqa: PLC0415  (heavy modules are imported where a command runs: `refsys --help` stays fast)

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from refsys.model.settings import Settings
    from refsys.scheduler.system import System

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@dataclass(frozen=True)
class Options:
    """The global options."""

    home: Path | None = None
    debug: bool = False


def settings_of(ctx: typer.Context) -> "Settings":
    """Return the settings of the home that the global options name."""
    from refsys.services.home import load_settings

    return load_settings(ctx.ensure_object(Options).home)


@contextmanager
def opened(ctx: typer.Context) -> Iterator["System"]:
    """Open the home that the global options name."""
    from refsys.services.home import open_system

    with open_system(settings_of(ctx)) as system:
        yield system


def told_by() -> str:
    """Return who asks, for the history of a request."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "a user"
