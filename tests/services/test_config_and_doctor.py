"""`refsys config` reads back to itself; `refsys doctor` finds what is wrong."""

import json
from pathlib import Path

import pytest
from command_line import Refsys, Worked
from hypothesis import given
from hypothesis import strategies as st

from refsys.model.settings import ClusterSettings, LedgerSettings, LimitSettings, Settings
from refsys.services.config_yaml import settings_yaml
from refsys.services.home import load_settings
from refsys.storage.folder_store import FolderStore

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)


def read_back(settings: Settings, home: Path) -> Settings:
    (home / "refsys.yaml").write_text(settings_yaml(settings), "utf-8")
    return load_settings(home)


def test_defaults_read_back(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert read_back(settings, tmp_path) == settings


@given(
    store=st.none() | TEXTS,
    chains=st.lists(TEXTS.map(Path), max_size=3),
    address=st.none() | TEXTS,
    workers=st.integers(1, 1024),
    lease_s=st.floats(0.2, 86_400),
    free_bytes=st.integers(0, 1 << 50),
)
def test_any_settings_read_back(
    *,
    tmp_path_factory: pytest.TempPathFactory,
    store: str | None,
    chains: list[Path],
    address: str | None,
    workers: int,
    lease_s: float,
    free_bytes: int,
) -> None:
    home = tmp_path_factory.mktemp("home")
    settings = Settings(
        home=home,
        store=store,
        chains=tuple(chains),
        cluster=ClusterSettings(address=address, workers=workers),
        ledger=LedgerSettings(lease_s=lease_s),
        limits=LimitSettings(free_bytes=free_bytes),
    )
    assert read_back(settings, home) == settings


def test_every_setting_has_its_sentence(new_home: Refsys) -> None:
    text = " ".join(line.strip().removeprefix("# ") for line in new_home("config").out.splitlines())
    for group in (Settings, ClusterSettings, LedgerSettings, LimitSettings):
        for name, field in group.model_fields.items():
            if name != "home":
                assert field.description
                assert field.description in text
                assert f"{name}:" in text


def test_config_json(new_home: Refsys) -> None:
    assert new_home("config", "--json").json["cluster"]["executor"] == "serial"


def test_doctor_of_a_good_home(worked_home: Worked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REFSYS_SHARED", raising=False)
    checks = {check["name"]: check for check in worked_home.refsys("doctor", "--json").json}
    assert {"python", "packages", "home", "disk", "database", "store", "chains", "leftovers", "real data"} <= set(
        checks
    )
    assert {check["state"] for name, check in checks.items() if name not in ("disk", "real data")} == {"ok"}
    assert "revision" in checks["database"]["found"]
    assert list((worked_home.refsys.home / "store").glob("doctor/*")) == []
    assert "store" in worked_home.refsys("doctor").out


def test_doctor_says_what_to_do(new_home: Refsys) -> None:
    """Each fault is real: a full disk by limit, a broken database, a chain that is not one, left areas."""
    home = new_home.home
    (home / "refsys.db").write_bytes(b"this is not a database file, but it is long enough to be one" * 40)
    (home / "waiting.yaml").write_text("name: [")
    area = home / "store" / "steps" / "0123abcd" / "attempt" / "files"
    area.mkdir(parents=True)
    (area / "left.bin").write_bytes(b"x" * 1000)
    (home / "scratch" / "left").mkdir(parents=True)
    with (home / "refsys.yaml").open("a") as file:
        file.write("limits: {free_bytes: 4611686018427387904}\n")
    answer = new_home("doctor", "--json", ok=False)
    assert answer.exit_code == 1
    checks = {check["name"]: check for check in answer.json}
    assert {name: checks[name]["state"] for name in ("disk", "database", "chains", "scratch", "store")} == {
        "disk": "warn",
        "database": "fail",
        "chains": "fail",
        "scratch": "warn",
        "store": "ok",
    }
    assert all(check["what_to_do"] for check in checks.values() if check["state"] != "ok")
    (home / "refsys.db").unlink()
    checks = {check["name"]: check for check in new_home("doctor", "--json", ok=False).json}
    assert "steps/0123abcd" in checks["leftovers"]["what_to_do"]


def test_doctor_finds_a_store_without_conditional_put(new_home: Refsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FolderStore, "put_if_absent", FolderStore.put)
    answer = new_home("doctor", "--json", ok=False)
    assert answer.exit_code == 1
    assert [c["state"] for c in answer.json if c["name"] == "store"] == ["fail"]


def test_doctor_names_a_folder_that_holds_no_data(
    new_home: Refsys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFSYS_SHARED", str(tmp_path))
    checks = {c["name"]: c for c in json.loads(new_home("doctor", "--json", ok=False).out)}
    assert checks["real data"]["state"] == "fail"
    assert str(tmp_path) in checks["real data"]["found"]
