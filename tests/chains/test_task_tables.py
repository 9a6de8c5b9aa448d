"""Task tables: every spelling of the agencies' files into one value, and what is refused."""

from pathlib import Path

import pytest
from job_order_cases import CASES, case_table, real_files

from refsys.chains.task_tables import read_task_table
from refsys.chains.task_tables_changes import changed_table, single_task
from refsys.model.errors import ConfigInvalid, InputCorrupt, InputMissing
from refsys.model.task_tables import TaskTable

REAL = real_files("Ipf_Task_Table")
OF_CHAINS = [path for path in REAL if "chains" in path.parts]
OF_PREPARATION = {path: path.relative_to(path.parents[2]).as_posix() for path in REAL if "rs-core" in path.parts}
SLC_GRD = (6, 38, 13, 8)
COUNTS = {
    "l0_config/task_tables/TaskTable.AIOP.xml": (3, 11, 11, 199),
    "generic_config/task_tables/TaskTable.AIOP.xml": (2, 10, 10, 50),
    "l0_segment_config/task_tables/TaskTable.L0ASP.xml": (1, 4, 14, 19),
    "generic_config/task_tables/IW_RAW__0_GRDH_1.xml": (5, 32, 14, 7),
    "l2_config/task_tables/WV_RAW__0_OCN__2.xml": (5, 31, 16, 7),
    "test/resources/OBS_TT_01_taskTable.xml": (1, 3, 5, 1),
}


def counts(table: TaskTable) -> tuple[int, int, int, int]:
    """Return how many pools, inputs, own alternatives and outputs a table has."""
    inputs = [entry for _, _, entry in table.inputs()]
    outputs = sum(len(task.outputs) for task in table.tasks)
    return len(table.pools), len(inputs), sum(len(entry.alternatives) for entry in inputs), outputs


@pytest.mark.shared
@pytest.mark.parametrize("path", OF_CHAINS, ids=lambda path: f"{path.parent.parent.parent.name}/{path.name}")
def test_a_real_table_loads_whole(path: Path) -> None:
    table = read_task_table(path)
    text = path.read_bytes()
    # Comments of these files hold no elements but commented-out ones, which the parser does not see either.
    without_comments = b"".join(part.rpartition(b"-->")[2] for part in text.split(b"<!--"))
    assert sum(len(task.inputs) for task in table.tasks) == without_comments.count(b"<Input>") + (
        without_comments.count(b"<Input ")
    )
    assert sum(len(task.outputs) for task in table.tasks) == without_comments.count(b"<Output>")
    assert all(table.resolved(entry).alternatives for _, _, entry in table.inputs())


@pytest.mark.shared
@pytest.mark.skipif(not REAL, reason="real data are absent")
def test_there_are_226_real_tables() -> None:
    assert len(OF_CHAINS) == 226


@pytest.mark.shared
@pytest.mark.parametrize("path", [path for path in OF_PREPARATION if "l1_config" in path.parts], ids=lambda p: p.name)
def test_level_1_tables_have_the_counts_of_the_index(path: Path) -> None:
    assert counts(read_task_table(path)) == (SLC_GRD if "SLC__1_GRD" in path.name else (5, 32, 13, 6))


@pytest.mark.shared
@pytest.mark.parametrize("name", COUNTS)
def test_preparation_tables_have_the_counts_of_the_index(name: str) -> None:
    found = [path for path in OF_PREPARATION if path.as_posix().endswith(name)]
    if not found:
        pytest.skip("real data are absent")
    assert counts(read_task_table(found[0])) == COUNTS[name]


@pytest.mark.parametrize("name", ["s1-l1", "s2", "s3-pug", "s3-sr1"])
def test_every_spelling_gives_one_value(name: str) -> None:
    table = case_table(name)
    assert table.config_files
    assert table.parameters
    assert all(output.file_type for task in table.tasks for output in task.outputs)


def test_empty_margins_orders_and_defaults() -> None:
    orbit = next(entry for _, _, entry in case_table("s1-l1").inputs() if entry.id == "Orbit")
    assert [(way.order, way.file_type, way.t0_s, way.t1_s) for way in orbit.alternatives] == [
        (1, "AUX_POE", 0.0, 0.0),
        (2, "AUX_RES", 0.0, 360.0),
    ]
    assert case_table("s3-pug").parameters[0].default is None
    assert case_table("s3-pug").tasks[0].inputs[0].alternatives[0].policy == "ValIntersect"
    assert case_table("s2").tasks[0].inputs[1].alternatives[0].policy == ""


