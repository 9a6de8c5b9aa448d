"""Raw echoes of a scene: point targets, clutter and thermal noise, whole or block by block."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.simulation.clutter_echoes import ClutterEchoes
from refsys.chains.sentinel1.simulation.instrument import Acquisition
from refsys.chains.sentinel1.simulation.point_echoes import add_point
from refsys.chains.sentinel1.simulation.scene import PointTarget, Scene, joined, scatterers
from refsys.kernels.sar.grids import RawGrid

BLOCK_LINES = 512
"""Lines of a block; the last of a grid may have fewer."""


class Noise(NamedTuple):
    """Thermal noise: circular Gaussian, white in the sampled band.

    Attributes
    ----------
    power
        Mean square of a complex sample, quantiser units squared.
    seed
        Same seed, same noise.
    stream
        Grids that are simulated with one seed need numbers of their own.
    """

    power: float
    seed: int = 0
    stream: int = 0


NO_NOISE = Noise(0.0)


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


class EchoSimulator:
    """Makes the raw lines of one grid, any block alone.

    Parameters
    ----------
    grid
        Where samples lie in time.
    acquisition
        Radar, orbit and beam.
    scene
        What is seen.
    noise
        Added to every sample.
    """

    def __init__(self, grid: RawGrid, acquisition: Acquisition, scene: Scene, noise: Noise = NO_NOISE) -> None:
        self.grid, self.acquisition, self.scene, self.noise = grid, acquisition, scene, noise
        ground = [scatterers(acquisition.orbit, patch) for patch in scene.clutter]
        self._clutter = ClutterEchoes(grid, acquisition, joined(ground)) if ground else None

    @property
    def blocks(self) -> int:
        """How many blocks the grid has."""
        return -(-self.grid.lines // BLOCK_LINES)

    def block(self, number: int) -> NDArray[np.complex64]:
        """Return block `number`, complex64 (up to `BLOCK_LINES`, samples), quantiser units.

        Raises
        ------
        ValueError
            If there is no such block.
        """
        if not 0 <= number < self.blocks:
            raise ValueError(f"there is no block {number} of {self.blocks}")
        first = number * BLOCK_LINES
        lines = self._thermal(number, min(BLOCK_LINES, self.grid.lines - first))
        for target in self.scene.targets:
            add_point(lines, self.grid, first, self.acquisition, target)
        if self._clutter is not None:
            self._clutter.add(lines, first)
        return lines

    def __iter__(self) -> Iterator[NDArray[np.complex64]]:
        return (self.block(number) for number in range(self.blocks))

    def _thermal(self, number: int, lines: int) -> NDArray[np.complex64]:
        if self.noise.power == 0:
            return np.zeros((lines, self.grid.samples), np.complex64)
        rng = np.random.default_rng([self.noise.seed, 2, self.noise.stream, number])
        parts = rng.standard_normal((lines, 2 * self.grid.samples), dtype=np.float32)
        parts *= np.float32(np.sqrt(0.5 * self.noise.power))
        return parts.view(np.complex64)


def simulate_echoes(
    grid: RawGrid, acquisition: Acquisition, scene: Scene, noise: Noise = NO_NOISE
) -> NDArray[np.complex64]:
    """Return all lines of a grid, complex64 (lines, samples), quantiser units; parameters as of `EchoSimulator`."""
    return np.concatenate(list(EchoSimulator(grid, acquisition, scene, noise)))
