"""Oracle of Sentinel-3 on small facts, worked out by hand: one dump of one orbit of 6059.5 s."""

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from refsys.chains.scenarios.happenings import Auxiliary, Facts, Granule, S3Dump
from refsys.chains.scenarios.oracle_needs_s3 import needs_s3
from refsys.chains.scenarios.oracle_sentinel3 import products_s3

NODE = datetime(2026, 3, 10, 12, tzinfo=UTC)
PERIOD_S = 6059.5
CHAINS = frozenset(needs_s3()) | {"S3-ACQ"}
DAY_S = 86400.0
Span = tuple[float, float]


def at(seconds: float) -> datetime:
    return NODE + timedelta(seconds=seconds)


def granules(
    kind: str, edges: Iterable[float], lost: tuple[int, ...] = (), triggers: str | None = None
) -> list[Granule]:
    cuts = list(edges)
    return [
        Granule(
            type=kind, number=number, position="INSIDE", start=at(start), stop=at(stop), lost=number in lost,
            calibration_class=triggers,
        )
        for number, (start, stop) in enumerate(itertools.pairwise(cuts), 1)
    ]  # fmt: skip


def facts(*members: list[Granule], missing: str = "", orbits: int = 1) -> Facts:
    dumps = [
        S3Dump(
            satellite="A", session_id=f"s{n}", dump_start=at(n * PERIOD_S), dump_stop=at((n + 1) * PERIOD_S),
            absolute_orbit=100 + n, node_before=at(n * PERIOD_S), node_after=at((n + 1) * PERIOD_S),
            granules=tuple(g for group in members for g in group
                           if n * PERIOD_S <= (g.start - NODE).total_seconds() < (n + 1) * PERIOD_S),
        )
        for n in range(orbits)
    ]  # fmt: skip
    return Facts(
        start=NODE, stop=at(orbits * PERIOD_S), sessions=(), s3_dumps=tuple(dumps), auxiliaries=auxiliaries(missing)
    )


def auxiliaries(missing: str) -> tuple[Auxiliary, ...]:
    """Return files of all types for all time, those of the weather every three hours."""
    needed = [need for needs in needs_s3().values() for need in needs]
    needed += [need.instead for need in needed if need.instead is not None]
    kinds = {kind for need in needed for kind in need.types} - {missing}
    weather = {kind for kind in kinds if kind.startswith("AX___M")}
    spans = [(kind, -60 * DAY_S, 60 * DAY_S) for kind in kinds - weather]
    spans += [(kind, 10800.0 * n - 3600, 10800.0 * (n + 1) - 3600) for kind in weather for n in range(-10, 10)]
    return tuple(
        Auxiliary(mission="S3", type=kind, satellite="_", start=at(a), stop=at(b), creation=NODE, arrival=NODE)
        for kind, a, b in sorted(spans)
    )


def spans(told: Facts, kind: str, timeliness: str | None, chains: frozenset[str] = CHAINS) -> list[Span]:
    made = {p.expected for p in products_s3(told, chains) if (p.product_type, p.timeliness) == (kind, timeliness)}
    return sorted(((p.start - NODE).total_seconds(), (p.stop - NODE).total_seconds()) for p in made)


def kinds(told: Facts, chains: frozenset[str] = CHAINS) -> set[tuple[str, str | None]]:
    return {(p.product_type, p.timeliness) for p in products_s3(told, chains)}


