"""A processor: what is run for a step, with what environment, limits and rules for its outputs.

Parameters of the unit `processor.run` hold one, and a file of `refsys step run --processor FILE` is one.
"""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, model_validator

from refsys.model.job_orders import Profile
from refsys.model.task_tables import NameType
from refsys.model.values import UtcTime, Value


def _expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


Expression = Annotated[str, AfterValidator(_expression)]
"""A regular expression that must match the whole text."""

VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]

Verdict = Literal["ok", "warning", "error"]
"""What an exit code says."""


class ExitCodes(Value):
    """Which exit codes are success, warning and failure (the agencies' rule: 0, 1 to 127, all others)."""

    last_warning: int = Field(127, ge=0, le=255, description="From 1 to this: a warning, treated as success.")
    tolerated: dict[Expression, tuple[int, ...]] = Field(
        {}, description="Executables (regular expression on the path) and further codes that are warnings, such as 255."
    )

    def verdict(self, executable: str, code: int) -> Verdict:
        """Return what an exit code says; negative codes are signals.

        Examples
        --------
        >>> codes = ExitCodes(tolerated={".*/S1AIOProcessor": (255,)})
        >>> [codes.verdict("/opt/S1AIOProcessor", code) for code in (0, 127, 128, 255, -9)]
        ['ok', 'warning', 'error', 'warning', 'error']
        """
        if code == 0:
            return "ok"
        tolerated = (codes for name, codes in self.tolerated.items() if re.fullmatch(name, executable))
        if any(code in codes for codes in tolerated) or 1 <= code <= self.last_warning:
            return "warning"
        return "error"


class ProcessorTask(Value):
    """One task: a command that is called with the path of the job order as its last argument."""

    name: str
    version: str = ""
    command: tuple[str, ...] = Field(min_length=1, description="Executable and arguments before the job order.")
    critical: bool = Field(True, description="Whether its failure fails the run.")
    timeout_s: float | None = Field(None, gt=0, description="Instead of that of the processor.")


class ProcessorPool(Value):
    """Tasks that run at the same time; a pool starts when the one before it has ended."""

    tasks: tuple[ProcessorTask, ...] = Field(min_length=1)
    killing_signal: int = Field(15, ge=1, le=31, description="Sent to a task whose time is over; SIGKILL follows.")


class Mount(Value):
    """Static data (DEM, GRI, masks) that a processor finds under a fixed name; read-only."""

    source: Path
    target: str = Field(description="Path in the container; for commands a name in the working directory.")


class OutputRule(Value):
    """One kind of output: how its products are recognised and how many there should be."""

    type: str = Field(description="Product type, or a name such as `REPORT`.")
    pattern: Expression = Field(description="Matches the whole name of a product.")
    kind: Literal["product", "report", "ignored"] = "product"
    least: int = Field(0, ge=0, description="Fewer are reported as missing.")
    most: int | None = Field(None, ge=0, description="More are reported as unexpected; None: any number.")
    mandatory: bool = Field(False, description="Whether fewer than `least` fail the run.")


class ListFile(Value):
    """The file in which a processor lists what it made."""

    name: str = Field("*.LIST", description="In the working directory; `*` once at most, `{folder}` for its name.")
    required: bool = True
    isip_to_safe: bool | None = Field(
        None, description="Whether a listed `X.ISIP` is the folder `X.SAFE` inside it; None: of Sentinel-1 only."
    )


class GhostRule(Value):
    """Segments of Level 0 too short to be real; negative: none of this mode is a ghost."""

    ew_s: float = -1.0
    iw_s: float = -1.0
    sm_s: float = -1.0
    wv_s: float = -1.0


class QualityCheck(Value):
    """An on-line check of every product of some types; it never fails the run."""

    command: tuple[str, ...] = Field(min_length=1)
    types: tuple[str, ...] = Field(min_length=1)
    template: Path | None = Field(None, description="Job order of the check with {product} and {reports}.")
    timeout_s: float = Field(60.0, gt=0)


class OutputLimits(Value):
    """How much of what a task prints is kept."""

    file_bytes: int = Field(64 << 20, ge=1024, description="Of each of stdout and stderr of a task.")
    line_characters: int = Field(4000, ge=80, description="Longer lines are cut for the log, not in the file.")
    lines: int = Field(100_000, ge=1, description="Told to the log; all later ones are only in the file.")


class EopfUnit(Value):
    """An EOPF processing unit: what its payload says besides inputs and outputs."""

    module: str
    unit: str = Field(description="Class of the processing unit.")
    parameters: dict[str, JsonValue] = {}
    store: str = Field("zarr", description="Format of the outputs.")
    general: dict[str, JsonValue] = {}


