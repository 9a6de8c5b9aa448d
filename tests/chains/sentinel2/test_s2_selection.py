"""Arrivals of a Sentinel-2 datastrip through triggers, rules, selection and plan."""

from datetime import UTC, datetime, timedelta

import pytest
from list_view import ListView
from nouns import make_product

from refsys.chains.chain_files import check_units, shipped_chains
from refsys.chains.planning import make_plan
from refsys.chains.rules import Moment
from refsys.chains.selection import Selection, select
from refsys.chains.sentinel2.output_names import StripIdentity
from refsys.chains.triggers import triggered
from refsys.model.attributes import Attributes
from refsys.model.products import Product
from refsys.model.requests import ProductionRequest

NOW = datetime(2024, 3, 1, tzinfo=UTC)
SENSED = datetime(2024, 2, 29, 10, tzinfo=UTC)
STRIP = StripIdentity(satellite="C", sensing_time=SENSED, creation_time=NOW, baseline="05.10", orbit=1234)
CHAINS = {name: chain for name, chain in shipped_chains().items() if name.startswith("S2-")}
MOMENT = Moment(now=NOW, accepted_at=NOW)


def s2_product(name: str, kind: str, satellite: str = "C", seconds: float = 60, **fields: object) -> Product:
    plain = {"mission": "S2", "satellite": satellite, "product_type": kind, "creation_time": NOW, "start": SENSED}
    return make_product(name).model_copy(update=plain | {"stop": SENSED + timedelta(seconds=seconds)} | fields)


def auxiliary(kind: str) -> Product:
    name = f"S2__OPER_{kind}_MPC__20240101T000000"
    return s2_product(name, kind, "_", 1e7, start=SENSED - timedelta(days=10), attributes=Attributes(band="00"))


def datastrip(level: str) -> Product:
    figures = {"tiles": ["32TNS", "32TPS"]}
    name = STRIP.datastrip(level)
    return s2_product(name, f"MSI_{level}_DS", attributes=Attributes(mode="INS-NOBS"), figures=figures)


def tile(name: str) -> Product:
    attributes = Attributes(tile=name, datastrip=STRIP.datastrip("L1C"))
    return s2_product(STRIP.tile("L1C", name), "MSI_L1C_TL", attributes=attributes)


def choose(request: ProductionRequest, view: ListView) -> Selection:
    return select(request, CHAINS[request.chain], view, MOMENT)


def test_level_2_from_arrivals_to_plans() -> None:
    mandatory = [auxiliary(f"GIP_{kind}") for kind in ("PROBA2", "JP2KPA", "OLQCPA")]
    view = ListView([*mandatory, auxiliary("GIP_L2ACAC"), tile("32TNS"), strip := datastrip("L1C")])
    (request,) = triggered(strip, CHAINS, view, NOW)
    assert request.chain == "S2-L2"
    waiting = choose(request, view)
    assert [missing.product_type for missing in waiting.missing] == ["MSI_L1C_TL"]
    view.add(tile("32TPS"))
    chosen = choose(request, view)
    assert chosen.is_complete
    assert {role: len(refs) for role, refs in chosen.chosen.items() if refs} == {
        "datastrip": 1, "tiles": 2, "GIP_PROBA2": 1, "GIP_JP2KPA": 1, "GIP_OLQCPA": 1, "GIP_L2ACAC": 1,
    }  # fmt: skip
    plan = make_plan(request, CHAINS["S2-L2"], chosen, NOW)
    assert [(step.processor, step.outputs) for step in plan.steps] == [("processor.run", ("MSI_L2A_DS",))]
    requests = triggered(datastrip("L2A"), CHAINS, view, NOW)
    assert [(one.chain, one.subject["tile"]) for one in requests] == [("S2-L2-TILE", "32TNS"), ("S2-L2-TILE", "32TPS")]
    view.add(datastrip("L2A"))
    assert all(choose(one, view).is_complete for one in requests)


def test_a_bad_datastrip_gives_a_request_that_says_why() -> None:
    strip = datastrip("L2A").model_copy(update={"figures": {}})
    (request,) = triggered(strip, CHAINS, ListView([strip]), NOW)
    assert "does not list its tiles" in request.subject["refused"]


@pytest.mark.parametrize("name", sorted(CHAINS))
def test_units_of_the_chains_take_their_parameters(name: str) -> None:
    check_units(CHAINS[name])
