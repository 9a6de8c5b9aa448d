"""The rooms keep their direction, and the package list is the folders."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = {
    "model": set(),
    "kernels": set(),
    "storage": {"model"},
    "cluster": {"model"},
    "stations": {"model", "storage"},
    "chains": {"model", "kernels", "storage"},
    "scheduler": {"model", "storage", "chains"},
    "services": {"model", "storage", "chains", "scheduler", "cluster", "stations"},
}
"""Design, section 1: what each room may import."""

HEAVY = {"numba", "matplotlib", "h5netcdf", "h5py", "distributed", "dask", "zarr", "s3fs", "shapely", "lxml", "numpy"}
"""What `model` must not import, at any depth."""


def files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imports(file: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: relative import"
            module = node.module or ""
            if module == "refsys":
                found += [(node.lineno, f"refsys.{alias.name}") for alias in node.names]
            else:
                found.append((node.lineno, module))
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_the_design_allows(room: str) -> None:
    assert files(room), f"room {room} is empty"
    allowed = ROOMS[room] | {room}
    wrong = [
        f"{file.relative_to(ROOT)}:{line}: {room} imports {module}"
        for file in files(room)
        for line, module in imports(file)
        if module.split(".")[0] == "refsys" and module.split(".")[1] not in allowed
    ]
    assert wrong == []


def test_model_imports_nothing_heavy() -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{line}: {module}"
        for file in files("model")
        for line, module in imports(file)
        if module.split(".")[0] in HEAVY
    ]
    assert wrong == []


def test_the_package_list_equals_the_folders() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    found = [
        "refsys." + ".".join(init.parent.relative_to(ROOT).parts)
        for room in ROOMS
        for init in (ROOT / room).rglob("__init__.py")
    ]
    assert sorted(listed) == sorted(found)


def test_every_room_is_typed() -> None:
    assert [room for room in ROOMS if not (ROOT / room / "py.typed").is_file()] == []


def test_no_root_package() -> None:
    assert not (ROOT / "__init__.py").exists()


def test_rooms_of_the_design_page_are_those_tested_here() -> None:
    table = [line for line in (ROOT / "docs/design.md").read_text("utf-8").splitlines() if line.startswith("| `")]
    named = {line.split("`")[1].rstrip("/") for line in table}
    assert set(ROOMS) <= named
