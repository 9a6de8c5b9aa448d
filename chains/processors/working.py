"""The working directory of a run: job order, inputs and static data below one folder that nobody else uses."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from pwd import getpwnam

from refsys.model.errors import ConfigInvalid, InputMissing
from refsys.model.processors import Mount

OUTPUT_FOLDER = ".refsys"
"""Where what the tasks print is kept: a name that no processor takes for one of its own."""

OUTPUTS = "outputs"
"""Folder that is made for processors which are told where to write."""


def make_folder(folder: Path) -> Path:
    """Make a working directory (`ConfigInvalid` if it holds something: two runs must not share one)."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ConfigInvalid("working directory is not empty", where=folder, hint="every run has one of its own")
    (folder / OUTPUT_FOLDER).mkdir()
    return folder


def link_inputs(folder: Path, inputs: Mapping[str, Path]) -> None:
    """Lay inputs into a working directory as a tree of hard links, or as copies on another file system.

    Folders are real, so that a processor may look upwards from a file; files are those of the cache, which are
    read-only.

    Parameters
    ----------
    folder
        The working directory.
    inputs
        Name in the working directory, and the folder or file that is laid there.

    Raises
    ------
    InputMissing
        If an input is not there.
    ConfigInvalid
        If two inputs take one name, or a name leads out of the working directory.
    """
    for name, source in inputs.items():
        target = folder / safe_name(name)
        if target.exists():
            raise ConfigInvalid("two inputs of one name", where=name)
        if not source.exists():
            raise InputMissing("input is not there", where=source)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, copy_function=_link)
        else:
            _link(source, target)


def link_mounts(folder: Path, mounts: tuple[Mount, ...]) -> None:
    """Lay static data into a working directory as links (`ConfigInvalid` if they are not there).

    A link keeps nobody from writing what it leads to: the data should belong to another user than the processor's.
    """
    for mount in mounts:
        target = folder / safe_name(mount.target)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(mount_source(mount))


def give_folders(folder: Path, user: str) -> None:
    """Give a working directory to another user: its folders, and not its files, which others share by their links.

    Raises `ConfigInvalid` if there is no such user, or this one may not.
    """
    try:
        owner = getpwnam(user).pw_uid
        for place, _, _ in os.walk(folder):
            os.chown(place, owner, -1)
    except KeyError as error:
        raise ConfigInvalid("no such user", where=user) from error
    except PermissionError as error:
        hint = "let the worker run as root, or as that user without `user`"
        raise ConfigInvalid(f"may not run a processor as {user}", where=folder, hint=hint) from error


def mount_source(mount: Mount) -> Path:
    """Return the place of static data (`ConfigInvalid` if nothing is there)."""
    if not mount.source.exists():
        raise ConfigInvalid("static data are not there", where=mount.source, hint="mend `mounts` of the processor")
    return mount.source.absolute()


def safe_name(name: str) -> PurePosixPath:
    """Return a path below a folder (`ConfigInvalid` if it leads out of it)."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise ConfigInvalid("a name leads out of the working directory", where=repr(name))
    return path


def _link(source: str | Path, target: str | Path) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
    return str(target)
