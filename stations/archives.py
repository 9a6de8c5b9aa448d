"""Archives from outside, unpacked so that they can neither climb out of their folder nor fill the disk.

Source of the dangers: MITRE CWE-22, CWE-59, CWE-409. Nothing that an archive's headers announce is trusted: bytes are
counted as they are written.
"""

import errno
import gzip
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast
from uuid import uuid4

from refsys.model.errors import ArchiveUnsafe, InputCorrupt, RefsysError, StorageError, StorageFull
from refsys.model.settings import LimitSettings
from refsys.storage.archive_members import (
    ARCHIVE_FAULTS,
    TAR_BLOCK_BYTES,
    ZIP_METHODS,
    TarHeaders,
    archive_kind,
    fault_of_member,
)

_BLOCK_BYTES = 1 << 20
_MOST_TAIL_BYTES = 1 << 20  # what tar pads its end with is 10 kB by default


def unpack(archive: Path, into: Path, limits: LimitSettings) -> None:
    """Unpack a zip, tar or tar.gz archive into a new folder; on failure nothing is left behind.

    Parameters
    ----------
    archive
        The file; its first bytes say what it is, not its name.
    into
        Folder to make; it must not exist, or be empty.
    limits
        Most files (folders count), most bytes, and most bytes per packed byte.

    Raises
    ------
    ArchiveUnsafe
        Naming the member that climbs out, is a link or device, is encrypted or there twice, or the limit exceeded.
    InputCorrupt
        If it is no archive, or a damaged one.
    InputMissing
        If there is no such file.
    StorageFull, StorageError
        If the folder cannot be written.
    """
    kind = archive_kind(archive)
    part = into.with_name(f".{into.name}.{uuid4().hex}.part")
    try:
        with _writing(into):
            part.mkdir(parents=True)
        writer = _Writer(archive, part, limits, archive.stat().st_size)
        try:
            _unpack_zip(archive, writer) if kind == "zip" else _unpack_tar(archive, writer, packed=kind == "gzip")
        except RefsysError:
            raise
        except ARCHIVE_FAULTS as error:
            raise InputCorrupt(f"archive is damaged: {error}", where=archive, hint="fetch it again") from error
        except RecursionError as error:
            raise ArchiveUnsafe("archive nests its headers without end", where=archive) from error
        except OSError as error:
            raise StorageError(f"cannot read the archive: {error.strerror}", where=archive) from error
        with _writing(into):
            part.replace(into)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    """Turn what the file system refuses into the error family."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull("no space is left to unpack", where=place, hint="free some, or set scratch") from error
        if error.errno == errno.ENAMETOOLONG:
            raise ArchiveUnsafe("a member's name is too long for the file system", where=place) from error
        raise StorageError(f"cannot unpack: {error.strerror}", where=place) from error


@dataclass
class _Writer:
    """Writes members below one folder and counts."""

    archive: Path
    root: Path
    limits: LimitSettings
    packed_bytes: int
    members: int = 0
    written_bytes: int = 0
    files: set[PurePosixPath] = field(default_factory=set)
    folders: set[PurePosixPath] = field(default_factory=set)

    def unsafe(self, member: str, what: str) -> ArchiveUnsafe:
        return ArchiveUnsafe(f"member {member!r} {what}", where=self.archive)

    def folder(self, member: str) -> None:
        path = self._place(member)
        self._refuse_below_file(member, path)
        if path in self.files:
            raise self.unsafe(member, "is there twice, as a file and a folder")
        self.folders.update((path, *path.parents))
        with _writing(self.root):
            (self.root / path).mkdir(parents=True, exist_ok=True)

    def file(self, member: str, source: IO[bytes]) -> None:
        path = self._place(member)
        if path in self.files or path in self.folders:
            raise self.unsafe(member, "is there twice")
        self._refuse_below_file(member, path)
        self.files.add(path)
        self.folders.update(path.parents)
        with _writing(self.root):
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            target = (self.root / path).open("xb")
        with target:
            while block := source.read(_BLOCK_BYTES):
                self._count(member, len(block))
                with _writing(self.root):
                    target.write(block)
            with _writing(self.root):
                target.flush()

    def _place(self, member: str) -> PurePosixPath:
        self.members += 1
        if max(self.members, len(self.files) + len(self.folders)) > self.limits.archive_files:
            raise self._beyond(f"{self.limits.archive_files} files and folders", member, "archive_files")
        fault = fault_of_member(member)
        if fault is not None:
            raise self.unsafe(member, fault)
        return PurePosixPath(member)

    def _refuse_below_file(self, member: str, path: PurePosixPath) -> None:
        if above := self.files.intersection(path.parents):
            raise self.unsafe(member, f"lies below {str(min(above))!r}, which is a file")

    def _count(self, member: str, size_bytes: int) -> None:
        self.written_bytes += size_bytes
        if self.written_bytes > self.limits.archive_bytes:
            raise self._beyond(f"{self.limits.archive_bytes} bytes", member, "archive_bytes")
        if self.written_bytes > self.limits.archive_ratio * self.packed_bytes:
            raise self._beyond(f"{self.limits.archive_ratio} bytes per packed byte", member, "archive_ratio")

    def _beyond(self, what: str, member: str, limit: str) -> ArchiveUnsafe:
        said = f"archive unpacks to more than {what}, at {member!r}"
        return ArchiveUnsafe(said, where=self.archive, hint=f"the limit is limits.{limit}")


def _unpack_zip(archive: Path, writer: _Writer) -> None:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            name = member.orig_filename
            mode = member.external_attr >> 16
            if member.flag_bits & 1:
                raise writer.unsafe(name, "is encrypted")
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise writer.unsafe(name, "is a link or device, not a file")
            if name.endswith("/"):
                writer.folder(name)
                continue
            if member.compress_type not in ZIP_METHODS:
                raise InputCorrupt(f"member {name!r} is packed by method {member.compress_type}", where=archive)
            with packed.open(member) as source:
                writer.file(name, source)


def _unpack_tar(archive: Path, writer: _Writer, *, packed: bool) -> None:
    with archive.open("rb") as raw, gzip.GzipFile(fileobj=raw, mode="rb") if packed else raw as plain:
        stream = cast("IO[bytes]", plain)
        headers = cast("Any", TarHeaders(stream, archive))
        with tarfile.TarFile(fileobj=headers, mode="r", errorlevel=2) as tar:
            while (member := tar.next()) is not None:
                tar.members = []  # type: ignore[attr-defined]  # in no stub; tarfile would keep every header
                _unpack_tar_member(tar, member, writer)
            stream.seek(tar.offset)
        # tarfile takes a broken header for the end; the true end is a block of zeros.
        if stream.read(TAR_BLOCK_BYTES) != bytes(TAR_BLOCK_BYTES):
            raise InputCorrupt(f"archive is damaged: no header at byte {tar.offset}", where=archive)
        _read_tail(stream, archive)


def _read_tail(stream: IO[bytes], archive: Path) -> None:
    """Read what follows the end, where gzip holds its checksum."""
    tail_bytes = 0
    while block := stream.read(_BLOCK_BYTES):
        tail_bytes += len(block)
        if tail_bytes > _MOST_TAIL_BYTES:
            raise ArchiveUnsafe(f"archive goes on for more than {_MOST_TAIL_BYTES} bytes after its end", where=archive)


def _unpack_tar_member(tar: tarfile.TarFile, member: tarfile.TarInfo, writer: _Writer) -> None:
    if member.isdir():
        if PurePosixPath(member.name).parts:
            writer.folder(member.name)
        return
    if not member.isreg() or member.issparse():
        raise writer.unsafe(member.name, "is a link, device or sparse file, not a plain one")
    source = tar.extractfile(member)
    assert source is not None
    with source:
        writer.file(member.name, source)
