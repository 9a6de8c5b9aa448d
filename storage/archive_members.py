"""What is the same for all who read archives from outside: their kind, the paths of members, headers of absurd length.

Source of the dangers: MITRE CWE-22, CWE-59, CWE-409.
"""

import gzip
import re
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from refsys.model.errors import ArchiveUnsafe, InputCorrupt, InputMissing

TAR_BLOCK_BYTES = 512
ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ARCHIVE_FAULTS = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    ValueError,
)
"""What the readers of the standard library raise for damaged archives."""

_LARGEST_HEADER_BYTES = 16 << 20


def archive_kind(archive: Path) -> Literal["zip", "gzip", "tar"]:
    """Return what an archive is by its first bytes (`InputCorrupt` if it is none, `InputMissing` if absent)."""
    try:
        with archive.open("rb") as file:
            head = file.read(TAR_BLOCK_BYTES)
    except FileNotFoundError as error:
        raise InputMissing("archive does not exist", where=archive) from error
    if head[:4] in (b"PK\3\4", b"PK\5\6"):
        return "zip"
    if head[:2] == b"\x1f\x8b":
        return "gzip"
    if head[257:262] == b"ustar":
        return "tar"
    raise InputCorrupt("file is no zip, tar or tar.gz archive", where=archive)


def fault_of_member(member: str) -> str | None:
    """Return what is wrong with a member's path, as the end of a sentence; None if it stays in its folder."""
    if "\0" in member:
        return "has a NUL in its name"
    if "\\" in member:
        return "has a backslash in its name"
    if member.startswith("/") or re.match("[A-Za-z]:", member):
        return "has an absolute path"
    if ".." in member.split("/"):
        return "climbs out of the archive's folder"
    try:
        member.encode()
    except UnicodeEncodeError:
        return "has a name that is no text"
    return None if PurePosixPath(member).parts else "has no name"


class TarHeaders:
    """A tar stream that refuses headers of absurd length: tarfile reads each into memory at once."""

    def __init__(self, file: IO[bytes], archive: Path) -> None:
        self._file = file
        self._archive = archive

    def read(self, size: int) -> bytes:
        """Return the next bytes (`ArchiveUnsafe` for more than a header has)."""
        if not 0 <= size <= _LARGEST_HEADER_BYTES:
            raise ArchiveUnsafe(f"archive has a header of {size} bytes", where=self._archive)
        return self._file.read(size)

    def seek(self, position: int) -> int:
        """Go to a byte."""
        return self._file.seek(position)

    def tell(self) -> int:
        """Return the byte that is read next."""
        return self._file.tell()
