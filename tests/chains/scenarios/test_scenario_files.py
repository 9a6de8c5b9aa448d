"""Scenario files: those that come with refsys, and what is wrong with others."""

from pathlib import Path

import pytest

from refsys.chains.scenarios.scenario import parse_scenario, read_scenario, shipped_scenarios
from refsys.model.errors import ConfigInvalid

GOOD = "version: 1\nname: x\nstart: 2026-01-01T00:00:00Z\nhours: 2\n"


def test_shipped_scenarios_are_valid_and_named_as_their_files() -> None:
    assert shipped_scenarios() == ("day-s1-s2-s3", "hour", "week-ntc")
    assert all(read_scenario(name).name == name for name in shipped_scenarios())


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (f"{GOOD}s3: {{satellites: [E]}}\n", 5, "s3.satellites.0"),
        (f"{GOOD}s1:\n  satellites: [A]\n  split: 1.5\n", 7, "s1.split"),
        (f"{GOOD}s3:\n  always: []\n  dumps: 3\n", 7, "dumps"),
        (GOOD.replace("version: 1", "version: 2"), 1, "version"),
        (f"{GOOD}s3:\n  windows:\n    - {{type: OL_0_EFR___, after_node_s: 0, length_s: 60}}\n", 7, "type"),
        ("[1]\n", 1, "mapping"),
        (f"{GOOD}s3: [\n", 6, "not YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        parse_scenario(text, "x.yaml")
    assert f"x.yaml:{line}" in str(caught.value)
    assert words in str(caught.value)


def test_a_scenario_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="no such scenario"):
        read_scenario(tmp_path / "none.yaml")
