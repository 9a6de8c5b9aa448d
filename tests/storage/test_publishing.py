"""Publishing and removing: verified bytes, one manifest, one row; a crash anywhere is repaired by repeating."""

import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, Protocol, cast

import pytest
from pydantic import JsonValue

from refsys.model.attributes import Attributes
from refsys.model.errors import (
    DigestMismatch,
    InputCorrupt,
    ObjectMissing,
    ProductConflict,
    ProductUnknown,
    StorageError,
    StorageFull,
)
from refsys.model.products import AuxiliaryFile, Product, Provenance, Quality
from refsys.model.values import Value
from refsys.model.volatile import Volatile
from refsys.storage.catalogue import Catalogue
from refsys.storage.database import Database, open_database
from refsys.storage.folder_store import FolderStore
from refsys.storage.memory_store import MemoryStore
from refsys.storage.publishing import CatalogueLike, RemovedProduct, export, publish, publish_folder, remove
from refsys.storage.staging import product_of, stage, verify
from refsys.storage.stores import Store

NAME = "S3A_MW_0_MWR____20261122T100000_X.SEN3"
TYPE = "MW_0_MWR___"
AT = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


class TestDraft(Value):
    """What a station or unit knows of a product."""

    __test__ = False

    name: str = NAME
    product_type: str = TYPE
    mission: str = "S3"
    satellite: str = "A"
    start: datetime = AT
    stop: datetime = AT + timedelta(minutes=5)
    creation_time: datetime = AT
    footprint: dict[str, JsonValue] | None = None
    quality: Quality = Quality.NOMINAL
    attributes: Attributes = Attributes()
    figures: dict[str, JsonValue] = {"packets": 12}
    volatile: Volatile | None = None


@pytest.fixture
def new_catalogue(tmp_path: Path) -> Iterator[Callable[[], Catalogue]]:
    """Makes real catalogues in SQLite, each empty."""
    databases: list[Database] = []

    def make() -> Catalogue:
        databases.append(open_database(f"sqlite:///{tmp_path}/catalogue{len(databases)}.db"))
        return Catalogue(databases[-1])

    yield make
    for database in databases:
        database.close()


@pytest.fixture
def catalogue(new_catalogue: Callable[[], Catalogue]) -> Catalogue:
    return new_catalogue()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    (folder / "deep").mkdir(parents=True)
    (folder / "manifest.xml").write_text("<a/>")
    (folder / "deep" / "data.nc").write_bytes(bytes(range(256)) * 10)
    return folder


@pytest.fixture
def other_files(tmp_path: Path) -> Path:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "manifest.xml").write_text("<b/>")
    return folder


PROVENANCE = Provenance(
    software="refsys 0", chain="c", chain_version="1", processor="p", processor_version="1", parameters={"x": 1}
)


def staged(store: Store, files: Path, place: str = "steps/k/a/files") -> Product:
    return product_of(TestDraft(), stage(store, place, files, None), PROVENANCE)


def test_a_published_product_is_found_whole(any_store: Store, catalogue: Catalogue, files: Path) -> None:
    product = staged(any_store, files)
    published = publish(product, any_store, catalogue)
    digits = published.exact_digest[:16]
    assert [asset.key for asset in published.assets] == [
        f"products/{TYPE}/{NAME}/{digits}/deep/data.nc",
        f"products/{TYPE}/{NAME}/{digits}/manifest.xml",
    ]
    assert published.model_copy(update={"assets": product.assets}) == product
    assert published.exact_digest == product.exact_digest
    assert catalogue.get(NAME) == published
    for asset in published.assets:
        assert any_store.get(asset.key) == (files / asset.path).read_bytes()
    assert Product.from_json(any_store.get(f"products/{TYPE}/{NAME}/manifest.json")) == published


def test_twice_is_once(any_store: Store, catalogue: Catalogue, files: Path, faults: ModuleType) -> None:
    first = publish(staged(any_store, files), any_store, catalogue)
    before = faults.contents(any_store)
    again = staged(any_store, files, "steps/k/b/files").model_copy(update={"figures": {"told": "later"}})
    assert publish(again, any_store, catalogue) == first
    after = faults.contents(any_store)
    assert {key: after[key] for key in before} == before
    assert {key for key in after if key not in before} == {asset.key for asset in again.assets}
    assert catalogue.count() == 1


def test_other_bytes_under_the_same_name_conflict_and_leave_nothing(
    any_store: Store, catalogue: Catalogue, files: Path, other_files: Path, faults: ModuleType
) -> None:
    first = publish(staged(any_store, files), any_store, catalogue)
    other = staged(any_store, other_files, "steps/k/b/files")
    before = faults.contents(any_store)
    with pytest.raises(ProductConflict, match="already published with exact digest"):
        publish(other, any_store, catalogue)
    assert faults.contents(any_store) == before
    assert catalogue.get(NAME) == first


