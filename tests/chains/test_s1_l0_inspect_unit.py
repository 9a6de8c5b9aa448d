"""The chain S1-L0-INSPECT: products of real and simulated packets, faults, and the same bytes every time."""

import csv
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from hypothesis import example, given, settings
from hypothesis import strategies as st
from unit_runner import ChainRun, run_chain
from zarr_reading import array_in, values_in

from refsys.chains.chain_files import check_units, shipped_chains
from refsys.chains.sentinel1.ancillary import ancillary_rows
from refsys.chains.sentinel1.aux_ins import read_aux_ins
from refsys.chains.sentinel1.inspection import inspect_packets, physical_values
from refsys.chains.sentinel1.isp_encoder import SampleEncoder, encode_packet
from refsys.chains.sentinel1.isp_simulator import simulate_aux_ins, simulate_packets
from refsys.chains.sentinel1.l0_figure import draw_inspection
from refsys.chains.sentinel1.l0_labels import FLAG_LABELS, flag_labels
from refsys.chains.sentinel1.l0_product import compare_published
from refsys.chains.sentinel1.simulated_tables import simulated_tables
from refsys.kernels.sentinel1 import packets as s1_packets
from refsys.kernels.sentinel1.baq_tables import compile_tables
from refsys.kernels.sentinel1.packets import Headers
from refsys.model.errors import InputCorrupt, InputMissing
from refsys.model.products import Quality
from refsys.model.times import compact_time, format_time
from refsys.model.values import canonical_json

TYPE = "S1_L0_INSPECT"
NAMES = ("000000-noise", "000008-txcal", "000408-echo")
LARGEST_DIFFERENCE = {"000000-noise": 0.0, "000008-txcal": 0.0, "000408-echo": 3e-6}
ENCODER = SampleEncoder(simulated_tables())
LOOKUP = compile_tables(simulated_tables())
PULSE = {"tx_ramp_rate": 0x8000 | 2560, "tx_start_frequency": 12005, "tx_pulse_length": 1200, "range_decimation": 4}


@pytest.fixture(scope="module")
def aux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_aux_ins(tmp_path_factory.mktemp("aux"))


@pytest.fixture(scope="module")
def simulated(aux: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ChainRun]:
    work = tmp_path_factory.mktemp("simulated")
    packets = simulate_packets(work, 7)
    return packets, run_chain("S1-L0-INSPECT", {"packets": packets, "AUX_INS": aux}, work / "run")


@pytest.fixture(scope="module")
def real(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ChainRun]:
    work = tmp_path_factory.mktemp("real")
    (aux,) = (shared_data / "aux_s1/safe").glob("S1B_AUX_INS*")
    files = {name: shared_data / f"s1_l0/isp/{name}.dat" for name in NAMES}
    return {
        name: run_chain("S1-L0-INSPECT", {"packets": file, "AUX_INS": aux}, work / name) for name, file in files.items()
    }


def packet(**fields: int) -> bytes:
    """An echo of 100 bypass quads, with a sampling window of just that."""
    rng = np.random.default_rng(1)
    data = ENCODER.encode(9 * (rng.standard_normal(200) + 1j * rng.standard_normal(200)), 0).data
    return encode_packet({"quads": 100, "swl": 164, "range_decimation": 4, **fields}, data)


def produce(work: Path, aux: Path, data: bytes, **parameters: float) -> ChainRun:
    file = work / "made-up.dat"
    file.write_bytes(data)
    inputs = {"packets": file, "AUX_INS": aux}
    given = {f"inspect.{name}": value for name, value in parameters.items()}
    return run_chain("S1-L0-INSPECT", inputs, work / "run", parameters=given)


def report_of(run: ChainRun) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((run.product_folder(TYPE) / "report.json").read_text("utf-8"))
    return report


def figures_of(run: ChainRun) -> dict[str, Any]:
    figures: dict[str, Any] = run.product(TYPE).figures
    return figures


