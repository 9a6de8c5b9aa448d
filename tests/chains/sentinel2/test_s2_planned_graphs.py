"""Sentinel-2 chains planned as graphs: counts, inputs and parameters of sub-tasks, and how long they take."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from list_view import ListView
from nouns import make_product

from refsys.chains.chain_files import parse_chain, shipped_chains
from refsys.chains.graph_choice import with_graphs
from refsys.chains.planning import make_plan
from refsys.chains.rules import Moment
from refsys.chains.selection import Selection, select
from refsys.chains.sentinel2.graph_steps import steps_of
from refsys.chains.sentinel2.graphs import MOST_TASKS, Datastrip, graph_of
from refsys.chains.sentinel2.journeys import Journey, Node, journey_of
from refsys.chains.sentinel2.makespan import critical_path, draw_seconds
from refsys.chains.sentinel2.makespan import simulate as simulate_journey
from refsys.chains.sentinel2.output_names import StripIdentity
from refsys.chains.sentinel2.planned_graph import known_steps
from refsys.chains.sentinel2.splitting import BANDS
from refsys.chains.triggers import triggered
from refsys.model.attributes import Attributes
from refsys.model.chains import Chain
from refsys.model.errors import ConfigInvalid, PlanInvalid
from refsys.model.plans import Plan, Step, StepResult
from refsys.model.products import Asset, InputRef, Product
from refsys.model.requests import ProductionRequest
from refsys.model.times import VirtualClock
from refsys.scheduler.executors import StepDone
from refsys.scheduler.tasks import StepTask, StoreAddress, tasks_of
from refsys.scheduler.virtual import SimulatedStep, VirtualExecutor

NOW = datetime(2024, 3, 1, tzinfo=UTC)
SENSED = datetime(2024, 2, 29, 10, tzinfo=UTC)
STRIP = StripIdentity(satellite="C", sensing_time=SENSED, creation_time=NOW, baseline="05.10", orbit=1234)
PLAIN = {name: chain for name, chain in shipped_chains().items() if name.startswith("S2-")}
CHAINS = with_graphs(PLAIN, ["S2-*"])


def s2_product(name: str, kind: str, start_s: float = 0, length_s: float = 60, **fields: Any) -> Product:
    start = SENSED + timedelta(seconds=start_s)
    plain = {"mission": "S2", "satellite": "C", "product_type": kind, "creation_time": NOW}
    times = {"start": start, "stop": start + timedelta(seconds=length_s)}
    return make_product(name).model_copy(update=plain | times | fields)


def auxiliary(chain: Chain) -> list[Product]:
    found = []
    for rule in chain.inputs:
        kind = rule.types[0]
        if kind[:4] in ("GIP_", "AUX_"):
            name = f"S2C_OPER_{kind}_MPC__20240101T000000_V20240101T000000_21000101T000000"
            for band in BANDS if rule.policy == "rule" else (None,):
                own = name if band is None else f"{name}_B{band}"
                found.append(s2_product(own, kind, -1e5, 1e7, attributes=Attributes(band=band)))
    return found


@cache
def chosen(name: str, granules: int = 16, mode: str = "INS-NOBS") -> tuple[ProductionRequest, Selection]:
    """Return the request of a datastrip (of its first tile) and what is chosen for it."""
    chain = PLAIN[name]
    assert chain.rule is not None
    kind, part = str(chain.rule.parameters["datastrip_type"]), chain.rule.parameters.get("part_type")
    level, tile = kind[4:7], "32TNS"
    starts = [3.6 * number for number in range(granules)]
    names = [
        (STRIP.granule(level, f"{detector:02d}", SENSED + timedelta(seconds=start)), f"{detector:02d}", start)
        for detector in range(1, 13)
        for start in starts
    ]
    strip = s2_product(
        STRIP.datastrip(level),
        kind,
        attributes=Attributes(mode=mode),
        figures={"granules": [one[0] for one in names], "tiles": [tile]},
    )
    view = ListView([*auxiliary(chain), strip])
    own = STRIP.datastrip(str(part)[4:7]) if part else ""
    if str(part).endswith("_TL"):
        attributes = Attributes(tile=tile, datastrip=own)
        view.add(s2_product(STRIP.tile("L1C", tile), str(part), attributes=attributes))
    elif part is not None:
        for granule, detector, start in names:
            attributes = Attributes(datastrip=own, detector=detector)
            view.add(s2_product(granule, str(part), start, 3.6, attributes=attributes))
    (request,) = [each for each in triggered(strip, {name: chain}, view, NOW) if each.chain == name]
    selection = select(request, chain, view, Moment(now=NOW, accepted_at=NOW))
    assert selection.is_complete, selection.missing
    return request, selection


@cache
def plan_of(name: str, granules: int = 16, mode: str = "INS-NOBS") -> Plan:
    request, selection = chosen(name, granules, mode)
    return make_plan(request, CHAINS[name], selection, NOW)


def named(plan: Plan) -> dict[str, Step]:
    return {step.name: step for step in plan.steps}


@pytest.mark.parametrize(
    ("name", "count"), [("S2-L0C", 137), ("S2-L1", 1150), ("S2-L1C", 33), ("S2-L2", 4), ("S2-L2-TILE", 5)]
)
def test_a_plan_has_the_counted_sub_tasks_and_without_the_setting_one(name: str, count: int) -> None:
    plan = plan_of(name)
    assert len(plan.steps) == len({step.key for step in plan.steps}) == count <= MOST_TASKS
    assert {step.processor for step in plan.steps} == {"processor.run"}
    assert {step.part_of for step in plan.steps} == {CHAINS[name].steps[0].name}
    request, selection = chosen(name)
    (one,) = make_plan(request, PLAIN[name], selection, NOW).steps
    assert one.part_of is None
    kinds = {kind for step in plan.steps for kind in step.outputs}
    assert {kind.replace("?", "S") for kind in kinds} >= {kind for kind in one.outputs if "?" not in kind}


def test_a_nominal_datastrip_has_1287() -> None:
    assert len(plan_of("S2-L0C").steps) + len(plan_of("S2-L1").steps) == 1287
    raw = plan_of("S2-L1", mode="INS-RAW")
    assert len(raw.steps) == 1150 + 70
    makers = Counter(kind for step in raw.steps for kind in step.outputs)
    assert makers == {
        "MSI_L1A_DS": 1, "MSI_L1A_G?": 12, "MSI_L1B_DS": 1, "MSI_L1B_G?": 192, "MSI_L1C_DS": 1
    }  # fmt: skip


def test_the_division_follows_the_granules_that_are_there() -> None:
    short = Counter(step.name.split()[0] for step in plan_of("S2-L1", granules=4).steps)
    assert short["L1BFormatGR/FORMAT_IMG_L1B"] == 12 * 4
    assert short["L1A/DECOMP"] == 312


def test_steps_follow_what_they_read() -> None:
    plan = plan_of("S2-L1")
    names = {step.key: step.name for step in plan.steps}
    assert {step.name: tuple(names[key] for key in step.after) for step in plan.steps} == dict(graph_of("L1").after)


def test_a_sub_task_is_told_its_share_and_runs_the_command_of_the_graph() -> None:
    steps = named(plan_of("S2-L1"))
    parameters: Any = steps["L1A/RADIO_AB S001-008 D05"].parameters
    (pool,) = parameters["processor"]["pools"]
    (task,) = pool["tasks"]
    assert task["command"] == ["LaunchStep.sh", "-m", "L1A", "-s", "RADIO_AB"]
    assert parameters["processor"]["timeout_s"] == 28800
    told = dict(parameters["recipe"]["parameters"])
    run = told.pop("RUN")
    assert told == {
        "MODE": "L1A", "STEP": "RADIO_AB", "DETECTORS": "05", "SCENES": "001-002-003-004-005-006-007-008"
    }  # fmt: skip
    everyone: list[Any] = [step.parameters for step in plan_of("S2-L1").steps]
    assert {one["recipe"]["parameters"]["RUN"] for one in everyone} == {run}
    assert {one["job"]["parameters"]["DATATAKE_TYPE"] for one in everyone} == {"INS-NOBS"}
    other: Any = plan_of("S2-L1", granules=4).steps[0].parameters
    assert other["recipe"]["parameters"]["RUN"] != run


def test_a_sub_task_reads_what_its_table_names_of_its_own_bands_and_detectors() -> None:
    steps = named(plan_of("S2-L1"))
    unpack = steps["L1A/UNFORMAT_SAFE_GR D05"]
    assert len(unpack.inputs) == 16
    assert all("_D05_" in ref.name for ref in unpack.inputs)
    finalize = Counter(ref.role for ref in steps["L1A/RADIO_FINALIZE B8A D05"].inputs)
    roles = ("GIP_MASPAR", "GIP_PRDLOC", "GIP_R2ABCA", "GIP_R2NOMO", "GIP_R2PARA", "GIP_VIEDIR")
    assert finalize == dict.fromkeys(roles, 1)
    assert Counter(ref.role for ref in steps["L1A/RADIO_AB S001-008 D05"].inputs)["GIP_R2DECT"] == 13
    job: Any = unpack.parameters["job"]
    assert set(job["intervals"]) == {ref.name for ref in unpack.inputs}
    read = {(ref.role, ref.name) for step in plan_of("S2-L1").steps for ref in step.inputs}
    _, selection = chosen("S2-L1")
    unread = {ref.role for refs in selection.chosen.values() for ref in refs if (ref.role, ref.name) not in read}
    assert unread == {"GIP_CLOPAR", "GIP_CONVER", "GIP_ECMWFP", "GIP_LREXTR", "GIP_R2MACO", "GIP_RESPAR"} & unread


def test_files_of_other_detectors_are_not_fetched() -> None:
    paths = [f"G_D{number:02d}_N05.10/I.jp2" for number in range(1, 13)] + ["manifest.xml"]
    assets = tuple(Asset(path=path, key=path, size_bytes=1, sha256="0" * 64, content_sha256="0" * 64) for path in paths)
    whole = InputRef(role="datastrip", name="S", product_type="MSI_L0U_DS", digest="d", assets=assets)
    steps = steps_of(graph_of("L0C"), [whole], processor="p", version="1", roles={"L0/FORMAT_ISP": ("datastrip",)})
    found = {step.name: step.inputs for step in steps}
    assert [asset.path for asset in found["L0/FORMAT_ISP D05 S001-004"][0].assets] == [paths[4], "manifest.xml"]
    assert found["L0/INIT_LOC_L0"] == (whole,)


def test_products_say_their_own_share_and_all_inputs_of_the_graph() -> None:
    plan = plan_of("S2-L0C")
    tasks = tasks_of(plan, StoreAddress(url="memory://none"), Path("/nowhere"))
    assert all(list(task.parameters) == [task.step.name] for task in tasks)
    last = next(task for task in tasks if task.step.name == "L0/FORMAT_METADATA_GR_L0C D05")
    assert {(ref.role, ref.name) for ref in last.plan_inputs} == {
        (ref.role, ref.name) for step in plan.steps for ref in step.inputs
    }
    assert tasks[-1].plan_inputs == tasks[-1].step.inputs


def virtual_makespan_s(plan: Plan, seconds: dict[str, float], slots: int) -> float:
    """Return when the last step of a plan ends on the executor of simulations."""
    clock = VirtualClock(NOW)
    started: list[datetime] = []

    def simulated(task: StepTask, before: Sequence[StepResult]) -> SimulatedStep:
        assert [result.step_key for result in before] == list(task.step.after)
        started.append(clock.now())
        return SimulatedStep(seconds[task.step.name])

    executor = VirtualExecutor(clock, simulated, slots)
    executor.submit("r", 1, tasks_of(plan, StoreAddress(url="memory://none"), Path("/nowhere")), 0)
    done = 0
    while (at := executor.next_at()) is not None:
        clock.advance(at - clock.now())
        done += sum(isinstance(outcome, StepDone) for outcome in executor.poll(0.0))
    assert done == len(plan.steps) == len(started)
    return (clock.now() - NOW).total_seconds()


@pytest.mark.parametrize(("distribution", "slots"), [("equal", 32), ("classes", 8), ("classes", 32), ("classes", 128)])
def test_the_executor_takes_as_long_as_list_scheduling_says(distribution: Any, slots: int) -> None:
    """Both are list schedules of one graph, with another order of the list: within Graham's bounds, and near."""
    graph = graph_of("L1")
    journey = Journey(tuple(Node(task.name, task) for task in graph.tasks), graph.after)
    seconds = draw_seconds(journey.nodes, distribution, 1)
    found = virtual_makespan_s(plan_of("S2-L1"), seconds, slots)
    longest, work = critical_path(journey, seconds)[0], sum(seconds.values())
    assert max(longest, work / slots) - 1e-3 <= found <= work / slots + longest * (1 - 1 / slots) + 1e-3
    assert found == pytest.approx(simulate_journey(journey, seconds, slots).makespan_s, rel=0.05)
    barriers = journey_of(Datastrip(), 0, "barriers", {task.mode for task in graph.tasks})
    assert found < simulate_journey(barriers, draw_seconds(barriers.nodes, distribution, 1), slots).makespan_s


