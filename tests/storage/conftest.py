"""Stores of every kind, each empty."""

import importlib.util
import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from refsys.storage.folder_store import FolderStore
from refsys.storage.memory_store import MemoryStore
from refsys.storage.s3_store import S3Store
from refsys.storage.stores import Store

pytest.register_assert_rewrite("refsys.storage.store_contract")


@pytest.fixture
def s3_store(s3_url: str, s3_endpoint: str) -> S3Store:
    return S3Store(*s3_url.removeprefix("s3://").split("/"), endpoint=s3_endpoint)


@pytest.fixture
def folder_store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store of this test")


@pytest.fixture
def memory_store() -> MemoryStore:
    return MemoryStore(secrets.token_hex(8))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip(
            "full disk: only root may mount a small tmpfs (run the suite as root, as continuous integration does)"
        )
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "refsys-test", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"full disk: cannot mount a tmpfs here ({mounted.stderr.strip()})")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture(scope="session")
def faults() -> ModuleType:
    """The module faults.py beside this file: tests are no package, so it is loaded by its path."""
    spec = importlib.util.spec_from_file_location("storage_faults", Path(__file__).with_name("faults.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["folder", "memory", "s3"])
def any_store(request: pytest.FixtureRequest) -> Store:
    store: Store = request.getfixturevalue(f"{request.param}_store")
    return store