class Processor(Value):
    """What is run for a step."""

    name: str
    version: str = Field("0", min_length=1)
    kind: Literal["command", "container", "eopf", "simulated"] = "command"
    pools: tuple[ProcessorPool, ...] = Field((), description="In sequence; empty only for `eopf` and `simulated`.")
    image: str | None = Field(None, description="For `container`.")
    runtime: Literal["podman", "docker"] = "podman"
    eopf: EopfUnit | None = None
    eopf_command: tuple[str, ...] = ("eopf", "trigger", "local")
    simulation: dict[str, JsonValue] = Field({}, description="For `simulated`: settings of the processor simulator.")
    user: str | None = Field(None, description="User that owns the processes; None: that of refsys.")
    shell: str | None = Field(None, description="Shell that runs the command, such as `tcsh`; None: no shell.")
    environment: dict[VariableName, str] = Field({}, description="Set as given; nothing secret.")
    secrets: tuple[VariableName, ...] = Field(
        (), description="Variables passed on from refsys' own environment, such as licence keys; never printed."
    )
    inherit: bool = Field(False, description="Whether all of refsys' own environment is passed on.")
    mounts: tuple[Mount, ...] = ()
    timeout_s: float = Field(600.0, gt=0, description="Of each task.")
    run_timeout_s: float = Field(7200.0, gt=0, description="Of all tasks together.")
    grace_s: float = Field(10.0, ge=0, description="Between the killing signal and SIGKILL.")
    memory_bytes: int | None = Field(None, gt=0, description="Of all processes of a task together; None: no limit.")
    exit_codes: ExitCodes = ExitCodes()
    list_file: ListFile = ListFile()
    outputs: tuple[OutputRule, ...] = ()
    ghosts: GhostRule = GhostRule()
    quality: QualityCheck | None = None
    limits: OutputLimits = OutputLimits()
    profile: Profile = Field("s1", description="Form of the job order file.")

    @model_validator(mode="after")
    def _kind_has_what_it_needs(self) -> "Processor":
        if (self.kind == "container") != (self.image is not None):
            raise ValueError("`image` belongs to processors of kind container, and they need it")
        if (self.kind == "eopf") != (self.eopf is not None):
            raise ValueError("`eopf` belongs to processors of kind eopf, and they need it")
        if self.kind in ("command", "container") and not self.pools:
            raise ValueError("`pools` need one task at least")
        return self

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Processor":
        names = [task.name for pool in self.pools for task in pool.tasks]
        if set(self.secrets) & set(self.environment):
            raise ValueError("a variable is either set or a secret")
        if any("/" in name or name in {"", ".", ".."} for name in names):
            raise ValueError("a task's name is the name of its log files, so it holds no /")
        return self


class JobFacts(Value):
    """What the planner knows of a run beyond its input files; it fills `job` of the unit `processor.run` with it."""

    sensing: tuple[UtcTime, UtcTime]
    satellite: str
    mission: str
    timeliness: str | None = None
    parameters: dict[str, str] = Field({}, description="Dynamic parameters; before those of the recipe.")
    intervals: dict[str, tuple[UtcTime, UtcTime]] = Field({}, description="Start and stop of inputs, by name.")


class RecipeInput(Value):
    """An input of a job order, filled with the products of a role of the chain."""

    role: str
    file_type: str | None = Field(None, description="As the processor calls it; None: the role.")
    file_name_type: NameType = "Physical"


class RecipeOutput(Value):
    """An output of a job order."""

    file_type: str
    file_name_type: NameType = "Directory"
    mandatory: bool = True


class RecipeTask(Value):
    """What one task reads and writes; without one, a task reads all inputs and writes all outputs of its step."""

    task: str
    inputs: tuple[RecipeInput, ...] = ()
    outputs: tuple[RecipeOutput, ...] = ()


class JobOrderRecipe(Value):
    """How a job order is made, beyond what inputs and tasks say."""

    station: str | None = None
    log_level: str = "INFO"
    test: bool = False
    config_files: tuple[str, ...] = ()
    parameters: dict[str, str] = Field({}, description="Dynamic parameters of the chain.")
    tasks: tuple[RecipeTask, ...] = ()


class OutputFound(Value):
    """One product or report that a run left."""

    name: str
    type: str
    kind: Literal["product", "report"]
    path: Path = Field(description="Folder or file.")
    ghost: bool = False
    quality: Literal["OK", "NOK", "NOT_CHECKED"] | None = Field(None, description="None: no check was asked for.")


class TaskReport(Value):
    """How a task ended."""

    name: str
    executable: str
    exit_code: int | None = Field(description="Negative: the signal that ended it; None: it never started.")
    verdict: Verdict
    critical: bool = True
    reason: str = ""
    seconds: float = 0.0
    peak_memory_bytes: int | None = None
    stdout: Path | None = None
    stderr: Path | None = None


class RunReport(Value):
    """What a run of all tasks left."""

    processor: str
    folder: Path
    started_at: UtcTime
    tasks: tuple[TaskReport, ...] = ()
    outputs: tuple[OutputFound, ...] = ()
    unexpected: tuple[str, ...] = Field((), description="Listed, and of no declared kind, or more than declared.")
    missing: tuple[str, ...] = Field((), description="Declared and not made, or listed and not there.")
    warnings: tuple[str, ...] = ()
    failure: str | None = Field(None, description="Why the run failed; None: it did not.")
    failed_by: Literal["exit", "timeout", "memory", "outputs"] | None = None
