"""A task table as a value: what a processor is made of, what it reads and writes, however its file spells it."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from refsys.model.values import Value

Origin = Literal["DB", "PROC", "LOG", ""]
"""Where an input comes from: the catalogue, an earlier task of the run, a log; empty where the table does not say."""

NameType = Literal["Physical", "Directory", "Regexp", "Stem", "File", ""]
"""What a file name of a job order stands for; empty where the table does not say."""


class TableParameter(Value):
    """A dynamic processing parameter."""

    name: str
    type: str = Field("String", description="As spelled: `String`, `string`, `number`, `datenumber`.")
    default: str | None = Field(None, description="None where the table gives none, or an empty one.")


class TableConfigFile(Value):
    """A configuration file inside the processor's image."""

    file_name: str
    version: str = ""


class TableAlternative(Value):
    """One way to fill an input."""

    order: int = Field(description="Ascending preference.")
    origin: Origin = "DB"
    policy: str = Field("", description="Retrieval mode as spelled, without blanks around; may be empty.")
    t0_s: float = Field(0.0, description="How much earlier than the interval the window starts.")
    t1_s: float = Field(0.0, description="How much later than the interval the window stops.")
    least: int | None = Field(None, ge=0, description="minResults")
    most: int | None = Field(None, ge=0, description="maxResults")
    custom_class: str | None = Field(None, description="Class that a policy `Custom` names.")
    file_type: str
    file_name_type: NameType = "Physical"

    @model_validator(mode="after")
    def _bounds_are_ordered(self) -> "TableAlternative":
        if self.least is not None and self.most is not None and self.most < self.least:
            raise ValueError(f"minResults {self.least} is more than maxResults {self.most}")
        return self


class TableInput(Value):
    """One input of a task: alternatives of its own, or those of an earlier input that it refers to."""

    id: str | None = None
    ref: str | None = Field(None, description="`id` of the input whose result is taken again.")
    mode: str = Field("ALWAYS", description="`ALWAYS SLICING NON_SLICING NRT STC NTC`; as of `ref` where that is set.")
    mandatory: bool = Field(True, description="As of `ref` where that is set.")
    alternatives: tuple[TableAlternative, ...] = Field((), description="In ascending order.")

    @model_validator(mode="after")
    def _has_one_source(self) -> "TableInput":
        if bool(self.alternatives) == (self.ref is not None):
            raise ValueError("an input has alternatives or refers to another input, one of the two")
        orders = [alternative.order for alternative in self.alternatives]
        if orders != sorted(set(orders)):
            raise ValueError(f"alternatives contradict each other: their orders are {orders}")
        return self

    def applies(self, mode: str) -> bool:
        """Return whether the input takes part in a run of a product mode such as `SLICING` or `NRT`."""
        return "ALWAYS" in (mode, self.mode) or mode == self.mode


class TableOutput(Value):
    """One output of a task."""

    file_type: str
    destination: Literal["DB", "DBPROC", "PROC", ""] = "DB"
    mandatory: bool = True
    file_name_type: NameType = "Physical"

    @property
    def is_published(self) -> bool:
        """Whether it leaves the run, and is not only read by its later tasks."""
        return self.destination.startswith("DB")


class TableOption(Value):
    """An option of one task (Sentinel-2): it overrides a parameter of the component."""

    name: str
    type: str = "String"
    value: str = ""


class TableTask(Value):
    """One executable."""

    name: str
    version: str = Field("", description="Empty where the table leaves it open.")
    critical: bool = Field(True, description="Whether its failure fails the run.")
    criticality_level: int | None = None
    cpus: int | None = Field(None, ge=1, description="Number_of_CPUs")
    executable: str = Field(description="Path in the image; may begin with a variable, such as `$NAME_EXE_DIR`.")
    inputs: tuple[TableInput, ...] = ()
    outputs: tuple[TableOutput, ...] = ()
    options: tuple[TableOption, ...] = ()


class TablePool(Value):
    """Tasks that start together; the next pool starts when all have ended."""

    detached: bool = False
    killing_signal: int | None = None
    tasks: tuple[TableTask, ...] = Field(min_length=1)


class TaskTable(Value):
    """One version of one processor."""

    processor_name: str
    version: str
    test: bool = False
    min_disk_mb: int | None = Field(None, ge=0, description="Work space needed.")
    max_time_s: int | None = Field(None, ge=0, description="Run-time limit; 0 is written for none.")
    sensing_time: bool | None = Field(None, description="Sensing_Time_flag; None where the table does not say.")
    config_files: tuple[TableConfigFile, ...] = ()
    parameters: tuple[TableParameter, ...] = ()
    pools: tuple[TablePool, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _references_are_unambiguous(self) -> "TaskTable":
        known = {entry.id for task in self.tasks for entry in task.inputs if entry.id is not None}
        for task in self.tasks:
            for entry in task.inputs:
                if entry.ref is not None and entry.ref not in known:
                    raise ValueError(f"task {task.name!r} refers to input {entry.ref!r}, which no input has as its id")
        return self

    @property
    def tasks(self) -> tuple[TableTask, ...]:
        """The tasks of all pools, in order."""
        return tuple(task for pool in self.pools for task in pool.tasks)

    def resolved(self, entry: TableInput) -> TableInput:
        """Return the input itself, or the one that it refers to (the first of that id)."""
        if entry.ref is None:
            return entry
        return next(other for task in self.tasks for other in task.inputs if other.id == entry.ref)

    def inputs(self) -> Iterator[tuple[str, TableTask, TableInput]]:
        """Yield each input with its task and its key `P<pool>T<task>:<name>-<version>I<input>`, indices from 0."""
        for pool_index, pool in enumerate(self.pools):
            for task_index, task in enumerate(pool.tasks):
                for index, entry in enumerate(task.inputs):
                    yield f"P{pool_index}T{task_index}:{task.name}-{task.version}I{index}", task, entry
