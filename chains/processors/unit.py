"""The unit `processor.run`: a processor that is no Python function, run as a step like any other.

In a chain file, `parameters` of such a step hold `processor` (`refsys.model.processors.Processor`) and, where the job
order needs more than the inputs and outputs of the step, `recipe`; docs/processors.md has an example.
"""

import logging
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import Field, JsonValue, model_validator

from refsys.chains.extraction import identify
from refsys.chains.job_orders import JobSettings
from refsys.chains.job_orders_writing import write_job_order
from refsys.chains.processors.execution import OnTaskLine, Run
from refsys.chains.processors.recipes import Laid, make_job_order
from refsys.chains.processors.runs import raise_failure, run_processor
from refsys.chains.processors.working import OUTPUT_FOLDER, link_inputs, make_folder
from refsys.chains.task_table_runs import TableUse, order_of_table, with_table
from refsys.chains.units import LocalInput, ProductDraft, UnitContext, UnitOutcome, unit
from refsys.model.chains import fits_type
from refsys.model.errors import ProcessorFailed, RefsysError
from refsys.model.job_orders import JobOrder
from refsys.model.processors import JobFacts, JobOrderRecipe, OutputFound, OutputRule, Processor, RunReport
from refsys.model.products import Quality
from refsys.model.values import Value

JOB_ORDER = "JobOrder.xml"
REPORT_TYPE = "PROCESSING_REPORT"
"""Product type under which a step that declares it keeps job order, reports and whatever the tasks printed."""
_LOG = logging.getLogger("refsys.processor")


class RunParameters(Value):
    """Parameters of `processor.run`."""

    processor: Processor
    recipe: JobOrderRecipe = JobOrderRecipe()
    job_order: JobSettings | None = Field(None, description="What the chain says of job orders from a task table.")
    table: TableUse | None = Field(None, description="Filled from the chain's `task_table`, instead of the recipe.")
    job: JobFacts | None = Field(None, description="Filled by the planner.")

    @model_validator(mode="before")
    @classmethod
    def _table_says_the_processor(cls, given: Any) -> Any:  # noqa: ANN401  (what YAML gave)
        return with_table(given) if isinstance(given, dict) and given.get("table") else given


@unit("processor.run", version="1", parameters=RunParameters)
def run(context: UnitContext, parameters: RunParameters) -> UnitOutcome:
    """Lay out a working directory, run the processor, and take its products.

    Raises
    ------
    ProcessorFailed
        If it failed, or made something that cannot be read; `ProcessorTimeout`, `ProcessorOutOfMemory` by cause.
    ConfigInvalid
        If executables, users, secrets or static data are not there.
    """
    processor = with_rules(parameters.processor, context.step.outputs)
    if parameters.table is not None:
        processor = _of_step(processor, context.step.outputs, parameters.job_order)
    if processor.user is not None:
        context.out.parent.chmod(0o711)  # scratch folders are their owner's alone
    folder = make_folder(context.out.parent / f"run-{context.step.key[:12]}")
    places = _places(context.inputs)
    link_inputs(folder, {path: source for products in places.values() for path, source in products.values()})
    order = _order(context, parameters, processor, folder)
    file = folder / JOB_ORDER
    file.write_bytes(write_job_order(order, processor.profile))
    report = run_processor(Run(_dated(processor, context), folder, file, on_line=_teller(context)))
    raise_failure(report)
    return _outcome(context, parameters, report)


def _order(context: UnitContext, parameters: RunParameters, processor: Processor, folder: Path) -> JobOrder:
    places, recipe, job = _places(context.inputs), parameters.recipe, parameters.job
    if parameters.table is not None:
        files = {
            role: [(item.ref.name, item.ref.product_type, places[role][item.ref.name][0]) for item in found]
            for role, found in context.inputs.items()
        }
        settings = parameters.job_order or JobSettings()
        return order_of_table(parameters.table, settings=settings, recipe=recipe, job=job, folder=folder, inputs=files)
    placed = {role: {name: folder / path for name, (path, _) in products.items()} for role, products in places.items()}
    return make_job_order(processor, recipe, job, Laid(folder, placed, context.step.outputs))


def with_rules(processor: Processor, outputs: tuple[str, ...]) -> Processor:
    """Return the processor with rules for outputs: its own, else one for each product type of the step."""
    if processor.outputs:
        return processor
    whole = [kind for kind in outputs if kind != REPORT_TYPE]
    rules = [OutputRule(type=kind, pattern=f".*{kind.replace('?', '.')}.*", least=1, mandatory=True) for kind in whole]
    rules.append(OutputRule(type="REPORT", pattern=r"(?i).*(report|rep_).*", kind="report"))
    return processor.model_copy(update={"outputs": tuple(rules)})


def _of_step(processor: Processor, outputs: tuple[str, ...], settings: JobSettings | None) -> Processor:
    """Return the processor without rules for products that the step does not declare: those are told, not published."""
    synonyms = settings.synonyms if settings else {}

    def is_declared(rule: OutputRule) -> bool:
        return any(fits_type(each, kind) for kind in synonyms.get(rule.type, (rule.type,)) for each in outputs)

    rules = tuple(rule for rule in processor.outputs if rule.kind != "product" or is_declared(rule))
    return processor.model_copy(update={"outputs": rules})


