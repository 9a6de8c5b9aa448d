"""Local files that appear whole: written under another name, synchronised, then renamed."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from refsys.model.errors import InputMissing

COPY_BYTES = 4 << 20
"""Bytes moved at a time."""


def require_file(path: Path) -> Path:
    """Return the path if a regular file is there (`InputMissing` if not)."""
    if not path.is_file():
        raise InputMissing("no such file", where=path)
    return path


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under `path` when the block ends well, and never if it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_beside(path)
    try:
        with partial.open("xb") as file:
            yield file
            synchronise(file)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def partial_beside(path: Path) -> Path:
    """Return a fresh hidden name in the folder of `path`."""
    return path.with_name(f".part-{uuid4().hex}")


def synchronise(file: BinaryIO) -> None:
    """Force what was written to the disk."""
    file.flush()
    os.fsync(file.fileno())


def synchronise_folder(folder: Path) -> None:
    """Force the names in a folder to the disk: without it a rename may be lost with the power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_read_only(file: BinaryIO) -> None:
    """Take the permission to write from everybody."""
    mode = os.fstat(file.fileno()).st_mode
    os.fchmod(file.fileno(), stat.S_IMODE(mode) & 0o444)


def link_or_copy(source: Path, target: Path) -> None:
    """Give the file a second name, or a copy where the file system has no links; `target` must not exist."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        with source.open("rb") as reader, target.open("xb") as writer:
            shutil.copyfileobj(reader, writer, COPY_BYTES)
            synchronise(writer)
