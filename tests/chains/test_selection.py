"""Selection of the inputs of a request: alternatives, margins, bounds, modes, references, rules, waits, overrides."""

from datetime import timedelta
from typing import Any

import pytest
from list_view import ListView
from nouns import T0, at, make_product

from refsys.chains.cached_view import CachedView
from refsys.chains.main_inputs import REFUSED
from refsys.chains.rules import RULES, Awaited, Discarded, MainInputs, Moment, RuleView, rule
from refsys.chains.selection import Override, Selection, begun, longest_wait_end, select
from refsys.model.attributes import Attributes
from refsys.model.chains import Chain
from refsys.model.errors import ConfigInvalid, InputCorrupt, PlanInvalid
from refsys.model.lookups import Policy
from refsys.model.products import Product
from refsys.model.requests import MissingInput, ProductionRequest
from refsys.model.values import Value

US = 1e-6


def chain(*inputs: dict[str, Any], **fields: Any) -> Chain:
    main = {"role": "main", "types": ["MAIN"]}
    step = {"name": "only", "unit": "toy:only", "outputs": ["OUT"]}
    given = {"name": "TEST", "version": "1", "title": "", "inputs": [main, *inputs], "steps": [step]} | fields
    return Chain.model_validate(given)


def aux(name: str, start: float = -10, stop: float = 20, **fields: Any) -> Product:
    said = Attributes(**{key: fields.pop(key) for key in list(fields) if key in Attributes.model_fields})
    return make_product(name, start, stop, attributes=said, **({"product_type": "AUX"} | fields))


MAIN = make_product("main", 0, 10, product_type="MAIN")


def chosen(selection: Selection, role: str = "aux") -> list[str]:
    return [ref.name for ref in selection.chosen.get(role, ())]


def ask(
    wanted: Chain, *products: Product, now: float = 0, main: Product = MAIN, by_hand: Any = None, **fields: Any
) -> Selection:
    request = ProductionRequest(chain="TEST", product_type="OUT", **({"inputs": (main.name,)} | fields))
    moment = Moment(now=at(now), accepted_at=begun(request, T0))
    return select(request, wanted, ListView((main, *products)), moment, by_hand)


def cover(**fields: Any) -> dict[str, Any]:
    return {"role": "aux", "types": ["AUX"], "policy": "LatestValCover"} | fields


# --- alternatives, margins, bounds ---


def test_the_first_alternative_that_is_found_wins_whatever_is_newer() -> None:
    precise = {"types": ["AUX_POEORB"], "policy": "LatestValCover"}
    others = {"types": ["AUX_RESORB", "AUX_PREORB"], "policy": "LatestValCover"}
    wanted = chain({"role": "aux", "alternatives": [precise, others]})
    poe = aux("poe", product_type="AUX_POEORB", creation_time=at(0))
    res = aux("res", product_type="AUX_RESORB", creation_time=at(5))
    pre = aux("pre", product_type="AUX_PREORB", creation_time=at(9))
    assert chosen(ask(wanted, pre, res, poe)) == ["poe"]
    assert chosen(ask(wanted, pre, res)) == ["res"]
    assert chosen(ask(wanted, pre)) == ["pre"]
    lacks = ask(wanted).missing
    assert [lack.product_type for lack in lacks] == ["AUX_POEORB", "AUX_RESORB", "AUX_PREORB"]
    assert {(lack.start, lack.stop) for lack in lacks} == {(MAIN.start, MAIN.stop)}


def test_margins_are_not_rounded() -> None:
    wanted = chain(cover(before_s=1.4, after_s=0.6))
    assert chosen(ask(wanted, aux("exact", -1.4, 10.6))) == ["exact"]
    assert chosen(ask(wanted, aux("late", -1.4 + US, 10.6))) == []
    assert chosen(ask(wanted, aux("short", -1.4, 10.6 - US))) == []
    (lack,) = ask(wanted).missing
    assert (lack.start, lack.stop) == (at(-1.4), at(10.6))


def test_margins_may_narrow_the_window_but_not_turn_it_round() -> None:
    assert chosen(ask(chain(cover(before_s=-4, after_s=-4)), aux("narrow", 4, 6))) == ["narrow"]
    with pytest.raises(PlanInvalid, match="aux: the margins leave no window"):
        ask(chain(cover(before_s=-6, after_s=-6)))


def test_margins_beyond_the_calendar_end_with_it() -> None:
    assert chosen(ask(chain(cover(policy="ValIntersect", before_s=1e12, after_s=1e12)), aux("any"))) == ["any"]


