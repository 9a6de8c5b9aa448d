"""Oracle of Sentinel-1 on small facts, worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from refsys.chains.scenarios.happenings import Auxiliary, Facts, S1DataTake, S1Segment, Session
from refsys.chains.scenarios.oracle_sentinel1 import LEVEL2, products_s1, slice_count
from refsys.model.attributes import Timeliness

START = datetime(2026, 3, 1, tzinfo=UTC)
LEVEL1 = {f"S1-IPF-L1-{kind}" for kind in ("IW", "EW", "EW-SLC", "SM", "WV", "EN", "AN", "AN-SLC")}
CHAINS = frozenset({"S1-L0AIOP", "S1-L0ASP", *LEVEL1, *(f"S1-IPF-L2-{kind}" for kind in LEVEL2)})
TYPES = "MPL_ORBPRE MPL_ORBSCT AUX_OBMEMC AUX_PP1 AUX_CAL AUX_INS AUX_PP2 AUX_WND"
Span = tuple[float, float]


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def session(name: str = "one", channels: tuple[str, ...] = ("ch1", "ch2")) -> Session:
    return Session(
        mission="S1", satellite="A", session_id=name, start=at(5000), stop=at(5600), station="SGS_", absolute_orbit=7,
        arrival=at(6000), channels=channels,
    )  # fmt: skip


def segment(polarisation: str, start: float, stop: float, name: str = "one", lost: bool = False) -> S1Segment:
    return S1Segment(
        polarisation=polarisation, start=at(start), stop=at(stop), consolidation="FULL", session_id=name, lost=lost
    )


def take(*segments: S1Segment, mode: str = "IW", satellite: str = "A", timeliness: Timeliness = "NRT") -> S1DataTake:
    return S1DataTake(
        satellite=satellite, data_take_id="56", mode=mode, polarisation="DV", start=at(0), stop=at(100),
        timeliness=timeliness, absolute_orbit=7, segments=segments,
    )  # fmt: skip


def facts(*takes: S1DataTake, sessions: tuple[Session, ...] = (), missing: str = "") -> Facts:
    files = [
        Auxiliary(
            mission="S1", type=kind, satellite="_", start=START - timedelta(days=9), stop=START + timedelta(days=9),
            creation=START, arrival=START,
        )
        for kind in TYPES.split()
        if kind != missing
    ]  # fmt: skip
    opened = sessions or (session(),)
    return Facts(start=at(0), stop=at(5924), sessions=opened, s1_data_takes=tuple(takes), auxiliaries=tuple(files))


def spans(told: Facts, product_type: str, chains: frozenset[str] = CHAINS) -> list[Span]:
    found = [piece for piece in products_s1(told, chains) if piece.product_type == product_type]
    return sorted(((p.start - START).total_seconds(), (p.stop - START).total_seconds()) for p in found)


def types(told: Facts) -> set[str]:
    return {piece.product_type for piece in products_s1(told, CHAINS)}


def test_an_iw_data_take_of_two_polarisations() -> None:
    told = facts(take(segment("VV", 0, 70.812), segment("VH", 0, 70.812)))
    slices = [(0, 32.4), (25, 57.4), (50, 70.812)]
    assert spans(told, "IW_RAW__0S") == sorted([(0, 70.812), (0, 70.812), *slices])
    for kind in ("IW_RAW__0A", "IW_RAW__0C", "IW_RAW__0N"):
        assert spans(told, kind) == [(0, 70.812)]
    for kind in ("IW_SLC__1S", "IW_GRDH_1S", "IW_OCN__2S"):
        assert spans(told, kind) == slices
    assert spans(told, "GP_RAW__0_") == spans(told, "HK_RAW__0_") == [(5000, 5600)]
    assert {p.timeliness for p in products_s1(told, CHAINS) if p.product_type.startswith("IW")} == {"NRT"}
    assert len(products_s1(told, CHAINS)) == 2 + 3 + 3 + 9 + 2


@pytest.mark.parametrize(
    ("duration_s", "length_s", "overlap_s", "count"),
    [
        (436.812, 60, 8.2, 8), (434.812, 60, 8.2, 7), (437.0, 60, 8.2, 8), (60, 60, 8.2, 1), (68.2, 60, 8.2, 1),
        (1, 60, 8.2, 1), (70.812, 25, 7.4, 3), (57.4, 25, 7.4, 2), (64.799999, 25, 7.4, 2), (64.8, 25, 7.4, 3),
        (900, 0, 0, 1),
    ],
)  # fmt: skip
def test_number_of_slices(duration_s: float, length_s: float, overlap_s: float, count: int) -> None:
    assert slice_count(duration_s, length_s, overlap_s) == count


@pytest.mark.parametrize(
    ("mode", "satellite", "images"),
    [
        ("EW", "A", {"EW_GRDM_1S", "EW_SLC__1S", "EW_OCN__2S"}),
        ("S3", "A", {"S3_SLC__1S", "S3_GRDH_1S", "S3_OCN__2S"}),
        ("WV", "A", {"WV_SLC__1S", "WV_OCN__2S"}),
        ("EN", "A", {"EN_GRDH_1S"}),
        ("N2", "A", {"N2_GRDF_1S"}),
        ("N2", "B", {"N2_SLC__1S"}),
    ],
)
def test_images_of_each_mode(mode: str, satellite: str, images: set[str]) -> None:
    found = types(facts(take(segment("SV", 0, 50), mode=mode, satellite=satellite)))
    assert {name for name in found if name[-2:] in ("1S", "2S")} == images


def test_wave_mode_is_not_cut() -> None:
    assert spans(facts(take(segment("SV", 0, 900), mode="WV")), "WV_SLC__1S") == [(0, 900)]


def test_two_receptions_are_one_data_take() -> None:
    two = (session("one"), session("two"))
    told = facts(take(segment("SV", 0, 32), segment("SV", 30, 57.4, "two"), mode="S1"), sessions=two)
    assert spans(told, "S1_SLC__1S") == [(0, 32.7), (25, 57.4)]
    assert spans(told, "S1_RAW__0A") == [(0, 57.4)]
    assert spans(told, "S1_RAW__0S") == [(0, 32), (0, 32.7), (25, 57.4), (30, 57.4)]


def test_a_lost_segment_leaves_what_is_there() -> None:
    told = facts(take(segment("VV", 0, 40, lost=True), segment("VV", 38, 70), segment("VH", 38, 70)))
    assert spans(told, "IW_RAW__0A") == [(38, 70)]
    assert spans(told, "IW_SLC__1S") == [(38, 70)]


def test_a_lone_polarisation_is_taken_after_its_time() -> None:
    told = facts(take(segment("VV", 0, 30, lost=True), segment("VH", 0, 30)))
    assert spans(told, "IW_GRDH_1S") == [(0, 30)]


def test_nothing_received_makes_nothing() -> None:
    assert types(facts(take(segment("SV", 0, 30, lost=True)))) == {"GP_RAW__0_", "HK_RAW__0_"}


def test_calibration_needs_both_polarisations() -> None:
    both = facts(take(segment("VV", 0, 2), segment("VH", 0, 2), mode="RF"))
    assert spans(both, "RF_RAW__0S") == [(0, 2), (0, 2), (0, 2)]
    assert types(both) == {"RF_RAW__0S", "GP_RAW__0_", "HK_RAW__0_"}
    for lone in (facts(take(segment("VV", 0, 2), mode="RF")), facts(take(segment("SV", 0, 2), mode="RF"))):
        assert spans(lone, "RF_RAW__0S") == [(0, 2)]
    apart = facts(take(segment("VV", 0, 2), segment("VH", 5, 7), mode="RF"))
    assert spans(apart, "RF_RAW__0S") == [(0, 2), (5, 7)]


def test_a_session_of_one_channel_is_taken_too() -> None:
    told = facts(take(segment("SV", 0, 30)), sessions=(session(channels=("ch1",)),))
    assert spans(told, "IW_SLC__1S") == [(0, 30)]


def test_missing_auxiliary_files_end_the_way_where_they_are_asked_for() -> None:
    one = take(segment("SV", 0, 30))
    assert types(facts(one, missing="AUX_OBMEMC")) == set()
    assert "IW_RAW__0A" not in types(facts(one, missing="MPL_ORBPRE"))
    without = types(facts(one, missing="AUX_CAL"))
    assert "IW_RAW__0A" in without
    assert not {"IW_SLC__1S", "IW_OCN__2S"} & without
    assert "IW_SLC__1S" in types(facts(one, missing="AUX_WND"))
    assert "IW_OCN__2S" not in types(facts(one, missing="AUX_WND"))


def test_chains_that_do_not_run_make_nothing() -> None:
    told = facts(take(segment("SV", 0, 30)))
    assert spans(told, "IW_SLC__1S", CHAINS - {"S1-IPF-L1-IW"}) == []
    assert spans(told, "IW_RAW__0S", CHAINS - {"S1-L0ASP"}) == [(0, 30)]
    assert products_s1(told, CHAINS - {"S1-L0AIOP"}) == []
