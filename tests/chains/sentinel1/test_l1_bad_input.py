"""Raw data that are wrong: a clear error, or an image marked degraded for a reason that names the limit."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
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
from refsys.chains.sentinel1.onboard_orbit import OnboardOrbit, smoothed_orbit
from refsys.chains.sentinel1.safe.reading import product_images
from refsys.chains.sentinel1.simulation.acquisition import DataTake, simulate_packets
from refsys.chains.sentinel1.simulation.auxiliary import simulate_auxiliary
from refsys.chains.sentinel1.simulation.echoes import NO_NOISE, Noise
from refsys.chains.sentinel1.simulation.instrument import S3, shortened, stripmap
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT, state_vectors
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


@pytest.mark.parametrize("fault", [fault for fault in SAMPLE_FAULTS if fault not in (no_quads, one_quad_more)])
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
def test_codes_that_change_within_a_segment(source: Source, packets: s1.Packets, tmp_path: Path, field: str) -> None:
    for packet in packets[CALIBRATION_PACKETS + 100 :]:
        s1.put(packet, field, s1.get(packet, field) ^ 1)
    error = refused(source, tmp_path, packets, f"{field} changes at packet {CALIBRATION_PACKETS + 100}")
    assert error.where == "s3-vv, run 1"


@pytest.mark.parametrize(("row", "what"), [(LINES - 1, "disagree"), (50, "run back"), (0, "disagree")])
def test_a_pri_count_that_is_far_off(source: Source, packets: s1.Packets, tmp_path: Path, row: int, what: str) -> None:
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
        where = "decoded"
        try:
            decode(source, tmp_path, changed)
        except RefsysError as error:
            where = error.where or ""
        assert where


def test_saturated_samples_degrade(source: Source, tmp_path: Path) -> None:
    loud = level0(tmp_path / "loud", LINES, SAMPLES, Noise(2 * 400.0**2, seed=3))
    found = decode(source, tmp_path, s1.packets_of(loud.product))
    assert statistics(found)["saturated"] > 0.9
    (reason,) = found["degraded_because"]
    assert reason.startswith("s3-vv: saturated ")
    assert reason.endswith(", at most 0.01 may be")


# Orbit


def without_orbit_file(source: Source) -> Source:
    auxiliary = {role: path for role, path in source.auxiliary.items() if role != "AUX_RESORB"}
    return source._replace(auxiliary=auxiliary)


def put_words(packets: s1.Packets, first: int, last: int, word: int) -> None:
    """Set ancillary words, counted from 1: 1 to 12 are the position, 13 to 18 the velocity, 19 to 22 the time."""
    for packet in packets:
        if first <= s1.get(packet, "subcom_index") <= last:
            s1.put(packet, "subcom_word", word)


def test_without_an_orbit_file_the_packets_give_the_orbit(source: Source, packets: s1.Packets, tmp_path: Path) -> None:
    assert decode(without_orbit_file(source), tmp_path, packets)["orbit_source"] == "packets"
    assert decode(source, tmp_path, packets)["orbit_source"].startswith("S1A_OPER_AUX_RESORB")


def test_no_orbit_at_all(source: Source, packets: s1.Packets, tmp_path: Path) -> None:
    for packet in packets:
        s1.put(packet, "subcom_index", 0)
    error = refused(without_orbit_file(source), tmp_path, packets, "no state vector in the packets, and no orbit file")
    assert isinstance(error, InputMissing)
    assert error.hint == "ingest an AUX_RESORB"
    assert decode(source, tmp_path, packets)["degraded_because"] == []


@pytest.mark.parametrize(
    ("words", "word", "what"),
    [((1, 12), 0, "no orbit"), ((1, 12), 0xFFFF, "no orbit"), ((13, 18), 0, "no orbit"), ((19, 22), 0, "gap|end")],
)
def test_state_vectors_of_the_packets_that_are_none(
    source: Source, tmp_path: Path, words: tuple[int, int], word: int, what: str
) -> None:
    packets = s1.packets_of(source.product)
    put_words(packets, *words, word)
    refused(without_orbit_file(source), tmp_path, packets, what)


def test_a_gap_in_the_state_vectors_of_the_packets() -> None:
    orbit = state_vectors(SIMULATED_ORBIT, 0.0, 60.0)
    epoch = datetime(2013, 6, 1, 12, tzinfo=UTC)
    utc_ns = int(epoch.timestamp()) * 10**9 + np.round(orbit.time_s * 1e9).astype(np.int64)
    kept = (orbit.time_s < 15) | (orbit.time_s > 45)
    states = OnboardOrbit(utc_ns[kept], orbit.position_m[kept], orbit.velocity_m_s[kept])
    with pytest.raises(InputCorrupt, match="state vectors have a gap of") as error:
        smoothed_orbit(states, epoch, (0.0, 60.0))
    assert error.value.hint == "give AUX_RESORB"


def test_a_gap_in_the_orbit_file(source: Source, packets: s1.Packets, tmp_path: Path) -> None:
    text = source.auxiliary["AUX_RESORB"].read_text("utf-8")
    vectors = re.findall(r"\s*<OSV>.*?</OSV>", text, re.DOTALL)
    near = [vector for vector in vectors if re.search("UTC=2013-06-01T(11:59:[45]|12:00:[01])", vector)]
    assert len(near) > 3
    for vector in near:
        text = text.replace(vector, "")
    count = len(vectors) - len(near)
    text = re.sub(r'List_of_OSVs count="\d+"', f'List_of_OSVs count="{count}"', text)
    gap = tmp_path / "orbit" / source.auxiliary["AUX_RESORB"].name
    gap.parent.mkdir()
    gap.write_text(text, "utf-8")
    holed = source._replace(auxiliary={**source.auxiliary, "AUX_RESORB": gap})
    error = refused(holed, tmp_path, packets, "the orbit does not serve: the orbit has a gap")
    assert error.where == gap.name


# Products


@pytest.fixture(scope="module")
def aperture(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """Enough lines and samples for an image."""
    return level0(tmp_path_factory.mktemp("long"), 1400, 3400, Noise(50.0, seed=3))


def test_without_calibration_noise_and_orbit_and_with_lines_missing_the_image_says_so(
    aperture: Source, tmp_path: Path
) -> None:
    packets = s1.echoes(s1.packets_of(aperture.product))
    del packets[700:730]
    product = s1.with_packets(aperture.product, tmp_path / "in", packets)
    made = run(without_orbit_file(aperture), product, tmp_path / "run", only=None)
    draft = made.product("S3_SLC__1S")
    assert draft.quality.value == "degraded"
    assert draft.figures["degraded_because"] == ["s3-vv: missing_lines 0.0214, at most 0.01 may be"]
    assert draft.figures["orbit_source"] == "packets"
    (image,) = product_images(made.product_folder("S3_SLC__1S"))
    annotation = image.read_annotation()
    assert annotation.processing.chirp_source == "Nominal"
    assert annotation.noise == () or all(record.lines == 0 for record in annotation.noise)


def test_an_image_of_zeros(tmp_path: Path) -> None:
    silent = level0(tmp_path / "silent", 1400, 3400, NO_NOISE)
    draft = run(silent, silent.product, tmp_path / "run", only=None).product("S3_SLC__1S")
    assert draft.quality.value == "degraded"
    assert draft.figures["degraded_because"] == ["s3-vv: all samples are zero"]


def test_raw_data_shorter_than_an_aperture(source: Source, tmp_path: Path) -> None:
    with pytest.raises(InputCorrupt, match="no image: raw data") as error:
        run(source, source.product, tmp_path / "run", only=None)
    assert error.value.where == "s3-vv:1/1"
