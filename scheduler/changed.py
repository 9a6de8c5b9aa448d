"""What a record says after a transition, without asking the ledger for what was just written to it."""

from typing import Any

from refsys.model.events import Event
from refsys.model.requests import Change, RequestRecord


def changed(record: RequestRecord, change: Change, event: Event) -> RequestRecord:
    """Return the record that the ledger holds once it has written a change and the event that caused it.

    Parameters
    ----------
    record
        As it was before.
    change, event
        What is written; see `refsys.storage.ledger.Ledger.record_many`.
    """
    is_held = change.keep_lease and change.state.is_open
    now: dict[str, Any] = {
        "state": change.state,
        "since": record.since if change.state is record.state else event.at,
        "reason": change.reason,
        "failure": change.failure,
        "missing": change.missing,
        "due_at": None if is_held or not change.state.is_open else change.due_at or event.at,
    }
    for name in ("attempt", "plan", "products"):
        if (value := getattr(change, name)) is not None:
            now[name] = value
    return record.model_copy(update=now)