def texts_in(group: zarr.Group, name: str, attribute: str) -> list[str]:
    """An attribute of an array that is a list of texts."""
    texts = array_in(group, name).attrs[attribute]
    assert isinstance(texts, list)
    return [str(text) for text in texts]


def test_the_chain_file_fits_its_unit() -> None:
    chain = shipped_chains()["S1-L0-INSPECT"]
    check_units(chain)
    assert [rule.arrival for rule in chain.triggers] == ["S1_ISP"]
    assert {rule.role: (rule.policy, rule.mandatory) for rule in chain.inputs} == {
        "packets": ("trigger", True),
        "AUX_INS": ("LatestValCover", True),
    }


@pytest.mark.shared
@pytest.mark.parametrize("name", NAMES)
def test_published_samples_of_real_packets_agree_with_the_reference(
    real: dict[str, ChainRun], shared_data: Path, name: str
) -> None:
    run = real[name]
    difference = compare_published(run.product_folder(TYPE), shared_data / f"s1_l0/reference/{name}_iq.npy")
    assert difference.largest <= LARGEST_DIFFERENCE[name]
    assert difference.equal == (LARGEST_DIFFERENCE[name] == 0)
    draft = run.product(TYPE)
    assert draft.quality is Quality.NOMINAL, draft.figures["degraded_because"]
    assert draft.figures["samples"] == difference.samples
    key = run.plan.steps[0].key[:8].upper()
    assert draft.name == f"S1_L0_INSPECT_{name}_20200615T162409_20260102T030405_{key}"
    assert (draft.mission, draft.satellite) == ("S1", "_")


@pytest.mark.shared
def test_figures_of_real_packets(real: dict[str, ChainRun]) -> None:
    pulse = figures_of(real["000008-txcal"])["tx_pulses"]
    assert pulse["ramp_rate_hz_per_s"] == pytest.approx(pulse["nominal_ramp_rate_hz_per_s"], rel=5e-6)
    assert pulse["pslr_db"] == pytest.approx(-13.07, abs=0.01)
    assert pulse["width_samples"] == pytest.approx(0.995, rel=0.01)
    (row,) = report_of(real["000008-txcal"])["tx_pulses"]
    assert (row["first_sample"], row["samples"], row["fault"]) == (30, 2948, None)
    kinds = {name: figures_of(run)["kinds"] for name, run in real.items()}
    assert kinds["000000-noise"]["noise"]["rms"] == pytest.approx(1.8439, abs=1e-4)
    assert kinds["000408-echo"]["echo"]["rms"] == pytest.approx(15.972, abs=1e-3)


@pytest.mark.shared
def test_the_table_of_a_real_packet_has_what_is_published(real: dict[str, ChainRun], shared_data: Path) -> None:
    (row,) = csv.DictReader((real["000408-echo"].product_folder(TYPE) / "packets.csv").read_text().splitlines())
    derived = json.loads((shared_data / "s1_l0/reference/000408-echo_headers.json").read_text())["derived"]
    columns = {
        "rx_gain_db": "rx_gain_db",
        "tx_ramp_rate_hz_per_sec": "tx_ramp_rate_hz_per_s",
        "tx_pulse_start_freq_hz": "tx_start_frequency_hz",
        "tx_pulse_length_sec": "tx_pulse_length_s",
        "pri_sec": "pri_s",
        "swst_sec": "swst_s",
        "swl_sec": "swl_s",
        "swl_n3rx_samples": "window_samples",
    }
    for published, own in columns.items():
        assert float(row[own]) == pytest.approx(derived[published], rel=1e-12), own
    assert (row["baq_mode_label"], row["ses_signal_type_label"]) == ("FDBAQ mode 0", "echo")
    assert row["utc"] == "2020-06-15T16:24:09.943962097Z"


