"""What the simulated radar looks at: point targets, and ground that scatters everywhere (clutter).

Clutter is a lattice of scatterers in zero-Doppler time and slant range, one for each cell of the processor's samples,
with independent circular Gaussian amplitudes whose power is the ground area of a cell times sigma0. White on a lattice
at least as fine as the processed bands ask for, it is a stationary Gaussian field in them: fully developed speckle.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.simulation.geometry import place, place_at, view
from refsys.chains.sentinel1.simulation.orbit import SimulatedOrbit, Vector
from refsys.kernels.jit import jit


class PointTarget(NamedTuple):
    """A scatterer of its own.

    Attributes
    ----------
    position_m
        Earth-fixed.
    rcs_m2
        Radar cross-section.
    phase_rad
        Added to that of the way.
    """

    position_m: Vector
    rcs_m2: float = 1.0
    phase_rad: float = 0.0


class ClutterPatch(NamedTuple):
    """A piece of ground on the ellipsoid, bounded in image coordinates.

    Attributes
    ----------
    first_time_s, last_time_s
        Zero-Doppler time.
    near_m, far_m
        Slant range.
    sigma0
        Radar cross-section by ground area, linear.
    seed
        Same seed, same scatterers.
    time_step_s, range_step_m
        Size of a cell, no larger than what the processed bandwidths resolve (1 / B, and c / 2 B). Those given suit
        every swath; an IW scene may have cells of 2 ms.
    """

    first_time_s: float
    last_time_s: float
    near_m: float
    far_m: float
    sigma0: float
    seed: int = 0
    time_step_s: float = 5e-4
    range_step_m: float = 2.2


class Scene(NamedTuple):
    """All there is to see."""

    targets: tuple[PointTarget, ...] = ()
    clutter: tuple[ClutterPatch, ...] = ()


class Scatterers(NamedTuple):
    """Scatterers of a patch.

    Attributes
    ----------
    position_m
        float64 (n, 3), Earth-fixed; by zero-Doppler time, then range.
    time_s
        float64 (n,), zero-Doppler time.
    amplitude
        complex128 (n,), square root of the cross-section in metres, with phase.
    """

    position_m: NDArray[np.float64]
    time_s: NDArray[np.float64]
    amplitude: NDArray[np.complex128]


def point_target(
    orbit: SimulatedOrbit, time_s: float, slant_range_m: float, rcs_m2: float = 1.0, phase_rad: float = 0.0
) -> PointTarget:
    """Return a target on the ellipsoid at a zero-Doppler time and slant range.

    Raises
    ------
    ValueError
        If nothing is there.
    """
    x, y, z = place_at(orbit, time_s, slant_range_m).tolist()
    return PointTarget((x, y, z), rcs_m2, phase_rad)


def patch_truth(orbit: SimulatedOrbit, patch: ClutterPatch) -> dict[str, float]:
    """Return ground size (metres) and incidence angle (radians) in the middle of a patch."""
    time_s = 0.5 * (patch.first_time_s + patch.last_time_s)
    corners = [
        place_at(orbit, time, slant_range)
        for time, slant_range in (
            (time_s, patch.near_m),
            (time_s, patch.far_m),
            (patch.first_time_s, patch.near_m),
            (patch.last_time_s, patch.near_m),
        )
    ]
    middle = place_at(orbit, time_s, 0.5 * (patch.near_m + patch.far_m))
    return {
        "ground_range_m": float(np.linalg.norm(corners[1] - corners[0])),
        "azimuth_m": float(np.linalg.norm(corners[3] - corners[2])),
        "incidence_rad": view(orbit, middle, time_s).incidence_rad,
    }


def scatterers(orbit: SimulatedOrbit, patch: ClutterPatch) -> Scatterers:
    """Return the scatterers of a patch.

    Parameters
    ----------
    orbit
        The satellite's.
    patch
        Which ground; only whole cells of it are filled.

    Raises
    ------
    ValueError
        If the patch is empty, sigma0 is negative, or a part of it lies off the ellipsoid.
    """
    columns = int((patch.far_m - patch.near_m) / patch.range_step_m)
    rows = int((patch.last_time_s - patch.first_time_s) / patch.time_step_s)
    if columns < 1 or rows < 1 or not patch.sigma0 >= 0:
        raise ValueError(f"a clutter patch without extent or with sigma0 {patch.sigma0} cannot be simulated")
    times = np.asarray(patch.first_time_s + patch.time_step_s * (np.arange(rows) + 0.5), np.float64)
    ranges = np.asarray(patch.near_m + patch.range_step_m * (np.arange(columns) + 0.5), np.float64)
    places, areas = np.empty((rows, columns, 3)), np.empty((rows, columns))
    _lattice(orbit, (times, ranges), (patch.time_step_s, patch.range_step_m), places, areas)
    if not np.all(np.isfinite(areas)):
        raise ValueError(f"slant ranges {patch.near_m} m to {patch.far_m} m do not all reach the ellipsoid")
    rng = np.random.default_rng([patch.seed, 1])
    gauss = rng.standard_normal((rows, columns, 2)) @ np.array([1.0, 1j])
    amplitude = gauss * np.sqrt(0.5 * patch.sigma0 * areas)
    return Scatterers(places.reshape(-1, 3), np.repeat(times, columns), amplitude.reshape(-1))


def joined(parts: Sequence[Scatterers]) -> Scatterers:
    """Return the scatterers of several patches as one set; there is one patch at least."""
    position, time, amplitude = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Scatterers(position, time, amplitude)


def _lattice_body(
    orbit: SimulatedOrbit,
    axes: tuple[NDArray[np.float64], NDArray[np.float64]],
    steps: tuple[float, float],
    places: NDArray[np.float64],
    areas: NDArray[np.float64],
) -> None:
    """Fill in places (rows, columns, 3) and ground areas (rows, columns) of cells."""
    times, ranges = axes
    dt, dr = steps
    for i in range(times.size):
        for j in range(ranges.size):
            middle = place(orbit, times[i], ranges[j])
            later, farther = place(orbit, times[i] + dt, ranges[j]), place(orbit, times[i], ranges[j] + dr)
            a0, a1, a2 = later[0] - middle[0], later[1] - middle[1], later[2] - middle[2]
            b0, b1, b2 = farther[0] - middle[0], farther[1] - middle[1], farther[2] - middle[2]
            c0, c1, c2 = a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0
            areas[i, j] = np.sqrt(c0 * c0 + c1 * c1 + c2 * c2)
            places[i, j, 0], places[i, j, 1], places[i, j, 2] = middle


_lattice = jit(_lattice_body)
