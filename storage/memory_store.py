"""A store in this process's memory, for tests and the serial executor: the same name is the same store."""

from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from refsys.model.errors import ObjectExists, ObjectMissing, StorageError
from refsys.storage.backend_errors import backend
from refsys.storage.local_files import replacing, require_file
from refsys.storage.stores import ObjectInfo, check_range, validate_key, validate_prefix

MemoryObjects = dict[str, bytes]
"""Objects by key."""

_STORES: dict[str, MemoryObjects] = {}
_WRITING = Lock()


def memory_objects(name: str) -> MemoryObjects:
    """Return the objects of a name, the same for the life of the process."""
    return _STORES.setdefault(name, {})


class MemoryStore:
    """Objects of this process only; gone when it ends.

    Parameters
    ----------
    name
        What `memory://name` calls it.
    """

    def __init__(self, name: str) -> None:
        self._url = f"memory://{name}"
        self._objects = memory_objects(name)

    def __repr__(self) -> str:
        return f"MemoryStore({self._url!r})"

    @property
    def url(self) -> str:
        """Address within this process."""
        return self._url

    def get(self, key: str) -> bytes:
        """Return the whole object; see `Store.get`."""
        try:
            return self._objects[validate_key(key)]
        except KeyError as error:
            raise ObjectMissing("no object under this key", where=self._where(key)) from error

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return part of the object; see `Store.get_range`."""
        check_range(start, length)
        return self.get(key)[start : start + length]

    def put(self, key: str, data: bytes) -> None:
        """Write the object; see `Store.put`."""
        with _WRITING:
            self._objects[validate_key(key)] = bytes(data)

    def put_if_absent(self, key: str, data: bytes) -> None:
        """Write the object unless one is there; see `Store.put_if_absent`."""
        with _WRITING:
            if validate_key(key) in self._objects:
                raise ObjectExists("the key is taken", where=self._where(key))
            self._objects[key] = bytes(data)

    def put_file(self, key: str, path: Path) -> None:
        """Write the object from a local file; see `Store.put_file`."""
        validate_key(key)
        with backend("put", self._where(key), reading=False):
            self.put(key, require_file(path).read_bytes())

    def get_file(self, key: str, path: Path) -> None:
        """Write the object to a local file; see `Store.get_file`."""
        data = self.get(key)
        with backend(f"download to {path}", self._where(key), reading=False), replacing(path) as file:
            file.write(data)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield the objects below a folder; see `Store.list`."""
        prefix = validate_prefix(prefix)
        start = f"{prefix}/" if prefix else ""
        for key, data in sorted(self._objects.copy().items()):
            if key.startswith(start):
                yield ObjectInfo(key, len(data))

    def exists(self, key: str) -> bool:
        """Return whether there is an object; see `Store.exists`."""
        return validate_key(key) in self._objects

    def delete(self, key: str) -> None:
        """Delete the object; see `Store.delete`."""
        self._objects.pop(validate_key(key), None)

    def copy(self, source: str, target: str) -> None:
        """Copy an object; see `Store.copy`."""
        self.put(target, self.get(source))

    def signed_url(self, key: str, expires_s: int) -> str:
        """Raise `StorageError`: memory has no address, whatever its life."""
        raise StorageError(
            f"a memory store has no address that others could read from for {expires_s} s",
            where=self._where(validate_key(key)),
            hint="use a folder or an S3 store",
        )

    def _where(self, key: str) -> str:
        return f"{self._url}/{key}"
