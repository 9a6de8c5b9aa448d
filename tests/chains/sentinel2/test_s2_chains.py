"""Chain files of Sentinel-2: their auxiliary lists, who triggers whom, a whole datastrip, and graphs as plans."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from refsys.chains.chain_files import load_chain_file
from refsys.chains.relations import relations, trigger_loops
from refsys.chains.rules import make_rule
from refsys.chains.sentinel2.graph_steps import steps_of
from refsys.chains.sentinel2.graphs import Datastrip, S2Request, graph_of
from refsys.model.chains import Chain
from refsys.model.plans import Plan
from refsys.model.products import InputRef

FILES = Path(__file__).parents[3] / "chains"
NAMES = ("S2-L0U", "S2-L0C", "S2-L1", "S2-L1C", "S2-L2", "S2-L2-TILE")
CHAINS = {name: load_chain_file(FILES / f"{name.lower()}.yaml")[0] for name in NAMES}
INPUT = InputRef(role="datastrip", name="S", product_type="MSI_L0__DS", digest="d")


def auxiliary(chain: Chain, policy: str) -> list[str]:
    found = [kind for rule in chain.inputs if rule.policy == policy for kind in rule.types]
    return [kind for kind in found if kind[:4] in ("GIP_", "AUX_")]


@pytest.mark.parametrize(("name", "once", "for_each_band"), [
    ("S2-L0U", 4, 0), ("S2-L0C", 13, 1), ("S2-L1", 33, 9), ("S2-L2", 6, 0), ("S2-L2-TILE", 6, 0),
])  # fmt: skip
def test_auxiliary_types_are_as_many_as_counted(name: str, once: int, for_each_band: int) -> None:
    """Counted from the lists of the original: 150 files for Level-1 (33 and 9 types of 13 bands), 14 types for L0C."""
    chain = CHAINS[name]
    assert len(set(auxiliary(chain, "LatestValCover"))) == once
    banded = auxiliary(chain, "rule")
    assert len(banded) == for_each_band
    assert chain.rule is not None
    assert chain.rule.parameters.get("banded_types", []) == banded


def test_tiles_read_no_more_than_their_datastrip() -> None:
    both = set(auxiliary(CHAINS["S2-L1"], "LatestValCover")) | {"GIP_VIEDIR"}
    tile = auxiliary(CHAINS["S2-L1C"], "LatestValCover") + auxiliary(CHAINS["S2-L1C"], "rule")
    assert set(tile) < both


def test_one_chain_triggers_the_next() -> None:
    found = [(each.maker, each.taker) for each in relations(CHAINS) if each.kind == "triggers"]
    wanted = [
        ("S2-L0C", "S2-L1"),
        ("S2-L0U", "S2-L0C"),
        ("S2-L1", "S2-L1C"),
        ("S2-L1", "S2-L2"),
        ("S2-L2", "S2-L2-TILE"),
    ]
    assert sorted(found) == wanted
    assert trigger_loops(CHAINS) == []
    assert ("S2-L1C", "MSI_L1C_TL", "S2-L2-TILE", "feeds") in [
        (each.maker, each.product_type, each.taker, each.kind) for each in relations(CHAINS)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_rules_and_roles_fit(name: str) -> None:
    chain = CHAINS[name]
    assert chain.rule is not None
    rule = make_rule(chain.rule.name, dict(chain.rule.parameters), where=name)
    roles = {getattr(rule, field) for field in ("role", "datastrip_role", "part_role") if hasattr(rule, field)}
    if getattr(rule, "part_type", "") is None:
        roles.discard("granules")
    banded = getattr(rule, "banded_types", ())
    assert {each.role for each in chain.inputs if each.policy == "rule"} == roles | set(banded)


REQUESTS: list[tuple[S2Request, int]] = [("L0C", 137), ("L1", 1150), ("L1C-TILE", 33), ("L2A-DS", 4), ("L2A-TILE", 5)]


@pytest.mark.parametrize(("request_kind", "count"), REQUESTS)
def test_a_graph_is_a_plan(request_kind: S2Request, count: int) -> None:
    graph = graph_of(request_kind)
    steps = steps_of(graph, [INPUT], processor="s2.step", version="1", parameters={"orbit": 7})
    created = datetime(2024, 3, 1, tzinfo=UTC)
    plan = Plan(request_key="k", chain="S2", chain_version="1", creation_time=created, steps=steps)
    assert len({step.key for step in plan.steps}) == count
    by_key = {step.key: step.name for step in steps}
    assert {step.name: tuple(by_key[key] for key in step.after) for step in steps} == dict(graph.after)
    assert all(bool(step.inputs) != bool(step.after) for step in steps)
    again = steps_of(graph_of(request_kind), [INPUT], processor="s2.step", version="1", parameters={"orbit": 7})
    assert steps == again
    other = steps_of(graph, [INPUT], processor="s2.step", version="1", parameters={"orbit": 8})
    assert {step.key for step in other}.isdisjoint(by_key)


def test_steps_say_their_share_and_their_products() -> None:
    outputs = {"L0/FORMAT_METADATA_DS_L0C": ("MSI_L0__DS",)}
    steps = steps_of(graph_of("L0C", Datastrip()), [INPUT], processor="s2.step", version="1", outputs=outputs)
    found = {step.name: step for step in steps}
    share = found["L0/FORMAT_ISP D05 S005-008"].parameters
    assert share == {
        "mode": "L0",
        "step": "FORMAT_ISP",
        "share": {"detector": ["05"], "scene": ["005", "006", "007", "008"]},
    }
    assert Counter(step.outputs for step in steps) == {(): 136, ("MSI_L0__DS",): 1}


def test_a_step_reads_the_roles_that_are_named_for_it() -> None:
    directions = INPUT.model_copy(update={"role": "GIP_VIEDIR", "name": "V"})
    roles = {"L0/QL_GEO": ("GIP_VIEDIR",)}
    steps = steps_of(graph_of("L0C"), [INPUT, directions], processor="s2.step", version="1", roles=roles)
    read = {step.name: step.inputs for step in steps}
    assert read["L0/INIT_LOC_L0"] == (INPUT, directions)
    assert read["L0/QL_GEO B02 D05"] == (directions,)
    assert read["L0/QL_CLOUD_MASK"] == ()
