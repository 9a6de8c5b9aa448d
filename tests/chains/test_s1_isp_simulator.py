"""The packet encoder against the decoder and its own arithmetic; the simulated file and AUX_INS."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from refsys.chains.sentinel1.aux_ins import read_aux_ins
from refsys.chains.sentinel1.isp_encoder import SampleEncoder, encode_packet
from refsys.chains.sentinel1.isp_simulator import simulate_aux_ins, simulate_packets
from refsys.chains.sentinel1.simulated_tables import simulated_tables, tgu_celsius, tile_celsius
from refsys.kernels.sentinel1.baq import STATUS_OK, Samples, decode_samples
from refsys.kernels.sentinel1.baq_tables import KINDS, compile_tables, huffman_codes
from refsys.kernels.sentinel1.packets import FIELDS, Headers, decode_headers, find_packets, header_flags
from refsys.kernels.sentinel1.radar import window_samples
from refsys.model.names_s1 import S1AuxName

MODES = (0, 3, 4, 5, 12, 13, 14)
TABLES = simulated_tables()
LOOKUP = compile_tables(TABLES)
ENCODER = SampleEncoder(TABLES)


def decoded(packet: bytes) -> tuple[Headers, Samples]:
    buffer = np.frombuffer(packet, np.uint8)
    index = find_packets(buffer)
    headers = decode_headers(buffer, index.offsets)
    assert header_flags(headers, index.lengths).tolist() == [0] * index.offsets.size
    return headers, decode_samples(buffer, index.offsets, index.lengths, headers, LOOKUP)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(MODES), st.integers(0, 300), st.floats(0, 200), st.integers(0, 2**32 - 1))
def test_the_decoder_finds_what_was_encoded(mode: int, quads: int, sigma: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    iq = np.asarray(sigma * (rng.standard_normal(2 * quads) + 1j * rng.standard_normal(2 * quads)), np.complex128)
    blocks = -(-quads // 128)
    rates = rng.integers(0, 5, blocks).astype(np.uint8) if mode >= 12 else None
    encoded = ENCODER.encode(iq, mode, rates)
    _, samples = decoded(encode_packet({"baq_mode": mode, "quads": quads}, encoded.data))
    assert samples.status.tolist() == [STATUS_OK]
    np.testing.assert_array_equal(samples.iq, encoded.iq)
    if rates is not None:
        assert samples.brc.tolist() == rates.tolist()


@pytest.mark.parametrize("mode", [3, 4, 5])
def test_quantisation_noise_is_that_of_the_best_quantiser(mode: int) -> None:
    # J. Max (1960), table I: mean square error of 8, 16 and 32 levels for a Gaussian of sigma 1.
    expected = {3: 0.03454, 4: 0.009497, 5: 0.002499}
    rng = np.random.default_rng(4)
    iq = 40 * (rng.standard_normal(100_000) + 1j * rng.standard_normal(100_000))
    error = np.mean(np.abs(ENCODER.encode(iq, mode).iq - iq) ** 2) / np.mean(np.abs(iq) ** 2)
    # Sigma is sent in steps for each block, which costs little.
    assert error == pytest.approx(expected[mode], rel=0.03)


def test_bypass_rounds_and_clips() -> None:
    iq = np.array([0.4 + 0.6j, -1.6 - 0.2j, 511.4 - 600j, -9999 + 3j])
    assert ENCODER.encode(iq, 0).iq.tolist() == [0 + 1j, -2 + 0j, 511 - 511j, -511 + 3j]


@settings(deadline=None)
@given(st.fixed_dictionaries({}, optional={f.name: st.integers(0, 2**f.bits - 1) for f in FIELDS}))
def test_every_header_field_comes_back(fields: dict[str, int]) -> None:
    fields.pop("data_length", None)
    buffer = np.frombuffer(encode_packet(fields, bytes(8)), np.uint8)
    columns = decode_headers(buffer, np.array([0]))
    assert {name: int(columns[name][0]) for name in fields} == fields
    assert int(columns["data_length"][0]) == 69


def test_wrong_arguments_are_named() -> None:
    iq = np.zeros(4, np.complex128)
    with pytest.raises(ValueError, match="baq_mode is 32, which does not fit 5 bits"):
        encode_packet({"baq_mode": 32}, b"")
    with pytest.raises(ValueError, match="no header field is called colour"):
        encode_packet({"colour": 1}, b"")
    with pytest.raises(ValueError, match="are no pairs"):
        ENCODER.encode(iq[:3], 0)
    with pytest.raises(ValueError, match="there is no BAQ mode 7"):
        ENCODER.encode(iq, 7)
    with pytest.raises(ValueError, match="BAQ mode 12 needs rates"):
        ENCODER.encode(iq, 12)
    with pytest.raises(ValueError, match="BAQ mode 5 has no rates"):
        ENCODER.encode(iq, 5, np.zeros(1, np.uint8))
    with pytest.raises(ValueError, match=r"are not \(1, 1\) codes from 0 to 4"):
        ENCODER.encode(iq, 12, np.full(1, 5, np.uint8))


def test_codes_are_the_shortest_for_a_gaussian() -> None:
    """No symbol that is rarer has a shorter code, and the mean length is within one bit of the entropy."""
    sample = np.abs(np.random.default_rng(8).standard_normal(200_000))
    for tree, levels in zip(TABLES.huffman_trees, TABLES.normalised_levels[3:], strict=True):
        bits = {symbol: len(code) for code, symbol in huffman_codes(tree).items()}
        nearest = np.argmin(np.abs(sample[:, None] - levels), axis=1)
        share = np.bincount(nearest, minlength=levels.size) / sample.size
        mean = sum(share[symbol] * bits[symbol] for symbol in bits)
        entropy = -np.sum(share[share > 0] * np.log2(share[share > 0]))
        assert entropy - 1e-3 <= mean < entropy + 0.1
        assert sum(2.0**-length for length in bits.values()) == 1


def test_the_simulated_aux_ins_reads_back(tmp_path: Path) -> None:
    folder = simulate_aux_ins(tmp_path)
    name = S1AuxName.parse(folder.name)
    assert (name.product_type, name.start.year) == ("AUX_INS", 2013)
    aux = read_aux_ins(folder / "data" / "s1a-aux-ins.xml")
    for field in TABLES._fields:
        for one, other in zip(getattr(aux.baq, field), getattr(TABLES, field), strict=True):
            np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(aux.tgu_celsius, tgu_celsius())
    np.testing.assert_array_equal(aux.tile_celsius[4:], tile_celsius()[4:])
    manifest = etree.parse(folder / "manifest.safe").getroot()
    (stream,) = manifest.iter("byteStream")
    location = stream.find("fileLocation")
    assert location is not None
    file = folder / str(location.get("href"))
    assert int(str(stream.get("size"))) == file.stat().st_size
    assert stream.findtext("checksum") == hashlib.md5(file.read_bytes()).hexdigest()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    simulate_aux_ins(tmp_path)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.shared
def test_no_simulated_table_is_a_real_one(shared_data: Path) -> None:
    (real,) = (shared_data / "aux_s1/safe").glob("S1B_AUX_INS*/data/s1b-aux-ins.xml")
    tables = read_aux_ins(real).baq
    for kind, own, other in zip(KINDS, TABLES.normalised_levels, tables.normalised_levels, strict=True):
        assert own.size == other.size, kind
        assert not np.array_equal(own, other), kind


def test_the_simulated_file_is_what_it_says(tmp_path: Path) -> None:
    path = simulate_packets(tmp_path / "new", 3)
    headers, samples = decoded(path.read_bytes())
    np.testing.assert_array_equal(samples.iq, np.load(path.with_name(f"{path.stem}_iq.npy")))
    kinds, counts = np.unique(headers["ses_signal_type"], return_counts=True)
    assert dict(zip(kinds.tolist(), counts.tolist(), strict=True)) == {0: 58, 1: 4, 8: 2}
    np.testing.assert_array_equal(np.diff(samples.starts), window_samples(headers["swl"], headers["range_decimation"]))
    assert set(samples.brc.tolist()) == {0, 1, 2, 3, 255}


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    one, same = (simulate_packets(tmp_path / folder, 5).read_bytes() for folder in ("one", "same"))
    assert one == same
    assert one != simulate_packets(tmp_path, 6).read_bytes()
