"""Failures of backends, told in the one error family."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from refsys.model.errors import ObjectMissing, RefsysError, StorageError, StorageFull

FULL = (errno.ENOSPC, errno.EDQUOT)
"""Error numbers that mean that no space is left."""

_ABSENT = (FileNotFoundError, IsADirectoryError, NotADirectoryError)
_LONGEST_CAUSE = 300


def storage_error(error: Exception, doing: str, where: str, *, reading: bool) -> StorageError:
    """Return what a backend's exception means: `ObjectMissing` (only when reading), `StorageFull` or `StorageError`."""
    if reading and isinstance(error, _ABSENT):
        return ObjectMissing("no object under this key", where=where)
    if isinstance(error, OSError) and error.errno in FULL:
        return StorageFull(f"no space left for {doing}", where=where, hint="free space and repeat")
    cause = " ".join(str(error).split("\n\nDebug source")[0].split())[:_LONGEST_CAUSE]
    return StorageError(f"{doing} failed: {type(error).__name__}: {cause}", where=where)


@contextmanager
def backend(
    doing: str, where: str, *, reading: bool, raises: type[Exception] | tuple[type[Exception], ...] = OSError
) -> Iterator[None]:
    """Translate what a backend raises within; errors of our own family pass.

    Parameters
    ----------
    doing
        The operation, as a noun: `get`, `copy`.
    where
        Address of the object.
    reading
        Whether "not found" means that the object is missing; when writing it is a failure like any other.
    raises
        The exceptions that this backend raises.
    """
    try:
        yield
    except RefsysError:
        raise
    except raises as error:
        raise storage_error(error, doing, where, reading=reading) from error
