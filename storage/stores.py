"""What every object store can do, which keys are allowed, and how a store is opened from its address."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable
from urllib.parse import unquote, urlsplit

from refsys.model.errors import ConfigInvalid, StorageError

PARTIAL_FOLDER = ".refsys-partial"
"""Reserved first part of a key: where a folder store keeps what is not yet written whole."""

MAX_KEY_BYTES = 1024
"""Longest key in UTF-8 (Amazon S3 User Guide, "Naming Amazon S3 objects")."""

MAX_PART_BYTES = 255
"""Longest part between slashes in UTF-8 (NAME_MAX of Linux file systems)."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One line of a listing."""

    key: str
    size_bytes: int


@runtime_checkable
class Store(Protocol):
    """Bytes by key. An object is there whole or not at all, and never changes: a put replaces it.

    Keys are relative paths with forward slashes; `validate_key` says which. No key may be a folder of another one
    (`a` beside `a/b`): file systems cannot hold both. Every method raises `StorageError` with the key and the cause
    when the backend fails, and `StorageFull` when no space is left.
    """

    @property
    def url(self) -> str:
        """Address that `open_store` opens again; holds no secret."""

    def get(self, key: str) -> bytes:
        """Return the whole object (`ObjectMissing` if there is none)."""

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return up to `length` bytes from offset `start`: fewer, down to none, where the object ends before.

        A negative start or length raises `ValueError`; a missing object raises `ObjectMissing`.
        """

    def put(self, key: str, data: bytes) -> None:
        """Write the object, replacing what is there."""

    def put_file(self, key: str, path: Path) -> None:
        """Write the object from a local file, streaming (`InputMissing` if the file is not there)."""

    def get_file(self, key: str, path: Path) -> None:
        """Write the object to a local file, which appears whole.

        The file must not be changed: it may share its bytes with the store.
        """

    def put_if_absent(self, key: str, data: bytes) -> None:
        """Write the object unless one is there, in which case `ObjectExists` is raised.

        Of any number of writers in any number of processes exactly one succeeds. `ObjectExists` after a network fault
        may mean that an earlier try of this very call arrived: who cares reads the object and compares.
        """

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield the objects below the folder `prefix` (all of them for the empty text) in order of key.

        A prefix is a folder, with or without its last slash: `a/b` lists `a/b/c` but neither `a/b` itself nor `a/bc`.
        The order is that of the keys' UTF-8 bytes.
        """

    def exists(self, key: str) -> bool:
        """Return whether there is an object under exactly this key."""

    def delete(self, key: str) -> None:
        """Delete the object under exactly this key; that there is none is no error."""

    def copy(self, source: str, target: str) -> None:
        """Copy an object within the store; where the backend can, no byte passes through this process.

        `ObjectMissing` if there is no source; a target is replaced.
        """

    def signed_url(self, key: str, expires_s: int) -> str:
        """Return an address from which whoever knows it may read the object for a while.

        A folder gives a plain `file:` address, which neither expires nor lets anybody read who could not before. A
        memory store has no address and raises `StorageError`. That the object exists is not checked.
        """


def validate_key(key: str) -> str:
    """Return the key if it is one (`StorageError` if not).

    A key has one or more parts joined by `/`; no part is empty, `.` or `..`, none holds a control character or a
    backslash or a lone surrogate, none is longer than 255 bytes, and the whole not longer than 1,024 bytes of UTF-8.
    The first part is not `.refsys-partial`.

    Examples
    --------
    >>> validate_key("steps/1f/manifest.json")
    'steps/1f/manifest.json'
    """
    parts = key.split("/")
    try:
        longest = max(len(part.encode()) for part in parts)
    except UnicodeEncodeError as error:
        raise StorageError("key is not valid Unicode", where=ascii(key)) from error
    if any(part in ("", ".", "..") for part in parts):
        raise StorageError("key has an empty, '.' or '..' part", where=repr(key))
    if any(ord(char) < 0x20 or ord(char) == 0x7F or char == "\\" for char in key):
        raise StorageError("key holds a control character or a backslash", where=ascii(key))
    if longest > MAX_PART_BYTES or len(key.encode()) > MAX_KEY_BYTES:
        raise StorageError(f"key exceeds {MAX_KEY_BYTES} bytes, or a part {MAX_PART_BYTES}", where=repr(key))
    if parts[0] == PARTIAL_FOLDER:
        raise StorageError("key begins with a reserved name", where=repr(key))
    return key


