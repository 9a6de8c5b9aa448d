"""Chain files written from task tables."""

import re
from pathlib import Path

import pytest
from command_line import SETTINGS, Refsys
from job_order_cases import CASES, case_table, real_files

from refsys.chains.chain_checks import findings
from refsys.chains.chain_files import load_chain_file, shipped_chains
from refsys.chains.task_table_new import new_chain
from refsys.chains.task_tables import read_task_table
from refsys.model.errors import ConfigInvalid, RefsysError


def test_the_file_of_a_small_table() -> None:
    made = new_chain(case_table("s1-l1"), "grd.xml", image="registry/grd:3")
    assert made.text.splitlines() == [
        "name: TOY-GRD",
        'version: "3.9"',
        'title: "TOY_GRD 3.9"',
        "mode: NON_SLICING",
        'task_table: "grd.xml"',
        'triggers: [{arrival: "IW_RAW__0S"}]',
        "inputs: # the table says all others",
        "  - {role: main, types: [IW_RAW__0S], policy: trigger}",
        "steps:",
        "  - name: process",
        "    unit: processor.run",
        "    inputs: all",
        "    parameters:",
        '      processor: {kind: container, image: "registry/grd:3", profile: s1}',
        "      job_order: {synonyms: {AUX_POE: [AUX_POEORB], AUX_RES: [AUX_RESORB]}}",
        '    outputs: ["IW_GRDH_1S"]',
        "    resources: {memory_bytes: 1073741824, threads: 2}",
    ]


def test_trigger_name_and_mode_may_be_given() -> None:
    made = new_chain(case_table("s1-l1"), "grd.xml", image=None, trigger="AUX_RESORB", name="MINE", mode="SLICING")
    assert "name: MINE\n" in made.text
    assert "mode: SLICING\n" in made.text
    assert 'triggers: [{arrival: "AUX_RESORB"}]' in made.text
    with pytest.raises(ConfigInvalid, match="reads no OL_0_EFR___"):
        new_chain(case_table("s1-l1"), "grd.xml", image=None, trigger="OL_0_EFR___")


def test_what_is_to_be_looked_at_is_said() -> None:
    remarks = new_chain(case_table("s3-sr1"), "sr1.xml", image=None).remarks
    assert any(remark.startswith("mode: NRT; the table also has NTC") for remark in remarks)
    assert any("s3-sr1" in remark for remark in remarks)


def test_the_command_writes_what_the_check_accepts(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "refsys.yaml").write_text(SETTINGS)
    refsys, file = Refsys(home), tmp_path / "pug.yaml"
    made = refsys("chains", "new", "--task-table", CASES / "s3-pug.table.xml", "--image", "toy/pug:1", "-o", file)
    assert "processors: [TOY-PUG]" in made.out
    text = file.read_text()
    assert "not_made_by: [" in text  # the chains through which its product would come back
    assert len(text.splitlines()) <= 20
    (row,) = refsys("chains", "check", file, "--json").json
    assert row["ok"], row
    again = refsys("chains", "new", "--task-table", CASES / "s3-pug.table.xml", "-o", file, ok=False)
    assert again.exit_code == 1


@pytest.mark.shared
def test_real_tables_become_chains(tmp_path: Path) -> None:
    """Only what the catalogue does not know, and loops that `not_made_by` ends, may be found."""
    files = real_files("Ipf_Task_Table")[::23]
    if not files:
        pytest.skip("real data are absent")
    known = shipped_chains()
    for file in files:
        try:
            made = new_chain(read_task_table(file), str(file), image="x/y:1", name="NEW")
        except RefsysError as error:
            assert "publishes no product" in str(error) or "say --trigger" in str(error), file  # noqa: PT017
            continue
        assert len(made.text.splitlines()) <= 20
        (tmp_path / "new.yaml").write_text(made.text)
        (chain,) = load_chain_file(tmp_path / "new.yaml")
        found = [words for words in findings(chain, known) if not re.search("catalogue|triggers it again", words)]
        assert found == [], file
