"""What happened: past tense, timestamped, append-only. The ledger stores each with the transition it caused."""

from typing import Annotated, Literal

from pydantic import Field

from refsys.model.errors import FailureClass
from refsys.model.plans import Plan, StepResult
from refsys.model.products import Product
from refsys.model.requests import MissingInput, ProductionRequest
from refsys.model.values import UtcTime, Value


class RequestAccepted(Value):
    """A new wish was stored under its key."""

    kind: Literal["RequestAccepted"] = "RequestAccepted"
    at: UtcTime
    request: ProductionRequest


class InputsMissing(Value):
    """Selection did not find every mandatory input."""

    kind: Literal["InputsMissing"] = "InputsMissing"
    at: UtcTime
    missing: tuple[MissingInput, ...]
    until: UtcTime = Field(description="When it is prepared again, with what is there then.")


class InputArrived(Value):
    """A product was published that this request waited for."""

    kind: Literal["InputArrived"] = "InputArrived"
    at: UtcTime
    product: str


class DeadlineReached(Value):
    """A wait is over; what is made now depends on what is there."""

    kind: Literal["DeadlineReached"] = "DeadlineReached"
    at: UtcTime


class WaitExpired(Value):
    """The longest wait ended and a mandatory input was still missing."""

    kind: Literal["WaitExpired"] = "WaitExpired"
    at: UtcTime
    missing: tuple[MissingInput, ...] = ()


class RequestDiscarded(Value):
    """The rule of the chain found that nothing is to be made."""

    kind: Literal["RequestDiscarded"] = "RequestDiscarded"
    at: UtcTime
    reason: str


class InputsOverridden(Value):
    """A person chose the products of an input; the next preparation takes them."""

    kind: Literal["InputsOverridden"] = "InputsOverridden"
    at: UtcTime
    role: str
    products: tuple[str, ...] = Field(description="Names; empty: chosen by the rules again.")
    by: str
    reason: str


class PlanMade(Value):
    """All inputs were chosen and the plan was frozen."""

    kind: Literal["PlanMade"] = "PlanMade"
    at: UtcTime
    plan: Plan


class RunStarted(Value):
    """The plan was handed to the executor (for `INGEST`: fetching began)."""

    kind: Literal["RunStarted"] = "RunStarted"
    at: UtcTime
    executor: str


class StepCompleted(Value):
    """One step committed its manifest."""

    kind: Literal["StepCompleted"] = "StepCompleted"
    at: UtcTime
    result: StepResult


class RunCompleted(Value):
    """The last step committed its manifest; the products wait in the temporary place."""

    kind: Literal["RunCompleted"] = "RunCompleted"
    at: UtcTime
    products: tuple[Product, ...]


class ProductsPublished(Value):
    """Every product is in its final place, verified and in the catalogue."""

    kind: Literal["ProductsPublished"] = "ProductsPublished"
    at: UtcTime
    names: tuple[str, ...]


class AttemptFailed(Value):
    """Planning, a step, fetching or publishing failed."""

    kind: Literal["AttemptFailed"] = "AttemptFailed"
    at: UtcTime
    failure: FailureClass
    reason: str
    step: str | None = None
    traceback: str | None = None


class CancelRequested(Value):
    """Somebody no longer wants it."""

    kind: Literal["CancelRequested"] = "CancelRequested"
    at: UtcTime
    by: str


class RetryRequested(Value):
    """Somebody wants a closed request to be tried again."""

    kind: Literal["RetryRequested"] = "RetryRequested"
    at: UtcTime
    by: str


class RetryDue(Value):
    """The delay after a retryable failure is over."""

    kind: Literal["RetryDue"] = "RetryDue"
    at: UtcTime


class TakenOver(Value):
    """Another process holds the lease now; it repeats the action the former one may not have finished."""

    kind: Literal["TakenOver"] = "TakenOver"
    at: UtcTime
    owner: str


Event = Annotated[
    RequestAccepted
    | InputsMissing
    | InputArrived
    | DeadlineReached
    | WaitExpired
    | RequestDiscarded
    | InputsOverridden
    | PlanMade
    | RunStarted
    | StepCompleted
    | RunCompleted
    | ProductsPublished
    | AttemptFailed
    | CancelRequested
    | RetryRequested
    | RetryDue
    | TakenOver,
    Field(discriminator="kind"),
]


class ProductArrived(Value):
    """A product became visible: what triggers listen to."""

    kind: Literal["ProductArrived"] = "ProductArrived"
    at: UtcTime
    product: Product
