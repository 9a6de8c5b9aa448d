"""A processor as a task table describes it: its tasks, which of them are critical, its signals and its limits."""

from refsys.model.processors import OutputRule, Processor, ProcessorPool, ProcessorTask
from refsys.model.task_tables import TablePool, TaskTable

_USUAL_SIGNAL = 15


def processor_of(table: TaskTable, *, image: str | None = None) -> Processor:
    """Return the processor of a task table: a container with an image, a command without.

    Tasks of one name are told apart by a number. Each published output becomes a rule; of a mandatory type one product
    at least is expected.
    """
    seen: dict[str, int] = {}
    pools = tuple(_pool(pool, seen) for pool in table.pools)
    limits = (
        {"run_timeout_s": float(table.max_time_s), "timeout_s": float(table.max_time_s)} if table.max_time_s else {}
    )
    given = {"kind": "container", "image": image} if image else {}
    return Processor.model_validate(
        {"name": table.processor_name, "version": table.version, "pools": pools, "outputs": _rules(table)}
        | limits
        | given
    )


def _pool(pool: TablePool, seen: dict[str, int]) -> ProcessorPool:
    tasks = []
    for task in pool.tasks:
        seen[task.name] = number = seen.get(task.name, 0) + 1
        name = (task.name if number == 1 else f"{task.name}_{number}").replace("/", "_")
        tasks.append(ProcessorTask(name=name, version=task.version, command=(task.executable,), critical=task.critical))
    return ProcessorPool(tasks=tuple(tasks), killing_signal=pool.killing_signal or _USUAL_SIGNAL)


def _rules(table: TaskTable) -> tuple[OutputRule, ...]:
    outputs = {output.file_type: output for task in table.tasks for output in task.outputs if output.is_published}
    return tuple(
        OutputRule(
            type=kind,
            pattern=f".*{kind}.*",
            kind="report" if kind.startswith(("REP", "RPT")) else "ignored" if kind == "LIST" else "product",
            least=1 if output.mandatory else 0,
            mandatory=output.mandatory,
        )
        for kind, output in outputs.items()
    )