@pytest.mark.parametrize(("count", "found"), [(1, 0), (2, 2), (3, 3), (4, 0)])
def test_fewer_than_least_and_more_than_most_is_nothing(count: int, found: int) -> None:
    wanted = chain(cover(policy="ValIntersect", least=2, most=3))
    selection = ask(wanted, *(aux(f"a{number}", number, number + 1) for number in range(count)))
    assert len(chosen(selection)) == found
    if not found:
        assert f"{count} found, at {'least 2 needed' if count < 2 else 'most 3 allowed'}" in selection.choices[1].reason


def test_a_later_type_is_taken_where_the_first_has_too_few() -> None:
    wanted = chain({"role": "aux", "types": ["AUX", "AUX2"], "policy": "ValIntersect", "least": 2})
    two = [aux(f"b{number}", product_type="AUX2") for number in range(2)]
    assert chosen(ask(wanted, aux("a"), *two)) == ["b0", "b1"]


# --- what fits ---


def test_satellite_of_the_main_input_and_those_for_all() -> None:
    main = make_product("main", 0, 10, product_type="MAIN", satellite="D")
    everybody = aux("all", satellite="_", creation_time=at(1))
    wanted = chain(cover(policy="ValCover"))
    selection = ask(wanted, aux("a"), aux("d", satellite="D", creation_time=at(2)), everybody, main=main)
    assert chosen(selection) == ["all", "d"]


def test_a_main_input_for_all_satellites_takes_any() -> None:
    main = make_product("main", 0, 10, product_type="MAIN", satellite="_")
    assert chosen(ask(chain(cover(policy="ValCover")), aux("a"), aux("b", satellite="B"), main=main)) == ["a", "b"]


def test_instrument_configuration_counts_for_its_types_only() -> None:
    own = Attributes(instrument_configuration_id=6)
    main = make_product("main", 0, 10, product_type="MAIN", attributes=own)
    for kind, expected in (("AUX_CAL", ["none", "six"]), ("AUX_OTHER", ["five", "none", "six"])):
        products = [
            aux("five", product_type=kind, instrument_configuration_id=5),
            aux("six", product_type=kind, instrument_configuration_id=6),
            aux("none", product_type=kind),
        ]
        assert chosen(ask(chain(cover(types=[kind], policy="ValCover")), *products, main=main)) == expected


@pytest.mark.parametrize(("said", "expected"), [("SV", "v"), ("DV", "v"), ("SH", "h"), ("DH", "h")])
def test_transmitted_polarisation_counts_for_error_matrices(said: str, expected: str) -> None:
    main = make_product("main", 0, 10, product_type="MAIN", attributes=Attributes(polarisation=said))
    pair = [aux("v", product_type="AUX_ECE", polarisation="V"), aux("h", product_type="AUX_ECE", polarisation="H")]
    assert chosen(ask(chain(cover(types=["AUX_ECE"])), *pair, main=main)) == [expected]
    others = [aux("v", polarisation="V"), aux("h", polarisation="H")]
    assert chosen(ask(chain(cover(policy="ValCover")), *others, main=main)) == ["h", "v"]


def test_inputs_of_other_modes_are_left_out() -> None:
    wanted = chain(cover(modes=["NTC"]), mode="NRT")
    selection = ask(wanted, aux("a"))
    assert selection.is_complete
    assert chosen(selection) == []
    assert selection.choices[1].reason == "only in mode NTC"
    assert chosen(ask(chain(cover(modes=["NRT", "NTC"]), mode="NTC"), aux("a"))) == ["a"]


def test_references_take_what_the_other_has_also_forward_and_through_another() -> None:
    wanted = chain({"role": "copy", "same_as": "second"}, {"role": "second", "same_as": "aux"}, cover())
    selection = ask(wanted, aux("a"))
    assert [chosen(selection, role) for role in ("copy", "second", "aux")] == [["a"]] * 3
    assert {ref.role for refs in selection.chosen.values() for ref in refs} == {"main", "copy", "second", "aux"}
    lacks = ask(wanted).missing
    assert {(lack.role, lack.product_type) for lack in lacks} == {(role, "AUX") for role in ("copy", "second", "aux")}


def test_references_in_a_circle_and_to_nothing_are_named() -> None:
    with pytest.raises(ConfigInvalid, match="each the same as the other: x, y"):
        ask(chain({"role": "x", "same_as": "y"}, {"role": "y", "same_as": "x"}))
    with pytest.raises(ConfigInvalid, match="input x is the same as nobody"):
        ask(chain({"role": "x", "same_as": "nobody"}))


