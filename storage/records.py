"""Reading the ledger: rows to records, and the searches that only read."""

from collections.abc import Collection
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Select, bindparam, func, select

from refsys.model.errors import FailureClass, RequestUnknown
from refsys.model.events import Event
from refsys.model.plans import Plan
from refsys.model.requests import MissingInput, ProductionRequest, RequestRecord, RequestState
from refsys.storage.database import AnyRow
from refsys.storage.tables import event, plan_step, request
from refsys.storage.times import from_us

MISSING: TypeAdapter[tuple[MissingInput, ...]] = TypeAdapter(tuple[MissingInput, ...])
NAMES: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[str, ...])
EVENT: TypeAdapter[Any] = TypeAdapter(Event)

SHORTEST_PREFIX = 6
"""Characters of a request key that must be given at least, where a key may be shortened."""

RECORD_COLUMNS = (
    request.c.key,
    request.c.state,
    request.c.since,
    request.c.accepted_at,
    request.c.attempt,
    request.c.due_at,
    request.c.lease_owner,
    request.c.reason,
    request.c.failure,
    request.c.products,
    request.c.missing,
    request.c.request,
    request.c.plan,
)

_BY_PREFIX = (
    select(*RECORD_COLUMNS)
    .where(request.c.key >= bindparam("first"), request.c.key <= bindparam("last"))
    .order_by(request.c.key)
    .limit(4)
)
_TWIN = (
    select(*RECORD_COLUMNS)
    .where(request.c.content_key == bindparam("content_key"), request.c.state == RequestState.PUBLISHED)
    .order_by(request.c.since, request.c.key)
    .limit(1)
)
_COUNTS = select(request.c.state, func.count()).group_by(request.c.state)
# A request that nothing has happened to and that nobody holds is delayed until it is due.
_DELAYED = (
    (request.c.state == RequestState.ACCEPTED)
    & (request.c.version == 1)
    & request.c.lease_owner.is_(None)
    & (request.c.due_at > bindparam("now"))
)
_IN_WORK = (RequestState.ACCEPTED, RequestState.PLANNED, RequestState.RUNNING)
_WORK = select(request.c.key).where(request.c.state.in_(_IN_WORK), ~_DELAYED).limit(1)
_HISTORY = select(event.c.payload).where(event.c.request_key == bindparam("key")).order_by(event.c.number)
_IN_USE = (
    select(plan_step.c.step_key)
    .distinct()
    .where(
        plan_step.c.step_key.in_(bindparam("step_keys", expanding=True)),
        plan_step.c.request_key != bindparam("except_request"),
    )
)
_KEYS_AT_ONCE = 1000  # well below the number of parameters of a statement


def record_of(row: AnyRow) -> RequestRecord:
    """Return the record of a row that has `RECORD_COLUMNS`.

    While somebody holds a lease the record has no due time: the request is being acted upon.
    """
    acts_by_itself = row.due_at is not None and row.lease_owner is None
    return RequestRecord(
        key=row.key,
        request=ProductionRequest.from_json(row.request),
        state=RequestState(row.state),
        since=from_us(row.since),
        accepted_at=from_us(row.accepted_at),
        attempt=row.attempt,
        due_at=from_us(row.due_at) if acts_by_itself else None,
        reason=row.reason,
        failure=None if row.failure is None else FailureClass(row.failure),
        plan=None if row.plan is None else Plan.from_json(row.plan),
        missing=() if row.missing is None else MISSING.validate_json(row.missing),
        products=() if row.products is None else NAMES.validate_json(row.products),
    )


def get(connection: Connection, key: str) -> RequestRecord:
    """Return the request with this key, or the only one whose key begins so; see `Ledger.get`."""
    rows = _starting_with(connection, key)
    exact = [row for row in rows if row.key == key]
    if len(exact or rows) == 1:
        return record_of((exact or rows)[0])
    if rows:
        keys = ", ".join(row.key for row in rows[:3])
        raise RequestUnknown("several requests have a key that begins so", where=key, hint=f"among them {keys}")
    hint = f"give at least {SHORTEST_PREFIX} characters of it" if len(key) < SHORTEST_PREFIX else None
    raise RequestUnknown("no request has this key", where=key, hint=hint or "`refsys requests list` shows all")


def _starting_with(connection: Connection, key: str) -> list[AnyRow]:
    # Keys are hexadecimal digits, all of which sort before "g".
    last = f"{key}g" if len(key) >= SHORTEST_PREFIX else key
    return list(connection.execute(_BY_PREFIX, {"first": key, "last": last}))


def find(
    connection: Connection, states: Collection[RequestState] | None, chain: str | None, limit: int, offset: int
) -> list[RequestRecord]:
    """Return requests, newest first; see `Ledger.find`."""
    query: Select[*tuple[Any, ...]] = select(*RECORD_COLUMNS)
    if states is not None:
        query = query.where(request.c.state.in_(sorted(states)))
    if chain is not None:
        query = query.where(request.c.chain == chain)
    query = query.order_by(request.c.accepted_at.desc(), request.c.key.desc()).limit(limit).offset(offset)
    return [record_of(row) for row in connection.execute(query)]


def counts(connection: Connection, chain: str | None) -> dict[RequestState, int]:
    """Return how many requests are in each state; states without any are left out."""
    query = _COUNTS if chain is None else _COUNTS.where(request.c.chain == chain)
    return {RequestState(state): number for state, number in connection.execute(query)}


def has_work(connection: Connection, now_us: int) -> bool:
    """Return whether a request is open that neither waits for inputs nor was never touched because of its delay."""
    return connection.execute(_WORK, {"now": now_us}).first() is not None


def history(connection: Connection, key: str) -> list[Event]:
    """Return what happened to a request, in order (`RequestUnknown` if there is none with this whole key)."""
    events: list[Event] = [EVENT.validate_json(text) for text in connection.execute(_HISTORY, {"key": key}).scalars()]
    if not events:
        raise RequestUnknown("no request has this key", where=key, hint="a history is asked for by the whole key")
    return events


def published_twin(connection: Connection, content_key: str) -> RequestRecord | None:
    """Return the request that published this content first, None if none did."""
    row = connection.execute(_TWIN, {"content_key": content_key}).first()
    return None if row is None else record_of(row)


def steps_in_use(connection: Connection, step_keys: Collection[str], except_request: str) -> set[str]:
    """Return those of `step_keys` that plans of other open requests contain."""
    keys, used = sorted(step_keys), set[str]()
    for first in range(0, len(keys), _KEYS_AT_ONCE):
        part = {"step_keys": keys[first : first + _KEYS_AT_ONCE], "except_request": except_request}
        used |= set(connection.execute(_IN_USE, part).scalars())
    return used
