"""Run every benchmark, or those named, and write docs/benchmarks.md and benchmarks/results.jsonl (all of them only).

A subject is a file of this folder with a function `measure`; its docstring becomes its note. It runs in a process of
its own with one thread, on one core unless it says `PINNED = False`.
"""

import ast
import importlib
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.harness import Row

ROOT = Path(__file__).parents[1]
ROWS = "--rows"  # the child's part: measure one subject and print its rows as JSON lines behind this word
HEAD = """# Benchmarks

Written by `make bench`: ours and its peer in turn in one run, medians of at least 7 repetitions on differing data, and
the ratio pair by pair. Goals `>=` are of rates (above 1: ours is faster), goals `<=` of times (below 1: ours is
faster). One thread on one core, unless a note says otherwise. These are figures of one machine on one day; the ratios
travel better than the rates.

Peers live in `.venv-bench`, which `make bench` makes; libfec is Debian's `libfec0` (`apt-get install libfec0`), the one
peer that must be installed by hand. Where a peer is absent, its row says what to install.

| what | ours | peer | its figure | ratio | goal | met |
|---|---|---|---|---|---|---|
"""


def subjects() -> dict[str, str]:
    """Name and note of every subject."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        tree = ast.parse(path.read_text())
        if any(isinstance(node, ast.FunctionDef) and node.name == "measure" for node in tree.body):
            found[path.stem] = ast.get_docstring(tree) or ""
    return found


def run(name: str) -> list[Row]:
    """Measure a subject in a process of its own."""
    one = dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
    )
    command = [sys.executable, "-m", "benchmarks", ROWS, name]
    print(f"{name} ...", flush=True)
    done = subprocess.run(command, check=False, cwd=ROOT, env=os.environ | one, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print(done.stdout)
        raise SystemExit(f"benchmark {name} failed")
    return [Row(**json.loads(line.removeprefix(ROWS))) for line in done.stdout.splitlines() if line.startswith(ROWS)]


def line(row: Row) -> str:
    """One row of the table."""
    peer = "" if row.peer_value is None else f"{row.peer_value:g} {row.unit}"
    ratio = "" if row.ratio is None else f"{row.ratio:g}"
    return f"| {row.name} | {row.value:g} {row.unit} | {row.peer} | {peer} | {ratio} | {row.goal} | {row.met()} |"


def child(name: str) -> None:
    """Measure here, and print what was measured for the process above."""
    subject = importlib.import_module(f"benchmarks.{name}")
    if getattr(subject, "PINNED", True):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for row in subject.measure():
        print(ROWS + json.dumps(asdict(row)), flush=True)


def main(names: list[str]) -> None:
    notes = subjects()
    if unknown := set(names) - set(notes):
        raise SystemExit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(notes)}")
    rows = [row for name in names or notes for row in run(name)]
    table = "\n".join(line(row) for row in rows)
    print(table)
    if names:
        return
    text = "".join(f"\n## {name}\n\n{note}\n" for name, note in notes.items())
    (ROOT / "docs/benchmarks.md").write_text(f"{HEAD}{table}\n\nMachine: {rows[0].machine}.\n{text}")
    (ROOT / "benchmarks/results.jsonl").write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows))


if __name__ == "__main__":
    if sys.argv[1:2] == [ROWS]:
        child(sys.argv[2])
    else:
        main(sys.argv[1:])
