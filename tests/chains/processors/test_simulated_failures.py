"""The simulator as a real command, run by the real execution: everything that can go wrong with a processor."""

import json
import signal
import sys
from pathlib import Path

import pytest
from job_orders import S3_GRANULE, job_order, lay_out

from refsys.chains.processors.alone import SIMULATOR, rules_of
from refsys.chains.processors.execution import Run, execute
from refsys.chains.processors.runs import raise_failure
from refsys.model.errors import ProcessorFailed, ProcessorOutOfMemory, ProcessorTimeout
from refsys.model.job_orders import JobOrder
from refsys.model.processors import ListFile, Processor, ProcessorPool, ProcessorTask, RunReport

OUTPUTS = ["OL_1_EFR___", "OL_1_ERR___"]
OUTPUTS_SHORT = [kind[:10] for kind in OUTPUTS]


def run(folder: Path, settings: dict[str, object], order: JobOrder | None = None, **more: object) -> RunReport:
    """Run the command with settings beside its job order."""
    order = order or job_order(folder, {"GRANULES": [S3_GRANULE]}, OUTPUTS)
    file = lay_out(folder, order)
    (folder / "simulator.json").write_text(json.dumps(settings))
    pool = ProcessorPool(tasks=(ProcessorTask(name="OL1", command=SIMULATOR),), killing_signal=signal.SIGTERM)
    given: dict[str, object] = {"timeout_s": 60.0, "grace_s": 0.3, "inherit": True, "outputs": rules_of(order)} | more
    given.setdefault("list_file", ListFile())
    return execute(Run(Processor(name="OL1", pools=(pool,), **given), folder, file))


def stdout(report: RunReport) -> str:
    assert report.tasks[0].stdout is not None
    return report.tasks[0].stdout.read_text()


def test_all_is_well(tmp_path: Path) -> None:
    report = run(tmp_path, {"lines": 3})
    raise_failure(report)
    assert [output.type for output in report.outputs] == OUTPUTS
    assert (report.missing, report.unexpected, report.warnings) == ((), (), ())
    assert stdout(report).splitlines()[1:] == ["simulator: line 0", "simulator: line 1", "simulator: line 2"]
    assert report.to_json() == RunReport.from_json(report.to_json()).to_json()


def test_a_warning_with_all_outputs(tmp_path: Path) -> None:
    report = run(tmp_path, {"exit_code": 5})
    assert (report.failure, report.tasks[0].verdict, len(report.outputs)) == (None, "warning", 2)


def test_an_exit_code_that_is_a_failure(tmp_path: Path) -> None:
    report = run(tmp_path, {"failure": "exit", "exit_code": 130})
    with pytest.raises(ProcessorFailed, match="exit code 130"):
        raise_failure(report)
    assert report.missing == ("OL_1_EFR___: run failed", "OL_1_ERR___: run failed")


@pytest.mark.parametrize("failure", ["hang", "hang-deaf"])
def test_a_hang(tmp_path: Path, failure: str) -> None:
    report = run(tmp_path, {"failure": failure}, timeout_s=3.0)
    with pytest.raises(ProcessorTimeout, match="not ended after"):
        raise_failure(report)
    ended_by = signal.SIGTERM if failure == "hang" else signal.SIGKILL
    assert report.tasks[0].exit_code == -ended_by
    assert "simulator: hangs" in stdout(report)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_crash(tmp_path: Path, number: int) -> None:
    report = run(tmp_path, {"failure": "signal", "signal": int(number)})
    assert (report.tasks[0].exit_code, report.failed_by) == (-number, "exit")
    assert f"signal {int(number)}" in str(report.failure)


def test_a_memory_hog(tmp_path: Path) -> None:
    report = run(tmp_path, {"failure": "memory-hog"}, memory_bytes=300 << 20)
    with pytest.raises(ProcessorOutOfMemory):
        raise_failure(report)


def test_memory_that_is_told_is_taken(tmp_path: Path) -> None:
    report = run(tmp_path, {"memory_bytes": 200 << 20, "median_s": 0.2})
    assert report.failure is None
    assert (report.tasks[0].peak_memory_bytes or 0) > 200 << 20


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        ("no-list", "one LIST file"),
        ("two-lists", "another.LIST"),
        ("no-outputs", "listed and not there"),
        ("half-outputs", "OL_1_EFR____20200101T050000_20200101T050030_20200101T060030_0030_053_133______LN3_O_NR_002"),
    ],
)
def test_outputs_that_are_amiss(tmp_path: Path, failure: str, why: str) -> None:
    report = run(tmp_path, {"failure": failure})
    assert report.failed_by == "outputs"
    assert why in str(report.failure)
    assert len(report.outputs) == (1 if failure == "half-outputs" else 0)


def test_wrong_names(tmp_path: Path) -> None:
    report = run(tmp_path, {"failure": "wrong-names"})
    assert report.failed_by == "outputs"
    assert [text[:7] for text in report.unexpected] == ["WRONG_L"] * 2
    assert [text[:10] for text in report.missing] == OUTPUTS_SHORT


def test_a_declared_input_that_is_absent(tmp_path: Path) -> None:
    order = job_order(tmp_path, {"GRANULES": [S3_GRANULE]}, OUTPUTS)
    lay_out(tmp_path, order)
    (tmp_path / S3_GRANULE / "data").unlink()
    (tmp_path / S3_GRANULE).rmdir()
    report = execute(
        Run(
            Processor(
                name="OL1",
                pools=(ProcessorPool(tasks=(ProcessorTask(name="OL1", command=SIMULATOR),)),),
                inherit=True,
            ),
            tmp_path,
            tmp_path / "JobOrder.1.xml",
        )
    )
    assert report.tasks[0].exit_code == 200
    with pytest.raises(ProcessorFailed, match="a declared input is not there"):
        raise_failure(report)


def test_settings_that_are_wrong(tmp_path: Path) -> None:
    report = run(tmp_path, {"speed": 1})
    with pytest.raises(ProcessorFailed, match="settings of the simulator: speed"):
        raise_failure(report)


def test_tasks_of_one_job_order_are_played_one_by_one(tmp_path: Path) -> None:
    order = job_order(tmp_path, {"GRANULES": [S3_GRANULE]}, ["OL_1_EFR___"])
    other = order.processes[0].model_copy(
        update={
            "task_name": "TWO",
            "outputs": (order.processes[0].outputs[0].model_copy(update={"file_type": "OL_1_ERR___"}),),
        }
    )
    order = order.model_copy(update={"processes": (*order.processes, other)})
    file = lay_out(tmp_path, order)
    pools = tuple(
        ProcessorPool(tasks=(ProcessorTask(name=name, command=(*SIMULATOR, "--task", name)),))
        for name in ("TASK", "TWO")
    )
    what = Processor(name="OL1", pools=pools, inherit=True, outputs=rules_of(order))
    report = execute(Run(what, tmp_path, file))
    assert [output.type for output in report.outputs] == ["OL_1_EFR___", "OL_1_ERR___"]
    assert sys.executable == SIMULATOR[0]
