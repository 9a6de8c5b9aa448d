"""Inputs fetched once per node: files by their digest, shared by all processes, within a quota of disk space.

A file is in the cache under its SHA-256, whatever product it belongs to. Users get hard links to it, so that a file
that is evicted stays where it is in use; its space is free when the last of them has gone.
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from refsys.model.errors import DigestMismatch, StorageFull
from refsys.model.products import Asset
from refsys.model.values import Value
from refsys.storage.digests import digests_of_file
from refsys.storage.local_files import link_or_copy
from refsys.storage.stores import Store, validate_key

CACHE_FOLDER = "input-cache"
"""Name of the cache of a node in the scratch folder of its workers."""
_LOCK = "lock"


class CacheUse(Value):
    """What one call took from where."""

    hits: int = 0
    fetched: int = 0
    fetched_bytes: int = 0
    evicted: int = 0


class InputCache:
    """A cache in a folder of this node.

    Parameters
    ----------
    folder
        Place of the cache; several processes may use it at the same time.
    quota_bytes
        Bytes that files in the cache may have together. What one call asks for may be more than that: then the quota is
        kept again afterwards.
    """

    def __init__(self, folder: Path, quota_bytes: int) -> None:
        self.folder = folder
        self.quota_bytes = quota_bytes
        for name in ("files", "locks", "coming"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def fetch(self, store: Store, assets: Sequence[Asset], place: Path) -> CacheUse:
        """Lay assets below a folder under their paths, to be read only; what is not in the cache is fetched first.

        Two processes that want the same file at the same time fetch it once: the second waits for the first.

        Raises
        ------
        ObjectMissing
            If the store has not got a file.
        DigestMismatch
            If what it has is something else.
        StorageFull
            If the disk is full.
        """
        use = CacheUse()
        for asset in assets:
            target = place / validate_key(asset.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            use = self._fetch_one(store, asset, target, use)
        return use.model_copy(update={"evicted": self.evict()})

    def evict(self) -> int:
        """Remove files, least recently used first, until the quota is kept; return how many."""
        with self._locked(self.folder / _LOCK):
            entries = sorted(self._entries())
            total = sum(size for _, size, _ in entries)
            evicted = 0
            for _, size, path in entries:
                if total <= self.quota_bytes:
                    break
                path.unlink(missing_ok=True)
                total -= size
                evicted += 1
        return evicted

    def size_bytes(self) -> int:
        """Return the bytes of all files in the cache."""
        return sum(size for _, size, _ in self._entries())

    def _fetch_one(self, store: Store, asset: Asset, target: Path, use: CacheUse) -> CacheUse:
        held = self.folder / "files" / asset.sha256
        with self._locked(self.folder / "locks" / asset.sha256[:3]):  # 4,096 locks, none of which is ever removed
            if self._take(held, asset, target):
                return use.model_copy(update={"hits": use.hits + 1})
            coming = self.folder / "coming" / f"{asset.sha256}.{os.getpid()}"
            try:
                self._bring(store, asset, coming)
                coming.replace(held)
            finally:
                coming.unlink(missing_ok=True)
            link_or_copy(held, target)
        return use.model_copy(
            update={"fetched": use.fetched + 1, "fetched_bytes": use.fetched_bytes + asset.size_bytes}
        )

    def _take(self, held: Path, asset: Asset, target: Path) -> bool:
        """Give out a file of the cache if it is there; one of another size is damaged and dropped."""
        try:
            if held.stat().st_size != asset.size_bytes:
                held.unlink()
                return False
            os.utime(held, ns=(time.time_ns(), held.stat().st_mtime_ns))  # used now; the file may be the store's own
            link_or_copy(held, target)
        except FileNotFoundError:
            return False
        return True

    def _bring(self, store: Store, asset: Asset, coming: Path) -> None:
        coming.unlink(missing_ok=True)  # of a process of this number that was killed
        try:
            store.get_file(asset.key, coming)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise StorageFull(
                "no space left for inputs", where=self.folder, hint="free space, lower the quota"
            ) from error
        found = digests_of_file(coming)
        if (found.size_bytes, found.sha256) != (asset.size_bytes, asset.sha256):
            announced = f"announced were {asset.size_bytes} of {asset.sha256}"
            raise DigestMismatch(
                f"{found.size_bytes} bytes of SHA-256 {found.sha256}, {announced}", where=f"{store.url}/{asset.key}"
            )

    def _entries(self) -> Iterator[tuple[int, int, Path]]:
        """Yield time of last use, size and path of every file."""
        with os.scandir(self.folder / "files") as entries:
            for entry in entries:
                try:
                    status = entry.stat()
                except FileNotFoundError:  # evicted by another process
                    continue
                yield status.st_atime_ns, status.st_size, Path(entry.path)

    @contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        """Hold a lock of the operating system, which ends with the process that holds it."""
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
