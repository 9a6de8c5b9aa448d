"""The chain S3-L0-MWR on simulated sessions: every packet recovered, or exactly the lost ones reported."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import zarr
from pydantic import JsonValue
from sen3_reading import check_objects, read_manifest
from unit_runner import CREATED, ChainRun, run_chain
from zarr_reading import values_in

from refsys.chains.sentinel3.l0_mwr_product import ANNOTATION_RECORD
from refsys.chains.sentinel3.mwr_packets import MEDIAN_STEP_S, PACKET_BYTES, simulate_mwr_packets
from refsys.chains.sentinel3.session_simulator import SessionOptions, SessionTruth, simulate_session
from refsys.model.errors import ConfigInvalid, InputCorrupt, InputMissing
from refsys.model.names_s3 import S3ProductName
from refsys.model.products import Quality
from refsys.model.times import parse_time

START = datetime(2022, 11, 1, 11, 5, 15, tzinfo=UTC)
TYPE = "MW_0_MWR___"
Packets = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def simulated() -> Packets:
    return simulate_mwr_packets(3000, seed=1, first_sequence_count=15_000)


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Packets:
    file = shared_data / "s3_l0" / "S3A_MWR_L0_20221101T092439_isp.dat"
    return np.fromfile(file, np.uint8).reshape(-1, PACKET_BYTES)


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.shared)])
def packets(request: pytest.FixtureRequest) -> Packets:
    packets: Packets = request.getfixturevalue(request.param)
    return packets


@dataclass(frozen=True)
class Result:
    truth: SessionTruth
    run: ChainRun
    packets: Packets

    @property
    def folder(self) -> Path:
        return self.run.product_folder(TYPE)

    @property
    def figures(self) -> dict[str, Any]:
        return self.run.product(TYPE).figures

    @property
    def data(self) -> bytes:
        return (self.folder / "ISPData.dat").read_bytes()

    @property
    def annotation(self) -> npt.NDArray[np.void]:
        return np.fromfile(self.folder / "ISPAnnotation.dat", ANNOTATION_RECORD)

    @property
    def missing(self) -> dict[str, Any]:
        missing: dict[str, Any] = json.loads((self.folder / "missing_packets.json").read_text("utf-8"))
        return missing

    def first_sequence(self) -> int:
        return (int(self.packets[0, 2]) << 8 | int(self.packets[0, 3])) & 0x3FFF


def session(folder: Path, packets: Packets, **options: object) -> SessionTruth:
    values = SessionOptions.model_validate({"start": START, "chunk_frames": 40, **options})
    return simulate_session(packets.reshape(-1), np.full(len(packets), packets.shape[1]), folder, values)


def produce(
    folder: Path, packets: Packets, parameters: Mapping[str, JsonValue] | None = None, **options: Any
) -> Result:
    truth = session(folder, packets, **options)
    return Result(truth, run_session(folder / truth.session_id, folder, parameters), packets)


def run_session(place: Path, work: Path, parameters: Mapping[str, JsonValue] | None = None) -> ChainRun:
    channels = sorted({file.name.split("_ch")[1][0] for file in place.rglob("*_DSDB_*")})
    return run_chain(
        "S3-L0-MWR", {"session": place}, work / "run", parameters=parameters, channels=list[JsonValue](channels)
    )


LOSSLESS = {
    "duplicate": {},
    "split": {"channels": "split"},
    "single": {"channels": "single"},
    "wrong bytes": {"wrong_bytes_per_codeword": 8},
    "all it can correct": {"wrong_bytes_per_codeword": 16, "channels": "single"},
    "markers hit": {"marker_bit_errors": 4},
    "lost on one channel": {"lost_frame_fraction": 0.01, "lost_on": "first"},
    "swapped chunks": {"swapped_chunks": True},
    "late chunk": {"late_chunk": True, "channels": "split"},
    "bytes slipped": {"byte_slips": 9, "channels": "single"},
    "everything": {
        "late_chunk": True, "byte_slips": 9, "marker_bit_errors": 2, "wrong_bytes_per_codeword": 8,
        "lost_frame_fraction": 0.05, "lost_on": "first",
    },
}  # fmt: skip


@pytest.mark.parametrize("options", LOSSLESS.values(), ids=LOSSLESS.keys())
def test_nothing_is_missing(tmp_path: Path, packets: Packets, options: dict[str, Any]) -> None:
    result = produce(tmp_path, packets, **options)
    assert result.data == packets.tobytes(), "byte-identical"
    assert result.figures["packets"] == len(packets)
    assert result.figures["packets_missing"] == result.figures["gaps"] == result.figures["frames_missing"] == 0
    assert result.missing["packets"] == []
    assert result.annotation["flags"].all()
    assert (result.annotation["sequence"] == result.first_sequence() + np.arange(len(packets))).all()
    assert result.run.product(TYPE).quality is Quality.NOMINAL, result.figures["degraded_because"]


@pytest.mark.parametrize("channels", ["duplicate", "split", "single"])
@pytest.mark.parametrize(("fraction", "seed"), [(0.01, 0), (0.3, 1), (0.9, 2)])
def test_exactly_the_packets_of_lost_frames_are_missing(
    tmp_path: Path, packets: Packets, channels: str, fraction: float, seed: int
) -> None:
    result = produce(tmp_path, packets, channels=channels, lost_frame_fraction=fraction, seed=seed)
    gone = set(result.truth.missing_packets)
    assert gone
    there = [i for i in range(len(packets)) if i not in gone]
    assert result.data == packets[there].tobytes()
    reported = sorted(gone - set(result.truth.invisible_packets))
    first = result.missing["first_sequence"] - there[0]
    assert [item["sequence"] - first for item in result.missing["packets"]] == reported
    assert result.figures["packets_missing"] == len(reported)
    assert first % 16384 == result.first_sequence()
    assert result.run.product(TYPE).quality is Quality.DEGRADED


def test_missing_packets_have_their_expected_time(tmp_path: Path, simulated: Packets) -> None:
    result = produce(tmp_path, simulated, lost_frame_fraction=0.1, seed=1)
    start = datetime(2022, 11, 1, 9, 24, 39, tzinfo=UTC)
    items = result.missing["packets"]
    assert items
    for item in items:  # JSON
        index = item["sequence"] - result.first_sequence()
        expected = start + timedelta(seconds=index * MEDIAN_STEP_S)
        assert abs(parse_time(item["expected_time"]) - expected) < timedelta(microseconds=2)


def test_losses_at_head_and_tail_are_unknown_but_for_their_traces(tmp_path: Path, simulated: Packets) -> None:
    for seed in range(400):
        truth = session(tmp_path / str(seed), simulated[:1000], lost_frame_fraction=0.2, seed=seed)
        if {0, truth.frames - 1} <= set(truth.lost_frames):
            break
    run = run_session(tmp_path / str(seed) / truth.session_id, tmp_path)
    result = Result(truth, run, simulated[:1000])
    assert truth.invisible_packets
    for edge in ("head", "tail"):
        assert result.missing[edge] == {
            "lost_frames": "unknown",
            "lost_frames_at_least": 0,
            "partial_packet": True,
            "further_missing_packets": "unknown",
        }
    sequences = [item["sequence"] for item in result.missing["packets"]]  # JSON
    assert sequences[0] == result.missing["first_sequence"] - 1
    assert sequences[-1] == result.missing["last_sequence"] + 1


def test_frames_that_lost_their_content_alone_are_counted_at_the_edges(tmp_path: Path, simulated: Packets) -> None:
    truth = session(tmp_path, simulated, channels="single", chunk_frames=10_000)
    (chunk,) = (tmp_path / truth.session_id).glob("*.raw")
    stream = np.fromfile(chunk, np.uint8).reshape(-1, 2044)
    stream[3:5, 4 + 7 :: 8][:, :40] ^= 0xFF  # codeword 7 of the first two frames with packets; headers are in 0 to 5
    chunk.write_bytes(stream.tobytes())
    result = Result(truth, run_session(tmp_path / truth.session_id, tmp_path), simulated)
    own = 2 if result.figures["frames"] == truth.frames - 2 else 1  # the second may be of another virtual channel
    assert result.missing["head"]["lost_frames_at_least"] == own
    assert result.figures["frames_uncorrectable"] == 2


def test_the_product_says_what_it_is(tmp_path: Path, simulated: Packets) -> None:
    result = produce(tmp_path, simulated, satellite="B")
    draft, manifest = result.run.product(TYPE), read_manifest(result.folder)
    name = S3ProductName.parse(draft.name)
    assert (name.product_type, name.satellite, name.centre, name.class_id) == (TYPE, "B", "REF", "D_NR_001")
    assert draft.start == manifest.start == datetime(2022, 11, 1, 9, 24, 39, tzinfo=UTC)
    assert draft.stop == manifest.stop
    assert name.duration_s == int((draft.stop - draft.start).total_seconds()) == int(2999 * MEDIAN_STEP_S)
    assert (name.creation_time, manifest.creation_time) == (CREATED, CREATED)
    assert manifest.product_name == draft.name
    check_objects(result.folder, manifest)
    text = (result.folder / "xfdumanifest.xml").read_text("utf-8")
    for said in (
        result.truth.session_id,
        "s3-l0-mwr.product",
        '"most_missing_packets":0.001',
        'name="corrected_symbols"',
    ):
        assert said in text


@pytest.mark.shared
def test_times_of_the_real_orbit(tmp_path: Path, real: Packets) -> None:
    draft = produce(tmp_path, real).run.product(TYPE)
    assert draft.start == datetime(2022, 11, 1, 9, 24, 39, 695148, tzinfo=UTC)
    assert draft.stop == datetime(2022, 11, 1, 11, 5, 17, 581942, tzinfo=UTC)
    assert draft.name.startswith("S3A_MW_0_MWR____20221101T092439_20221101T110517_20260102T030405_6037_")


def test_annotation_and_zarr_say_the_same(tmp_path: Path, simulated: Packets) -> None:
    result = produce(tmp_path, simulated, lost_frame_fraction=0.05)
    records = result.annotation
    group = zarr.open_group(result.folder / "packets.zarr", mode="r")
    assert group.metadata.zarr_format == 3
    for column, field in (("time", "utc_ns"), ("sequence", "sequence"), ("offset", "offset"), ("length", "length")):
        assert (values_in(group, column) == records[field]).all()
    assert values_in(group, "data").tobytes() == result.data
    for record in records[[0, 17, -1]]:
        piece = result.data[record["offset"] : record["offset"] + record["length"]]
        assert simulated[(record["sequence"] - result.first_sequence())].tobytes() == piece
        frame = (record["first_frame"] - result.truth.first_counter) % (1 << 24)
        assert frame == (record["sequence"] - result.first_sequence()) * PACKET_BYTES // 1776


def test_the_same_plan_gives_the_same_bytes(tmp_path: Path, simulated: Packets) -> None:
    folders = [produce(tmp_path / place, simulated, lost_frame_fraction=0.02).folder for place in "ab"]
    files = [{p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in folders]
    assert files[0] == files[1]
    assert folders[0].name == folders[1].name


def test_volatile_values_are_in_text_files_and_masked(tmp_path: Path, simulated: Packets) -> None:
    result = produce(tmp_path, simulated[:100])
    volatile = result.run.product(TYPE).volatile
    assert volatile is not None
    for path in result.folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert (b"20260102T030405" in data) == (path.name == "xfdumanifest.xml")
    masked = volatile.mask((result.folder / "xfdumanifest.xml").read_bytes())
    for gone in (b"20260102T030405", b"2026-01-02T03:04:05", volatile.uuid.encode(), volatile.product_name.encode()):
        assert gone not in masked


def test_thresholds_are_parameters(tmp_path: Path, simulated: Packets) -> None:
    lax = {"product.most_missing_packets": 0.5, "product.most_missing_frames": 0.5}
    result = produce(tmp_path / "lax", simulated, parameters=lax, lost_frame_fraction=0.05)
    assert result.run.product(TYPE).quality is Quality.NOMINAL
    reasons = produce(tmp_path / "strict", simulated, lost_frame_fraction=0.05).figures["degraded_because"]
    assert [reason.partition(":")[0] for reason in reasons] == ["packets_missing", "frames_missing"]
    with pytest.raises(ConfigInvalid, match="most_missing_packets"):
        produce(tmp_path / "wrong", simulated, parameters={"product.most_missing_packets": 2})


def test_figures_count_what_was_done(tmp_path: Path, simulated: Packets) -> None:
    result = produce(tmp_path, simulated, wrong_bytes_per_codeword=3, marker_bit_errors=2)
    figures = result.figures
    assert figures["corrected_symbols"] == figures["frames_received"] * 8 * 3
    assert figures["frames"] == figures["frames_duplicate"] == result.truth.frames
    first, second = figures["channels"]
    assert first["marker_bit_errors"] == 2 * first["frames"]
    assert sum(first["frames_of_virtual_channel"].values()) == first["frames"] == second["frames"]
    assert first["frames_of_virtual_channel"]["5"] == result.truth.frames


def break_session(place: Path, fault: str) -> str:
    """Do one damage and return what the error must name."""
    first = min(place.glob("*ch1_DSDB*"))
    if fault == "truncated":
        first.write_bytes(first.read_bytes()[:-1000])
        return first.name
    if fault == "absent":
        first.unlink()
        return first.name
    if fault == "no list":
        next(place.glob("*ch1_DSIB.xml")).unlink()
        return "channel 1"
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, first.stat().st_size, dtype=np.uint8)
    first.write_bytes({"noise": noise, "zeros": noise * 0}[fault].tobytes())
    return first.name


@pytest.mark.parametrize("fault", ["truncated", "absent", "no list", "noise", "zeros"])
def test_bad_input_is_one_clear_error(tmp_path: Path, simulated: Packets, fault: str) -> None:
    truth = session(tmp_path, simulated)
    named = break_session(tmp_path / truth.session_id, fault)
    with pytest.raises((InputCorrupt, InputMissing), match=named):
        run_session(tmp_path / truth.session_id, tmp_path)
    assert not list((tmp_path / "run").glob("out/*/*")), "nothing partial"


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"frames.virtual_channel": 6}, r"no frame.*'5': \d+.*looked for in 6"),
        ({"product.apid": 7}, "no intact packet of APID 7; APIDs there: 1323"),
    ],
)
def test_a_session_without_the_packets(
    tmp_path: Path, simulated: Packets, parameters: dict[str, JsonValue], said: str
) -> None:
    with pytest.raises(InputCorrupt, match=said):
        produce(tmp_path, simulated[:200], parameters=parameters)


def test_a_session_beyond_correction(tmp_path: Path, simulated: Packets) -> None:
    with pytest.raises(InputCorrupt, match="no frame could be read"):
        produce(tmp_path, simulated[:200], wrong_bytes_per_codeword=40)


def test_a_channel_that_is_not_there(tmp_path: Path, simulated: Packets) -> None:
    truth = session(tmp_path, simulated[:200], channels="single")
    with pytest.raises(InputCorrupt, match="channel 2"):
        run_chain("S3-L0-MWR", {"session": tmp_path / truth.session_id}, tmp_path / "run", channels=["1", "2"])
