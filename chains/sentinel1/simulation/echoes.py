"""Raw echoes of a scene: point targets, clutter and thermal noise, whole or block by block."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.simulation.instrument import Acquisition
from refsys.chains.sentinel1.simulation.point_echoes import add_point
from refsys.chains.sentinel1.simulation.scene import PointTarget
from refsys.kernels.sar.grids import RawGrid


def simulate_points(grid: RawGrid, acquisition: Acquisition, targets: Iterable[PointTarget]) -> NDArray[np.complex64]:
    """Return the echoes of point targets, complex64 (lines, samples), quantiser units.

    Parameters
    ----------
    grid
        Where samples lie in time; `acquisition.raw_grid` makes one.
    acquisition
        Radar, orbit and beam.
    targets
        Any number.
    """
    lines = np.zeros((grid.lines, grid.samples), np.complex64)
    for target in targets:
        add_point(lines, grid, 0, acquisition, target)
    return lines
