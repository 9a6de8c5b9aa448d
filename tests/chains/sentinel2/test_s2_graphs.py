"""Sub-tasks of Sentinel-2: counts of the published table, order, inputs, and barriers as a stricter order."""

import json
import os
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refsys.chains.safe_xml import parse_xml
from refsys.chains.sentinel2.aux_table import READS
from refsys.chains.sentinel2.edge_table import EDGES
from refsys.chains.sentinel2.graphs import MOST_TASKS, Datastrip, S2Graph, S2Request, graph_of, pools
from refsys.chains.sentinel2.journeys import journey_of
from refsys.chains.sentinel2.splitting import split_list, split_range
from refsys.chains.sentinel2.step_table import MEMORY_BYTES, STEPS

REQUESTS: tuple[S2Request, ...] = ("L0U", "L0C", "L1", "L1C-TILE", "L2A-DS", "L2A-TILE")
TABLES = (
    Path(os.environ.get("REFSYS_SHARED", Path(__file__).parents[4] / "shared"))
    / "data/chains/CS-SI/S2IPF_Orchestrator_Launcher/data/6.1"
)

# Sub-tasks of each pool, as counted from the original's settings for 12 detectors and at least 16 granules a detector.
COUNTED = {
    "L0": [1 + 48, 60, 1, 5, 12, 1],
    "OLQC_L0DS": [1],
    "OLQC_L0GR": [8],
    "L1A": [1 + 12, 13, 1, 1, 312, 12 + 24, 156, 1],
    "L1AFormatDS": [1, 1],
    "L1AFormatGR": [48, 12, 8],
    "L1B": [1, 12 + 2, 12 + 12, 12, 12, 1, 156, 1, 1],
    "L1BNoGRI": [4, 1, 1],
    "OLQC_L1BDS": [1],
    "L1BFormatGR": [192, 192, 8],
    "OLQC_L1CDS": [1, 1],
    "L1CTile": [1, 13, 1, 1, 13 + 1, 1],
    "OLQC_L1CTL": [1, 1],
}


@cache
def every_graph() -> list[S2Graph]:
    strips = [
        Datastrip(),
        Datastrip(datatake_type="INS-RAW"),
        Datastrip(reference_granules=0),
        Datastrip(granules_per_detector=3, reference_granules=1),
        Datastrip(datatake_type="INS-DASC"),
    ]
    return [graph_of(request, strip) for strip in strips for request in REQUESTS]


def ancestors(graph: S2Graph) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for task in graph.tasks:
        found[task.name] = set(graph.after[task.name]).union(*(found[name] for name in graph.after[task.name]))
    return found


@pytest.mark.parametrize("granules", [16, 152])
def test_pools_have_the_counted_sub_tasks_whatever_the_length(granules: int) -> None:
    strips = [
        Datastrip(granules_per_detector=granules, datatake_type="INS-RAW", reference_granules=reference)
        for reference in (0, 12)
    ]
    found: dict[str, list[int]] = {}
    for strip in strips:
        for request in REQUESTS[1:4]:
            by_mode = defaultdict(list)
            for mode, _, tasks in pools(graph_of(request, strip).tasks):
                by_mode[mode].append(len(tasks))
            found |= by_mode
    assert found == COUNTED


@pytest.mark.parametrize("tiles", [18, 100])
def test_a_nominal_datastrip_has_1287_and_33_for_each_tile(tiles: int) -> None:
    datastrip = len(graph_of("L0C").tasks) + len(graph_of("L1").tasks)
    assert datastrip == 1287
    assert datastrip + tiles * len(graph_of("L1C-TILE").tasks) == 1287 + 33 * tiles
    raw = len(graph_of("L1", Datastrip(datatake_type="INS-RAW")).tasks)
    assert raw == len(graph_of("L1").tasks) + 70


def test_no_graph_is_too_large_and_names_are_unique() -> None:
    for graph in every_graph():
        assert len(graph.tasks) <= MOST_TASKS
        assert len({task.name for task in graph.tasks}) == len(graph.tasks)


def test_a_short_strip_has_no_more_parts_than_granules() -> None:
    steps = Counter(task.step for task in graph_of("L1", Datastrip(granules_per_detector=3)).tasks)
    assert steps["FORMAT_IMG_L1B"] == 12 * 3
    assert steps["DECOMP"] == 312
    assert Counter(t.step for t in graph_of("L1", Datastrip(reference_granules=1)).tasks)["UNFORMAT_GRI-image"] == 1


def test_every_task_stands_after_all_it_follows() -> None:
    for graph in every_graph():
        seen: set[str] = set()
        for task in graph.tasks:
            assert seen.issuperset(graph.after[task.name]), task.name
            seen.add(task.name)