def test_nothing_is_visible_before_the_row(memory_store: MemoryStore, catalogue: Catalogue, files: Path) -> None:
    class Watching:
        def insert(self, product: Product) -> bool:
            for asset in product.assets:
                verify(memory_store, asset)
            assert memory_store.exists(f"products/{TYPE}/{NAME}/manifest.json")
            with pytest.raises(ProductUnknown):
                catalogue.get(NAME)
            return catalogue.insert(product)

    publish(staged(memory_store, files), memory_store, cast(CatalogueLike, Watching()))
    assert catalogue.get(NAME)


def test_damaged_bytes_are_not_published(any_store: Store, catalogue: Catalogue, files: Path) -> None:
    product = staged(any_store, files)
    asset = product.assets[0]
    any_store.put(asset.key, any_store.get(asset.key)[:-1] + b"x")
    with pytest.raises(DigestMismatch, match=r"deep/data\.nc"):
        publish(product, any_store, catalogue)
    assert not any_store.exists(f"products/{TYPE}/{NAME}/manifest.json")
    with pytest.raises(ProductUnknown):
        catalogue.get(NAME)
    any_store.put(asset.key, (files / asset.path).read_bytes())
    publish(product, any_store, catalogue)
    verify(any_store, catalogue.get(NAME).assets[0])


def test_lost_bytes_are_not_published(any_store: Store, catalogue: Catalogue, files: Path) -> None:
    product = staged(any_store, files)
    any_store.delete(product.assets[1].key)
    with pytest.raises(ObjectMissing, match=r"manifest\.xml"):
        publish(product, any_store, catalogue)
    assert catalogue.count() == 0


@pytest.mark.parametrize("wrong", [{"name": "../x"}, {"name": "a/b"}, {"product_type": ".."}, {"path": "../../../x"}])
def test_names_that_climb_out_are_refused(
    memory_store: MemoryStore, catalogue: Catalogue, files: Path, wrong: dict[str, Any], faults: ModuleType
) -> None:
    product = staged(memory_store, files)
    before = faults.contents(memory_store)
    if "path" in wrong:
        wrong = {"assets": (product.assets[0].model_copy(update=wrong),)}
    with pytest.raises(StorageError):
        publish(product.model_copy(update=wrong), memory_store, catalogue)
    assert faults.contents(memory_store) == before
    assert catalogue.count() == 0


def test_auxiliary_files_stay_auxiliary(memory_store: MemoryStore, catalogue: Catalogue, files: Path) -> None:
    product = AuxiliaryFile.model_validate(staged(memory_store, files).plain() | {"selection": "latest-generation"})
    published = publish(product, memory_store, catalogue)
    assert isinstance(published, AuxiliaryFile)
    assert publish(product, memory_store, catalogue) == published
    assert catalogue.get(NAME) == published
    remove(NAME, memory_store, catalogue, LATER)
    (key,) = [info.key for info in memory_store.list("tombstones")]
    assert RemovedProduct.from_json(memory_store.get(key)).product == published


def test_a_damaged_manifest_is_told(memory_store: MemoryStore, catalogue: Catalogue, files: Path) -> None:
    memory_store.put(f"products/{TYPE}/{NAME}/manifest.json", b"{}")
    with pytest.raises(StorageError, match="not a product"):
        publish(staged(memory_store, files), memory_store, catalogue)


# --- together


def test_of_many_publishers_of_one_product_all_succeed(any_store: Store, catalogue: Catalogue, files: Path) -> None:
    products = [staged(any_store, files, f"steps/k/a{number}/files") for number in range(4)]
    gate = threading.Barrier(4)

    def run(product: Product) -> Product:
        gate.wait()
        return publish(product, any_store, catalogue)

    with ThreadPoolExecutor(4) as pool:
        published = list(pool.map(run, products))
    assert published == [catalogue.get(NAME)] * 4
    for asset in published[0].assets:
        verify(any_store, asset)


def test_of_two_contents_of_one_name_one_is_published(
    any_store: Store, catalogue: Catalogue, files: Path, other_files: Path, faults: ModuleType
) -> None:
    products = [staged(any_store, files, "steps/k/a/files"), staged(any_store, other_files, "steps/k/b/files")]
    gate = threading.Barrier(2)

    def run(product: Product) -> Product | ProductConflict:
        gate.wait()
        try:
            return publish(product, any_store, catalogue)
        except ProductConflict as conflict:
            return conflict

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(run, products))
    (published,) = [item for item in told if isinstance(item, Product)]
    assert len([item for item in told if isinstance(item, ProductConflict)]) == 1
    assert catalogue.get(NAME) == published
    below = {key for key in faults.contents(any_store) if key.startswith("products/")}
    assert below == {asset.key for asset in published.assets} | {f"products/{TYPE}/{NAME}/manifest.json"}


