"""Chains driven by the agency's task table, where a person has put it: inputs, outputs, tasks and job orders."""

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue, ValidationError

from refsys.chains.job_orders import JobSettings
from refsys.chains.task_table_chain import inputs_of, roles_of
from refsys.chains.task_table_runs import TableUse
from refsys.chains.task_tables import read_task_table
from refsys.chains.task_tables_changes import in_sequence
from refsys.chains.task_tables_processor import is_report
from refsys.model.chains import Chain, InputRule, StepRule, fits_type
from refsys.model.errors import ConfigInvalid
from refsys.model.task_tables import TaskTable

PROCESSOR_UNIT = "processor.run"
REPORT_TYPE = "PROCESSING_REPORT"
_MODES = ("NRT", "STC", "NTC", "SLICING", "NON_SLICING")


def with_task_table(chain: Chain, folder: Path | None) -> Chain:
    """Return the chain as its task table has it, unchanged if there is no such file.

    Parameters
    ----------
    chain
        Its main inputs (policy `trigger` or `rule`) stay as they are; all others are replaced. Steps that read all
        inputs read all new ones; a step that reads an input that is gone is refused. The step of the unit
        `processor.run` gets the table, which says its tasks and its job order. Its outputs are the mandatory ones of
        the table, and of the optional ones those that it names itself.
    folder
        Folder of task tables, searched with its sub-folders for `chain.task_table`, `?` any one character: tables of
        satellites, or of main types. A `task_table` that is a path needs no folder.

    Raises
    ------
    ConfigInvalid
        If tables of several satellites ask for different inputs, a step reads an input that the table does not have,
        the main input, an output or a dynamic parameter of the chain is not in the table, or a processor without tasks
        of its own has no table.
    InputCorrupt
        If a file is no task table; names file and line.
    """
    files = _files(chain, folder)
    step = _step_of_processor(chain)
    if not files:
        if chain.task_table and step is not None and not _runs_without(step):
            hint = "set `task_tables` to the folder that holds it, or write its path"
            raise ConfigInvalid(f"chain {chain.name}: no task table {chain.task_table}", where=folder, hint=hint)
        return chain
    tables = _tables(files)
    settings = _settings(chain, step, next(iter(tables.values())))
    asked = [_auxiliary(table, chain, settings) for table in tables.values()]
    places = [next(file for file, key in files.items() if key == each) for each in tables]
    if other := next((place for place, inputs in zip(places, asked, strict=True) if inputs != asked[0]), None):
        raise ConfigInvalid(f"asks for other inputs than {places[0]}", where=other, hint="keep one version of a table")
    inputs = (*_main(chain), *asked[0])
    before, now = [each.role for each in chain.inputs], tuple(each.role for each in inputs)
    steps = tuple(
        each.model_copy(update={"inputs": now}) if set(each.inputs) == set(before) else each for each in chain.steps
    )
    if step is not None:
        settings = _chosen(step, tables, settings)
        use = TableUse(tables=tables, roles=_roles(tables, chain, asked[0], settings), main=_main_role(chain))
        steps = tuple(_driven(each, use, settings, places[0]) if each.name == step.name else each for each in steps)
    try:
        return Chain.model_validate({**dict(chain), "inputs": inputs, "steps": steps})
    except ValueError as error:
        raise ConfigInvalid(f"chain {chain.name} does not fit this table: {error}", where=places[0]) from error


def mode_of(table: TaskTable, chain_mode: str | None) -> str:
    """Return the product mode of runs: that of the chain, else NRT, SLICING or the first of the table, else ALWAYS."""
    if chain_mode in _MODES:
        return str(chain_mode)
    modes = [entry.mode for _, _, entry in table.inputs() if entry.ref is None and entry.mode != "ALWAYS"]
    usual = next((mode for mode in ("NRT", "SLICING") if mode in modes), None)
    return usual or (modes[0] if modes else "ALWAYS")


def _files(chain: Chain, folder: Path | None) -> dict[Path, str]:
    """Return the files of a chain's tables, each with the text that stands for `?` (`_` for none)."""
    name = chain.task_table
    if name is None:
        return {}
    if "/" in name:
        return {Path(name): "_"}
    if folder is None:
        return {}
    form = re.compile(re.escape(name).replace(r"\?", "(.)"))
    found = {file: form.fullmatch(file.name) for file in sorted(folder.rglob(name))}
    return {file: "".join(match.groups()) or "_" for file, match in found.items() if match}


def _tables(files: Mapping[Path, str]) -> dict[str, TaskTable]:
    tables: dict[str, TaskTable] = {}
    for file, key in files.items():
        table = in_sequence(read_task_table(file))
        if tables.setdefault(key, table) != table:
            first = next(each for each, other in files.items() if other == key)
            raise ConfigInvalid(f"is not the same as {first}", where=file, hint="keep one version of a table")
    return tables


def _step_of_processor(chain: Chain) -> StepRule | None:
    steps = [step for step in chain.steps if step.unit == PROCESSOR_UNIT]
    if len(steps) > 1 and chain.task_table:
        raise ConfigInvalid(f"chain {chain.name} has a task table and more than one step of {PROCESSOR_UNIT}")
    return steps[0] if steps else None


def _runs_without(step: StepRule) -> bool:
    given = step.parameters.get("processor")
    return isinstance(given, dict) and ("pools" in given or given.get("kind") in ("eopf", "simulated"))


