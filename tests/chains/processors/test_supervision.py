"""A supervised process: its end, its time, its memory, its words."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from refsys.chains.processors.supervision import Call, End, run_process
from refsys.model.errors import ConfigInvalid
from refsys.model.processors import OutputLimits

ENVIRONMENT = {"PATH": os.environ["PATH"]}
Run = Callable[..., End]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(*command: str, **more: object) -> End:
        given: dict[str, object] = {
            "folder": tmp_path,
            "environment": ENVIRONMENT,
            "stdout": tmp_path / "out.txt",
            "stderr": tmp_path / "err.txt",
            "timeout_s": 30.0,
        }
        return run_process(Call(command=command, **(given | more)))  # type: ignore[arg-type]

    return run


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", code)


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "never came true"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("code", [0, 1, 127, 128, 255])
def test_the_exit_code_is_that_of_the_process(run: Run, code: int) -> None:
    end = run("sh", "-c", f"exit {code}")
    assert (end.exit_code, end.ended_by) == (code, "itself")


def test_a_signal_is_a_negative_code(run: Run) -> None:
    assert run("sh", "-c", "kill -SEGV $$").exit_code == -signal.SIGSEGV


def test_output_is_kept_and_told_line_by_line(run: Run, tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    run("sh", "-c", "echo one; echo bad >&2; printf two", on_line=lambda stream, line: told.append((stream, line)))
    assert sorted(told) == [("stderr", "bad"), ("stdout", "one"), ("stdout", "two")]
    assert (tmp_path / "out.txt").read_text() == "one\ntwo"
    assert (tmp_path / "err.txt").read_text() == "bad\n"


def test_lines_are_told_while_the_process_runs(run: Run, tmp_path: Path) -> None:
    """The process waits for a file that only the one who is told makes."""

    def answer(stream: str, line: str) -> None:
        (tmp_path / "answer").touch()

    end = run("sh", "-c", "echo hello; while [ ! -e answer ]; do sleep 0.01; done", on_line=answer, timeout_s=20.0)
    assert end.ended_by == "itself"


def test_secrets_are_hidden_even_when_they_come_in_parts(run: Run, tmp_path: Path) -> None:
    code = "printf 'key=se'; sleep 0.1; printf 'sam\\n'"
    told: list[str] = []
    run("sh", "-c", code, secrets=("sesam",), on_line=lambda _, line: told.append(line))
    assert told == ["key=***"]
    assert (tmp_path / "out.txt").read_text() == "key=***\n"


def test_limits_of_what_is_kept(run: Run, tmp_path: Path) -> None:
    told: list[str] = []
    limits = OutputLimits(file_bytes=2000, line_characters=80, lines=3)
    run(
        *python("for i in range(200): print(str(i % 10) * 100)"),
        limits=limits,
        on_line=lambda _, line: told.append(line),
    )
    kept = (tmp_path / "out.txt").read_bytes()
    assert len(told) == 4
    assert told[0] == "0" * 80 + " ..."
    assert "only in the file" in told[3]
    assert kept.startswith(b"0" * 100 + b"\n" + b"1" * 100)
    assert b"not kept" in kept
    assert len(kept) < 2100


def test_a_log_that_fails_does_not_stop_the_process_and_is_told(run: Run) -> None:
    def broken(stream: str, line: str) -> None:
        raise RuntimeError("log is full")

    with pytest.raises(RuntimeError, match="log is full"):
        run(*python("for i in range(20000): print('x' * 100)"), on_line=broken)


def test_the_time_ends_with_the_killing_signal(run: Run, tmp_path: Path) -> None:
    end = run(
        "sh", "-c", "trap 'echo asked; exit 7' INT; while :; do sleep 0.01; done", timeout_s=0.5, killing_signal=2
    )
    assert (end.ended_by, end.exit_code) == ("timeout", 7)
    assert (tmp_path / "out.txt").read_text() == "asked\n"
    assert 0.5 <= end.seconds < 10


def test_who_does_not_listen_is_killed_with_all_its_children(run: Run, tmp_path: Path) -> None:
    code = "trap '' TERM; sleep 600 & echo $! > child; while :; do sleep 0.01; done"
    end = run("sh", "-c", code, timeout_s=0.5, grace_s=0.2)
    assert (end.ended_by, end.exit_code) == ("timeout", -signal.SIGKILL)
    child = int((tmp_path / "child").read_text())
    until(lambda: gone(child))


def test_what_a_task_leaves_behind_is_killed(run: Run, tmp_path: Path) -> None:
    end = run("sh", "-c", "sleep 600 & echo $! > child; exit 0", timeout_s=60)
    assert (end.ended_by, end.exit_code) == ("itself", 0)
    assert end.seconds < 30
    child = int((tmp_path / "child").read_text())
    until(lambda: gone(child))


def test_one_process_cannot_take_more_memory_than_the_limit(run: Run, tmp_path: Path) -> None:
    code = "import time; time.sleep(0.2)\ntry: b = bytearray(400 << 20)\nexcept MemoryError: print('refused')"
    run(*python(code), memory_bytes=200 << 20)
    assert (tmp_path / "out.txt").read_text() == "refused\n"


def test_a_group_cannot_take_more_memory_than_the_limit(run: Run) -> None:
    """Each of three children stays below the limit, all together do not."""
    child = "b = bytearray(70 << 20); import time; time.sleep(600)"
    code = f"import subprocess, sys\nfor _ in range(3): subprocess.Popen([sys.executable, '-S', '-c', {child!r}])\n"
    end = run(*python(code + "import time; time.sleep(600)"), memory_bytes=150 << 20, timeout_s=60)
    assert (end.ended_by, end.exit_code) == ("memory", -signal.SIGKILL)
    assert end.peak_memory_bytes > 150 << 20


def test_it_ends_early_when_cancelled(run: Run) -> None:
    cancelled = threading.Event()
    end = run("sh", "-c", "echo up; sleep 600", cancelled=cancelled, on_line=lambda *_: cancelled.set(), timeout_s=60)
    assert (end.ended_by, end.exit_code) == ("cancel", -signal.SIGTERM)


def test_output_held_by_one_who_left_the_group_is_not_waited_for(run: Run, tmp_path: Path) -> None:
    code = (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    open('child', 'w').write(str(os.getpid()))\n"
        "    time.sleep(600)\nwhile not os.path.exists('child'): time.sleep(0.01)"
    )
    try:
        end = run(*python(code), timeout_s=60)
        assert end.output_held
        assert end.exit_code == 0
    finally:
        os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)


def test_environment_is_exactly_the_declared(run: Run, tmp_path: Path) -> None:
    run(sys.executable, "-S", "-c", "import os; print(os.environ.get('HOME'), os.environ['X'])", environment={"X": "1"})
    assert (tmp_path / "out.txt").read_text() == "None 1\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change its user")
def test_it_runs_as_the_declared_user(run: Run, tmp_path: Path) -> None:
    run("sh", "-c", "id -un", user="nobody", folder=Path("/"))
    assert (tmp_path / "out.txt").read_text() == "nobody\n"


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("/no/such/program", {}),
        ("/etc/passwd", {}),
        ("true", {"user": "nosuchuser"}),
        ("true", {"folder": Path("/no")}),
    ],
)
def test_what_cannot_start_says_why(run: Run, command: str, more: dict[str, object]) -> None:
    with pytest.raises(ConfigInvalid, match="cannot start a processor"):
        run(command, **more)
