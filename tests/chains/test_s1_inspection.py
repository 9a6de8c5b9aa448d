"""Inspection of Sentinel-1 packets: the three real ones against all that is published, and damaged buffers."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from refsys.chains.sentinel1.aux_ins import read_aux_ins
from refsys.chains.sentinel1.inspection import (
    Inspection,
    compare_iq,
    inspect_packets,
    measure_tx_pulse,
    sample_statistics,
)
from refsys.chains.sentinel1.l0_labels import LABELS, label
from refsys.kernels.sentinel1.baq import STATUS_OK, STATUS_TRUNCATED, Samples
from refsys.kernels.sentinel1.baq_tables import KINDS, BaqLookup, BaqTables, compile_tables
from refsys.kernels.sentinel1.packets import FIELDS, FLAG_LENGTH, SYNC_MARKER
from refsys.model.errors import InputCorrupt

NAMES = ("000000-noise", "000008-txcal", "000408-echo")


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Inspection:
    (aux,) = (shared_data / "aux_s1/safe").glob("S1B_AUX_INS*/data/s1b-aux-ins.xml")
    buffer = np.concatenate([np.fromfile(shared_data / f"s1_l0/isp/{name}.dat", np.uint8) for name in NAMES])
    return inspect_packets(buffer, compile_tables(read_aux_ins(aux).baq), where="three packets")


@pytest.mark.shared
def test_real_packets_are_sound(real: Inspection) -> None:
    assert real.samples.status.tolist() == [STATUS_OK] * 3
    assert real.flags.tolist() == [0, 0, 0]
    assert (real.foreign_packets, real.unread_bytes) == (0, 0)
    assert real.physical["window_samples"].tolist() == [real.iq(k).size for k in range(3)] == [21558, 3034, 21558]
    # The product's name says 2020-06-15T16:24:09.
    times = real.physical["utc_ns"].astype("datetime64[ns]").astype(str).tolist()
    assert times == ["2020-06-15T16:24:09.669670104", "2020-06-15T16:24:09.679023742", "2020-06-15T16:24:09.943962097"]


@pytest.mark.shared
@pytest.mark.parametrize(("packet", "largest"), [(0, 0.0), (1, 0.0), (2, 3e-6)])
def test_real_samples_agree_with_the_reference(
    real: Inspection, shared_data: Path, packet: int, largest: float
) -> None:
    difference = compare_iq(real.iq(packet), np.load(shared_data / f"s1_l0/reference/{NAMES[packet]}_iq.npy"))
    assert difference.samples == real.iq(packet).size
    assert difference.largest <= largest
    assert difference.equal == (largest == 0)


@pytest.mark.shared
def test_real_statistics(real: Inspection) -> None:
    assert real.statistics["rms"][[0, 2]].tolist() == pytest.approx([1.8439064, 15.972093], abs=1e-6)
    assert np.isnan(real.statistics["mean_brc"]).tolist() == [True, True, False]
    assert np.all(np.abs(real.statistics["iq_correlation"]) < 0.02)


@pytest.mark.shared
def test_real_pulse_is_the_one_in_the_header(real: Inspection) -> None:
    quality = measure_tx_pulse(real, 1)
    assert (quality.first_sample, quality.samples) == (30, 2948)
    assert quality.samples == real.physical["tx_pulse_samples"][1]
    assert quality.ramp_rate_hz_per_s == pytest.approx(real.physical["tx_ramp_rate_hz_per_s"][1], rel=5e-6)
    assert quality.correlation == pytest.approx(0.9986, abs=2e-4)
    assert quality.width_samples == pytest.approx(0.995, rel=0.01)
    assert quality.pslr_db == pytest.approx(-13.07, abs=0.01)
    with pytest.raises(ValueError, match="packet 0 is no Tx calibration"):
        measure_tx_pulse(real, 0)


def published_names(tree: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
    for name, value in tree.items():
        if isinstance(value, dict) and set(value) == {"name", "value"}:
            yield name, value["name"], value["value"]
        elif isinstance(value, dict):
            yield from published_names(value)


@pytest.mark.shared
@pytest.mark.parametrize("name", NAMES)
def test_labels_agree_with_the_published_names(shared_data: Path, name: str) -> None:
    columns = {"ecc_num": "ecc_number", "polarization": "sas_polarisation", "cal_mode": "ses_cal_mode"}
    columns |= {"temperature_compensation": "sas_temperature_compensation", "signal_type": "ses_signal_type"}
    published = json.loads((shared_data / f"s1_l0/reference/{name}_headers.json").read_text())
    checked = 0
    for field, meaning, code in published_names(published):
        ours = re.sub(r"[^A-Z0-9]+", "_", label(columns.get(field, field), code).upper())
        assert ours == meaning.removeprefix("X").replace("_ON_9", "_9")
        checked += 1
    assert checked == len(LABELS)


def test_labels_are_of_header_fields_and_fit_their_bits() -> None:
    bits = {field.name: field.bits for field in FIELDS}
    for column, meanings in LABELS.items():
        assert max(meanings) < 1 << bits[column]
        assert len(set(meanings.values())) == len(meanings)


def balanced(symbols: list[int]) -> list[int]:
    words: list[int] = []
    for bit, part in enumerate((symbols[: len(symbols) // 2], symbols[len(symbols) // 2 :])):
        words += [1, bit, part[0]] if len(part) == 1 else [0, bit, *balanced(part)]
    return words


@pytest.fixture(scope="module")
def lookup() -> BaqLookup:
    sizes = (4, 8, 16, 4, 5, 7, 10, 16)
    assert len(sizes) == len(KINDS)
    return compile_tables(
        BaqTables(
            huffman_trees=tuple(np.array(balanced(list(range(size)))) for size in sizes[3:]),
            normalised_levels=tuple(np.arange(size, dtype=np.float64) + 0.5 for size in sizes),
            simple_levels=tuple(np.array([size - 1.0], np.float64) for size in sizes),
            sigma_factors=np.arange(256.0),
            thidx_thresholds=np.zeros(8, np.int64),
            magnitude_thresholds=np.array(sizes) - 1,
        )
    )


def bypass_packet(quads: int, payload: bytes, marker: int = SYNC_MARKER) -> bytes:
    """A bypass echo packet with the given user data."""
    header = bytearray(68)
    header[0:4] = bytes([0x0C, 0x1C, 0xC0, 0x00])
    header[4:6] = (62 + len(payload) - 1).to_bytes(2, "big")
    header[12:16] = marker.to_bytes(4, "big")
    header[38] = 31
    header[65:67] = quads.to_bytes(2, "big")
    return bytes(header) + payload


def inspect(lookup: BaqLookup, *packets: bytes) -> Inspection:
    return inspect_packets(np.frombuffer(b"".join(packets), np.uint8), lookup, where="made-up.dat")


def test_foreign_and_short_packets_are_counted_and_left_out(lookup: BaqLookup) -> None:
    good = bypass_packet(1, bytes([0x01, 0x00] * 4))
    short = bytes([0x0C, 0x1C, 0xC0, 0x00, 0x00, 0x09]) + bytes(10)
    found = inspect(lookup, good, short, bypass_packet(1, bytes(8), marker=7), good, b"\x0c\x1c\xc0")
    assert (found.foreign_packets, found.unread_bytes) == (2, 3)
    assert found.samples.status.tolist() == [STATUS_OK, STATUS_OK]
    assert found.iq(1).tolist() == [4 + 4j, 4 + 4j]


def test_truncated_packet_keeps_its_row(lookup: BaqLookup) -> None:
    good = bypass_packet(1, bytes(8))
    found = inspect(lookup, good, bypass_packet(60000, bytes(8)))
    assert found.samples.status.tolist() == [STATUS_OK, STATUS_TRUNCATED]
    assert found.headers["quads"].tolist() == [1, 60000]
    assert np.isnan(found.statistics["rms"]).tolist() == [False, True]
    assert not np.any(found.flags & FLAG_LENGTH)


@pytest.mark.parametrize("data", [b"", b"text, no packets", bytes(5000), b"\xff" * 5000])
def test_a_file_without_packets_is_corrupt(lookup: BaqLookup, data: bytes) -> None:
    with pytest.raises(InputCorrupt, match=r"has the marker 352EF853 \[made-up\.dat\]; give the measurement"):
        inspect(lookup, data)


@pytest.mark.parametrize("kept", [30, 70, 75])
def test_a_first_packet_that_is_cut_is_named_so(lookup: BaqLookup, kept: int) -> None:
    with pytest.raises(InputCorrupt, match=rf"truncated: the first packet is longer than the {kept} bytes there are"):
        inspect(lookup, bypass_packet(1, bytes(8))[:kept])


def test_statistics_against_plain_numpy() -> None:
    rng = np.random.default_rng(2)
    first = (rng.normal(1, 2, 500) + 1j * rng.normal(-3, 4, 500)).astype(np.complex64)
    constant = np.full(6, 2 + 1j, np.complex64)
    samples = Samples(
        iq=np.concatenate([first, constant]),
        starts=np.array([0, 500, 506, 506]),
        brc=np.array([0, 4, 255], np.uint8),
        thidx=np.zeros(3, np.uint8),
        block_starts=np.array([0, 2, 3, 3]),
        status=np.array([0, 0, 2], np.uint8),
    )
    table = sample_statistics(samples)
    assert table["mean_i"][:2].tolist() == pytest.approx([first.real.mean(), 2], rel=1e-5)
    assert table["mean_q"][:2].tolist() == pytest.approx([first.imag.mean(), 1], rel=1e-5)
    assert table["rms_i"][0] == pytest.approx(first.real.std(), rel=1e-5)
    assert table["rms_q"][0] == pytest.approx(first.imag.std(), rel=1e-5)
    assert table["iq_correlation"][0] == pytest.approx(np.corrcoef(first.real, first.imag)[0, 1], abs=1e-6)
    assert np.isnan(table["iq_correlation"][1:]).all()
    assert table["rms"][1] == pytest.approx(5**0.5)
    assert table["peak"][0] == pytest.approx(np.abs(first).max(), rel=1e-6)
    assert table["mean_brc"][0] == 2
    assert np.isnan([table["mean_brc"][1], table["rms"][2], table["mean_i"][2]]).all()


def test_comparison_refuses_other_lengths_and_finds_differences() -> None:
    ours = np.array([1 + 1j, 2], np.complex64)
    assert compare_iq(ours, ours) == (2, 0.0, True)
    assert compare_iq(ours, np.array([1 + 1j, 2 + 3j], np.complex64)) == (2, 3.0, False)
    with pytest.raises(ValueError, match="2 samples cannot be compared with 1"):
        compare_iq(ours, ours[:1])
