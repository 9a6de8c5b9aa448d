"""Zarr groups in every kind of store, seen as objects of it, from other threads and processes."""

import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import zarr
from zarr_reading import array_in, values_in

from refsys.model.errors import ConfigInvalid, ObjectExists, ObjectMissing, StorageError
from refsys.storage.memory_store import MemoryStore
from refsys.storage.staging import delete_below
from refsys.storage.stores import Store
from refsys.storage.workspace import Mode, open_group


@pytest.fixture
def endpoint(any_store: Store) -> str | None:
    return getattr(any_store, "_endpoint", None)


def test_arrays_come_back(any_store: Store, endpoint: str | None) -> None:
    group = open_group(any_store.url, "steps/k/a/arrays", endpoint, mode="w")
    group.attrs["unit"] = "m"
    array = group.create_array("frames/ch1", shape=(1000, 4), chunks=(300, 4), dtype="u2")
    wanted = np.arange(4000, dtype="u2").reshape(1000, 4)
    array[:] = wanted
    group.create_array("none", shape=(0,), chunks=(1,), dtype="f8")
    again = open_group(any_store.url, "steps/k/a/arrays", endpoint, mode="r")
    assert again.metadata.zarr_format == 3
    assert again.attrs["unit"] == "m"
    np.testing.assert_array_equal(array_in(again, "frames/ch1")[:], wanted)
    np.testing.assert_array_equal(array_in(again, "frames/ch1")[299:301], wanted[299:301])
    assert sorted(again.array_keys()) == ["none"]
    assert sorted(again.group_keys()) == ["frames"]


def test_its_objects_are_the_stores_and_all_below_the_prefix(any_store: Store, endpoint: str | None) -> None:
    any_store.put("steps/other", b"1")
    group = open_group(any_store.url, "steps/k/arrays", endpoint, mode="w")
    group.create_array("x", shape=(4,), chunks=(2,), dtype="u1")[:] = [1, 2, 3, 4]
    keys = [info.key for info in any_store.list("")]
    assert "steps/k/arrays/x/c/0" in keys
    assert [key for key in keys if not key.startswith("steps/k/arrays/")] == ["steps/other"]
    delete_below(any_store, "steps/k/arrays")
    assert [info.key for info in any_store.list("")] == ["steps/other"]
    with pytest.raises(ObjectMissing):
        open_group(any_store.url, "steps/k/arrays", endpoint, mode="r")


def test_modes(any_store: Store, endpoint: str | None) -> None:
    def opened(mode: Mode) -> zarr.Group:
        return open_group(any_store.url, "g", endpoint, mode=mode)

    for mode in ("r", "r+"):
        with pytest.raises(ObjectMissing, match="no Zarr group"):
            opened(mode)
    opened("w-").create_array("x", shape=(1,), dtype="u1")
    with pytest.raises(ObjectExists, match="already"):
        opened("w-")
    assert list(opened("a")) == ["x"]
    array_in(opened("r+"), "x")[0] = 5
    assert array_in(opened("r"), "x")[0] == 5
    with pytest.raises(ValueError, match="read-only"):
        array_in(opened("r"), "x")[0] = 6
    opened("w")
    with pytest.raises(KeyError):  # not by listing: SeaweedFS shows the emptied folder for a while
        opened("r")["x"]


def test_a_lost_chunk_is_not_the_neighbours(any_store: Store, endpoint: str | None) -> None:
    """Threads write different chunks at the same time."""
    group = open_group(any_store.url, "g", endpoint, mode="w")
    array = group.create_array("x", shape=(64, 100), chunks=(1, 100), dtype="i8")

    def write(row: int) -> None:
        array[row] = row

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(64)))
    read = values_in(open_group(any_store.url, "g", endpoint, mode="r"), "x")
    np.testing.assert_array_equal(read, np.repeat(np.arange(64)[:, None], 100, axis=1))


WRITER = """
    import sys
    from refsys.storage.workspace import open_group
    url, endpoint, row = sys.argv[1], sys.argv[2] or None, int(sys.argv[3])
    open_group(url, "g", endpoint, mode="r+")["x"][row] = row + 1
"""


@pytest.mark.parametrize("any_store", ["folder", "s3"], indirect=True)
def test_processes_share_a_group(any_store: Store, endpoint: str | None) -> None:
    group = open_group(any_store.url, "g", endpoint, mode="w")
    group.create_array("x", shape=(3, 5), chunks=(1, 5), dtype="i4")
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(WRITER), any_store.url, endpoint or ""]
    writers = [subprocess.Popen([*command, str(row)]) for row in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    read = values_in(open_group(any_store.url, "g", endpoint, mode="r"), "x")
    assert read.tolist() == [[row + 1] * 5 for row in range(3)]


@pytest.mark.parametrize("prefix", ["", "../up", "/a", "a//b"])
def test_a_prefix_that_climbs_out_is_refused(memory_store: MemoryStore, prefix: str) -> None:
    with pytest.raises(StorageError):
        open_group(memory_store.url, prefix, mode="w")


def test_other_stores_have_no_workspaces() -> None:
    with pytest.raises(ConfigInvalid, match="folder, in memory or in S3"):
        open_group("sftp://127.0.0.1/x", "g", mode="w")
