"""Workspaces: the Zarr v3 group in which the steps of a request leave arrays for one another."""

from collections.abc import Iterator, MutableMapping
from typing import Literal

import zarr
import zarr.abc.store
import zarr.storage
from zarr.core.buffer import Buffer, default_buffer_prototype

from refsys.model.errors import ConfigInvalid, ObjectExists, ObjectMissing
from refsys.storage.memory_store import MemoryObjects, memory_objects
from refsys.storage.stores import folder_of_url, split_memory_url, split_s3_url, validate_key

Mode = Literal["r", "r+", "a", "w", "w-"]
"""`r` read, `r+` read and write what is there, `a` make it if missing, `w` make it anew, `w-` make it, refuse old."""


def open_group(store_url: str, prefix: str, s3_endpoint: str | None = None, *, mode: Mode) -> zarr.Group:
    """Open the Zarr v3 group below a prefix of an object store.

    The group's objects are ordinary objects of the store: `Store.list(prefix)` shows them. A folder's or an S3 store's
    group may be opened by any number of processes at once, which then write different chunks.

    Parameters
    ----------
    store_url
        Address of the store: a folder, `memory://name` or `s3://bucket/prefix`; see `refsys.storage.stores.open_store`.
    prefix
        Folder of the store, for example `Attempt.arrays_prefix`.
    s3_endpoint
        Address of an S3 server other than Amazon's.
    mode
        See `Mode`.

    Raises
    ------
    ObjectMissing
        If there is no group and the mode does not make one.
    ObjectExists
        If there is one and the mode is `w-`.
    ConfigInvalid
        If the address is of another kind of store.
    """
    where = f"{store_url}/{prefix}"
    store = _zarr_store(store_url, validate_key(prefix), s3_endpoint, read_only=mode == "r")
    try:
        return zarr.open_group(store, mode=mode, zarr_format=3)
    except FileNotFoundError as error:
        raise ObjectMissing("no Zarr group here", where=where) from error
    except (zarr.errors.ContainsGroupError, FileExistsError) as error:
        raise ObjectExists("a Zarr group is here already", where=where) from error


def _zarr_store(url: str, prefix: str, s3_endpoint: str | None, *, read_only: bool) -> zarr.abc.store.Store:
    # rooted at the prefix: Zarr writes metadata of every parent group up to the root of its store
    folder = folder_of_url(url)
    if folder is not None:
        return zarr.storage.LocalStore(folder / prefix, read_only=read_only)
    if url.startswith("memory://"):
        return zarr.storage.MemoryStore(_Buffers(memory_objects(split_memory_url(url)), prefix), read_only=read_only)
    if url.startswith("s3://"):
        from refsys.storage.s3_store import s3_client  # noqa: PLC0415

        bucket, root = split_s3_url(url)
        whole = f"{root}/{prefix}" if root else prefix
        return zarr.storage.ObjectStore(s3_client(bucket, whole, s3_endpoint), read_only=read_only)
    raise ConfigInvalid(
        "workspaces are kept in a folder, in memory or in S3", where=url, hint="set `store` to one of these"
    )


class _Buffers(MutableMapping[str, Buffer]):
    """What a Zarr memory store keeps its values in: the objects below a prefix of a memory store."""

    def __init__(self, objects: MemoryObjects, prefix: str) -> None:
        self._objects = objects
        self._prefix = f"{prefix}/"

    def __getitem__(self, key: str) -> Buffer:
        return default_buffer_prototype().buffer.from_bytes(self._objects[self._prefix + key])

    def __setitem__(self, key: str, value: Buffer) -> None:
        self._objects[self._prefix + key] = value.to_bytes()

    def __delitem__(self, key: str) -> None:
        del self._objects[self._prefix + key]

    def __iter__(self) -> Iterator[str]:
        # one atomic copy of the keys: other threads write while Zarr walks
        names = list(self._objects)
        return iter([name.removeprefix(self._prefix) for name in names if name.startswith(self._prefix)])

    def __len__(self) -> int:
        return len(list(iter(self)))
