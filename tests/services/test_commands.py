"""Every command on a home with one product, its JSON, and its errors."""

import json
from pathlib import Path

import pytest
from command_line import Refsys, Worked

from refsys.model.products import Product
from refsys.model.requests import RequestRecord


def test_ingest_shows_what_was_fetched_and_what_it_triggered(worked_home: Worked) -> None:
    rows = worked_home.ingested
    assert [row["chain"] for row in rows] == ["INGEST", "S3-L0-MWR"]
    assert {row["state"] for row in rows} == {"PUBLISHED"}
    assert rows[0]["products"] == [worked_home.session.name] == rows[1]["inputs"]


def test_ingest_again_makes_nothing_new(worked_home: Worked) -> None:
    again = worked_home.refsys("ingest", worked_home.session, "--json").json
    assert again == worked_home.ingested


def test_ingest_of_nothing_is_an_error(worked_home: Worked, tmp_path: Path) -> None:
    answer = worked_home.refsys("ingest", tmp_path, ok=False)
    assert answer.exit_code == 1
    assert len(answer.err.splitlines()) == 1
    assert str(tmp_path) in answer.err


def test_a_bad_session_fails_with_its_reason(new_home: Refsys, tmp_path: Path) -> None:
    truth = new_home("simulate", "session", tmp_path / "in", "--count", 100, "--truncated", "--json").json
    answer = new_home("ingest", truth["folder"], "--json", ok=False)
    assert answer.exit_code == 1
    (row,) = answer.json
    assert row["state"] == "FAILED"
    assert row["failure"] == "input-corrupt"
    assert Path(truth["folder"]).name in row["reason"]
    assert new_home("products", "list", "--json").json == []
    why = new_home("why", row["request"], "--json").json
    assert why["reason"] == row["reason"]
    assert any("retry" in sentence for sentence in why["what_would_change_it"])


def test_products_list(worked_home: Worked) -> None:
    rows = worked_home.refsys("products", "list", "--json").json
    assert {row["type"] for row in rows} == {"S3_SESSION", "MW_0_MWR___"}
    (row,) = worked_home.refsys("products", "list", "--type", "MW_0_MWR___", "--json").json
    assert set(row) == {
        "name", "type", "satellite", "start", "stop", "created", "quality", "files", "size_bytes", "digest",
    }  # fmt: skip
    assert row["name"] == worked_home.product
    table = worked_home.refsys("products", "list").out
    assert worked_home.product in table.replace("\n", "")


def test_products_list_by_time(worked_home: Worked) -> None:
    assert worked_home.refsys("products", "list", "--start", "2030-01-01", "--json").json == []
    found = worked_home.refsys("products", "list", "--stop", "2022-11-01T10:00:00Z", "--json").json
    assert [row["type"] for row in found] == ["MW_0_MWR___"]
    assert worked_home.refsys("products", "list", "--start", "yesterday", ok=False).exit_code == 2


def test_products_show_is_the_product(worked_home: Worked) -> None:
    answer = worked_home.refsys("products", "show", worked_home.product, "--json")
    product = Product.model_validate_json(answer.out)
    assert product.provenance is not None
    assert product.provenance.request_key == worked_home.request["request"]
    table = worked_home.refsys("products", "show", worked_home.product).out
    assert "ISPData.dat" in table


def test_an_unknown_product_is_one_line(worked_home: Worked) -> None:
    answer = worked_home.refsys("products", "show", "S3A_NOTHING", ok=False)
    assert answer.exit_code == 1
    assert answer.err.startswith("error: ")
    assert len(answer.err.splitlines()) == 1


def test_products_export(worked_home: Worked, tmp_path: Path) -> None:
    (row,) = worked_home.refsys("products", "export", worked_home.product, "--to", tmp_path, "--json").json
    shown = worked_home.refsys("products", "show", worked_home.product, "--json").json
    sizes = {asset["path"]: asset["size_bytes"] for asset in shown["assets"]}
    folder = Path(row["folder"])
    assert {p.relative_to(folder).as_posix(): p.stat().st_size for p in folder.rglob("*") if p.is_file()} == sizes


