"""The store contract on a real S3 server, and what only a network store can get wrong."""

import os
import secrets
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from seaweed import SeaweedServer

from refsys.model.errors import ObjectExists, ObjectMissing, StorageError
from refsys.storage import s3_store as s3_module
from refsys.storage.s3_store import S3Store
from refsys.storage.store_contract import StoreContract
from refsys.storage.stores import Store, open_store


class TestS3Store(StoreContract):
    races = 2  # SeaweedFS lets the losers of one race wait for its lock, up to 5 s in steps of 1 s

    @pytest.fixture
    def store(self, s3_store: S3Store, s3_endpoint: str) -> S3Store:
        self.endpoint = s3_endpoint
        return s3_store

    def reopen(self, url: str) -> Store:
        return open_store(url, self.endpoint)


def test_it_is_a_store(s3_store: S3Store) -> None:
    assert isinstance(s3_store, Store)


def test_the_endpoint_may_come_from_the_environment(
    s3_store: S3Store, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3_store.put("a", b"1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    other = open_store(s3_store.url)
    assert other.get("a") == b"1"
    assert [info.key for info in other.list("")] == ["a"]


def test_a_prefix_is_a_wall(s3_store: S3Store, s3_endpoint: str) -> None:
    bucket = open_store("s3://tests", s3_endpoint)
    prefix = s3_store.url.rpartition("/")[2]
    s3_store.put("a/b", b"1")
    bucket.put(f"{prefix}2/c", b"2")
    assert [info.key for info in s3_store.list("")] == ["a/b"]
    assert [info.key for info in bucket.list(prefix)] == [f"{prefix}/a/b"]


RACER = """
    import sys
    from refsys.model.errors import ObjectExists
    from refsys.storage.stores import open_store
    store = open_store(sys.argv[1], sys.argv[2])
    print("ready", flush=True)
    sys.stdin.readline()
    for turn in range(10):
        try:
            store.put_if_absent(f"race/{turn}", sys.argv[3].encode())
        except ObjectExists:
            continue
        print(turn)
"""


def test_of_4_processes_one_wins_each_key(s3_store: S3Store, s3_endpoint: str) -> None:
    command = [sys.executable, "-c", textwrap.dedent(RACER), s3_store.url, s3_endpoint]
    racers = [
        subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for number in range(4)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = [racer.communicate(timeout=60)[0].split() for racer in racers]
    assert sorted(turn for turns in won for turn in turns) == sorted(str(turn) for turn in range(10))
    for number, turns in enumerate(won):
        for turn in turns:
            assert s3_store.get(f"race/{turn}") == b"%d" % number


def test_a_signed_address_reads_without_keys_and_the_bare_one_does_not(s3_store: S3Store) -> None:
    s3_store.put("a b+c", b"secret bytes")
    url = s3_store.signed_url("a b+c", 60)
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"secret bytes"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url.partition("?")[0], timeout=10)
    caught.value.close()
    assert caught.value.code == 403
    for expires_s in (0, -1, 8 * 24 * 3600):
        with pytest.raises(ValueError, match="signed address"):
            s3_store.signed_url("a", expires_s)


def test_no_secret_is_shown(s3_store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = os.environ["AWS_SECRET_ACCESS_KEY"]
    shown = [repr(s3_store), str(s3_store), s3_store.url]
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret + "wrong")
    wrong = S3Store("tests", "x", endpoint=s3_store._endpoint)
    acts: list[Callable[[], object]] = [
        lambda: wrong.get("a"),
        lambda: wrong.put("a", b""),
        lambda: wrong.copy("a", "b"),
        lambda: wrong.delete("a"),
        lambda: list(wrong.list("")),
        lambda: wrong.exists("a"),
        lambda: wrong.put_if_absent("a", b""),
    ]
    for act in acts:
        with pytest.raises(StorageError) as caught:
            act()
        assert not isinstance(caught.value, ObjectMissing | ObjectExists)
        shown += [str(caught.value), repr(caught.value)]
    assert not [text for text in shown if secret in text]


def test_a_bucket_that_is_missing_is_told(s3_endpoint: str) -> None:
    """SeaweedFS makes a bucket at the first put of an administrator, so only reading tells."""
    store = S3Store("no-such-bucket-" + secrets.token_hex(4), endpoint=s3_endpoint)
    with pytest.raises(ObjectMissing):
        store.get("a")
    assert list(store.list("")) == []


def test_nobody_listening_is_told(aws_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_module, "RETRIES", 1)
    store = S3Store("tests", endpoint="http://127.0.0.1:9")
    for act in (lambda: store.get("key"), lambda: store.put("key", b""), lambda: store.put_if_absent("key", b"")):
        with pytest.raises(StorageError, match=r"failed: .*\[s3://tests/key\]") as caught:
            act()
        assert not isinstance(caught.value, ObjectMissing)


def test_a_server_that_dies_amid_a_put_leaves_no_half_object(
    killable_s3_server: SeaweedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL while a large file replaces an object; after a restart the old one is whole, and a put works."""
    monkeypatch.setattr(s3_module, "RETRIES", 1)
    server = killable_s3_server
    store = S3Store("tests", "x", endpoint=server.endpoint)
    store.put("key", b"old")
    (tmp_path / "large").write_bytes(os.urandom(96 << 20))
    before = server.stored_bytes()
    with ThreadPoolExecutor(1) as pool:
        putting = pool.submit(store.put_file, "key", tmp_path / "large")
        while server.stored_bytes() < before + (16 << 20):
            assert not putting.done()
        server.kill()
        error = putting.exception(60)
    assert isinstance(error, StorageError)
    assert "x/key" in str(error)
    server.start()
    assert store.get("key") == b"old"
    assert [(info.key, info.size_bytes) for info in store.list("")] == [("key", 3)]
    store.put_file("key", tmp_path / "large")
    assert [info.size_bytes for info in store.list("")] == [96 << 20]


def test_a_download_whose_server_dies_leaves_no_file(
    killable_s3_server: SeaweedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_module, "RETRIES", 1)
    server = killable_s3_server
    store = S3Store("tests", "x", endpoint=server.endpoint)
    (tmp_path / "large").write_bytes(os.urandom(96 << 20))
    store.put_file("key", tmp_path / "large")
    target = tmp_path / "target" / "file"
    with ThreadPoolExecutor(1) as pool:
        getting = pool.submit(store.get_file, "key", target)
        while not any(path.stat().st_size > 0 for path in tmp_path.glob("target/.part-*")):
            assert not getting.done()
        server.kill()
        error = getting.exception(120)
    assert isinstance(error, StorageError)
    assert list(target.parent.iterdir()) == []
