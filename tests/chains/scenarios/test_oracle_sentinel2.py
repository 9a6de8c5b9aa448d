"""Oracle of Sentinel-2 on small facts, worked out by hand."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from refsys.chains.scenarios.happenings import Auxiliary, Facts, S2Datastrip, Session
from refsys.chains.scenarios.oracle_sentinel2 import NEEDS, products_s2

START = datetime(2026, 3, 1, tzinfo=UTC)
STOP = START + timedelta(seconds=4 * 3.608)
CHAINS = frozenset({"S2-L0U", "S2-L0C", "S2-L1", "S2-L1C", "S2-L2", "S2-L2-TILE"})
SESSION = Counter({"AUX_SADATA": 1, "PRD_HKTM__": 1})
LEVEL0 = SESSION + Counter({"MSI_L0U_DS": 1, "MSI_L0__DS": 1, "MSI_L0__GR": 48})
LEVEL1 = LEVEL0 + Counter({"MSI_L1B_DS": 1, "MSI_L1B_GR": 48, "MSI_L1C_DS": 1})
TILES = LEVEL1 + Counter({"MSI_L1C_TL": 3, "MSI_L1C_TC": 3})
LEVEL2 = TILES + Counter({"MSI_L2A_DS": 1})


def facts(missing: str = "", scenes: int = 4, channels: tuple[str, ...] = ("ch1", "ch2"), bands: int = 13) -> Facts:
    files = [
        Auxiliary(
            mission="S2", type=kind, satellite="_", band=band, start=START - timedelta(days=1),
            stop=START + timedelta(days=1), creation=START, arrival=START,
        )
        for needs in NEEDS.values()
        for need in needs
        for kind in need.types
        if kind != missing
        for band in ([f"{number:02d}" for number in range(bands)] if need.banded else [None])
    ]  # fmt: skip
    session = Session(
        mission="S2", satellite="B", session_id="one", start=STOP, stop=STOP + timedelta(minutes=10), station="MTI_",
        absolute_orbit=5, arrival=STOP + timedelta(hours=1), channels=channels,
    )  # fmt: skip
    strip = S2Datastrip(
        satellite="B", start=START, stop=START + timedelta(seconds=scenes * 3.608), absolute_orbit=5, detectors=12,
        scenes=scenes, tiles=("32TNS", "32TNT", "32TPS"), session_id="one",
    )  # fmt: skip
    return Facts(start=START, stop=STOP, sessions=(session,), s2_datastrips=(strip,), auxiliaries=tuple(files))


def counts(told: Facts, chains: frozenset[str] = CHAINS) -> Counter[str]:
    return Counter(piece.product_type for piece in products_s2(told, chains))


def test_a_nominal_datastrip() -> None:
    made = products_s2(facts(), CHAINS)
    assert counts(facts()) == LEVEL2 + Counter({"MSI_L2A_TL": 3, "MSI_L2A_TC": 3})
    assert {(p.start, p.stop) for p in made if p.product_type in ("AUX_SADATA", "PRD_HKTM__")} == {
        (STOP, STOP + timedelta(minutes=10))
    }
    assert {(p.start, p.stop) for p in made if p.product_type[4:7] in ("L1C", "L2A")} == {(START, STOP)}
    scenes = {(p.start - START, p.stop - START) for p in made if p.product_type == "MSI_L0__GR"}
    assert {(a / timedelta(seconds=1), b / timedelta(seconds=1)) for a, b in scenes} == {
        (0, 3.608), (3.608, 7.216), (7.216, 10.824), (10.824, 14.432)
    }  # fmt: skip
    assert {(p.satellite, p.timeliness) for p in made} == {("B", None)}


def test_a_session_of_one_channel_is_taken_too() -> None:
    assert counts(facts(channels=("ch1",))) == counts(facts())


@pytest.mark.parametrize(
    ("missing", "left"),
    [
        ("AUX_UT1UTC", Counter()),
        ("GIP_SPAMOD", SESSION + Counter({"MSI_L0U_DS": 1})),
        ("GIP_R2EOB2", LEVEL0),
        ("AUX_CAMSFO", LEVEL0),
        ("GIP_PROBA2", TILES),
    ],
)
def test_a_missing_auxiliary_type_ends_the_way(missing: str, left: Counter[str]) -> None:
    assert counts(facts(missing)) == left


def test_twelve_bands_are_not_enough() -> None:
    assert counts(facts(bands=12)) == SESSION + Counter({"MSI_L0U_DS": 1})


def test_fewer_than_48_granules_make_no_level_1() -> None:
    assert counts(facts(scenes=3)) == SESSION + Counter({"MSI_L0U_DS": 1, "MSI_L0__DS": 1, "MSI_L0__GR": 36})


@pytest.mark.parametrize(
    ("chain", "left"),
    [
        ("S2-L0U", Counter()), ("S2-L0C", SESSION + Counter({"MSI_L0U_DS": 1})), ("S2-L1", LEVEL0),
        ("S2-L1C", LEVEL1), ("S2-L2", TILES), ("S2-L2-TILE", LEVEL2),
    ],
)  # fmt: skip
def test_a_chain_left_out_ends_the_way(chain: str, left: Counter[str]) -> None:
    assert counts(facts(), CHAINS - {chain}) == left
