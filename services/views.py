"""What commands print: rows with stable field names, as JSON or as a table."""

# ruff: noqa: PLC0415  (rich is imported where a table is drawn: `--json` and `refsys --help` do without)

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from refsys.model.products import Product
    from refsys.model.requests import RequestRecord

Row = Mapping[str, Any]

_COLOURS = {
    "PUBLISHED": "green",
    "FAILED": "red",
    "EXPIRED": "red",
    "CANCELLED": "yellow",
    "WAITING": "yellow",
    "RUNNING": "cyan",
    "nominal": "green",
    "degraded": "yellow",
    "ok": "green",
    "warn": "yellow",
    "fail": "red",
}
_SHORT_DIGEST = 12
_SMALL = 0.005


def show_json(value: object) -> None:
    """Print a value as JSON, indented, in one document."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def show_rows(rows: Sequence[Row], columns: Sequence[str], *, as_json: bool, empty: str = "nothing") -> None:
    """Print rows: all fields as JSON, or the named columns as a table."""
    if as_json:
        show_json(list(rows))
    elif not rows:
        typer.echo(empty)
    else:
        show_table(rows, columns)


def show_table(rows: Sequence[Row], columns: Sequence[str], title: str | None = None) -> None:
    """Print the named columns as a table, numbers to the right; cells fold, nothing is cut off."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        is_number = all(isinstance(row.get(column), int | float | None) for row in rows)
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(text := cell(column, row.get(column)), _COLOURS.get(text, "")) for column in columns))
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=max(console.width, 200))  # a pipe has no width; do not fold at 80
    console.print(table)


def cell(column: str, value: object) -> str:
    """Return the text of one table cell.

    Examples
    --------
    >>> cell("size_bytes", 2289666), cell("digest", "0123456789abcdef"), cell("inputs", ["a", "b"]), cell("x", 3e-6)
    ('2.3 MB', '0123456789ab', 'a, b', '3e-06')
    """
    if value is None:
        return ""
    if column == "size_bytes":
        return size_text(int(str(value)))
    if column in ("digest", "request"):
        return str(value)[:_SHORT_DIGEST]
    if isinstance(value, float):
        return f"{value:.2g}" if 0 < abs(value) < _SMALL else f"{value:.2f}"
    if isinstance(value, list | tuple):
        return ", ".join(cell("", item) for item in value)
    return str(value)


def size_text(size_bytes: float) -> str:
    """Return a size with its decimal unit.

    Examples
    --------
    >>> size_text(999), size_text(2289666)
    ('999 B', '2.3 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} B" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} TB"


def time_text(time: "datetime | None") -> str | None:
    """Return a time as rows hold it: ISO 8601, microseconds, Z."""
    from refsys.model.times import format_time

    return None if time is None else format_time(time)


def product_row(product: "Product") -> dict[str, Any]:
    """Return the row of a product: what listings show."""
    return {
        "name": product.name,
        "type": product.product_type,
        "satellite": product.satellite,
        "start": time_text(product.start),
        "stop": time_text(product.stop),
        "created": time_text(product.creation_time),
        "quality": product.quality.value,
        "files": len(product.assets),
        "size_bytes": product.size_bytes,
        "digest": product.digest,
    }


PRODUCT_COLUMNS = ("name", "type", "start", "quality", "files", "size_bytes", "digest")


def request_row(record: "RequestRecord") -> dict[str, Any]:
    """Return the row of a request: what listings show."""
    return {
        "request": record.key,
        "chain": record.request.chain,
        "state": record.state.value,
        "since": time_text(record.since),
        "accepted": time_text(record.accepted_at),
        "attempt": record.attempt,
        "failure": record.failure.value if record.failure else None,
        "reason": record.reason,
        "inputs": list(record.request.inputs),
        "products": list(record.products),
    }


REQUEST_COLUMNS = ("request", "chain", "state", "since", "attempt", "products", "reason")
