"""Any file system that fsspec knows, as an object store.

What a `Store` must do and fsspec does not promise is the conditional put: it is refused here, so that nothing is ever
committed where two writers could both win. Puts go straight to their name; a reader may meet half an object while a
plain file system (SFTP, WebDAV) is being written to. So these addresses serve to read from and to deliver to.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlsplit

from fsspec.core import url_to_fs
from fsspec.spec import AbstractFileSystem

from refsys.model.errors import ConfigInvalid, ObjectMissing, StorageError
from refsys.storage.backend_errors import backend
from refsys.storage.local_files import partial_beside, require_file
from refsys.storage.stores import ObjectInfo, check_range, validate_key, validate_prefix


def open_fsspec_store(url: str) -> "FsspecStore":
    """Open the fsspec file system of an address (`ConfigInvalid` if there is none, or the address holds a password)."""
    if "://" not in url:
        raise ConfigInvalid("not the address of a store", where=repr(url), hint="give a folder or scheme://place")
    if urlsplit(url).password:
        place = f"{urlsplit(url).scheme}://{urlsplit(url).hostname}"
        raise ConfigInvalid("an address must hold no password", where=place, hint="use the environment or a key file")
    try:
        file_system, root = url_to_fs(url, use_listings_cache=False)
    except (ValueError, ImportError) as error:
        raise ConfigInvalid(f"fsspec cannot open this address: {error}", where=url) from error
    return FsspecStore(url.rstrip("/"), file_system, root)


def list_files(files: AbstractFileSystem, root: str, prefix: str) -> list[ObjectInfo]:
    """Return the files below `root/prefix` of an fsspec file system in order of key, keys relative to `root`.

    Sorted here because file systems, and S3 servers built on one, sort each folder by itself (`a/b` before `a.b`).
    """
    folder = f"{root}/{prefix}" if prefix else root
    try:
        found = files.find(folder, detail=True)
    except FileNotFoundError:
        return []
    start = len(root) + 1
    infos = (ObjectInfo(path[start:], int(info["size"])) for path, info in found.items() if path != folder)
    return sorted(infos, key=lambda info: info.key)


class FsspecStore:
    """Objects are the files below `root` of an fsspec file system.

    Parameters
    ----------
    url
        Address of the store.
    file_system
        An `fsspec.AbstractFileSystem` that caches no listings.
    root
        Where the store begins, as that file system spells it.
    """

    def __init__(self, url: str, file_system: AbstractFileSystem, root: str) -> None:
        self._url = url
        self._files = file_system
        self._root = root.rstrip("/")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    @property
    def url(self) -> str:
        """Address of the store."""
        return self._url

    def get(self, key: str) -> bytes:
        """Return the whole object; see `Store.get`."""
        path = self._path(key)
        with self._errors("get", key, reading=True):
            return bytes(self._files.cat_file(path))

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return part of the object; see `Store.get_range`."""
        check_range(start, length)
        path = self._path(key)
        with self._errors("get", key, reading=True):
            stop = min(start + length, self._size(path))
            return bytes(self._files.cat_file(path, start=start, end=stop)) if start < stop else b""

    def put(self, key: str, data: bytes) -> None:
        """Write the object; see `Store.put`."""
        path = self._path(key)
        with self._errors("put", key, reading=False):
            self._make_parent(path)
            self._files.pipe_file(path, data)

    def put_file(self, key: str, path: Path) -> None:
        """Write the object from a local file; see `Store.put_file`."""
        target = self._path(key)
        require_file(path)
        with self._errors("put", key, reading=False):
            self._make_parent(target)
            self._files.put_file(str(path), target)

    def get_file(self, key: str, path: Path) -> None:
        """Write the object to a local file; see `Store.get_file`."""
        source = self._path(key)
        if not self.exists(key):
            raise ObjectMissing("no object under this key", where=self._where(key))
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = partial_beside(path)
        try:
            with self._errors(f"download to {path}", key, reading=False):
                self._files.get_file(source, str(partial))
                partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def put_if_absent(self, key: str, data: bytes) -> None:
        """Raise `StorageError`: only a folder, a memory and an S3 store have a conditional put."""
        raise StorageError(
            "this kind of store has no conditional put, so nothing can be committed in it",
            where=self._where(validate_key(key)),
            hint="keep products in a folder or an S3 store; export to this one",
        )

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield the objects below a folder; the whole listing is held in memory; see `Store.list`."""
        prefix = validate_prefix(prefix)
        with self._errors("list", prefix, reading=False):
            infos = list_files(self._files, self._root, prefix)
        yield from infos

    def exists(self, key: str) -> bool:
        """Return whether there is an object; see `Store.exists`."""
        path = self._path(key)
        with self._errors("look-up", key, reading=False):
            try:
                return bool(self._files.info(path)["type"] == "file")
            except (FileNotFoundError, NotADirectoryError):
                return False

    def delete(self, key: str) -> None:
        """Delete the object; see `Store.delete`."""
        if self.exists(key):
            with self._errors("delete", key, reading=False):
                try:
                    self._files.rm_file(self._path(key))
                except FileNotFoundError:
                    return  # somebody else deleted it

    def copy(self, source: str, target: str) -> None:
        """Copy an object; see `Store.copy`."""
        from_path, to_path = self._path(source), self._path(target)
        with self._errors("copy", source, reading=True):
            self._size(from_path)
        with self._errors("copy", target, reading=False):
            self._make_parent(to_path)
            self._files.cp_file(from_path, to_path)

    def signed_url(self, key: str, expires_s: int) -> str:
        """Return an address that may be read for a while (`StorageError` where the file system has none)."""
        path = self._path(key)
        with backend("signing", self._where(key), reading=False, raises=(OSError, NotImplementedError)):
            return str(self._files.sign(path, expiration=expires_s))

    def _path(self, key: str) -> str:
        return f"{self._root}/{validate_key(key)}"

    def _where(self, key: str) -> str:
        return f"{self._url}/{key}"

    def _errors(self, doing: str, key: str, *, reading: bool) -> AbstractContextManager[None]:
        # each file system has exceptions of its own (botocore, paramiko, aiohttp): none may pass untold
        return backend(doing, self._where(key), reading=reading, raises=Exception)

    def _size(self, path: str) -> int:
        info = self._files.info(path)
        if info["type"] != "file":
            raise FileNotFoundError(path)
        return int(info["size"])

    def _make_parent(self, path: str) -> None:
        self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
