"""Who may act on a request: the due-list and its leases.

There is one list, the column `due_at`: an accepted request is due at once, a waiting one when its wait ends, one that
will be retried when its delay is over, and a leased one when its lease ends: so the requests of a dead process come
back. Whoever claims a request gets the next fencing token; every write proves the token, so of two processes that both
believe they hold a request only the younger one can write.
"""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Connection, bindparam, func, select, update

from refsys.model.requests import Lease, RequestRecord
from refsys.model.values import Value
from refsys.storage.database import AnyRow
from refsys.storage.records import RECORD_COLUMNS, record_of
from refsys.storage.tables import request
from refsys.storage.times import from_us

_NEXT_PRIORITY = select(func.max(request.c.priority)).where(
    request.c.due_at.is_not(None), request.c.priority < bindparam("below")
)
_DUE = (
    select(*RECORD_COLUMNS, request.c.lease_token)
    .where(request.c.priority == bindparam("priority"), request.c.due_at <= bindparam("now"))
    .order_by(request.c.due_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_EARLIEST = select(func.min(request.c.due_at)).where(
    request.c.priority == bindparam("priority"), request.c.due_at.is_not(None)
)
_TAKE = (
    update(request)
    .where(request.c.key == bindparam("taken"))
    .values(lease_owner=bindparam("owner"), lease_token=request.c.lease_token + 1, due_at=bindparam("expires_at"))
)
# The order of locking is that of `changes`, so that two transactions never wait for each other.
_OWNED = select(request.c.key).where(request.c.lease_owner == bindparam("owner")).order_by(request.c.key)
_MOVE = (
    update(request).where(request.c.key.in_(_OWNED.with_for_update().scalar_subquery())).values(due_at=bindparam("due"))
)
_OWNERS = (
    select(request.c.lease_owner).distinct().where(request.c.lease_owner.is_not(None)).order_by(request.c.lease_owner)
)


class Claim(Value):
    """A due request and the right to act on it."""

    record: RequestRecord
    lease: Lease
    taken_over: bool
    """Whether a former owner let its lease expire; its last action may or may not have been done."""


def claim(connection: Connection, owner: str, limit: int, now_us: int, expires_us: int) -> list[Claim]:
    """Lease due requests to `owner`, the highest priority first, then the longest due; see `Ledger.claim`."""
    rows: list[AnyRow] = []
    for priority in _priorities(connection):
        if len(rows) >= limit:
            break
        sought = {"priority": priority, "now": now_us, "limit": limit - len(rows)}
        rows += connection.execute(_DUE, sought)
    if rows:
        taken = [{"taken": row.key, "owner": owner, "expires_at": expires_us} for row in rows]
        connection.execute(_TAKE, taken)
    return [_claimed(row, owner, expires_us) for row in rows]


def earliest_due(connection: Connection) -> int | None:
    """Return when the next open request is due, in microseconds; None if none is open."""
    times = [connection.execute(_EARLIEST, {"priority": each}).scalar() for each in _priorities(connection)]
    return min((time for time in times if time is not None), default=None)


def move_due(connection: Connection, owner: str, due_us: int) -> int:
    """Set when the leases of `owner` end; return how many there are."""
    return connection.execute(_MOVE, {"owner": owner, "due": due_us}).rowcount


def owners(connection: Connection) -> list[str]:
    """Return everybody who holds a lease, expired or not, in order."""
    return [owner for owner in connection.execute(_OWNERS).scalars() if owner is not None]


def lease_end(now_us: int, lease_s: float) -> int:
    """Return when a lease taken now ends, in microseconds; `ValueError` for one that would be over at once."""
    length = timedelta(seconds=lease_s) // timedelta(microseconds=1)
    if length <= 0:
        raise ValueError(f"a lease of {lease_s} s is over at once")
    return now_us + length


def _priorities(connection: Connection) -> Iterator[int]:
    """Yield the priorities of open requests, highest first, by one index seek each."""
    below = 1 << 30
    while (priority := connection.execute(_NEXT_PRIORITY, {"below": below}).scalar()) is not None:
        yield priority
        below = priority


def _claimed(row: AnyRow, owner: str, expires_us: int) -> Claim:
    lease = Lease(request_key=row.key, owner=owner, token=row.lease_token + 1, expires_at=from_us(expires_us))
    return Claim(record=record_of(row), lease=lease, taken_over=row.lease_owner is not None)
