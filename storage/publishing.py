"""Publishing: a product's bytes to their final place, verified, then one manifest, then the catalogue row.

Layout below the store::

    incoming/<id>/<path>                                     what a station fetched, until it is published
    products/<type>/<name>/manifest.json                     the Product; made by a conditional put
    products/<type>/<name>/<first 16 of exact digest>/<path> its files
    tombstones/<type>/<name>/<first 16 of exact digest>.json what is left of a removed product

A product is visible when its catalogue row is, and only then. Every function here may be interrupted anywhere and
repeated; twice is the same as once. Publishing and removing one name at the same time is for the caller to serialise.
"""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from refsys.model.errors import (
    DigestMismatch,
    ObjectExists,
    ObjectMissing,
    ProductConflict,
    ProductUnknown,
    RefsysError,
    StorageError,
)
from refsys.model.products import Asset, AuxiliaryFile, Product, Provenance
from refsys.model.values import UtcTime, Value
from refsys.storage.backend_errors import backend
from refsys.storage.local_files import replacing, synchronise_folder
from refsys.storage.staging import Draft, delete_below, product_of, read_verified, same_files, stage, verify
from refsys.storage.stores import Store, validate_key, validate_part

DIGEST_DIGITS = 16
"""Digits of the exact digest in a key: enough to keep the contents that ever claimed one name apart."""


class Removed(Protocol):
    """A product that was removed, and when."""

    @property
    def product(self) -> Product: ...  # noqa: D102  (said above)
    @property
    def deleted_at(self) -> datetime: ...  # noqa: D102


class CatalogueLike(Protocol):
    """The part of the catalogue that publishing needs; see `refsys.storage.catalogue.Catalogue`."""

    def insert(self, product: Product, /) -> bool: ...  # noqa: D102
    def tombstone(self, name: str, at: datetime) -> Product: ...  # noqa: D102
    def tombstones(self) -> Sequence[Removed]: ...  # noqa: D102


_EITHER: TypeAdapter[Product | AuxiliaryFile] = TypeAdapter(Product | AuxiliaryFile)


class RemovedProduct(Value):
    """What the store keeps of a removed product."""

    product: Product | AuxiliaryFile
    deleted_at: UtcTime


def publish(product: Product, store: Store, catalogue: CatalogueLike) -> Product:
    """Publish a product whose files lie in a temporary place of the store.

    Parameters
    ----------
    product
        Its assets' keys are those of the temporary place, which stays as it is.
    store
        The object store.
    catalogue
        Where the product becomes visible.

    Returns
    -------
    Product
        As published, with the final keys: the first one of this content, if there was one.

    Raises
    ------
    ProductConflict
        If a product of this name with other bytes is published.
    DigestMismatch
        If the final bytes are not what the product says.
    """
    final = _with_final_keys(product)
    published = _manifest(store, final)
    if published is None or published.exact_digest == final.exact_digest:  # what was lost or damaged since is mended
        for source, target in zip(product.assets, final.assets, strict=True):
            _copy(store, source, target)
        published = published or _commit(store, final)
    if published.exact_digest != final.exact_digest:
        _delete_files(store, final)
        raise ProductConflict(
            f"already published with exact digest {published.exact_digest}, not {final.exact_digest}",
            where=final.name,
            hint="remove the published one first, or give the new one its own name",
        )
    catalogue.insert(published)
    return published


def publish_folder(
    draft: Draft,
    source: Path,
    store: Store,
    catalogue: CatalogueLike,
    *,
    incoming_id: str,
    provenance: Provenance | None = None,
) -> Product:
    """Publish a local folder (or single file), as stations do.

    Parameters
    ----------
    draft
        What the product is.
    source
        Its files; see `refsys.storage.staging.stage`.
    store, catalogue
        As for `publish`.
    incoming_id
        Names the temporary place, which is emptied first and last. Repeat with the same one after a crash; two
        publishers at the same time need two.
    provenance
        None for what came from outside.
    """
    prefix = f"incoming/{validate_key(incoming_id)}"
    delete_below(store, prefix)
    try:
        assets = stage(store, prefix, source, draft.volatile)
        published = publish(product_of(draft, assets, provenance), store, catalogue)
    except RefsysError as error:
        try:
            delete_below(store, prefix)
        except RefsysError as second:
            error.add_note(f"what was staged could not be deleted: {second}")
        raise
    delete_below(store, prefix)
    return published


