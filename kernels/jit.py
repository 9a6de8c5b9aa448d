"""The one place for Numba options: kernels are wrapped here, on a second line, so a body stays a plain function."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def jit(body: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel body.

    `nogil`, because Dask is the parallel one and runs kernels in threads, hence never `parallel=True`. No disk cache,
    because many processes writing it at once may crash (numba issue 4807), which is what a cluster does.

    Parameters
    ----------
    body
        A plain function in Numba's subset; stays callable uncompiled as `result.py_func`.
    """
    return cast("Callable[P, R]", njit(nogil=True, cache=False, fastmath=False, error_model="numpy")(body))
