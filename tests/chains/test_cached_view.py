"""Answers that are shared between requests are those that the catalogue would have given each."""

from datetime import UTC, datetime, timedelta
from random import Random

from list_view import ListView
from nouns import make_product

from refsys.chains.cached_view import CachedView
from refsys.chains.policies import choose
from refsys.model.attributes import Attributes
from refsys.model.lookups import Lookup, Policy
from refsys.model.products import Product

EDGE = datetime(2024, 3, 1, 6, tzinfo=UTC)
"""A time at which one period of the cache ends and the next begins."""

US = timedelta(microseconds=1)
TIMES = [EDGE + timedelta(hours=hour) + k * US for hour in (-13, -6, -1, 0, 1, 6, 7) for k in (-1, 0, 1)]


def thrown(dice: Random, name: str) -> Product:
    start, stop = sorted((dice.choice(TIMES), dice.choice(TIMES)))
    said = Attributes(instrument_configuration_id=dice.choice((None, 5, 6)))
    made = make_product(name, product_type=dice.choice(("AUX", "AUX2")), satellite=dice.choice("AB_"), attributes=said)
    return made.model_copy(update={"start": start, "stop": stop, "creation_time": dice.choice(TIMES[:3])})


def asked(dice: Random) -> Lookup:
    start, stop = sorted((dice.choice(TIMES), dice.choice(TIMES)))
    return Lookup(
        policy=dice.choice(list(Policy)),
        product_type=dice.choice(("AUX", "AUX2")),
        satellite=dice.choice((None, "A")),
        start=start,
        stop=stop,
        instrument_configuration_id=dice.choice((None, 5)),
    )


def test_the_answers_are_those_of_the_catalogue_also_at_the_edges_of_periods() -> None:
    dice = Random(7)
    for _ in range(20):
        products = [thrown(dice, f"P{number}") for number in range(dice.randint(0, 25))]
        view = CachedView(ListView(products))
        for lookup in (asked(dice) for _ in range(100)):
            assert view.select(lookup) == choose(lookup, products)


def test_many_windows_of_one_period_are_few_questions() -> None:
    products = [thrown(Random(n), f"P{n}") for n in range(20)]
    plain = ListView(products)
    view = CachedView(plain)
    for second in range(300):
        start = EDGE + timedelta(seconds=second)
        view.select(Lookup(policy=Policy.LATEST_VAL_COVER, product_type="AUX", start=start, stop=start + 60 * US))
    assert len(plain.asked) == 3


def test_what_arrives_is_seen_once_the_view_is_told() -> None:
    plain = ListView()
    view = CachedView(plain)
    lookups = [
        Lookup(policy=Policy.VAL_COVER, product_type="AUX", start=EDGE + n * US, stop=EDGE + n * US) for n in range(5)
    ]
    assert [view.select(lookup) for lookup in lookups] == [[]] * 5
    new = make_product("new", product_type="AUX").model_copy(update={"start": EDGE, "stop": EDGE + 9 * US})
    plain.add(new)
    view.arrived("AUX2")
    assert view.select(lookups[4]) == []
    view.arrived("AUX")
    assert [view.select(lookup) for lookup in lookups] == [[new]] * 5


def test_types_with_very_many_products_are_asked_one_by_one() -> None:
    one = make_product("one", product_type="AUX").model_copy(update={"start": EDGE, "stop": EDGE + US})
    plain = ListView([one.model_copy(update={"name": f"n{number}"}) for number in range(101)])
    view = CachedView(plain)
    for number in range(6):
        lookup = Lookup(policy=Policy.VAL_COVER, product_type="AUX", start=EDGE, stop=EDGE + (number % 2) * US)
        assert len(view.select(lookup.model_copy(update={"stop": EDGE, "band": None}))) == 101
    window = [EDGE - number * US for number in range(1, 6)]
    for start in window:
        assert view.select(Lookup(policy=Policy.VAL_COVER, product_type="AUX", start=start, stop=EDGE)) == []
    assert plain.asked[-1].start == window[-1]