def test_simulated_packets_are_decoded_exactly(simulated: tuple[Path, ChainRun]) -> None:
    packets, run = simulated
    difference = compare_published(run.product_folder(TYPE), packets.with_name(f"{packets.stem}_iq.npy"))
    assert difference.equal
    draft = run.product(TYPE)
    assert draft.quality is Quality.NOMINAL, draft.figures["degraded_because"]
    assert draft.figures["packets"] == 64
    assert draft.figures["statuses"] == {"decoded": 64}
    assert {kind: found["packets"] for kind, found in figures_of(run)["kinds"].items()} == {
        "echo": 58,
        "noise": 4,
        "Tx cal": 2,
    }
    assert (figures_of(run)["tx_pulses"]["measured"], draft.figures["ancillary_cycles"]) == (2, 1)
    canonical_json(draft.figures)


def test_table_and_zarr_hold_every_column(simulated: tuple[Path, ChainRun]) -> None:
    packets, run = simulated
    buffer = np.fromfile(packets, np.uint8)
    index = s1_packets.find_packets(buffer)
    headers = s1_packets.decode_headers(buffer, index.offsets)
    physical = physical_values(headers)
    group = zarr.open_group(run.product_folder(TYPE) / "samples.zarr", mode="r")
    table, names = values_in(group, "headers"), texts_in(group, "headers", "columns")
    rows = list(csv.DictReader((run.product_folder(TYPE) / "packets.csv").read_text().splitlines()))
    assert names == [field.name for field in s1_packets.FIELDS]
    for k, name in enumerate(names):
        np.testing.assert_array_equal(table[:, k], headers[name])
        assert [int(row[name]) for row in rows] == headers[name].tolist()
    for k, name in enumerate(texts_in(group, "physical", "columns")):
        np.testing.assert_array_equal(array_in(group, "physical")[:, k], physical[name])
        assert [float(row[name]) for row in rows] == physical[name].tolist()
    np.testing.assert_array_equal(values_in(group, "utc_ns"), physical["utc_ns"])
    units = dict(zip(texts_in(group, "physical", "columns"), texts_in(group, "physical", "units"), strict=True))
    assert (units["tx_ramp_rate_hz_per_s"], units["pri_s"], units["rx_gain_db"]) == ("Hz s-1", "s", "dB")
    starts, iq = values_in(group, "starts"), array_in(group, "iq")
    rms = [np.sqrt(np.mean(np.abs(np.asarray(iq[a:b]).astype(complex)) ** 2)) for a, b in pairwise(starts)]
    assert [float(row["rms"]) for row in rows] == pytest.approx(rms, rel=1e-8)
    assert [row["rms"] for row in rows] == [repr(packet["rms"]) for packet in report_of(run)["packets"]]


def test_the_report_says_where_it_comes_from(simulated: tuple[Path, ChainRun], aux: Path) -> None:
    _, run = simulated
    report, draft = report_of(run), run.product(TYPE)
    assert report["figures"] == draft.figures
    assert [item["name"] for item in report["provenance"]["inputs"]] == ["S1_SIMULATED_ISP_0007.dat", aux.name]
    assert report["provenance"]["parameters"] == run.plan.steps[0].parameters
    (cycle,) = report["ancillary"]
    assert cycle["pvt_utc"] == "2013-06-01T12:00:00.000000000Z"
    assert cycle["position_m"] == [7064000.0, 0.0, 0.0]
    assert cycle["tgu_celsius"] == 20.0
    assert cycle["ta_celsius"][:2] == [21.0, 20.0]


def test_volatile_values_are_the_only_ones(simulated: tuple[Path, ChainRun]) -> None:
    _, run = simulated
    draft = run.product(TYPE)
    assert draft.volatile is not None
    for file in run.product_folder(TYPE).rglob("*"):
        if file.is_file() and file.suffix != ".json":
            data = file.read_bytes()
            assert draft.volatile.mask(data) == data, file
    masked = draft.volatile.mask((run.product_folder(TYPE) / "report.json").read_bytes()).decode()
    assert draft.volatile.uuid not in masked
    assert format_time(draft.creation_time) not in masked
    assert compact_time(draft.creation_time) not in masked


