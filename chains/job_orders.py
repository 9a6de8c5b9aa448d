"""Job orders built from a task table and what was chosen for its inputs.

Construction after the reference system: names lie in the working directory, inputs are bound by mode, references take
the files of the input they name, inputs from earlier tasks are named by their type, parameters go default, chain, main
input, request, and each name stands once. The result is a value; `write_job_order` gives it the form of a mission.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from pydantic import Field

from refsys.chains.job_orders_inputs import JobFile, chosen_input
from refsys.chains.job_orders_profiles import Form, form_of
from refsys.chains.task_table_chain import roles_of
from refsys.model.errors import PlanInvalid
from refsys.model.job_orders import JobInput, JobOrder, JobOutput, JobParameter, JobProcess, Profile
from refsys.model.task_tables import TableOutput, TableTask, TaskTable
from refsys.model.values import Value


class JobSettings(Value):
    """What a chain says of its job orders."""

    profile: Profile = "s1"
    mode: str = Field("ALWAYS", description="Product mode: which inputs take part.")
    stdout_log_level: str = "INFO"
    stderr_log_level: str = "INFO"
    acquisition_station: str | None = None
    processing_station: str | None = None
    parameters: dict[str, str] = Field({}, description="Dynamic parameters instead of the table's defaults.")
    append_parameters: bool = Field(False, description="Whether parameters that the table lacks are appended.")
    synonyms: dict[str, tuple[str, ...]] = Field({}, description="Types of the catalogue for types of the table.")
    output_names: dict[str, str] = Field(
        {}, description="By type, below the working directory: expression of a `Regexp`, folder or file of others."
    )
    optional_outputs: tuple[str, ...] | None = Field(
        None, description="Optional outputs that the last task is to write; None: all that the table has."
    )
    added_inputs: tuple[JobInput, ...] = Field(
        (), description="Inputs of every task that the table does not have, named below the working directory."
    )
    added_outputs: tuple[JobOutput, ...] = Field((), description="Outputs likewise, such as the report of a task.")
    latest_only: bool = Field(False, description="Of files of an input with the same start and stop, only the newest.")


def build_job_order(
    table: TaskTable,
    files: Mapping[str, Sequence[JobFile]],
    *,
    folder: str,
    sensing: tuple[datetime, datetime],
    settings: JobSettings,
    facts: Mapping[str, str] | None = None,
    overrides: Mapping[str, str] | None = None,
    main: str | None = None,
) -> JobOrder:
    """Return the job order of one run.

    Parameters
    ----------
    table
        The task table, with the tasks that run (see `refsys.chains.task_tables_changes`).
    files
        Chosen files, by role (`roles_of`) or by the key of an input (`TaskTable.inputs`), which comes first.
    folder
        Absolute path of the working directory, as the processor sees it.
    sensing
        Start and stop of the sensing time, aware.
    settings
        What the chain says.
    facts
        Dynamic parameters from the main input; names that the table lacks are appended or, by the settings, unused.
    overrides
        Dynamic parameters of the request: they come last.
    main
        Name of the main product: it is moved to the first place of the first input of the first task.

    Raises
    ------
    PlanInvalid
        If a mandatory input has no files, files are of a type that the input does not take, the folder is not absolute,
        or the chain or request sets a parameter that the table lacks.
    """
    form = form_of(settings.profile)
    if not PurePosixPath(folder).is_absolute():
        raise PlanInvalid("the working directory is no absolute path", where=folder)
    run = _Run(table, files, f"{folder.rstrip('/')}/", sensing, settings, form)
    processes = [run.process(index, task) for index, task in enumerate(table.tasks)]
    return JobOrder(
        processor_name=table.processor_name,
        version=table.version,
        stdout_log_level=settings.stdout_log_level,
        stderr_log_level=settings.stderr_log_level,
        test=table.test,
        acquisition_station=settings.acquisition_station,
        processing_station=settings.processing_station,
        sensing=sensing,
        config_files=tuple(file.file_name for file in table.config_files),
        parameters=_parameters(table, settings, facts or {}, overrides or {}),
        processes=tuple(_main_first(processes, f"{run.folder}{main}")) if main else tuple(processes),
    )


def is_wanted(output: TableOutput, settings: JobSettings, *, last: bool) -> bool:
    """Return whether an output of a task, the last one or another, is part of the job order."""
    optional = settings.optional_outputs
    return output.mandatory or not last or optional is None or output.file_type in optional


@dataclass
class _Run:
    """What all tasks of one run share."""

    table: TaskTable
    files: Mapping[str, Sequence[JobFile]]
    folder: str
    sensing: tuple[datetime, datetime]
    settings: JobSettings
    form: Form

    def __post_init__(self) -> None:
        self.roles = roles_of(self.table)
        self.keys = [key for key, _, _ in self.table.inputs()]
        self._made: set[str] = set()

    def process(self, index: int, task: TableTask) -> JobProcess:
        """Return one task; what it makes is there for the tasks after it."""
        begin = sum(len(before.inputs) for before in self.table.tasks[:index])
        keys = self.keys[begin : begin + len(task.inputs)]
        inputs = [self._input(key, number, task) for number, key in enumerate(keys)]
        last = index == len(self.table.tasks) - 1
        outputs = [self._output(output) for output in task.outputs if is_wanted(output, self.settings, last=last)]
        self._made |= {output.file_type for output in task.outputs}
        return JobProcess(
            task_name=task.name,
            task_version=task.version,
            inputs=(*(entry for entry in inputs if entry is not None), *map(self._below, self.settings.added_inputs)),
            outputs=tuple(dict.fromkeys((*outputs, *map(self._added, self.settings.added_outputs)))),
        )

    def _below(self, entry: JobInput) -> JobInput:
        names = tuple(f"{self.folder}{name}" for name in entry.file_names)
        return entry.model_copy(update={"file_names": names})

    def _added(self, output: JobOutput) -> JobOutput:
        return output.model_copy(update={"file_name": f"{self.folder}{output.file_name}"})

    def _input(self, key: str, number: int, task: TableTask) -> JobInput | None:
        entry = self.table.resolved(task.inputs[number])
        if not entry.applies(self.settings.mode):
            return None
        role = self.roles.get(key, "")
        files = self.files.get(key) or self.files.get(role) or ()
        if files:
            where = f"{self.table.processor_name}, task {task.name}, input {role or key}"
            return chosen_input(
                entry,
                files,
                self.folder,
                where=where,
                synonyms=self.settings.synonyms,
                latest_only=self.settings.latest_only,
                folder_of_regexp=self.form.folder_of_regexp,
            )
        made = next((way for way in entry.alternatives if way.origin == "PROC" and way.file_type in self._made), None)
        if made is not None:
            start, stop = self.sensing
            placeholder = JobFile(name=made.file_type, product_type=made.file_type, start=start, stop=stop)
            return chosen_input(entry, [placeholder], self.folder, where=key)
        if entry.mandatory and any(way.origin in ("DB", "") and way.policy for way in entry.alternatives):
            raise PlanInvalid(f"mandatory input {role or key} has no files", where=self.table.processor_name)
        return None

    def _output(self, output: TableOutput) -> JobOutput:
        given = self.settings.output_names.get(output.file_type)
        if output.file_name_type == "Regexp":
            name = f"{self.folder}{given or f'^.*{output.file_type}.*$'}"
        elif given is not None:
            name = f"{self.folder}{given}"
        else:
            name = self.folder if self.form.folder_slash else self.folder.rstrip("/")
        return JobOutput(
            file_type=output.file_type,
            file_name_type=output.file_name_type,
            file_name=name,
            mandatory=output.mandatory,
        )


def _parameters(
    table: TaskTable, settings: JobSettings, facts: Mapping[str, str], overrides: Mapping[str, str]
) -> tuple[JobParameter, ...]:
    values = {parameter.name: parameter.default or "" for parameter in table.parameters}
    asked = {**settings.parameters, **overrides}
    if not settings.append_parameters:
        if unknown := sorted(set(asked) - set(values)):
            raise PlanInvalid(f"the task table has no parameter {', '.join(unknown)}", where=table.processor_name)
        facts = {name: value for name, value in facts.items() if name in values}
    values |= {**settings.parameters, **facts, **overrides}
    return tuple(JobParameter(name=name, value=value) for name, value in values.items())


def _main_first(processes: list[JobProcess], name: str) -> list[JobProcess]:
    """Return the tasks with the main product first in the first input of the first task, if it is there."""
    if not processes or not processes[0].inputs or name not in processes[0].inputs[0].file_names:
        return processes
    first = processes[0].inputs[0]
    moved = first.model_copy(
        update={
            "file_names": tuple(sorted(first.file_names, key=lambda other: other != name)),
            "time_intervals": tuple(sorted(first.time_intervals, key=lambda other: other.file_name != name)),
        }
    )
    inputs = (moved, *processes[0].inputs[1:])
    return [processes[0].model_copy(update={"inputs": inputs}), *processes[1:]]
