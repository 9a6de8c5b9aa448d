"""Selection policies: every formula against an oracle that compares candidates pair by pair, and hand-made cases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nouns import make_product

from refsys.chains.policies import choose
from refsys.model.attributes import Attributes
from refsys.model.lookups import Lookup, Policy
from refsys.model.products import Product

EPOCH = datetime(2020, 2, 29, 23, 59, 59, 999999, tzinfo=UTC)
TYPES = ("AUX_ECE", "AUX_CAL")


def us(count: float) -> datetime:
    return EPOCH + timedelta(microseconds=count)


def aux(name: str, start: int, stop: int, created: int = 0, **fields: Any) -> Product:
    kind = fields.pop("product_type", TYPES[0])
    attributes = Attributes(**{key: fields.pop(key) for key in list(fields) if key in Attributes.model_fields})
    made = make_product(name, product_type=kind, creation_time=us(created), attributes=attributes, **fields)
    return made.model_copy(update={"start": us(start), "stop": us(stop)})


def look(policy: Policy, start: int, stop: int, **fields: Any) -> Lookup:
    return Lookup(
        policy=policy, product_type=fields.pop("product_type", TYPES[0]), start=us(start), stop=us(stop), **fields
    )


# --- the oracle: a chosen product is one that no candidate beats, by exact fractions ---


def f(time: datetime) -> Fraction:
    return Fraction((time - EPOCH) // timedelta(microseconds=1))


def centre(lookup: Lookup) -> Fraction:
    return (f(lookup.start) + f(lookup.stop)) / 2


def covering(lookup: Lookup, product: Product) -> bool:
    return not (f(product.start) > f(lookup.start) or f(product.stop) < f(lookup.stop))


def meeting(lookup: Lookup, product: Product) -> bool:
    return not (f(product.start) >= f(lookup.stop) or f(product.stop) <= f(lookup.start))


def always(lookup: Lookup, product: Product) -> bool:
    return True


def near_start(lookup: Lookup, p: Product) -> tuple[Fraction, ...]:
    """Ascending: distance, then those before the centre (0) ahead of those at or after it (1)."""
    return abs(f(p.start) - centre(lookup)), Fraction(f(p.start) >= centre(lookup))


def near_stop(lookup: Lookup, p: Product) -> tuple[Fraction, ...]:
    return abs(f(p.stop) - centre(lookup)), Fraction(f(p.stop) >= centre(lookup))


Ranking = Callable[[Lookup, Product], tuple[Fraction, ...]]
SINGLE: dict[Policy, tuple[Callable[[Lookup, Product], bool], Ranking]] = {
    Policy.LATEST_VAL_COVER: (covering, lambda lookup, p: ()),
    Policy.LATEST_VAL_COVER_CLOSEST: (covering, lambda lookup, p: (-f(p.start),)),
    Policy.BEST_CENTRED_COVER: (covering, lambda lookup, p: (abs((f(p.start) + f(p.stop)) / 2 - centre(lookup)),)),
    Policy.LATEST_VAL_INTERSECT: (meeting, lambda lookup, p: ()),
    Policy.LATEST_VALIDITY: (meeting, lambda lookup, p: (-f(p.start),)),
    Policy.LATEST_VALIDITY_CLOSEST: (
        meeting,
        lambda lookup, p: (abs(f(p.start) - centre(lookup)), -f(p.start)),
    ),
    Policy.CLOSEST_START_VALIDITY: (always, near_start),
    Policy.CLOSEST_STOP_VALIDITY: (always, near_stop),
    Policy.LATEST_START_VALIDITY: (always, lambda lookup, p: (-f(p.start),)),
    Policy.LATEST_STOP_VALIDITY: (always, lambda lookup, p: (-f(p.stop),)),
}


def of_kind(lookup: Lookup, p: Product) -> bool:
    if p.product_type != lookup.product_type:
        return False
    if lookup.satellite is not None and p.satellite not in ("_", lookup.satellite):
        return False
    wanted, said = lookup.instrument_configuration_id, p.attributes.instrument_configuration_id
    if wanted is not None and said is not None and said != wanted:
        return False
    if lookup.polarisation is not None and p.attributes.polarisation != lookup.polarisation:
        return False
    return lookup.band is None or p.attributes.band == lookup.band


def beats(lookup: Lookup, ranking: Ranking, one: Product, other: Product) -> bool:
    if ranking(lookup, one) != ranking(lookup, other):
        return ranking(lookup, one) < ranking(lookup, other)
    if one.creation_time != other.creation_time:
        return one.creation_time > other.creation_time
    return one.name > other.name


def has_no_gap(lookup: Lookup, found: list[Product]) -> bool:
    """Every microsecond from b up to e, e left out, lies in a product, its stop left out."""
    return all(
        any(f(p.start) <= time < f(p.stop) for p in found) for time in range(int(f(lookup.start)), int(f(lookup.stop)))
    )


def oracle(lookup: Lookup, products: list[Product]) -> set[str]:
    own = [p for p in products if of_kind(lookup, p)]
    if lookup.policy in SINGLE:
        condition, ranking = SINGLE[lookup.policy]
        candidates = [p for p in own if condition(lookup, p)]
        return {p.name for p in candidates if not any(beats(lookup, ranking, other, p) for other in candidates)}
    if lookup.policy is Policy.VAL_COVER:
        return {p.name for p in own if covering(lookup, p)}
    found = [p for p in own if meeting(lookup, p)]
    if lookup.policy is Policy.FULL_COVERAGE:
        return {p.name for p in found} if has_no_gap(lookup, found) else set()
    if lookup.policy is Policy.VAL_INTERSECT_WITHOUT_DUPLICATES:
        twins = [[q for q in found if (q.start, q.stop) == (p.start, p.stop)] for p in found]
        return {max(group, key=lambda q: (q.creation_time, q.name)).name for group in twins}
    return {p.name for p in found}


few = st.integers(0, 12)


@st.composite
def catalogues(draw: st.DrawFn) -> list[Product]:
    """Few distinct times and creations: equal intervals, instants and ties are common."""
    made = []
    for number in range(draw(st.integers(0, 12))):
        start, stop = sorted((draw(few), draw(few)))
        made.append(
            aux(
                f"P{number:02}",
                start,
                stop,
                draw(st.integers(0, 3)),
                product_type=draw(st.sampled_from((TYPES[0], *TYPES))),
                satellite=draw(st.sampled_from("AABC_")),
                instrument_configuration_id=draw(st.sampled_from((None, 5, 6))),
                polarisation=draw(st.sampled_from((None, "V", "H"))),
                band=draw(st.sampled_from((None, "8A", "00"))),
            )
        )
    return draw(st.permutations(made))


@st.composite
def lookups(draw: st.DrawFn) -> Lookup:
    start, stop = sorted((draw(few), draw(few)))
    return look(
        draw(st.sampled_from(Policy)),
        start,
        stop,
        satellite=draw(st.sampled_from((None, "A", "B"))),
        instrument_configuration_id=draw(st.sampled_from((None, None, 5))),
        polarisation=draw(st.sampled_from((None, None, "V"))),
        band=draw(st.sampled_from((None, None, "8A"))),
    )


@settings(max_examples=200, deadline=None)
@given(lookups(), catalogues())
def test_every_policy_chooses_as_the_oracle(lookup: Lookup, products: list[Product]) -> None:
    for policy in Policy:
        _compare(lookup.model_copy(update={"policy": policy}), products)


def test_every_policy_chooses_as_the_oracle_in_thousands_of_catalogues() -> None:
    dice = Random(20200229)
    pool = [aux(f"P{number:02}", 0, 0) for number in range(12)]
    for _ in range(3000):
        products = [_thrown(dice, product) for product in dice.sample(pool, dice.randint(0, len(pool)))]
        start, stop = sorted((dice.randint(0, 12), dice.randint(0, 12)))
        _compare(look(dice.choice(list(Policy)), start, stop, satellite=dice.choice((None, "A", "B"))), products)


def _thrown(dice: Random, product: Product) -> Product:
    start, stop = sorted((dice.randint(0, 12), dice.randint(0, 12)))
    times = {"start": us(start), "stop": us(stop), "creation_time": us(dice.randint(0, 3))}
    return product.model_copy(update=times | {"satellite": dice.choice("AAB_")})


def _compare(lookup: Lookup, products: list[Product]) -> None:
    chosen = choose(lookup, products)
    assert {p.name for p in chosen} == oracle(lookup, products)
    assert chosen == sorted(chosen, key=lambda p: (p.start, p.creation_time, p.name))
    assert len({p.name for p in chosen}) == len(chosen)


@settings(max_examples=50, deadline=None)
@given(st.data(), lookups(), catalogues())
def test_the_order_of_arrival_does_not_matter(data: st.DataObject, lookup: Lookup, products: list[Product]) -> None:
    assert choose(lookup, products) == choose(lookup, data.draw(st.permutations(products)))


def names(lookup: Lookup, *products: Product) -> list[str]:
    return [p.name for p in choose(lookup, products)]


def test_covering_is_closed_and_intersecting_is_open() -> None:
    exact, touching = aux("exact", 10, 20), aux("touching", 20, 30)
    assert names(look(Policy.VAL_COVER, 10, 20), exact, touching) == ["exact"]
    assert names(look(Policy.VAL_COVER, 10, 21), exact, touching) == []
    assert names(look(Policy.VAL_INTERSECT, 10, 20), exact, touching) == ["exact"]
    assert names(look(Policy.VAL_INTERSECT, 10, 21), exact, touching) == ["exact", "touching"]
    assert names(look(Policy.VAL_INTERSECT, 20, 20), exact, touching) == []


def test_closest_prefers_the_one_before_and_a_centre_lies_between_microseconds() -> None:
    before, after = aux("before", 3, 90), aux("after", 6, 91)
    assert names(look(Policy.CLOSEST_START_VALIDITY, 0, 9), before, after) == ["before"]
    assert names(look(Policy.CLOSEST_START_VALIDITY, 1, 9), before, after) == ["after"]
    assert names(look(Policy.CLOSEST_STOP_VALIDITY, 90, 91), before, after) == ["before"]
    assert names(look(Policy.CLOSEST_STOP_VALIDITY, 90, 92), before, after) == ["after"]


def test_a_start_at_the_centre_counts_as_after_it() -> None:
    old, new = aux("old", 5, 6, created=1), aux("new", 5, 9, created=2)
    assert names(look(Policy.CLOSEST_START_VALIDITY, 0, 10), old, new) == ["new"]


def test_full_coverage_sees_a_gap_of_one_microsecond() -> None:
    first, second = aux("first", 0, 5), aux("second", 5, 10)
    assert names(look(Policy.FULL_COVERAGE, 0, 10), second, first) == ["first", "second"]
    assert names(look(Policy.FULL_COVERAGE, 0, 10), aux("later", 6, 10), first) == []
    assert names(look(Policy.FULL_COVERAGE, 0, 11), first, second) == []


def test_a_short_product_inside_a_long_one_makes_no_gap() -> None:
    long, short, last = aux("long", 0, 9), aux("short", 1, 2), aux("last", 8, 12)
    assert names(look(Policy.FULL_COVERAGE, 0, 12), short, last, long) == ["long", "short", "last"]


def test_of_duplicates_the_newest_is_kept() -> None:
    lookup = look(Policy.VAL_INTERSECT_WITHOUT_DUPLICATES, 0, 10)
    assert names(lookup, aux("b", 0, 5, 2), aux("a", 0, 5, 1), aux("c", 0, 6, 0), aux("d", 0, 5, 2)) == ["c", "d"]


def test_latest_validity_closest_is_the_start_closest_to_the_centre() -> None:
    lookup = look(Policy.LATEST_VALIDITY_CLOSEST, 10, 20)
    assert names(lookup, aux("early", 12, 30), aux("late", 18, 30), aux("far", 19, 30)) == ["late"]


def test_satellite_instrument_and_polarisation() -> None:
    mine, all_of_them, other = aux("mine", 0, 9, satellite="C"), aux("all", 0, 9, satellite="_"), aux("other", 0, 9)
    assert names(look(Policy.VAL_COVER, 1, 2, satellite="C"), mine, all_of_them, other) == ["all", "mine"]
    five, none = aux("five", 0, 9, instrument_configuration_id=5), aux("none", 0, 9)
    six = aux("six", 0, 9, instrument_configuration_id=6)
    assert names(look(Policy.VAL_COVER, 1, 2, instrument_configuration_id=5), five, none, six) == ["five", "none"]
    assert names(look(Policy.VAL_COVER, 1, 2, polarisation="V"), aux("v", 0, 9, polarisation="V"), none) == ["v"]


@pytest.mark.parametrize("policy", Policy)
def test_nothing_is_chosen_from_nothing(policy: Policy) -> None:
    assert choose(look(policy, 0, 10), []) == []
    assert choose(look(policy, 0, 0), []) == []
