"""Who holds leases: names of processes, whether they still live, and the thread that keeps leases alive."""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import psutil


def owner_name() -> str:
    """Return the name of this process: host, process id, and start, for ids are used again."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def is_dead(owner: str) -> bool:
    """Whether the owner was a process of this host that is no more. Of other hosts nothing is known: False."""
    host, pid, started = [*owner.rsplit(":", 2), "", ""][:3]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        return _started(int(pid)) != started or psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return True


def _started(pid: int) -> str:
    """Return when a process began: in ticks since boot where /proc tells, for no step of a clock changes those."""
    stat = Path(f"/proc/{pid}/stat")
    if not Path("/proc/self/stat").exists():
        return f"{psutil.Process(pid).create_time():.0f}"
    return stat.read_text("utf-8", errors="replace").rpartition(")")[2].split()[19]


class Heartbeat:
    """Calls `beat` every `period_s` in a thread of its own, so that long actions do not cost the leases.

    What `beat` raises is kept and raised by `check`, in the loop's own thread.
    """

    def __init__(self, beat: Callable[[], None], period_s: float) -> None:
        self._beat = beat
        self._period_s = period_s
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="refsys-heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def check(self) -> None:
        """Raise what went wrong in the thread, once."""
        if (error := self._error) is not None:
            self._error = None
            raise error

    def _run(self) -> None:
        while not self._stop.wait(self._period_s):
            try:
                self._beat()
            except Exception as error:  # noqa: BLE001  (raised by `check` where it can be acted on)
                self._error = error
