"""Triggers: types, satellites, timeliness, names, delays, and rules that ask for other than one request per arrival."""

from datetime import datetime
from typing import Any

from list_view import ListView
from nouns import T0, at, make_product

from refsys.chains.main_inputs import REFUSED
from refsys.chains.rules import RuleView, rule
from refsys.chains.triggers import request_for, triggered
from refsys.model.attributes import Attributes
from refsys.model.chains import Chain
from refsys.model.errors import InputCorrupt
from refsys.model.products import Product
from refsys.model.requests import ProductionRequest
from refsys.model.values import Value


def chain(*triggers: dict[str, Any], name: str = "TEST", **fields: Any) -> Chain:
    step = {"name": "only", "unit": "toy:only", "outputs": ["OUT"]}
    given = {"name": name, "version": "1", "title": "", "triggers": triggers, "steps": [step]} | fields
    return Chain.model_validate({"inputs": [{"role": "main", "types": ["IN"]}], **given})


def wanted(product: Product, *chains: Chain, now: datetime = T0) -> list[ProductionRequest]:
    return triggered(product, {each.name: each for each in chains}, ListView([product]), now)


def arrival(**fields: Any) -> Product:
    return make_product("in", 0, 10, **({"product_type": "IN"} | fields))


def test_type_satellite_and_name_must_fit() -> None:
    assert len(wanted(arrival(), chain({"arrival": "I?"}))) == 1
    assert wanted(arrival(product_type="INN"), chain({"arrival": "I?"})) == []
    assert wanted(arrival(), chain({"arrival": "IN", "satellites": ["B"]})) == []
    assert len(wanted(arrival(satellite="D"), chain({"arrival": "IN", "satellites": ["C", "D"]}))) == 1
    assert wanted(arrival(), chain({"arrival": "IN", "names": "i"})) == []


def test_timeliness_must_be_one_of_those_named_and_unknown_fits_only_any() -> None:
    urgent = chain({"arrival": "IN", "timeliness": ["NRT", "PT"]})
    assert len(wanted(arrival(attributes=Attributes(timeliness="NRT")), urgent)) == 1
    assert wanted(arrival(attributes=Attributes(timeliness="NTC")), urgent) == []
    assert wanted(arrival(), urgent) == []
    assert len(wanted(arrival(), chain({"arrival": "IN"}))) == 1


def test_a_delay_counts_from_the_arrival_and_is_not_part_of_the_wish() -> None:
    late = chain({"arrival": "IN", "delay_s": 44 * 3600})
    (first,) = wanted(arrival(), late)
    (second,) = wanted(arrival(), late, now=at(5))
    assert (first.not_before, second.not_before) == (at(44 * 3600), at(44 * 3600 + 5))
    assert first.key == second.key == request_for(arrival(), late).key


def test_of_several_triggers_that_fire_the_shortest_delay_counts_and_one_request_is_made() -> None:
    both = chain({"arrival": "IN", "delay_s": 60}, {"arrival": "I?", "delay_s": 30})
    (request,) = wanted(arrival(), both)
    assert request.not_before == at(30)


def test_chains_are_asked_in_order_of_name() -> None:
    names = [each.chain for each in wanted(arrival(), *(chain({"arrival": "IN"}, name=name) for name in "BCA"))]
    assert names == ["A", "B", "C"]


@rule("test-triggers")
class ByDay(Value):
    """One request for each day and satellite; a product without a data take cannot be placed."""

    def requests(self, product: Product, chain: Chain, view: RuleView, now: datetime) -> list[ProductionRequest]:
        if product.attributes.data_take_id is None:
            raise InputCorrupt("no data take", where=product.name)
        made = request_for(product, chain)
        day = {"day": product.start.date().isoformat()}
        return [made.model_copy(update={"inputs": (), "subject": day, "not_before": at(100)})]

    def main(self, *given: Any) -> Any:
        raise AssertionError("not asked here")


def test_a_rule_makes_one_request_of_many_arrivals_and_the_later_delay_counts() -> None:
    daily = chain({"arrival": "IN", "delay_s": 10}, rule={"name": "test-triggers"})
    said = Attributes(data_take_id="7")
    products = [make_product(name, 0, 10, product_type="IN", attributes=said) for name in ("x", "y")]
    requests = [request for product in products for request in wanted(product, daily)]
    assert len({request.key for request in requests}) == 1
    assert {request.not_before for request in requests} == {at(100)}
    assert wanted(products[0], daily, now=at(95))[0].not_before == at(105)


def test_a_product_that_the_rule_cannot_place_becomes_a_request_that_fails_with_the_reason() -> None:
    daily = chain({"arrival": "IN"}, rule={"name": "test-triggers"})
    unknown = chain({"arrival": "IN"}, name="OTHER", rule={"name": "test-not-there"})
    first, second = wanted(arrival(), unknown, daily)
    assert (first.inputs, second.inputs) == (("in",), ("in",))
    assert "no rule 'test-not-there'" in first.subject[REFUSED]
    assert "no data take" in second.subject[REFUSED]
