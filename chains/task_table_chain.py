"""What a task table asks of a chain: inputs with their policies, and outputs.

A chain file that says `task_table: FILE` need not list them. Each input that can come from the catalogue gets one role;
inputs that are asked for in the same way by several tasks, or by reference, share it and so are looked up once.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from refsys.model.chains import Alternative, InputRule
from refsys.model.errors import ConfigInvalid
from refsys.model.lookups import Policy
from refsys.model.task_tables import TableAlternative, TableInput, TaskTable

Synonyms = Mapping[str, tuple[str, ...]]
"""Types of the catalogue for types of task tables, such as `AUX_RES` for `AUX_RESORB`; a missing type is itself."""


def inputs_of(
    table: TaskTable,
    mode: str | None,
    synonyms: Synonyms,
    main: Mapping[str, Literal["trigger", "rule"]] | None = None,
) -> tuple[InputRule, ...]:
    """Return the inputs of a task table that come from the catalogue, as inputs of a chain.

    Parameters
    ----------
    table
        The task table.
    mode
        Product mode such as `SLICING` or `NRT`: only its inputs. None: all, each bound to its mode.
    synonyms
        Types of the catalogue for types of the table.
    main
        For types of the table that are the main input: that what triggers fills it, or the chain's rule.

    Raises
    ------
    ConfigInvalid
        If no input is left, or `main` names a type that the table does not read.

    Notes
    -----
    Alternatives from earlier tasks, logs or without a policy (static data) are not asked of the catalogue.
    """
    main = main or {}
    rules = []
    for role, entry in _by_role(table):
        if mode is not None and not entry.applies(mode):
            continue
        bound = () if mode is not None or entry.mode == "ALWAYS" else (entry.mode,)
        alternatives = tuple(_alternative(way, synonyms, main) for way in entry.alternatives if _is_asked(way, main))
        if not alternatives:
            continue
        rules.append(InputRule(role=role, alternatives=alternatives, mandatory=entry.mandatory, modes=bound))
    read = {way.file_type for _, _, entry in table.inputs() for way in entry.alternatives}
    if unknown := sorted(set(main) - read):
        raise ConfigInvalid(f"the task table reads no {', '.join(unknown)}", where=table.processor_name)
    if not rules:
        raise ConfigInvalid(f"no input comes from the catalogue in mode {mode}", where=table.processor_name)
    return tuple(rules)


def roles_of(table: TaskTable) -> dict[str, str]:
    """Return the role of each input that can come from the catalogue, by its key (see `TaskTable.inputs`)."""
    of_input = {_wish(entry): role for role, entry in _by_role(table)}
    found = ((key, table.resolved(entry)) for key, _, entry in table.inputs())
    return {key: of_input[_wish(entry)] for key, entry in found if _wish(entry) in of_input}


def outputs_of(table: TaskTable, synonyms: Synonyms, optional: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """Return the types of the catalogue that a run publishes, each once.

    Parameters
    ----------
    table
        The task table.
    synonyms
        Types of the catalogue for types of the table; an empty tuple for what is not catalogued, such as reports.
    optional
        Optional outputs that the last task writes, as for `build_job_order`; None: all.
    """
    types: dict[str, None] = {}
    for task in table.tasks:
        last = task is table.tasks[-1]
        for output in task.outputs:
            left_out = last and optional is not None and not output.mandatory and output.file_type not in optional
            if output.is_published and not left_out:
                types |= dict.fromkeys(synonyms.get(output.file_type, (output.file_type,)))
    return tuple(types)


def _by_role(table: TaskTable) -> Iterator[tuple[str, TableInput]]:
    """Yield each different input that may come from the catalogue with its role, in the order of the table.

    It is mandatory if any task needs it.
    """
    wishes: dict[TableInput, bool] = {}
    for _, _, given in table.inputs():
        entry = table.resolved(given)
        if any(way.origin in ("DB", "") for way in entry.alternatives):
            wishes[_wish(entry)] = wishes.get(_wish(entry), False) or entry.mandatory
    taken: set[str] = set()
    for wish, mandatory in wishes.items():
        first = next(way.file_type for way in wish.alternatives if way.origin in ("DB", ""))
        role, number = first, 2
        while role in taken:
            role, number = f"{first}-{number}", number + 1
        taken.add(role)
        yield role, wish.model_copy(update={"mandatory": mandatory})


def _wish(entry: TableInput) -> TableInput:
    """Return what is asked for, whoever needs it."""
    return entry.model_copy(update={"id": None, "mandatory": True})


def _is_asked(way: TableAlternative, main: Mapping[str, str]) -> bool:
    return way.origin in ("DB", "") and (bool(way.policy) or way.file_type in main)


def _alternative(
    way: TableAlternative, synonyms: Synonyms, main: Mapping[str, Literal["trigger", "rule"]]
) -> Alternative:
    policy = main.get(way.file_type) or Policy(way.policy)
    return Alternative(
        types=synonyms.get(way.file_type, (way.file_type,)),
        policy=policy,
        before_s=way.t0_s,
        after_s=way.t1_s,
        least=max(way.least or 1, 1),
        most=way.most or None,
    )
