"""The one place for Numba options: kernels are wrapped here, on a second line, so a body stays a plain function."""

import fcntl
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import numba
from numba import njit
from numba.core.caching import IndexDataCacheFile

P = ParamSpec("P")
R = TypeVar("R")

CACHE_VARIABLE = "REFSYS_KERNEL_CACHE"
"""Environment variable: a folder that keeps compiled kernels; without it, nothing is kept."""


def jit(body: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel body.

    `nogil`, because Dask is the parallel one and runs kernels in threads, hence never `parallel=True`. Compiled code is
    kept on disk only where `REFSYS_KERNEL_CACHE` says so.

    Parameters
    ----------
    body
        A plain function in Numba's subset; stays callable uncompiled as `result.py_func`.
    """
    # What is kept names its module: under another name (as doctests import it) other processes could not load it.
    kept = _CACHED and body.__module__.startswith("refsys.kernels.")
    return cast("Callable[P, R]", njit(nogil=True, cache=kept, fastmath=False, error_model="numpy")(body))


def _use_cache() -> bool:
    """Point Numba at the folder; one below it for each state of all kernels, since a kernel holds those it calls."""
    named = os.environ.get(CACHE_VARIABLE)
    if not named:
        return False
    state = hashlib.sha256()
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        state.update(source.relative_to(Path(__file__).parent).as_posix().encode() + b"\0" + source.read_bytes())
    folder = Path(named).absolute() / state.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    numba.config.CACHE_DIR = str(folder)
    _one_writer_at_a_time(folder / "lock")
    return True


def _one_writer_at_a_time(lock: Path) -> None:
    """Lock what Numba saves: two processes that save two signatures of a kernel at once give both one file name.

    The loser's index would then name the winner's code: https://github.com/numba/numba/issues/4807.
    """
    save = IndexDataCacheFile.save
    if hasattr(save, "lock"):  # this module is imported a second time, under another name: a lock in a lock never opens
        return

    def locked(self: IndexDataCacheFile, key: object, data: object) -> None:
        with lock.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            save(self, key, data)

    locked.lock = lock  # type: ignore[attr-defined]
    IndexDataCacheFile.save = locked


_CACHED = _use_cache()
