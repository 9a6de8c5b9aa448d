"""Chains driven by a task table: from the arrival of a product to the job order on disk and the published outputs."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import SETTINGS, Refsys
from job_order_cases import canonical

from refsys.chains.chain_files import load_chain_file
from refsys.chains.processors.simulated_names import Facts, names_of
from refsys.chains.processors.simulated_products import write_product
from refsys.chains.processors.unit import RunParameters
from refsys.model.errors import ConfigInvalid, InputCorrupt
from refsys.model.times import compact_time
from refsys.services.home import load_settings, open_system

START = datetime(2020, 1, 1, 5, 0, 0, tzinfo=UTC)
STOP = datetime(2020, 1, 1, 5, 0, 30, tzinfo=UTC)
CREATED = datetime(2020, 1, 1, 6, tzinfo=UTC)
ORBIT = "S3A_AX___OSF_AX_20160216T192404_20300101T000000_20191231T120000___________________EUM_O_AL_001.SEN3"
INPUT = """<Input><Mode>{mode}</Mode><Mandatory>{mandatory}</Mandatory><List_of_Alternatives><Alternative>
<Order>1</Order>
<Origin>{origin}</Origin><Retrieval_Mode>{policy}</Retrieval_Mode><T0>{margin}</T0><T1>{margin}</T1>
<File_Type>{kind}</File_Type>
<File_Name_Type>Physical</File_Name_Type></Alternative></List_of_Alternatives></Input>"""
OUTPUT = """<Output><Destination>{to}</Destination><Mandatory>{mandatory}</Mandatory><File_Type>{kind}</File_Type>
<File_Name_Type>Directory</File_Name_Type></Output>"""
TASK = """<Task><Name>{name}</Name><Version>01.00</Version><Critical>true</Critical><File_Name>{script}</File_Name>
<List_of_Inputs>{inputs}</List_of_Inputs><List_of_Outputs>{outputs}</List_of_Outputs></Task>"""
TABLE = """<Ipf_Task_Table><Processor_Name>{name}</Processor_Name><Version>01.00</Version><Max_Time>60</Max_Time>
<List_of_Dyn_ProcParams><Dyn_ProcParam><Param_Name>looks</Param_Name><Param_Type>number</Param_Type>
<Param_Default>3</Param_Default></Dyn_ProcParam></List_of_Dyn_ProcParams>
<List_of_Pools><Pool><List_of_Tasks>{tasks}</List_of_Tasks></Pool></List_of_Pools></Ipf_Task_Table>"""
CHAIN: dict[str, Any] = {
    "name": "TOY-MW1",
    "version": "1",
    "title": "Toy",
    "mode": "NRT",
    "task_table": "./toy.xml",
    "triggers": [{"arrival": "MW_0_MWR___"}],
    "inputs": [{"role": "counts", "types": ["MW_0_MWR___"], "policy": "trigger"}],
    "steps": [
        {
            "name": "process",
            "unit": "processor.run",
            "inputs": "all",
            "parameters": {
                "processor": {"profile": "s3", "inherit": True},
                "job_order": {"parameters": {"looks": "5"}, "processing_station": "REFS"},
            },
            "outputs": ["MW_1_MWR___", "PROCESSING_REPORT"],
        }
    ],
}


def entry(kind: str, policy: str = "LatestValCover", **more: str) -> str:
    return INPUT.format(
        **{"mode": "ALWAYS", "mandatory": "Yes", "origin": "DB", "margin": "2", "kind": kind, "policy": policy} | more
    )


def table(script: Path, name: str = "TOY_MW1", **other: str) -> str:
    """Return a table of two tasks in one pool, of which the second reads what the first makes."""
    parts = {
        "first": entry("MW_0_MWR___", "ValIntersect")
        + entry("AX___OSF_AX")
        + entry("AX___FPO_AX", mode="NTC")
        + entry("AX___FRO_AX", mandatory="No"),
        "made": OUTPUT.format(to="DB", mandatory="Yes", kind="MW_1_MWR___"),
    } | other
    inner = TASK.format(
        name="PRE",
        script=script,
        inputs=parts["first"],
        outputs=OUTPUT.format(to="PROC", mandatory="Yes", kind="MWR_INT"),
    )
    outer = TASK.format(
        name="POST", script=script, inputs=entry("MWR_INT", "ValIntersect", origin="PROC"), outputs=parts["made"]
    )
    return TABLE.format(name=name, tasks=inner + outer)


def put(folder: Path, chain: dict[str, Any] | None = None, **other: str) -> Path:
    """Write the table, its executable (the simulator, playing one task) and the chain; return the chain's file."""
    script = folder / "toy.sh"
    call = f'"{sys.executable}" -m refsys.chains.processors.simulator'
    script.write_text(
        f'#!/bin/sh\ncase "$(ls)" in *MWR_INT*) exec {call} --task POST "$1";; *) exec {call} --task PRE "$1";; esac\n'
    )
    script.chmod(0o755)
    (folder / "toy.xml").write_text(table(script, **other))
    file = folder / "toy.yaml"
    file.write_text(yaml.safe_dump(chain or CHAIN, sort_keys=False))
    return file


