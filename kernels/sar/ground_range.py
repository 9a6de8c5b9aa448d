"""Slant range to ground range and back, as polynomials, and where pixels of ground range lie in a slant-range image.

Source: Sentinel-1 Product Specification, S1-RS-MDA-52-7441, coordinateConversion: ground range is a polynomial of
slant range less `slant_origin_m`, slant range one of ground range less `ground_origin_m`.
"""

from typing import NamedTuple

import numpy as np
from numpy.polynomial import Polynomial, polynomial
from numpy.typing import ArrayLike, NDArray

from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid
from refsys.kernels.sar.multilook import Boxes

Float64 = NDArray[np.float64]


class GroundRange(NamedTuple):
    """Polynomials at one azimuth time; coefficients float64 (n,), constant term first, metres."""

    slant_origin_m: float
    slant_to_ground: Float64
    ground_origin_m: float
    ground_to_slant: Float64


def ground_range_m(conversion: GroundRange, slant_range_m: ArrayLike) -> Float64:
    """Return ground range, float64 of the shape given."""
    offset = np.asarray(slant_range_m, dtype=np.float64) - conversion.slant_origin_m
    return np.asarray(polynomial.polyval(offset, conversion.slant_to_ground))


def slant_range_m(conversion: GroundRange, ground_range: ArrayLike) -> Float64:
    """Return slant range, float64 of the shape given."""
    offset = np.asarray(ground_range, dtype=np.float64) - conversion.ground_origin_m
    return np.asarray(polynomial.polyval(offset, conversion.ground_to_slant))


def fit_ground_range(slant: ArrayLike, ground: ArrayLike, *, degree: int = 8) -> GroundRange:
    """Return the polynomials that fit points of a swath best.

    Parameters
    ----------
    slant, ground
        (n,), metres, both increasing, n above `degree`; origins are the first ones.
    degree
        Of both polynomials.

    Raises
    ------
    ValueError
        If the points are too few or do not increase.
    """
    slant_m, ground_m = np.asarray(slant, dtype=np.float64), np.asarray(ground, dtype=np.float64)
    if slant_m.ndim != 1 or slant_m.shape != ground_m.shape or slant_m.size <= degree:
        raise ValueError(f"{slant_m.shape} slant and {ground_m.shape} ground ranges do not fit degree {degree}")
    if not (np.all(np.diff(slant_m) > 0) and np.all(np.diff(ground_m) > 0)):
        raise ValueError("slant and ground ranges must increase")
    from_slant, from_ground = slant_m - slant_m[0], ground_m - ground_m[0]
    return GroundRange(
        float(slant_m[0]),
        _coefficients(from_slant, ground_m, degree),
        float(ground_m[0]),
        _coefficients(from_ground, slant_m, degree),
    )


def _coefficients(x: Float64, y: Float64, degree: int) -> Float64:
    # Fitted over -1 to 1, where powers of x differ enough; then expanded.
    fitted = Polynomial.fit(x, y, degree).convert().coef
    return np.asarray(np.pad(fitted, (0, degree + 1 - fitted.size)))


def distances_along_m(position_m: NDArray[np.float64]) -> Float64:
    """Return the length of the arc from the first of points to each, float64 (n,).

    Parameters
    ----------
    position_m
        float64 (n, 3), on a smooth surface about the origin such as the ellipsoid, close together.

    Raises
    ------
    ValueError
        If the shape is another.
    """
    if position_m.ndim != 2 or position_m.shape[1] != 3 or position_m.shape[0] < 1:
        raise ValueError(f"positions of shape {position_m.shape} are no points of a line")
    chord = np.linalg.norm(np.diff(position_m, axis=0), axis=1)
    radius = np.linalg.norm(position_m, axis=1)
    curved = 0.5 * (radius[1:] + radius[:-1])
    arc = 2 * curved * np.arcsin(np.clip(0.5 * chord / curved, 0, 1))
    return np.concatenate([[0.0], np.cumsum(arc)])


def ground_boxes(
    conversion: GroundRange, grid: ImageGrid, *, first_m: float, spacing_m: float, count: int, width_m: float
) -> Boxes:
    """Return where pixels of ground range lie in the samples of a slant-range image.

    Parameters
    ----------
    conversion
        Polynomials.
    grid
        Of the slant-range image.
    first_m, spacing_m, count
        Centres of the pixels, in ground range.
    width_m
        Of each pixel's average, in ground range; at least the spacing, for nothing to be left out.

    Raises
    ------
    ValueError
        If spacing or width are not positive, or ground range does not grow with slant range there.
    """
    if count < 0 or not (spacing_m > 0 and width_m > 0):
        raise ValueError(f"{count} pixels every {spacing_m} m, {width_m} m wide, do not exist")
    ground = first_m + spacing_m * np.arange(count)
    samples_per_m = 2 * grid.range_sampling_hz / LIGHT_SPEED_M_S
    first_slant_m = 0.5 * LIGHT_SPEED_M_S * grid.first_delay_s
    near, middle, far = (slant_range_m(conversion, ground + part * width_m) for part in (-0.5, 0.0, 0.5))
    if np.any(far <= near):
        raise ValueError("slant range does not grow with ground range: the polynomials are not for this swath")
    return Boxes((middle - first_slant_m) * samples_per_m, (far - near) * samples_per_m)
