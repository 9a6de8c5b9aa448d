"""Runs whose task table drives them: the tables that a step carries, the processor they make, and the job order.

The loader of chains puts the tables of an agency into the parameters of a step (`TableUse`), all that fit the name of
the chain's `task_table`. The planner's facts choose one of them, so that a plan holds the one table that its run reads
and the key of the step changes with it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from refsys.chains.job_orders import JobSettings, build_job_order
from refsys.chains.job_orders_inputs import JobFile
from refsys.chains.task_tables_processor import processor_of
from refsys.model.errors import PlanInvalid
from refsys.model.job_orders import JobOrder
from refsys.model.processors import JobFacts, JobOrderRecipe
from refsys.model.task_tables import TaskTable
from refsys.model.values import Value


class TableUse(Value):
    """The task tables of a step, and which of its inputs are which of theirs."""

    tables: dict[str, TaskTable] = Field(
        min_length=1, description="By satellite, or by the beginning of the main type; `_`: the only one."
    )
    roles: dict[str, str] = Field({}, description="Roles of the chain for roles of the table; others are their own.")
    main: str | None = Field(None, description="Role of the chain whose first product comes first in the job order.")


def with_table(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters of a step with the one table that the facts of the planner choose, and its processor.

    Parameters
    ----------
    given
        Parameters as plain data: `processor` may lack what the table says (pools, outputs, name, version, time limits).

    Raises
    ------
    ValueError
        If no table fits the satellite or the products.
    """
    use = TableUse.model_validate(given["table"])
    if given.get("job") is not None and len(use.tables) > 1:
        job = JobFacts.model_validate(given["job"])
        use = use.model_copy(update={"tables": dict([_of_job(use.tables, job)])})
    processor = dict(given.get("processor") or {})
    orders = JobSettings.model_validate(given.get("job_order") or {})
    orders = orders.model_copy(update={"profile": processor.get("profile", orders.profile)})
    table = next(iter(use.tables.values()))
    made = processor_of(table, orders).plain()
    own = {name: made[name] for name in ("name", "version", "pools")}
    kind = {"kind": "container"} if processor.get("image") else {}
    rules = {"outputs": processor.get("outputs") or made["outputs"]}
    return {**given, "table": use, "job_order": orders, "processor": {**made, **kind, **processor, **own, **rules}}


def order_of_table(
    use: TableUse,
    *,
    settings: JobSettings,
    recipe: JobOrderRecipe,
    job: JobFacts | None,
    folder: Path,
    inputs: Mapping[str, Sequence[tuple[str, str, str]]],
) -> JobOrder:
    """Return the job order of a step that has a task table.

    Parameters
    ----------
    use, settings
        The table, and what the chain says of job orders.
    recipe
        Station and dynamic parameters, where `settings` has none.
    job
        Sensing time, dynamic parameters and the times of all inputs.
    folder
        The working directory.
    inputs
        By role of the chain: name, product type and path below the working directory of each product.

    Raises
    ------
    PlanInvalid
        If the planner said no times, or for what `build_job_order` refuses.
    """
    table = next(iter(use.tables.values()))
    if job is None or (unknown := [name for files in inputs.values() for name, _, _ in files if not _timed(name, job)]):
        why = "no sensing time is known" if job is None else f"no time is known of {', '.join(unknown)}"
        raise PlanInvalid(why, where=table.processor_name)
    files = {
        role: [
            JobFile(name=path, product_type=kind, start=job.intervals[name][0], stop=job.intervals[name][1])
            for name, kind, path in found
        ]
        for role, found in inputs.items()
    }
    by_table = {theirs: files[ours] for theirs, ours in use.roles.items() if ours in files}
    main = files.get(use.main or "", [])
    return build_job_order(
        table,
        {**files, **by_table},
        folder=str(folder),
        sensing=job.sensing,
        settings=_with_recipe(settings, recipe),
        facts=job.parameters,
        main=main[0].name if main else None,
    )


def _of_job(tables: Mapping[str, TaskTable], job: JobFacts) -> tuple[str, TaskTable]:
    for key, table in tables.items():
        if key == job.satellite or (len(key) > 1 and any(key in name for name in job.intervals)):
            return key, table
    raise ValueError(f"no task table for satellite {job.satellite}, only for {', '.join(tables)}")


def _timed(name: str, job: JobFacts) -> bool:
    return name in job.intervals


def _with_recipe(settings: JobSettings, recipe: JobOrderRecipe) -> JobSettings:
    return settings.model_copy(
        update={
            "parameters": {**recipe.parameters, **settings.parameters},
            "processing_station": settings.processing_station or recipe.station,
        }
    )