def _places(inputs: Mapping[str, tuple[LocalInput, ...]]) -> dict[str, dict[str, tuple[str, Path]]]:
    """Return by role and product the path below the working directory and the source; a product is laid there once."""
    found: dict[str, dict[str, tuple[str, Path]]] = {}
    for role, products in inputs.items():
        for item in products:
            name = item.ref.name
            alone = [asset.path for asset in item.ref.assets] == [name]  # an auxiliary file that is one file
            found.setdefault(role, {})[name] = (name, item.folder / name if alone else item.folder)
    return found


def _dated(processor: Processor, context: UnitContext) -> Processor:
    if processor.kind != "simulated":
        return processor
    created = context.creation_time.isoformat()
    return processor.model_copy(update={"simulation": {"creation_time": created, **processor.simulation}})


def _teller(context: UnitContext) -> OnTaskLine:
    def tell(task: str, stream: str, line: str) -> None:
        _LOG.info("%s %s %s: %s", context.step.name, task, stream, line)

    return tell


def _outcome(context: UnitContext, parameters: RunParameters, report: RunReport) -> UnitOutcome:
    drafts = [_take(context, parameters, output) for output in report.outputs if _is_published(output)]
    names = [draft.name for draft in drafts]
    if len(set(names)) < len(names):
        raise ProcessorFailed("two products of one name", where=report.processor)
    if REPORT_TYPE in context.step.outputs:
        drafts.append(_report_product(context, parameters.job, report, drafts))
    return UnitOutcome(products=tuple(drafts), figures=_figures(report))


def _is_published(output: OutputFound) -> bool:
    return output.kind == "product" and not output.ghost


def _take(context: UnitContext, parameters: RunParameters, output: OutputFound) -> ProductDraft:
    """Say what a product is, and move it to where the step's outputs are."""
    try:
        draft = _draft(parameters, output, context.creation_time)
    except RefsysError as error:
        raise ProcessorFailed(
            f"made a product that cannot be read: {error}", where=parameters.processor.name
        ) from error
    target = context.out / draft.name
    if target.exists():
        raise ProcessorFailed("two products of one name", where=draft.name)
    if output.path.is_dir():
        shutil.move(output.path, target)
    else:
        target.mkdir()
        shutil.move(output.path, target / output.name)
    changes: dict[str, object] = {"volatile": context.volatile(draft.name)}
    if output.quality == "NOK":
        changes["quality"] = Quality.DEGRADED
    if output.quality is not None:
        changes["figures"] = draft.figures | {"online_quality_check": output.quality}
    return draft.model_copy(update=changes)


def _draft(parameters: RunParameters, output: OutputFound, created: datetime) -> ProductDraft:
    if parameters.processor.kind != "eopf":
        return identify(output.path)
    job = parameters.job
    if job is None:
        raise ProcessorFailed("products of EOPF units need the facts of the planner", where=output.name)
    return ProductDraft(
        name=output.name,
        product_type=output.type,
        mission=job.mission,
        satellite=job.satellite,
        start=job.sensing[0],
        stop=job.sensing[1],
        creation_time=created,
    )


def _report_product(
    context: UnitContext, job: JobFacts | None, report: RunReport, drafts: list[ProductDraft]
) -> ProductDraft:
    """Keep job order, reports and logs as a product of their own."""
    name = f"{REPORT_TYPE}_{context.step.key[:16]}"
    target = context.out / name
    shutil.copytree(report.folder / OUTPUT_FOLDER, target)
    shutil.copyfile(report.folder / JOB_ORDER, target / JOB_ORDER)
    (target / "reports").mkdir()
    for output in report.outputs:
        if output.kind == "report":
            copy = shutil.copytree if output.path.is_dir() else shutil.copyfile
            copy(output.path, target / "reports" / output.name)
    start, stop = job.sensing if job else (drafts[0].start, drafts[0].stop) if drafts else (context.creation_time,) * 2
    return ProductDraft(
        name=name,
        product_type=REPORT_TYPE,
        mission=job.mission if job else drafts[0].mission if drafts else "S1",
        satellite=job.satellite if job else drafts[0].satellite if drafts else "_",
        start=start,
        stop=stop,
        creation_time=context.creation_time,
    )


def _figures(report: RunReport) -> dict[str, JsonValue]:
    tasks: list[JsonValue] = [
        {"task": task.name, "exit_code": task.exit_code, "verdict": task.verdict, "seconds": round(task.seconds, 3)}
        for task in report.tasks
    ]
    found: dict[str, JsonValue] = {
        "tasks": tasks,
        "warnings": list(report.warnings),
        "unexpected": list(report.unexpected),
        "missing": list(report.missing),
        "ghosts": [output.name for output in report.outputs if output.ghost],
        "reports": [output.name for output in report.outputs if output.kind == "report"],
    }
    return {key: value for key, value in found.items() if value}
