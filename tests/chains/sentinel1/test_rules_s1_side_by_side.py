"""Open chains and those of the agency's processors on the same arrivals: neither takes what the other made."""

from typing import Any

import pytest
from list_view import ListView
from nouns import at
from s1_rule_products import ask, chain_of, only_request, rule_of, s1_product, segment

from refsys.chains.chain_files import shipped_chains
from refsys.chains.relations import relations
from refsys.chains.rules import MainInputs
from refsys.chains.triggers import request_for, starting_by_themselves, triggered
from refsys.model.chains import TriggerRule
from refsys.model.products import InputRef, Product, Provenance

SHIPPED = {name: chain for name, chain in shipped_chains().items() if name.startswith("S1-")}
BOTH = starting_by_themselves(SHIPPED, ("S1-*",))
OPEN = starting_by_themselves(SHIPPED, ())
L1 = chain_of("s1-ipf-l1.yaml", "S1-IPF-L1-IW")


def made_by(chain: str | None, *inputs: Product) -> dict[str, Any]:
    if chain is None:
        return {"provenance": None}
    refs = tuple(
        InputRef(role="segments", name=one.name, product_type=one.product_type, digest=one.digest) for one in inputs
    )
    own = Provenance(software="t", chain=chain, chain_version="1", processor="p", processor_version="1", inputs=refs)
    return {"provenance": own}


def iw_slice(chain: str | None = "S1-L0ASP", *inputs: Product, **fields: Any) -> Product:
    said: dict[str, Any] = {"consolidation": "SLICE", "slice_number": 3, "polarisation": "DV"}
    return s1_product("slice", "IW_RAW__0S", 50, 82.4, **(said | made_by(chain, *inputs) | fields))


def started(product: Product, chains: dict[str, Any] | None = None) -> list[str]:
    view = ListView([product])
    return [request.chain for request in triggered(product, BOTH if chains is None else chains, view, at(0))]


def test_a_session_starts_both() -> None:
    session = s1_product("S1A_20240101000000000001", "S1_SESSION", 0, 10, figures={"channels": ["1", "2"]})
    assert started(session) == ["S1-L0", "S1-L0AIOP"]
    assert started(session, OPEN) == ["S1-L0"]


def test_the_agencys_segments_start_slicing_and_nothing_of_ours() -> None:
    assert started(segment("a", 0, 100, **made_by("S1-L0AIOP"))) == ["S1-L0ASP"]


def test_the_agencys_slices_start_the_agencys_level_1_and_2() -> None:
    assert started(iw_slice()) == ["S1-IPF-L1-IW", "S1-IPF-L2-IW"]


def test_our_level_0_starts_our_level_1_and_nothing_of_the_agency() -> None:
    ours = s1_product("ours", "IW_RAW__0S", 0, 100, consolidation="FULL", **made_by("S1-L0"))
    assert started(ours) == ["S1-L1-SLC"]
    stripmap = s1_product("ours", "S3_RAW__0S", 0, 100, consolidation="SLICE", slice_number=1, **made_by("S1-L0"))
    assert started(stripmap) == ["S1-L1-SLC"]


@pytest.mark.parametrize(
    ("maker", "wanted"),
    [("S1-IPF-L1-IW", []), ("S1-IPF-L1", []), ("S1-L1-SLC", ["S1-L1-GRD"]), (None, ["S1-L1-GRD"])],
)
def test_complex_images_by_who_made_them(maker: str | None, wanted: list[str]) -> None:
    assert started(s1_product("slc", "IW_SLC__1S", 0, 25, **made_by(maker))) == wanted


def test_what_came_from_outside_starts_what_it_did() -> None:
    assert started(iw_slice(None)) == ["S1-IPF-L1-IW", "S1-IPF-L2-IW", "S1-L1-SLC"]
    assert started(segment("a", 0, 100)) == ["S1-L0ASP", "S1-L1-SLC"]
    assert started(iw_slice(None), OPEN) == ["S1-L1-SLC"]


def test_the_graph_of_who_triggers_whom_has_no_arrow_between_the_two() -> None:
    open_ones = {"S1-L0", "S1-L1-SLC", "S1-L1-GRD"}
    triggers = [each for each in relations(BOTH) if each.kind == "triggers"]
    assert not [each for each in triggers if (each.maker in open_ones) != (each.taker in open_ones)]
    pairs = {(each.maker, each.taker) for each in triggers}
    assert {("S1-L0", "S1-L1-SLC"), ("S1-L1-SLC", "S1-L1-GRD"), ("S1-L0AIOP", "S1-L0ASP")} <= pairs
    assert ("S1-L0ASP", "S1-IPF-L1-IW") in pairs


def test_whoever_asks_gets_our_level_1_of_the_agencys_slice() -> None:
    request = request_for(iw_slice(), SHIPPED["S1-L1-SLC"])
    assert request.inputs == ("slice",)
    assert request.chain == "S1-L1-SLC"


def test_one_name_or_several() -> None:
    one = TriggerRule(arrival="IW_RAW__0S", not_made_by="A")
    several = TriggerRule(arrival="IW_RAW__0S", not_made_by=("A", "B"))
    makers = ["A", "A-NTC", "B", "B-IW", "AB", None]
    assert [one.takes_from(maker) for maker in makers] == [False, False, True, True, True, True]
    assert [several.takes_from(maker) for maker in makers] == [False, False, False, False, True, True]


def timeliness_of(*others: Product, one: Product) -> MainInputs:
    plain: dict[str, Any] = {"polarisation": "DV", "consolidation": "FULL", "slice_count": 20, "timeliness": None}
    companions = [s1_product(f"IW-{each}", f"IW_RAW__0{each}", 0, 503.6, **plain) for each in "ACN"]
    view = ListView([one, *companions, *others])
    rule = rule_of(L1, waits=[])
    found = ask(rule, L1, view, only_request(rule, L1, one, view), 0)
    assert isinstance(found, MainInputs)
    return found


def test_a_slice_has_the_timeliness_of_the_segments_it_was_made_of() -> None:
    nrt, fast = segment("n", 0, 100, timeliness="NRT"), segment("f", 100, 500, timeliness="FAST24")
    later = segment("z", 0, 500, timeliness="PT")
    one = iw_slice("S1-L0ASP", nrt, fast, timeliness=None)
    found = timeliness_of(later, fast, nrt, one=one)
    assert (found.timeliness, found.parameters["Timeliness_Category"]) == ("NRT", "NRT-3h")
    assert timeliness_of(later, fast, nrt, one=iw_slice("S1-L0ASP", fast, timeliness=None)).timeliness == "FAST24"


def test_a_slice_from_outside_has_that_of_the_segments_of_its_data_take() -> None:
    outside = iw_slice(None, timeliness=None)
    assert timeliness_of(segment("f", 0, 500, timeliness="FAST24"), one=outside).timeliness == "FAST24"
    other = segment("o", 0, 500, timeliness="NRT", data_take_id="2")
    assert timeliness_of(other, one=outside).timeliness is None
    assert timeliness_of(segment("f", 0, 500), one=iw_slice(None, timeliness="PT")).timeliness == "PT"