def test_same_input_same_bytes(simulated: tuple[Path, ChainRun], aux: Path, tmp_path: Path) -> None:
    packets, first = simulated
    second = run_chain("S1-L0-INSPECT", {"packets": packets, "AUX_INS": aux}, tmp_path)
    one, other = (
        {str(path.relative_to(run.out)): path.read_bytes() for path in run.out.rglob("*") if path.is_file()}
        for run in (first, second)
    )
    assert len(one) == 26
    assert one == other
    assert first.product(TYPE) == second.product(TYPE)


def test_the_picture_says_nothing_of_software_or_time(simulated: tuple[Path, ChainRun]) -> None:
    _, run = simulated
    picture = (run.product_folder(TYPE) / "inspection.png").read_bytes()
    chunks, at = [], 8
    while at < len(picture):
        size = int.from_bytes(picture[at : at + 4], "big")
        chunks.append(picture[at + 4 : at + 8])
        at += 12 + size
    assert set(chunks) == {b"IHDR", b"pHYs", b"IDAT", b"IEND"}


DEGRADED = {
    "undecoded": (packet(quads=4000), "packets_undecoded: 1 of 2, at most 0 of them may be", "most_undecoded_packets"),
    "flagged": (packet(error_flag=1), "packets_flagged: 1 of 2, at most 0 of them may be", "most_flagged_packets"),
    "foreign": (packet(sync_marker=1), "packets_foreign: 1 of 2, at most 0 of them may be", "most_foreign_packets"),
    "odd": (packet(swl=300), "packets_of_odd_length: 1 of 2, at most 0 of them may be", "most_odd_lengths"),
}


@pytest.mark.parametrize(("bad", "reason", "limit"), DEGRADED.values(), ids=DEGRADED.keys())
def test_each_fault_degrades_unless_it_is_allowed(
    tmp_path: Path, aux: Path, bad: bytes, reason: str, limit: str
) -> None:
    (tmp_path / "strict").mkdir()
    strict = produce(tmp_path / "strict", aux, packet() + bad).product(TYPE)
    assert (strict.quality, strict.figures["degraded_because"]) == (Quality.DEGRADED, [reason])
    (tmp_path / "lenient").mkdir()
    lenient = produce(tmp_path / "lenient", aux, packet() + bad, **{limit: 0.5}).product(TYPE)
    assert lenient.quality is Quality.NOMINAL


def tx_cal(ramp_error: float = 0.0, amplitude: float = 200.0) -> bytes:
    samples = np.arange(2396)
    rate_hz, ramp, start = 66728395.09, 1719794157268.0 * (1 + ramp_error), -27491251.64
    time_s = (samples - 30) / rate_hz
    inside = (time_s >= 0) & (time_s < 1200 / 37.53472224e6)
    iq = amplitude * inside * np.exp(2j * np.pi * (start + 0.5 * ramp * time_s) * time_s)
    fields = {"ses_signal_type": 8, "quads": samples.size // 2, "swl": 1400, **PULSE}
    return encode_packet(fields, ENCODER.encode(iq, 0).data)


def test_a_sound_pulse_is_nominal(tmp_path: Path, aux: Path) -> None:
    run = produce(tmp_path, aux, tx_cal())
    draft = run.product(TYPE)
    assert draft.quality is Quality.NOMINAL, draft.figures["degraded_because"]
    assert figures_of(run)["tx_pulses"]["correlation"] > 0.999


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (tx_cal(ramp_error=0.001), "Tx calibration, packet 0: ramp rate differs by 0.001 of it, at most 0.0001 may be"),
        (tx_cal(amplitude=0.0), "Tx calibration, packet 0: a pulse or replica that is empty, zero or not finite"),
        (
            packet(ses_signal_type=8, **{**PULSE, "tx_pulse_length": 40}),
            "Tx calibration, packet 0: ramp rate differs by",
        ),
        (
            packet(ses_signal_type=8, **{**PULSE, "tx_pulse_length": (1 << 24) - 1}),
            "Tx calibration, packet 0: the pulse of 29826160 samples in the header is longer than the 200 samples",
        ),
        (
            packet(ses_signal_type=8, quads=9000, **PULSE),
            "Tx calibration, packet 0: the pulse of 2134 samples in the header is longer than the 0 samples",
        ),
    ],
    ids=["other ramp", "silence", "noise", "longest pulse", "undecoded"],
)
def test_a_faulty_pulse_degrades_and_is_shown(tmp_path: Path, aux: Path, data: bytes, reason: str) -> None:
    run = produce(tmp_path, aux, data)
    draft = run.product(TYPE)
    assert draft.quality is Quality.DEGRADED
    assert any(str(found).startswith(reason) for found in figures_of(run)["degraded_because"])
    canonical_json(draft.figures)
    assert report_of(run)["quality"] == "degraded"
    assert (run.product_folder(TYPE) / "inspection.png").stat().st_size > 5_000


