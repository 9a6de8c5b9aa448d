"""Homes for the tests of the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Refsys, Worked, make_home


@pytest.fixture
def new_home(tmp_path: Path) -> Refsys:
    """An empty home."""
    return make_home(tmp_path / "home")


@pytest.fixture(scope="session")
def worked_home(tmp_path_factory: pytest.TempPathFactory) -> Worked:
    """The command line on a home with one Level-0 product, made by `simulate` and `ingest`."""
    folder = tmp_path_factory.mktemp("worked")
    refsys = make_home(folder / "home")
    truth = refsys("simulate", "session", folder / "in", "--count", 400, "--channels", "split", "--json").json
    session = Path(truth["folder"])
    ingested = refsys("ingest", session, "--json").json
    return Worked(refsys, session, truth, ingested)


@pytest.fixture(scope="session")
def make_refsys() -> Callable[[Path], Refsys]:
    """Makes further homes."""
    return make_home
