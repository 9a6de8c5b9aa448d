"""The S3 store (bulk bytes through obstore) against s3fs alone, on one SeaweedFS server, 4 KiB and 64 MiB objects."""

import os
import secrets
import sys
import tempfile
from pathlib import Path

import s3fs
from seaweed import BUCKET, SeaweedServer  # the server of the tests

from benchmarks.harness import Row, compare
from refsys.storage.s3_store import S3Store

SMALL, LARGE, MANY = 4 << 10, 64 << 20, 50


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
    small, large = secrets.token_bytes(SMALL), secrets.token_bytes(LARGE)

    def puts() -> None:
        for number in range(MANY):
            store.put(f"small/{number}", small)

    def gets() -> None:
        for number in range(MANY):
            store.get(f"small/{number}")

    def peer_puts() -> None:
        for number in range(MANY):
            peer.pipe_file(f"{BUCKET}/peer/{number}", small)

    def peer_gets() -> None:
        for number in range(MANY):
            peer.cat_file(f"{BUCKET}/peer/{number}")

    name = "s3fs alone"
    return [
        compare("s3_put_4KiB", MANY, "objects/s", puts, (name, peer_puts)),
        compare("s3_get_4KiB", MANY, "objects/s", gets, (name, peer_gets)),
        compare(
            "s3_put_64MiB",
            64,
            "MiB/s",
            lambda: store.put("large", large),
            (name, lambda: peer.pipe_file(f"{BUCKET}/large", large)),
        ),
        compare(
            "s3_get_64MiB", 64, "MiB/s", lambda: store.get("large"), (name, lambda: peer.cat_file(f"{BUCKET}/large"))
        ),
    ]
