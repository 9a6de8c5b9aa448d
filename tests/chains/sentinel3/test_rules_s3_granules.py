"""Rules `s3-granules` and `s3-range` with the chains that have them."""

from typing import Any

import pytest
from nouns import at
from s3_rule_products import ask, chains, requests, s3_product

from refsys.chains.rules import Awaited, Discarded, MainInputs
from refsys.model.products import Product
from refsys.model.requests import ProductionRequest

OL1, OL1_NTC = "S3-OL1", "S3-OL1-NTC"


def packets(number: int, position: str = "INSIDE", **more: Any) -> Product:
    start = 120.0 * number
    return s3_product("OL_0_EFR___", start, start + 120, granule_number=number, granule_position=position, **more)


def wish(chain: str, product: Product) -> ProductionRequest:
    (request,) = requests(chains()[chain], product)
    return request


def names(answer: object, role: str) -> list[str]:
    assert isinstance(answer, MainInputs)
    return [product.name for product in answer.products[role]]


def test_a_product_waits_for_its_neighbours_and_is_the_first_of_them() -> None:
    own, others = packets(5), [packets(4), packets(6)]
    request = wish(OL1, own)
    alone = ask(chains()[OL1], request, [own, others[0]], 10)
    assert isinstance(alone, Awaited)
    assert alone.until == at(900)
    (lack,) = alone.missing
    assert (lack.product_type, lack.start, lack.stop) == ("OL_0_EFR___", at(600 - 8.8), at(720 + 8.8))
    answer = ask(chains()[OL1], request, [others[1], own, others[0]], 10)
    assert names(answer, "packets") == [own.name, others[0].name, others[1].name]
    assert isinstance(answer, MainInputs)
    assert (answer.start, answer.stop, answer.incomplete, answer.timeliness) == (own.start, own.stop, False, "NRT")
    assert answer.parameters["orderType"] == "NRT"


def test_at_the_ends_of_a_dump_no_neighbour_is_waited_for() -> None:
    first, second = packets(1, "FIRST"), packets(2)
    assert names(ask(chains()[OL1], wish(OL1, first), [first, second], 10), "packets") == [first.name, second.name]


def test_after_the_time_what_is_there_is_taken() -> None:
    own = packets(5)
    late = ask(chains()[OL1], wish(OL1, own), [own], 900)
    assert isinstance(late, MainInputs)
    assert late.incomplete


def test_of_two_versions_the_newest_is_taken_and_both_ask_for_the_same() -> None:
    old, new = packets(1, "FIRST"), packets(1, "FIRST", version=1)
    assert wish(OL1, old).key == wish(OL1, new).key
    answer = ask(chains()[OL1], wish(OL1, old), [old, new, packets(2)], 10)
    assert names(answer, "packets")[0] == new.name
    assert old.name not in names(answer, "packets")


def test_units_and_what_they_are_cut_from_do_not_mix() -> None:
    whole, unit = packets(1, "FIRST"), packets(2, made_by="S3-PUG")
    assert requests(chains()[OL1], unit) == []
    assert requests(chains()[OL1_NTC], whole) == []
    assert len(requests(chains()[OL1_NTC], unit)) == 1
    answer = ask(chains()[OL1_NTC], wish(OL1_NTC, unit), [whole, unit], 900)
    assert names(answer, "packets") == [unit.name]


@pytest.mark.parametrize(("told", "made"), [("RAC", "S3-OL1-RAC"), ("SPC", "S3-OL1-SPC"), (None, None)])
def test_calibration_goes_by_its_class(told: str | None, made: str | None) -> None:
    product = s3_product("OL_0_CR0___", 0, 100, calibration_class=told, granule_number=1, granule_position="NONE")
    for name in ("S3-OL1-RAC", "S3-OL1-SPC"):
        answer = ask(chains()[name], wish(name, product), [product], 900)
        assert isinstance(answer, MainInputs if name == made else Discarded)


def test_a_level_0_granule_tells_its_facts_and_waits_for_telemetry() -> None:
    chain = chains()["S3-L0P-OL-EFR"]
    figures = {"receivingStartTime": "2024-03-01T00:00:00"}
    granule = s3_product(
        "OL_0_EFR__G", 0, 100, granule_number=3, granule_position="LAST", dump_start=at(-0.123457), figures=figures
    )
    (request,) = requests(chain, granule)
    assert request.product_type == "OL_0_EFR___"
    telemetry = s3_product("TM_0_NAT___", -1, 101)
    assert isinstance(ask(chain, request, [granule], 899), Awaited)
    answer = ask(chain, request, [granule, telemetry], 1)
    assert isinstance(answer, MainInputs)
    told = {key: answer.parameters[key] for key in ("granuleNumber", "granulePosition", "dumpStart", "orderType")}
    assert told == {
        "granuleNumber": "3",
        "granulePosition": "LAST",
        "dumpStart": "2024-02-29T23:59:59.000000",
        "orderType": "NR",
    }
    assert answer.parameters["receivingStartTime"] == figures["receivingStartTime"]
    assert set(answer.products) == {"granule", "telemetry"}


