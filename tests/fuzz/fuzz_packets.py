"""Fuzz the decoders of packets and frames; arguments as libFuzzer's. Without atheris: `--random COUNT` inputs, `--seeds
FOLDER` to write those to start from.

`NUMBA_DISABLE_JIT=1` runs kernels as plain Python, whose branches guide the fuzzer; `NUMBA_BOUNDSCHECK=1` runs them
compiled, fast and blind. Either way an index outside an array is an error.
"""

import importlib
import os
import sys
from pathlib import Path

import numpy as np


def random_inputs(count: int) -> None:
    """Run as many inputs from a seed, of random bytes or a few repeated values."""
    targets = importlib.import_module("fuzz_targets")
    rng = np.random.default_rng(2013)
    for seed in targets.seeds():
        targets.one_input(seed)
    for _ in range(count):
        values = rng.integers(0, 256, int(rng.integers(1, 200)), dtype=np.uint8)
        targets.one_input(rng.choice(values, int(rng.integers(0, 400))).tobytes())


def write_seeds(folder: Path) -> None:
    """Write the inputs to start from."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(importlib.import_module("fuzz_targets").seeds()):
        (folder / f"seed-{number:02d}").write_bytes(data)


def fuzz() -> None:
    """Hand over to the fuzzer."""
    atheris = importlib.import_module("atheris")
    # A compiler cannot read instrumented kernels: compiled, only the targets themselves are.
    plain = os.environ.get("NUMBA_DISABLE_JIT") == "1"
    with atheris.instrument_imports(include=["refsys"] if plain else ["fuzz_targets"]):
        targets = importlib.import_module("fuzz_targets")
    atheris.Setup(sys.argv, targets.one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--random"]:
        random_inputs(int(sys.argv[2]))
    elif sys.argv[1:2] == ["--seeds"]:
        write_seeds(Path(sys.argv[2]))
    else:
        fuzz()
