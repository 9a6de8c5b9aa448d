"""Step areas: what is staged is what was written, one attempt wins, and a crash anywhere is repaired by repeating."""

import hashlib
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.model.errors import DigestMismatch, InputCorrupt, ObjectExists, ObjectMissing, RefsysError, StorageError
from refsys.model.plans import StepResult
from refsys.model.products import Product, content_digest
from refsys.model.volatile import Volatile
from refsys.storage.memory_store import MemoryStore
from refsys.storage.staging import fetch, read_verified, stage, verify
from refsys.storage.steps import Attempt, StepArea
from refsys.storage.stores import Store
from refsys.storage.workspace import open_group

KEY = "0123456789abcdef" * 2
AT = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """What a unit wrote: text with volatile values, binary data, an empty file, folders."""
    folder = tmp_path / "S3A_X.SEN3"
    (folder / "measurement").mkdir(parents=True)
    (folder / "empty folder").mkdir()
    (folder / "xfdumanifest.xml").write_text("<name>S3A_X.SEN3</name><id>uuid-1</id>")
    (folder / "measurement" / "packets.dat").write_bytes(bytes(range(256)) * 50 + b"S3A_X.SEN3")
    (folder / "measurement" / "empty").touch()
    return folder


def new_memory() -> MemoryStore:
    return MemoryStore(secrets.token_hex(8))


def volatile(name: str = "S3A_X.SEN3", uuid: str = "uuid-1") -> Volatile:
    return Volatile(creation_time=AT, product_name=name, uuid=uuid)


def product_of(attempt: Attempt, folder: Path) -> Product:
    assets = attempt.stage("S3A_X.SEN3", folder, volatile())
    return Product(
        name="S3A_X.SEN3",
        product_type="MW_0_MWR___",
        mission="S3",
        satellite="A",
        start=AT,
        stop=AT,
        creation_time=AT,
        assets=assets,
        digest=content_digest(assets),
    )


def result_of(attempt: Attempt, folder: Path, worker: str = "w1") -> StepResult:
    product = product_of(attempt, folder)
    attempt.store.put(f"{attempt.arrays_prefix}/zarr.json", b"{}")
    return StepResult(
        step_key=attempt.step_key,
        name="frames",
        started_at=AT,
        ended_at=AT,
        worker=worker,
        products=(product,),
        workspace=attempt.arrays_prefix,
    )


# --- staging