def test_products_delete_asks_and_keeps_the_provenance(new_home: Refsys, tmp_path: Path) -> None:
    truth = new_home("simulate", "session", tmp_path / "in", "--count", 100, "--json").json
    rows = new_home("ingest", truth["folder"], "--json").json
    name = rows[1]["products"][0]
    assert new_home("products", "delete", name, ok=False, input="n\n").exit_code == 1
    assert new_home("products", "show", name).exit_code == 0
    new_home("products", "delete", name, "--yes", "--json")
    assert "deleted" in new_home("products", "show", name, ok=False).err
    (tombstone,) = (new_home.home / "store" / "tombstones").rglob("*.json")
    assert json.loads(tombstone.read_text())["product"]["provenance"]["request_key"] == rows[1]["request"]
    assert new_home("requests", "retry", rows[1]["request"]).exit_code == 0
    (made,) = new_home("produce", "--json").json
    assert made["state"] == "PUBLISHED"


def test_requests_list_and_show(worked_home: Worked) -> None:
    rows = worked_home.refsys("requests", "list", "--chain", "S3-L0-MWR", "--state", "published", "--json").json
    assert [row["request"] for row in rows] == [worked_home.request["request"]]
    assert worked_home.refsys("requests", "list", "--state", "dreaming", ok=False).exit_code == 2
    shown = worked_home.refsys("requests", "show", rows[0]["request"][:8], "--json").json
    kinds = [event["kind"] for event in shown.pop("history")]
    assert kinds[:3] == ["RequestAccepted", "PlanMade", "RunStarted"]
    assert kinds[-2:] == ["RunCompleted", "ProductsPublished"]
    assert RequestRecord.model_validate_json(json.dumps(shown)).plan is not None
    table = worked_home.refsys("requests", "show", rows[0]["request"]).out
    assert "frames 1" in table
    assert "ProductsPublished" in table


def test_an_unknown_request_is_one_line(worked_home: Worked) -> None:
    for command in (("requests", "show"), ("requests", "cancel"), ("why",)):
        answer = worked_home.refsys(*command, "ffffffffffff", ok=False)
        assert answer.exit_code == 1
        assert len(answer.err.splitlines()) == 1


def test_a_closed_request_cannot_be_cancelled(worked_home: Worked) -> None:
    answer = worked_home.refsys("requests", "cancel", worked_home.request["request"], ok=False)
    assert answer.exit_code == 1
    assert "PUBLISHED" in answer.err


def test_why_of_a_published_request(worked_home: Worked) -> None:
    why = worked_home.refsys("why", worked_home.request["request"], "--json").json
    assert why["chosen_at"] == "plan"
    assert [(said["role"], said["chosen"]) for said in why["inputs"]] == [("session", [worked_home.session.name])]
    assert "session" in worked_home.refsys("why", worked_home.request["request"]).out


def test_dry_run_prints_the_plan_and_stores_nothing(worked_home: Worked) -> None:
    before = worked_home.refsys("requests", "list", "--json").json
    answer = worked_home.refsys(
        "produce",
        "S3-L0-MWR",
        "-i",
        worked_home.session.name,
        "--set",
        "frames.marker_bit_errors=2",
        "--dry-run",
        "--json",
    ).json
    assert [step["name"] for step in answer["plan"]["steps"]] == ["frames 1", "frames 2", "product"]
    assert answer["plan"]["steps"][0]["parameters"]["marker_bit_errors"] == 2
    assert answer["request"] != worked_home.request["request"]
    assert worked_home.refsys("requests", "list", "--json").json == before


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("NO-SUCH",), "refsys chains list"),
        (("S3-L0-MWR", "--set", "nothing.x=1", "--dry-run"), "frames"),
        (("S3-L0-MWR", "--set", "frames.marker_bit_errors=99", "--dry-run"), "marker_bit_errors"),
    ],
)
def test_produce_refuses_in_one_line(worked_home: Worked, args: tuple[str, ...], words: str) -> None:
    answer = worked_home.refsys("produce", *args, "-i", worked_home.session.name, ok=False)
    assert answer.exit_code == 1
    assert len(answer.err.splitlines()) == 1
    assert words in answer.err


