"""Facts of scenarios against what was worked out by hand."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from refsys.chains.chain_files import load_chains
from refsys.chains.scenarios.arrivals import SHUFFLED_H, arrivals_of, filled
from refsys.chains.scenarios.facts import facts_of
from refsys.chains.scenarios.scenario import Scenario, parse_scenario
from refsys.chains.scenarios.sentinel1_made import slices_of

START = datetime(2026, 1, 1, tzinfo=UTC)


def scenario(rest: str, hours: float = 3.4) -> Scenario:
    return parse_scenario(f"version: 1\nname: x\nstart: 2026-01-01T00:00:00Z\nhours: {hours}\n{rest}", "x.yaml")


def test_a_dump_is_one_orbit_cut_into_granules() -> None:
    text = (
        "s3: {granule_s: 3000, always: [SR_0_SRA__G], windows: [{type: OL_0_EFR__G, after_node_s: 10, length_s: 20}]}"
    )
    facts = facts_of(scenario(text))
    assert [dump.absolute_orbit for dump in facts.s3_dumps] == [20000, 20001]  # of 6,059.5 s each in 12,240 s
    first = facts.s3_dumps[0]
    told = [(g.type, g.number, g.position, (g.start - START).total_seconds(), (g.stop - START).total_seconds())
            for g in first.granules]  # fmt: skip
    assert told == [
        ("SR_0_SRA__G", 1, "FIRST", 0.0, 3000.0),
        ("SR_0_SRA__G", 2, "INSIDE", 3000.0, 6000.0),
        ("SR_0_SRA__G", 3, "LAST", 6000.0, 6059.5),
        ("OL_0_EFR__G", 1, "NONE", 10.0, 30.0),
    ]
    assert (first.node_after, facts.s3_dumps[1].dump_start) == (first.dump_stop, first.dump_stop)
    assert facts.sessions[0].arrival == START + timedelta(seconds=6059.5 + 600 + 300)


def test_a_split_data_take_is_received_twice_and_overlaps() -> None:
    text = "s1: {split: 1.0, data_takes: [{mode: IW, length_s: 100, after_node_s: 50}]}"
    facts = facts_of(scenario(text))
    first, last = facts.s1_data_takes
    told = [(s.polarisation, s.consolidation, (s.start - START).total_seconds(), (s.stop - START).total_seconds())
            for s in first.segments]  # fmt: skip
    assert told == [
        ("VV", "BEGIN", 50.0, 102.0),
        ("VH", "BEGIN", 50.0, 102.0),
        ("VV", "END", 100.0, 150.0),
        ("VH", "END", 100.0, 150.0),
    ]
    assert [s.consolidation for s in last.segments] == ["FULL", "FULL"]  # no session comes after
    assert {s.session_id for s in first.segments} == {session.session_id for session in facts.sessions}


def test_a_datastrip_says_its_scenes_and_tiles() -> None:
    facts = facts_of(scenario("s2: {scenes: 5, tiles: 45, after_node_s: 100}"))
    strip = facts.s2_datastrips[0]
    assert (strip.stop - strip.start) == timedelta(seconds=5 * 3.608)
    assert len(set(strip.tiles)) == 45


def test_losses_are_the_same_every_time_and_about_as_many_as_told() -> None:
    text = "s3: {granule_s: 10, always: [SR_0_SRA__G], lost_granules: 0.1}"
    granules = [g for dump in facts_of(scenario(text)).s3_dumps for g in dump.granules]
    assert granules == [g for dump in facts_of(scenario(text)).s3_dumps for g in dump.granules]
    lost = sum(granule.lost for granule in granules)
    assert 80 < lost < 160  # 1,212 granules: 121 expected, sigma 10


def test_slices_by_hand() -> None:
    spans = slices_of("IW", START, START + timedelta(seconds=60))  # (60 - 7.4) / 25 = 2.1: the rest is too short
    assert [((a - START).total_seconds(), (b - START).total_seconds()) for a, b in spans] == [(0.0, 32.4), (25.0, 60.0)]
    assert slices_of("WV", START, START + timedelta(seconds=600)) == [(START, START + timedelta(seconds=600))]
    long = slices_of("EW", START, START + timedelta(seconds=300))
    assert len(long) == 5  # (300 - 8.2) / 60 = 4.86
    assert all(after[0] < before[1] for before, after in pairwise(long))


def test_shuffled_arrivals_are_the_same_products_not_far_from_their_times() -> None:
    given = scenario("s1: {satellites: [A, C]}\ns3: {always: [SR_0_SRA__G]}", hours=24)
    facts = filled(given, facts_of(given), load_chains())
    plain = {p.name: at for at, products in arrivals_of(given, facts) for p in products}
    shuffled = {p.name: at for at, products in arrivals_of(given, facts, shuffle=3) for p in products}
    assert plain.keys() == shuffled.keys()
    assert plain != shuffled
    assert all(abs(shuffled[name] - at) <= timedelta(hours=SHUFFLED_H) for name, at in plain.items())
    assert arrivals_of(given, facts, shuffle=3) == arrivals_of(given, facts, shuffle=3)


def test_an_auxiliary_series_comes_before_or_after_its_validity() -> None:
    text = "auxiliary: [{mission: S3, types: [AX___FRO_AX], satellites: [A], every_h: 6, length_h: 8, delay_h: -2}]"
    files = facts_of(scenario(text, hours=6)).auxiliaries
    told = [((f.start - START) / timedelta(hours=1), (f.arrival - START) / timedelta(hours=1)) for f in files]
    assert told == [(-12, 0), (-6, 0), (0, 0), (6, 4), (12, 10), (18, 16), (24, 22)]
    assert all(f.stop - f.start == timedelta(hours=8) for f in files)
