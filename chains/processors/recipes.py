"""Job orders of steps: from the recipe of a chain, the inputs of a step, and what the planner knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from refsys.model.job_orders import JobInput, JobInterval, JobOrder, JobOutput, JobParameter, JobProcess
from refsys.model.processors import (
    JobFacts,
    JobOrderRecipe,
    Processor,
    RecipeInput,
    RecipeOutput,
    RecipeTask,
)

Placed = Mapping[str, Mapping[str, Path]]
"""By role and name of the product, its place in the working directory."""


@dataclass(frozen=True)
class Laid:
    """A working directory, as a job order speaks of it."""

    folder: Path
    placed: Placed
    outputs: tuple[str, ...]
    """Product types of the step, for tasks without a recipe of their own."""


def make_job_order(processor: Processor, recipe: JobOrderRecipe, job: JobFacts | None, laid: Laid) -> JobOrder:
    """Return the job order of a step: a process for each task of the processor, in order.

    Parameters
    ----------
    processor, recipe
        Tasks, and what each reads and writes.
    job
        Sensing time, parameters and times of inputs; None where the planner said nothing.
    laid
        The working directory with its inputs, into which all outputs go.
    """
    own = {task.task: task for task in recipe.tasks}
    names = [(task.name, task.version) for pool in processor.pools for task in pool.tasks]
    usual = RecipeTask(
        task="",
        inputs=tuple(RecipeInput(role=role) for role in laid.placed),
        outputs=tuple(RecipeOutput(file_type=kind) for kind in laid.outputs),
    )
    parameters = (dict(job.parameters) if job else {}) | recipe.parameters
    return JobOrder(
        processor_name=processor.name,
        version=processor.version,
        stdout_log_level=recipe.log_level,
        stderr_log_level=recipe.log_level,
        test=recipe.test,
        processing_station=recipe.station,
        sensing=job.sensing if job else None,
        config_files=recipe.config_files,
        parameters=tuple(JobParameter(name=name, value=value) for name, value in sorted(parameters.items())),
        processes=tuple(
            _process((name, version or processor.version), own.get(name, usual), job, laid)
            for name, version in names or [(processor.name, processor.version)]
        ),
    )


def _process(name: tuple[str, str], task: RecipeTask, job: JobFacts | None, laid: Laid) -> JobProcess:
    inputs = (_input(entry, job, laid.placed.get(entry.role, {})) for entry in task.inputs)
    folder = laid.folder
    return JobProcess(
        task_name=name[0],
        task_version=name[1],
        inputs=tuple(entry for entry in inputs if entry.file_names),
        outputs=tuple(
            JobOutput(
                file_type=entry.file_type,
                file_name_type=entry.file_name_type,
                file_name=str(folder / f"^.*{entry.file_type}.*$" if entry.file_name_type == "Regexp" else folder),
                mandatory=entry.mandatory,
            )
            for entry in task.outputs
        ),
    )


def _input(entry: RecipeInput, job: JobFacts | None, products: Mapping[str, Path]) -> JobInput:
    known = job.intervals if job else {}
    return JobInput(
        file_type=entry.file_type or entry.role,
        file_name_type=entry.file_name_type,
        file_names=tuple(map(str, products.values())),
        time_intervals=tuple(
            JobInterval(start=known[name][0], stop=known[name][1], file_name=str(path))
            for name, path in products.items()
            if name in known
        ),
    )