def test_as_many_slots_as_sub_tasks_take_the_critical_path() -> None:
    graph = graph_of("L0C")
    journey = Journey(tuple(Node(task.name, task) for task in graph.tasks), graph.after)
    seconds = draw_seconds(journey.nodes, "classes", 5)
    found = virtual_makespan_s(plan_of("S2-L0C"), seconds, len(graph.tasks))
    assert found == pytest.approx(critical_path(journey, seconds)[0], abs=1e-3)


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_graphs_of_chain_files_name_steps_that_there_are(name: str) -> None:
    (step,) = PLAIN[name].steps
    assert step.graph is not None
    assert not step.graph.active
    assert set(step.graph.outputs) <= known_steps(step.graph)


def test_a_home_names_the_chains() -> None:
    some = with_graphs(PLAIN, ["S2-L1*"])
    active = {name for name, chain in some.items() if chain.steps[0].graph and chain.steps[0].graph.active}
    assert active == {"S2-L1", "S2-L1C"}
    assert with_graphs(PLAIN, []) == PLAIN
    with pytest.raises(ConfigInvalid, match="no chain called 'S3-"):
        with_graphs(PLAIN, ["S3-*"])


CHAIN = """
name: S2-OWN
version: "1"
title: t
inputs: [{role: a, types: [MSI_L0U_DS], policy: trigger}]
steps:
  - name: s
    unit: processor.run
    inputs: [a]
    graph: {maker: s2, request: REQUEST, command: [run], outputs: {STEP: [KIND]}, settings: {SETTING: 0}, active: true}
    parameters: {processor: {name: P, pools: [{tasks: [{name: t, command: [c]}]}]}}
    outputs: [MSI_L0__DS]
"""


