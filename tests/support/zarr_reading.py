"""Arrays of a Zarr group, which may hold groups under their names as well."""

from typing import Any

import numpy as np
import zarr


def array_in(group: zarr.Group, name: str) -> zarr.Array[Any]:
    """Return the array of that name; what is there must be one."""
    found = group[name]
    assert isinstance(found, zarr.Array), f"{name} is no array"
    return found


def values_in(group: zarr.Group, name: str) -> np.ndarray:
    """Return all values of the array of that name."""
    return np.asarray(array_in(group, name)[...])
