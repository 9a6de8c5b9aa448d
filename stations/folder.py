"""The folder station: sessions, products, archives and loose files below a folder of this machine."""

import os
import re
import stat
import struct
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from pydantic import Field

from refsys.model.errors import ArchiveUnsafe, InputCorrupt, InputMissing, NameInvalid
from refsys.model.names import SessionFileName
from refsys.model.names_offers import (
    ARCHIVE,
    FILES,
    is_metadata,
    is_product_file,
    is_product_folder,
    may_be_product_folder,
)
from refsys.model.settings import LimitSettings
from refsys.model.values import UtcTime, Value
from refsys.stations.archives import unpack

_CHANNEL_FOLDER = re.compile("ch[0_]?[1-9]")
ACCEPTED = (
    "session folders (DCS_...), folders of products (.SEN3, .SAFE, .ISIP, Sentinel-2, or with a manifest or header), "
    f"archives (.zip, .tar, .tar.gz, .tgz), {FILES}"
)
"""What a folder station takes, in words."""

_UNFINISHED = (".part", ".tmp")
_S1_SYNC_MARKER = 0x352EF853
"""Bytes 12 to 16 of every Sentinel-1 space packet (S1-IF-ASD-PL-0007, section 3.2.3)."""


class StationItem(Value):
    """Something that may be fetched, as it was when it was listed."""

    name: str
    address: str = Field(description="Absolute path.")
    size_bytes: int
    modified: UtcTime


class FolderStation:
    """A folder as a station.

    Items are what extraction knows: session folders, folders of products, archives, Earth Explorer files, Sentinel-2
    images, terrain models and files of Sentinel-1 space packets (`.dat`); or the root itself, if it is one of these.
    What lies in an item is no item of its own. Hidden and unfinished (`.part`, `.tmp`) names are not seen.
    Links are not followed; one that leads out of the root is listed all the same, so that fetching it says why not.

    Parameters
    ----------
    root
        The folder, or one item.
    limits
        Limits of archives.
    """

    def __init__(self, root: Path, limits: LimitSettings) -> None:
        self.root = root.resolve()
        self.limits = limits

    def items(self) -> Iterator[StationItem]:
        """Yield what is there, in order of address.

        Raises
        ------
        InputMissing
            If the root is not there.
        InputCorrupt
            If the root is a file, and no item.
        """
        if not self.root.exists():
            raise InputMissing("nothing is there", where=self.root)
        if _is_item(self.root):
            yield self._item(self.root)
        elif self.root.is_dir():
            yield from self._below(self.root)
        else:
            raise InputCorrupt("file is nothing that can be ingested", where=self.root, hint=f"accepted are {ACCEPTED}")

    def fetch(self, item: StationItem, scratch: Path) -> Path:
        """Return the item's local folder or file.

        Parameters
        ----------
        item
            As `items` yielded it.
        scratch
            Folder of the caller's own that archives are unpacked into; made if need be.

        Raises
        ------
        InputCorrupt
            If the item has changed since it was listed: somebody is still writing it. `ArchiveUnsafe` for a link out of
            the root (also inside the item) and as `unpack` does.
        InputMissing
            If it is no longer there.
        StorageFull, StorageError
            If the scratch folder cannot be written.
        """
        path = Path(item.address)
        self._refuse_links(path)
        self._refuse_changed(item)
        if path.is_dir() or (archive := ARCHIVE.fullmatch(path.name)) is None:
            return path
        into = scratch / archive["stem"]
        unpack(path, into, self.limits)
        self._refuse_changed(item)
        inside = [entry for entry in into.iterdir() if entry.name != "__MACOSX"]
        return inside[0] if len(inside) == 1 else into

    def _below(self, folder: Path) -> Iterator[StationItem]:
        for path in _visible(folder):
            if path.is_symlink():
                if not _leads_into(path, self.root):
                    yield self._item(path)
            elif _is_item(path):
                yield self._item(path)
            elif path.is_dir():
                yield from self._below(path)

    def _item(self, path: Path) -> StationItem:
        size_bytes, modified = _size_and_time(path)
        return StationItem(name=_name(path), address=str(path), size_bytes=size_bytes, modified=modified)

    def _refuse_links(self, path: Path) -> None:
        if not os.path.lexists(path):
            raise InputMissing("item is no longer there", where=path, hint="list the station again")
        if path.is_symlink() or not path.resolve().is_relative_to(self.root):
            raise ArchiveUnsafe(
                "item is a link, or lies elsewhere than its station", where=path, hint="name its target"
            )
        for entry in _walk(path):
            if entry.is_symlink() and not _leads_into(entry, path):
                raise ArchiveUnsafe("link leads out of its item", where=entry)

    def _refuse_changed(self, item: StationItem) -> None:
        now = self._item(Path(item.address))
        if (now.size_bytes, now.modified) != (item.size_bytes, item.modified):
            was, present = (f"{i.size_bytes} bytes of {i.modified.isoformat()}" for i in (item, now))
            raise InputCorrupt(
                f"item is still being written: listed with {was}, now {present}",
                where=item.address,
                hint="ingest it again when it is complete",
            )


def _leads_into(link: Path, folder: Path) -> bool:
    return link.exists() and link.resolve().is_relative_to(folder.resolve())


def _visible(folder: Path) -> list[Path]:
    entries = sorted(folder.iterdir())
    return [path for path in entries if not path.name.startswith(".") and path.suffix not in _UNFINISHED]


def _is_item(path: Path) -> bool:
    if path.is_dir():
        return _is_product(path) or bool(_session_files(path))
    if not path.is_file():
        return False
    if ARCHIVE.fullmatch(path.name) or is_product_file(path.name):
        return True
    return path.suffix == ".dat" and _is_s1_packet(path)


def _is_product(folder: Path) -> bool:
    if is_product_folder(folder.name):
        return True
    return may_be_product_folder(folder.name) and any(is_metadata(path.name) for path in _visible(folder))


def _session_files(folder: Path) -> list[Path]:
    """Return the `DCS_...` files of a session folder, or of its channel folders."""
    found = []
    for path in _visible(folder):
        if path.is_dir() and _CHANNEL_FOLDER.fullmatch(path.name):
            found += [chunk for chunk in _visible(path) if chunk.name.startswith("DCS_")]
        elif path.name.startswith("DCS_"):
            found.append(path)
    return found


def _is_s1_packet(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(16)
    return len(head) == 16 and struct.unpack(">12xI", head)[0] == _S1_SYNC_MARKER


def _name(path: Path) -> str:
    """Return the item's name: a session's identifier, else the name of its file or folder."""
    if not path.is_dir() or path.is_symlink() or _is_product(path):
        return path.name
    try:
        return SessionFileName.parse(_session_files(path)[0].name).session_id
    except NameInvalid:
        return path.name


def _walk(path: Path) -> Iterable[Path]:
    """Yield every file, folder and link below a folder, following no link."""
    if path.is_symlink() or not path.is_dir():
        return
    for place, folders, files in os.walk(path):
        for name in (*folders, *files):
            yield Path(place, name)


def _size_and_time(path: Path) -> tuple[int, datetime]:
    stats = [path.lstat(), *(entry.lstat() for entry in _walk(path))]
    newest_us = max(found.st_mtime_ns for found in stats) // 1_000
    size_bytes = sum(found.st_size for found in stats if not stat.S_ISDIR(found.st_mode))
    return size_bytes, datetime.fromtimestamp(newest_us / 1e6, UTC)
