"""Fixtures that every room's tests may use."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The first example of a kernel compiles it, and these machines are noisy: time is not what these tests are about.
settings.register_profile("refsys", deadline=None)
settings.load_profile("refsys")

pytest_plugins = ("databases", "seaweed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that the workers of the suite end together."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data (`REFSYS_SHARED`, else `../shared` beside the repository); skips where it is absent."""
    root = Path(os.environ.get("REFSYS_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if not (root / "data" / "real").is_dir():
        pytest.skip(f"real data: no folder {root}/data/real (set REFSYS_SHARED to the folder that holds data/real)")
    return root / "data" / "real"
