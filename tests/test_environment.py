"""The three lists of dependencies agree."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement_name(text: str) -> str:
    matched = re.match(r"[A-Za-z0-9._-]+", text)
    assert matched, text
    return canonical(matched.group())


def locked() -> dict[str, str]:
    pins = {}
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines():
        if ">= '3.12'" in line:
            continue  # environment.yml is for Python 3.11
        if matched := re.match(r"([A-Za-z0-9._-]+)(?:\[.*?\])?==([^ ;]+)", line):
            pins[canonical(matched.group(1))] = matched.group(2)
    return pins


def conda() -> dict[str, str]:
    listed = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    flat = [entry for item in listed for entry in (item["pip"] if isinstance(item, dict) else [item])]
    return {canonical(entry.split("=")[0]): entry.split("=")[-1] for entry in flat}


def test_environment_yml_has_the_locked_version_of_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pins, listed = locked(), conda()
    direct = [requirement_name(text) for text in project["dependencies"]]
    assert {name: listed.get(name) for name in direct} == {name: pins[name] for name in direct}
    assert set(listed) - set(direct) == {"python", "pip"}


def test_every_declared_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = project["dependencies"] + [text for extra in project["optional-dependencies"].values() for text in extra]
    assert [text for text in declared if requirement_name(text) not in locked()] == []
