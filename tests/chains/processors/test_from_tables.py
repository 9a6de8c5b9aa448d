"""Processors of task tables."""

from pathlib import Path

import pytest

from refsys.chains.processors.from_tables import processor_of
from refsys.chains.task_tables import read_task_table
from refsys.model.task_tables import TableOutput, TablePool, TableTask, TaskTable


def task(name: str, *outputs: TableOutput, critical: bool = True) -> TableTask:
    return TableTask(name=name, version="1", executable=f"/opt/{name}", critical=critical, outputs=outputs)


def test_pools_signals_limits_and_rules() -> None:
    report = TableOutput(file_type="REP_L0PSA_", mandatory=False)
    table = TaskTable(
        processor_name="IPF",
        version="3",
        max_time_s=1800,
        pools=(
            TablePool(killing_signal=2, tasks=(task("A"), task("A", critical=False))),
            TablePool(
                tasks=(task("B", TableOutput(file_type="X"), TableOutput(file_type="Y", destination="PROC"), report),)
            ),
        ),
    )
    made = processor_of(table, image="registry/ipf:3")
    assert [[item.name for item in pool.tasks] for pool in made.pools] == [["A", "A_2"], ["B"]]
    assert [pool.killing_signal for pool in made.pools] == [2, 15]
    assert [item.critical for item in made.pools[0].tasks] == [True, False]
    assert made.pools[1].tasks[0].command == ("/opt/B",)
    assert (made.kind, made.image, made.timeout_s) == ("container", "registry/ipf:3", 1800.0)
    assert [(rule.type, rule.kind, rule.least, rule.mandatory) for rule in made.outputs] == [
        ("X", "product", 1, True),
        ("REP_L0PSA_", "report", 0, False),
    ]


@pytest.mark.shared
def test_every_table_of_the_agencies_is_a_processor(shared_data: Path) -> None:
    files = [path for path in (shared_data.parent / "chains").rglob("*.xml") if b"<Ipf_Task_Table" in path.read_bytes()]
    assert len(files) == 226
    for file in files:
        table = read_task_table(file)
        made = processor_of(table)
        assert sum(len(pool.tasks) for pool in made.pools) == len(table.tasks)
