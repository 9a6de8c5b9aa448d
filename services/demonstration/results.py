"""What the demo reports; the form of `refsys demo --json`."""

from typing import Literal

from pydantic import Field, JsonValue

from refsys.model.requests import RequestState
from refsys.model.values import UtcTime, Value


class RequestResult(Value):
    """One line of the closing table."""

    request: str
    chain: str
    state: RequestState
    reason: str | None = None
    input: str
    product: str | None = None
    quality: str | None = None
    size_bytes: int | None = None
    seconds: float | None = Field(None, description="From the first start to publication.")
    digest: str | None = None
    reused: bool = Field(description="Whether it was published before this demo began.")


class MwrResult(Value):
    """What the published Level-0 product of one simulated session holds, compared with what was put in."""

    variant: str
    title: str
    request: str
    product: str
    packets_sent: int
    packets_recovered: int
    identical: bool = Field(description="Whether every packet that should be there is, byte by byte, and nothing else.")
    frames_sent: int
    frames_lost: int
    packets_missing_expected: int
    packets_missing_reported: int
    missing_exact: bool = Field(
        description="Whether exactly the packets of lost frames are reported, with sequence and expected time."
    )
    left_no_trace: int = Field(description="Packets lost at head or tail that nothing received can tell of.")
    head: str = Field(description="Further losses before the first packet: `unknown` where nothing tells.")
    tail: str
    corrected_symbols: int
    quality: str
    missing_at: tuple[float, ...] = Field((), description="Place of each missing packet in the orbit, 0 to 1.")

    @property
    def passed(self) -> bool:
        """Whether the product is what it must be."""
        return self.identical and self.missing_exact


class CheckResult(Value):
    """A comparison of a published product with something known."""

    chain: str
    subject: str
    what: str
    value: JsonValue
    expected: str
    passed: bool


class WorkerKernels(Value):
    """Compilation of kernels in one worker process."""

    worker: str
    functions_compiled: int
    compile_seconds: float = Field(description="Time in the compiler, as Numba tells it; nested calls counted once.")


class CallTimes(Value):
    """First and later calls of a processor in one worker process."""

    processor: str
    worker: str
    calls: int
    first_s: float
    later_s: float | None = Field(None, description="Median of the later calls; None if there was one call only.")


class DemoResult(Value):
    """The whole demo."""

    data: Literal["real", "simulated"]
    data_folder: str | None
    not_run: tuple[str, ...] = Field((), description="Chains that nothing triggered.")
    started_at: UtcTime
    seconds: float
    reused: int = Field(description="Requests that were published before.")
    requests: tuple[RequestResult, ...]
    mwr: tuple[MwrResult, ...]
    checks: tuple[CheckResult, ...] = ()
    kernels: tuple[WorkerKernels, ...] = ()
    calls: tuple[CallTimes, ...] = ()
    report: str = Field(description="The HTML report.")

    @property
    def passed(self) -> bool:
        """Whether everything was published and every comparison holds."""
        published = not self.not_run and all(line.state is RequestState.PUBLISHED for line in self.requests)
        return published and all(r.passed for r in self.mwr) and all(check.passed for check in self.checks)
