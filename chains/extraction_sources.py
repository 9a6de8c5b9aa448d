"""Where metadata are read from: a folder, one file, or an archive that is not unpacked to disk.

Nothing that an archive's headers announce is trusted: paths must stay inside, bytes are counted as they are read.
"""

import gzip
import hashlib
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal, Protocol, cast

from refsys.model.errors import ArchiveUnsafe, InputCorrupt, InputMissing
from refsys.model.settings import LimitSettings
from refsys.storage.archive_members import ARCHIVE_FAULTS, ZIP_METHODS, TarHeaders, archive_kind, fault_of_member

ARCHIVE_ENDINGS = (".tar.gz", ".zip", ".tar", ".tgz", ".TGZ", ".ZIP", ".TAR")
METADATA_LIMIT_BYTES = 256 << 20
_BLOCK_BYTES = 1 << 20
_NOT_OF_THE_PRODUCT = "__MACOSX/"
"""What some packers add beside the product's folder."""


class Source(Protocol):
    """A product as it lies somewhere; paths are below its folder, with forward slashes."""

    @property
    def name(self) -> str:
        """Name of its folder or file, without the endings of archives."""
        ...

    @property
    def where(self) -> Path:
        """The folder, file or archive."""
        ...

    @property
    def is_file(self) -> bool:
        """Whether it is one file, whose path is its name."""
        ...

    @property
    def whole(self) -> bool:
        """Whether the files that its manifest lists are to be compared with what is there."""
        ...

    def paths(self) -> tuple[str, ...]:
        """Return the paths of all files, in order."""
        ...

    def size_bytes(self, path: str) -> int:
        """Return the size of a file (`InputMissing` if it is not there, `InputCorrupt` if it leads out)."""
        ...

    def read(self, path: str, most_bytes: int = METADATA_LIMIT_BYTES) -> bytes:
        """Return the first bytes of a file (`InputMissing`, `InputCorrupt` as `size_bytes`)."""
        ...

    def md5(self, path: str) -> str:
        """Return the MD5 of a file, lower case."""
        ...

    def place(self, path: str) -> Path:
        """Return what errors call the file."""
        ...


def open_source(path: Path, *, whole: bool = False, limits: LimitSettings | None = None) -> Source:
    """Return the source of a folder, file or archive (by its ending; its bytes must agree).

    Raises
    ------
    InputMissing
        If nothing is there.
    ArchiveUnsafe
        For an archive with a member that climbs out, is a link or device, is encrypted or there twice, or beyond a
        limit.
    InputCorrupt
        For a damaged archive.
    """
    if path.is_dir():
        return FolderSource(path.name, path, whole=whole)
    if not path.exists():
        raise InputMissing("nothing is there", where=path)
    if path.name.endswith(ARCHIVE_ENDINGS):
        return _open_archive(path, whole, limits or LimitSettings())
    return FolderSource(path.name, path, is_file=True, whole=whole)


@dataclass(frozen=True)
class FolderSource:
    """A folder, or one file."""

    name: str
    where: Path
    is_file: bool = False
    whole: bool = False

    def paths(self) -> tuple[str, ...]:
        """Return the paths of all files, in order."""
        if self.is_file:
            return (self.name,)
        return tuple(sorted(p.relative_to(self.where).as_posix() for p in self.where.rglob("*") if p.is_file()))

    def size_bytes(self, path: str) -> int:
        """Return the size of a file."""
        return self._checked(path).stat().st_size

    def read(self, path: str, most_bytes: int = METADATA_LIMIT_BYTES) -> bytes:
        """Return the first bytes of a file."""
        with self._checked(path).open("rb") as file:
            return file.read(most_bytes)

    def md5(self, path: str) -> str:
        """Return the MD5 of a file."""
        with self._checked(path).open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()

    def place(self, path: str) -> Path:
        """Return the file's path."""
        return self.where if self.is_file else self.where / path

    def _checked(self, path: str) -> Path:
        file = self.place(path)
        if not file.resolve().is_relative_to(self.where.resolve()):
            raise InputCorrupt(f"{path!r} is outside the product", where=self.where)
        if not file.is_file():
            raise InputMissing("file does not exist", where=file, hint="fetch it again")
        return file


@dataclass(frozen=True)
class _Member:
    """A file in an archive."""

    path: str
    """As the archive calls it."""
    size_bytes: int
    offset: int = 0


