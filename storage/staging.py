"""From local files to the assets of a product and back, every byte counted and digested on the way."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from pydantic import JsonValue

from refsys.model.attributes import Attributes
from refsys.model.errors import DigestMismatch, InputCorrupt, StorageError
from refsys.model.products import Asset, Product, Provenance, Quality, content_digest
from refsys.model.values import sha256_hex
from refsys.model.volatile import Volatile
from refsys.storage.backend_errors import backend
from refsys.storage.stores import Store, validate_key

TEXT_SUFFIXES = frozenset({".xml", ".json", ".html", ".safe", ".txt"})
"""Files in which the volatile values of a product are masked before the content digest is taken."""

READ_BYTES = 16 << 20
"""Bytes read at a time."""


class Draft(Protocol):
    """What is known of a product before its files are staged; a unit's `ProductDraft` is one."""

    @property
    def name(self) -> str: ...  # noqa: D102  (fields as in `Product`)
    @property
    def product_type(self) -> str: ...  # noqa: D102
    @property
    def mission(self) -> str: ...  # noqa: D102
    @property
    def satellite(self) -> str: ...  # noqa: D102
    @property
    def start(self) -> datetime: ...  # noqa: D102
    @property
    def stop(self) -> datetime: ...  # noqa: D102
    @property
    def creation_time(self) -> datetime: ...  # noqa: D102
    @property
    def footprint(self) -> dict[str, Any] | None: ...  # noqa: D102
    @property
    def quality(self) -> Quality: ...  # noqa: D102
    @property
    def attributes(self) -> Attributes: ...  # noqa: D102
    @property
    def figures(self) -> dict[str, JsonValue]: ...  # noqa: D102
    @property
    def volatile(self) -> Volatile | None: ...  # noqa: D102


def product_of(draft: Draft, assets: tuple[Asset, ...], provenance: Provenance | None) -> Product:
    """Return the product that a draft and its staged assets make; its digest covers the content."""
    return Product(
        name=draft.name,
        product_type=draft.product_type,
        mission=draft.mission,
        satellite=draft.satellite,
        start=draft.start,
        stop=draft.stop,
        creation_time=draft.creation_time,
        footprint=draft.footprint,
        quality=draft.quality,
        attributes=draft.attributes,
        figures=draft.figures,
        assets=assets,
        digest=content_digest(assets),
        provenance=provenance,
    )


def stage(store: Store, prefix: str, source: Path, volatile: Volatile | None) -> tuple[Asset, ...]:
    """Put every file of a folder, or one single file, below a prefix of a store.

    Parameters
    ----------
    store, prefix
        Where the files go: `prefix/<path>`. Nothing else may be there.
    source
        A folder, or a file, which becomes the one asset of its name. Empty folders leave no trace: stores have none.
    volatile
        Values masked in the content digest of text files (`TEXT_SUFFIXES`); None if the files hold none.

    Returns
    -------
    tuple of Asset
        In order of path.

    Raises
    ------
    InputCorrupt
        If there is no file, or one is a symbolic link, a device or the like, or has a name no key can hold.
    DigestMismatch
        If the store shows another size, another object, or none.
    """
    assets = []
    for path, file in sorted(_files(source)):
        key = f"{prefix}/{path}"
        size_bytes, sha256, content = _measure(file, volatile)
        store.put_file(key, file)
        assets.append(Asset(path=path, key=key, size_bytes=size_bytes, sha256=sha256, content_sha256=content))
    if not assets:
        raise InputCorrupt("no file in the product", where=source)
    _check_listing(store, prefix, assets)
    return tuple(assets)


def fetch(store: Store, assets: Sequence[Asset], folder: Path) -> None:
    """Write assets below a local folder under their paths, to be read only: they may share bytes with the store.

    Raises `ObjectMissing` or `DigestMismatch`, naming the key.
    """
    for asset in assets:
        path = folder / validate_key(asset.path)
        store.get_file(asset.key, path)
        size_bytes, sha256, _ = _measure(path, None)
        _compare(store, asset, size_bytes, sha256)


