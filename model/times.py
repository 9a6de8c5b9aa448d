"""Times: aware UTC with microseconds, and the clock that is injected wherever the present matters."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the present comes from. Nothing else reads the wall clock."""

    def now(self) -> datetime:
        """Return the present, aware UTC."""
        ...


class WallClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present, aware UTC."""
        return datetime.now(UTC)


class VirtualClock:
    """A clock that moves when told: tests and simulations of long waits.

    Parameters
    ----------
    start
        First present, aware.
    """

    def __init__(self, start: datetime) -> None:
        self._now = require_utc(start)

    def now(self) -> datetime:
        """Return the present of the simulation, aware UTC."""
        return self._now

    def advance(self, step: timedelta) -> None:
        """Move forward by `step`; a negative one raises `ValueError`, for time does not run back."""
        if step < timedelta(0):
            raise ValueError(f"a clock cannot go back by {-step}")
        self._now += step


def require_utc(time: datetime) -> datetime:
    """Return the same instant in UTC; a time without zone raises `ValueError`."""
    if time.tzinfo is None:
        raise ValueError(f"time {time.isoformat()} has no zone; append Z if it is UTC")
    return time.astimezone(UTC)


def format_time(time: datetime) -> str:
    """Return ISO 8601 with microseconds and Z.

    Examples
    --------
    >>> format_time(datetime(2023, 3, 9, 20, 45, 58, tzinfo=UTC))
    '2023-03-09T20:45:58.000000Z'
    """
    return require_utc(time).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> datetime:
    """Return the time of an ISO 8601 text; a text without zone is taken as UTC, as Sentinel metadata mean it.

    Examples
    --------
    >>> parse_time("UTC=2023-03-09T20:45:58.25").isoformat()
    '2023-03-09T20:45:58.250000+00:00'
    """
    time = datetime.fromisoformat(text.strip().removeprefix("UTC="))
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def compact_time(time: datetime) -> str:
    """Return `yyyymmddThhmmss`, the form in product names; microseconds are cut, not rounded, as the agencies do."""
    return require_utc(time).strftime("%Y%m%dT%H%M%S")


def parse_compact_time(text: str) -> datetime:
    """Return the time of `yyyymmddThhmmss`, UTC; any other form raises `ValueError`."""
    return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
