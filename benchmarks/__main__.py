"""Run every benchmark, or those named, and write docs/benchmarks.md and benchmarks/results.jsonl."""

import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.harness import Row

ROOT = Path(__file__).parents[1]
SUBJECTS = ("frames_to_packets", "s3_store", "ledger_writes", "journey_overhead")
HEAD = """# Benchmarks

Written by `make bench`: ours and its peer in turn in one run, medians of at least 7, and the ratio pair by pair (above
1: ours is faster). These are figures of one machine on one day; the ratios travel better than the rates.

| what | ours | peer | its rate | ratio | goal | met |
|---|---|---|---|---|---|---|
"""


def main(names: list[str]) -> None:
    rows: list[Row] = []
    for name in names or SUBJECTS:
        print(f"{name} ...", flush=True)
        rows += importlib.import_module(f"benchmarks.{name}").measure()
    lines = [
        f"| {row.name} | {row.value:g} {row.unit} | {row.peer} | {row.peer_value:g} {row.unit} | {row.ratio:g} "
        f"| {row.goal} | {row.met()} |"
        for row in rows
    ]
    print("\n".join(lines))
    if not names:
        notes = [f"\n## {name}\n\n{importlib.import_module(f'benchmarks.{name}').__doc__}" for name in SUBJECTS]
        (ROOT / "docs/benchmarks.md").write_text(
            HEAD + "\n".join(lines) + f"\n\nMachine: {rows[0].machine}.\n" + "".join(notes)
        )
        (ROOT / "benchmarks/results.jsonl").write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows))


if __name__ == "__main__":
    main(sys.argv[1:])