def test_synergy_takes_what_slstr_saw_at_the_same_time_of_its_timeliness() -> None:
    chain = chains()["S3-SY2-STC"]
    olci = s3_product("OL_1_EFR___", 0, 300, timeliness="NRT")
    slstr = [s3_product("SL_1_RBT___", a, a + 180, timeliness="NRT") for a in (-60, 121, 302)]
    later = s3_product("SL_1_RBT___", -60, 400, timeliness="NTC")
    (request,) = requests(chain, olci)
    assert isinstance(ask(chain, request, [olci, slstr[0], later], 1), Awaited)
    answer = ask(chain, request, [olci, *slstr, later], 1)
    assert names(answer, "SL_1_RBT___") == [slstr[0].name, slstr[1].name]
    assert isinstance(answer, MainInputs)
    assert answer.timeliness == "STC"


def test_what_is_mandatory_is_waited_for_beyond_the_time_and_what_is_optional_is_not() -> None:
    chain = chains()["S3-SM2-HY"]
    echoes, land = (s3_product(kind, 0, 100, timeliness="NRT") for kind in ("SR_1_SRA_A_", "SR_1_LAN_RD"))
    (request,) = requests(chain, echoes)
    assert request.product_type == "SR_2_LAN_HY"
    waiting = ask(chain, request, [echoes], 10_000)
    assert isinstance(waiting, Awaited)
    assert waiting.until is None
    assert isinstance(ask(chain, request, [echoes, land], 899), Awaited)
    answer = ask(chain, request, [echoes, land], 900)
    assert isinstance(answer, MainInputs)
    assert set(answer.products) == {"SR_1_SRA_A_", "SR_1_LAN_RD"}


def test_a_request_by_hand_names_its_product() -> None:
    own = packets(1, "FIRST")
    by_hand = ProductionRequest(chain=OL1, product_type="OL_1_EFR___", inputs=(own.name,))
    assert isinstance(ask(chains()[OL1], by_hand, [own, packets(2)], 0), MainInputs)
    awaited = ask(chains()[OL1], by_hand, [], 0)
    assert isinstance(awaited, Awaited)
    assert awaited.missing[0].name == own.name
    nothing = ProductionRequest(chain=OL1, product_type="OL_1_EFR___")
    assert isinstance(ask(chains()[OL1], nothing, [own], 0), Discarded)


def scans(number: int, orbit: int = 7) -> Product:
    """Return a product of 300 s of an orbit whose ascending node is at 0 s."""
    start = 300.0 * number
    return s3_product(
        "SL_0_SLT___",
        start,
        start + 300,
        granule_number=number,
        absolute_orbit=orbit,
        node_before=at(0),
        node_after=at(6060),
    )


VSC = "S3-SL1-VSC"


def test_the_part_of_the_orbit_with_the_diffuser_makes_one_request() -> None:
    asked = [requests(chains()[VSC], scans(number)) for number in range(20)]
    touching = [number for number in range(20) if 300 * number <= 5528 and 300 * number + 300 >= 4138]
    assert [number for number, found in enumerate(asked) if found] == touching
    assert len({request.key for found in asked for request in found}) == 1


def test_the_part_is_complete_when_its_products_follow_each_other() -> None:
    products = [scans(number) for number in range(13, 19)]
    (request,) = requests(chains()[VSC], products[2])
    assert isinstance(ask(chains()[VSC], request, products[:-1], 1), Awaited)
    answer = ask(chains()[VSC], request, products, 1)
    assert isinstance(answer, MainInputs)
    assert (answer.start, answer.stop) == (at(4138), at(5528))
    assert len(answer.products["packets"]) == 6


def test_the_end_of_an_orbit_that_only_a_product_before_the_node_tells() -> None:
    before = s3_product("SL_0_SLT___", 5900, 6200, absolute_orbit=7, node_before=at(0), node_after=at(6060))
    assert requests(chains()[VSC], before) == []
    next_part = scans(0, orbit=8).model_copy(update={"start": at(6060 + 4200), "stop": at(6060 + 4500)})
    own = next_part.attributes.model_copy(update={"node_before": at(6060), "node_after": at(12120)})
    product = next_part.model_copy(update={"attributes": own})
    (request,) = requests(chains()[VSC], product)
    assert request.subject["orbit"] == "8"
    answer = ask(chains()[VSC], request, [before, product], 900)
    assert isinstance(answer, MainInputs)
    assert answer.start == at(6060 + 4138)
