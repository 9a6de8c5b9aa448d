"""What the loop does between two transitions. Each action may be repeated: twice is the same as once."""

from collections.abc import Callable
from datetime import timedelta

from refsys.chains.planning import check_memory, make_plan
from refsys.chains.selection import Selection, select
from refsys.model.chains import Chain
from refsys.model.errors import ConfigInvalid, InputMissing, ProductConflict
from refsys.model.events import AttemptFailed, InputsMissing, PlanMade, ProductsPublished, RunCompleted
from refsys.model.plans import StepResult
from refsys.model.products import Product
from refsys.model.requests import ProductionRequest, RequestRecord
from refsys.scheduler.system import System, announce, drop_workspace, wake
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


def prepare(system: System, record: RequestRecord) -> PlanMade | InputsMissing:
    """Choose inputs and plan.

    Raises
    ------
    RefsysError
        If the request can never be planned, or does not want to wait for what is missing.
    """
    chain = chain_of(system, record.request)
    selection = select(record.request, chain, system.catalogue)
    if selection.missing:
        return _missing(system, record, chain, selection)
    plan = make_plan(record.request, chain, selection, system.clock.now())
    check_memory(plan, system.settings.cluster.worker_memory_bytes)
    return PlanMade(at=system.clock.now(), plan=plan)


def _missing(system: System, record: RequestRecord, chain: Chain, selection: Selection) -> InputsMissing:
    if not record.request.wait:
        reasons = "; ".join(f"{c.role}: {c.reason}" for c in selection.choices if c.product is None)
        raise InputMissing(reasons, where=record.key, hint="ingest it first, or ask to wait for it")
    until = record.accepted_at + timedelta(hours=chain.longest_wait_h)
    return InputsMissing(at=system.clock.now(), missing=selection.missing, until=until)


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
    for product in final:
        announce(system, product)
    drop_workspace(system, record)
    return ProductsPublished(at=system.clock.now(), names=tuple(product.name for product in final))


def fetch(
    system: System, bring: Callable[[ProductionRequest], Product], request: ProductionRequest
) -> ProductsPublished:
    """Serve an `INGEST` request and tell whom the product concerns."""
    product = bring(request)
    announce(system, product)
    return ProductsPublished(at=system.clock.now(), names=(product.name,))


def look_again(system: System, record: RequestRecord) -> None:
    """Wake a request whose inputs came between selection and the persisting of its waiting rows."""
    selection = select(record.request, chain_of(system, record.request), system.catalogue)
    if not selection.missing:
        wake(system, record.key, "what was missing")


def failed(system: System, error: BaseException, step: str | None = None) -> AttemptFailed:
    """Return the event of a failure, whatever raised it."""
    failure, reason, traceback = failure_of(error)
    return AttemptFailed(at=system.clock.now(), failure=failure, reason=reason, step=step, traceback=traceback)
