"""The unit `processor.run`: planned, keyed and run like any other unit."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from job_orders import S3_GRANULE, START, STOP

from refsys.chains.planning import make_plan
from refsys.chains.processors.unit import REPORT_TYPE
from refsys.chains.rules import MainInputs
from refsys.chains.selection import Selection
from refsys.chains.units import find_unit
from refsys.model.chains import Chain
from refsys.model.errors import (
    ConfigInvalid,
    FailureClass,
    ProcessorFailed,
    ProcessorOutOfMemory,
    ProcessorTimeout,
)
from refsys.model.plans import Plan, StepResult
from refsys.model.products import Asset, InputRef, Product, Quality, content_digest
from refsys.model.requests import ProductionRequest
from refsys.model.values import sha256_hex
from refsys.scheduler.tasks import StoreAddress, failure_of, run_step, tasks_of
from refsys.storage.folder_store import FolderStore

CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EOF = "S1A_OPER_AUX_RESORB_OPOD_20200101T060000_V20200101T030000_20200101T061000.EOF"
SIMULATED: dict[str, Any] = {"name": "OL1", "version": "06.17", "kind": "simulated"}


def product(store: FolderStore, name: str, kind: str, files: dict[str, bytes]) -> Product:
    assets = []
    for path, data in files.items():
        key = f"products/{name}/{path}"
        store.put(key, data)
        digest = sha256_hex(data)
        assets.append(Asset(path=path, key=key, size_bytes=len(data), sha256=digest, content_sha256=digest))
    return Product(
        name=name,
        product_type=kind,
        mission=name[:2],
        satellite="A",
        start=START,
        stop=STOP,
        creation_time=CREATED,
        assets=tuple(assets),
        digest=content_digest(tuple(assets)),
    )


def planned(folder: Path, processor: dict[str, Any], outputs: tuple[str, ...] = ("OL_1_EFR___",), **more: Any) -> Plan:
    """Return the plan of a chain of one step, with a granule and an auxiliary file as inputs."""
    store = FolderStore(folder / "store")
    inputs = {
        "GRANULES": product(store, S3_GRANULE, "OL_0_EFR___", {"xfdumanifest.xml": b"<a/>", "data/x.bin": b"1"}),
        "ORBIT": product(store, EOF, "AUX_RESORB", {EOF: b"<orbit/>"}),
    }
    chain = Chain.model_validate(
        {
            "name": "TOY",
            "version": "1",
            "title": "toy",
            "inputs": [{"role": role, "types": [item.product_type]} for role, item in inputs.items()],
            "steps": [
                {
                    "name": "run",
                    "unit": "processor.run",
                    "inputs": list(inputs),
                    "parameters": {"processor": processor, **more},
                    "outputs": list(outputs),
                }
            ],
        }
    )
    chosen = {
        role: (
            InputRef(role=role, name=item.name, product_type=item.product_type, digest=item.digest, assets=item.assets),
        )
        for role, item in inputs.items()
    }
    main = MainInputs(
        products={"GRANULES": (inputs["GRANULES"],)},
        start=START,
        stop=STOP,
        satellite="A",
        timeliness="NRT",
        parameters={"orderType": "NRT"},
        reason="complete",
    )
    selection = Selection(
        chosen=chosen,
        main=inputs["GRANULES"],
        main_inputs=main,
        products={role: (item,) for role, item in inputs.items()},
    )
    request = ProductionRequest(chain="TOY", product_type=outputs[0], inputs=(S3_GRANULE,))
    return make_plan(request, chain, selection, CREATED)


def run(
    folder: Path, processor: dict[str, Any], outputs: tuple[str, ...] = ("OL_1_EFR___",), **more: Any
) -> StepResult:
    plan = planned(folder, processor, outputs, **more)
    (task,) = tasks_of(plan, StoreAddress(url=str(folder / "store")), folder / "scratch")
    return run_step(task)


def shell(script: str, **more: Any) -> dict[str, Any]:
    task = {"name": "a", "command": ["sh", "-c", script, "sh"]}
    return {"name": "SH", "version": "1", "pools": [{"tasks": [task]}], "list_file": {"required": False}} | more


def test_the_planner_says_what_the_job_order_needs(tmp_path: Path) -> None:
    job = planned(tmp_path, SIMULATED).steps[0].parameters["job"]
    assert isinstance(job, dict)
    assert job["sensing"] == ["2020-01-01T05:00:00Z", "2020-01-01T05:00:30Z"]
    assert job["parameters"] == {"orderType": "NRT"}
    assert set(job["intervals"]) == {S3_GRANULE, EOF}  # type: ignore[arg-type]


def test_a_simulated_processor_makes_a_product_that_is_published_whole(tmp_path: Path) -> None:
    result = run(tmp_path, SIMULATED)
    (made,) = result.products
    assert made.name == (
        "S3A_OL_1_EFR____20200101T050000_20200101T050030_20260102T030405_0030_053_133______LN3_O_NR_002.SEN3"
    )
    assert (made.product_type, made.start, made.stop) == ("OL_1_EFR___", START, STOP)
    assert made.attributes.timeliness == "NRT"
    assert {asset.path for asset in made.assets} == {"xfdumanifest.xml", "measurement/data.bin"}
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_command_sees_its_inputs_and_its_job_order(tmp_path: Path) -> None:
    """The command copies what it sees into a product that the simulator makes."""
    script = (
        f"{sys.executable} -m refsys.chains.processors.simulator $1 && "
        "p=$(ls -d S3A_OL_1*) && cp $1 $p/order.xml && find . -type f > $p/seen"
    )
    result = run(tmp_path, shell(script, inherit=True, list_file={"name": "*.LIST"}))
    (made,) = result.products
    store = FolderStore(tmp_path / "store")
    files = {asset.path: store.get(asset.key).decode() for asset in made.assets if asset.path in ("order.xml", "seen")}
    assert {f"./{S3_GRANULE}/data/x.bin", f"./{EOF}", "./JobOrder.xml"} <= set(files["seen"].splitlines())
    assert f"/{EOF}</File_Name>" in files["order.xml"]
    assert "20200101_050030000000" in files["order.xml"]
    assert result.figures["tasks"][0]["verdict"] == "ok"  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("failure", "error", "kind"),
    [
        ("exit", ProcessorFailed, FailureClass.PROCESSOR_EXIT),
        ("hang", ProcessorTimeout, FailureClass.PROCESSOR_TIMEOUT),
        ("memory-hog", ProcessorOutOfMemory, FailureClass.OUT_OF_MEMORY),
        ("no-list", ProcessorFailed, FailureClass.PROCESSOR_EXIT),
        ("half-outputs", ProcessorFailed, FailureClass.PROCESSOR_EXIT),
        ("wrong-names", ProcessorFailed, FailureClass.PROCESSOR_EXIT),
        ("corrupt-manifest", ProcessorFailed, FailureClass.PROCESSOR_EXIT),
    ],
)
def test_failures_have_their_class(
    tmp_path: Path, failure: str, error: type[ProcessorFailed], kind: FailureClass
) -> None:
    with pytest.raises(error) as caught:
        run(tmp_path, SIMULATED | {"simulation": {"failure": failure}})
    assert failure_of(caught.value)[0] is kind


def test_a_failure_repeats_the_last_words_without_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICENCE", "sesam")
    with pytest.raises(ProcessorFailed, match=r"exit code 200.*no licence \*\*\*"):
        run(tmp_path, shell('echo "no licence $LICENCE" >&2; exit 200', secrets=["LICENCE"]))


def test_reports_and_logs_are_kept_where_the_step_declares_them(tmp_path: Path) -> None:
    script = (
        f"echo hello; {sys.executable} -m refsys.chains.processors.simulator $1; "
        "echo '<r/>' > REP_1_report.xml; echo REP_1_report.xml >> $(ls *.LIST)"
    )
    what = shell(script, inherit=True, list_file={"name": "*.LIST"})
    result = run(tmp_path, what, ("OL_1_EFR___", REPORT_TYPE))
    report = next(item for item in result.products if item.product_type == REPORT_TYPE)
    assert {asset.path for asset in report.assets} == {
        "JobOrder.xml",
        "a.stdout",
        "a.stderr",
        "reports/REP_1_report.xml",
    }
    assert result.figures["reports"] == ["REP_1_report.xml"]


def test_what_the_quality_check_refuses_is_degraded(tmp_path: Path) -> None:
    check = (
        "mkdir -p reports; touch reports/a.pdf; echo \"<report><inspection status='Failed'/></report>\" > reports/a.xml"
    )
    quality: dict[str, Any] = {"command": ["sh", "-c", check, "sh"], "types": ["OL_1_EFR___"]}
    (made,) = run(tmp_path, SIMULATED | {"quality": quality}).products
    assert made.quality is Quality.DEGRADED
    assert made.figures["online_quality_check"] == "NOK"
    assert "a.pdf" in {asset.path for asset in made.assets}


def test_a_processor_that_is_wrong_is_refused_when_the_chain_is_checked() -> None:
    unit = find_unit("processor.run")
    wrongs: list[dict[str, Any]] = [{"name": "X"}, {"name": "X", "kind": "container", "pools": []}, {"nome": "X"}]
    for wrong in wrongs:
        with pytest.raises(ConfigInvalid):
            unit.check({"processor": wrong})


STAND_IN = """#!{python}
import sys, yaml, pathlib
assert sys.argv[1:3] == ["trigger", "local"]
payload = yaml.safe_load(open(sys.argv[3]))
step, = payload["workflow"]
assert step["processing_unit"] == "Focus" and step["parameters"] == {{"looks": 3}}
inputs = {{item["id"]: item["path"] for item in payload["I/O"]["input_products"]}}
assert set(step["inputs"].values()) == set(inputs) and all(pathlib.Path(p).exists() for p in inputs.values())
out, = payload["I/O"]["output_products"]
product = pathlib.Path(out["path"]) / "S03OLCEFR_20200101T050000_0030_A133_T000.zarr"
product.mkdir()
(product / ".zattrs").write_text("{{}}")
"""


def test_an_eopf_unit_gets_its_payload(tmp_path: Path) -> None:
    """A stand-in for the command of EOPF reads the payload and does what it says."""
    command = tmp_path / "eopf"
    command.write_text(STAND_IN.format(python=sys.executable))
    command.chmod(0o755)
    what: dict[str, Any] = {
        "name": "OLCI",
        "kind": "eopf",
        "eopf": {"module": "s03.olci", "unit": "Focus", "parameters": {"looks": 3}},
        "eopf_command": [str(command), "trigger", "local"],
        "outputs": [{"type": "OLCEFR", "pattern": ".*OLCEFR.*", "least": 1, "mandatory": True}],
    }
    (made,) = run(tmp_path, what, ("OLCEFR",)).products
    assert (made.product_type, made.mission, made.start) == ("OLCEFR", "S3", START)
    assert made.name.endswith(".zarr")


def test_a_step_survives_json_and_yaml(tmp_path: Path) -> None:
    step = planned(tmp_path, SIMULATED).steps[0]
    assert type(step).from_json(json.dumps(yaml.safe_load(yaml.safe_dump(step.plain())))) == step


def test_an_eopf_unit_that_raises_has_failed(tmp_path: Path) -> None:
    what = {"name": "X", "kind": "eopf", "eopf": {"module": "m", "unit": "U"}, "eopf_command": ["sh", "-c", "exit 1"]}
    with pytest.raises(ProcessorFailed, match="exit code 1"):
        run(tmp_path, what, ("OLCEFR",))
