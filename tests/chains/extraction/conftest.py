"""Files that other people's tests used, and the values they expect of them."""

from pathlib import Path

import pytest


@pytest.fixture
def production(shared_data: Path) -> Path:
    """Folder of production inputs beside the real data; skips where it is absent."""
    folder = shared_data.parent / "production-input" / "rs-core"
    if not folder.is_dir():
        pytest.skip(f"production inputs: no folder {folder}")
    return folder


@pytest.fixture
def products(production: Path) -> Path:
    """Folder of products, auxiliary files and sessions."""
    return production / "metadata-catalog-extraction" / "src" / "test" / "resources" / "workDir"
