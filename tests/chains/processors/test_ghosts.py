"""Ghost segments of Sentinel-1 Level 0."""

from pathlib import Path

import pytest

from refsys.chains.processors.ghosts import is_ghost
from refsys.model.processors import GhostRule

RULE = GhostRule(ew_s=3.0, iw_s=3.0, sm_s=5.0, wv_s=10.0)
NAME = "S1A_{}_RAW__0SVH_20200120T110800_20200120T1108{:02d}_030884_038B5A_18C1.SAFE"


@pytest.mark.parametrize(
    ("beam", "seconds", "ghost"),
    [
        ("IW", 3, True),  # as long as the threshold: one
        ("IW", 4, False),
        ("EW", 2, True),
        ("S1", 5, True),
        ("S6", 6, False),
        ("WV", 10, True),
        ("EN", 0, False),  # a mode without threshold
        ("GP", 0, False),
    ],
)
def test_by_duration(beam: str, seconds: int, ghost: bool) -> None:
    assert is_ghost(Path(NAME.format(beam, seconds)), RULE) == ghost


def test_negative_thresholds_find_none() -> None:
    assert not is_ghost(Path(NAME.format("IW", 0)), GhostRule())


@pytest.mark.parametrize("name", ["S1A_short", "report.xml", NAME.format("IW", 1).replace("RAW__0", "GRDH_1")])
def test_what_is_no_segment_is_no_ghost(name: str) -> None:
    assert not is_ghost(Path(name), GhostRule(iw_s=3.0))


@pytest.mark.parametrize(
    ("manifest", "ghost"),
    [
        ("<m xmlns='urn:x'><productConsolidation>PARTIAL</productConsolidation></m>", True),
        ("<m><productConsolidation>FULL</productConsolidation></m>", False),
        ("<m>", False),
        (None, False),
    ],
)
def test_rf_by_its_manifest(tmp_path: Path, manifest: str | None, ghost: bool) -> None:
    product = tmp_path / NAME.format("RF", 1)
    product.mkdir()
    if manifest is not None:
        (product / "manifest.safe").write_text(manifest)
    assert is_ghost(product, RULE) == ghost


@pytest.mark.shared
def test_a_partial_rf_segment_of_the_original_tests(shared_data: Path) -> None:
    folder = shared_data.parent / "production-input/rs-core/execution-worker/src/test/resources"
    (product,) = folder.glob("S1A_RF_RAW__0SVH_20200120T110827_*.SAFE")
    assert is_ghost(product, RULE)


@pytest.mark.shared
def test_a_list_file_of_the_original_tests(shared_data: Path) -> None:
    """Nine lines: `NRT/`, `FAST24/` and none before the name, reports, and one that is of no kind."""
    from refsys.chains.processors.listing import read_list

    file = shared_data.parent / "production-input/rs-core/execution-worker/src/test/resources/outputs.list"
    listed = read_list(file, isip_to_safe=None)
    assert len(listed) == 9
    assert listed[0].name == "S1A_IW_RAW__0ADV_20171213T121123_20171213T121947_019684_021735_51B1.SAFE"
    assert listed[0].path.parent.name == "S1A_IW_RAW__0ADV_20171213T121123_20171213T121947_019684_021735_51B1.ISIP"
    assert [item.name for item in listed[2:7]] == [
        "report.xml",
        "report_1.xml",
        "report_2.xml",
        "S1A_BLANK_FILE.EOF",
        "not_match_file",
    ]
