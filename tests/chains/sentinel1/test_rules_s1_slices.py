"""Rule `s1-slices`: companions, segment window, parameters, waiting for the orbit, sea and areas."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from list_view import ListView
from nouns import at, square
from s1_rule_products import HOUR, Answer, ask, chain_of, only_request, rule_of, s1_product

from refsys.chains.rules import Awaited, Discarded, MainInputs
from refsys.model.chains import Chain
from refsys.model.errors import ConfigInvalid
from refsys.model.products import Product

L1 = chain_of("s1-ipf-l1.yaml", "S1-IPF-L1-IW")
EW_SLC = chain_of("s1-ipf-l1.yaml", "S1-IPF-L1-EW-SLC")
WAVE = chain_of("s1-ipf-l1.yaml", "S1-IPF-L1-WV")
L2 = chain_of("s1-ipf-l2.yaml", "S1-IPF-L2-IW")


def one_slice(beam: str = "IW", **fields: Any) -> Product:
    said = {"consolidation": "SLICE", "slice_number": 3, "polarisation": "DV", "instrument_configuration_id": 6}
    return s1_product(f"{beam}-slice", f"{beam}_RAW__0S", 50, 82.4, **(said | fields))


def companion(which: str, beam: str = "IW", **fields: Any) -> Product:
    plain = {"polarisation": "DV", "consolidation": "FULL", "slice_number": 1}
    if which == "A":
        plain["slice_count"] = 20
    return s1_product(fields.pop("name", f"{beam}-{which}"), f"{beam}_RAW__0{which}", 0, 503.6, **(plain | fields))


def orbit(kind: str = "AUX_RESORB", start: float = -100, stop: float = 600) -> Product:
    return s1_product(f"{kind}{start}", kind, start, stop, data_take_id=None, timeliness=None)


def answer(chain: Chain, products: list[Product], now: float = 0, since: float = 0, **changed: Any) -> Answer:
    rule, view = rule_of(chain, **changed), ListView(products)
    return ask(rule, chain, view, only_request(rule, chain, products[0], view), now, since=since)


def taken(found: Answer) -> MainInputs:
    assert isinstance(found, MainInputs), found
    return found


def test_a_slice_is_taken_with_the_companions_of_its_data_take() -> None:
    found = taken(answer(L1, [one_slice(), *map(companion, "ACN"), orbit()]))
    assert {role: [one.name for one in products] for role, products in found.products.items()} == {
        "slice": ["IW-slice"],
        "annotation": ["IW-A"],
        "calibration": ["IW-C"],
        "noise": ["IW-N"],
    }
    assert (found.start, found.stop) == (at(50), at(82.4))
    assert found.sensing == found.windows["segment"] == (at(0), at(503.6))
    assert (found.instrument_configuration_id, found.polarisation, found.timeliness) == (6, "DV", "FAST24")


def test_the_processor_is_told_which_slice_of_how_many() -> None:
    assert taken(answer(L1, [one_slice(), *map(companion, "ACN"), orbit()])).parameters == {
        "Mission_Id": "S1A",
        "Slice_Number": "3",
        "Total_Number_Of_Slices": "20",
        "Slice_Length": "25.0",
        "Slice_Overlap": "7.4",
        "Timeliness_Category": "Fast-24h",
        "Application_LUT": "IW_Default",
    }


@pytest.mark.parametrize(("timeliness", "category"), [("PT", "NRT-3h"), ("NRT", "NRT-3h"), ("FAST24", "Fast-24h")])
def test_the_category_of_a_timeliness(timeliness: str, category: str) -> None:
    found = taken(answer(L1, [one_slice(timeliness=timeliness), *map(companion, "ACN"), orbit()]))
    assert found.parameters["Timeliness_Category"] == category


def test_what_is_not_known_is_left_to_the_task_table() -> None:
    chain = chain_of("s1-ipf-l1.yaml", "S1-IPF-L1-AN")
    parts = [companion(each, "N2", slice_count=None, timeliness=None) for each in "ACN"]
    found = taken(answer(chain, [one_slice("N2", timeliness=None), *parts, orbit()]))
    assert found.parameters == {"Mission_Id": "S1A", "Slice_Number": "3", "Application_LUT": "AN_Default"}


def test_slices_are_counted_where_the_annotation_does_not_say() -> None:
    parts = [companion(each, slice_count=None) for each in "ACN"]
    assert taken(answer(L1, [one_slice(), *parts, orbit()])).parameters["Total_Number_Of_Slices"] == "20"


@pytest.mark.parametrize("absent", "ACN")
def test_without_a_companion_the_slice_waits_for_it_alone(absent: str) -> None:
    present = [companion(each) for each in "ACN" if each != absent]
    found = answer(L1, [one_slice(), *present, orbit()], 1000 * HOUR)
    assert isinstance(found, Awaited)
    assert found.until is None
    assert [lack.product_type for lack in found.missing] == [f"IW_RAW__0{absent}"]


@pytest.mark.parametrize(
    "other",
    [{"data_take_id": "2"}, {"satellite": "B"}, {"polarisation": "SV"}, {"start": at(83), "stop": at(90)}],
    ids=str,
)
def test_companions_of_another_acquisition_do_not_count(other: dict[str, Any]) -> None:
    wrong = companion("A", **{key: value for key, value in other.items() if key not in ("start", "stop")})
    wrong = wrong.model_copy(update={key: value for key, value in other.items() if key in ("start", "stop")})
    assert isinstance(answer(L1, [one_slice(), wrong, companion("C"), companion("N"), orbit()]), Awaited)


def test_of_two_annotations_the_newest_is_taken() -> None:
    twice = [companion("A", name=name, creation_time=at(time)) for name, time in (("b", 1e4), ("a", 2e4))]
    found = taken(answer(L1, [one_slice(), *twice, companion("C"), companion("N"), orbit()]))
    assert found.products["annotation"][0].name == "a"


@pytest.mark.parametrize(("timeliness", "until"), [("NRT", 1800), ("PT", 1800), ("FAST24", 50 + 57600)])
def test_slices_wait_for_their_orbit_as_long_as_their_timeliness_allows(timeliness: str, until: float) -> None:
    products = [one_slice(timeliness=timeliness), *map(companion, "ACN")]
    waiting = answer(L1, products, until - 1)
    assert isinstance(waiting, Awaited)
    assert waiting.until == at(until)
    assert [lack.product_type for lack in waiting.missing] == ["AUX_POEORB", "AUX_RESORB", "AUX_PREORB"]
    assert isinstance(answer(L1, products, until), MainInputs)


def test_an_orbit_must_cover_the_segment_and_not_only_the_slice() -> None:
    products = [one_slice(), *map(companion, "ACN")]
    assert isinstance(answer(L1, [*products, orbit(start=40, stop=90)]), Awaited)
    assert isinstance(answer(L1, [*products, orbit(kind="AUX_PREORB")]), MainInputs)


def test_level_2_waits_for_the_orbit_whatever_the_timeliness() -> None:
    found = answer(L2, [one_slice(timeliness="NRT"), *map(companion, "ACN")])
    assert isinstance(found, Awaited)
    assert found.until == at(50 + 57600)


def test_a_wait_for_an_input_that_the_chain_has_not_is_refused() -> None:
    with pytest.raises(ConfigInvalid, match="no input 'Orbits'"):
        answer(L1, [one_slice(), *map(companion, "ACN")], waits=[{"role": "Orbits", "after_acceptance_s": 60}])


def test_wave_mode_needs_one_companion_and_waits_half_an_hour_for_the_others() -> None:
    wave = one_slice("WV", consolidation="FULL", slice_number=1, polarisation="SV")
    some = companion("N", "WV", polarisation="SV")
    alone = answer(WAVE, [wave, orbit()], 1e6)
    assert isinstance(alone, Awaited)
    assert alone.until is None
    waiting = answer(WAVE, [wave, some, orbit()], 1799)
    assert isinstance(waiting, Awaited)
    assert waiting.until == at(1800)
    found = taken(answer(WAVE, [wave, some, orbit()], 1800))
    assert sorted(found.products) == ["noise", "slice"]
    assert found.parameters["Slice_Length"] == found.parameters["Slice_Overlap"] == "0.0"
    assert "Slice_Number" not in found.parameters


def test_a_request_is_for_the_beam_and_segments_make_none() -> None:
    chain = chain_of("s1-ipf-l1.yaml", "S1-IPF-L1-SM")
    rule, view = rule_of(chain), ListView()
    assert only_request(rule, chain, one_slice("S3"), view).product_type == "S3_SLC__1S"
    whole = one_slice(consolidation="FULL", slice_number=None)
    assert rule.requests(whole, chain, view, at(0)) == []


MASK = """<Earth_Explorer_File><Earth_Explorer_Header/><Data_Block type="ascii"><![CDATA[{"type": "FeatureCollection",
"features": [{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon",
"coordinates": [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]}}]}]]></Data_Block></Earth_Explorer_File>"""


@pytest.fixture
def mask_file(tmp_path: Path) -> Path:
    (tmp_path / "mask.EOF").write_text(MASK)
    return tmp_path / "mask.EOF"


@pytest.mark.parametrize(
    ("footprint", "least", "made"),
    [
        (square(1, 9, 1, 9), 0, False),
        (square(20, 29, 1, 9), 0, True),
        (square(9, 19, 0, 10), 0, True),
        (square(9, 19, 0, 10), 91, False),
        (square(20, 29, 1, 9), 100, True),
        (None, 100, True),
    ],
    ids=str,
)
def test_ocean_products_are_made_of_what_shows_enough_sea(
    mask_file: Path, footprint: dict[str, Any] | None, least: int, made: bool
) -> None:
    products = [one_slice(footprint=footprint), *map(companion, "ACN"), orbit()]
    found = answer(L2, products, land_mask=str(mask_file), least_sea_percent=least)
    assert isinstance(found, MainInputs if made else Discarded)


@pytest.mark.parametrize(("west", "made"), [(9, True), (10, True), (11, False)])
def test_complex_images_of_ew_are_made_inside_the_areas(mask_file: Path, west: float, made: bool) -> None:
    products = [one_slice("EW", footprint=square(west, west + 4, 0, 4)), *[companion(c, "EW") for c in "ACN"], orbit()]
    assert isinstance(answer(EW_SLC, products, area_mask=str(mask_file)), MainInputs if made else Discarded)


@settings(max_examples=60, deadline=None)
@given(st.permutations(["slice", "A", "C", "N", "A2", "orbit"]), st.data())
def test_any_order_of_arrival_ends_in_the_same_inputs(order: list[str], data: st.DataObject) -> None:
    made = {
        "slice": one_slice(),
        **{each: companion(each) for each in "CN"},
        "A": companion("A", creation_time=at(1e4)),
        "A2": companion("A", name="other data take", data_take_id="7"),
        "orbit": orbit(),
    }
    rule, view = rule_of(L1), ListView()
    request = only_request(rule, L1, made["slice"], view)
    decisions = []
    for now, each in enumerate(order):
        view.add(made[each])
        if data.draw(st.booleans()):
            decisions.append(ask(rule, L1, view, request, now))
    decisions.append(ask(rule, L1, view, request, len(order)))
    ready = [decision for decision in decisions if isinstance(decision, MainInputs)]
    assert ready
    assert set(map(MainInputs.to_json, ready)) == {ready[0].to_json()}
