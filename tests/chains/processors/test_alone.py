"""One job order, run alone: another working directory, inputs beside it, and the command `refsys step run`."""

import json
import sys
from pathlib import Path

import pytest
from job_orders import S3_GRANULE, job_order, lay_out
from typer.testing import CliRunner

from refsys.chains.job_orders_writing import write_job_order
from refsys.chains.processors.alone import read_processor, run_alone
from refsys.model.errors import ConfigInvalid, InputMissing
from refsys.services.cli import app

ELSEWHERE = Path("/data/localWD/129")


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """A folder with a job order written for another machine, and its input beside it."""
    folder = tmp_path / "orders"
    folder.mkdir()
    (folder / S3_GRANULE / "data").mkdir(parents=True)
    (folder / S3_GRANULE / "data/x.bin").write_bytes(b"1")
    text = write_job_order(job_order(ELSEWHERE, {"GRANULES": [S3_GRANULE]}, ["OL_1_EFR___"]), "s1")
    (folder / "JobOrder.129.xml").write_bytes(text)
    return folder


def test_it_is_run_by_the_simulator_in_another_folder(orders: Path, tmp_path: Path) -> None:
    report = run_alone(orders / "JobOrder.129.xml", None, tmp_path / "run")
    assert report.failure is None
    assert [output.type for output in report.outputs] == ["OL_1_EFR___"]
    assert (tmp_path / "run" / S3_GRANULE / "data/x.bin").read_bytes() == b"1"
    text = (tmp_path / "run/JobOrder.129.xml").read_text()
    assert "/data/localWD" not in text
    assert str(tmp_path / "run") in text
    assert "/data/localWD" in (orders / "JobOrder.129.xml").read_text()


def test_inputs_that_are_absent_and_folders_in_use(orders: Path, tmp_path: Path) -> None:
    (orders / S3_GRANULE).rename(orders / "gone")
    with pytest.raises(InputMissing, match="OL_0_EFR"):
        run_alone(orders / "JobOrder.129.xml", None, tmp_path / "run")
    with pytest.raises(ConfigInvalid, match="not empty"):
        run_alone(orders / "JobOrder.129.xml", None, orders)


def test_the_command_keeps_what_it_is_told_to(orders: Path) -> None:
    result = CliRunner().invoke(
        app, ["step", "run", "--job-order", str(orders / "JobOrder.129.xml"), "--json", "--keep"]
    )
    assert result.exit_code == 0, result.output
    said = json.loads(result.output)
    assert [(task["name"], task["exit_code"], task["verdict"]) for task in said["tasks"]] == [("simulator", 0, "ok")]
    assert said["kept"]
    assert [Path(output["path"]).is_dir() for output in said["outputs"]] == [True]
    assert Path(said["tasks"][0]["stdout"]).read_text().startswith("simulator: 1 products")


def test_without_keep_the_folder_goes_when_all_is_well(orders: Path) -> None:
    before = sorted(orders.iterdir())
    result = CliRunner().invoke(app, ["step", "run", "--job-order", str(orders / "JobOrder.129.xml")])
    assert result.exit_code == 0, result.output
    assert "OL_1_EFR___" in result.output
    assert sorted(orders.iterdir()) == before


PROCESSOR = """
name: OL1
pools:
  - tasks:
      - {name: first, command: [sh, -c, "echo begun; exit 3", sh]}
  - killing_signal: 2
    tasks:
      - {name: second, command: [sh, -c, "echo bad >&2; exit 130", sh]}
"""


def test_a_processor_of_a_file_that_fails_leaves_its_folder(orders: Path) -> None:
    (orders / "ol1.yaml").write_text(PROCESSOR)
    command = ["step", "run", "--job-order", str(orders / "JobOrder.129.xml"), "--processor", str(orders / "ol1.yaml")]
    result = CliRunner().invoke(app, [*command, "--folder", str(orders / "run"), "--json"])
    assert result.exit_code == 1
    said = json.loads(result.output)
    assert [(task["name"], task["verdict"]) for task in said["tasks"]] == [("first", "warning"), ("second", "error")]
    assert said["failure"] == "task second failed: exit code 130"
    assert (orders / "run/.refsys/second.stderr").read_text() == "bad\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name: [", "not YAML"),
        ("name: X", "pools"),
        ("name: X\nkind: container\npools: []", "image"),
        ("nome: X", "nome|name"),
    ],
)
def test_a_file_that_is_no_processor_is_told_by_field(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ConfigInvalid, match=why):
        read_processor(tmp_path / "p.yaml")


def test_an_absent_job_order_is_told_in_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["step", "run", "--job-order", str(tmp_path / "none.xml")])
    assert result.exit_code == 1
    assert "no such file" in result.output


def test_the_simulator_of_a_job_order_in_place(tmp_path: Path) -> None:
    """Its own folder is its working directory: inputs are found there."""
    order = job_order(tmp_path / "wd", {"GRANULES": [S3_GRANULE]}, ["OL_1_EFR___"])
    file = lay_out(tmp_path / "wd", order)
    (tmp_path / "wd/simulator.json").write_text('{"exit_code": 9}')
    report = run_alone(file, None, tmp_path / "run")
    assert report.tasks[0].exit_code == 9
    assert report.tasks[0].executable == sys.executable
