"""Points on and above the WGS84 ellipsoid: Earth-fixed Cartesian and geodetic.

Source: B. Bowring, Transformation from spatial to geographical coordinates (Survey Review 181, 1976), iterated.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

SEMI_MAJOR_M = 6_378_137.0
SEMI_MINOR_M = 6_356_752.314245179
"""From the flattening 1 / 298.257223563."""

_FIRST_ECCENTRICITY2 = 1 - (SEMI_MINOR_M / SEMI_MAJOR_M) ** 2
_SECOND_ECCENTRICITY2 = (SEMI_MAJOR_M / SEMI_MINOR_M) ** 2 - 1
_ITERATIONS = 4
"""Each gains about five digits below 1000 km of height."""


class Geodetic(NamedTuple):
    """Places by geodetic coordinates, arrays of one shape.

    Attributes
    ----------
    latitude_deg
        -90 to 90.
    longitude_deg
        -180 to 180.
    height_m
        Above the ellipsoid.
    """

    latitude_deg: NDArray[np.float64]
    longitude_deg: NDArray[np.float64]
    height_m: NDArray[np.float64]


def to_cartesian(latitude_deg: ArrayLike, longitude_deg: ArrayLike, height_m: ArrayLike) -> NDArray[np.float64]:
    """Return Earth-fixed positions in metres, float64 (..., 3), of geodetic coordinates that broadcast.

    Raises
    ------
    ValueError
        If a latitude lies outside -90 to 90 degrees or anything is not finite.
    """
    latitude, longitude, height = np.broadcast_arrays(
        *(np.asarray(given, dtype=np.float64) for given in (latitude_deg, longitude_deg, height_m))
    )
    if not (np.all(np.isfinite(longitude)) and np.all(np.isfinite(height)) and np.all(np.abs(latitude) <= 90)):
        raise ValueError("geodetic coordinates that are not finite, or a latitude outside -90 to 90 degrees")
    sine, cosine = np.sin(np.radians(latitude)), np.cos(np.radians(latitude))
    curvature = SEMI_MAJOR_M / np.sqrt(1 - _FIRST_ECCENTRICITY2 * sine**2)
    equatorial = (curvature + height) * cosine
    polar = (curvature * (1 - _FIRST_ECCENTRICITY2) + height) * sine
    east, north = np.cos(np.radians(longitude)), np.sin(np.radians(longitude))
    return np.stack([equatorial * east, equatorial * north, polar], axis=-1)


def to_geodetic(position_m: ArrayLike) -> Geodetic:
    """Return geodetic coordinates of Earth-fixed positions, float64 (..., 3).

    To 1e-9 degrees and 1e-6 m from 100 km below the ellipsoid to 2000 km above it, poles and antimeridian included.

    Raises
    ------
    ValueError
        If the last axis is not 3, or a position is not finite or nearer than 5000 km to the Earth's centre.
    """
    position = np.asarray(position_m, dtype=np.float64)
    if position.shape[-1:] != (3,):
        raise ValueError(f"positions of shape {position.shape} have no axis of three coordinates at the end")
    if not np.all(np.linalg.norm(position, axis=-1) > 5e6) or not np.all(np.isfinite(position)):
        raise ValueError("a position is not finite, or deep inside the Earth")
    equatorial, polar = np.hypot(position[..., 0], position[..., 1]), position[..., 2]
    reduced = np.arctan2(polar * SEMI_MAJOR_M, equatorial * SEMI_MINOR_M)
    for _ in range(_ITERATIONS):
        latitude = np.arctan2(
            polar + _SECOND_ECCENTRICITY2 * SEMI_MINOR_M * np.sin(reduced) ** 3,
            equatorial - _FIRST_ECCENTRICITY2 * SEMI_MAJOR_M * np.cos(reduced) ** 3,
        )
        reduced = np.arctan2(SEMI_MINOR_M * np.sin(latitude), SEMI_MAJOR_M * np.cos(latitude))
    # Of the two usual forms of the height this one holds at the poles and at the equator alike.
    root = np.sqrt(1 - _FIRST_ECCENTRICITY2 * np.sin(latitude) ** 2)
    height = equatorial * np.cos(latitude) + polar * np.sin(latitude) - SEMI_MAJOR_M * root
    return Geodetic(np.degrees(latitude), np.degrees(np.arctan2(position[..., 1], position[..., 0])), height)


def vertical(position_m: ArrayLike) -> NDArray[np.float64]:
    """Return the unit normals of the ellipsoid, outwards, at Earth-fixed positions, float64 (..., 3).

    Raises
    ------
    ValueError
        As `to_geodetic`.
    """
    geodetic = to_geodetic(position_m)
    latitude, longitude = np.radians(geodetic.latitude_deg), np.radians(geodetic.longitude_deg)
    level = np.cos(latitude)
    return np.stack([level * np.cos(longitude), level * np.sin(longitude), np.sin(latitude)], axis=-1)