def test_without_an_interval_only_the_latest_can_be_chosen() -> None:
    wanted = chain(cover(policy="LatestStopValidity"), cover(role="covering", mandatory=False))
    selection = ask(wanted, aux("a", 0, 5), aux("b", 1, 4), inputs=())
    assert chosen(selection) == ["a"]
    assert selection.choices[2].reason == "the interval that it must fit is not known"


# --- waits ---


def test_an_optional_input_is_awaited_until_both_waits_are_over() -> None:
    later = make_product("main", 100, 110, product_type="MAIN")
    wanted = chain(cover(mandatory=False, wait={"after_acceptance_s": 1800, "after_sensing_s": 60}))
    early = chain(cover(mandatory=False, wait={"after_acceptance_s": 10, "after_sensing_s": 57600}))
    for which, deadline in ((wanted, 1800.0), (early, 57700.0)):
        before = ask(which, main=later, now=deadline - US)
        assert not before.is_complete
        assert before.until == at(deadline)
        assert before.choices[1].awaited_until == at(deadline)
        assert [lack.product_type for lack in before.missing] == ["AUX"]
        after = ask(which, main=later, now=deadline)
        assert after.is_complete
        assert after.until is None
        assert chosen(ask(which, aux("a", 0, 200), main=later, now=0)) == ["a"]


def test_who_does_not_want_to_wait_goes_without() -> None:
    assert ask(chain(cover(mandatory=False, wait={"after_acceptance_s": 60})), wait=False).is_complete
    assert ask(chain(cover(mandatory=False))).is_complete


def test_what_is_mandatory_is_awaited_first_and_without_a_deadline() -> None:
    wanted = chain(cover(role="orbit", mandatory=False, wait={"after_acceptance_s": 60}), cover())
    selection = ask(wanted)
    assert [lack.role for lack in selection.missing] == ["aux"]
    assert selection.until is None


def test_of_several_optional_inputs_the_last_deadline_counts() -> None:
    wanted = chain(
        cover(mandatory=False, wait={"after_acceptance_s": 60}),
        cover(role="b", types=["B"], mandatory=False, wait={"after_acceptance_s": 90}),
    )
    selection = ask(wanted)
    assert (selection.until, len(selection.missing)) == (at(90), 2)
    assert ask(wanted, now=60).until == at(90)
    assert [lack.role for lack in ask(wanted, now=60).missing] == ["b"]


def test_no_wait_is_longer_than_the_longest() -> None:
    wanted = chain(cover(mandatory=False, wait={"after_sensing_s": 1e7}), longest_wait_h=1)
    assert ask(wanted).until == at(3600)
    assert ask(wanted, now=3600).is_complete


def test_a_delayed_request_waits_from_the_end_of_its_delay() -> None:
    request = ProductionRequest(chain="TEST", product_type="OUT", not_before=at(1000))
    assert longest_wait_end(request, chain(longest_wait_h=1), T0) == at(4600)
    assert longest_wait_end(request, chain(longest_wait_h=1), at(2000)) == at(5600)


# --- chains with a rule ---


@rule("test-selection")
class OfTests(Value):
    """Answers what the parameters of the chain say."""

    answer: str = "main"

    def requests(self, product: Product, chain: Chain, view: RuleView, now: Any) -> list[ProductionRequest]:
        return []

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        if self.answer == "discard":
            return Discarded(reason="a lone polarisation")
        if self.answer == "wait":
            lack = MissingInput(role="main", product_type="MAIN")
            return Awaited(missing=(lack,), until=at(900), reason="granule 3 is not there")
        found = view.touching(["MAIN"], "A", at(-100), at(100))
        return MainInputs(
            products={"main": tuple(found)},
            start=at(0),
            stop=at(10),
            satellite="A",
            windows={"segment": (at(-50), at(50))},
            instrument_configuration_id=6,
            reason="two pieces",
        )


def ruled(*inputs: dict[str, Any], answer: str = "main") -> Chain:
    main = {"role": "main", "types": ["MAIN"], "policy": "rule"}
    choice = {"name": "test-selection", "parameters": {"answer": answer}}
    made = chain(*inputs, rule=choice)
    return Chain.model_validate({**made.plain(), "inputs": [main, *inputs]})


