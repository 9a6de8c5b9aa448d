"""What a task table says of its processor: pools, executables, time, and how the outputs are recognised."""

from collections import Counter
from collections.abc import Mapping

from refsys.chains.job_orders import JobSettings, is_wanted
from refsys.model.processors import OutputRule, Processor, ProcessorPool, ProcessorTask
from refsys.model.product_types import FAMILIES
from refsys.model.task_tables import TaskTable


def processor_of(table: TaskTable, settings: JobSettings, *, image: str | None = None) -> Processor:
    """Return the processor that a task table describes.

    A limit of the run time is taken where the table has one other than 0. Only what is published is an output; one
    whose type `settings.synonyms` maps to nothing is a report. Missing mandatory outputs are told, not failures.

    Parameters
    ----------
    table
        The task table, with the tasks that run.
    settings
        What the chain says of its job orders.
    image
        Container image; None: the executables are on this machine.
    """
    limits = {"timeout_s": table.max_time_s, "run_timeout_s": table.max_time_s} if table.max_time_s else {}
    return Processor.model_validate(
        {
            "name": table.processor_name,
            "version": table.version,
            "kind": "command" if image is None else "container",
            "image": image,
            "pools": _pools(table),
            "outputs": output_rules(table, settings),
            "profile": settings.profile,
            **limits,
        }
    )


def output_rules(table: TaskTable, settings: JobSettings) -> tuple[OutputRule, ...]:
    """Return how published outputs are recognised: by the expression of a `Regexp`, else by the type in the name."""
    rules: dict[str, OutputRule] = {}
    for task in table.tasks:
        for output in task.outputs:
            kind = output.file_type
            if not output.is_published or not is_wanted(output, settings, last=task is table.tasks[-1]):
                continue
            types = settings.synonyms.get(kind) or (kind,)
            any_name = f"^.*{kind}.*$" if types == (kind,) else f"^.*({'|'.join(types)}).*$"
            pattern = settings.output_names.get(kind, any_name) if output.file_name_type == "Regexp" else any_name
            reported = is_report(kind, settings.synonyms)
            least = 1 if output.mandatory else 0
            rules.setdefault(
                kind, OutputRule(type=kind, pattern=pattern, kind="report" if reported else "product", least=least)
            )
    return tuple(rules.values())


def is_report(kind: str, synonyms: Mapping[str, tuple[str, ...]]) -> bool:
    """Return whether an output of a table is a report or list, and no product."""
    is_named_so = kind.upper().startswith(("REP_", "REPORT", "RPT")) or kind == "LIST"
    return synonyms.get(kind) == () or (is_named_so and not any(kind in types for types in FAMILIES.values()))


def _pools(table: TaskTable) -> tuple[ProcessorPool, ...]:
    """Return the pools; tasks of one name are told apart by a number, as their log files are."""
    seen: Counter[str] = Counter()
    pools = []
    for pool in table.pools:
        tasks = []
        for task in pool.tasks:
            seen[task.name] += 1
            name = (task.name if seen[task.name] == 1 else f"{task.name}_{seen[task.name]}").replace("/", "_")
            tasks.append(
                ProcessorTask(name=name, version=task.version, command=(task.executable,), critical=task.critical)
            )
        signal = {} if pool.killing_signal is None else {"killing_signal": pool.killing_signal}
        pools.append(ProcessorPool(tasks=tuple(tasks), **signal))
    return tuple(pools)
