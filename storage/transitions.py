"""Writing the ledger: new requests, and the changes and events of present ones, many in one transaction."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from refsys.model.errors import FailureClass, LeaseLost
from refsys.model.events import Event, RequestAccepted
from refsys.model.plans import Plan
from refsys.model.requests import Change, Lease, MissingInput, ProductionRequest, RequestState
from refsys.storage.database import insert_new
from refsys.storage.records import MISSING, NAMES
from refsys.storage.tables import event, plan_step, request
from refsys.storage.times import from_us, to_us
from refsys.storage.wakeups import replace_waiting

_COLUMNS = (
    request.c.key,
    request.c.state,
    request.c.version,
    request.c.since,
    request.c.attempt,
    request.c.due_at,
    request.c.lease_owner,
    request.c.lease_token,
)
_LOCKED = (
    select(*_COLUMNS)
    .where(request.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(request.c.key)
    .with_for_update()
)
_WRITTEN = (
    "state",
    "version",
    "since",
    "attempt",
    "due_at",
    "lease_owner",
    "lease_token",
    "reason",
    "failure",
    "missing",
)
_UPDATE = update(request).where(request.c.key == bindparam("row")).values({name: bindparam(name) for name in _WRITTEN})
_UPDATE_PLAN = (
    update(request)
    .where(request.c.key == bindparam("row"))
    .values(plan=bindparam("plan"), content_key=bindparam("content_key"))
)
_UPDATE_PRODUCTS = update(request).where(request.c.key == bindparam("row")).values(products=bindparam("products"))
_DROP_STEPS = delete(plan_step).where(plan_step.c.request_key == bindparam("row"))
_KEYS_AT_ONCE = 1000  # well below the number of parameters of a statement


@dataclass
class Present:
    """A locked row of `request` while changes are applied to it; `store` writes it back."""

    key: str
    state: RequestState
    version: int
    since: int
    attempt: int
    due_at: int | None
    lease_owner: str | None
    lease_token: int
    reason: str | None = None
    failure: FailureClass | None = None
    missing: tuple[MissingInput, ...] = ()
    new_plan: Plan | None = None
    new_products: tuple[str, ...] | None = None
    was_waiting: bool = False
    new_events: list[dict[str, Any]] = field(default_factory=list)

    def apply(self, change: Change, happened: Event, now_us: int) -> None:
        """Apply a change and append its event; the caller has checked the lease."""
        if change.keep_lease and change.due_at is not None and change.state.is_open:
            raise ValueError(f"{change.state}: a request whose lease is kept is due when the lease ends, not before")
        if change.state is not self.state:
            self.state, self.since = change.state, to_us(happened.at)
        if not (change.keep_lease and change.state.is_open):
            self.lease_owner = None
            self.due_at = now_us if change.due_at is None else to_us(change.due_at)
        if not change.state.is_open:
            self.due_at = None
        self.reason, self.failure, self.missing = change.reason, change.failure, change.missing
        self.attempt = self.attempt if change.attempt is None else change.attempt
        self.new_plan = change.plan or self.new_plan
        self.new_products = self.new_products if change.products is None else change.products
        self._append(happened)

    def require(self, lease: Lease) -> None:
        """Raise `LeaseLost` unless `lease` is the newest and still held."""
        if (self.lease_owner, self.lease_token) == (lease.owner, lease.token):
            return
        raise LeaseLost(
            f"token {lease.token} of {lease.owner} is no longer the newest ({self.lease_token} of {self.lease_owner})",
            where=f"request {self.key}, {self.state}",
            hint="its new owner goes on with it",
        )

    def lease(self) -> Lease | None:
        """Return the lease that is held now."""
        if self.lease_owner is None or self.due_at is None:
            return None
        return Lease(
            request_key=self.key,
            owner=self.lease_owner,
            token=self.lease_token,
            expires_at=from_us(self.due_at),
        )

    def _append(self, happened: Event) -> None:
        self.version += 1
        self.new_events.append(_event_row(self.key, self.version, happened))


def accept(connection: Connection, requests: dict[str, ProductionRequest], now_us: int) -> set[str]:
    """Store those requests, by key, whose key is new, with their first event; return the new keys."""
    rows = [_request_row(key, requests[key], now_us) for key in sorted(requests)]
    new = {row.key for row in insert_new(connection, request, ["key"], rows)}
    at = from_us(now_us)
    events = [_event_row(key, 1, RequestAccepted(at=at, request=requests[key])) for key in sorted(new)]
    if events:
        connection.execute(insert(event), events)
    return new


def lock(connection: Connection, keys: Collection[str]) -> dict[str, Present]:
    """Return the present state of requests, which nobody else can change before this transaction ends."""
    ordered = sorted(set(keys))
    found: dict[str, Present] = {}
    for first in range(0, len(ordered), _KEYS_AT_ONCE):
        for row in connection.execute(_LOCKED, {"keys": ordered[first : first + _KEYS_AT_ONCE]}):
            state = RequestState(row.state)
            values = row._asdict() | {"state": state, "was_waiting": state is RequestState.WAITING}
            found[row.key] = Present(**values)
    return found


def store(connection: Connection, changed: Sequence[Present], kept_plan: Plan | None = None) -> None:
    """Write changed rows, their events and the indexes made of them.

    Parameters
    ----------
    connection
        The transaction in which the rows were locked.
    changed
        Rows to which changes were applied; those without a new event are left alone.
    kept_plan
        The plan that the one row of `changed` had before: a closed request that is opened again uses its steps again.
    """
    rows = [row for row in changed if row.new_events]
    if not rows:
        return
    connection.execute(_UPDATE, [_updated(row) for row in rows])
    connection.execute(insert(event), [each for row in rows for each in row.new_events])
    products = [{"row": row.key, "products": _names(row.new_products)} for row in rows if row.new_products is not None]
    if products:
        connection.execute(_UPDATE_PRODUCTS, products)
    replace_waiting(connection, _waiting_of(rows))
    _store_plans(connection, rows, kept_plan)


def _updated(row: Present) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in _WRITTEN}
    values["missing"] = MISSING.dump_json(row.missing).decode() if row.missing else None
    return values | {"row": row.key}


def _names(names: tuple[str, ...]) -> str:
    return NAMES.dump_json(names).decode()


def _waiting_of(rows: Iterable[Present]) -> dict[str, tuple[MissingInput, ...]]:
    waits = {row.key: row.missing if row.state is RequestState.WAITING else () for row in rows}
    return {row.key: waits[row.key] for row in rows if row.was_waiting or waits[row.key]}


def _store_plans(connection: Connection, rows: Iterable[Present], kept_plan: Plan | None) -> None:
    planned = [(row, row.new_plan) for row in rows if row.new_plan is not None]
    if planned:
        plans = [{"row": row.key, "plan": plan.to_json(), "content_key": plan.content_key} for row, plan in planned]
        connection.execute(_UPDATE_PLAN, plans)
    uses = {row.key: row.new_plan or kept_plan for row in rows if row.new_plan or kept_plan or not row.state.is_open}
    if not uses:
        return
    connection.execute(_DROP_STEPS, [{"row": key} for key in sorted(uses)])
    is_open = {row.key: row.state.is_open for row in rows}
    steps = [
        {"request_key": key, "step_key": step_key}
        for key, plan in sorted(uses.items())
        if plan is not None and is_open[key]
        for step_key in sorted({step.key for step in plan.steps})
    ]
    if steps:
        connection.execute(insert(plan_step), steps)


def _request_row(key: str, wanted: ProductionRequest, now_us: int) -> dict[str, Any]:
    return {
        "key": key,
        "chain": wanted.chain,
        "product_type": wanted.product_type,
        "state": RequestState.ACCEPTED,
        "version": 1,
        "priority": wanted.priority,
        "accepted_at": now_us,
        "since": now_us,
        "attempt": 0,
        "due_at": now_us if wanted.not_before is None else max(now_us, to_us(wanted.not_before)),
        "lease_token": 0,
        "request": wanted.to_json(),
    }


def _event_row(key: str, number: int, happened: Event) -> dict[str, Any]:
    return {
        "request_key": key,
        "number": number,
        "at": to_us(happened.at),
        "kind": happened.kind,
        "payload": happened.to_json(),
    }