def remove(name: str, store: Store, catalogue: CatalogueLike, at: datetime) -> Product:
    """Delete a product's bytes and keep its description and provenance.

    Parameters
    ----------
    name
        Name of the product; one already removed is removed to the end, should that have been interrupted.
    store, catalogue
        Where it is.
    at
        Time of the removal, UTC.

    Returns
    -------
    Product
        As it was published.

    Raises
    ------
    ProductUnknown
        If there never was such a product.
    """
    removed = _tombstone(name, catalogue, at)
    product = removed.product
    store.put(f"tombstones/{_place(product)}.json", removed.to_json().encode())
    published = _manifest(store, product)
    if published is not None and published.exact_digest == product.exact_digest:
        store.delete(_manifest_key(product))
    _delete_files(store, product)
    return product


def export(product: Product, store: Store, folder: Path) -> Path:
    """Write a product's files to `folder/<name>`, verified; the folder appears whole or not at all.

    Returns the folder written. One that is there already is kept if it holds exactly these files, else `StorageError`
    is raised. The files are copies and may be changed.
    """
    target = folder / validate_part(product.name)
    if target.exists():
        if not same_files(target, product.assets):
            raise StorageError("exists and holds other files", where=target, hint="move it away, or export elsewhere")
        return target
    partial = folder / f".part-{uuid4().hex}"
    try:
        with backend("export", str(target), reading=False):
            for asset in product.assets:
                with replacing(partial / validate_key(asset.path)) as file:
                    for part in read_verified(store, asset):
                        file.write(part)
            partial.rename(target)
            synchronise_folder(folder)
    finally:
        if partial.exists():
            shutil.rmtree(partial)
    return target


def _place(product: Product) -> str:
    digits = product.exact_digest[:DIGEST_DIGITS]
    return f"{validate_part(product.product_type)}/{validate_part(product.name)}/{digits}"


def _manifest_key(product: Product) -> str:
    return f"products/{validate_part(product.product_type)}/{validate_part(product.name)}/manifest.json"


def _with_final_keys(product: Product) -> Product:
    home = f"products/{_place(product)}"
    assets = tuple(
        asset.model_copy(update={"key": validate_key(f"{home}/{validate_key(asset.path)}")}) for asset in product.assets
    )
    return product.model_copy(update={"assets": assets})


def _manifest(store: Store, product: Product) -> Product | None:
    """Return what is published under this product's type and name."""
    key = _manifest_key(product)
    try:
        return _EITHER.validate_json(store.get(key))
    except ObjectMissing:
        return None
    except ValidationError as error:
        raise StorageError("the manifest is not a product", where=f"{store.url}/{key}") from error


def _commit(store: Store, final: Product) -> Product:
    try:
        store.put_if_absent(_manifest_key(final), final.to_json().encode())
    except ObjectExists:
        published = _manifest(store, final)
        if published is None:
            raise  # removed in between
        return published
    return final


def _copy(store: Store, source: Asset, target: Asset) -> None:
    """Copy and read back; what is there and good is left alone, for somebody's manifest may name it already."""
    if store.exists(target.key):
        with suppress(DigestMismatch):  # a damaged one is replaced
            verify(store, target)
            return
    store.copy(source.key, target.key)
    verify(store, target)


def _delete_files(store: Store, product: Product) -> None:
    for asset in product.assets:
        store.delete(asset.key)


def _tombstone(name: str, catalogue: CatalogueLike, at: datetime) -> RemovedProduct:
    try:
        product, deleted_at = catalogue.tombstone(name, at), at
    except ProductUnknown:
        past = [removed for removed in catalogue.tombstones() if removed.product.name == name]
        if not past:
            raise
        product, deleted_at = past[-1].product, past[-1].deleted_at
    return RemovedProduct(product=product, deleted_at=deleted_at)
