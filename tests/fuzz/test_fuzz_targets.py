"""The fuzz targets on inputs from a seed, as plain Python, where an index outside an array is an error."""

import os
import subprocess
import sys
from pathlib import Path


def test_targets_stand_any_bytes() -> None:
    script = Path(__file__).with_name("fuzz_packets.py")
    done = subprocess.run(
        [sys.executable, script, "--random", "300"],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
