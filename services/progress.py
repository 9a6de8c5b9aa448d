"""Progress bars of requests at work; they are there only on a terminal, and gone when the work is done."""

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from refsys.model.events import Event, PlanMade, RunCompleted, StepCompleted
from refsys.model.requests import INGEST, RequestRecord


class RequestProgress:
    """One bar for each request that moves; an observer of the loop.

    Parameters
    ----------
    console
        Where bars are drawn; nothing is written if it is no terminal. Standard error by default.
    """

    def __init__(self, console: Console | None = None) -> None:
        console = console or Console(stderr=True)
        self._bars: dict[str, TaskID] = {}
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[doing]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> "RequestProgress":
        self._progress.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._progress.stop()

    def __call__(self, record: RequestRecord, event: Event) -> None:
        """Move the bar of a request; it goes when the request is closed."""
        if not record.state.is_open:
            if (bar := self._bars.pop(record.key, None)) is not None:
                self._progress.remove_task(bar)
            return
        bar = self._bars.get(record.key)
        if bar is None:
            bar = self._bars[record.key] = self._progress.add_task(_title(record), total=None, doing="")
        doing = f"{record.state.value.lower()}"
        if isinstance(event, PlanMade):
            self._progress.update(bar, total=len(event.plan.steps) + 1, completed=0)
        elif isinstance(event, StepCompleted):
            doing = f"{event.result.name} done"
            self._progress.advance(bar)
        elif isinstance(event, RunCompleted):
            doing = "publishing"
        self._progress.update(bar, doing=doing)


def _title(record: RequestRecord) -> str:
    name = record.request.inputs[0] if record.request.inputs else record.key
    if record.request.chain == INGEST:
        return f"fetch {name.rstrip('/').rpartition('/')[2][:40]}"
    return f"{record.request.chain} {name[:40]}"
