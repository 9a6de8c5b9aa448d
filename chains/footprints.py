"""Footprints of products as GeoJSON: cut at the antimeridian, led over poles, repaired where they cross themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import ArrayLike
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from refsys.model.errors import InputCorrupt
from refsys.storage.footprints import planar

_MOST_POINTS = 16
_DIGITS = 9


def polygon_footprint(positions: Sequence[tuple[float, float]]) -> dict[str, Any] | None:
    """Return the footprint inside a ring, as a Polygon or MultiPolygon; None if nothing is.

    Parameters
    ----------
    positions
        Longitude and latitude in degrees, either way round, closed or not. Of two ways between neighbours the shorter
        is taken, so that a ring may cross the antimeridian; one that goes round a pole covers it.

    Returns
    -------
    GeoJSON, outer rings counter-clockwise, longitudes -180 to 180 (RFC 7946, sections 3.1.6 and 3.1.9). Of a ring that
    crosses itself all loops count.

    Raises
    ------
    InputCorrupt
        If the positions are no ring on the globe.

    Examples
    --------
    >>> [len(part) for part in polygon_footprint([(170, 0), (-170, 0), (-170, 5), (170, 5)])["coordinates"]]
    [1, 1]
    """
    ring = list(positions)
    if ring and ring[0] != ring[-1]:
        ring.append(ring[0])
    shape = planar({"type": "Polygon", "coordinates": [ring]})
    found = _geojson(shape, _DIGITS)
    if found is not None and not shapely.geometry.shape(found).is_valid:
        found = _geojson(shape, None)  # slivers may fold up when rounded
    return found


def _geojson(shape: BaseGeometry, digits: int | None) -> dict[str, Any] | None:
    """Return the areas of a shape, to so many digits or to all; None if it has none."""
    parts = [orient(part) for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon)]
    rings = [[_ring(ring, digits) for ring in (part.exterior, *part.interiors)] for part in parts]
    areas = [[outer, *(hole for hole in holes if len(hole) > 3)] for outer, *holes in rings if len(outer) > 3]
    if len(areas) == 1:
        return {"type": "Polygon", "coordinates": areas[0]}
    return {"type": "MultiPolygon", "coordinates": areas} if areas else None


def _ring(ring: shapely.LinearRing, digits: int | None) -> list[list[float]]:
    """Return the positions of a ring; what is the same position twice in a row when rounded is there once."""
    if digits is None:
        return [[x, y] for x, y in ring.coords]
    return [position for position, _ in groupby(_rounded(position) for position in ring.coords)]


@dataclass(frozen=True)
class GivenFootprint:
    """What became of a footprint that metadata gave."""

    geometry: dict[str, Any] | None
    """GeoJSON; None for an unrepairable one."""
    state: Literal["given", "repaired", "unrepairable"]
    """`repaired` if it is not what was given: cut at the antimeridian, led over a pole, loops taken apart."""


def given_footprint(positions: Sequence[tuple[float, float]]) -> GivenFootprint:
    """Return the footprint that metadata mean: a ring, or a line if there are but two positions.

    Parameters
    ----------
    positions
        Longitude and latitude in degrees, either way round, closed or not.

    Returns
    -------
    As `polygon_footprint`; a ring without an area is unrepairable.

    Raises
    ------
    InputCorrupt
        If a position is not on the globe, or there are fewer than two.

    Examples
    --------
    >>> given_footprint([(0, 0), (2, 0), (2, 2), (0, 2)]).state, given_footprint([(0, 0), (1, 1), (2, 2)]).state
    ('given', 'unrepairable')
    """
    if len(positions) < 2:
        raise InputCorrupt(f"{len(positions)} positions are no outline")
    for longitude, latitude in positions:
        if not (-540 <= longitude <= 540 and -90 <= latitude <= 90):
            raise InputCorrupt(f"position {longitude}, {latitude} is not on the globe")
    open_end = [*positions[:-1]] if len(positions) > 2 and positions[0] == positions[-1] else [*positions]
    try:
        geometry = _line(open_end) if len(open_end) == 2 else polygon_footprint(open_end)
    except InputCorrupt:
        geometry = None
    if geometry is None:
        return GivenFootprint(None, "unrepairable")
    return GivenFootprint(geometry, "given" if _is_as_given(geometry, open_end) else "repaired")


def _line(positions: Sequence[tuple[float, float]]) -> dict[str, Any] | None:
    shape = planar({"type": "LineString", "coordinates": positions})
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, shapely.LineString) and part.length > 0]
    lines = [[_rounded(position) for position in part.coords] for part in parts]
    if len(lines) == 1:
        return {"type": "LineString", "coordinates": lines[0]}
    return {"type": "MultiLineString", "coordinates": lines} if lines else None


def _is_as_given(geometry: dict[str, Any], positions: Sequence[tuple[float, float]]) -> bool:
    if geometry["type"].startswith("Multi"):
        return False
    places = geometry["coordinates"] if geometry["type"] == "LineString" else geometry["coordinates"][0]
    return {tuple(place) for place in places} == {tuple(_rounded(position)) for position in positions}


def grid_footprint(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> dict[str, Any] | None:
    """Return the footprint of an image from the places of a grid over it, along its four edges.

    Parameters
    ----------
    longitude_deg, latitude_deg
        (m, n), m and n of 2 or more, first and last rows and columns on the edges of the image. At most 16 points of
        each edge are used.

    Raises
    ------
    InputCorrupt
        If the shapes do not fit or a place is not on the globe.
    """
    longitude, latitude = np.asarray(longitude_deg, dtype=np.float64), np.asarray(latitude_deg, dtype=np.float64)
    if longitude.ndim != 2 or longitude.shape != latitude.shape or min(longitude.shape) < 2:
        raise InputCorrupt(f"places of shapes {longitude.shape} and {latitude.shape} have no outline")
    down, across = (_some(size) for size in longitude.shape)
    bottom, right = longitude.shape[0] - 1, longitude.shape[1] - 1
    outline = [
        *((0, int(j)) for j in across[:-1]),
        *((int(i), right) for i in down[:-1]),
        *((bottom, int(j)) for j in across[:0:-1]),
        *((int(i), 0) for i in down[:0:-1]),
    ]
    return polygon_footprint([(float(longitude[at]), float(latitude[at])) for at in outline])


def _some(size: int) -> np.ndarray:
    return np.unique(np.rint(np.linspace(0, size - 1, min(size, _MOST_POINTS))).astype(np.int64))


def _rounded(position: tuple[float, ...]) -> list[float]:
    """Return a position without the rounding errors of shifting its longitude by whole turns."""
    return [round(value, _DIGITS) for value in position]