def test_the_rule_gives_main_inputs_interval_windows_and_instrument() -> None:
    pieces = [make_product(f"m{number}", number, number + 1, product_type="MAIN") for number in (5, 1)]
    orbit = cover(role="orbit", window="segment")
    cal = cover(role="cal", types=["AUX_CAL"])
    calibrations = [aux(f"cal{n}", product_type="AUX_CAL", instrument_configuration_id=n) for n in (6, 7)]
    selection = ask(
        ruled(cover(), orbit, cal), *pieces, aux("short", 0, 10), aux("long", -50, 50), *calibrations, inputs=()
    )
    assert chosen(selection, "main") == ["main", "m1", "m5"]
    assert chosen(selection, "orbit") == ["long"]
    assert chosen(selection, "cal") == ["cal6"]
    assert selection.main_inputs is not None
    assert selection.main_inputs.reason == "two pieces"
    assert selection.choices[0].policy == "rule"


def test_a_rule_may_await_and_discard() -> None:
    waiting = ask(ruled(cover(), answer="wait"), aux("a"))
    assert (waiting.until, waiting.missing[0].product_type) == (at(900), "MAIN")
    assert waiting.choices[0].reason == "granule 3 is not there"
    discarded = ask(ruled(answer="discard"))
    assert discarded.discarded == "a lone polarisation"
    assert not discarded.is_complete


def test_a_window_that_no_rule_gives_is_named() -> None:
    with pytest.raises(PlanInvalid, match="no interval is called 'orbit'"):
        ask(ruled(cover(window="orbit")))
    with pytest.raises(PlanInvalid, match="no interval is called 'segment'"):
        ask(chain(cover(window="segment")))


def test_an_unknown_rule_and_a_refused_product_are_named() -> None:
    with pytest.raises(ConfigInvalid, match="no rule 'test-nothing'"):
        ask(chain(rule={"name": "test-nothing"}))
    with pytest.raises(InputCorrupt, match="no data take"):
        ask(chain(), subject={REFUSED: "no data take"})


def test_rules_of_tests_are_registered_once() -> None:
    assert RULES["test-selection"] is OfTests


# --- chosen by hand ---


def hand(*names: str) -> dict[str, Override]:
    return {"aux": Override(products=names, by="me", at=T0, reason="the new one is wrong")}


def test_what_a_person_chose_is_taken_although_it_does_not_fit() -> None:
    old, new = aux("old", -90, -80), aux("new")
    selection = ask(chain(cover()), old, new, by_hand=hand("old"))
    assert chosen(selection) == ["old"]
    assert selection.choices[1].policy == "by hand"
    assert "me" in selection.choices[1].reason
    assert "the new one is wrong" in selection.choices[1].reason


def test_what_a_person_chose_and_is_gone_is_awaited_by_name() -> None:
    (lack,) = ask(chain(cover()), aux("new"), by_hand=hand("old")).missing
    assert (lack.role, lack.name) == ("aux", "old")


def test_a_main_input_chosen_by_hand_gives_the_interval() -> None:
    other = make_product("other", 500, 510, product_type="MAIN")
    by_hand = {"main": Override(products=("other",), by="me", at=T0, reason="r")}
    selection = ask(chain(cover()), other, aux("a"), aux("b", 490, 520), by_hand=by_hand)
    assert (chosen(selection, "main"), chosen(selection)) == (["other"], ["b"])


# --- the cache of a round ---


def test_requests_of_one_round_share_their_lookups() -> None:
    view = ListView((MAIN, aux("a")))
    shared = CachedView(view)
    wanted = chain(cover(), cover(role="again"))
    request = ProductionRequest(chain="TEST", product_type="OUT", inputs=("main",))
    moment = Moment(now=T0, accepted_at=T0)
    for _ in range(3):
        assert chosen(select(request, wanted, shared, moment)) == ["a"]
    assert len(view.asked) == 1
    view.add(aux("b", creation_time=at(99999)))
    assert chosen(select(request, wanted, shared, moment)) == ["a"]
    shared.arrived("OTHER")
    assert chosen(select(request, wanted, shared, moment)) == ["a"]
    shared.arrived("AUX")
    assert chosen(select(request, wanted, shared, moment)) == ["b"]


def test_every_choice_tells_what_was_asked() -> None:
    choice = ask(chain(cover(before_s=1)), aux("a")).choices[1]
    (tried,) = choice.tried
    assert (tried.lookup.policy, tried.lookup.start) == (Policy.LATEST_VAL_COVER, MAIN.start - timedelta(seconds=1))
    assert tried.found == ("a",)
    assert "created last of those that fit" in choice.reason
