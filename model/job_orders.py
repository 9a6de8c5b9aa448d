"""A job order as a value: what one run of a processor is told, whichever form its file has."""

from typing import Literal

from pydantic import Field, model_validator

from refsys.model.task_tables import NameType
from refsys.model.values import UtcTime, Value

Profile = Literal["s1", "s1-l0", "spp-obs", "s2", "s3", "s3-sr1", "s3-pug"]
"""The forms of a job order file; see `refsys.chains.job_orders_profiles`."""


class JobParameter(Value):
    """A dynamic processing parameter with the value of this run."""

    name: str
    value: str = ""


class JobInterval(Value):
    """The time that one input file covers."""

    start: UtcTime
    stop: UtcTime
    file_name: str

    @model_validator(mode="after")
    def _is_ordered(self) -> "JobInterval":
        if self.stop < self.start:
            raise ValueError(f"stop {self.stop.isoformat()} is before start {self.start.isoformat()}")
        return self


class JobInput(Value):
    """Files of one type that a task reads."""

    file_type: str
    file_name_type: NameType = "Physical"
    file_names: tuple[str, ...] = Field((), description="Absolute paths in the working directory.")
    time_intervals: tuple[JobInterval, ...] = ()


class JobOutput(Value):
    """What a task may or must write."""

    file_type: str
    file_name_type: NameType = "Physical"
    file_name: str = Field("", description="The folder it is written into; of a `Regexp`: folder and expression.")
    mandatory: bool = True


class JobProcess(Value):
    """One task of the run."""

    task_name: str
    task_version: str
    inputs: tuple[JobInput, ...] = ()
    outputs: tuple[JobOutput, ...] = ()
    breakpoint: bool = Field(False, description="Whether breakpoints are on.")
    breakpoint_files: tuple[str, ...] = ()


class JobOrder(Value):
    """Configuration and tasks of one run."""

    processor_name: str
    version: str
    stdout_log_level: str = "INFO"
    stderr_log_level: str = "INFO"
    test: bool = False
    breakpoint_enable: bool = False
    acquisition_station: str | None = Field(None, description="Sentinel-2 only.")
    processing_station: str | None = None
    sensing: tuple[UtcTime, UtcTime] | None = Field(None, description="Start and stop of the sensing time.")
    config_files: tuple[str, ...] = ()
    parameters: tuple[JobParameter, ...] = ()
    processes: tuple[JobProcess, ...] = ()

    @model_validator(mode="after")
    def _sensing_is_ordered(self) -> "JobOrder":
        if self.sensing is not None and self.sensing[1] < self.sensing[0]:
            raise ValueError(f"sensing time stops at {self.sensing[1].isoformat()}, before it starts")
        return self

    def parameter(self, name: str) -> str | None:
        """Return the value of a parameter; None where the job order does not give it."""
        return next((entry.value for entry in self.parameters if entry.name == name), None)
