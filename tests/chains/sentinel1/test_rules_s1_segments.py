"""Rule `s1-segments`: coverage against a count of ticks, polarisations, time-outs, ghosts, calibration data."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from list_view import ListView
from nouns import at
from s1_rule_products import HOUR, Answer, ask, chain_of, only_request, rule_of, segment

from refsys.chains.rules import Awaited, Discarded, MainInputs
from refsys.chains.sentinel1.preparation.coverage import covered
from refsys.model.products import Product, Provenance

CHAIN = chain_of("s1-l0asp.yaml")
POSITIONS = st.sampled_from(["BEGIN", "MID", "END", "PARTIAL"])


def answer(products: list[Product], now: float = 0, since: float = 0, **changed: Any) -> Answer:
    rule, view = rule_of(CHAIN, **changed), ListView(products)
    return ask(rule, CHAIN, view, only_request(rule, CHAIN, products[0], view), now, since=since)


def names(found: Answer) -> list[str]:
    assert isinstance(found, MainInputs), found
    return [product.name for product in found.products["segments"]]


def covered_by_ticks(rows: list[tuple[int, int, str]]) -> bool:
    """Return the same by marking every tick that a segment holds, and its edges."""
    if len(rows) < 2:
        return False
    first, last = min(row[0] for row in rows), max(row[1] for row in rows)
    held = {tick for start, stop, _ in rows for tick in range(start, stop)}
    begins = any(start == first and position == "BEGIN" for start, _, position in rows)
    ends = any(stop == last and position == "END" for _, stop, position in rows)
    return begins and ends and held == set(range(first, last))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 6), POSITIONS), min_size=1, max_size=5))
def test_coverage_is_that_of_a_count_of_ticks(given_rows: list[tuple[int, int, str]]) -> None:
    rows = [(start, start + length, position) for start, length, position in given_rows]
    made = [segment(f"s{n}", start, stop, position=position) for n, (start, stop, position) in enumerate(rows)]
    assert covered(made) == covered_by_ticks(rows)


def test_a_long_early_segment_bridges_what_a_short_later_one_does_not() -> None:
    rows = [("a", 0, 50, "BEGIN"), ("b", 10, 20, "MID"), ("c", 45, 60, "END")]
    assert covered([segment(name, start, stop, position=position) for name, start, stop, position in rows])


@pytest.mark.parametrize(
    ("polarisations", "complete"),
    [
        (["SV"], True),
        (["SH"], True),
        (["VV", "VH"], True),
        (["HH", "HV"], True),
        (["VV"], False),
        (["VV", "HV"], False),
        (["VV", "VH", "HH"], False),
    ],
)
def test_polarisations_of_a_data_take(polarisations: list[str], complete: bool) -> None:
    found = answer([segment(f"s-{each}", 0, 100, each) for each in polarisations])
    assert isinstance(found, MainInputs if complete else Awaited)


def test_complete_segments_give_interval_timeliness_and_mission() -> None:
    parts = [
        segment("v1", 0, 60, "VV", position="BEGIN", timeliness="FAST24"),
        segment("v2", 55, 120, "VV", position="END", timeliness="PT"),
        segment("h1", 1, 121, "VH"),
    ]
    found = answer(parts)
    assert names(found) == ["v1", "h1", "v2"]
    assert isinstance(found, MainInputs)
    assert (found.start, found.stop, found.timeliness) == (at(0), at(121), "PT")
    assert found.parameters == {"Mission_Id": "S1A"}
    assert not found.incomplete


def test_a_gap_waits_36_hours_after_sensing_and_is_then_taken() -> None:
    parts = [segment("v1", 0, 60, "SV", position="BEGIN"), segment("v2", 61, 120, "SV", position="END")]
    until = 120 + 36 * HOUR
    waiting = answer(parts, until - 1e-3)
    assert isinstance(waiting, Awaited)
    assert waiting.until == at(until)
    over = answer(parts, until)
    assert names(over) == ["v1", "v2"]
    assert isinstance(over, MainInputs)
    assert over.incomplete


def test_a_late_request_waits_an_hour_at_least() -> None:
    since = 100 * HOUR
    found = answer([segment("v1", 0, 60, "VV")], since, since)
    assert isinstance(found, Awaited)
    assert found.until == at(since + HOUR)


def test_without_a_known_timeliness_there_is_no_deadline() -> None:
    found = answer([segment("v1", 0, 60, "VV", timeliness=None)], 1000 * HOUR)
    assert isinstance(found, Awaited)
    assert found.until is None


def test_of_the_same_start_the_newest_creation_is_taken_whatever_came_first() -> None:
    old, new = (segment(name, 0, 60, "SV", creation_time=at(at_s)) for name, at_s in (("b-old", 100), ("a-new", 200)))
    assert names(answer([old, new])) == names(answer([new, old])) == ["a-new"]
    parts = [segment(f"{n}", 0, 60, "SV", position="BEGIN", creation_time=at(n)) for n in (3, 5, 4)]
    assert names(answer([*parts, segment("end", 60, 99, "SV", position="END")])) == ["5", "end"]


def test_a_newer_copy_cut_short_opens_no_gap() -> None:
    parts = [
        segment("old", 0, 60, "SV", position="BEGIN", creation_time=at(1)),
        segment("new", 0, 30, "SV", position="BEGIN", creation_time=at(2)),
        segment("end", 60, 99, "SV", position="END"),
    ]
    assert isinstance(answer(parts), MainInputs)


def test_a_partial_copy_takes_nothing_from_a_full_segment() -> None:
    parts = [segment("part", 0, 60, "SV", position="BEGIN", creation_time=at(9e3)), segment("full", 0, 100, "SV")]
    assert names(answer(parts)) == ["full"]


def test_slices_and_what_our_open_chain_makes_ask_for_nothing() -> None:
    rule, view = rule_of(CHAIN), ListView()
    cut = segment("slice", 0, 33, "DV", consolidation="SLICE", sensing_consolidation=None)
    made = Provenance(software="x", chain="S1-L0", chain_version="1", processor="x", processor_version="1")
    assembled = made.model_copy(update={"chain": "S1-L0ASP"})
    mute = segment("mute", 0, 33, "DV", consolidation=None, sensing_consolidation=None)
    others = [cut, mute, segment("open", 0, 33, provenance=made), segment("wave", 0, 33, provenance=assembled)]
    assert [rule.requests(product, CHAIN, view, at(0)) for product in others] == [[], [], [], []]


@pytest.mark.parametrize(("beam", "longest_s"), [("IW", 3), ("EW", 3), ("S4", 3), ("WV", 30)])
def test_ghosts_are_no_longer_than_the_threshold_of_their_mode(beam: str, longest_s: float) -> None:
    rule, view = rule_of(CHAIN, ghosts_s={"IW": 3, "EW": 3, "SM": 3, "WV": 30}), ListView()
    kind = f"{beam}_RAW__0S"
    ghost, real = (segment(f"g{more}", 0, longest_s + more, "SV", kind=kind) for more in (0, 0.001))
    assert rule.requests(ghost, CHAIN, view, at(0)) == []
    assert len(rule.requests(real, CHAIN, view, at(0))) == 1


def test_ghosts_take_no_part_and_no_threshold_means_no_ghost() -> None:
    parts = [segment("v", 0, 100, "VV"), segment("h", 0, 2, "VH")]
    assert isinstance(answer(parts), MainInputs)
    assert isinstance(answer(parts, ghosts_s={"IW": 3}), Awaited)


def calibration(name: str, start: float, polarisation: str, **fields: Any) -> Product:
    return segment(name, start, start + 20, polarisation, kind="RF_RAW__0S", **fields)


def test_calibration_data_go_by_data_take_and_start() -> None:
    rule = rule_of(CHAIN)
    products = [calibration("a", 0, "VV"), calibration("b", 0, "VH"), calibration("c", 50, "VV")]
    view = ListView([*products, segment("iw", 0, 20, "VV")])
    keys = [only_request(rule, CHAIN, product, view).key for product in products]
    assert keys[0] == keys[1] != keys[2]
    assert names(answer([*products, segment("iw", 0, 20, "VV")])) == ["a", "b"]


def test_a_lone_calibration_polarisation_waits_before_it_is_discarded() -> None:
    until = 20 + 36 * HOUR
    lone = [calibration("a", 0, "VV")]
    assert isinstance(answer(lone, until - 1), Awaited)
    assert isinstance(answer(lone, until), Discarded)
    assert isinstance(answer([*lone, calibration("b", 0, "HV")], until - 1), Awaited)
    assert isinstance(answer([*lone, calibration("b", 0, "HV")], until), Discarded)
    assert isinstance(answer([*lone, calibration("b", 0, "VH")], until + 1), MainInputs)


def test_partial_calibration_data_are_ghosts_where_ghosts_are_left_out() -> None:
    rule = rule_of(CHAIN, ghosts_s={"RF": 0})
    assert rule.requests(calibration("a", 0, "VV", position="PARTIAL"), CHAIN, ListView(), at(0)) == []


def test_a_data_take_whose_segments_are_gone_waits() -> None:
    rule, only = rule_of(CHAIN), segment("v", 0, 10, "VV")
    request = only_request(rule, CHAIN, only, ListView())
    assert isinstance(ask(rule, CHAIN, ListView(), request, 0), Awaited)