def test_every_edge_names_known_steps_and_a_product_that_its_producer_writes() -> None:
    writes = {f"{step.mode}/{step.name}": step.writes for step in STEPS}
    axes = {f"{step.mode}/{step.name}": {axis for axis, _ in step.axes} for step in STEPS}
    for edge in EDGES:
        assert edge.consumer in writes
        assert edge.product in writes[edge.producer], edge
        assert set(edge.axes) <= axes[edge.consumer] | axes[edge.producer], edge
    assert len(set(EDGES)) == len(EDGES)
    assert {step.mode for step in STEPS} == set(MEMORY_BYTES)


def test_every_input_is_produced_whole() -> None:
    """What a task reads covers its own share of every divided producer (every fifth task is looked at)."""
    for graph in every_graph():
        tasks = {task.name: task for task in graph.tasks}
        by_step = defaultdict(list)
        for task in graph.tasks:
            by_step[task.step_key].append(task)
        for edge in (edge for edge in EDGES if edge.producer in by_step):
            everyone = by_step[edge.producer]
            for task in by_step.get(edge.consumer, [])[::5]:
                sources = [tasks[name] for name in graph.after[task.name] if tasks[name].step_key == edge.producer]
                assert sources, (task.name, edge)
                for axis in everyone[0].share:
                    whole = frozenset().union(*(other.share[axis] for other in everyone))
                    needed = whole & task.share.get(axis, whole) if axis in edge.axes else whole
                    assert needed <= frozenset().union(*(source.share[axis] for source in sources)), (task.name, axis)


def test_same_detector_same_band_and_all() -> None:
    graph = graph_of("L1")
    after = {name: set(before) for name, before in graph.after.items()}
    first_half = {f"L1A/DECOMP B{band:02d} S001-008 D05" for band in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)}
    first_half |= {"L1A/DECOMP B8A S001-008 D05", "L1A/QL_CLOUD_MASK", "L1A/UPDATE_LOC"}
    assert after["L1A/RADIO_AB S001-008 D05"] == first_half
    finalize = after["L1A/RADIO_FINALIZE B8A D05"]
    assert {name for name in finalize if "DECOMP" in name} == {
        f"L1A/DECOMP B8A S{s} D05" for s in ("001-008", "009-016")
    }
    assert {name for name in finalize if "RADIO_AB" in name} == {
        f"L1A/RADIO_AB S{s} D05" for s in ("001-008", "009-016")
    }
    assert sum("RADIO_FINALIZE" in name for name in after["L1A/GET_GRI"]) == 156
    assert "L1BFormatGR/FORMAT_IMG_L1B D05 S009" in after["L1BFormatGR/FORMAT_METADATA_GR_L1B D05 S009"]
    assert "L1A/RADIO_AB S009-016 D05" in after["L1BFormatGR/FORMAT_IMG_L1B D05 S009"]
    assert "L1A/RADIO_AB S001-008 D05" not in after["L1BFormatGR/FORMAT_IMG_L1B D05 S009"]


def test_barriers_hold_every_true_dependency_and_more() -> None:
    """Pool barriers are a stricter order: what a sub-task truly follows stands in an earlier pool of the original."""
    for datatake_type in ("INS-NOBS", "INS-RAW"):
        strip = Datastrip(granules_per_detector=2, datatake_type=datatake_type)
        true, barriers = journey_of(strip, 2, "true"), journey_of(strip, 2, "barriers")
        earlier: dict[str, frozenset[str]] = {}
        for node in barriers.nodes:
            before = barriers.after[node.name]
            gates = frozenset(before).union(*(earlier[name] for name in before))
            earlier[node.name] = gates
        names = {node.name for node in true.nodes}
        assert names == {node.name for node in barriers.nodes if node.task is not None}
        for node in true.nodes:
            assert earlier[node.name].issuperset(true.after[node.name]), node.name
        true_pairs = sum(len(true.after[name]) for name in names)
        assert true_pairs < sum(len(earlier[name] & names) for name in names)


def test_true_order_is_weaker_also_by_closure() -> None:
    graph = graph_of("L1", Datastrip(granules_per_detector=2))
    before = ancestors(graph)
    independent = before["L1A/RADIO_AB S001 D05"]
    assert not any("D06" in name and "DECOMP" in name for name in independent)
    assert not any("DECOMP" in name and "S002" in name for name in independent)


@given(st.integers(1, 400), st.integers(1, 30))
def test_parts_are_contiguous_whole_and_nearly_equal(count: int, parts: int) -> None:
    pieces = split_list(range(count), parts)
    assert [element for piece in pieces for element in piece] == list(range(count))
    assert len(pieces) == min(count, parts)
    sizes = {len(piece) for piece in pieces}
    assert max(sizes) - min(sizes) <= 1


def test_ranges_are_written_in_three_digits() -> None:
    assert split_range(16, 4) == [("001", "004"), ("005", "008"), ("009", "012"), ("013", "016")]
    assert split_range(2, 16) == [("001", "001"), ("002", "002")]
    with pytest.raises(ValueError, match="0 elements"):
        split_range(0, 4)


