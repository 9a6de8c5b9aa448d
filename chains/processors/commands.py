"""Command lines of tasks: plain, through a shell, or in a container. Nothing secret stands in them."""

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from refsys.chains.processors.working import mount_source
from refsys.model.errors import ConfigInvalid
from refsys.model.processors import Processor, ProcessorTask

_ALWAYS = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
_OF_THE_RUNTIME = ("PATH", "HOME", "XDG_RUNTIME_DIR", "DOCKER_HOST", "CONTAINER_HOST")


def environment_of(processor: Processor, folder: Path, own: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a task: what is declared, and little else.

    Parameters
    ----------
    processor
        Declares variables, names of secrets, and whether all of `own` is passed on.
    folder
        The working directory: home and place of temporary files.
    own
        The environment of this process.

    Raises
    ------
    ConfigInvalid
        If a declared secret is not set.
    """
    if absent := [name for name in processor.secrets if name not in own]:
        hint = "set them for the workers: they are never written into chains"
        raise ConfigInvalid(f"variables are not set: {', '.join(absent)}", where=processor.name, hint=hint)
    if processor.kind == "container":  # of the client; the container itself gets only what is declared
        base = {name: own[name] for name in _OF_THE_RUNTIME if name in own}
    else:
        base = dict(own) if processor.inherit else {**_ALWAYS, **{k: own[k] for k in _ALWAYS if k in own}}
        base |= {"HOME": str(folder), "TMPDIR": str(folder)} if not processor.inherit else {}
    return base | processor.environment | {name: own[name] for name in processor.secrets}


def secrets_of(processor: Processor, own: Mapping[str, str]) -> tuple[str, ...]:
    """Return the texts that must not appear in what is kept."""
    return tuple(own[name] for name in processor.secrets if own.get(name))


def command_of(
    processor: Processor, task: ProcessorTask, job_order: Path, folder: Path, *, container_name: str = ""
) -> tuple[str, ...]:
    """Return the command line of a task, whose last argument is the path of the job order.

    Raises
    ------
    ConfigInvalid
        If the shell, the container runtime, or static data are not there.
    """
    command = (*task.command, str(job_order))
    if processor.shell is not None:
        shell = processor.shell if processor.kind == "container" else _found(processor.shell, "shell")
        command = (shell, "-c", shlex.join(command))
    if processor.kind == "container":
        command = (*_container(processor, folder, container_name), *command)
    return command


def removal_of(processor: Processor, container_name: str) -> tuple[str, ...]:
    """Return the command that ends a container: killing the client alone leaves it running."""
    return (_found(processor.runtime, "container runtime"), "rm", "--force", container_name)


def _container(processor: Processor, folder: Path, name: str) -> tuple[str, ...]:
    """Return the call of podman or docker: no network, no privileges, only this folder and the static data."""
    runtime = _found(processor.runtime, "container runtime")
    options = ["--rm", "--init", "--network=none", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only"]
    options += ["--tmpfs=/tmp", f"--workdir={folder}", f"--volume={folder}:{folder}:rw"]
    options += [f"--name={name}"] if name else []
    options += [f"--user={processor.user or f'{os.getuid()}:{os.getgid()}'}"]
    if processor.runtime == "podman" and processor.user is None:
        options += ["--userns=keep-id"]
    if processor.memory_bytes is not None:
        options += [f"--memory={processor.memory_bytes}", f"--memory-swap={processor.memory_bytes}"]
    options += [f"--volume={mount_source(mount)}:{mount.target}:ro" for mount in processor.mounts]
    options += [f"--env={key}={value}" for key, value in processor.environment.items()]
    options += [f"--env={key}" for key in processor.secrets]  # without a value: taken from the client's environment
    return (runtime, "run", *options, str(processor.image))


def _found(program: str, what: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise ConfigInvalid(f"{what} {program} is not installed here", where=program, hint="install it on the workers")
    return path
