"""Level-0 products whose packets a test has changed: field by field, byte by byte, packet by packet."""

from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import numpy as np

from refsys.chains.sentinel1.l0_reading import measurement_files
from refsys.kernels.sentinel1.packets import FIELDS, PRIMARY_BYTES, find_packets

PLACES = {field.name: field for field in FIELDS}
Packets = list[bytearray]


def packets_of(product: Path) -> Packets:
    """Packets of the first polarisation."""
    data = measurement_files(product)[0].read_bytes()
    index = find_packets(np.frombuffer(data, np.uint8))
    ends = (index.offsets + index.lengths).tolist()
    return [bytearray(data[first:end]) for first, end in zip(index.offsets.tolist(), ends, strict=True)]


def with_bytes(product: Path, folder: Path, data: bytes) -> Path:
    """A copy of the product with other bytes in the file of the first polarisation."""
    copy = copytree(product, folder / product.name)
    measurement_files(copy)[0].write_bytes(data)
    return copy


def with_packets(product: Path, folder: Path, packets: Packets) -> Path:
    return with_bytes(product, folder, b"".join(packets))


def get(packet: bytearray, name: str) -> int:
    field = PLACES[name]
    whole = int.from_bytes(packet[:68], "big")
    return (whole >> (68 * 8 - field.first_bit - field.bits)) & ((1 << field.bits) - 1)


def put(packet: bytearray, name: str, code: int) -> None:
    field = PLACES[name]
    shift = 68 * 8 - field.first_bit - field.bits
    whole = int.from_bytes(packet[:68], "big") & ~(((1 << field.bits) - 1) << shift)
    packet[:68] = (whole | (code << shift)).to_bytes(68, "big")


def cut(packet: bytearray, length: int) -> None:
    """Shorten a packet, its length field too."""
    del packet[length:]
    packet[4:PRIMARY_BYTES] = (length - PRIMARY_BYTES - 1).to_bytes(2, "big")


def echoes(packets: Packets) -> Packets:
    return [packet for packet in packets if get(packet, "ses_signal_type") == 0]


def of_signal(packets: Packets, wanted: Callable[[int], bool]) -> Packets:
    return [packet for packet in packets if wanted(get(packet, "ses_signal_type"))]