def test_refused() -> None:
    with pytest.raises(ValueError, match="give nothing"):
        graph_of("L1", Datastrip(datatake_type="INS-UNKNOWN"))


# Types of the task tables that are files of this chain although their origin is said to be the archive.
INTERMEDIATE = {"VIRTUAL_SENSOR", "TIE_POINTS", "GCP_POINTS", "HOMOLOG_POINTS_LIST", "PDI_SAD"}
VARIANTS = {"UNFORMAT_GRI": ["mask", "image"], "RESAMPLE_TO_VS": ["image", "gri"]}
CHAINS_OF_MODES = (("L0",), ("L1A", "L1AFormatDS"), ("L1A", "L1AFormatGR"), ("L1A", "L1B", "L1BFormatGR"), ("L1CTile",))


class TableTask(NamedTuple):
    step: str
    pool: tuple[int, int]
    reads: list[str]
    writes: list[str]

    @property
    def name(self) -> str:
        return self.step.partition("/")[2].partition("-")[0]


def table_tasks(modes: tuple[str, ...]) -> list[TableTask]:
    found = []
    for place, mode in enumerate(modes):
        root = parse_xml(TABLES / mode / f"TaskTable_{mode}.xml")
        seen: Counter[str] = Counter()
        for number, pool in enumerate(root.iter("Pool")):
            for task in pool.iter("Task"):
                name = str(task.findtext("Name"))
                variant = f"-{VARIANTS[name][seen[name]]}" if name in VARIANTS else ""
                seen[name] += 1
                inputs = [(str(a.findtext("File_Type")), a.findtext("Origin")) for a in task.iter("Alternative")]
                reads = [kind for kind, origin in inputs if origin == "PROC" or kind in INTERMEDIATE]
                writes = [str(output.findtext("Type")) for output in task.iter("Output")]
                found.append(TableTask(f"{mode}/{name}{variant}", (place, number), reads, writes))
    return found


@pytest.mark.skipif(not TABLES.is_dir(), reason="the task tables are not here")
@pytest.mark.parametrize("modes", CHAINS_OF_MODES)
def test_all_who_make_what_real_task_tables_read_are_ancestors(modes: tuple[str, ...]) -> None:
    """Makers are those of the launcher's mapping, else all in earlier pools; a split edge still counts as one."""
    mapping = json.loads((TABLES.parents[1] / "config/6.1/orchestratorICD.json").read_text())["INPUT_OUTPUT_MAPPING"]
    parents: dict[str, set[str]] = defaultdict(set)
    for edge in EDGES:
        parents[edge.consumer].add(edge.producer)

    def before(step: str) -> set[str]:
        return parents[step].union(*(before(parent) for parent in parents[step]))

    tasks = table_tasks(modes)
    checked = 0
    for task in tasks:
        for kind in task.reads:
            mapped = {maker for makers in mapping.get(task.name, {}).get(kind, {}).values() for maker in makers}
            makers = {
                other.step
                for other in tasks
                if (other.name in mapped if mapped else kind in other.writes) and other.pool < task.pool
            }
            assert makers <= before(task.step), (task.step, kind, makers)
            checked += len(makers)
    assert checked >= 5


# What task tables call the files that the chains name by their product types.
AUXILIARY = {"IERS": "AUX_UT1UTC", "CAMS": "AUX_CAMSFO", "ECMWF": "AUX_ECMWFD", "GIP_R2EQOB": "GIP_R2EOB2"}


def test_tables_of_inputs_name_known_steps() -> None:
    assert set(READS) <= {f"{step.mode}/{step.name}" for step in STEPS}
    assert all(len(set(roles)) == len(roles) for roles in READS.values())


@pytest.mark.skipif(not TABLES.is_dir(), reason="the task tables are not here")
def test_steps_read_the_auxiliary_files_of_the_real_task_tables() -> None:
    checked = 0
    for mode in sorted({step.mode for step in STEPS}):
        file = TABLES / mode / f"TaskTable_{mode}.xml"
        seen: Counter[str] = Counter()
        for task in parse_xml(file).iter("Task") if file.is_file() else ():
            name = str(task.findtext("Name"))
            variant = f"-{VARIANTS[name][seen[name]]}" if name in VARIANTS and mode == "L1B" else ""
            seen[name] += 1
            kinds = {str(each.findtext("File_Type")) for each in task.iter("Alternative")}
            files = {AUXILIARY.get(kind, kind) for kind in kinds}
            own = {role for role in READS.get(f"{mode}/{name}{variant}", ()) if role[:4] in ("GIP_", "AUX_")}
            assert own == {kind for kind in files if kind[:4] in ("GIP_", "AUX_")}, (mode, name)
            checked += len(own)
    assert checked > 200
