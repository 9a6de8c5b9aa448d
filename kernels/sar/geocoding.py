"""Terrain geocoding: where each cell of a map lies in an image, through the height of a terrain model, and its value.

Source: A. Schubert et al., The Influence of Tropospheric Path Delay on TerraSAR-X Geolocation (2010), and E. Meier,
U. Frei, D. Nuesch, Precise Terrain Corrected Geocoded Images, in SAR Geocoding (ed. G. Schreier, 1993): backward
geocoding by the zero-Doppler condition.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import map_coordinates

from refsys.kernels.jit import jit
from refsys.kernels.sar.ellipsoid import to_cartesian
from refsys.kernels.sar.geometry import ZeroDoppler, zero_doppler
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid
from refsys.kernels.sar.ground_range import GroundRange, ground_range_m
from refsys.kernels.sar.orbit import Orbit

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_LAYER_M = 400.0
"""Distance of height layers: range bends by less than 3 cm between two."""


class Places(NamedTuple):
    """Positions in an image in lines and samples, fractions included; float64 of one shape, NaN where unknown."""

    line: Float64
    sample: Float64


def see_terrain(
    orbit: Orbit, latitude_deg: ArrayLike, longitude_deg: ArrayLike, height_m: ArrayLike, *, step: int = 16
) -> ZeroDoppler:
    """Return zero-Doppler time and slant range of the cells of a map block.

    They are solved at every `step`-th cell on layers of height and interpolated in between; over 500 m and 400 m of
    height that is good to centimetres. A step of 1 solves every cell.

    Parameters
    ----------
    orbit
        State vectors around the passage.
    latitude_deg, longitude_deg
        float64 (rows, columns), smooth; of the cells of one block.
    height_m
        (rows, columns), above the ellipsoid; NaN where the terrain model has none.
    step
        Cells between those that are solved, 1 or more.

    Returns
    -------
    ZeroDoppler
        float64 (rows, columns) each; NaN where the height is.

    Raises
    ------
    ValueError
        If shapes do not fit, or a cell has no zero-Doppler time within the orbit.
    """
    latitude, longitude, height = (np.asarray(p, dtype=np.float64) for p in (latitude_deg, longitude_deg, height_m))
    if latitude.ndim != 2 or latitude.shape != longitude.shape or latitude.shape != height.shape or step < 1:
        raise ValueError(f"cells of shapes {latitude.shape}, {longitude.shape}, {height.shape}, step {step} do not fit")
    known = np.isfinite(height)
    time, distance = np.full(height.shape, np.nan), np.full(height.shape, np.nan)
    if not known.any():
        return ZeroDoppler(time, distance)
    if step == 1:
        seen = zero_doppler(orbit, to_cartesian(latitude[known], longitude[known], height[known]))
        time[known], distance[known] = seen
        return ZeroDoppler(time, distance)
    rows, columns = (_nodes(size, step) for size in height.shape)
    low, high = float(height[known].min()), float(height[known].max())
    layers = np.linspace(low, max(high, low + 1.0), 2 + int((high - low) / _LAYER_M))
    mesh = np.ix_(rows, columns)
    points = to_cartesian(latitude[mesh][..., None], longitude[mesh][..., None], layers)
    solved = zero_doppler(orbit, points.reshape(-1, 3))
    row, column = np.nonzero(known)
    at = (
        np.interp(row, rows, np.arange(rows.size)),
        np.interp(column, columns, np.arange(columns.size)),
        (height[known] - low) / (layers[1] - layers[0]),
    )
    for target, nodes in ((time, solved.time_s), (distance, solved.slant_range_m)):
        target[known] = map_coordinates(nodes.reshape(points.shape[:-1]), at, order=1, mode="nearest")
    return ZeroDoppler(time, distance)


def _nodes(size: int, step: int) -> NDArray[np.int64]:
    return np.unique(np.append(np.arange(0, size, step), size - 1))


def places_in_slant_range(seen: ZeroDoppler, grid: ImageGrid) -> Places:
    """Return where cells lie in a slant-range image."""
    delay = 2 * seen.slant_range_m / LIGHT_SPEED_M_S
    return Places(
        (seen.time_s - grid.first_time_s) / grid.line_interval_s,
        (delay - grid.first_delay_s) * grid.range_sampling_hz,
    )


def places_in_ground_range(
    seen: ZeroDoppler,
    conversion_time_s: ArrayLike,
    conversions: Sequence[GroundRange],
    *,
    first_time_s: float,
    line_interval_s: float,
    first_m: float,
    spacing_m: float,
) -> Places:
    """Return where cells lie in a ground-range image.

    Parameters
    ----------
    seen
        From `see_terrain`, times of the epoch of `first_time_s`.
    conversion_time_s
        (n,), increasing: when each conversion holds; linear in between, held beyond the ends.
    conversions
        n polynomials.
    first_time_s, line_interval_s
        Of the image's lines.
    first_m, spacing_m
        Ground range of its samples.

    Raises
    ------
    ValueError
        If there are no conversions, or not as many as times, or these do not increase.
    """
    times = np.asarray(conversion_time_s, dtype=np.float64)
    if times.ndim != 1 or times.size != len(conversions) or not times.size or np.any(np.diff(times) <= 0):
        raise ValueError(f"{len(conversions)} conversions and times of shape {times.shape} do not fit")
    index = np.interp(seen.time_s, times, np.arange(times.size))
    ground = np.zeros(np.shape(index))
    for k, conversion in enumerate(conversions):
        weight = 1 - np.abs(index - k)
        near = weight > 0
        ground[near] += weight[near] * ground_range_m(conversion, seen.slant_range_m[near])
    ground[np.isnan(index)] = np.nan
    return Places((seen.time_s - first_time_s) / line_interval_s, (ground - first_m) / spacing_m)


def sample_image(image: NDArray[Any], places: Places, *, method: Literal["bilinear", "cubic"] = "bilinear") -> Float32:
    """Return the values of an image at places.

    Parameters
    ----------
    image
        float32 (lines, samples); a piece of it will do, if the places are counted in the piece.
    places
        Positions of any shape.
    method
        "bilinear", or "cubic" (Keys 1981, a = -1/2), which may overshoot at bright targets.

    Returns
    -------
    ndarray
        float32 of the shape of the places; NaN where they leave the image, or a pixel that is needed is NaN.

    Raises
    ------
    ValueError
        If image, places or method are malformed.
    """
    if image.ndim != 2 or image.dtype != np.float32 or method not in ("bilinear", "cubic"):
        raise ValueError(f"cannot sample {image.dtype} {image.shape} by {method!r}")
    line, sample = np.asarray(places.line, dtype=np.float64), np.asarray(places.sample, dtype=np.float64)
    if line.shape != sample.shape:
        raise ValueError(f"lines {line.shape} and samples {sample.shape} are no places")
    out = np.full(line.shape, np.nan, dtype=np.float32)
    _sample(image, line.ravel(), sample.ravel(), method == "cubic", out.reshape(-1))
    return out


def _keys_body(t: float, weight: Float64) -> None:
    for k in range(4):
        d = abs(k - 1 - t)
        weight[k] = (1.5 * d - 2.5) * d * d + 1 if d <= 1 else ((-0.5 * d + 2.5) * d - 4) * d + 2


def _linear_body(t: float, weight: Float64) -> None:
    weight[0], weight[1], weight[2], weight[3] = 0.0, 1 - t, t, 0.0


def _sample_body(image: Float32, line: Float64, sample: Float64, cubic: bool, out: Float32) -> None:
    lines, samples = image.shape
    a, r = np.empty(4), np.empty(4)
    for p in range(out.size):
        if not (0 <= line[p] <= lines - 1 and 0 <= sample[p] <= samples - 1):
            continue
        i, j = int(line[p]), int(sample[p])
        if cubic:
            _keys(line[p] - i, a)
            _keys(sample[p] - j, r)
        else:
            _linear(line[p] - i, a)
            _linear(sample[p] - j, r)
        total = 0.0
        for m in range(4):
            for n in range(4):
                if a[m] != 0 and r[n] != 0:
                    # At an edge its own pixels stand for those beyond.
                    row, column = min(max(i + m - 1, 0), lines - 1), min(max(j + n - 1, 0), samples - 1)
                    total += a[m] * r[n] * image[row, column]
        out[p] = np.float32(total)


_keys = jit(_keys_body)
_linear = jit(_linear_body)
_sample = jit(_sample_body)