def test_assets_are_what_was_written(any_store: Store, made: Path) -> None:
    attempt = StepArea(any_store, KEY).begin("a1")
    assets = attempt.stage("S3A_X.SEN3", made, volatile())
    assert [asset.path for asset in assets] == ["measurement/empty", "measurement/packets.dat", "xfdumanifest.xml"]
    for asset in assets:
        data = (made / asset.path).read_bytes()
        assert asset.key == f"steps/{KEY}/a1/files/S3A_X.SEN3/{asset.path}"
        assert (asset.size_bytes, asset.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert any_store.get(asset.key) == data
        verify(any_store, asset)


def test_volatile_values_are_masked_in_text_only(any_store: Store, made: Path, tmp_path: Path) -> None:
    first = stage(any_store, "one", made, volatile())
    (made / "xfdumanifest.xml").write_text("<name>S3A_Y.SEN3</name><id>uuid-2</id>")
    second = stage(any_store, "two", made, volatile("S3A_Y.SEN3", "uuid-2"))
    unmasked = stage(any_store, "three", made, None)
    assert content_digest(first) == content_digest(second) != content_digest(unmasked)
    assert first[2].sha256 != second[2].sha256
    assert [asset.content_sha256 for asset in unmasked] == [asset.sha256 for asset in unmasked]
    assert first[1].content_sha256 == first[1].sha256  # packets hold the name, too, but are no text


def test_a_single_file_is_a_product_of_one_asset(any_store: Store, tmp_path: Path) -> None:
    (tmp_path / "x.EOF").write_bytes(b"orbit")
    assert [asset.path for asset in stage(any_store, "one", tmp_path / "x.EOF", None)] == ["x.EOF"]


def test_what_cannot_be_part_of_a_product_is_refused(memory_store: MemoryStore, tmp_path: Path) -> None:
    folder = tmp_path / "product"
    folder.mkdir()
    (folder / "ok").touch()
    (tmp_path / "outside").write_bytes(b"secret")
    os.mkfifo(tmp_path / "pipe")

    def refused(text: str) -> None:
        with pytest.raises(InputCorrupt, match=text):
            stage(memory_store, "x", folder, None)

    for source, target, text in [
        ("link", tmp_path / "outside", "link"),
        ("folder-link", tmp_path, "link"),
        ("dangling", tmp_path / "none", "link"),
    ]:
        (folder / source).symlink_to(target)
        refused(text)
        (folder / source).unlink()
    os.mkfifo(folder / "pipe")
    refused("pipe")
    (folder / "pipe").unlink()
    for name in (b"back\\slash", b"new\nline", b"not-utf8-\xff"):
        path = folder / os.fsdecode(name)
        path.touch()
        refused("cannot be stored")
        path.unlink()
    (folder / "ok").unlink()
    refused("no file")
    for absent in (tmp_path / "none", tmp_path / "pipe"):
        with pytest.raises(InputCorrupt, match="neither"):
            stage(memory_store, "x", absent, None)
    (tmp_path / "top-link").symlink_to(folder)
    with pytest.raises(InputCorrupt, match="link"):
        stage(memory_store, "x", tmp_path / "top-link", None)
    assert list(memory_store.list("")) == []


def test_a_store_that_loses_bytes_is_found_out(
    memory_store: MemoryStore, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = MemoryStore.put_file

    def cut(self: MemoryStore, key: str, path: Path) -> None:
        whole(self, key, path)
        self.put(key, self.get(key)[:-1])

    monkeypatch.setattr(MemoryStore, "put_file", cut)
    with pytest.raises(DigestMismatch, match=r"staged \d+ bytes, the store shows \d+"):
        stage(memory_store, "x", made, None)


def test_a_place_that_is_not_empty_is_found_out(memory_store: MemoryStore, made: Path) -> None:
    memory_store.put("x/stranger", b"1")
    with pytest.raises(DigestMismatch, match="staged no bytes"):
        stage(memory_store, "x", made, None)


@given(change=st.sampled_from(["cut", "longer", "flipped", "empty"]), size=st.integers(1, 70_000))
@settings(max_examples=40, deadline=None)
def test_any_change_of_the_bytes_is_found_out(tmp_path_factory: pytest.TempPathFactory, change: str, size: int) -> None:
    store = new_memory()
    path = tmp_path_factory.getbasetemp() / "changed"
    path.write_bytes(bytes(number % 251 for number in range(size)))
    (asset,) = stage(store, "x", path, None)
    data = store.get(asset.key)
    assert b"".join(read_verified(store, asset)) == data
    flipped = data[: size // 2] + bytes([data[size // 2] ^ 1]) + data[size // 2 + 1 :]
    store.put(asset.key, {"cut": data[:-1], "longer": data + b"\0", "flipped": flipped, "empty": b""}[change])
    with pytest.raises(DigestMismatch):
        verify(store, asset)
    with pytest.raises(DigestMismatch):
        fetch(store, [asset], tmp_path_factory.getbasetemp() / "fetched")


def test_parts_are_put_together(memory_store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("refsys.storage.staging.READ_BYTES", 7)
    for size in (0, 1, 6, 7, 8, 13, 14, 15):
        (tmp_path / "f").write_bytes(bytes(range(size)))
        (asset,) = stage(memory_store, f"x{size}", tmp_path / "f", None)
        assert b"".join(read_verified(memory_store, asset)) == bytes(range(size))


def test_assets_are_fetched_below_the_folder_only(any_store: Store, made: Path, tmp_path: Path) -> None:
    assets = stage(any_store, "x", made, volatile())
    fetch(any_store, assets, tmp_path / "work")
    for asset in assets:
        assert (tmp_path / "work" / asset.path).read_bytes() == (made / asset.path).read_bytes()
    climbing = assets[0].model_copy(update={"path": "../../climbed"})
    with pytest.raises(StorageError):
        fetch(any_store, [climbing], tmp_path / "work")
    with pytest.raises(ObjectMissing):
        fetch(any_store, [assets[0].model_copy(update={"key": "none"})], tmp_path / "work")


# --- commit


def test_a_commit_is_the_steps_result(any_store: Store, made: Path) -> None:
    area = StepArea(any_store, KEY)
    assert area.committed() is None
    attempt = area.begin("a1")
    result = result_of(attempt, made)
    assert area.committed() is None
    assert attempt.commit(result) == result
    assert StepArea(any_store, KEY).committed() == result
    assert attempt.commit(result) == result
    for asset in result.products[0].assets:
        verify(any_store, asset)


def test_an_attempt_id_is_used_once(any_store: Store) -> None:
    area = StepArea(any_store, KEY)
    area.begin("a1")
    with pytest.raises(ObjectExists):
        area.begin("a1")
    area.begin("a2")


def test_the_loser_leaves_nothing_and_gets_the_winners_result(any_store: Store, made: Path, faults: ModuleType) -> None:
    area = StepArea(any_store, KEY)
    attempts = [area.begin(f"a{number}") for number in range(4)]
    results = [result_of(attempt, made, f"w{number}") for number, attempt in enumerate(attempts)]
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda pair: pair[0].commit(pair[1]), zip(attempts, results, strict=True)))
    winner = area.committed()
    assert winner in results
    assert told == [winner] * 4
    attempt = attempts[results.index(winner)]
    assert {key for key in faults.contents(any_store) if not key.startswith(f"{attempt.prefix}/")} == {
        area.manifest_key
    }
    for asset in winner.products[0].assets:
        verify(any_store, asset)


def test_a_result_that_names_other_places_is_refused(memory_store: MemoryStore, made: Path) -> None:
    area = StepArea(memory_store, KEY)
    other, attempt = area.begin("other"), area.begin("a1")
    result = result_of(attempt, made)
    for wrong in (
        result_of(other, made),
        result.model_copy(update={"step_key": "f" * 32}),
        result.model_copy(update={"workspace": other.arrays_prefix}),
    ):
        with pytest.raises(RefsysError, match="did not write"):
            attempt.commit(wrong)
    assert area.committed() is None


def test_a_damaged_manifest_is_told(memory_store: MemoryStore) -> None:
    area = StepArea(memory_store, KEY)
    memory_store.put(area.manifest_key, b'{"step_key"')
    with pytest.raises(StorageError, match="not a step's result"):
        area.committed()


@pytest.mark.parametrize("name", ["a/b", "..", ""])
def test_names_of_more_than_one_part_are_refused(memory_store: MemoryStore, tmp_path: Path, name: str) -> None:
    with pytest.raises(StorageError):
        StepArea(memory_store, name)
    with pytest.raises(StorageError):
        StepArea(memory_store, KEY).begin(name)
    with pytest.raises(StorageError):
        StepArea(memory_store, KEY).begin("a1").stage(name, tmp_path, None)


# --- dropping


def test_a_dropped_area_is_gone_with_its_arrays(any_store: Store, made: Path) -> None:
    any_store.put(f"steps/{KEY}0/manifest.json", b"neighbour")
    area = StepArea(any_store, KEY)
    attempt = area.begin("a1")
    endpoint = getattr(any_store, "_endpoint", None)
    group = open_group(any_store.url, attempt.arrays_prefix, endpoint, mode="w")
    group.create_array("x", shape=(4,), chunks=(2,), dtype="u1")[:] = 1
    attempt.commit(result_of(attempt, made))
    area.drop()
    area.drop()
    assert area.committed() is None
    assert [info.key for info in any_store.list("")] == [f"steps/{KEY}0/manifest.json"]


# --- crashes


def work(store: Store, folder: Path, attempt_id: str) -> StepResult:
    """What a worker does for a step."""
    area = StepArea(store, KEY)
    done = area.committed()
    if done is not None:
        return done
    attempt = area.begin(attempt_id)
    return attempt.commit(result_of(attempt, folder))


def test_a_worker_may_die_anywhere(made: Path, faults: ModuleType, tmp_path: Path) -> None:
    life = faults.Life()
    wanted = work(life.wrap(new_memory()), made, "a0")
    assert life.changes >= 6
    for number in range(1, life.changes + 1):
        for done in (False, True):
            store = new_memory()
            with pytest.raises(faults.Killed):
                work(faults.Life(number, done=done).wrap(store), made, "a0")
            before = StepArea(store, KEY).committed()
            assert (before is None) != (number == life.changes and done)
            result = work(store, made, "a1")
            assert result.products[0].digest == wanted.products[0].digest
            assert result.products[0].exact_digest == wanted.products[0].exact_digest
            for asset in result.products[0].assets:
                verify(store, asset)
            StepArea(store, KEY).drop()
            assert list(store.list("")) == []


def test_whoever_drops_may_die_anywhere(made: Path, faults: ModuleType) -> None:
    life = faults.Life()
    for number in range(1, 100):
        store = new_memory()
        work(store, made, "a0")
        life = faults.Life(number, done=True)
        try:
            StepArea(life.wrap(store), KEY).drop()
        except faults.Killed:
            assert StepArea(store, KEY).committed() is None
            StepArea(store, KEY).drop()
        else:
            break
        finally:
            assert list(store.list("")) == []
    assert number > 5


def test_a_loser_that_dies_while_cleaning_harms_nobody(made: Path, faults: ModuleType) -> None:
    for number in range(1, 100):
        store = new_memory()
        area = StepArea(store, KEY)
        loser = area.begin("loser")
        lost = result_of(loser, made)
        winner = area.begin("winner")
        won = winner.commit(result_of(winner, made))
        dying = Attempt(faults.Life(number, done=True).wrap(store), KEY, "loser")
        try:
            assert dying.commit(lost) == won
        except faults.Killed:
            assert loser.commit(lost) == won
        else:
            break
        assert list(store.list(loser.prefix)) == []
        for asset in won.products[0].assets:
            verify(store, asset)
    assert number > 4
