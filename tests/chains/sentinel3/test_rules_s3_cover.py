"""Whether products fill an interval: the values of the original's tests, and brute force over whole seconds."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from nouns import at
from s3_rule_products import s3_product

from refsys.chains.sentinel3.preparation.cover import covers, cut, filled, granules_cover, newest
from refsys.model.products import Product

DAY = datetime(2020, 1, 2, tzinfo=UTC)
SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 25)).map(lambda s: (s[0], s[0] + s[1])), max_size=8)


def time(hours: int, minutes: int, seconds: float) -> datetime:
    return DAY + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def test_one_long_product_covers() -> None:
    assert covers([(time(-2, 0, 0), time(10, 0, 0))], time(0, 30, 17), time(0, 32, 17), 3)


def test_a_gap_of_half_a_minute_is_one() -> None:
    spans = [(time(0, 28, 0.906), time(0, 30, 30.906)), (time(0, 31, 0.906), time(0, 33, 30.906))]
    assert not covers(spans, time(0, 30, 17), time(0, 32, 17), 3)
    assert covers(spans, time(0, 30, 17), time(0, 32, 17), 30)


def test_of_two_versions_the_later_stays() -> None:
    early, late = (s3_product("OL_0_EFR___", 0, 120, version=n, created=1000 + n) for n in (0, 1))
    assert newest([late, early]) == newest([early, late]) == [late]


def test_a_product_inside_another_does_not_move_the_sweep_back() -> None:
    assert covers([(at(0), at(100)), (at(10), at(20)), (at(90), at(200))], at(0), at(200), 3)


@given(SPANS, st.integers(0, 50), st.integers(1, 40), st.integers(1, 6))
def test_cover_is_what_counting_seconds_says(spans: list[tuple[int, int]], lower: int, length: int, gap: int) -> None:
    upper = lower + length
    seen = {second for start, stop in spans for second in range(start, stop)}
    longest, run = 0, 0
    for second in range(lower, upper):
        run = 0 if second in seen else run + 1
        longest = max(longest, run)
    assert covers([(at(a), at(b)) for a, b in spans], at(lower), at(upper), gap) == (longest <= gap)


@given(SPANS, st.integers(0, 50), st.integers(1, 40), st.integers(0, 4), st.integers(0, 6))
def test_parts_are_what_counting_seconds_says(
    spans: list[tuple[int, int]], lower: int, length: int, gap: int, least: int
) -> None:
    upper = lower + length
    seen = sorted({second for start, stop in spans for second in range(max(start, lower), min(stop, upper))})
    runs: list[list[int]] = []
    for second in seen:
        if runs and second - runs[-1][1] <= gap:
            runs[-1][1] = second + 1
        else:
            runs.append([second, second + 1])
    parts = filled([(at(a), at(b)) for a, b in spans], at(lower), at(upper), gap, least)
    assert parts == [(at(a), at(b)) for a, b in runs if b - a >= least]


@given(st.integers(1, 500), st.integers(1, 90), st.integers(0, 90))
def test_pieces_join_without_gap_and_have_their_length(total: int, length: int, least: int) -> None:
    pieces = cut(at(0), at(total), length, least)
    assert pieces[0][0] == at(0)
    assert pieces[-1][1] == at(total)
    assert all(a[1] == b[0] for a, b in pairwise(pieces))
    sizes = [(stop - start).total_seconds() for start, stop in pieces]
    assert sizes[:-1] == [length] * (len(sizes) - 1)
    assert len(sizes) == 1 or min(least, length) <= sizes[-1] < length + max(least, 1)


def granule(number: int, position: str = "INSIDE", *, start: float | None = None) -> Product:
    begin = 60.0 * number if start is None else start
    return s3_product("SL_0_SLT__G", begin, begin + 61, granule_number=number, granule_position=position)


def check(products: list[Product], lower: float, upper: float, *, dump_ends: bool = False) -> bool:
    return granules_cover(newest(products), at(lower), at(upper), dump_ends=dump_ends)


def test_granules_follow_by_number() -> None:
    assert check([granule(1), granule(2), granule(3)], 60, 240)
    assert not check([granule(1), granule(3)], 60, 240)
    assert not check([granule(1), granule(2)], 60, 240)
    assert not check([], 60, 240)


def test_after_the_last_granule_of_a_dump_comes_a_first_one() -> None:
    last, first = granule(9, "LAST", start=0), granule(1, "FIRST", start=60)
    assert check([last, first], 0, 120)
    assert not check([last, granule(10, start=60)], 0, 120)


def test_the_ends_of_a_dump_need_no_neighbour_where_that_is_said() -> None:
    assert check([granule(1, "FIRST")], 50, 121, dump_ends=True)
    assert not check([granule(1, "FIRST")], 50, 121)
    assert check([granule(5, "LAST")], 300, 400, dump_ends=True)
    assert not check([granule(5, "FIRST")], 300, 400, dump_ends=True)


def test_granules_without_numbers_must_touch() -> None:
    bare = [s3_product("SL_1_RBT___", a, b) for a, b in ((0, 60), (60, 120), (121, 180))]
    assert granules_cover(bare[:2], at(0), at(120), dump_ends=False)
    assert not granules_cover(bare, at(0), at(180), dump_ends=False)
