"""Task tables with other tasks than their file has: what a chain leaves out, and what it runs one after another."""

import re

from pydantic import ValidationError

from refsys.model.errors import ConfigInvalid
from refsys.model.task_tables import TableParameter, TablePool, TaskTable


def changed_table(table: TaskTable, *, one_by_one: bool = False, without: tuple[str, ...] = ()) -> TaskTable:
    """Return the table with some tasks left out, and each task a pool of its own where that is asked.

    Tables of SR1, SY2 and PUG put tasks that need each other's outputs into one pool, whose tasks start together.

    Parameters
    ----------
    table
        The table as its file has it.
    one_by_one
        Whether each task becomes a pool of its own.
    without
        Regular expressions that match the whole names of tasks left out, such as `.*_BP`; some may match none.

    Raises
    ------
    ConfigInvalid
        If no task is left, or a task that stays refers to an input of one that goes.
    """
    pools: list[TablePool] = []
    for pool in table.pools:
        kept = tuple(task for task in pool.tasks if not any(re.fullmatch(pattern, task.name) for pattern in without))
        groups = [(task,) for task in kept] if one_by_one else [kept] if kept else []
        pools += [pool.model_copy(update={"tasks": group}) for group in groups]
    try:
        return TaskTable.model_validate({**dict(table), "pools": tuple(pools)})
    except ValidationError as error:
        why = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ConfigInvalid(f"tasks cannot be left out: {why}", where=table.processor_name) from error


def single_task(table: TaskTable, index: int) -> TaskTable:
    """Return the table with one task alone, its options as parameters: what one step of Sentinel-2 runs.

    Parameters
    ----------
    table
        The table as its file has it.
    index
        Place of the task among all tasks, from 0.

    Raises
    ------
    ConfigInvalid
        If there is no such task.
    """
    if not 0 <= index < len(table.tasks):
        raise ConfigInvalid(f"no task {index} of {len(table.tasks)}", where=table.processor_name)
    task = table.tasks[index]
    inputs = tuple(table.resolved(entry) for entry in task.inputs)
    options = {
        option.name: TableParameter(name=option.name, type=option.type, default=option.value or None)
        for option in task.options
    }
    parameters = {parameter.name: parameter for parameter in table.parameters} | options
    pool = TablePool(tasks=(task.model_copy(update={"inputs": inputs, "options": ()}),))
    return table.model_copy(update={"pools": (pool,), "parameters": tuple(parameters.values())})


def in_sequence(table: TaskTable) -> TaskTable:
    """Return the table with the tasks of a pool one after another where one of them reads what another makes.

    Tasks of one pool start together; tables of SR1, SY2 and PUG have pools in which that cannot work.
    """
    pools: list[TablePool] = []
    for pool in table.pools:
        made = {output.file_type for task in pool.tasks for output in task.outputs}
        read = {
            way.file_type
            for task in pool.tasks
            for entry in task.inputs
            for way in table.resolved(entry).alternatives
            if way.origin == "PROC"
        }
        groups = [(task,) for task in pool.tasks] if made & read else [pool.tasks]
        pools += [pool.model_copy(update={"tasks": group}) for group in groups]
    return table.model_copy(update={"pools": tuple(pools)})
