"""A chain file for a processor, written from its task table: what is left to say is short."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from refsys.chains.chain_tables import mode_of
from refsys.chains.relations import makers_of, trigger_loops
from refsys.chains.task_tables_processor import is_report
from refsys.model.chains import Chain
from refsys.model.errors import ConfigInvalid
from refsys.model.job_orders import Profile
from refsys.model.product_types import FAMILIES
from refsys.model.task_tables import TableInput, TaskTable

_ORBITS = {"AUX_POE": ("AUX_POEORB",), "AUX_RES": ("AUX_RESORB",), "AUX_PRE": ("AUX_PREORB",)}

_KNOWN = {kind for types in FAMILIES.values() for kind in types}


def types_of(kind: str) -> tuple[str, ...]:
    """Return the types of the catalogue for a type by which tables of Sentinel-1 call it.

    Examples
    --------
    >>> types_of("AUX_RES"), types_of("AN_SLC__1S"), types_of("SM_RAW__0S")[:2]
    (('AUX_RESORB',), ('N1_SLC__1S',), ('S1_RAW__0S', 'S2_RAW__0S'))
    """
    if re.fullmatch(r"SM_[A-Z_]{4}_[012][A-Z]", kind):
        return tuple(f"S{beam}{kind[2:]}" for beam in range(1, 7))
    if re.fullmatch(r"AN_[A-Z_]{4}_[012][A-Z]", kind):
        return (f"N1{kind[2:]}",)
    return _ORBITS.get(kind, (kind,))


def pattern_of(types: tuple[str, ...]) -> str:
    """Return the one pattern of types of equal length.

    Examples
    --------
    >>> pattern_of(("S1_RAW__0S", "S2_RAW__0S"))
    'S?_RAW__0S'
    """
    return "".join(letters[0] if len(set(letters)) == 1 else "?" for letters in zip(*types, strict=True))


class NewChain(NamedTuple):
    """A chain file, and what a person should look at."""

    name: str
    text: str
    remarks: tuple[str, ...]


def new_chain(
    table: TaskTable,
    place: str,
    *,
    image: str | None,
    trigger: str | None = None,
    name: str | None = None,
    mode: str | None = None,
    profile: Profile | None = None,
    not_made_by: tuple[str, ...] = (),
) -> NewChain:
    """Return a chain of one step that runs the processor of a task table.

    Parameters
    ----------
    table
        The task table.
    place
        What the chain says as its `task_table`: a path, or a name in the folder of task tables.
    image
        Container image; None: the executables are on this machine.
    trigger
        Type whose arrival makes a request, as the table or the catalogue calls it; None: that of the first mandatory
        input of the first task.
    name
        Name of the chain; None: from that of the processor.
    mode
        Product mode; None: NRT or the first that the table has, if it has any.
    profile
        Form of the job order; None: by the processor's name and the types that it reads.
    not_made_by
        Chains whose products do not trigger it: it would trigger itself through them.

    Raises
    ------
    ConfigInvalid
        If the table reads no such type, or publishes no product.
    """
    mode = mode or mode_of(table, None)
    called = name or re.sub(r"[^A-Z0-9]+", "-", table.processor_name.upper()).strip("-")
    main = _main_type(table, mode, trigger)
    types = types_of(main)
    arrival = pattern_of(types)
    needed, optional = _outputs(table)
    chosen = needed or optional[:1]
    synonyms = {kind: types_of(kind) for kind in (*_types(table, mode), *chosen) if types_of(kind) != (kind,)}
    outputs = tuple(pattern_of(types_of(kind)) for kind in chosen)
    excluded = f", not_made_by: [{', '.join(not_made_by)}]" if not_made_by else ""
    processor = f"kind: container, image: {_quoted(image)}, " if image else ""
    form = profile or _profile(table, types[0])
    lines = [
        f"name: {called}",
        f"version: {_quoted(table.version)}",
        f"title: {_quoted(f'{table.processor_name} {table.version}')}",
        *([f"mode: {mode}"] if mode != "ALWAYS" else []),
        f"task_table: {_quoted(place)}",
        f"triggers: [{{arrival: {_quoted(arrival)}{excluded}}}]",
        "inputs: # the table says all others",
        f"  - {{role: main, types: [{', '.join(types)}], policy: trigger}}",
        "steps:",
        "  - name: process",
        "    unit: processor.run",
        "    inputs: all",
        "    parameters:",
        f"      processor: {{{processor}profile: {form}}}",
        *([f"      job_order: {{synonyms: {_flow(synonyms)}}}"] if synonyms else []),
        f"    outputs: [{', '.join(map(_quoted, outputs))}]",
        f"    resources: {{memory_bytes: 1073741824, threads: {max(task.cpus or 1 for task in table.tasks)}}}",
    ]
    remarks = _remarks(
        table,
        arrival,
        mode=mode,
        form=form,
        outputs=outputs,
        optional=[kind for kind in optional if kind not in chosen],
    )
    return NewChain(called, "\n".join(lines) + "\n", tuple(remarks))


def feeders(chain: Chain, known: Mapping[str, Chain]) -> tuple[str, ...]:
    """Return the chains, itself included, through whose products a chain would trigger itself."""
    around = {**known, chain.name: chain}
    loops = {name for loop in trigger_loops(around) if chain.name in loop for name in loop}
    makers = {name for rule in chain.triggers for name in makers_of(rule.arrival, around)} & loops
    return tuple(name for name in sorted(makers) if not any(name.startswith(f"{other}-") for other in makers))


def _remarks(
    table: TaskTable, arrival: str, *, mode: str, form: str, outputs: tuple[str, ...], optional: list[str]
) -> list[str]:
    modes = sorted({entry.mode for _, _, entry in table.inputs() if entry.ref is None} - {"ALWAYS", mode})
    kinds = {kind for each in _types(table, mode) for kind in types_of(each)}
    unknown = sorted(kinds - _KNOWN)
    found = [
        f"triggers: each arrival of {arrival} makes a request; --trigger takes another type",
        f"outputs: one product each of {', '.join(outputs)}; with ? in a type, one or more",
        *([f"outputs: add those that it makes of {', '.join(optional)}"] if optional else []),
        *([f"mode: {mode}; the table also has {', '.join(modes)}"] if modes else []),
        f"profile: job orders have the form {form}",
        "resources: the memory that a run takes",
    ]
    if unknown:
        found.append(f"inputs: no catalogue has {', '.join(unknown)}; add them under job_order.synonyms")
    return found


def _main_type(table: TaskTable, mode: str, trigger: str | None) -> str:
    entries = [table.resolved(entry) for entry in table.tasks[0].inputs]
    asked = [entry for entry in entries if entry.applies(mode) and _asked(entry)]
    if trigger is not None:
        every = [kind for kind in _types(table, mode) if trigger in (kind, *types_of(kind))]
        if not any(True for _ in table.inputs()):
            return trigger  # such as the table of an acquisition, which reads sessions without saying so
        if not every:
            hint = f"it reads {', '.join(_types(table, mode))}"
            raise ConfigInvalid(f"the task table reads no {trigger}", where=table.processor_name, hint=hint)
        return every[0]
    first = next((entry for entry in asked if entry.mandatory), None)
    if first is None:
        why = "the first task has no mandatory input from the catalogue"
        raise ConfigInvalid(why, where=table.processor_name, hint="say --trigger TYPE")
    return _asked(first)[0]


def _types(table: TaskTable, mode: str) -> list[str]:
    """Return the types that the table reads from the catalogue in a mode, each once."""
    entries = [table.resolved(entry) for _, _, entry in table.inputs()]
    return list(dict.fromkeys(kind for entry in entries if entry.applies(mode) for kind in _asked(entry)))


def _asked(entry: TableInput) -> list[str]:
    return [way.file_type for way in entry.alternatives if way.origin in ("DB", "") and way.policy]


def _outputs(table: TaskTable) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the product types that must, and that may be made."""
    outputs = [output for task in table.tasks for output in task.outputs if output.is_published]
    products = [output for output in outputs if not is_report(output.file_type, {})]
    if not products:
        raise ConfigInvalid("the task table publishes no product", where=table.processor_name)
    needed = dict.fromkeys(output.file_type for output in products if output.mandatory)
    return tuple(needed), tuple(dict.fromkeys(each.file_type for each in products if each.file_type not in needed))


def _profile(table: TaskTable, arrival: str) -> Profile:
    """Return the form of job orders that the processor most likely wants."""
    name = table.processor_name.upper()
    if "PUG" in name:
        return "s3-pug"
    if "OBS" in name and "S1" not in arrival:
        return "spp-obs"
    mission = next((key[9] for key, types in FAMILIES.items() if arrival in types and key.startswith("Sentinel-")), "")
    if mission == "3" or re.match(r"[A-Z]{2}_[012]_", arrival) or arrival.startswith("S3_"):
        return "s3-sr1" if "SR1" in name else "s3"
    if mission == "2" or arrival.startswith("MSI_"):
        return "s2"
    return "s1-l0" if "AIO" in name or name.startswith("L0") or arrival == "S1_SESSION" else "s1"


def _flow(synonyms: Mapping[str, tuple[str, ...]]) -> str:
    return "{" + ", ".join(f"{kind}: [{', '.join(types)}]" for kind, types in synonyms.items()) + "}"


def _quoted(text: str | Path) -> str:
    """Return a text as a YAML scalar: in double quotes, escaped."""
    escaped = str(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
