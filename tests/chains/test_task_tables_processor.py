"""What a task table says of its processor."""

import pytest
from job_order_cases import case_table, real_files

from refsys.chains.job_orders import JobSettings
from refsys.chains.task_tables import read_task_table
from refsys.chains.task_tables_changes import in_sequence
from refsys.chains.task_tables_processor import is_report, processor_of

SETTINGS = JobSettings(synonyms={"REPORT": ()}, output_names={"REPORT": r"^report_[0-9]+\.xml$"})


def test_pools_commands_and_outputs() -> None:
    processor = processor_of(case_table("s1-l1"), SETTINGS)
    assert [[task.command for task in pool.tasks] for pool in processor.pools] == [
        [("/opt/toy/bin/pre",)],
        [("/opt/toy/bin/post",)],
    ]
    assert [(rule.type, rule.pattern, rule.kind, rule.least) for rule in processor.outputs] == [
        ("IW_GRDH_1S", "^.*IW_GRDH_1S.*$", "product", 1),
        ("REPORT", r"^report_[0-9]+\.xml$", "report", 0),
    ]
    assert (processor.kind, processor.timeout_s, processor.profile) == ("command", 600.0, "s1")


def test_time_signal_critical_and_image() -> None:
    processor = processor_of(case_table("s3-pug"), JobSettings(profile="s3-pug"), image="toy/pug:1")
    assert (processor.kind, processor.image, processor.run_timeout_s) == ("container", "toy/pug:1", 1800.0)
    assert [task.critical for task in processor.pools[0].tasks] == [True, True, False]
    assert processor_of(case_table("s3-sr1"), JobSettings()).pools[0].killing_signal == 2


def test_optional_outputs_that_are_not_made_have_no_rule() -> None:
    settings = JobSettings(optional_outputs=())
    assert [rule.type for rule in processor_of(case_table("s3-sr1"), settings).outputs] == ["SR_1_SRA___"]


@pytest.mark.shared
def test_every_real_table_describes_a_processor() -> None:
    files = real_files("Ipf_Task_Table")
    if not files:
        pytest.skip("real data are absent")
    for file in files[::7]:
        table = read_task_table(file)
        processor = processor_of(table, SETTINGS)
        assert [task.name for pool in processor.pools for task in pool.tasks] == [task.name for task in table.tasks]


def test_tasks_that_need_each_other_run_one_after_another() -> None:
    assert [[task.name for task in pool.tasks] for pool in in_sequence(case_table("s3-pug")).pools] == [
        ["Core"],
        ["Post"],
        ["Toy_BP"],
    ]
    assert in_sequence(case_table("s1-l1")) == case_table("s1-l1")


def test_what_is_a_report() -> None:
    reports = [
        kind for kind in ("REPORT", "report", "RPT", "REP_L0PSA_", "REP_MBU_", "MW_1_MWR___") if is_report(kind, {})
    ]
    assert reports == ["REPORT", "report", "RPT", "REP_L0PSA_"]
    assert is_report("MW_1_MWR___", {"MW_1_MWR___": ()})