def validate_part(name: str) -> str:
    """Return the name if it can be one part of a key (`StorageError` if not)."""
    if "/" in name:
        raise StorageError("a name with a slash cannot be one part of a key", where=repr(name))
    return validate_key(name)


def validate_prefix(prefix: str) -> str:
    """Return the folder to list without its last slash; the empty text stays (`StorageError` if it is no folder)."""
    return validate_key(prefix.removesuffix("/")) if prefix else prefix


def check_range(start: int, length: int) -> None:
    """Refuse a negative offset or length (`ValueError`)."""
    if start < 0 or length < 0:
        raise ValueError(f"range of {length} bytes from {start}: neither may be negative")


def split_s3_url(url: str) -> tuple[str, str]:
    """Return bucket and prefix of `s3://bucket/prefix` (`ConfigInvalid` if it is none, or holds more than that).

    Examples
    --------
    >>> split_s3_url("s3://products/mission/s3/")
    ('products', 'mission/s3')
    """
    parts = urlsplit(url)
    if parts.username or parts.password or parts.query or parts.fragment or not parts.hostname:
        raise ConfigInvalid(
            "an S3 address has a bucket and a prefix and nothing else",
            where=f"s3://{parts.hostname or ''}{parts.path}",
            hint="write s3://bucket/prefix and give the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    return parts.netloc, validate_prefix(parts.path.strip("/"))


def split_memory_url(url: str) -> str:
    """Return the name in `memory://name` (`ConfigInvalid` without one)."""
    name = url.removeprefix("memory://")
    if not name or "/" in name:
        raise ConfigInvalid("a memory store has a name without slashes", where=url, hint="write memory://name")
    return name


def folder_of_url(url: str) -> Path | None:
    """Return the absolute folder that a path or `file://` address names; None for every other scheme.

    Examples
    --------
    >>> folder_of_url("file:///data/my%20store").as_posix()
    '/data/my store'
    >>> folder_of_url("s3://bucket")
    """
    if url.startswith("file://"):
        parts = urlsplit(url)
        if parts.netloc not in ("", "localhost"):
            raise ConfigInvalid("a file address names no other machine", where=url, hint="write file:///folder")
        return Path(unquote(parts.path)).absolute()
    if "://" in url or not url:
        return None
    return Path(url).expanduser().absolute()


def open_store(url: str, s3_endpoint: str | None = None) -> Store:
    """Open the store at an address; nothing is created before the first put.

    Parameters
    ----------
    url
        A folder path or `file://` address, `memory://name` (one per process and name), `s3://bucket/prefix`, or any
        other address that fsspec knows. The last kind has no conditional put: it can be read from and copied to, but
        nothing can be committed in it.
    s3_endpoint
        Address of an S3 server other than Amazon's; used for `s3://` only. Keys come from the environment (`AWS_*`).

    Raises
    ------
    ConfigInvalid
        If the address is none, holds a secret, or no fsspec package for its scheme is installed.
    """
    folder = folder_of_url(url)
    if folder is not None:
        from refsys.storage.folder_store import FolderStore  # noqa: PLC0415  (a worker opens one kind of store)

        return FolderStore(folder)
    scheme = url.partition("://")[0]
    if scheme == "memory":
        from refsys.storage.memory_store import MemoryStore  # noqa: PLC0415

        return MemoryStore(split_memory_url(url))
    if scheme == "s3":
        from refsys.storage.s3_store import S3Store  # noqa: PLC0415

        return S3Store(*split_s3_url(url), endpoint=s3_endpoint)
    from refsys.storage.fsspec_store import open_fsspec_store  # noqa: PLC0415

    return open_fsspec_store(url)
