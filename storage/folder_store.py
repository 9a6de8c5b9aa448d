"""A folder as an object store: the default on one machine, safe for any number of processes.

An object is written below `.refsys-partial` in the root, synchronised, and then given its name: by `rename(2)` for a
put, which replaces at once, and by `link(2)` for a conditional put, which fails if the name is taken. So a reader never
sees part of an object, and a killed writer leaves nothing but a file that no listing shows and that the first store
opened a day later removes. Objects are read-only files. The file system must have hard links (`put_if_absent` says so
if it has not).
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from refsys.model.errors import ObjectExists, StorageError
from refsys.storage.backend_errors import backend
from refsys.storage.local_files import (
    COPY_BYTES,
    link_or_copy,
    make_read_only,
    partial_beside,
    require_file,
    synchronise,
    synchronise_folder,
)
from refsys.storage.stores import PARTIAL_FOLDER, ObjectInfo, check_range, validate_key, validate_prefix

LEFTOVER_S = 24 * 3600
"""Age in seconds after which nobody can still be writing a partial file: each write renews it."""

_PLACING_ATTEMPTS = 100


class FolderStore:
    """Objects are files below `root`, which is made with the first put.

    Parameters
    ----------
    root
        Absolute folder; any file already below it is an object.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._partial = root / PARTIAL_FOLDER
        self._remove_leftovers()

    def __repr__(self) -> str:
        return f"FolderStore({str(self.root)!r})"

    @property
    def url(self) -> str:
        """The folder's path."""
        return str(self.root)

    def get(self, key: str) -> bytes:
        """Return the whole object; see `Store.get`."""
        path = self._path(key)
        with self._errors("get", key, reading=True):
            return path.read_bytes()

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return part of the object; see `Store.get_range`."""
        check_range(start, length)
        path = self._path(key)
        with self._errors("get", key, reading=True), path.open("rb") as file:
            file.seek(start)
            return file.read(length)

    def put(self, key: str, data: bytes) -> None:
        """Write the object; see `Store.put`."""
        path = self._path(key)
        with self._errors("put", key, reading=False), self._written(data) as partial:
            self._place(partial, path, os.replace)

    def put_if_absent(self, key: str, data: bytes) -> None:
        """Write the object unless one is there; see `Store.put_if_absent`."""
        path = self._path(key)
        with self._errors("conditional put", key, reading=False), self._written(data) as partial:
            if path.exists():
                raise ObjectExists("the key is taken", where=self._where(key))
            self._place(partial, path, os.link)

    def put_file(self, key: str, path: Path) -> None:
        """Write the object from a local file; see `Store.put_file`."""
        target = self._path(key)
        require_file(path)
        with (
            self._errors("put", key, reading=False),
            path.open("rb") as source,
            self._new_partial() as (partial, file),
        ):
            shutil.copyfileobj(source, file, COPY_BYTES)
            _seal(file)
            self._place(partial, target, os.replace)

    def get_file(self, key: str, path: Path) -> None:
        """Link the object to a local path, or copy it where that is another file system; see `Store.get_file`."""
        source = self._path(key)
        with self._errors(f"download to {path}", key, reading=False):
            path.parent.mkdir(parents=True, exist_ok=True)
        partial = partial_beside(path)
        try:
            with self._errors(f"download to {path}", key, reading=True):
                _require_regular(source)
                link_or_copy(source, partial)
                partial.replace(path)
        finally:
            # rename(2) does nothing if both names are the same file already
            partial.unlink(missing_ok=True)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield the objects below a folder, one folder in memory at a time; see `Store.list`."""
        prefix = validate_prefix(prefix)
        with self._errors("list", prefix, reading=False):
            yield from self._walk(self.root / prefix, f"{prefix}/" if prefix else "")

    def exists(self, key: str) -> bool:
        """Return whether there is an object; see `Store.exists`."""
        path = self._path(key)
        with self._errors("look-up", key, reading=False):
            return path.is_file()

    def delete(self, key: str) -> None:
        """Delete the object and the folders that are empty then; see `Store.delete`."""
        path = self._path(key)
        with self._errors("delete", key, reading=False):
            if path.is_dir():
                return
            # a part of the key that is a file: nothing can be below it
            with suppress(NotADirectoryError):
                path.unlink(missing_ok=True)
            self._remove_empty_folders(path.parent)

    def copy(self, source: str, target: str) -> None:
        """Give the object a second name: both are read-only, so they never differ; see `Store.copy`."""
        from_path, to_path = self._path(source), self._path(target)
        partial = self._partial / uuid4().hex
        try:
            with self._errors("copy", source, reading=True):
                _require_regular(from_path)
                self._partial.mkdir(parents=True, exist_ok=True)
                link_or_copy(from_path, partial)
            with self._errors("copy", target, reading=False):
                self._place(partial, to_path, os.replace)
        finally:
            partial.unlink(missing_ok=True)

    def signed_url(self, key: str, expires_s: int) -> str:
        """Return the `file:` address, which neither expires nor grants anything; see `Store.signed_url`."""
        return self._path(key).as_uri()

    def _path(self, key: str) -> Path:
        return self.root / validate_key(key)

    def _where(self, key: str) -> str:
        return str(self.root / key)

    @contextmanager
    def _errors(self, doing: str, key: str, *, reading: bool) -> Iterator[None]:
        with backend(doing, self._where(key), reading=reading):
            yield

    @contextmanager
    def _new_partial(self) -> Iterator[tuple[Path, BinaryIO]]:
        self._partial.mkdir(parents=True, exist_ok=True)
        partial = self._partial / uuid4().hex
        try:
            with partial.open("xb") as file:
                yield partial, file
        finally:
            partial.unlink(missing_ok=True)

    @contextmanager
    def _written(self, data: bytes) -> Iterator[Path]:
        with self._new_partial() as (partial, file):
            file.write(data)
            _seal(file)
            yield partial

    def _place(self, partial: Path, path: Path, how: Callable[[Path, Path], None]) -> None:
        for _ in range(_PLACING_ATTEMPTS):
            self._make_folder(path.parent)
            try:
                how(partial, path)
            except FileNotFoundError:
                continue  # a delete removed the empty folder in between: make it again
            except FileExistsError as error:
                raise ObjectExists("the key is taken", where=path) from error
            except OSError as error:
                if how is os.link and error.errno in (errno.EPERM, errno.ENOTSUP, errno.EXDEV):
                    hint = "put the store on a file system with hard links"
                    raise StorageError("conditional put needs hard links", where=path, hint=hint) from error
                raise
            synchronise_folder(path.parent)
            return
        raise StorageError("its folder is being removed again and again", where=path)

    @staticmethod
    def _make_folder(folder: Path) -> None:
        with suppress(FileNotFoundError, FileExistsError, NotADirectoryError):  # or removed while being made
            folder.mkdir(parents=True, exist_ok=True)
            return
        for place in (folder, *folder.parents):
            if place.exists() and not place.is_dir():
                raise StorageError("an object stands where a folder is needed", where=place)

    def _walk(self, folder: Path, prefix: str) -> Iterator[ObjectInfo]:
        try:
            with os.scandir(folder) as entries:
                found = sorted((_sort_name(entry), entry) for entry in entries)
        except (FileNotFoundError, NotADirectoryError):
            return
        for name, entry in found:
            if prefix == "" and name == f"{PARTIAL_FOLDER}/":
                continue
            if name.endswith("/"):
                yield from self._walk(folder / entry.name, prefix + name)
            elif entry.is_file(follow_symlinks=False):
                with suppress(FileNotFoundError):  # deleted since the folder was read
                    yield ObjectInfo(prefix + name, entry.stat(follow_symlinks=False).st_size)

    def _remove_empty_folders(self, folder: Path) -> None:
        while folder != self.root:
            try:
                folder.rmdir()
            except OSError as error:
                if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.EBUSY):
                    return
                raise
            folder = folder.parent

    def _remove_leftovers(self) -> None:
        if not self._partial.is_dir():
            return
        with self._errors("removal of leftovers", PARTIAL_FOLDER, reading=False):
            if not any(self._partial.iterdir()):
                return
            with self._new_partial() as (_, file):
                now_s = os.fstat(file.fileno()).st_ctime  # the file server's clock; a link renews it too
            for path in self._partial.iterdir():
                with suppress(FileNotFoundError):
                    if now_s - path.stat().st_ctime > LEFTOVER_S:
                        path.unlink()


def _seal(file: BinaryIO) -> None:
    make_read_only(file)
    synchronise(file)


def _require_regular(path: Path) -> None:
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "not an object", str(path))


def _sort_name(entry: os.DirEntry[str]) -> str:
    """Return the name as keys sort it: `a.b` comes before `a/b`, so a folder carries its slash."""
    return f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name
