"""What every store must pass: a new store is one subclass that provides the fixture `store`.

Use with pytest::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self) -> Store:
            return MyStore(...)  # empty
"""

import hashlib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from refsys.model.errors import InputMissing, ObjectExists, ObjectMissing, StorageError
from refsys.storage.stores import Store, open_store

ODD_KEY = "odd/blank é 日本 %20 + & = # ? ~ * [x] {y} ' \" < > ^ | `.SEN3/ü.xml"
"""A key with everything that some layer between here and the disk might want to escape."""

LARGE_BYTES = 20 << 20
RACERS = 16


class StoreContract:
    """Tests of a `Store`; the fixture `store` gives an empty one."""

    races: int = 10
    """How often 16 threads race for one key; servers with slow locks take fewer."""

    def reopen(self, url: str) -> Store:
        """Open a store of this kind again; overridden where more than the address is needed."""
        return open_store(url)

    def test_an_object_comes_back(self, store: Store) -> None:
        """Every byte value, and the empty object."""
        for data in (b"", b"\x00", bytes(range(256)) * 17):
            store.put("a/b", data)
            assert store.get("a/b") == data
        assert store.exists("a/b")

    def test_a_put_replaces(self, store: Store) -> None:
        """A shorter object leaves nothing of the longer one."""
        store.put("a", b"long before")
        store.put("a", b"new")
        assert store.get("a") == b"new"
        assert [(info.key, info.size_bytes) for info in store.list("")] == [("a", 3)]

    def test_odd_keys_are_kept_as_they_are(self, store: Store) -> None:
        """Nothing is escaped, decoded or normalised on the way."""
        store.put(ODD_KEY, b"1")
        assert store.get(ODD_KEY) == b"1"
        assert [info.key for info in store.list("odd")] == [ODD_KEY]
        store.copy(ODD_KEY, f"{ODD_KEY}.copy")
        assert store.get(f"{ODD_KEY}.copy") == b"1"
        store.delete(ODD_KEY)
        assert not store.exists(ODD_KEY)

    def test_what_is_missing_is_said_to_be(self, store: Store, tmp_path: Path) -> None:
        """Each reading method raises `ObjectMissing` naming the key; a folder is no object."""
        store.put("folder/object", b"1")
        for key in ("none", "none/deep/er", "folder", "folder/objec", "folder/object2", "folder/object/below"):
            assert not store.exists(key)
            for read in _reading(store, key, tmp_path):
                assert key in str(_raised(ObjectMissing, read))
        assert not (tmp_path / "file").exists()
        assert [info.key for info in store.list("")] == ["folder/object"]

    def test_ranges(self, store: Store) -> None:
        """A range ends with the object, and may be empty."""
        data = bytes(range(10))
        store.put("ten", data)
        store.put("empty", b"")
        for start in range(12):
            for length in (0, 1, 9, 10, 11, 1000):
                assert store.get_range("ten", start, length) == data[start : start + length]
        assert store.get_range("empty", 0, 5) == b""
        for start, length in ((-1, 5), (0, -1)):
            _raised(ValueError, partial(store.get_range, "ten", start, length))

    def test_bad_keys_are_refused(self, store: Store, tmp_path: Path) -> None:
        """No method takes a key that climbs out or that some backend could not hold."""
        (tmp_path / "source").write_bytes(b"1")
        long = ["x" * 256, "/".join(["part"] * 300)]
        for key in ["", "/a", "a/", "a//b", ".", "..", "a/../b", "../a", "a\\b", "a\0b", "a\nb", "\ud800", *long]:
            for act in [*_reading(store, key, tmp_path), *_writing(store, key, tmp_path / "source")]:
                error = _raised(StorageError, act)
                assert not isinstance(error, ObjectMissing | ObjectExists)
        assert list(store.list("")) == []

    def test_listing_is_in_order_and_below_the_folder_only(self, store: Store) -> None:
        """The order is that of the UTF-8 bytes of whole keys: `a-b` and `a.b` come before `a/b`."""
        keys = ["a-b", "a.b", "a/b/c", "a/b/d", "a/b-", "a/b.x", "a/é", "a/\U0001f6f0", "ab/c", "b"]
        for key in keys[::3] + keys[1::3] + keys[2::3]:
            store.put(key, key.encode())
        assert [info.key for info in store.list("")] == sorted(keys, key=str.encode)
        assert [info.size_bytes for info in store.list("")] == [len(k.encode()) for k in sorted(keys, key=str.encode)]
        for prefix in ("a", "a/"):
            below = sorted((key for key in keys if key.startswith("a/")), key=str.encode)
            assert [info.key for info in store.list(prefix)] == below
        assert [info.key for info in store.list("a/b")] == ["a/b/c", "a/b/d"]
        assert list(store.list("nothing")) == list(store.list("b")) == []

    def test_a_listing_of_more_than_one_page(self, store: Store) -> None:
        """S3 lists 1,000 keys a page."""
        keys = [f"page/{number:05d}" for number in range(1_050)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: store.put(key, b""), keys))
        assert [info.key for info in store.list("page")] == keys

    def test_delete_is_exact(self, store: Store) -> None:
        """Neither neighbours nor what lies below a folder go with it."""
        for key in ("a/b", "a/b2", "a/c/d"):
            store.put(key, b"1")
        for key in ("a", "a/c", "none", "a/b/c"):
            store.delete(key)
        assert [info.key for info in store.list("")] == ["a/b", "a/b2", "a/c/d"]
        store.delete("a/b")
        store.delete("a/b")
        assert [info.key for info in store.list("")] == ["a/b2", "a/c/d"]
        store.put("a/b", b"2")
        assert store.get("a/b") == b"2"

    def test_copy(self, store: Store) -> None:
        """A copy replaces its target and lives on by itself."""
        store.put("from", b"one")
        store.put("to/there", b"old")
        store.copy("from", "to/there")
        store.copy("from", "to/there")
        store.put("from", b"two")
        assert (store.get("to/there"), store.get("from")) == (b"one", b"two")
        store.delete("from")
        assert store.get("to/there") == b"one"
        assert "from" in str(_raised(ObjectMissing, lambda: store.copy("from", "to/here")))
        assert [info.key for info in store.list("")] == ["to/there"]

    def test_large_files_go_and_come(self, store: Store, tmp_path: Path) -> None:
        """20 MB, more than one part of any transfer; an old file at the place is replaced, a missing one told."""
        data = np.random.default_rng(7).bytes(LARGE_BYTES)
        work = tmp_path / "work"
        work.mkdir()
        (work / "source").write_bytes(data)
        store.put_file("large", work / "source")
        (work / "target").write_bytes(b"old")
        store.get_file("large", work / "target")
        store.get_file("large", work / "target")
        store.get_file("large", work / "new" / "target")
        wanted = hashlib.sha256(data).digest()
        for name in ("target", "new/target"):
            assert hashlib.sha256((work / name).read_bytes()).digest() == wanted
        assert hashlib.sha256(store.get("large")).digest() == wanted
        assert store.get_range("large", LARGE_BYTES - 3, 10) == data[-3:]
        assert sorted(path.name for path in work.iterdir()) == ["new", "source", "target"]
        (work / "source").write_bytes(b"changed afterwards")
        assert store.get_range("large", 0, 4) == data[:4]
        _raised(InputMissing, lambda: store.put_file("other", work / "none"))
        assert not store.exists("other")

    def test_empty_files_go_and_come(self, store: Store, tmp_path: Path) -> None:
        """No byte is a file, too."""
        (tmp_path / "empty").touch()
        store.put_file("empty", tmp_path / "empty")
        store.get_file("empty", tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == b""

    def test_put_if_absent(self, store: Store) -> None:
        """The second one fails and changes nothing, whatever it carries; after a delete the key is free."""
        store.put_if_absent("m/one", b"first")
        for data in (b"second", b"first", b""):
            assert "m/one" in str(_raised(ObjectExists, partial(store.put_if_absent, "m/one", data)))
        assert store.get("m/one") == b"first"
        store.put("m/two", b"")
        _raised(ObjectExists, lambda: store.put_if_absent("m/two", b"x"))
        store.delete("m/one")
        store.put_if_absent("m/one", b"third")
        assert store.get("m/one") == b"third"

    def test_of_many_conditional_puts_one_wins(self, store: Store) -> None:
        """16 threads at once: one winner, whose bytes are the object's."""
        for turn in range(self.races):
            key = f"race/{turn}"
            gate = threading.Barrier(RACERS)

            def racer(number: int, key: str = key, gate: threading.Barrier = gate) -> bool:
                gate.wait()
                try:
                    store.put_if_absent(key, b"%d" % number)
                except ObjectExists:
                    return False
                return True

            with ThreadPoolExecutor(RACERS) as pool:
                won = list(pool.map(racer, range(RACERS)))
            assert won.count(True) == 1
            assert store.get(key) == b"%d" % won.index(True)

    def test_a_reader_never_sees_half_an_object(self, store: Store) -> None:
        """While a writer replaces an object of 1 MiB again and again, readers get one version whole."""
        versions = [bytes([number]) * (1 << 20) for number in range(8)]
        store.put("whole", versions[0])
        done = threading.Event()

        def read() -> set[bytes]:
            seen = {store.get("whole")}
            while not done.is_set():
                seen.add(store.get("whole"))
            return seen

        with ThreadPoolExecutor(2) as pool:
            readers = [pool.submit(read) for _ in range(2)]
            try:
                for version in versions * 4:
                    store.put("whole", version)
            finally:
                done.set()
            assert set().union(*(reader.result() for reader in readers)) <= set(versions)

    def test_the_address_opens_the_same_store(self, store: Store) -> None:
        """`url` leads back."""
        store.put("here", b"1")
        assert self.reopen(store.url).get("here") == b"1"


def _reading(store: Store, key: str, folder: Path) -> Iterable[Callable[[], object]]:
    return [
        lambda: store.get(key),
        lambda: store.get_range(key, 0, 1),
        lambda: store.get_range(key, 0, 0),
        lambda: store.get_file(key, folder / "file"),
        lambda: store.copy(key, "target"),
    ]


def _writing(store: Store, key: str, source: Path) -> Iterable[Callable[[], object]]:
    return [
        lambda: store.put(key, b"1"),
        lambda: store.put_if_absent(key, b"1"),
        lambda: store.put_file(key, source),
        lambda: store.delete(key),
        lambda: store.exists(key),
        lambda: store.signed_url(key, 60),
    ]


def _raised(kind: type[Exception], act: Callable[[], object]) -> Exception:
    """Return the error that the act raises; pytest is not imported, so that it stays out of the product."""
    try:
        act()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} was raised")
