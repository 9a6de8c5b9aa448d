"""What the scheduler works with, handed over by the composition root, and what is done to it beside the loop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from refsys.chains.cached_view import CachedView
from refsys.chains.triggers import Triggers, starting_by_themselves
from refsys.model.chains import Chain
from refsys.model.events import CancelRequested, InputArrived, RetryRequested
from refsys.model.products import Product
from refsys.model.requests import Change, ProductionRequest, RequestRecord
from refsys.model.settings import Settings
from refsys.model.times import Clock
from refsys.scheduler.machine import accepts, transition
from refsys.scheduler.tasks import StoreAddress
from refsys.storage.catalogue import Catalogue
from refsys.storage.ledger import Ledger
from refsys.storage.steps import StepArea
from refsys.storage.stores import Store


@dataclass(frozen=True)
class System:
    """One refsys home, opened."""

    settings: Settings
    store: Store
    catalogue: Catalogue
    ledger: Ledger
    chains: Mapping[str, Chain]
    clock: Clock

    @cached_property
    def triggering(self) -> Mapping[str, Chain]:
        """Those of the chains that arrivals start in this home."""
        return starting_by_themselves(self.chains, self.settings.processors)

    @cached_property
    def triggers(self) -> Triggers:
        """What arrivals ask of them."""
        return Triggers(self.triggering)

    @property
    def store_address(self) -> StoreAddress:
        """Where workers find the store."""
        return StoreAddress(url=self.settings.store_url, s3_endpoint=self.settings.s3_endpoint)


def intake(system: System, requests: Sequence[ProductionRequest]) -> list[tuple[str, bool]]:
    """Store requests under their keys and return (key, whether it is new) for each: the same wish is stored once."""
    return system.ledger.accept(requests)


def announce(system: System, product: Product) -> list[str]:
    """Tell those whom a published product concerns: waiting requests wake, triggers make new ones.

    Returns the keys of new requests. Repeating it changes nothing, so it is repeated after a crash.
    """
    return announce_all(system, [product])


def announce_all(system: System, products: Sequence[Product]) -> list[str]:
    """Tell those whom some published products concern; see `announce`."""
    for key, name in system.ledger.waiting_for_any(products).items():
        wake(system, key, name)
    now, view = system.clock.now(), CachedView(system.catalogue)
    wanted = [request for product in products for request in system.triggers.requests(product, view, now)]
    return [key for key, new in intake(system, wanted) if new]


def wake(system: System, key: str, product: str) -> None:
    """Let a WAITING request look for its inputs again; one that no longer waits is left alone."""

    def change(record: RequestRecord) -> tuple[Change, InputArrived] | None:
        event = InputArrived(at=system.clock.now(), product=product)
        if not accepts(record.state, InputArrived):
            return None
        return transition(record, event, system.settings.ledger).change, event

    system.ledger.force(key, change)


def cancel(system: System, key: str, by: str) -> RequestRecord:
    """Cancel an open request, whoever works on it (`InvalidTransition` if it is closed).

    Its step areas are dropped: here if nobody owns the request, else by its owner, who learns of it at its next write.
    """
    before = system.ledger.get(key)
    after = _from_outside(system, before, CancelRequested(at=system.clock.now(), by=by))
    if before.due_at is not None:  # in the ledger, what somebody owns shows no due time
        drop_workspace(system, after)
    return after


def retry(system: System, key: str, by: str) -> RequestRecord:
    """Ask for a closed request again (`InvalidTransition` if it is open)."""
    return _from_outside(system, system.ledger.get(key), RetryRequested(at=system.clock.now(), by=by))


def drop_workspace(system: System, record: RequestRecord, *, only_products: bool = False) -> None:
    """Drop the step areas of a request's plan that no other open request uses; once more does no harm.

    Parameters
    ----------
    system
        The home.
    record
        The request.
    only_products
        Whether intermediate steps are kept.
    """
    if record.plan is None:
        return
    keys = {step.key for step in record.plan.steps if step.outputs or not only_products}
    for key in sorted(keys - system.ledger.steps_in_use(keys, record.key)):
        StepArea(system.store, key).drop()


def _from_outside(system: System, record: RequestRecord, event: CancelRequested | RetryRequested) -> RequestRecord:
    def change(now: RequestRecord) -> tuple[Change, CancelRequested | RetryRequested]:
        return transition(now, event, system.settings.ledger).change, event

    return system.ledger.force(record.key, change)