# --- from a folder


def test_a_folder_is_published_and_its_temporary_place_emptied(
    any_store: Store, catalogue: Catalogue, files: Path, faults: ModuleType
) -> None:
    published = publish_folder(TestDraft(), files, any_store, catalogue, incoming_id="fetch-1")
    assert catalogue.get(NAME) == published
    assert published.provenance is None
    assert not [key for key in faults.contents(any_store) if key.startswith("incoming/")]
    assert publish_folder(TestDraft(), files, any_store, catalogue, incoming_id="fetch-2") == published


def test_a_bad_folder_is_refused_and_a_better_one_taken_under_the_same_id(
    memory_store: MemoryStore, catalogue: Catalogue, files: Path
) -> None:
    (files / "link").symlink_to("/etc/passwd")
    with pytest.raises(InputCorrupt, match="link"):
        publish_folder(TestDraft(), files, memory_store, catalogue, incoming_id="fetch-1")
    assert catalogue.count() == 0
    (files / "link").unlink()
    publish_folder(TestDraft(), files, memory_store, catalogue, incoming_id="fetch-1")
    assert [info.key for info in memory_store.list("incoming")] == []


def test_a_full_disk_publishes_nothing_and_loses_nothing(
    small_disk: Path, catalogue: Catalogue, files: Path, other_files: Path
) -> None:
    store = FolderStore(small_disk / "store")
    kept = publish_folder(TestDraft(name="kept"), other_files, store, catalogue, incoming_id="one")
    (files / "large").write_bytes(bytes(2 << 20))
    with pytest.raises(StorageFull, match=r"no space left.*large"):
        publish_folder(TestDraft(), files, store, catalogue, incoming_id="two")
    assert not [info for info in store.list("products") if NAME in info.key]
    assert [product.name for product in catalogue.find(limit=10)] == ["kept"]
    verify(store, kept.assets[0])
    (files / "large").write_bytes(b"smaller")
    publish_folder(TestDraft(), files, store, catalogue, incoming_id="two")
    assert not list(store.list("incoming"))


def test_an_export_to_a_full_disk_leaves_nothing(
    small_disk: Path, memory_store: MemoryStore, catalogue: Catalogue, files: Path
) -> None:
    (files / "large").write_bytes(bytes(2 << 20))
    published = publish(staged(memory_store, files), memory_store, catalogue)
    with pytest.raises(StorageFull, match="export"):
        export(published, memory_store, small_disk / "out")
    assert list((small_disk / "out").iterdir()) == []


# --- removing


def test_a_removed_product_leaves_its_description(
    any_store: Store, catalogue: Catalogue, files: Path, faults: ModuleType
) -> None:
    published = publish(staged(any_store, files), any_store, catalogue)
    any_store.put(f"products/{TYPE}/{NAME}2/manifest.json", b"a neighbour")
    assert remove(NAME, any_store, catalogue, LATER) == published
    with pytest.raises(ProductUnknown):
        catalogue.get(NAME)
    left = {key: data for key, data in faults.contents(any_store).items() if not key.startswith("steps/")}
    tombstone = f"tombstones/{TYPE}/{NAME}/{published.exact_digest[:16]}.json"
    assert set(left) == {tombstone, f"products/{TYPE}/{NAME}2/manifest.json"}
    record = RemovedProduct.from_json(left[tombstone])
    assert (record.product, record.deleted_at) == (published, LATER)
    assert record.product.provenance == PROVENANCE
    assert remove(NAME, any_store, catalogue, LATER + timedelta(days=1)) == published
    assert {k: v for k, v in faults.contents(any_store).items() if not k.startswith("steps/")} == left


def test_after_removing_the_name_is_free(
    memory_store: MemoryStore, catalogue: Catalogue, files: Path, other_files: Path
) -> None:
    first = publish(staged(memory_store, files), memory_store, catalogue)
    remove(NAME, memory_store, catalogue, LATER)
    second = publish(staged(memory_store, other_files, "steps/k/b/files"), memory_store, catalogue)
    assert catalogue.get(NAME) == second != first
    remove(NAME, memory_store, catalogue, LATER)
    assert len(list(memory_store.list("tombstones"))) == 2
    third = publish(staged(memory_store, files, "steps/k/c/files"), memory_store, catalogue)
    assert catalogue.get(NAME) == third == first


