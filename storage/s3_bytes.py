"""Bytes of S3 objects through obstore: the fast half of an S3 store.

See `refsys.storage.s3_store` for what was measured.
"""

from contextlib import AbstractContextManager
from pathlib import Path

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store as ObstoreS3

from refsys.model.errors import ObjectExists
from refsys.storage.backend_errors import backend
from refsys.storage.local_files import replacing, require_file
from refsys.storage.stores import check_range, validate_key

STREAM_BYTES = 8 << 20
"""Bytes of one part of a streamed transfer."""

PARTS_AT_ONCE = 4
"""Parts of one upload in flight; more were not faster."""


class S3Bytes:
    """The methods of `Store` that carry bytes, over an obstore client.

    Parameters
    ----------
    url
        Address of the store, for messages.
    client
        The obstore client; it already knows the store's prefix.
    """

    def __init__(self, url: str, client: ObstoreS3) -> None:
        self._url = url
        self._client = client

    @property
    def url(self) -> str:
        """Address of the store."""
        return self._url

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    def get(self, key: str) -> bytes:
        """Return the whole object; see `Store.get`."""
        validate_key(key)
        with self._errors("get", key, reading=True):
            return bytes(obstore.get(self._client, key).bytes())

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return part of the object; see `Store.get_range`."""
        check_range(start, length)
        validate_key(key)
        with self._errors("get", key, reading=True):
            try:
                if length > 0:
                    return bytes(obstore.get_range(self._client, key, start=start, length=length))
            except BaseError:
                # S3 refuses a range without a byte in it (416) like any fault: only the size tells them apart
                if start < obstore.head(self._client, key)["size"]:
                    raise
            else:
                obstore.head(self._client, key)
            return b""

    def put(self, key: str, data: bytes) -> None:
        """Write the object; see `Store.put`."""
        validate_key(key)
        with self._errors("put", key, reading=False):
            obstore.put(self._client, key, data)

    def put_if_absent(self, key: str, data: bytes) -> None:
        """Write the object unless one is there (`If-None-Match: *`, RFC 9110 13.1.2); see `Store.put_if_absent`."""
        validate_key(key)
        with self._errors("conditional put", key, reading=False):
            try:
                obstore.put(self._client, key, data, mode="create", use_multipart=False)
            except AlreadyExistsError as error:
                raise ObjectExists("the key is taken", where=self._where(key)) from error

    def put_file(self, key: str, path: Path) -> None:
        """Write the object from a local file, in parts where it is large; see `Store.put_file`."""
        validate_key(key)
        require_file(path)
        with self._errors("put", key, reading=False):
            obstore.put(self._client, key, path, chunk_size=STREAM_BYTES, max_concurrency=PARTS_AT_ONCE)

    def get_file(self, key: str, path: Path) -> None:
        """Write the object to a local file, streaming; see `Store.get_file`."""
        validate_key(key)
        with self._errors("get", key, reading=True):
            stream = obstore.get(self._client, key).stream(min_chunk_size=STREAM_BYTES)
        with self._errors(f"download to {path}", key, reading=False), replacing(path) as file:
            for part in stream:
                file.write(part)

    def exists(self, key: str) -> bool:
        """Return whether there is an object; see `Store.exists`."""
        validate_key(key)
        with self._errors("look-up", key, reading=False):
            try:
                obstore.head(self._client, key)
            except FileNotFoundError:
                return False
            return True

    def _where(self, key: str) -> str:
        return f"{self._url}/{key}"

    def _errors(self, doing: str, key: str, *, reading: bool) -> AbstractContextManager[None]:
        return backend(doing, self._where(key), reading=reading, raises=(OSError, BaseError))
