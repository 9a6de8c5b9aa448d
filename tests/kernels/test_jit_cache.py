"""Compiled kernels on disk: only where asked, from one process to the next, and many writers at once."""

import os
import subprocess
import sys
from pathlib import Path

from refsys.kernels.jit import CACHE_VARIABLE

PROGRAM = """
import sys
from numba.core import event
compiled = []
class Clock(event.Listener):
    def on_start(self, event): compiled.append(1)
    def on_end(self, event): pass
event.register("numba:compile", Clock())
import numpy as np
from refsys.kernels.sar.tiepoints import TiePoints, Window, interpolate
points = TiePoints(np.array([0.0, 2.0]), np.array([0.0, 4.0]), np.array([[0.0, 4.0], [2.0, 6.0]]))
kind = np.float32 if sys.argv[1] == "32" else np.float64
assert interpolate(points, Window(1, 1, 0, 5), dtype=kind).tolist() == [[1.0, 2.0, 3.0, 4.0, 5.0]]
print(len(compiled))
"""


def start(cache: Path | None, kind: str) -> "subprocess.Popen[str]":
    environment = {name: value for name, value in os.environ.items() if name != CACHE_VARIABLE}
    if cache is not None:
        environment[CACHE_VARIABLE] = str(cache)
    command = [sys.executable, "-c", PROGRAM, kind]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def compiled(process: "subprocess.Popen[str]") -> int:
    out, err = process.communicate()
    assert process.returncode == 0, err
    return int(out)


def test_two_signatures_saved_at_once_are_both_right_and_reused(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    both = [start(cache, kind) for kind in ("32", "64", "32", "64")]
    assert all(compiled(process) > 0 for process in both)
    again = [start(cache, kind) for kind in ("32", "64")]
    assert [compiled(process) for process in again] == [0, 0]


def test_a_second_import_under_another_name_does_not_wait_for_itself(tmp_path: Path) -> None:
    again = "import importlib.util as u, refsys.kernels.jit as j; s = u.spec_from_file_location('other', j.__file__); "
    again += "m = u.module_from_spec(s); s.loader.exec_module(m)"
    command = [sys.executable, "-c", f"{again}\n{PROGRAM}", "32"]
    environment = {**os.environ, CACHE_VARIABLE: str(tmp_path / "cache")}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 0


def test_nothing_is_kept_where_no_folder_is_named(tmp_path: Path) -> None:
    assert compiled(start(None, "32")) > 0
    assert compiled(start(None, "32")) > 0
    assert list(tmp_path.iterdir()) == []
