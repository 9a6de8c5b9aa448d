"""What is said of a choice is true: reasons against the policies, and the product that would change it does."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nouns import at, make_product

from refsys.chains.policies import choose, fits
from refsys.chains.policy_words import what_would_change, why_chosen, why_not
from refsys.model.attributes import Attributes
from refsys.model.lookups import Lookup, Policy
from refsys.model.products import Product
from refsys.model.times import format_time

US = timedelta(microseconds=1)


def aux(name: str, start: float, stop: float, created: float = 0, **fields: Any) -> Product:
    return make_product(name, start, stop, product_type="AUX", creation_time=at(created), **fields)


def look(policy: Policy, start: float = 10, stop: float = 20, **fields: object) -> Lookup:
    given = {"policy": policy, "product_type": "AUX", "start": at(start), "stop": at(stop)} | fields
    return Lookup.model_validate(given)


few = st.integers(0, 30)
products = st.lists(st.tuples(few, few, st.integers(0, 3), st.sampled_from("AB_")), max_size=6).map(
    lambda rows: [
        aux(f"P{n}", min(a, b), max(a, b), created, satellite=satellite)
        for n, (a, b, created, satellite) in enumerate(rows)
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(Policy), products)
def test_whoever_was_not_chosen_is_told_a_reason_that_holds(policy: Policy, found: list[Product]) -> None:
    lookup = look(policy, satellite="A")
    chosen = choose(lookup, found)
    for product in found:
        if product in chosen:
            continue
        reason = why_not(lookup, product, chosen)
        assert (" preferred" in reason or "same validity" in reason or "gap" in reason) == fits(lookup, product), reason
        if "is of satellite" in reason:
            assert product.satellite == "B"
        if "this at" in reason:
            assert format_time(product.stop if "stops at" in reason else product.start) in reason
            assert format_time(chosen[0].stop if "stops at" in reason else chosen[0].start) in reason


BETTER: dict[Policy, Product] = {
    Policy.LATEST_VAL_COVER: aux("better", 10, 20, 100),
    Policy.LATEST_VAL_INTERSECT: aux("better", 19, 21, 100),
    Policy.LATEST_VAL_COVER_CLOSEST: aux("better", 6, 20, -9),
    Policy.LATEST_VALIDITY: aux("better", 6, 11, -9),
    Policy.LATEST_START_VALIDITY: aux("better", 6, 6, -9),
    Policy.LATEST_STOP_VALIDITY: aux("better", 0, 31, -9),
    Policy.LATEST_VALIDITY_CLOSEST: aux("better", 6, 11, -9),
    Policy.CLOSEST_START_VALIDITY: aux("better", 24, 31, -9),
    Policy.CLOSEST_STOP_VALIDITY: aux("better", 0, 29, -9),
    Policy.BEST_CENTRED_COVER: aux("better", 0, 30.5, -9),
    Policy.VAL_INTERSECT_WITHOUT_DUPLICATES: aux("better", 5, 30, 100),
    Policy.VAL_COVER: aux("better", 0, 20, -9),
    Policy.VAL_INTERSECT: aux("better", 19, 21, -9),
    Policy.FULL_COVERAGE: aux("better", 19, 21, -9),
}
"""By policy, a product of which the sentence about the product below speaks."""


@pytest.mark.parametrize("policy", Policy)
def test_the_product_that_is_said_to_change_the_choice_does(policy: Policy) -> None:
    here = aux("here", 5, 30, 1)
    lookup = look(policy)
    assert choose(lookup, [here]) == [here]
    assert BETTER[policy] in choose(lookup, [here, BETTER[policy]])
    sentence = what_would_change(lookup, [here])
    assert sentence.startswith("a product of type AUX")
    for word, time in (("created after", here.creation_time), ("starting after", here.start)):
        if word in sentence:
            assert format_time(time) in sentence


def test_times_just_past_the_bound_that_is_said_change_the_choice() -> None:
    here = aux("here", 5, 30, 1)
    newer = here.model_copy(update={"name": "a", "creation_time": here.creation_time + US})
    assert choose(look(Policy.LATEST_VAL_COVER), [here, newer]) == [newer]
    later = here.model_copy(update={"name": "a", "stop": here.stop + US})
    assert choose(look(Policy.LATEST_STOP_VALIDITY), [here, later]) == [later]


def test_sentences() -> None:
    lookup = look(Policy.LATEST_VAL_COVER, satellite="C", instrument_configuration_id=6, polarisation="V", band="8A")
    sentence = what_would_change(lookup, [])
    assert sentence.startswith(
        "a product of type AUX of satellite C, instrument configuration 6, polarisation V, band 8A that covers 2024-"
    )
    old = aux("old", 0, 30)
    assert why_chosen(look(Policy.VAL_COVER), [old]).startswith("covers 2024-03-01T00:00:09.123457Z to ")
    assert "without a gap" in why_chosen(look(Policy.FULL_COVERAGE), [old, old])
    assert why_not(look(Policy.VAL_COVER, satellite="B"), old, []) == "is of satellite A, wanted is B"
    five = aux("five", 0, 30, attributes=Attributes(instrument_configuration_id=5, band="00"))
    assert "configuration 5, wanted is 6" in why_not(look(Policy.VAL_COVER, instrument_configuration_id=6), five, [])
    assert "band 00, wanted is 8A" in why_not(look(Policy.VAL_COVER, band="8A"), five, [])
    assert "polarisation not told, wanted is V" in why_not(look(Policy.VAL_COVER, polarisation="V"), five, [])
    assert "is of type" in why_not(look(Policy.VAL_COVER), make_product("x"), [])
    assert "came after the choice" in why_not(look(Policy.VAL_COVER), old, [])