def arrivals(inbox: Path) -> str:
    """Write a granule and an orbit file as a station delivers them; return the name of the granule."""
    inbox.mkdir()
    facts = Facts(mission="S3", start=START, stop=STOP, creation_time=CREATED)
    (made,) = names_of("MW_0_MWR___", facts)
    write_product(inbox, made, facts, size_bytes=64, seed=1)
    orbit = made.model_copy(update={"name": ORBIT, "type": "OL_1_EFR___"})
    manifest = write_product(inbox, orbit, facts, size_bytes=64, seed=2) / "xfdumanifest.xml"
    validity = (
        "<sentinel3:validityStartTime>2016-02-16T19:24:04Z</sentinel3:validityStartTime>"
        "<sentinel3:validityStopTime>2030-01-01T00:00:00Z</sentinel3:validityStopTime>"
        "<sentinel3:creationTime>"
    )
    text = manifest.read_text().replace("<sentinel3:creationTime>", validity).replace("OL_1_EFR___", "AX___OSF_AX")
    manifest.write_text(text)
    return made.name


def file_list(paths: list[tuple[str, str, str]]) -> str:
    names = "".join(f"<File_Name>{path}</File_Name>" for path, _, _ in paths)
    times = "".join(
        f"<Time_Interval><Start>{start}</Start><Stop>{stop}</Stop><File_Name>{path}</File_Name></Time_Interval>"
        for path, start, stop in paths
    )
    count = len(paths)
    return (
        f'<List_of_File_Names count="{count}">{names}</List_of_File_Names>'
        f'<List_of_Time_Intervals count="{count}">{times}</List_of_Time_Intervals>'
    )


def expected(granule: str, folder: str) -> bytes:
    """Return the job order as the forms of Sentinel-3 want it, written by hand."""
    sensing = ("20200101_050000000000", "20200101_050030000000")

    def read(kind: str, path: str, times: tuple[str, str]) -> str:
        inner = file_list([(f"{folder}/{path}", *times)])
        return f"<Input><File_Type>{kind}</File_Type><File_Name_Type>Physical</File_Name_Type>{inner}</Input>"

    def made(kind: str) -> str:
        return (
            f'<List_of_Outputs count="1"><Output mandatory="true"><File_Type>{kind}</File_Type>'
            f"<File_Name_Type>Directory</File_Name_Type><File_Name>{folder}/</File_Name></Output></List_of_Outputs>"
        )

    def task(name: str, inputs: list[str], outputs: str) -> str:
        off = '<Breakpoint><List_of_Brk_Files count="0"/><Enable>OFF</Enable></Breakpoint>'
        return (
            f"<Ipf_Proc><Task_Name>{name}</Task_Name><Task_Version>01.00</Task_Version>"
            f'<List_of_Inputs count="{len(inputs)}">{"".join(inputs)}</List_of_Inputs>{outputs}{off}</Ipf_Proc>'
        )

    orbit = ("20160216_192404000000", "20300101_000000000000")
    pre = task(
        "PRE",
        [read("MW_0_MWR___", granule, sensing), read("AX___OSF_AX", ORBIT, orbit)],
        made("MWR_INT"),
    )
    post = task("POST", [read("MWR_INT", "MWR_INT", sensing)], made("MW_1_MWR___"))
    return (
        "<Ipf_Job_Order><Ipf_Conf><Processor_Name>TOY_MW1</Processor_Name><Version>01.00</Version>"
        "<Stdout_Log_Level>INFO</Stdout_Log_Level><Stderr_Log_Level>INFO</Stderr_Log_Level><Test>false</Test>"
        "<Breakpoint_Enable>false</Breakpoint_Enable><Processing_Station>REFS</Processing_Station>"
        f"<Sensing_Time><Start>{sensing[0]}</Start><Stop>{sensing[1]}</Stop></Sensing_Time><List_of_Config_Files/>"
        '<List_of_Dyn_Processing_Parameters count="1"><Dyn_Processing_Parameter><Name>looks</Name><Value>5</Value>'
        "</Dyn_Processing_Parameter></List_of_Dyn_Processing_Parameters></Ipf_Conf>"
        f'<List_of_Ipf_Procs count="2">{pre}{post}</List_of_Ipf_Procs></Ipf_Job_Order>'
    ).encode()


