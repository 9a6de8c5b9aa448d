"""What the loop does between two transitions. Each action may be repeated: twice is the same as once."""

from collections.abc import Callable

from refsys.chains.planning import check_memory, make_plan
from refsys.chains.rules import Moment, RuleView
from refsys.chains.selection import Selection, begun, longest_wait_end, select
from refsys.model.chains import Chain
from refsys.model.errors import ConfigInvalid, InputMissing, ProductConflict
from refsys.model.events import (
    AttemptFailed,
    InputsMissing,
    PlanMade,
    ProductsPublished,
    RequestDiscarded,
    RunCompleted,
    WaitExpired,
)
from refsys.model.plans import StepResult
from refsys.model.products import Product
from refsys.model.requests import ProductionRequest, RequestRecord
from refsys.scheduler.overrides import overrides_of
from refsys.scheduler.system import System, announce, announce_all, drop_workspace, wake
from refsys.scheduler.tasks import failure_of
from refsys.storage.publishing import publish


def chain_of(system: System, request: ProductionRequest) -> Chain:
    """Return the chain of a request (`ConfigInvalid` if there is none of this name and version)."""
    chain = system.chains.get(request.chain)
    if chain is None:
        known = ", ".join(sorted(system.chains))
        raise ConfigInvalid(f"no chain {request.chain}", where=request.key, hint=f"there are {known}")
    if chain.version != request.chain_version:
        raise ConfigInvalid(
            f"the request wants version {request.chain_version} of chain {chain.name}, here is {chain.version}",
            where=request.key,
            hint="make a new request",
        )
    return chain


Prepared = PlanMade | InputsMissing | WaitExpired | RequestDiscarded
"""What preparing a request comes to."""


def prepare(system: System, record: RequestRecord, view: RuleView | None = None) -> Prepared:
    """Choose inputs and plan.

    Parameters
    ----------
    system, record
        The home and the request.
    view
        Whom selection asks; None for the catalogue itself.

    Raises
    ------
    RefsysError
        If the request can never be planned, or does not want to wait for what is missing.
    """
    chain = chain_of(system, record.request)
    selection = selected(system, record, view)
    now = system.clock.now()
    if selection.discarded is not None:
        return RequestDiscarded(at=now, reason=selection.discarded)
    if selection.missing:
        return _missing(system, record, chain, selection)
    plan = make_plan(record.request, chain, selection, now)
    check_memory(plan, system.settings.cluster.worker_memory_bytes)
    return PlanMade(at=now, plan=plan)


def selected(system: System, record: RequestRecord, view: RuleView | None = None) -> Selection:
    """Return what is chosen for a request now, with what persons chose for it."""
    chain = chain_of(system, record.request)
    moment = Moment(now=system.clock.now(), accepted_at=begun(record.request, record.accepted_at))
    return select(record.request, chain, view or system.catalogue, moment, overrides_of(system, record))


def _missing(system: System, record: RequestRecord, chain: Chain, selection: Selection) -> InputsMissing | WaitExpired:
    if not record.request.wait:
        reasons = "; ".join(f"{c.role}: {c.reason}" for c in selection.choices if c.product is None)
        raise InputMissing(reasons, where=record.key, hint="ingest it first, or ask to wait for it")
    now, end = system.clock.now(), longest_wait_end(record.request, chain, record.accepted_at)
    if now >= end:
        return WaitExpired(at=now, missing=selection.missing)
    # What is still awaited after its own deadline is awaited to the end: asking again at once would change nothing.
    until = selection.until if selection.until is not None and selection.until > now else end
    return InputsMissing(at=now, missing=selection.missing, until=min(until, end))


def completed(system: System, record: RequestRecord, results: dict[str, StepResult]) -> RunCompleted | None:
    """Return the completion of a run if every step of its plan has a result."""
    if record.plan is None or any(step.key not in results for step in record.plan.steps):
        return None
    products = tuple(product for step in record.plan.steps for product in results[step.key].products)
    return RunCompleted(at=system.clock.now(), products=products)


def publish_all(system: System, record: RequestRecord, products: tuple[Product, ...]) -> ProductsPublished:
    """Publish the products, tell whom they concern, and drop the step areas that no other open request uses.

    If a name is taken, the steps that gave it are dropped: under a new plan they run again and give another.
    """
    try:
        final = [publish(product, system.store, system.catalogue) for product in products]
    except ProductConflict:
        drop_workspace(system, record, only_products=True)
        raise
    announce_all(system, final)
    drop_workspace(system, record)
    return ProductsPublished(at=system.clock.now(), names=tuple(product.name for product in final))


def fetch(
    system: System, bring: Callable[[ProductionRequest], Product], request: ProductionRequest
) -> ProductsPublished:
    """Serve an `INGEST` request and tell whom the product concerns."""
    product = bring(request)
    announce(system, product)
    return ProductsPublished(at=system.clock.now(), names=(product.name,))


def look_again(system: System, record: RequestRecord, view: RuleView | None = None) -> None:
    """Wake a request whose inputs came between selection and the persisting of its waiting rows.

    The view, None for the catalogue itself, must be younger than those rows.
    """
    if not selected(system, record, view).missing:
        wake(system, record.key, "what was missing")


def failed(system: System, error: BaseException, step: str | None = None) -> AttemptFailed:
    """Return the event of a failure, whatever raised it."""
    failure, reason, traceback = failure_of(error)
    return AttemptFailed(at=system.clock.now(), failure=failure, reason=reason, step=step, traceback=traceback)
