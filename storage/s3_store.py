"""S3 as an object store: s3fs lists, copies and deletes; obstore moves the bytes and makes the conditional put.

Against one SeaweedFS server obstore made 4 to 6 times as many puts and gets of 4 KiB a second as s3fs, and moved a file
of 128 MiB about as fast (the server's limit); s3fs copies objects beyond 5 GiB in parts. Any
server with conditional writes (`If-None-Match: *` on PutObject; Amazon S3 has them since August 2024) will do.
Addresses are in path style. Keys and region come from the environment alone: `AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, or the role of the machine or pod.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import cached_property
from typing import Any

import obstore
from obstore.store import S3Store as ObstoreS3

from refsys.storage.backend_errors import backend
from refsys.storage.fsspec_store import list_files
from refsys.storage.s3_bytes import S3Bytes
from refsys.storage.stores import ObjectInfo, validate_key, validate_prefix

LONGEST_SIGNED_S = 7 * 24 * 3600
"""Limit of AWS Signature Version 4 (S3 API reference, "Authenticating Requests: Using Query Parameters")."""

CONNECT_S = 10
READ_S = 60
RETRIES = 5
"""A server that restarts is waited for some seconds; a dead one is reported after that."""


def region() -> str:
    """Return the region of the environment, `us-east-1` without one."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def s3_client(bucket: str, prefix: str, endpoint: str | None) -> ObstoreS3:
    """Return the obstore client for everything below a prefix of a bucket.

    Parameters
    ----------
    bucket, prefix
        The place; an empty prefix is the whole bucket.
    endpoint
        Address of the server; None for `AWS_ENDPOINT_URL` of the environment, else Amazon.
    """
    place = endpoint or os.environ.get("AWS_ENDPOINT_URL")
    server: dict[str, Any] = {"endpoint": place} if place else {}
    return ObstoreS3(
        bucket,
        prefix=prefix or None,
        region=region(),
        virtual_hosted_style_request=False,
        **server,
        client_options={
            "allow_http": (place or "").startswith("http://"),
            "connect_timeout": timedelta(seconds=CONNECT_S),
            "read_timeout": timedelta(seconds=READ_S),
            "timeout": timedelta(hours=6),  # of a whole transfer; a silent one ends after READ_S
        },
        retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=READ_S)},
    )


class S3Store(S3Bytes):
    """Objects below a prefix of a bucket.

    Parameters
    ----------
    bucket, prefix
        The place; the bucket must exist.
    endpoint
        Address of the server; None for Amazon or `AWS_ENDPOINT_URL`.
    """

    def __init__(self, bucket: str, prefix: str = "", *, endpoint: str | None = None) -> None:
        place = f"{bucket}/{prefix}" if prefix else bucket
        super().__init__(f"s3://{place}", s3_client(bucket, prefix, endpoint))
        self._place = place
        self._endpoint = endpoint

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield the objects below a folder; the whole listing is held in memory; see `Store.list`."""
        prefix = validate_prefix(prefix)
        with self._control_errors("list", prefix, reading=False):
            infos = list_files(self._files, self._place, prefix)
        yield from infos

    def delete(self, key: str) -> None:
        """Delete the object; see `Store.delete`."""
        path = self._path(key)
        with self._control_errors("delete", key, reading=False):
            self._files.rm_file(path)

    def copy(self, source: str, target: str) -> None:
        """Copy an object on the server, in parts where it is large; see `Store.copy`."""
        from_path, to_path = self._path(source), self._path(target)
        with self._control_errors("copy", source, reading=True):
            self._files.cp_file(from_path, to_path)

    def signed_url(self, key: str, expires_s: int) -> str:
        """Return a presigned address (AWS Signature Version 4; 1 s to 7 days, else `ValueError`); see `Store`."""
        validate_key(key)
        if not 1 <= expires_s <= LONGEST_SIGNED_S:
            raise ValueError(f"a signed address lives 1 to {LONGEST_SIGNED_S} s, not {expires_s}")
        with self._errors("signing", key, reading=False):
            return obstore.sign(self._client, "GET", key, timedelta(seconds=expires_s))

    @cached_property
    def _files(self) -> Any:  # noqa: ANN401  (s3fs has no types)
        import s3fs  # noqa: PLC0415  (1.6 s of imports that a worker which only moves bytes never needs)

        return s3fs.S3FileSystem(
            endpoint_url=self._endpoint,
            client_kwargs={"region_name": region()},
            config_kwargs={
                "s3": {"addressing_style": "path"},
                "connect_timeout": CONNECT_S,
                "read_timeout": READ_S,
                "retries": {"max_attempts": RETRIES},
            },
            use_listings_cache=False,
            skip_instance_cache=True,  # the cache would give back a client with former keys
        )

    def _path(self, key: str) -> str:
        return f"{self._place}/{validate_key(key)}"

    def _control_errors(self, doing: str, key: str, *, reading: bool) -> AbstractContextManager[None]:
        # botocore's errors have no parent in common with the OSErrors of s3fs
        return backend(doing, self._where(key), reading=reading, raises=Exception)
