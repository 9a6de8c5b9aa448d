"""The chains of the agency's Sentinel-1 processors: loaded, selected and planned, and against its task tables."""

from pathlib import Path
from typing import Any

import pytest
from list_view import ListView
from nouns import at
from s1_rule_products import only_request, rule_of, s1_product, segment

from refsys.chains.chain_files import check_units, shipped_chains
from refsys.chains.planning import make_plan
from refsys.chains.rules import Moment
from refsys.chains.safe_xml import parse_xml
from refsys.chains.selection import Selection, select
from refsys.model.chains import Chain
from refsys.model.lookups import Policy
from refsys.model.plans import Plan
from refsys.model.products import Product

CHAINS = {name: chain for name, chain in shipped_chains().items() if name.startswith(("S1-IPF", "S1-L0A"))}
FOREVER = {"data_take_id": None, "timeliness": None, "polarisation": None}


def test_there_is_a_chain_for_every_routing() -> None:
    beams = ["IW", "EW", "EW-SLC", "SM", "WV", "EN", "AN", "AN-SLC"]
    level_1, level_2 = (
        [f"S1-IPF-L1-{beam}" for beam in beams],
        [f"S1-IPF-L2-{beam}" for beam in ("IW", "EW", "SM", "WV")],
    )
    assert sorted(CHAINS) == sorted(["S1-L0AIOP", "S1-L0ASP", *level_1, *level_2])


@pytest.mark.parametrize("name", sorted(CHAINS))
def test_units_and_rules_take_their_parameters(name: str) -> None:
    check_units(CHAINS[name])
    assert rule_of(CHAINS[name])


def aux(kind: str, start: float = -500_000, stop: float = 500_000, **fields: Any) -> Product:
    return s1_product(fields.pop("name", kind), kind, start, stop, **(FOREVER | fields))


def planned(chain: Chain, products: list[Product]) -> tuple[Selection, Plan]:
    view = ListView(products)
    request = only_request(rule_of(chain), chain, products[0], view)
    selection = select(request, chain, view, Moment(now=at(0), accepted_at=at(0)))
    assert selection.is_complete, (selection.missing, selection.choices)
    return selection, make_plan(request, chain, selection, at(0))


def names(selection: Selection) -> dict[str, list[str]]:
    return {role: [reference.name for reference in references] for role, references in selection.chosen.items()}


def test_a_slice_is_planned_with_its_auxiliary_files() -> None:
    said = {"polarisation": "DV", "instrument_configuration_id": 6, "slice_number": 2}
    products = [
        s1_product("slice", "IW_RAW__0S", 50, 82, consolidation="SLICE", **said),
        *[s1_product(each, f"IW_RAW__0{each}", 0, 500, slice_count=20, **said) for each in "ACN"],
        *[aux(kind, instrument_configuration_id=6) for kind in ("AUX_PP1", "AUX_CAL", "AUX_INS")],
        aux("AUX_CAL", name="of another configuration", instrument_configuration_id=7, creation_time=at(1e6)),
        aux("AUX_RESORB", -10, 600),
        aux("AUX_POEORB", 40, 100, name="precise, but not of the whole segment"),
        aux("AUX_ATT", -10, 600),
    ]
    selection, plan = planned(CHAINS["S1-IPF-L1-IW"], products)
    chosen = names(selection)
    assert chosen["Orbit"] == ["AUX_RESORB"]
    assert (chosen["AUX_CAL"], chosen["slice"], chosen["annotation"]) == (["AUX_CAL"], ["slice"], ["A"])
    (step,) = plan.steps
    assert len(step.inputs) == 9
    assert step.outputs == ("IW_SLC__1S", "IW_GRDH_1S")
    job: Any = step.parameters["job"]
    assert job["parameters"]["Total_Number_Of_Slices"] == "20"
    assert [time[:19] for time in job["sensing"]] == [at(time).isoformat()[:19] for time in (0, 500)]


def test_segments_are_planned_and_all_classes_of_their_beam_are_wanted() -> None:
    products = [segment("v", 0, 100, "VV"), segment("h", 0, 100, "VH"), aux("MPL_ORBPRE"), aux("MPL_ORBSCT")]
    selection, plan = planned(CHAINS["S1-L0ASP"], products)
    assert names(selection)["segments"] == ["h", "v"]
    assert plan.steps[0].outputs == ("IW_RAW__0?",)


def test_a_session_is_planned_and_the_predicted_orbit_reaches_back_four_days() -> None:
    session = s1_product("S1A_1", "S1_SESSION", 0, 600, data_take_id=None, figures={"channels": ["1", "2"]})
    late = aux("MPL_ORBPRE", -345_599, name="too late", creation_time=at(1e6))
    others = [aux("MPL_ORBPRE", -345_600), late, aux("MPL_ORBSCT"), aux("AUX_OBMEMC")]
    selection, plan = planned(CHAINS["S1-L0AIOP"], [session, *others])
    assert names(selection)["MPL_ORBPRE"] == ["MPL_ORBPRE"]
    assert plan.steps[0].outputs == ("??_RAW__0?",)


SYNONYMS = {"AUX_POE": "AUX_POEORB", "AUX_RES": "AUX_RESORB", "AUX_PRE": "AUX_PREORB"}
Wanted = dict[str, tuple[bool, str, float, float]]


def of_table(file: Path) -> Wanted:
    """Return what the first task that asks for an auxiliary type says of it: mandatory, policy, T0, T1."""
    found: Wanted = {}
    for entry in parse_xml(file).iter("Input"):
        for way in entry.iter("Alternative"):
            kind = way.findtext("File_Type", "")
            if way.findtext("Origin") == "DB" and kind.startswith(("AUX", "MPL")):
                margins = (float(way.findtext("T0", "0")), float(way.findtext("T1", "0")))
                needed = entry.findtext("Mandatory") == "Yes"
                found.setdefault(SYNONYMS.get(kind, kind), (needed, way.findtext("Retrieval_Mode", ""), *margins))
    return found


def of_chain(chain: Chain) -> Wanted:
    return {
        kind: (rule.mandatory, way.policy.value, way.before_s, way.after_s)
        for rule in chain.inputs
        if not rule.modes or chain.mode in rule.modes
        for way in rule.alternatives
        if isinstance(way.policy, Policy)
        for kind in way.types
    }


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(CHAINS))
def test_auxiliary_inputs_are_those_of_the_deployed_task_table(name: str, shared_data: Path) -> None:
    chain = CHAINS[name]
    processor: Any = chain.steps[0].parameters["processor"]
    title = {"S1-L0AIOP": "TaskTable.AIOP", "S1-L0ASP": "TaskTable.L0ASP"}.get(name, processor["name"])
    folder = shared_data.parent / "chains"
    deployed = [path for path in sorted(folder.rglob(f"{title}.xml")) if "rs-addon-s1" in str(path)]
    files = deployed or sorted((folder / "processing-sentinel-1").rglob(f"{title}.xml"))
    if not files:
        pytest.skip(f"no task table {title} among the shared data")
    assert of_chain(chain) == of_table(files[0])
