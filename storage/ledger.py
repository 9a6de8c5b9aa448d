"""The ledger: what was asked, how far it is, and everything that happened to it. It is the truth after any crash.

Each method is one transaction; what concerns many requests takes many, for a commit costs more than a row.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from refsys.model.errors import LeaseLost, RequestUnknown
from refsys.model.events import Event
from refsys.model.products import Product
from refsys.model.requests import Change, Lease, ProductionRequest, RequestRecord, RequestState
from refsys.model.times import Clock
from refsys.storage import leases, records, transitions, wakeups
from refsys.storage.database import Database
from refsys.storage.leases import Claim
from refsys.storage.times import from_us, to_us

__all__ = ["Claim", "Ledger"]


class Ledger:
    """Every request, its state and its history.

    All methods raise `StorageError` (`StorageFull`) where the database does.

    Parameters
    ----------
    database
        Open database.
    clock
        Where the present comes from: acceptance, what is due, and when leases end.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def accept(self, requests: Iterable[ProductionRequest]) -> list[tuple[str, bool]]:
        """Store requests as ACCEPTED, due at once or when their delay ends; one whose key is known is left as it is.

        Returns
        -------
        list of (str, bool)
            For each request its key, and whether it is new.
        """
        wanted = [(each.key, each) for each in requests]
        if not wanted:
            return []
        with self._database.write() as connection:
            new = transitions.accept(connection, dict(reversed(wanted)), self._now())
        answers = []
        for key, _ in wanted:
            answers.append((key, key in new))
            new.discard(key)
        return answers

    def claim(self, owner: str, limit: int, lease_s: float) -> list[Claim]:
        """Lease due requests to `owner` for `lease_s` seconds, the highest priority first, then the longest due.

        No request is handed out twice while its lease lasts. The record is that before the claim.
        """
        if limit <= 0:
            return []
        with self._database.write() as connection:
            now = self._now()
            return leases.claim(connection, owner, limit, now, leases.lease_end(now, lease_s))

    def renew(self, owner: str, lease_s: float) -> int:
        """Make all leases of `owner` end `lease_s` seconds from now; return how many it has."""
        with self._database.write() as connection:
            return leases.move_due(connection, owner, leases.lease_end(self._now(), lease_s))

    def expire(self, owner: str) -> int:
        """Make all leases of `owner`, known to be dead, end now; return how many it had."""
        with self._database.write() as connection:
            return leases.move_due(connection, owner, self._now())

    def owners(self) -> list[str]:
        """Return everybody who holds a lease, expired or not, in order."""
        with self._database.read() as connection:
            return leases.owners(connection)

    def next_due(self) -> datetime | None:
        """Return when an open request is next due (perhaps already), None if no request is open."""
        with self._database.read() as connection:
            due = leases.earliest_due(connection)
        return None if due is None else from_us(due)

    def record(self, lease: Lease, change: Change, event: Event) -> Lease | None:
        """Write a transition and the event that caused it; return the lease if it is still held.

        See `record_many` for what a change writes.

        Raises
        ------
        LeaseLost
            Somebody else has acted on the request since; nothing was written.
        RequestUnknown
            There is no such request.
        """
        outcome = self.record_many([(lease, change, event)])[0]
        if isinstance(outcome, LeaseLost):
            raise outcome
        return outcome

    def record_many(self, writes: Sequence[tuple[Lease, Change, Event]]) -> list[Lease | LeaseLost | None]:
        """Write transitions in one transaction, in order; several may concern one request.

        A change replaces state, reason, failure and missing inputs, and what else it names. With `keep_lease` the lease
        stays as it is; without it the request is due at `due_at`, at once if there is none. A closed one has neither.

        Returns
        -------
        list of Lease, None or LeaseLost
            For each write the lease that is still held, None if it was given up, or the error of a lease that was lost
            before: that one wrote nothing, and the others are not concerned.

        Raises
        ------
        RequestUnknown
            There is no such request; nothing was written.
        ValueError
            A change keeps the lease of an open request and names a due time; nothing was written.
        """
        outcomes: list[Lease | LeaseLost | None] = []
        with self._database.write() as connection:
            rows = transitions.lock(connection, [lease.request_key for lease, _, _ in writes])
            for lease, change, event in writes:
                row = _known(rows, lease.request_key)
                try:
                    row.require(lease)
                except LeaseLost as lost:
                    outcomes.append(lost)
                else:
                    row.apply(change, event, self._now())
                    outcomes.append(row.lease())
            transitions.store(connection, list(rows.values()))
        return outcomes

    def force(self, key: str, change_for: Callable[[RequestRecord], tuple[Change, Event] | None]) -> RequestRecord:
        """Write a transition without a lease: what comes from outside its owner (cancel, wake, retry).

        Parameters
        ----------
        key
            Whole key of the request.
        change_for
            Gets the record as it is, and returns the change and its event, or None to leave everything as it is. It may
            run while others wait, so it only computes; what it raises undoes everything.

        Returns
        -------
        RequestRecord
            The request as it is afterwards. A present owner has lost its lease: its next write raises `LeaseLost`.
        """
        with self._database.write() as connection:
            row = _known(transitions.lock(connection, [key]), key)
            before = records.get(connection, key)
            wanted = change_for(before)
            if wanted is None:
                return before
            change, event = wanted
            row.lease_token += 1
            row.apply(change.model_copy(update={"keep_lease": False}), event, self._now())
            transitions.store(connection, [row], kept_plan=before.plan)
            return records.get(connection, key)

    def waiting_for(self, product: Product) -> list[str]:
        """Return the keys of the WAITING requests of which this product satisfies a missing input, in order.

        Type, satellite (`_` on either side fits any), interval (bounds included) and name must fit, as far as the
        missing input states them. A product may become visible between a selection that did not find it and the write
        of WAITING: whoever writes WAITING asks the catalogue once more afterwards.
        """
        with self._database.read() as connection:
            return wakeups.waiting_for(connection, product)

    def waiting_for_any(self, products: Sequence[Product]) -> dict[str, str]:
        """Return the keys of the requests that wait for any of some products, in order, each with its first product."""
        found: dict[str, str] = {}
        with self._database.read() as connection:
            for product in products:
                for key in wakeups.waiting_for(connection, product):
                    found.setdefault(key, product.name)
        return dict(sorted(found.items()))

    def get(self, key: str) -> RequestRecord:
        """Return the request with this key, or the only one whose key begins with these (6 or more) characters.

        Raises
        ------
        RequestUnknown
            There is none, or more than one.
        """
        with self._database.read() as connection:
            return records.get(connection, key)

    def find(
        self,
        states: Collection[RequestState] | None = None,
        chain: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[RequestRecord]:
        """Return requests in any of `states` and of a chain (None: all), the newest first."""
        with self._database.read() as connection:
            return records.find(connection, states, chain, limit, offset)

    def counts(self, chain: str | None = None) -> dict[RequestState, int]:
        """Return how many requests, of one chain or of all, are in each state; states without any are left out."""
        with self._database.read() as connection:
            return records.counts(connection, chain)

    def has_work(self) -> bool:
        """Whether a request is due, or is open and neither waits for inputs nor is delayed by its `not_before`."""
        now = self._now()
        with self._database.read() as connection:
            due = leases.earliest_due(connection)
            return (due is not None and due <= now) or records.has_work(connection, now)

    def history(self, key: str) -> list[Event]:
        """Return what happened to a request, in order (`RequestUnknown` if there is none with this whole key)."""
        with self._database.read() as connection:
            return records.history(connection, key)

    def published_twin(self, content_key: str) -> RequestRecord | None:
        """Return the request that published this content first, None if none did."""
        with self._database.read() as connection:
            return records.published_twin(connection, content_key)

    def steps_in_use(self, step_keys: Collection[str], except_request: str) -> set[str]:
        """Return those of `step_keys` that the plans of other open requests contain."""
        with self._database.read() as connection:
            return records.steps_in_use(connection, step_keys, except_request)

    def _now(self) -> int:
        return to_us(self._clock.now())


def _known(rows: dict[str, transitions.Present], key: str) -> transitions.Present:
    if key not in rows:
        raise RequestUnknown("no request has this key", where=key, hint="a whole key is needed to write")
    return rows[key]