def test_from_arrival_to_job_order_and_products(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "refsys.yaml").write_text(f"{SETTINGS}chains: ['{put(tmp_path)}']\nprocessors: [TOY-*]\n")
    granule = arrivals(tmp_path / "in")
    refsys = Refsys(home)
    refsys("ingest", tmp_path / "in")
    (request,) = refsys("requests", "list", "--chain", "TOY-MW1", "--json").json
    assert request["state"] == "PUBLISHED", refsys("requests", "show", request["request"]).out
    with open_system(load_settings(home)) as system:
        products = {product.product_type: product for product in map(system.catalogue.get, request["products"])}
        report = products["PROCESSING_REPORT"]
        order = next(asset for asset in report.assets if asset.path == "JobOrder.xml")
        written = system.store.get(order.key)
    assert products["MW_1_MWR___"].name.startswith(f"S3A_MW_1_MWR____{compact_time(START)}")
    folder = re.search(rb"<File_Name>([^<]*)/MWR_INT</File_Name>", written)
    assert folder
    assert canonical(written).decode() == canonical(expected(granule, folder[1].decode())).decode()


def test_inputs_outputs_and_tasks_come_from_the_table(tmp_path: Path) -> None:
    (chain,) = load_chain_file(put(tmp_path))
    assert [(rule.role, rule.policy, rule.mandatory) for rule in chain.inputs] == [
        ("counts", "trigger", True),
        ("AX___OSF_AX", "LatestValCover", True),
        ("AX___FRO_AX", "LatestValCover", False),
    ]
    assert chain.steps[0].inputs == ("counts", "AX___OSF_AX", "AX___FRO_AX")
    processor = RunParameters.model_validate(chain.steps[0].parameters).processor
    assert (processor.name, processor.timeout_s, processor.profile) == ("TOY_MW1", 60.0, "s3")
    assert [[task.name for task in pool.tasks] for pool in processor.pools] == [["PRE"], ["POST"]]


def test_outputs_that_must_be_made_are_added_and_optional_ones_named(tmp_path: Path) -> None:
    made = OUTPUT.format(to="DB", mandatory="Yes", kind="MW_1_MWR___")
    other = OUTPUT.format(to="DB", mandatory="Yes", kind="MW_1_SEC___")
    maybe = OUTPUT.format(to="DB", mandatory="No", kind="MW_1_MAY___")
    (chain,) = load_chain_file(put(tmp_path, made=made + other + maybe))
    assert chain.outputs == ("MW_1_MWR___", "PROCESSING_REPORT", "MW_1_SEC___")
    parameters = RunParameters.model_validate(chain.steps[0].parameters)
    assert [rule.type for rule in parameters.processor.outputs] == ["MW_1_MWR___", "MW_1_SEC___"]


def test_a_table_for_each_satellite_and_the_key_changes_with_it(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    for letter in "AB":
        (tmp_path / "tables" / f"TOY_S3{letter}.xml").write_text(table(Path("/opt/toy"), name=f"S3{letter}_TOY"))
    file = put(tmp_path, {**CHAIN, "task_table": "TOY_S3?.xml"})
    (chain,) = load_chain_file(file, tmp_path / "tables")
    given = dict(chain.steps[0].parameters)
    job = {"sensing": [START, STOP], "mission": "S3", "satellite": "B"}
    parameters = RunParameters.model_validate({**given, "job": job})
    assert parameters.table is not None
    assert list(parameters.table.tables) == ["B"]
    assert parameters.processor.name == "S3B_TOY"
    assert RunParameters.model_validate(parameters.plain()) == parameters
    with pytest.raises(ValueError, match="no task table for satellite C, only for A, B"):
        RunParameters.model_validate({**given, "job": {**job, "satellite": "C"}})


@pytest.mark.parametrize(
    ("change", "other", "words"),
    [
        ({"task_table": "./none.xml"}, {}, r"no task table .*none.xml \[.*toy.yaml:5\]"),
        ({"task_table": "none.xml"}, {}, "TOY-MW1: no task table none.xml"),
        ({}, {"first": entry("AX___OSF_AX")}, "does not read MW_0_MWR___ in mode NRT"),
        ({}, {"made": OUTPUT.format(to="DB", mandatory="Yes", kind="SR_1_SRA___")}, "makes no MW_1_MWR___"),
    ],
)
def test_what_does_not_fit_has_a_name(
    tmp_path: Path, change: dict[str, Any], other: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigInvalid, match=words):
        load_chain_file(put(tmp_path, {**CHAIN, **change}, **other))


def test_a_parameter_that_the_table_lacks_is_refused(tmp_path: Path) -> None:
    step = {**CHAIN["steps"][0], "parameters": {"processor": {}, "job_order": {"parameters": {"lokks": "5"}}}}
    with pytest.raises(ConfigInvalid, match=r"no parameter lokks \[.*toy.xml"):
        load_chain_file(put(tmp_path, {**CHAIN, "steps": [step]}))


def test_a_table_that_is_none_is_named_with_its_line(tmp_path: Path) -> None:
    file = put(tmp_path)
    text = (tmp_path / "toy.xml").read_text()
    (tmp_path / "toy.xml").write_text(text.replace("<Retrieval_Mode>ValIntersect", "<Retrieval_Mode>Newest", 1))
    with pytest.raises(InputCorrupt, match=r"toy.xml:\d+"):
        load_chain_file(file)
