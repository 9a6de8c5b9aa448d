"""What somebody wants, and the states that a wish goes through."""

from enum import StrEnum

from pydantic import Field, JsonValue, model_validator

from refsys.model.errors import FailureClass
from refsys.model.plans import Plan
from refsys.model.values import UtcTime, Value, digest

INGEST = "INGEST"
"""Name of the built-in chain of requests that fetch something from a station."""


class RequestState(StrEnum):
    """The states of design section 5."""

    ACCEPTED = "ACCEPTED"
    WAITING = "WAITING"
    PLANNED = "PLANNED"
    RUNNING = "RUNNING"
    PUBLISHED = "PUBLISHED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"

    @property
    def is_open(self) -> bool:
        """Whether the request still has a way to go."""
        return self not in CLOSED_STATES


CLOSED_STATES = frozenset({RequestState.PUBLISHED, RequestState.FAILED, RequestState.CANCELLED, RequestState.EXPIRED})


class ProductionRequest(Value):
    """Somebody wants products of a chain, from an interval or a named input; or a file fetched (chain `INGEST`)."""

    chain: str
    chain_version: str = "1"
    product_type: str = Field(description="Main output wanted.")
    satellite: str | None = Field(None, description="`A` to `D`; None where the input says it.")
    start: UtcTime | None = None
    stop: UtcTime | None = None
    inputs: tuple[str, ...] = Field((), description="Product names, or for `INGEST` the address of what is fetched.")
    subject: dict[str, str] = Field(
        {}, description="What else says which wish it is, by the rule of the chain: `data_take`, `orbit`, `frame`, ..."
    )
    parameters: dict[str, JsonValue] = Field({}, description="Overrides, each under `<step>.<parameter>`.")
    not_before: UtcTime | None = Field(None, description="Nothing is done before; not part of the key.")
    priority: int = Field(0, ge=-100, le=100, description="Higher runs earlier.")
    deadline: UtcTime | None = None
    wait: bool = Field(
        True, description="Whether to wait for a missing input, or to fail at once; not part of the key."
    )
    label: str = Field("", description="Who or what asked; not part of the key.")

    @model_validator(mode="after")
    def _interval_is_ordered(self) -> "ProductionRequest":
        if self.start is not None and self.stop is not None and self.stop < self.start:
            raise ValueError(f"stop {self.stop.isoformat()} is before start {self.start.isoformat()}")
        return self

    @property
    def key(self) -> str:
        """The idempotency key: the same wish has the same key, whoever asks, however urgently."""
        wish = self.plain()
        for not_part in ("not_before", "priority", "deadline", "wait", "label"):
            del wish[not_part]
        return digest(wish)[:24]


class MissingInput(Value):
    """One input that a WAITING request awaits."""

    role: str
    product_type: str
    satellite: str | None = None
    start: UtcTime | None = None
    stop: UtcTime | None = None
    name: str | None = Field(None, description="Exact product name, where the request names its input.")


class RequestRecord(Value):
    """A request as the ledger holds it now."""

    key: str
    request: ProductionRequest
    state: RequestState
    since: UtcTime = Field(description="When the present state was entered.")
    accepted_at: UtcTime
    attempt: int = Field(0, ge=0, description="Number of the present attempt; a takeover does not count.")
    due_at: UtcTime | None = Field(None, description="When it acts by itself: retry, or end of waiting. None: at once.")
    reason: str | None = Field(None, description="Why it is in this state, in words; always set on FAILED and EXPIRED.")
    failure: FailureClass | None = None
    plan: Plan | None = None
    missing: tuple[MissingInput, ...] = ()
    products: tuple[str, ...] = Field((), description="Names of what it published.")


class Lease(Value):
    """The right to act on a request; of two holders the larger token is the true one."""

    request_key: str
    owner: str
    token: int
    expires_at: UtcTime


class Change(Value):
    """What one transition writes into a request's row, beside the event that caused it."""

    state: RequestState
    reason: str | None = None
    failure: FailureClass | None = None
    plan: Plan | None = Field(None, description="The plan just made; None keeps what is there.")
    missing: tuple[MissingInput, ...] = ()
    products: tuple[str, ...] | None = Field(None, description="What was published; None keeps what is there.")
    attempt: int | None = Field(None, description="New number of the attempt; None keeps what is there.")
    due_at: UtcTime | None = Field(
        None, description="When it next acts by itself. None: when the lease ends, else never."
    )
    keep_lease: bool = True
