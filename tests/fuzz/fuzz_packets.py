"""Fuzz the decoders of packets and frames; arguments as libFuzzer's, or `--random COUNT` without atheris.

`NUMBA_DISABLE_JIT=1` runs kernels as plain Python, whose branches guide the fuzzer; `NUMBA_BOUNDSCHECK=1` runs them
compiled, fast and blind. Either way an index outside an array is an error.
"""

import importlib
import sys

import numpy as np


def random_inputs(count: int) -> None:
    """Run as many inputs from a seed, of random bytes or a few repeated values."""
    targets = importlib.import_module("fuzz_targets")
    rng = np.random.default_rng(2013)
    for _ in range(count):
        values = rng.integers(0, 256, int(rng.integers(1, 200)), dtype=np.uint8)
        targets.one_input(rng.choice(values, int(rng.integers(0, 400))).tobytes())


def fuzz() -> None:
    """Hand over to the fuzzer."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["refsys"]):
        targets = importlib.import_module("fuzz_targets")
    atheris.Setup(sys.argv, targets.one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--random"]:
        random_inputs(int(sys.argv[2]))
    else:
        fuzz()
