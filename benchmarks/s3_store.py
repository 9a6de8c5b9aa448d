"""The S3 store (bulk bytes through obstore) against s3fs alone, on one SeaweedFS server, 4 KiB and 64 MiB objects."""

import os
import secrets
import sys
import tempfile
from pathlib import Path

import s3fs
from seaweed import BUCKET, SeaweedServer  # the server of the tests

from benchmarks.harness import Peer, Row, compare
from refsys.storage.s3_store import S3Store

SMALL, LARGE, MANY = 4 << 10, 64 << 20, 50
ALONE = "s3fs alone"
PINNED = False
ALONE = "s3fs alone"
PINNED = False


def measure() -> list[Row]:
    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench-secret", "AWS_REGION": "us-east-1"}
    with tempfile.TemporaryDirectory() as folder:
        server = SeaweedServer(str(Path(sys.executable).with_name("weed")), Path(folder))
        server.start()
        try:
            return _measure(server.endpoint)
        finally:
            server.kill()


def _measure(endpoint: str) -> list[Row]:
    store = S3Store(BUCKET, "bench", endpoint=endpoint)
    peer = s3fs.S3FileSystem(
        endpoint_url=endpoint, client_kwargs={"region_name": "us-east-1"}, use_listings_cache=False
    )
    return _small(store, peer) + _large(store, peer)


def _small(store: S3Store, peer: s3fs.S3FileSystem) -> list[Row]:
    def puts(content: bytes) -> None:
        for number in range(MANY):
            store.put(f"small/{number}", content)

    def peer_puts(content: bytes) -> None:
        for number in range(MANY):
            peer.pipe_file(f"{BUCKET}/peer/{number}", content)

    def gets(_: bytes) -> None:
        for number in range(MANY):
            store.get(f"small/{number}")

    def peer_gets(_: bytes) -> None:
        for number in range(MANY):
            peer.cat_file(f"{BUCKET}/peer/{number}")

    def content(_: int) -> bytes:
        return secrets.token_bytes(SMALL)

    return [
        compare("s3_put_4KiB", MANY, "objects/s", puts, Peer(ALONE, peer_puts), prepare=content),
        compare("s3_get_4KiB", MANY, "objects/s", gets, Peer(ALONE, peer_gets), prepare=content),
    ]


def _large(store: S3Store, peer: s3fs.S3FileSystem) -> list[Row]:
    def put(content: bytes) -> None:
        store.put("large", content)

    def peer_put(content: bytes) -> None:
        peer.pipe_file(f"{BUCKET}/large", content)

    def get(_: bytes) -> None:
        store.get("large")

    def peer_get(_: bytes) -> None:
        peer.cat_file(f"{BUCKET}/large")

    def content(_: int) -> bytes:
        return secrets.token_bytes(LARGE)

    return [
        compare("s3_put_64MiB", 64, "MiB/s", put, Peer(ALONE, peer_put), prepare=content),
        compare("s3_get_64MiB", 64, "MiB/s", get, Peer(ALONE, peer_get), prepare=content),
    ]