def _settings(chain: Chain, step: StepRule | None, table: TaskTable) -> JobSettings:
    given = (step.parameters.get("job_order") if step else None) or {}
    processor = (step.parameters.get("processor") if step else None) or {}
    own: dict[str, JsonValue] = {"mode": mode_of(table, chain.mode)}
    if isinstance(processor, dict) and "profile" in processor:
        own["profile"] = processor["profile"]
    try:
        return JobSettings.model_validate({**own, **given} if isinstance(given, dict) else given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigInvalid(f"job_order.{place}: {first['msg']}", where=f"chain {chain.name}") from error


def _main(chain: Chain) -> list[InputRule]:
    return [each for each in chain.inputs if each.policy in ("trigger", "rule")]


def _main_role(chain: Chain) -> str | None:
    main = _main(chain)
    return main[0].role if main else None


def _auxiliary(table: TaskTable, chain: Chain, settings: JobSettings) -> list[InputRule]:
    """Return the inputs of a table but for those that the chain finds as its main inputs."""
    main = _main(chain)
    first = main[0].types if main else ()
    own = [kind for each in main for kind in each.types]
    if not any(True for _ in table.inputs()):
        return []
    inputs = inputs_of(table, settings.mode, settings.synonyms)
    if chain.rule is None and main and not any(_fit(each.types, first) for each in inputs):
        why = f"the task table of chain {chain.name} does not read {' or '.join(first)} in mode {settings.mode}"
        hint = f"it reads {', '.join(sorted({kind for each in inputs for kind in each.types}))}"
        raise ConfigInvalid(why, where=table.processor_name, hint=hint)
    return [
        each for each in inputs if not _fit(each.types, first) and not all(_fit((kind,), own) for kind in each.types)
    ]


def _fit(types: tuple[str, ...], patterns: tuple[str, ...] | list[str]) -> bool:
    return any(fits_type(pattern, kind) for pattern in patterns for kind in types)


def _roles(
    tables: Mapping[str, TaskTable], chain: Chain, auxiliary: list[InputRule], settings: JobSettings
) -> dict[str, str]:
    """Return the main input of the chain for each role of the tables that it fills."""
    known = {each.role for each in auxiliary}
    main = [each for each in _main(chain) if not each.modes or settings.mode in each.modes]
    roles: dict[str, str] = {}
    for table in tables.values():
        by_key = roles_of(table)
        for key, _, given in table.inputs():
            role = by_key.get(key)
            if role is None or role in known or role in roles:
                continue
            names = [way.file_type for way in table.resolved(given).alternatives]
            types = tuple(kind for name in names for kind in settings.synonyms.get(name, (name,)))
            ours = next((each.role for each in main if _fit(types, each.types)), None)
            if ours is not None:
                roles[role] = ours
    return roles


def _driven(step: StepRule, use: TableUse, settings: JobSettings, where: Path) -> StepRule:
    """Return the step with the table, its outputs, and what the chain says of job orders."""
    recipe = step.parameters.get("recipe")
    asked = {**settings.parameters, **(recipe.get("parameters") or {} if isinstance(recipe, dict) else {})}  # type: ignore[dict-item]
    for table in use.tables.values():
        unknown = sorted(set(asked) - {parameter.name for parameter in table.parameters})
        if unknown and not settings.append_parameters:
            raise ConfigInvalid(f"the task table has no parameter {', '.join(unknown)}", where=where)
    made = {kind: None for table in use.tables.values() for kind in _outputs(table, settings)}
    if made and (lost := [kind for kind in step.outputs if kind != REPORT_TYPE and not _fit(tuple(made), (kind,))]):
        hint = f"it makes {', '.join(made)}"
        raise ConfigInvalid(f"the task table makes no {', '.join(lost)}", where=where, hint=hint)
    needed = {kind: None for table in use.tables.values() for kind in _outputs(table, settings, mandatory=True)}
    changes: dict[str, object] = {
        "parameters": {**step.parameters, "job_order": settings.plain(), "table": use.plain()},
        "outputs": (*step.outputs, *(kind for kind in needed if not _fit((kind,), step.outputs))),
    }
    return step.model_copy(update=changes)


def _chosen(step: StepRule, tables: Mapping[str, TaskTable], settings: JobSettings) -> JobSettings:
    """Return the settings with those optional outputs that the step names, unless they say which."""
    if settings.optional_outputs is not None:
        return settings
    optional = {
        output.file_type: settings.synonyms.get(output.file_type, (output.file_type,))
        for table in tables.values()
        for output in table.tasks[-1].outputs
        if output.is_published and not output.mandatory
    }
    named = tuple(
        kind for kind, types in optional.items() if is_report(kind, settings.synonyms) or _fit(types, step.outputs)
    )
    return settings.model_copy(update={"optional_outputs": named})


def _outputs(table: TaskTable, settings: JobSettings, *, mandatory: bool = False) -> tuple[str, ...]:
    """Return the types of the catalogue that a table may make or, of all its tasks, must make."""
    outputs = [output for task in table.tasks for output in task.outputs if output.is_published]
    kinds = [
        output.file_type
        for output in outputs
        if (output.mandatory or not mandatory) and not is_report(output.file_type, settings.synonyms)
    ]
    return tuple(kind for each in kinds for kind in settings.synonyms.get(each, (each,)))
