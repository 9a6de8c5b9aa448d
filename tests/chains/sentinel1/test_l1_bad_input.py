"""Raw data that are wrong: a clear error, or an image marked degraded for a reason that names the limit."""

from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from typing import Any, NamedTuple

import numpy as np
import pytest
import s1_packets as s1
import zarr
from s1_session import write_session
from unit_runner import ChainRun, run_chain

from refsys.chains.sentinel1.l0_reading import measurement_files, open_packets
from refsys.chains.sentinel1.l1_slc_facts import RAW
from refsys.chains.sentinel1.simulation.acquisition import DataTake, simulate_packets
from refsys.chains.sentinel1.simulation.auxiliary import simulate_auxiliary
from refsys.chains.sentinel1.simulation.echoes import NO_NOISE, Noise
from refsys.chains.sentinel1.simulation.instrument import S3, shortened, stripmap
from refsys.chains.sentinel1.simulation.scene import Scene
from refsys.chains.sentinel1.simulation.tops import Burst
from refsys.kernels.sentinel1.packets import FIELDS, HEADER_BYTES
from refsys.model.errors import InputCorrupt, InputMissing, RefsysError

GAIN, LINES, SAMPLES = 0.5, 200, 640
CALIBRATION_PACKETS = 18
ROLES = ("AUX_INS", "AUX_CAL", "AUX_PP1", "AUX_RESORB")


class Source(NamedTuple):
    """A Level-0 product, what it says of itself, auxiliary files by role, and a folder for copies."""

    product: Path
    figures: dict[str, Any]
    auxiliary: dict[str, Path]
    work: Path