def own_chain(**changed: str) -> Chain:
    words = {
        "REQUEST": "L0C", "STEP": "L0/FORMAT_METADATA_DS_L0C", "KIND": "MSI_L0__DS", "SETTING": "reference_granules"
    }  # fmt: skip
    text = CHAIN
    for word, value in (words | changed).items():
        text = text.replace(word, value)
    return parse_chain(text, "own.yaml")


def plan_own(chain: Chain) -> Plan:
    product = s2_product(STRIP.datastrip("L0U"), "MSI_L0U_DS", attributes=Attributes(mode="INS-NOBS"))
    request = ProductionRequest(chain="S2-OWN", product_type="MSI_L0__DS", inputs=(product.name,))
    chosen_own = select(request, chain, ListView([product]), Moment(now=NOW, accepted_at=NOW))
    return make_plan(request, chain, chosen_own, NOW)


def test_a_chain_of_ones_own_may_have_a_graph() -> None:
    assert len(plan_own(own_chain()).steps) == 137


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"REQUEST": "L9"}, "no graph of Sentinel-2 is called 'L9'"),
        ({"STEP": "L0/NOTHING"}, "graph L0C has no L0/NOTHING"),
        ({"SETTING": "granules"}, "graph: granules: Extra inputs"),
        ({"SETTING": "granules_per_detector"}, "greater than or equal to 1"),
    ],
)
def test_a_bad_graph_is_refused_with_what_is_wrong(changed: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigInvalid, match=message):
        plan_own(own_chain(**changed))


def test_outputs_that_the_step_does_not_declare_are_refused_with_their_line() -> None:
    with pytest.raises(ConfigInvalid, match=r"its graph makes MSI_L1C_DS, which `outputs` does not list"):
        own_chain(KIND="MSI_L1C_DS")


def test_a_data_take_that_gives_nothing_is_refused() -> None:
    request, selection = chosen("S2-L1")
    assert selection.main_inputs is not None
    told = {**selection.main_inputs.parameters, "DATATAKE_TYPE": "INS-NOTHING"}
    changed = replace(selection, main_inputs=selection.main_inputs.model_copy(update={"parameters": told}))
    with pytest.raises(PlanInvalid, match="give nothing at L1"):
        make_plan(request, CHAINS["S2-L1"], changed, NOW)
