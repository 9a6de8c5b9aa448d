"""One supervised process: a group of its own, a time that ends, a limit of memory, everything it prints kept.

A task ends when its first process ends; whatever it left in its group is killed then. A process that leaves the group
(setsid) is beyond reach, except in a container.
"""

import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import psutil

from refsys.chains.processors.streams import Kept, OnLine, Pump
from refsys.model.errors import ConfigInvalid
from refsys.model.processors import OutputLimits

LOOK_S = 0.05
"""How often the memory of a group is looked at."""
PIPE_PATIENCE_S = 2.0
"""How long pipes may stay open after the whole group is gone."""


def _silent(stream: str, line: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Call:
    """What to run and under which limits."""

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    stdout: Path
    stderr: Path
    timeout_s: float
    killing_signal: int = signal.SIGTERM
    grace_s: float = 10.0
    memory_bytes: int | None = None
    user: str | None = None
    secrets: Collection[str] = ()
    """Texts that are replaced in whatever is kept."""
    limits: OutputLimits = field(default_factory=OutputLimits)
    on_line: OnLine = _silent
    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set by another thread to end the process early."""


@dataclass(frozen=True)
class End:
    """How a process ended."""

    exit_code: int
    """Negative: the signal that ended it."""
    seconds: float
    ended_by: Literal["itself", "timeout", "memory", "cancel"]
    peak_memory_bytes: int
    """Resident memory of the group, largest of what was seen."""
    output_held: bool
    """Whether something outside the group kept the output open."""


def run_process(call: Call) -> End:
    """Run a command to its end, or to the end of its time or memory.

    Memory is limited twice: by the kernel for each process (RLIMIT_DATA: private writable memory), and by a look at the
    resident memory of the whole group every `LOOK_S` seconds.

    Raises
    ------
    ConfigInvalid
        If the command, its folder or its user does not exist, or may not be used.
    """
    started = time.monotonic()
    process = _start(call)
    try:
        pump = _pump(process, call)
        watch = _Watch(process, call, started + call.timeout_s)
        watch.wait()
    finally:
        exit_code, largest_bytes = _end_group(process)
    held = not pump.finish(PIPE_PATIENCE_S)
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    if pump.failure is not None:
        raise pump.failure
    peak_bytes = max(watch.peak_memory_bytes, largest_bytes)
    return End(exit_code, time.monotonic() - started, watch.ended_by, peak_bytes, held)


def _start(call: Call) -> "subprocess.Popen[bytes]":
    try:
        process = subprocess.Popen(  # noqa: S603  (the command is that of a declared processor, without a shell)
            list(call.command),
            cwd=call.folder,
            env=dict(call.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            user=call.user,
            umask=0o022,
        )
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        why = "not allowed" if isinstance(error, PermissionError) else "does not exist"
        raise ConfigInvalid(
            f"cannot start a processor: {why}: {error.filename or call.user}", where=call.command[0]
        ) from error
    except (KeyError, ValueError, OSError) as error:
        raise ConfigInvalid(f"cannot start a processor: {error}", where=call.command[0]) from error
    if call.memory_bytes is not None:
        _limit_memory(process.pid, call.memory_bytes)
    return process


def _limit_memory(pid: int, memory_bytes: int) -> None:
    """Set the limit from outside: nothing of ours may run between fork and exec in a process with threads."""
    try:
        resource.prlimit(pid, resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    except (ProcessLookupError, PermissionError):
        return  # it has ended already, or belongs to another user: the look at the group remains


def _pump(process: "subprocess.Popen[bytes]", call: Call) -> Pump:
    secrets = [secret.encode() for secret in call.secrets if secret]
    places = (("stdout", process.stdout, call.stdout), ("stderr", process.stderr, call.stderr))
    return Pump(
        {
            pipe.fileno(): Kept(name, path, call.limits, secrets, call.on_line)
            for name, pipe, path in places
            if pipe is not None
        }
    )


class _Watch:
    """Waits for the end of a process, without taking its exit code: until then its number belongs to it."""

    def __init__(self, process: "subprocess.Popen[bytes]", call: Call, deadline: float) -> None:
        self._process, self._call, self._deadline = process, call, deadline
        self._ended = threading.Event()
        self.ended_by: Literal["itself", "timeout", "memory", "cancel"] = "itself"
        self.peak_memory_bytes = 0
        threading.Thread(target=self._await_end, daemon=True, name="end of a processor").start()

    def wait(self) -> None:
        """Return when the process has ended, or has been told to and has had its time of grace."""
        while not self._ended.wait(max(0.0, min(LOOK_S, self._deadline - time.monotonic()))):
            reason = self._too_much()
            if reason is not None:
                self.ended_by = reason
                self._end()
                return

    def _too_much(self) -> Literal["timeout", "memory", "cancel"] | None:
        if self._call.cancelled.is_set():
            return "cancel"
        if time.monotonic() >= self._deadline:
            return "timeout"
        memory_bytes = group_memory_bytes(self._process.pid)
        self.peak_memory_bytes = max(self.peak_memory_bytes, memory_bytes)
        limit = self._call.memory_bytes
        return "memory" if limit is not None and memory_bytes > limit else None

    def _end(self) -> None:
        """Ask the group to end, unless it would take the machine with it; SIGKILL comes afterwards for all."""
        if self.ended_by != "memory":
            _signal_group(self._process.pid, self._call.killing_signal)
            self._ended.wait(self._call.grace_s)

    def _await_end(self) -> None:
        with suppress(ChildProcessError):  # its exit code was taken first
            os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        self._ended.set()


def _end_group(process: "subprocess.Popen[bytes]") -> tuple[int, int]:
    """Kill what is left of the group, then take the exit code, and the resident memory of the largest process."""
    _signal_group(process.pid, signal.SIGKILL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss * 1024


def _signal_group(group: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def group_memory_bytes(group: int) -> int:
    """Return the resident memory of all processes of a group; pages they share count once for each."""
    total = 0
    for pid in psutil.pids():
        try:
            if os.getpgid(pid) == group:
                total += psutil.Process(pid).memory_info().rss
        except (ProcessLookupError, PermissionError, psutil.Error):  # it has just ended, or is none of ours
            continue
    return total
