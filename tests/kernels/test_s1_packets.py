"""Headers and framing of Sentinel-1 packets: against bit strings, and the published fields of three real packets."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.kernels.sentinel1 import packets as pk

# Widths in the order of the document's tables; None is a spare. Written apart from the kernel's bit positions.
LAYOUT = [
    ("packet_version", 3), ("packet_type", 1), ("secondary_header_flag", 1), ("process_id", 7), ("packet_category", 4),
    ("sequence_flags", 2), ("sequence_count", 14), ("data_length", 16),
    ("coarse_time", 32), ("fine_time", 16),
    ("sync_marker", 32), ("data_take_id", 32), ("ecc_number", 8), (None, 1), ("test_mode", 3), ("rx_channel_id", 4),
    ("instrument_configuration_id", 32),
    ("subcom_index", 8), ("subcom_word", 16),
    ("space_packet_count", 32), ("pri_count", 32),
    ("error_flag", 1), (None, 2), ("baq_mode", 5), ("baq_block_length", 8), (None, 8), ("range_decimation", 8),
    ("rx_gain", 8), ("tx_ramp_rate", 16), ("tx_start_frequency", 16), ("tx_pulse_length", 24), (None, 3), ("rank", 5),
    ("pri", 24), ("swst", 24), ("swl", 24),
    ("sas_ssb_flag", 1), ("sas_polarisation", 3), ("sas_temperature_compensation", 2), (None, 2),
    ("sas_dynamic_data", 4), (None, 2), ("sas_beam_address", 10),
    ("ses_cal_mode", 2), (None, 1), ("ses_tx_pulse_number", 5), ("ses_signal_type", 4), (None, 3), ("ses_swap_flag", 1),
    ("ses_swath_number", 8),
    ("quads", 16), (None, 8),
]  # fmt: skip

# Our column name, by the reference's section and name.
REFERENCE_NAMES = {
    ("primary_header", "packet_version_number"): "packet_version",
    ("primary_header", "packet_type"): "packet_type",
    ("primary_header", "secondary_header_flag"): "secondary_header_flag",
    ("primary_header", "pid"): "process_id",
    ("primary_header", "pcat"): "packet_category",
    ("primary_header", "sequence_flags"): "sequence_flags",
    ("primary_header", "packet_sequence_count"): "sequence_count",
    ("primary_header", "packet_data_length"): "data_length",
    ("datation", "coarse_time"): "coarse_time",
    ("datation", "fine_time"): "fine_time",
    ("fixed_ancillary_data", "sync_marker"): "sync_marker",
    ("fixed_ancillary_data", "data_take_id"): "data_take_id",
    ("fixed_ancillary_data", "ecc_num"): "ecc_number",
    ("fixed_ancillary_data", "test_mode"): "test_mode",
    ("fixed_ancillary_data", "rx_channel_id"): "rx_channel_id",
    ("fixed_ancillary_data", "instrument_configuration_id"): "instrument_configuration_id",
    ("subcom_ancillary_data", "data_word_index"): "subcom_index",
    ("subcom_ancillary_data", "data_word"): "subcom_word",
    ("counters", "space_packet_count"): "space_packet_count",
    ("counters", "pri_count"): "pri_count",
    ("radar_configuration_support", "error_flag"): "error_flag",
    ("radar_configuration_support", "baq_mode"): "baq_mode",
    ("radar_configuration_support", "baq_block_length"): "baq_block_length",
    ("radar_configuration_support", "range_decimation"): "range_decimation",
    ("radar_configuration_support", "rx_gain"): "rx_gain",
    ("radar_configuration_support", "tx_ramp_rate"): "tx_ramp_rate",
    ("radar_configuration_support", "tx_pulse_start_freq"): "tx_start_frequency",
    ("radar_configuration_support", "tx_pulse_length"): "tx_pulse_length",
    ("radar_configuration_support", "rank"): "rank",
    ("radar_configuration_support", "pri"): "pri",
    ("radar_configuration_support", "swst"): "swst",
    ("radar_configuration_support", "swl"): "swl",
    ("sas", "ssb_flag"): "sas_ssb_flag",
    ("sas", "polarization"): "sas_polarisation",
    ("sas", "temperature_compensation"): "sas_temperature_compensation",
    ("sas", "_dynamic_data"): "sas_dynamic_data",
    ("sas", "_beam_address"): "sas_beam_address",
    ("ses", "cal_mode"): "ses_cal_mode",
    ("ses", "tx_pulse_number"): "ses_tx_pulse_number",
    ("ses", "signal_type"): "ses_signal_type",
    ("ses", "swap"): "ses_swap_flag",
    ("ses", "swath_number"): "ses_swath_number",
    ("radar_sample_count", "number_of_quads"): "quads",
}


def slow_header(header: bytes) -> dict[str, int]:
    bits = "".join(f"{byte:08b}" for byte in header)
    fields, at = {}, 0
    for name, width in LAYOUT:
        if name is not None:
            fields[name] = int(bits[at : at + width], 2)
        at += width
    assert at == len(bits) == 8 * pk.HEADER_BYTES
    return fields


def packet(length: int, fill: int = 0) -> bytes:
    """A packet of `length` bytes with a right length field."""
    return bytes([0x0C, 0x1C, 0xC0, 0x00]) + (length - 7).to_bytes(2, "big") + bytes([fill]) * (length - 6)


def buffer_of(*parts: bytes) -> np.ndarray:
    return np.frombuffer(b"".join(parts), dtype=np.uint8)


@settings(deadline=None)
@given(st.lists(st.binary(min_size=68, max_size=68), min_size=1, max_size=5), st.integers(0, 9))
def test_columns_equal_slow_reading(headers: list[bytes], lead: int) -> None:
    buffer = buffer_of(b"\xff" * lead, *headers)
    columns = pk.decode_headers(buffer, lead + 68 * np.arange(len(headers)))
    assert set(columns) == {name for name, _ in LAYOUT if name}
    for k, header in enumerate(headers):
        assert {name: int(column[k]) for name, column in columns.items()} == slow_header(header)


def test_columns_have_the_smallest_dtype() -> None:
    columns = pk.decode_headers(buffer_of(packet(68)), np.array([0]))
    widths = dict(LAYOUT)
    for name, column in columns.items():
        assert column.dtype.itemsize == (1 if widths[name] <= 8 else 2 if widths[name] <= 16 else 4), name


@settings(deadline=None)
@given(st.lists(st.integers(7, 400), max_size=12), st.binary(max_size=5))
def test_walk_finds_every_packet_and_leaves_the_rest(lengths: list[int], tail: bytes) -> None:
    index = pk.find_packets(buffer_of(*(packet(length) for length in lengths), tail))
    assert index.lengths.tolist() == lengths
    assert index.offsets.tolist() == np.concatenate([[0], np.cumsum(lengths)])[:-1].tolist()
    assert index.unread_bytes == len(tail)


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_walk_over_any_bytes_stays_inside(data: bytes) -> None:
    index = pk.find_packets(buffer_of(data))
    assert index.offsets.size == index.lengths.size
    assert index.lengths.sum() + index.unread_bytes == len(data)


def test_cut_packet_is_left_unread() -> None:
    index = pk.find_packets(buffer_of(packet(100), packet(200)[:150]))
    assert index.lengths.tolist() == [100]
    assert index.unread_bytes == 150


@pytest.mark.parametrize("offsets", [[-1], [33], [0, 1 << 40]])
def test_header_outside_the_buffer_is_refused(offsets: list[int]) -> None:
    with pytest.raises(ValueError, match="reaches outside the 100 bytes"):
        pk.decode_headers(np.zeros(100, np.uint8), np.array(offsets))


def test_other_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="one-dimensional uint8"):
        pk.find_packets(np.zeros(10, np.int16))
    with pytest.raises(ValueError, match="one-dimensional uint8"):
        pk.decode_headers(np.zeros((2, 68), np.uint8), np.array([0]))
    for offsets in (np.array(0), np.zeros((1, 1), np.int64)):
        with pytest.raises(ValueError, match="one-dimensional array"):
            pk.decode_headers(np.zeros(68, np.uint8), offsets)


def sound_header() -> dict[str, np.ndarray]:
    data = bytearray(packet(100))
    data[12:16] = pk.SYNC_MARKER.to_bytes(4, "big")
    data[38] = pk.BAQ_BLOCK_CODE
    return pk.decode_headers(buffer_of(bytes(data)), np.array([0]))


@pytest.mark.parametrize(
    ("name", "value", "flag"),
    [
        ("sync_marker", 1, pk.FLAG_SYNC),
        ("packet_version", 1, pk.FLAG_VERSION),
        ("packet_type", 1, pk.FLAG_VERSION),
        ("secondary_header_flag", 0, pk.FLAG_VERSION),
        ("data_length", 92, pk.FLAG_LENGTH),
        ("baq_mode", 1, pk.FLAG_BAQ_MODE),
        ("baq_mode", 15, pk.FLAG_BAQ_MODE),
        ("baq_block_length", 30, pk.FLAG_BLOCK_LENGTH),
        ("error_flag", 1, pk.FLAG_INSTRUMENT_ERROR),
    ],
)
def test_each_fault_raises_its_flag(name: str, value: int, flag: int) -> None:
    headers = sound_header()
    assert pk.header_flags(headers, np.array([100])).tolist() == [0]
    headers[name][0] = value
    assert pk.header_flags(headers, np.array([100])).tolist() == [flag]


def leaves(tree: dict[str, Any], section: str) -> Iterator[tuple[tuple[str, str], Any]]:
    for name, value in tree.items():
        if isinstance(value, dict) and set(value) != {"name", "value"}:
            yield from leaves(value, name)
        else:
            yield (section, name), value["value"] if isinstance(value, dict) else value


@pytest.mark.shared
@pytest.mark.parametrize("name", ["000000-noise", "000008-txcal", "000408-echo"])
def test_real_packets_have_every_published_field(shared_data: Path, name: str) -> None:
    buffer = np.fromfile(shared_data / f"s1_l0/isp/{name}.dat", dtype=np.uint8)
    index = pk.find_packets(buffer)
    headers = pk.decode_headers(buffer, index.offsets)
    expected = json.loads((shared_data / f"s1_l0/reference/{name}_headers.json").read_text())
    expected.pop("derived")
    published = dict(leaves(expected, ""))
    assert set(published) == set(REFERENCE_NAMES)
    for key, value in published.items():
        code = int(value, 16) if isinstance(value, str) else int(value)
        assert int(headers[REFERENCE_NAMES[key]][0]) == code, key
    assert index.unread_bytes == 0
    assert index.lengths.tolist() == [buffer.size]
    assert pk.header_flags(headers, index.lengths).tolist() == [0]