def test_what_never_was_cannot_be_removed(memory_store: MemoryStore, catalogue: Catalogue) -> None:
    with pytest.raises(ProductUnknown):
        remove("never", memory_store, catalogue, LATER)


# --- crashes


class Scene(NamedTuple):
    store: Store
    catalogue: Catalogue


Act = Callable[[Any, Any], object]
"""Works on a store and a catalogue, which may be those of a process that dies."""


class KillAnywhere(Protocol):
    def __call__(self, prepare: Act, job: Act, least_changes: int) -> None: ...


@pytest.fixture
def killed_anywhere(faults: ModuleType, new_catalogue: Callable[[], Catalogue]) -> KillAnywhere:
    """Kill a job before and after each of its changes, repeat it, and compare with an undisturbed run."""

    def run(prepare: Act, job: Act, least_changes: int) -> None:
        def scene() -> Scene:
            fresh = Scene(MemoryStore(secrets.token_hex(8)), new_catalogue())
            prepare(*fresh)
            return fresh

        def state(place: Scene) -> tuple[dict[str, bytes], list[dict[str, JsonValue]], list[dict[str, JsonValue]]]:
            visible = [product.plain() for product in place.catalogue.find(limit=10)]
            deleted = [stone.plain() for stone in place.catalogue.tombstones()]
            return faults.contents(place.store), visible, deleted

        def partial_is_hidden(place: Scene) -> None:
            for product in place.catalogue.find(limit=10):
                for asset in product.assets:
                    verify(place.store, asset)

        undisturbed, life = scene(), faults.Life()
        job(life.wrap(undisturbed.store), life.wrap(undisturbed.catalogue))
        wanted = state(undisturbed)
        assert life.changes >= least_changes
        for number in range(1, life.changes + 1):
            for done in (False, True):
                place, life = scene(), faults.Life(number, done=done)
                with pytest.raises(faults.Killed):
                    job(life.wrap(place.store), life.wrap(place.catalogue))
                partial_is_hidden(place)
                job(*place)
                assert state(place) == wanted, (number, done)

    return run


def test_a_publisher_may_die_anywhere(killed_anywhere: KillAnywhere, files: Path) -> None:
    killed_anywhere(
        lambda store, catalogue: staged(store, files),
        lambda store, catalogue: publish(staged_already(store, files), store, catalogue),
        least_changes=4,
    )


def staged_already(store: Store, files: Path) -> Product:
    """The product that `prepare` staged, as its step's manifest would tell it."""
    return staged(MemoryStore(secrets.token_hex(8)), files)


def test_a_station_may_die_anywhere(killed_anywhere: KillAnywhere, files: Path) -> None:
    killed_anywhere(
        lambda store, catalogue: None,
        lambda store, catalogue: publish_folder(TestDraft(), files, store, catalogue, incoming_id="one"),
        least_changes=8,
    )


def test_whoever_removes_may_die_anywhere(killed_anywhere: KillAnywhere, files: Path) -> None:
    killed_anywhere(
        lambda store, catalogue: publish(staged(store, files), store, catalogue),
        lambda store, catalogue: remove(NAME, store, catalogue, LATER),
        least_changes=5,
    )


def test_a_conflict_may_die_anywhere(killed_anywhere: KillAnywhere, files: Path, other_files: Path) -> None:
    def job(store: Store, catalogue: Catalogue) -> None:
        with pytest.raises(ProductConflict):
            publish(staged_already(store, other_files), store, catalogue)

    def prepare(store: Store, catalogue: Catalogue) -> None:
        publish(staged(store, files, "steps/k/other/files"), store, catalogue)
        staged(store, other_files)

    killed_anywhere(prepare, job, least_changes=1)


# --- export


def test_an_export_is_the_files_and_may_be_changed(
    any_store: Store, catalogue: Catalogue, files: Path, tmp_path: Path
) -> None:
    published = publish(staged(any_store, files), any_store, catalogue)
    target = export(published, any_store, tmp_path / "out")
    assert target == tmp_path / "out" / NAME
    found = {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}
    assert found == {asset.path: (files / asset.path).read_bytes() for asset in published.assets}
    assert export(published, any_store, tmp_path / "out") == target
    with (target / "manifest.xml").open("ab") as file:
        file.write(b"changed")
    for asset in published.assets:
        verify(any_store, asset)
    with pytest.raises(StorageError, match="holds other files"):
        export(published, any_store, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [NAME]


def test_an_export_of_damaged_bytes_leaves_nothing(
    memory_store: MemoryStore, catalogue: Catalogue, files: Path, tmp_path: Path
) -> None:
    published = publish(staged(memory_store, files), memory_store, catalogue)
    memory_store.put(published.assets[1].key, b"<c/>")
    with pytest.raises(DigestMismatch):
        export(published, memory_store, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