def level0(work: Path, lines: int, samples: int, noise: Noise) -> Source:
    acquisition = stripmap(shortened(S3, samples, 100e-6), gain=GAIN)
    part = Burst(0, acquisition, acquisition.raw_grid(0.2, lines))
    packets = b"".join(simulate_packets([part], Scene(()), DataTake(noise=noise)))
    run = run_chain("S1-L0", {"session": write_session(work, {24: packets})}, work / "l0", channels=["1"])
    auxiliary = dict(zip(ROLES, simulate_auxiliary(work / "aux", gain=GAIN), strict=True))
    return Source(
        run.product_folder("S3_RAW__0S"), dict(run.product("S3_RAW__0S").figures), auxiliary, work / "changed"
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return level0(tmp_path_factory.mktemp("short"), LINES, SAMPLES, Noise(50.0, seed=3))


@pytest.fixture
def packets(source: Source) -> s1.Packets:
    return s1.packets_of(source.product)


def run(source: Source, product: Path, work: Path, only: str | None = "s1-l1-slc.decode") -> ChainRun:
    rmtree(work, ignore_errors=True)
    inputs = {"packets": product, **source.auxiliary}
    return run_chain("S1-L1-SLC", inputs, work, only=only, **source.figures)


def decode(source: Source, tmp_path: Path, data: s1.Packets | bytes) -> dict[str, Any]:
    """Figures of the decoding step for other packets."""
    rmtree(tmp_path / "in", ignore_errors=True)
    whole = data if isinstance(data, bytes) else b"".join(data)
    product = s1.with_bytes(source.product, tmp_path / "in", whole)
    (outcome,) = run(source, product, tmp_path / "run").outcomes.values()
    return dict(outcome.figures)


def statistics(figures: dict[str, Any]) -> dict[str, float]:
    found: dict[str, float] = figures["segments"]["s3-vv"]["statistics"]
    return found


def refused(source: Source, tmp_path: Path, data: s1.Packets | bytes, what: str) -> RefsysError:
    with pytest.raises(RefsysError, match=what) as error:
        decode(source, tmp_path, data)
    assert error.value.where
    return error.value


def raw_lines(tmp_path: Path) -> np.ndarray[Any, Any]:
    (place,) = (tmp_path / "run" / "workspace").iterdir()
    return np.asarray(zarr.open_group(place, mode="r")[f"s3-vv/{RAW}"][...])  # type: ignore[index]


def test_good_packets_are_nominal(source: Source, packets: s1.Packets, tmp_path: Path) -> None:
    figures = decode(source, tmp_path, packets)
    assert figures["degraded_because"] == []
    assert figures["segments"]["s3-vv"]["replica_source"] == "nominal" or figures["segments"]["s3-vv"]
    assert statistics(figures)["lines"] == LINES
    assert raw_lines(tmp_path).shape == (LINES, SAMPLES)
    assert raw_lines(tmp_path).any(axis=1).all()


# Files cut or empty


def test_a_file_cut_anywhere_is_said_to_be_cut_or_has_whole_packets(source: Source, tmp_path: Path) -> None:
    data = measurement_files(source.product)[0].read_bytes()
    bounds = set(np.cumsum([len(packet) for packet in s1.packets_of(source.product)]).tolist())
    rng = np.random.default_rng(11)
    path = tmp_path / "cut.dat"
    near = [bound + step for bound in sorted(bounds)[:40] for step in (-1, 0, 1, 5, 6, 67, 68)]
    for size in {*near, *rng.integers(1, len(data), 60).tolist()} - {0}:
        path.write_bytes(data[:size])
        if size in bounds:
            assert open_packets(path).unsound == 0
            continue
        with pytest.raises(InputCorrupt, match="truncated") as error:
            open_packets(path)
        assert error.value.where == "cut.dat"
        assert error.value.hint


def test_fewer_whole_packets_are_fewer_lines(source: Source, packets: s1.Packets, tmp_path: Path) -> None:
    figures = decode(source, tmp_path, packets[: CALIBRATION_PACKETS + 120])
    assert statistics(figures)["lines"] == 120
    assert figures["degraded_because"] == []


def test_an_empty_measurement_and_a_product_without_one(source: Source, tmp_path: Path) -> None:
    refused(source, tmp_path, b"", "empty")
    refused(source, tmp_path, bytes(5000), "truncated|sound")
    product = s1.with_bytes(source.product, tmp_path / "none", b"")
    for path in product.glob("*.dat"):
        path.unlink()
    with pytest.raises(InputMissing, match="without a file of packets") as error:
        run(source, product, tmp_path / "run")
    assert error.value.where


def test_no_echoes(source: Source, packets: s1.Packets, tmp_path: Path) -> None:
    refused(source, tmp_path, s1.of_signal(packets, bool), "no echoes")


def test_another_polarisation(source: Source, packets: s1.Packets, tmp_path: Path) -> None:
    for packet in packets:
        s1.put(packet, "rx_channel_id", 1)
    refused(source, tmp_path, packets, "no packets of polarisation VV")
    s1.put(packets[30], "rx_channel_id", 0)
    refused(source, tmp_path, packets, "several rx_channel_id")


# Packets whose samples or headers are wrong: one in five hundred may be, of 200 none


def truncated(packet: bytearray) -> None:
    s1.cut(packet, HEADER_BYTES + (len(packet) - HEADER_BYTES) // 2)


def no_user_data(packet: bytearray) -> None:
    s1.cut(packet, HEADER_BYTES)


def wrong_rate(packet: bytearray) -> None:
    packet[HEADER_BYTES] |= 0xE0  # the first block's rate code is 7, the highest there is is 4


def wrong_mode(packet: bytearray) -> None:
    s1.put(packet, "baq_mode", 5)


def bypass(packet: bytearray) -> None:
    s1.put(packet, "baq_mode", 0)


def many_quads(packet: bytearray) -> None:
    s1.put(packet, "quads", 65535)


def one_quad_more(packet: bytearray) -> None:
    s1.put(packet, "quads", SAMPLES // 2 + 1)


def no_quads(packet: bytearray) -> None:
    s1.put(packet, "quads", 0)


SAMPLE_FAULTS = (truncated, no_user_data, wrong_rate, wrong_mode, bypass, many_quads, one_quad_more, no_quads)


@pytest.mark.parametrize("fault", SAMPLE_FAULTS)
def test_a_line_that_cannot_be_decoded_is_zero_and_degrades(
    source: Source, packets: s1.Packets, tmp_path: Path, fault: Callable[[bytearray], None]
) -> None:
    fault(packets[CALIBRATION_PACKETS + 50])
    figures = decode(source, tmp_path, packets)
    assert statistics(figures)["undecoded_lines"] == 1
    assert figures["degraded_because"] == ["s3-vv: undecoded_lines 0.005, at most 0.001 may be"]
    raw = raw_lines(tmp_path)
    assert raw.shape == (LINES, SAMPLES)
    assert np.flatnonzero(~raw.any(axis=1)).tolist() == [50]


@pytest.mark.parametrize("fault", [fault for fault in SAMPLE_FAULTS if fault is not no_quads])
def test_no_line_that_can_be_decoded(
    source: Source, packets: s1.Packets, tmp_path: Path, fault: Callable[[bytearray], None]
) -> None:
    for packet in s1.echoes(packets):
        fault(packet)
    assert refused(source, tmp_path, packets, "no line could be decoded").hint


def test_lines_without_samples(source: Source, packets: s1.Packets, tmp_path: Path) -> None:
    for packet in s1.echoes(packets):
        s1.put(packet, "quads", 0)
    refused(source, tmp_path, packets, "without samples")


def unknown_mode(packet: bytearray) -> None:
    s1.put(packet, "baq_mode", 7)


def no_sync(packet: bytearray) -> None:
    s1.put(packet, "sync_marker", 0)


def within_header(packet: bytearray) -> None:
    s1.cut(packet, 20)


def instrument_error(packet: bytearray) -> None:
    s1.put(packet, "error_flag", 1)


@pytest.mark.parametrize("fault", [unknown_mode, no_sync, within_header, instrument_error])
def test_packets_with_unsound_headers_are_left_out_and_degrade(
    source: Source, packets: s1.Packets, tmp_path: Path, fault: Callable[[bytearray], None]
) -> None:
    for row in (3, 77, 150):
        fault(packets[CALIBRATION_PACKETS + row])
    figures = decode(source, tmp_path, packets)
    assert figures["packets_unsound"] == 3
    assert statistics(figures)["missing_lines"] == 3
    assert [reason.split(",")[0] for reason in figures["degraded_because"]] == [
        "VV: 3 packets have an unsound header", "s3-vv: missing_lines 0.015",
    ]  # fmt: skip
    assert np.flatnonzero(~raw_lines(tmp_path).any(axis=1)).tolist() == [3, 77, 150]


# Lines in time


def test_missing_lines_up_to_the_limit_beyond_it_and_most_of_all(
    source: Source, packets: s1.Packets, tmp_path: Path
) -> None:
    first = CALIBRATION_PACKETS
    assert decode(source, tmp_path, packets[: first + 9] + packets[first + 11 :])["degraded_because"] == []
    figures = decode(source, tmp_path, packets[: first + 9] + packets[first + 12 :])
    assert statistics(figures)["missing_lines"] == 3
    assert figures["degraded_because"] == ["s3-vv: missing_lines 0.015, at most 0.01 may be"]
    refused(source, tmp_path, packets[: first + 20] + packets[first + 150 :], "only 70 of 200 pulses have a packet")


@pytest.mark.parametrize("field", ["pri", "rank", "swst", "tx_pulse_length", "rx_gain", "range_decimation"])
def test_codes_that_change_within_a_segment(
    source: Source, packets: s1.Packets, tmp_path: Path, field: str
) -> None:
    for packet in packets[CALIBRATION_PACKETS + 100 :]:
        s1.put(packet, field, s1.get(packet, field) ^ 1)
    error = refused(source, tmp_path, packets, f"{field} changes at packet {CALIBRATION_PACKETS + 100}")
    assert error.where == "s3-vv, run 1"


@pytest.mark.parametrize(("row", "what"), [(LINES - 1, "disagree"), (50, "run back"), (0, "run back")])
def test_a_pri_count_that_is_far_off(
    source: Source, packets: s1.Packets, tmp_path: Path, row: int, what: str
) -> None:
    packet = packets[CALIBRATION_PACKETS + row]
    s1.put(packet, "pri_count", s1.get(packet, "pri_count") ^ (1 << 30))
    refused(source, tmp_path, packets, what)


def test_a_clock_that_jumps(source: Source, packets: s1.Packets, tmp_path: Path) -> None:
    for packet in packets[CALIBRATION_PACKETS + 100 :]:
        s1.put(packet, "coarse_time", s1.get(packet, "coarse_time") + 1)
    refused(source, tmp_path, packets, "packet times and PRI counts disagree")


def test_repeated_and_swapped_pulses(source: Source, packets: s1.Packets, tmp_path: Path) -> None:
    at = CALIBRATION_PACKETS + 60
    refused(source, tmp_path, [*packets[:at], packets[at - 1], *packets[at:]], "repeat")
    refused(source, tmp_path, [*packets[:at], packets[at + 1], packets[at], *packets[at + 2 :]], "run back")


@pytest.mark.parametrize("field", [field for field in FIELDS if field.name != "data_length"], ids=lambda f: f.name)
def test_any_header_field_at_its_ends_in_all_echoes(
    source: Source, packets: s1.Packets, tmp_path: Path, field: Any
) -> None:
    for code in (0, (1 << field.bits) - 1):
        changed = [bytearray(packet) for packet in packets]
        for packet in s1.echoes(changed):
            s1.put(packet, field.name, code)
        try:
            decode(source, tmp_path, changed)
        except RefsysError as error:
            assert error.where, error