def test_wait_why_cancel_retry(worked_home: Worked) -> None:
    refsys = worked_home.refsys
    asked = ("produce", "TOY-AUX", "-i", worked_home.session.name)
    dry = refsys(*asked, "--dry-run", "--json", ok=False)
    assert dry.exit_code == 1
    assert [lack["role"] for lack in dry.json["missing"]] == ["orbit"]
    (row,) = refsys(*asked, "--wait", "--json").json
    assert row["state"] == "WAITING"
    why = refsys("why", row["request"], "--json").json
    assert [bool(said["missing"]) for said in why["inputs"]] == [False, True]
    assert "AUX_RESORB" in why["what_would_change_it"][0]
    assert "AUX_RESORB" in refsys("why", row["request"]).out
    (cancelled,) = refsys("requests", "cancel", row["request"], "--json").json
    assert cancelled["state"] == "CANCELLED"
    (retried,) = refsys("requests", "retry", row["request"], "--json").json
    assert retried["state"] == "ACCEPTED"
    (now,) = refsys("produce", "--json").json
    assert (now["request"], now["state"]) == (row["request"], "WAITING")
    refsys("requests", "cancel", row["request"])


def test_without_wait_a_missing_input_fails_at_once(new_home: Refsys) -> None:
    answer = new_home("produce", "TOY-AUX", "-i", "no_such_session", "--json", ok=False)
    assert answer.exit_code == 1
    (row,) = answer.json
    assert row["state"] == "FAILED"
    assert "no_such_session" in row["reason"]


def test_chains(worked_home: Worked, tmp_path: Path) -> None:
    rows = worked_home.refsys("chains", "list", "--json").json
    assert {"S3-L0-MWR", "TOY-AUX"} <= {row["chain"] for row in rows}
    assert worked_home.refsys("chains", "--json").json == rows
    starts = {row["chain"]: row["starts"] for row in rows}
    assert (starts["S3-L0-MWR"], starts["S3-ACQ"], starts["S1-L1-GTC"]) == ("by arrivals", "when asked", "when asked")
    assert worked_home.refsys("chains", "check", "--all", "--json").json
    shown = worked_home.refsys("chains", "show", "S3-L0-MWR", "--json").json
    assert "frames.marker_bit_errors" in {row["parameter"] for row in shown["all_parameters"]}
    assert "marker" in worked_home.refsys("chains", "show", "S3-L0-MWR").out
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: X\nversion: '1'\ntitle: t\nstepps: []\n")
    answer = worked_home.refsys("chains", "check", bad, "--json", ok=False)
    assert answer.exit_code == 1
    assert f"{bad}:" in answer.json[0]["error"]
    assert worked_home.refsys("chains", "check", ok=False).exit_code == 2


def test_dashboard_of_an_idle_home(worked_home: Worked) -> None:
    answer = worked_home.refsys("dashboard", "--json", ok=False)
    assert answer.json == {"address": None}
    assert answer.exit_code == 1


def test_dashboard_of_a_home_at_work(new_home: Refsys) -> None:
    from refsys.scheduler.ownership import owner_name

    told = {"owner": owner_name(), "address": "http://127.0.0.1:1234/status"}
    (new_home.home / "dashboard.json").write_text(json.dumps(told))
    assert new_home("dashboard").out == "http://127.0.0.1:1234/status\n"


def test_simulate_sral(new_home: Refsys, tmp_path: Path) -> None:
    folder = Path(new_home("simulate", "sral", tmp_path, "--seed", 3, "--json").json["folder"])
    assert (folder / "measurement.nc").is_file()


@pytest.mark.parametrize("options", [("--channels", "triple"), ("--satellite", "Z"), ("--seed", "-1")])
def test_simulate_refuses_wrong_options(new_home: Refsys, tmp_path: Path, options: tuple[str, ...]) -> None:
    answer = new_home("simulate", "session", tmp_path / "in", *options, ok=False)
    assert answer.exit_code == 2
    assert options[0] in answer.err