def test_nothing_decoded_is_still_a_product(tmp_path: Path, aux: Path) -> None:
    run = produce(tmp_path, aux, packet(baq_mode=1) * 2)
    figures = run.product(TYPE).figures
    assert figures["statuses"] == {"unknown BAQ mode": 2}
    assert figures["kinds"] == {"echo": {"packets": 2, "decoded": 0, "samples": 0, "rms": None}}
    row, _ = report_of(run)["packets"]
    assert (row["rms"], row["status"], row["flags"]) == (None, "unknown BAQ mode", ["unknown BAQ mode"])
    assert array_in(zarr.open_group(run.product_folder(TYPE) / "samples.zarr", mode="r"), "iq").shape == (0,)


KEPT = ("data_length", "sync_marker", "packet_version", "packet_type", "secondary_header_flag", "ses_signal_type")
CODES = {field.name: st.integers(0, 2**field.bits - 1) for field in s1_packets.FIELDS if field.name not in KEPT}


@settings(deadline=None, max_examples=12)
@given(st.lists(st.fixed_dictionaries({}, optional=CODES), min_size=1, max_size=2), st.sampled_from([0, 8]))
@example([{"process_id": 0, "tx_pulse_length": 1}], 8)  # a pulse shorter than the figure's sidelobes, without ramp
def test_headers_that_contradict_the_data_give_a_product_all_the_same(
    tmp_path_factory: pytest.TempPathFactory, aux: Path, headers: list[dict[str, int]], kind: int
) -> None:
    data = b"".join(packet(ses_signal_type=kind, **codes) for codes in headers)
    run = produce(tmp_path_factory.mktemp("any"), aux, data)
    figures = run.product(TYPE).figures
    canonical_json(figures)
    assert figures["packets"] == len(headers) == len(report_of(run)["packets"])
    assert (run.product(TYPE).quality is Quality.NOMINAL) == (figures["degraded_because"] == [])


BAD_FILES = {
    "cut in the second": ((packet() * 2)[:-10], r"truncated: \d+ bytes after byte \d+ are no whole packet"),
    "cut in the first": (packet()[:-10], "truncated: the first packet is longer than"),
    "empty": (b"", "none of 0 packets in 0 bytes has the marker 352EF853"),
    "text": (b"no packets at all, " * 40, "has the marker 352EF853"),
    "other mission": (bytes([0x0D, 0x2B, 0xC0, 0, 0, 51]) + bytes(52), "none of 1 packets in 58 bytes has the marker"),
}


