"""What a process prints: kept in files and told line by line, with limits and without secrets."""

import os
import selectors
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import BinaryIO

from refsys.model.processors import OutputLimits

READ_BYTES = 1 << 16
HIDDEN = b"***"
_CUT = b"\n[refsys: what followed was not kept, the limit of this file is reached]\n"

OnLine = Callable[[str, str], None]
"""Told the stream (`stdout`, `stderr`) and a line without its end."""


class Kept:
    """One stream of one process: a file of limited size, and lines for a log."""

    def __init__(
        self, name: str, path: Path, limits: OutputLimits, secrets: Collection[bytes], on_line: OnLine
    ) -> None:
        self.name = name
        self.lines = 0
        self._limits = limits
        self._secrets = sorted(secrets, key=len, reverse=True)
        self._on_line = on_line
        self._file: BinaryIO = path.open("xb")
        self._written = 0
        self._rest = b""

    def take(self, data: bytes) -> None:
        """Take bytes as they come; a line is written when it ends, for a secret may come in two parts."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            self._line(line, b"\n")
        if len(self._rest) > self._limits.file_bytes:  # a line without end
            self._line(self._rest, b"")
            self._rest = b""

    def close(self) -> None:
        """Write what is left and close the file."""
        if self._rest:
            self._line(self._rest, b"")
            self._rest = b""
        self._file.close()

    def _line(self, line: bytes, end: bytes) -> None:
        for secret in self._secrets:
            line = line.replace(secret, HIDDEN)
        self._write(line + end)
        self.lines += 1
        if self.lines <= self._limits.lines:
            text = line.decode("utf-8", "backslashreplace").rstrip("\r")
            short = text[: self._limits.line_characters]
            self._on_line(self.name, short if len(short) == len(text) else f"{short} ...")
        elif self.lines == self._limits.lines + 1:
            self._on_line(self.name, f"[refsys: {self._limits.lines} lines told, all later ones are only in the file]")

    def _write(self, data: bytes) -> None:
        room = self._limits.file_bytes - self._written
        if room <= 0:
            return
        self._file.write(data[:room])
        self._written += len(data)
        if len(data) > room:
            self._file.write(_CUT)
        self._file.flush()


class Pump:
    """A thread that reads pipes until they end, or until it is told that nothing of interest will come."""

    def __init__(self, pipes: dict[int, Kept]) -> None:
        self._pipes = pipes
        self._stop, self._wake = os.pipe()
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="output of a processor")
        self._thread.start()

    def finish(self, patience_s: float) -> bool:
        """Wait for the ends of the pipes; return False if somebody outside the process group still holds one."""
        self._thread.join(patience_s)
        ended = not self._thread.is_alive()
        if not ended:
            os.write(self._wake, b"x")
            self._thread.join()
        for descriptor in (self._stop, self._wake):
            os.close(descriptor)
        for kept in self._pipes.values():
            kept.close()
        return ended

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._stop, selectors.EVENT_READ)
            for descriptor in self._pipes:
                selector.register(descriptor, selectors.EVENT_READ)
            while len(selector.get_map()) > 1:
                for key, _ in selector.select():
                    if key.fd == self._stop:
                        return
                    if not self._read(key.fd):
                        selector.unregister(key.fd)

    def _read(self, descriptor: int) -> bool:
        """Read once; a log that fails must not stop the reading, or the process would stand still."""
        data = os.read(descriptor, READ_BYTES)
        try:
            self._pipes[descriptor].take(data)
        except Exception as error:  # noqa: BLE001  (kept, and raised where the process is waited for)
            self.failure = self.failure or error
        return bool(data)