def read_verified(store: Store, asset: Asset) -> Iterator[bytes]:
    """Yield the bytes of an asset in parts; after the last, raise `DigestMismatch` if size or digest are others."""
    hasher, size_bytes = hashlib.sha256(), 0
    while True:
        wanted = min(READ_BYTES, asset.size_bytes - size_bytes + 1)  # one more than announced: longer objects show
        part = store.get_range(asset.key, size_bytes, wanted)
        hasher.update(part)
        size_bytes += len(part)
        yield part
        if len(part) < wanted or size_bytes > asset.size_bytes:
            break
    _compare(store, asset, size_bytes, hasher.hexdigest())


def verify(store: Store, asset: Asset) -> None:
    """Read an asset back (`DigestMismatch` if its size or digest are others, `ObjectMissing` without it)."""
    for _ in read_verified(store, asset):
        pass


def same_files(folder: Path, assets: Sequence[Asset]) -> bool:
    """Return whether a local folder holds exactly the files of these assets."""
    found = {path: _measure(file, None)[1] for path, file in _files(folder)}
    return found == {asset.path: asset.sha256 for asset in assets}


def delete_below(store: Store, prefix: str) -> None:
    """Delete every object below a prefix, each by its exact key; repeating finishes what was interrupted."""
    for info in list(store.list(prefix)):
        store.delete(info.key)


def _files(source: Path) -> Iterator[tuple[str, Path]]:
    if source.is_symlink():
        raise InputCorrupt("a symbolic link cannot be part of a product", where=source)
    if source.is_file():
        yield _checked(source.name, source), source
    elif source.is_dir():
        yield from _files_below(source, "")
    else:
        raise InputCorrupt("neither a file nor a folder", where=source)


def _files_below(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    with backend("listing", str(folder), reading=False), os.scandir(folder) as entries:
        found = list(entries)
    for entry in found:
        path = Path(entry.path)
        name = _checked(prefix + entry.name, path)
        if entry.is_dir(follow_symlinks=False):
            yield from _files_below(path, f"{name}/")
        elif entry.is_file(follow_symlinks=False):
            yield name, path
        else:
            raise InputCorrupt("a link, device or pipe cannot be part of a product", where=path)


def _checked(name: str, path: Path) -> str:
    try:
        return validate_key(name)
    except StorageError as error:
        raise InputCorrupt(f"a file of this name cannot be stored: {error.message}", where=ascii(str(path))) from error


def _measure(path: Path, volatile: Volatile | None) -> tuple[int, str, str]:
    """Return size, digest and content digest of a local file."""
    with backend("reading", str(path), reading=False), path.open("rb") as file:
        if volatile is not None and path.suffix.lower() in TEXT_SUFFIXES:
            data = file.read()
            return len(data), sha256_hex(data), sha256_hex(volatile.mask(data))
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), sha256, sha256


def _check_listing(store: Store, prefix: str, assets: Sequence[Asset]) -> None:
    found = {info.key: info.size_bytes for info in store.list(prefix)}
    expected = {asset.key: asset.size_bytes for asset in assets}
    if found != expected:
        odd = min(key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
        raise DigestMismatch(
            f"staged {expected.get(odd, 'no')} bytes, the store shows {found.get(odd, 'none')}",
            where=f"{store.url}/{odd}",
        )


def _compare(store: Store, asset: Asset, size_bytes: int, sha256: str) -> None:
    where = f"{store.url}/{asset.key}"
    if size_bytes != asset.size_bytes:
        longer = "more" if size_bytes > asset.size_bytes else size_bytes
        raise DigestMismatch(f"{longer} bytes where {asset.size_bytes} were announced", where=where)
    if sha256 != asset.sha256:
        raise DigestMismatch(f"SHA-256 is {sha256}, announced was {asset.sha256}", where=where)