@pytest.mark.parametrize(("data", "message"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_bad_file_of_packets_is_named(tmp_path: Path, aux: Path, data: bytes, message: str) -> None:
    with pytest.raises(InputCorrupt, match=message) as caught:
        produce(tmp_path, aux, data)
    assert caught.value.where == "made-up.dat"
    assert not any(path.is_file() for path in (tmp_path / "run" / "out").rglob("*")), "nothing partial is left"


@pytest.mark.parametrize("part", ["huffmanLutList", "nrlLutList", "srlLutList", "sigmaFactorLut", "thresholdLutList"])
def test_an_aux_ins_without_a_table_is_named(tmp_path: Path, aux: Path, part: str) -> None:
    lacking = tmp_path / aux.name
    (lacking / "data").mkdir(parents=True)
    text = (aux / "data" / "s1a-aux-ins.xml").read_text()
    (lacking / "data" / "s1a-aux-ins.xml").write_text(text.replace(part, "somethingElse"))
    with pytest.raises(InputCorrupt, match=part.removesuffix("List").removesuffix("Lut")) as caught:
        produce(tmp_path, lacking, packet())
    assert str(caught.value.where).endswith("s1a-aux-ins.xml")


def test_an_aux_ins_without_annotation_is_named(tmp_path: Path, aux: Path) -> None:
    lacking = tmp_path / aux.name
    lacking.mkdir()
    (lacking / "manifest.safe").write_bytes((aux / "manifest.safe").read_bytes())
    with pytest.raises(InputMissing, match=r"0 files end with '-aux-ins\.xml'"):
        produce(tmp_path, lacking, packet())


def test_comparison_names_what_is_wrong(simulated: tuple[Path, ChainRun], tmp_path: Path) -> None:
    _, run = simulated
    folder = run.product_folder(TYPE)
    short, text = tmp_path / "short.npy", tmp_path / "text.npy"
    np.save(short, np.zeros(3, np.complex64))
    text.write_text("not an array")
    for reference in (short, text):
        with pytest.raises(InputCorrupt, match="no comparison") as caught:
            compare_published(folder, reference)
        assert caught.value.where == str(reference)
    with pytest.raises(InputMissing, match="no reference samples"):
        compare_published(folder, tmp_path / "absent.npy")
    with pytest.raises(InputMissing, match="no decoded samples"):
        compare_published(tmp_path, short)


def test_the_comparison_sees_one_changed_sample(simulated: tuple[Path, ChainRun], tmp_path: Path) -> None:
    packets, run = simulated
    reference = np.load(packets.with_name(f"{packets.stem}_iq.npy"))
    reference[1000] += 2
    np.save(tmp_path / "changed.npy", reference)
    assert compare_published(run.product_folder(TYPE), tmp_path / "changed.npy") == (reference.size, 2.0, False)


def test_ancillary_cycles_need_64_packets_in_a_row(aux: Path) -> None:
    tables = read_aux_ins(aux / "data" / "s1a-aux-ins.xml")
    headers: Headers = {
        "space_packet_count": np.arange(64, dtype=np.uint32),
        "subcom_index": np.arange(1, 65, dtype=np.uint8),
        "subcom_word": np.full(64, 0x7FF8, np.uint16),
    }
    rows: list[Any] = ancillary_rows(headers, tables)
    (row,) = rows
    assert row["position_m"] == [None] * 3  # the words spell NaN, which JSON cannot hold
    headers["space_packet_count"][40:] += 1
    assert ancillary_rows(headers, tables) == []


def test_the_figure_has_a_row_for_each_kind(simulated: tuple[Path, ChainRun]) -> None:
    packets, _ = simulated
    inspection = inspect_packets(np.fromfile(packets, np.uint8), LOOKUP, where="simulated")
    titles = [axes.get_title() for axes in draw_inspection(inspection, title="simulated").axes]
    assert [title for title in titles if title] == [
        "All packets",
        "noise, BAQ5 (packet 0): I and Q",
        "noise: amplitude in the sampling window",
        "noise: spectrum",
        "echo, FDBAQ mode 0 (packet 6): I and Q",
        "echo: amplitude in the sampling window",
        "echo: spectrum",
        "Tx cal (packet 4): phase and amplitude of the pulse",
        "Tx cal: compressed with the chirp in its header",
        "Tx cal: spectrum",
    ]


def test_every_flag_has_a_label() -> None:
    flags = [value for name, value in vars(s1_packets).items() if name.startswith("FLAG_")]
    assert sorted(FLAG_LABELS) == sorted(flags)
    assert flag_labels(sum(flags)) == list(FLAG_LABELS.values())
    assert flag_labels(0) == []
