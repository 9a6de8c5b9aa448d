"""The chain S1-L0 on small sessions: every packet in its product, or exactly the lost ones missed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import JsonValue
from s1_session import ZONE_BYTES, write_session
from unit_runner import ChainRun, run_chain

from refsys.chains.sentinel1 import l0_assembly
from refsys.chains.sentinel1.isp_encoder import SampleEncoder, encode_packet
from refsys.chains.sentinel1.isp_simulator import simulate_packets
from refsys.chains.sentinel1.safe.level0_records import ANNOTATION, INDEX, read_records
from refsys.chains.sentinel1.simulated_tables import simulated_tables
from refsys.chains.units import ProductDraft
from refsys.kernels.sentinel1.packets import find_packets
from refsys.model.errors import InputCorrupt
from refsys.model.names_s1 import S1ProductName
from refsys.model.products import Quality


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return simulate_packets(tmp_path_factory.mktemp("packets"), 1).read_bytes()


def produce(session: Path, work: Path, channels: int = 1) -> ChainRun:
    numbers: list[JsonValue] = [str(number) for number in range(1, channels + 1)]
    return run_chain("S1-L0", {"session": session}, work, channels=numbers)


def figures_of(draft: ProductDraft) -> dict[str, Any]:
    return draft.figures


def measurement(folder: Path) -> bytes:
    (path,) = (path for path in folder.glob("*.dat") if not path.stem.endswith(("-annot", "-index")))
    return path.read_bytes()


def in_the_other_polarisation(packets: bytes) -> bytes:
    data = bytearray(packets)
    for at in find_packets(np.frombuffer(packets, np.uint8)).offsets.tolist():
        data[at + 21] |= 1  # receive channel H
    return bytes(data)


def test_every_packet_is_in_the_product(tmp_path: Path, packets: bytes) -> None:
    run = produce(write_session(tmp_path, {24: packets}), tmp_path / "run")
    (draft,) = run.outcomes["product"].products
    name = S1ProductName.parse(draft.name)
    assert (name.product_type, name.polarisation, name.orbit, name.satellite) == ("S3_RAW__0S", "SV", 123, "A")
    assert draft.product_type == "S3_RAW__0S"
    folder = run.product_folder("S3_RAW__0S")
    assert measurement(folder) == packets, "byte-identical"
    annotation = read_records(next(folder.glob("*-annot.dat")), ANNOTATION)
    lengths = find_packets(np.frombuffer(packets, np.uint8)).lengths
    assert (annotation["packet_length"] == lengths - 7).all()
    ends = np.cumsum(lengths)
    assert (annotation["frames"] == (ends - 1) // ZONE_BYTES - (ends - lengths) // ZONE_BYTES + 1).all()
    assert read_records(next(folder.glob("*-index.dat")), INDEX)["first_packet"].tolist() == [0]
    assert figures_of(draft)["packets"] == 64
    assert figures_of(draft)["packets_missing"] == figures_of(draft)["frames_missing"] == 0
    assert figures_of(draft)["segments"] == [{"name": "s3-vv", "lines": 58, "samples": 7018, "bursts": 0}]
    assert draft.quality is Quality.NOMINAL, figures_of(draft)["degraded_because"]
    assert draft.start.year == 2013
    assert "Simulated" in (folder / "manifest.safe").read_text("utf-8")


def test_two_polarisations_are_one_product(tmp_path: Path, packets: bytes) -> None:
    session = write_session(tmp_path, {24: packets, 25: in_the_other_polarisation(packets)})
    run = produce(session, tmp_path / "run")
    (draft,) = run.outcomes["product"].products
    assert S1ProductName.parse(draft.name).polarisation == "DV"
    assert figures_of(draft)["polarisations"] == ["VH", "VV"]
    assert [segment["name"] for segment in figures_of(draft)["segments"]] == ["s3-vh", "s3-vv"]
    assert figures_of(draft)["packets"] == 128


def test_exactly_the_packets_of_lost_frames_are_missing(tmp_path: Path, packets: bytes) -> None:
    lost = (100, 101, 200)
    run = produce(write_session(tmp_path, {24: packets}, lost={1: lost}), tmp_path / "run")
    (draft,) = run.outcomes["product"].products
    lengths = find_packets(np.frombuffer(packets, np.uint8)).lengths
    ends = np.cumsum(lengths)
    gone = [
        k
        for k, (end, length) in enumerate(zip(ends.tolist(), lengths.tolist(), strict=True))
        if any((end - length) // ZONE_BYTES <= frame <= (end - 1) // ZONE_BYTES for frame in lost)
    ]
    folder = run.product_folder("S3_RAW__0S")
    whole = [packets[end - length : end] for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)]
    assert measurement(folder) == b"".join(part for k, part in enumerate(whole) if k not in gone)
    assert figures_of(draft)["packets_missing"] == len(gone)
    assert figures_of(draft)["frames_missing"] == len(lost)
    gaps = figures_of(draft)["gaps"]["VV"]
    assert sum(gap["missing"] for gap in gaps) == len(gone)
    assert draft.quality is Quality.DEGRADED


def test_what_one_channel_lost_another_has(tmp_path: Path, packets: bytes) -> None:
    session = write_session(tmp_path, {24: packets}, lost={1: tuple(range(50, 90)), 2: (10, 200)}, channels=2)
    (draft,) = produce(session, tmp_path / "run", 2).outcomes["product"].products
    assert draft.quality is Quality.NOMINAL, figures_of(draft)["degraded_because"]
    assert figures_of(draft)["packets"] == 64
    assert figures_of(draft)["frames_missing"] == 0


@pytest.mark.parametrize("frames", [1, 7, 40, 1000])
def test_the_window_does_not_matter(
    tmp_path: Path, packets: bytes, monkeypatch: pytest.MonkeyPatch, frames: int
) -> None:
    monkeypatch.setattr(l0_assembly.MergedFrames.windows, "__defaults__", (frames,))
    run = produce(write_session(tmp_path, {24: packets}), tmp_path / "run")
    folder = run.product_folder("S3_RAW__0S")
    assert measurement(folder) == packets


def test_two_data_takes_are_two_products(tmp_path: Path, packets: bytes) -> None:
    other = bytearray(packets)
    for at in find_packets(np.frombuffer(packets, np.uint8)).offsets.tolist():
        other[at + 18] = 0x77  # of the data take
    drafts = (
        produce(write_session(tmp_path, {24: packets + bytes(other)}), tmp_path / "run").outcomes["product"].products
    )
    assert len({draft.name for draft in drafts}) == 2
    assert [figures_of(draft)["packets"] for draft in drafts] == [64, 64]


def test_a_session_without_echoes_is_refused_by_name(tmp_path: Path, packets: bytes) -> None:
    with pytest.raises(InputCorrupt, match=r"no packets of Sentinel-1 echoes.*looked at \[24, 25\]"):
        produce(write_session(tmp_path, {7: packets}), tmp_path / "run")


def test_few_packets_hold_no_state_vector_and_the_product_says_so(tmp_path: Path, packets: bytes) -> None:
    lengths = find_packets(np.frombuffer(packets, np.uint8)).lengths
    run = produce(write_session(tmp_path, {24: packets[: int(lengths[:20].sum())]}), tmp_path / "run")
    (draft,) = run.outcomes["product"].products
    assert draft.quality is Quality.DEGRADED
    assert "no state vector" in str(figures_of(draft)["degraded_because"])


def test_an_unsound_header_degrades(tmp_path: Path) -> None:
    encoder = SampleEncoder(simulated_tables())
    data = encoder.encode(np.ones(512, np.complex128), 5).data
    codes = {"data_take_id": 512, "ecc_number": 3, "sas_polarisation": 7, "ses_swath_number": 2, "quads": 256}
    stream = [
        encode_packet(
            {**codes, "coarse_time": 1054123216 + k, "space_packet_count": k, "baq_mode": 5 if k != 3 else 9}, data
        )
        for k in range(8)
    ]
    run = produce(write_session(tmp_path, {24: b"".join(stream)}), tmp_path / "run")
    (draft,) = run.outcomes["product"].products
    assert figures_of(draft)["packets_corrupt"] == 1
    assert figures_of(draft)["packets_missing"] == 0
    assert any(str(reason).startswith("packets_corrupt") for reason in figures_of(draft)["degraded_because"])