def changed(old: str, new: str) -> bytes:
    """Return the table of the case s1-l1 with its first `old` replaced."""
    text = (CASES / "s1-l1.table.xml").read_text("utf-8")
    assert old in text
    return text.replace(old, new, 1).encode()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("List_of_Outputs", "List_of_Output", "List_of_Output"),
        ("<Mandatory>Yes<", "<Mandatory>Maybe<", "element Mandatory: 'Maybe' is neither yes nor no"),
        ("<Mode>NON_SLICING<", "<Mode>SOMETIMES<", "element Mode: 'SOMETIMES'"),
        ("LatestValCover", "LatestValCovers", "no policy 'LatestValCovers'"),
        ("LatestValCover", "Custom", "no class ''"),
        ("<Order>2<", "<Order>1<", "contradict"),
        ("<Order>2<", "<Order/><Orde>2<", "Ord"),
        ('ref="Orbit"', 'ref="Orbits"', "refers to input 'Orbits', which is the id of 0 inputs"),
        ('id="Attitude"', 'id="Orbit"', "refers to input 'Orbit', which is the id of 2 inputs"),
        ("<File_Name>/opt/toy/bin/pre</File_Name>", "", "File_Name is absent or empty"),
        ("<T1>360.0<", "<T1>nan<", "no finite number"),
        ("<T1>360.0<", "<T1>six<", "no number"),
        ("<Origin>DB<", "<Origin>TAPE<", "'TAPE' is none of"),
        ("<Task>", "<Task><Name>TWICE</Name>", "stands twice"),
        ("Ipf_Task_Table", "Ipf_Tasks_Table", "malformed"),
    ],
)
def test_what_is_not_understood_is_refused_with_line_and_element(old: str, new: str, says: str) -> None:
    with pytest.raises(InputCorrupt) as caught:
        read_task_table(changed(old, new), where="toy.xml")
    assert says in str(caught.value)


def test_faults_name_the_line() -> None:
    with pytest.raises(InputCorrupt) as caught:
        read_task_table(changed("<T1>360.0<", "<T1>six<"), where="toy.xml")
    line = (
        (CASES / "s1-l1.table.xml")
        .read_text("utf-8")
        .splitlines()
        .index(
            "                  <Order>2</Order><Origin>DB</Origin><Retrieval_Mode>LatestValCover</Retrieval_Mode>"
            "<T0>0.0</T0><T1>360.0</T1>"
        )
    )
    assert caught.value.where == f"toy.xml:{line + 1}"


def test_a_custom_policy_with_the_known_class_is_an_intersection() -> None:
    known = "com.werum.esa.pfm.selection.policies.PolicyIntersectMinNumber"
    data = changed("<T0>0.0</T0>", f"<customClass>{known}</customClass><minResults>2</minResults><T0>0.0</T0>")
    way = read_task_table(data.replace(b"LatestValCover", b"Custom", 1)).tasks[0].inputs[0].alternatives[0]
    assert (way.policy, way.least, way.custom_class) == ("ValIntersect", 2, known)


def test_no_file_and_another_root_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputMissing):
        read_task_table(tmp_path / "absent.xml")
    with pytest.raises(InputCorrupt, match="is no task table"):
        read_task_table(b"<Ipf_Job_Order/>")


def test_tasks_are_left_out_and_run_one_by_one() -> None:
    table = changed_table(case_table("s3-pug"), one_by_one=True, without=(".*_BP",))
    assert [[task.name for task in pool.tasks] for pool in table.pools] == [["Core"], ["Post"]]
    assert table.pools[0].killing_signal == 15
    assert changed_table(table, without=(".*_BP",)) == table
    with pytest.raises(ConfigInvalid, match="cannot be left out"):
        changed_table(case_table("s1-l1"), without=("PRE",))
    with pytest.raises(ConfigInvalid, match="cannot be left out"):
        changed_table(table, without=(".*",))


def test_a_single_task_has_its_options_as_parameters() -> None:
    table = single_task(case_table("s2"), 0)
    assert [(parameter.name, parameter.default) for parameter in table.parameters] == [
        ("PARALLEL_DETECTOR_IDENT", "01"),
        ("TRACE", "true"),
    ]
    alone = single_task(case_table("s1-l1"), 1)
    assert alone.tasks[0].inputs[2].alternatives[0].file_type == "AUX_POE"
    with pytest.raises(ConfigInvalid, match="no task 2 of 2"):
        single_task(case_table("s1-l1"), 2)