@dataclass(frozen=True)
class ArchiveSource:
    """A product in a zip, tar or tar.gz archive, with or without a folder around it."""

    name: str
    where: Path
    kind: Literal["zip", "gzip", "tar"]
    members: Mapping[str, _Member] = field(repr=False)
    is_file: bool = False
    whole: bool = False

    def paths(self) -> tuple[str, ...]:
        """Return the paths of all files, in order."""
        return tuple(sorted(self.members))

    def size_bytes(self, path: str) -> int:
        """Return the size that the archive announces of a file."""
        return self._member(path).size_bytes

    def read(self, path: str, most_bytes: int = METADATA_LIMIT_BYTES) -> bytes:
        """Return the first bytes of a file."""
        with self._open(path) as file:
            return file.read(min(most_bytes, self.size_bytes(path)))

    def md5(self, path: str) -> str:
        """Return the MD5 of a file."""
        found = hashlib.md5(usedforsecurity=False)
        left = self.size_bytes(path)
        with self._open(path) as file:
            while left and (block := file.read(min(_BLOCK_BYTES, left))):
                found.update(block)
                left -= len(block)
        return found.hexdigest()

    def place(self, path: str) -> Path:
        """Return the file's path below the archive."""
        return self.where / path

    def _member(self, path: str) -> _Member:
        if path not in self.members:
            raise InputMissing("file is not in the archive", where=self.place(path), hint="fetch it again")
        return self.members[path]

    @contextmanager
    def _open(self, path: str) -> Iterator[IO[bytes]]:
        member = self._member(path)
        with _damage_told(self.where):
            if self.kind == "zip":
                with zipfile.ZipFile(self.where) as packed, packed.open(member.path) as file:
                    yield file
                return
            with _plain_tar(self.where, self.kind) as stream:
                stream.seek(member.offset)
                yield stream


@contextmanager
def _damage_told(archive: Path) -> Iterator[None]:
    try:
        yield
    except (InputCorrupt, InputMissing):
        raise
    except ARCHIVE_FAULTS as error:
        raise InputCorrupt(f"archive is damaged: {error}", where=archive, hint="fetch it again") from error
    except RecursionError as error:
        raise ArchiveUnsafe("archive nests its headers without end", where=archive) from error


@contextmanager
def _plain_tar(archive: Path, kind: str) -> Iterator[IO[bytes]]:
    with archive.open("rb") as raw:
        if kind != "gzip":
            yield raw
            return
        with gzip.GzipFile(fileobj=raw, mode="rb") as plain:
            yield cast("IO[bytes]", plain)


def _open_archive(path: Path, whole: bool, limits: LimitSettings) -> ArchiveSource:
    kind = archive_kind(path)
    with _damage_told(path):
        listed = _zip_members(path) if kind == "zip" else _tar_members(path, kind)
        members = _within_limits(listed, path, limits)
    members = {name: member for name, member in members.items() if not name.startswith(_NOT_OF_THE_PRODUCT)}
    tops = {PurePosixPath(name).parts[0] for name in members}
    bare = next(path.name.removesuffix(ending) for ending in ARCHIVE_ENDINGS if path.name.endswith(ending))
    top = tops.pop() if len(tops) == 1 else ""
    # A single folder or file of another name, such as `data`, is no product of that name.
    if top.startswith(bare[:3]) and top in members:
        return ArchiveSource(top, path, kind, members, is_file=True, whole=whole)
    if top.startswith(bare[:3]):
        inside = {name.removeprefix(f"{top}/"): member for name, member in members.items()}
        return ArchiveSource(top, path, kind, inside, whole=whole)
    return ArchiveSource(bare, path, kind, members, whole=whole)


def _within_limits(listed: Iterator[_Member], archive: Path, limits: LimitSettings) -> dict[str, _Member]:
    packed_bytes = archive.stat().st_size
    found: dict[str, _Member] = {}
    total = 0
    for member in listed:
        if (fault := fault_of_member(member.path)) is not None:
            raise ArchiveUnsafe(f"member {member.path!r} {fault}", where=archive)
        name = PurePosixPath(member.path).as_posix()
        if name in found:
            raise ArchiveUnsafe(f"member {member.path!r} is there twice", where=archive)
        found[name] = member
        total += member.size_bytes
        for limit, most, has in (
            ("archive_files", limits.archive_files, len(found)),
            ("archive_bytes", limits.archive_bytes, total),
            ("archive_ratio", limits.archive_ratio * packed_bytes, total),
        ):
            if has > most:
                said = f"archive unpacks to more than is allowed, at {member.path!r}"
                raise ArchiveUnsafe(said, where=archive, hint=f"the limit is limits.{limit}")
    if not found:
        raise InputCorrupt("archive holds no file", where=archive)
    return found


def _zip_members(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            name = member.orig_filename
            if member.flag_bits & 1:
                raise ArchiveUnsafe(f"member {name!r} is encrypted", where=archive)
            if (member.external_attr >> 28) not in (0, 4, 8):
                raise ArchiveUnsafe(f"member {name!r} is a link or device, not a file", where=archive)
            if name.endswith("/"):
                continue
            if member.compress_type not in ZIP_METHODS:
                raise InputCorrupt(f"member {name!r} is packed by method {member.compress_type}", where=archive)
            yield _Member(name, member.file_size)


def _tar_members(archive: Path, kind: str) -> Iterator[_Member]:
    with _plain_tar(archive, kind) as stream:
        headers = cast("Any", TarHeaders(stream, archive))
        with tarfile.TarFile(fileobj=headers, mode="r", errorlevel=2) as tar:
            while (member := tar.next()) is not None:
                tar.members = []  # type: ignore[attr-defined]  # in no stub; tarfile would keep every header
                if member.isdir():
                    continue
                if not member.isreg() or member.issparse():
                    said = f"member {member.name!r} is a link, device or sparse file, not a plain one"
                    raise ArchiveUnsafe(said, where=archive)
                yield _Member(member.name, member.size, member.offset_data)
