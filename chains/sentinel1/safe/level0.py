"""Level-0 products of Sentinel-1 in SAFE form: packets, their annotations and index, manifest.

Files and names as in real products (S1PD.SP.00110.ASTR): for each polarisation `<stem>.dat` with the packets end
to end, `<stem>-annot.dat` and `<stem>-index.dat`; records in `level0_records`, manifest in `level0_manifest`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from refsys.chains.sentinel1.safe.drafts import draft_folder, named
from refsys.chains.sentinel1.safe.level0_manifest import ChannelFiles, Level0Content, write_level0_manifest
from refsys.chains.sentinel1.safe.level0_records import PacketBlock, annotation_records, check_block, index_records
from refsys.chains.sentinel1.safe.naming import ProductIdentity
from refsys.model.errors import InputMissing


class Level0Channel(NamedTuple):
    """Packets of one polarisation.

    Attributes
    ----------
    polarisation
        Transmitted and received, for example `VV`.
    blocks
        Packets in order of time, as many at a time as fit in memory.
    missing_packets, corrupt_packets
        What the manifest says of them.
    """

    polarisation: str
    blocks: Iterable[PacketBlock]
    missing_packets: int = 0
    corrupt_packets: int = 0


def write_level0(folder: Path, content: Level0Content, channels: Sequence[Level0Channel]) -> str:
    """Write a Level-0 product below a folder and return its name (`<...>_<crc>.SAFE`), which is its own folder's.

    Memory is that of one block and of two columns of all packets. Same packets and content give the same bytes.

    Raises
    ------
    InputMissing
        If there is no channel, or one without packets.
    InputCorrupt
        A block whose columns do not fit.
    FileExistsError
        If the product is there already.
    """
    if not channels:
        raise InputMissing("a Level-0 product needs at least one polarisation", where=folder)
    identity = ProductIdentity(
        satellite=content.satellite,
        beam=content.beam,
        content="RAW",
        resolution="_",
        level="0",
        product_class=content.product_class,
        polarisation=content.polarisation,
        start=content.start,
        stop=content.stop,
        orbit=content.orbit.absolute_orbit,
        data_take_id=content.data_take_id,
    )
    with draft_folder(folder) as draft:
        written = [_write_channel(draft, identity, channel) for channel in channels]
        return named(draft, identity, write_level0_manifest(draft, content, written))


def _write_channel(draft: Path, identity: ProductIdentity, channel: Level0Channel) -> ChannelFiles:
    stem = identity.file_stem(identity.beam, channel.polarisation, identity.start, identity.stop)
    lengths: list[npt.NDArray[np.int64]] = []
    times: list[npt.NDArray[np.int64]] = []
    with (draft / f"{stem}.dat").open("wb") as packets, (draft / f"{stem}-annot.dat").open("wb") as annotations:
        for block in channel.blocks:
            check_block(block, stem)
            packets.write(np.ascontiguousarray(block.buffer).data)
            annotations.write(annotation_records(block).tobytes())
            lengths.append(block.lengths)
            times.append(block.sensing_utc_ns)
    count = sum(column.size for column in lengths)
    if not count:
        raise InputMissing("a polarisation without packets", where=stem)
    index = index_records(np.concatenate(lengths), np.concatenate(times))
    (draft / f"{stem}-index.dat").write_bytes(index.tobytes())
    return ChannelFiles(stem, channel.polarisation.upper(), count, channel.missing_packets, channel.corrupt_packets)