def frames(start: float, stop: float) -> list[Span]:
    """Return what frames of 180 s from the node at 0 have of an interval: by counting seconds, not by cutting."""
    numbers = range(int(start // 180), int(-(-stop // 180)))
    return [(max(start, 180.0 * n), min(stop, 180.0 * (n + 1))) for n in numbers]


OLCI = granules("OL_0_EFR__G", (1000, 1150, 1300, 1400))
SLSTR = granules("SL_0_SLT__G", (900, 1200, 1500))
TELEMETRY = granules("TM_0_NAT__G", (0, PERIOD_S))
RADAR = granules("SR_0_SRA__G", (0, 3000, 6000, PERIOD_S))
RADIOMETER = granules("MW_0_MWR__G", (0, PERIOD_S))


def test_every_granule_is_a_level_0_product() -> None:
    told = facts(OLCI, granules("TM_0_HKM2_G", (0, 50)), granules("GN_0_GNS__G", (0, 60)))
    assert spans(told, "OL_0_EFR__G", "NRT") == [(1000, 1150), (1150, 1300), (1300, 1400)]
    assert spans(told, "TM_0_HKM2__", "NRT") == [(0, 50)]
    assert spans(told, "GN_0_GNS___", "NRT") == [(0, 60)]


def test_olci_of_one_dump() -> None:
    told = facts(OLCI)
    granule = [(1000, 1150), (1150, 1300), (1300, 1400)]
    stripe = [(1000, 1400)]
    assert spans(told, "OL_0_EFR___", "NRT") == sorted(granule + stripe)
    assert spans(told, "OL_1_EFR___", "NRT") == sorted(granule + frames(1000, 1400))
    assert spans(told, "OL_1_ERR___", "NRT") == sorted(granule + stripe)
    assert spans(told, "OL_2_LFR___", "NRT") == sorted(granule + frames(1000, 1400))
    assert spans(told, "OL_2_LRR___", "NRT") == sorted(granule + stripe)
    assert frames(1000, 1400) == [(1000, 1080), (1080, 1260), (1260, 1400)]
    assert spans(told, "OL_1_EFR___", "NTC") == sorted(stripe + frames(1000, 1400))
    assert spans(told, "OL_1_ERR___", "NTC") == spans(told, "OL_2_LRR___", "NTC") == stripe
    assert spans(told, "OL_2_LFR___", "NTC") == sorted(stripe + frames(1000, 1400))
    assert not {kind for kind, _ in kinds(told)} & {"SY_2_SYN___", "SL_1_RBT___"}


def test_a_lost_granule_leaves_a_hole_in_products_and_none_in_units_around_it() -> None:
    told = facts(granules("OL_0_EFR__G", (1000, 1150, 1300, 1400), lost=(2,)))
    assert spans(told, "OL_1_ERR___", "NRT") == [(1000, 1150), (1000, 1400), (1300, 1400)]
    assert spans(told, "OL_1_EFR___", "NRT") == [(1000, 1080), (1000, 1150), (1080, 1150), (1300, 1400)]
    assert spans(told, "OL_1_ERR___", "NTC") == [(1000, 1400)]


def test_slstr_of_one_dump() -> None:
    told = facts(SLSTR)
    granule = [(900.0, 1200.0), (1200.0, 1500.0)]
    for kind in ("SL_1_RBT___", "SL_2_LST___", "SL_2_FRP___"):
        assert spans(told, kind, "NRT") == sorted(granule + frames(900, 1500))
        assert spans(told, kind, "NTC") == sorted([(900.0, 1500.0), *frames(900, 1500)])


def test_the_diffuser_is_seen_once_an_orbit() -> None:
    month = 30 * DAY_S
    orbit = granules("SL_0_SLT__G", range(0, 6001, 500))
    assert spans(facts(orbit), "SL_1_VSC_AX", None) == [(4138, 4138 + month)]
    assert spans(facts(granules("SL_0_SLT__G", (4000, 4138))), "SL_1_VSC_AX", None) == []
    assert spans(facts(granules("SL_0_SLT__G", (5527, 5600))), "SL_1_VSC_AX", None) == [(4138, 4138 + month)]
    assert spans(facts(granules("SL_0_SLT__G", (5528, 5600))), "SL_1_VSC_AX", None) == []


@pytest.mark.parametrize(("triggers", "made"), [("RAC", {"OL_1_RAC___"}), ("SPC", {"OL_1_SPC___"}), ("XXX", set())])
def test_calibration_by_class(triggers: str, made: set[str]) -> None:
    found = {kind for kind, _ in kinds(facts(granules("OL_0_CR___G", (100, 200), triggers=triggers)))}
    assert found == {"OL_0_CR___G", "OL_0_CR0___"} | made


def test_radar_of_one_dump() -> None:
    told = facts(RADAR, TELEMETRY, RADIOMETER)
    granule = [(0, 3000), (3000, 6000), (6000, PERIOD_S)]
    halves = [(0, 3029.6), (3029.6, 6059.2), (6059.2, PERIOD_S)]
    assert spans(told, "SR_0_SRA___", "NRT") == sorted(granule + halves)
    for kind in ("SR_1_SRA_A_", "SR_1_LAN_RD", "SR_2_LAN_HY", "SR_2_LAN_LI", "SR_2_LAN_SI", "SR_1_LAN_BS"):
        assert spans(told, kind, "NRT") == granule
        assert spans(told, kind, "STC") == spans(told, kind, "NTC") == halves
    for mode in ("NRT", "STC", "NTC"):
        assert spans(told, "MW_1_MWR___", mode) == spans(told, "MW_1_CAL___", mode) == [(0, PERIOD_S)]
    assert spans(told, "MW_1_NIR_AX", None) == [(0, 30 * DAY_S)]


def test_radar_without_telemetry_or_radiometer() -> None:
    assert not {kind for kind, _ in kinds(facts(RADAR, RADIOMETER))} & {"SR_1_SRA_A_", "SR_2_LAN_HY"}
    early = facts(RADAR, granules("TM_0_NAT__G", (0, 3000)))
    assert spans(early, "SR_1_SRA_A_", "NRT") == [(0, 3000)]
    assert spans(early, "SR_1_SRA_A_", "STC") == [(0, 3029.6)]
    assert spans(early, "SR_2_LAN_HY", "NRT") == [(0, 3000)]
    assert spans(early, "SR_2_LAN_HY", "STC") == []


def test_radar_calibration_needs_telemetry() -> None:
    calibration = granules("SR_0_CAL__G", (100, 200))
    assert spans(facts(calibration, TELEMETRY), "SR_1_CAL___", "NRT") == [(100, 200)]
    assert spans(facts(calibration, TELEMETRY), "SR_1_CA1SAX", None) == [(100, 100 + 30 * DAY_S)]
    assert spans(facts(calibration), "SR_1_CAL___", "NRT") == []


def test_synergy_where_both_instruments_look() -> None:
    told = facts(OLCI, granules("SL_0_SLT__G", (1000, 1160, 1300)))
    seen = [(1000, 1150), (1150, 1300)]
    for kind in ("SY_1_MISR__", "SY_2_VGP___", "SY_2_VGK___"):
        assert spans(told, kind, "STC") == seen
        assert spans(told, kind, "NTC") == [(1000, 1400)]
    assert spans(told, "SY_2_SYN___", "STC") == sorted([*seen, *frames(1000, 1300)])
    assert spans(told, "SY_2_AOD___", "NTC") == sorted([(1000, 1400), *frames(1000, 1400)])
    assert spans(told, "SY_2_AOD___", "STC") == []


def test_vegetation_of_a_day_and_a_decade() -> None:
    both = [granules(kind, (0, 600)) for kind in ("OL_0_EFR__G", "SL_0_SLT__G")]
    for mode in ("STC", "NTC"):
        assert spans(facts(*both), "SY_2_VG1___", mode) == [(-DAY_S / 2, DAY_S / 2 - 1e-6)]
        assert spans(facts(*both), "SY_2_V10___", mode) == [(-9.5 * DAY_S, 0.5 * DAY_S - 1e-6)]


def test_synergy_ntc_wants_the_frames() -> None:
    told = facts(OLCI, SLSTR)
    without = CHAINS - {"S3-PUG-NTC"}
    assert spans(told, "SY_2_SYN___", "NTC", without) == []
    assert spans(told, "SY_2_AOD___", "NTC", without) == [(1000, 1400)]
    assert spans(told, "SY_2_VGK___", "STC", without) == [(1000, 1150), (1150, 1300), (1300, 1400)]


def test_ntc_wants_the_stripes() -> None:
    left = {timeliness for _, timeliness in kinds(facts(OLCI, SLSTR, RADAR, TELEMETRY), CHAINS - {"S3-PUG"})}
    assert left == {"NRT", "STC"}


@pytest.mark.parametrize(
    ("missing", "gone"),
    [
        ("AX___OSF_AX", "OL_0_EFR___"), ("AX___MF1_AX", "OL_1_EFR___"), ("OL_2_PCP_AX", "OL_2_LFR___"),
        ("SL_1_CLO_AX", "SL_1_RBT___"), ("SL_2_SSTAAX", "SL_2_LST___"), ("SL_2_FRPTAX", "SL_2_FRP___"),
        ("SR_1_USO_AX", "SR_1_SRA_A_"), ("SR_2_COHYAX", "SR_2_LAN_HY"), ("MW___STD_AX", "MW_1_MWR___"),
    ],
)  # fmt: skip
def test_a_missing_auxiliary_type_leaves_its_products_out(missing: str, gone: str) -> None:
    whole = (OLCI, SLSTR, RADAR, TELEMETRY, RADIOMETER)
    assert (gone, "NRT") in kinds(facts(*whole))
    assert (gone, "NRT") not in kinds(facts(*whole, missing=missing))


def test_either_orbit_will_do_for_altimetry() -> None:
    whole = (RADAR, TELEMETRY, RADIOMETER)
    assert ("SR_1_SRA_A_", "STC") in kinds(facts(*whole, missing="SR___MDO_AX"))
    assert ("SR_1_SRA_A_", "NTC") in kinds(facts(*whole, missing="SR___POEPAX"))
    left = [file for file in auxiliaries("SR___MDO_AX") if file.type != "SR___MGNPAX"]
    neither = facts(*whole).model_copy(update={"auxiliaries": tuple(left)})
    assert ("SR_1_SRA_A_", "STC") not in kinds(neither)
    assert ("SR_1_SRA_A_", "NTC") in kinds(neither)


def test_orbits_of_two_dumps_are_cut_apart() -> None:
    told = facts(granules("SL_0_SLT__G", (5950, PERIOD_S, 6200)), orbits=2)
    second = [(PERIOD_S, 6200.0)]
    assert spans(told, "SL_1_RBT___", "NRT") == sorted({(5950.0, PERIOD_S), *second})
    assert spans(told, "SL_1_RBT___", "NTC") == sorted({(5950.0, PERIOD_S), *second})
