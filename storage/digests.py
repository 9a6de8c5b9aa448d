"""Digests of files and streams in one pass: SHA-256, CRC-32C and BLAKE3.

Sources: FIPS 180-4; RFC 3720, appendix B.4 (CRC-32C, Castagnoli); the BLAKE3 paper (2020).
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import google_crc32c
from blake3 import blake3

from refsys.storage.local_files import COPY_BYTES, require_file


class Digests(NamedTuple):
    """What identifies bytes; digests in lower-case hexadecimal.

    Attributes
    ----------
    size_bytes
        How many.
    sha256
        64 digits.
    crc32c
        8 digits; cheap, finds accidents only.
    blake3
        64 digits.
    """

    size_bytes: int
    sha256: str
    crc32c: str
    blake3: str


def digests_of(chunks: Iterable[bytes | bytearray | memoryview]) -> Digests:
    """Return the digests of a stream.

    Examples
    --------
    >>> digests_of([b"1234", b"56789"]).crc32c
    'e3069283'
    """
    size, sha256, other, crc = 0, hashlib.sha256(), blake3(), 0
    for chunk in chunks:
        view = memoryview(chunk).cast("B")
        size += view.nbytes
        sha256.update(view)
        other.update(view)
        crc = google_crc32c.extend(crc, view.tobytes() if not isinstance(chunk, bytes) else chunk)
    return Digests(size, sha256.hexdigest(), f"{crc:08x}", other.hexdigest())


def digests_of_file(path: Path) -> Digests:
    """Return the digests of a file, read once, in memory that does not grow with it; raises `InputMissing`."""
    return digests_of(_chunks(require_file(path)))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(COPY_BYTES):
            yield chunk
