"""Inputs fetched once per node, by digest, within a quota, by several processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from refsys.chains.processors.input_cache import InputCache
from refsys.model.errors import DigestMismatch, ObjectMissing
from refsys.model.products import Asset
from refsys.model.values import sha256_hex
from refsys.storage.folder_store import FolderStore


class Counting(FolderStore):
    """A store that counts what is fetched from it."""

    fetched: list[str]

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.fetched = []

    def get_file(self, key: str, path: Path) -> None:
        self.fetched.append(key)
        super().get_file(key, path)


@pytest.fixture
def store(tmp_path: Path) -> Counting:
    return Counting(tmp_path / "store")


def put(store: FolderStore, path: str, data: bytes, prefix: str = "p") -> Asset:
    key = f"{prefix}/{path}"
    store.put(key, data)
    digest = sha256_hex(data)
    return Asset(path=path, key=key, size_bytes=len(data), sha256=digest, content_sha256=digest)


def test_the_second_product_with_the_same_file_is_not_fetched(tmp_path: Path, store: Counting) -> None:
    cache = InputCache(tmp_path / "cache", 1000)
    one, two = put(store, "a/x.bin", b"same", "p"), put(store, "b/y.bin", b"same", "q")
    assert cache.fetch(store, [one], tmp_path / "one").fetched == 1
    use = cache.fetch(store, [two], tmp_path / "two")
    assert (use.hits, use.fetched) == (1, 0)
    assert (tmp_path / "two/b/y.bin").read_bytes() == b"same"
    assert store.fetched == ["p/a/x.bin"]


def test_least_recently_used_goes_first_and_stays_where_it_is_used(tmp_path: Path, store: Counting) -> None:
    cache = InputCache(tmp_path / "cache", 250)
    assets = [put(store, f"{name}.bin", name.encode() * 100) for name in "abc"]
    for number, asset in enumerate(assets[:2]):
        cache.fetch(store, [asset], tmp_path / f"first{number}")
    cache.fetch(store, [assets[0]], tmp_path / "again")  # a is used after b
    use = cache.fetch(store, [assets[2]], tmp_path / "third")
    assert use.evicted == 1
    assert cache.size_bytes() == 200
    assert (tmp_path / "first1/b.bin").read_bytes() == b"b" * 100
    store.fetched.clear()
    cache.fetch(store, [assets[0]], tmp_path / "a2")
    assert store.fetched == []
    cache.fetch(store, [assets[1]], tmp_path / "b2")
    assert store.fetched == ["p/b.bin"]


def test_what_is_larger_than_the_quota_is_served_and_not_kept(tmp_path: Path, store: Counting) -> None:
    cache = InputCache(tmp_path / "cache", 10)
    cache.fetch(store, [put(store, "big.bin", b"x" * 100)], tmp_path / "out")
    assert (tmp_path / "out/big.bin").stat().st_size == 100
    assert cache.size_bytes() == 0


def test_wrong_bytes_never_enter(tmp_path: Path, store: Counting) -> None:
    cache = InputCache(tmp_path / "cache", 1000)
    asset = put(store, "a.bin", b"right")
    store.put(asset.key, b"wrong")
    with pytest.raises(DigestMismatch, match=r"a\.bin"):
        cache.fetch(store, [asset], tmp_path / "out")
    assert cache.size_bytes() == 0
    assert list((tmp_path / "cache/coming").iterdir()) == []
    with pytest.raises(ObjectMissing):
        cache.fetch(store, [asset.model_copy(update={"key": "p/none"})], tmp_path / "out")


def test_a_damaged_file_is_fetched_again(tmp_path: Path, store: Counting) -> None:
    cache = InputCache(tmp_path / "cache", 1000)
    asset = put(store, "a.bin", b"right")
    (tmp_path / "cache/files" / asset.sha256).write_bytes(b"cut")
    assert cache.fetch(store, [asset], tmp_path / "out").fetched == 1
    assert (tmp_path / "out/a.bin").read_bytes() == b"right"


WORKER = """
import sys
from pathlib import Path
from refsys.chains.processors.input_cache import InputCache
from refsys.model.products import Asset
from refsys.storage.folder_store import FolderStore
root, me = Path(sys.argv[1]), sys.argv[2]
assets = [Asset.from_json(line) for line in (root / "assets").read_text().splitlines()]
cache = InputCache(root / "cache", 300)
fetched = 0
for round in range(5):
    use = cache.fetch(FolderStore(root / "store"), assets, root / f"out{me}-{round}")
    fetched += use.fetched
assert all((root / f"out{me}-{r}" / a.path).stat().st_size == a.size_bytes for r in range(5) for a in assets)
print(fetched)
"""


@pytest.mark.parametrize("quota", ["kept", "never enough"])
def test_processes_share_it(tmp_path: Path, store: Counting, quota: str) -> None:
    """Three processes at once: with room for all, every file is fetched once by one of them."""
    size = 50 if quota == "kept" else 150
    assets = [put(store, f"{name}.bin", name.encode() * size) for name in "abcd"]
    (tmp_path / "assets").write_text("\n".join(asset.to_json() for asset in assets))
    command = [sys.executable, "-c", WORKER, str(tmp_path)]
    processes = [
        subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, env=dict(os.environ)) for number in range(3)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    fetched = sum(int(output) for output in outputs)
    assert fetched == 4 if quota == "kept" else fetched >= 4
    assert InputCache(tmp_path / "cache", 300).size_bytes() <= 300


def test_steps_of_a_node_fetch_an_input_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tasks with the same input, in a store that is no folder: the second finds it in the cache."""
    from refsys.chains.processors import input_cache
    from refsys.chains.units import LocalInput
    from refsys.model.plans import Step
    from refsys.model.products import InputRef, content_digest
    from refsys.scheduler.tasks import StepTask, StoreAddress, _fetch
    from refsys.storage.memory_store import MemoryStore
    from refsys.storage.stores import open_store

    store = open_store("memory://once")
    assert isinstance(store, MemoryStore)
    asset = put(store, "x.bin", b"input")  # type: ignore[arg-type]
    ref = InputRef(role="main", name="P", product_type="T", digest=content_digest((asset,)), assets=(asset,))
    task = StepTask(
        label="t",
        step=Step(key="k", name="s", processor="p", processor_version="1", inputs=(ref,)),
        chain="C",
        chain_version="1",
        request_key="r",
        creation_time="2020-01-01T00:00:00Z",
        parameters={},
        plan_inputs=(ref,),
        store=StoreAddress(url="memory://once"),
        scratch=tmp_path,
        cache_bytes=1000,
    )
    for number in range(2):
        found: dict[str, tuple[LocalInput, ...]] = _fetch(task, store, tmp_path / f"in{number}")
        assert found["main"][0].path("x.bin").read_bytes() == b"input"
        store.delete(asset.key) if number == 0 else None
    assert InputCache(tmp_path / input_cache.CACHE_FOLDER, 1000).size_bytes() == 5
