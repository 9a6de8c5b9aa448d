"""Chains whose auxiliary inputs come from a task table."""

import os
from pathlib import Path

import pytest

from refsys.chains.chain_files import load_chains, parse_chain, shipped_chains
from refsys.chains.chain_tables import with_task_table
from refsys.model.chains import Chain
from refsys.model.errors import ConfigInvalid

CHAIN = """name: TOY
version: "1"
title: Toy
task_table: TaskTable_S3?_TOY.xml
inputs:
  - {role: main, types: [TOY_IN], policy: trigger}
  - {role: AUX_OLD, types: [AUX_OLD], policy: LatestValCover}
steps:
  - {name: one, unit: toy.one, inputs: all}
  - {name: two, unit: toy.two, inputs: [main], after: [one], outputs: [TOY_OUT]}
"""
INPUT = """<Input><Mode>ALWAYS</Mode><Mandatory>Yes</Mandatory><List_of_Alternatives count="1"><Alternative>
<Order>1</Order><Origin>DB</Origin><Retrieval_Mode>%s</Retrieval_Mode><T0>2</T0><T1>3</T1><File_Type>%s</File_Type>
<File_Name_Type>Physical</File_Name_Type></Alternative></List_of_Alternatives></Input>"""
TABLE = """<Ipf_Task_Table><Processor_Name>TOY</Processor_Name><Version>01.00</Version><List_of_Pools count="1"><Pool>
<List_of_Tasks count="1"><Task><Name>ONE</Name><Version>01.00</Version><File_Name>/opt/one</File_Name>
<List_of_Inputs count="2">%s</List_of_Inputs><List_of_Outputs count="1"><Output><Destination>DB</Destination>
<Mandatory>Yes</Mandatory><File_Type>TOY_OUT</File_Type><File_Name_Type>Directory</File_Name_Type></Output>
</List_of_Outputs></Task></List_of_Tasks></Pool></List_of_Pools></Ipf_Task_Table>"""
SHARED = Path(os.environ.get("REFSYS_SHARED", Path(__file__).parents[3] / "shared"))


def toy(text: str = CHAIN) -> Chain:
    return parse_chain(text, "toy")


def put(folder: Path, satellite: str, auxiliary: str) -> None:
    inputs = INPUT % ("ValIntersect", "TOY_IN") + INPUT % ("LatestValIntersect", auxiliary)
    (folder / f"TaskTable_S3{satellite}_TOY.xml").write_text(TABLE % inputs)


def test_the_table_says_the_auxiliary_inputs(tmp_path: Path) -> None:
    put(tmp_path, "A", "AUX_NEW")
    chain = with_task_table(toy(), tmp_path)
    assert [each.types for each in chain.inputs] == [("TOY_IN",), ("AUX_NEW",)]
    (way,) = chain.inputs[1].alternatives
    assert (way.policy, way.before_s, way.after_s) == ("LatestValIntersect", 2, 3)
    assert chain.inputs[0].policy == "trigger"
    assert chain.steps[0].inputs == tuple(each.role for each in chain.inputs)
    assert chain.steps[1].inputs == ("main",)


def test_without_the_table_the_chain_says_its_own(tmp_path: Path) -> None:
    assert with_task_table(toy(), tmp_path) == toy()


def test_tables_of_two_satellites_must_agree(tmp_path: Path) -> None:
    put(tmp_path, "A", "AUX_NEW")
    put(tmp_path, "B", "AUX_NEW")
    assert len(with_task_table(toy(), tmp_path).inputs) == 2
    put(tmp_path, "B", "AUX_OTHER")
    with pytest.raises(ConfigInvalid, match="other inputs than"):
        with_task_table(toy(), tmp_path)


def test_a_step_that_reads_what_is_gone_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "A", "AUX_NEW")
    with pytest.raises(ConfigInvalid, match="AUX_OLD"):
        with_task_table(toy(CHAIN.replace("inputs: [main]", "inputs: [AUX_OLD]")), tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="folder of task tables"):
        load_chains(task_tables=tmp_path / "none")


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared data")
def test_the_agencies_tables_give_the_inputs_that_are_shipped() -> None:
    ours, theirs = shipped_chains(), load_chains(task_tables=SHARED / "data" / "chains" / "processing-sentinel-3")
    changed = [name for name, chain in theirs.items() if chain != ours[name]]
    assert len(changed) > 30
    for name in changed:
        mode = ours[name].mode
        shipped = {kind for each in ours[name].inputs if not each.modes or mode in each.modes for kind in each.types}
        assert {kind for each in theirs[name].inputs for kind in each.types} >= shipped
