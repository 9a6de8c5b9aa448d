"""Answers that are shared between requests are those that the catalogue would have given each."""

from datetime import UTC, datetime, timedelta
from random import Random

from list_view import ListView
from nouns import make_product

from refsys.chains.cached_view import CachedView, Question
from refsys.chains.policies import SPANS, Span, choose
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
            known = view.recalled(Question(*(getattr(lookup, name) for name in Question._fields)))
            assert known is None or list(known) == choose(lookup, products)
            assert view.select(lookup) == choose(lookup, products)


def test_what_is_recalled_needs_no_question_and_is_the_choice_for_every_window_of_the_period() -> None:
    hour = timedelta(hours=1)
    products = [
        make_product(f"P{n}", product_type="AUX").model_copy(update={"start": EDGE - 9 * hour, "stop": EDGE + n * hour})
        for n in (13, 14)
    ]
    plain = ListView(products)
    view = CachedView(plain)
    steady = set(Policy) - {Policy.BEST_CENTRED_COVER, Policy.LATEST_VALIDITY_CLOSEST}
    for policy in steady:
        questions = [Question(policy, "AUX", "A", EDGE + n * US, EDGE + (n + 9) * US) for n in range(5)]
        for question in questions[:4]:
            view.select(question.lookup)
        asked, known = len(plain.asked), view.recalled(questions[4])
        assert len(plain.asked) == asked
        assert (known is None) == (SPANS[policy] is Span.ANY)
        assert known is None or list(known) == choose(questions[4].lookup, products)


def test_neighbours_data_takes_orbits_and_names_are_those_of_the_catalogue_until_something_arrives() -> None:
    dice = Random(5)
    plain = ListView()
    view = CachedView(plain)
    for number in range(300):
        if number % 30 == 0:
            said = Attributes(data_take_id=dice.choice("12"), absolute_orbit=dice.choice((7, 8)))
            plain.add(thrown(dice, f"N{number}").model_copy(update={"attributes": said}))
            view.arrived(plain.products[-1].product_type)
        types = dice.choice((("AUX",), ("AUX", "AUX2"), ("AUX2",), ()))
        satellite = dice.choice((None, "A", "B"))
        start, stop = sorted((dice.choice(TIMES), dice.choice(TIMES)))
        stop += US
        assert view.touching(types, satellite, start, stop) == plain.touching(types, satellite, start, stop)
        assert view.by_data_take(types, satellite, "1") == plain.by_data_take(types, satellite, "1")
        assert view.by_orbit(types, satellite, 7) == plain.by_orbit(types, satellite, 7)
        name = dice.choice(plain.products).name
        assert view.get(name) is plain.get(name)


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
