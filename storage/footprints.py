"""Footprints on the globe: what an index stores of them, and whether two of them meet.

A footprint is a GeoJSON geometry (RFC 7946, positions as longitude and latitude in degrees on WGS 84). Edges are taken
as straight in longitude and latitude, as GeoJSON defines them. One that crosses the antimeridian may be given whole,
with a jump in longitude or longitudes beyond 180, or already cut in two; one that goes round a pole covers it.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from refsys.model.errors import InputCorrupt

Position = tuple[float, float]


class Box(NamedTuple):
    """Bounds in degrees that do not cross the antimeridian, edges included."""

    west: float
    east: float
    south: float
    north: float


def boxes_around(footprint: dict[str, Any]) -> list[Box]:
    """Return one box around a footprint; two, one per hemisphere, if a single one would go round half of the globe.

    Raises
    ------
    InputCorrupt
        The footprint is no GeoJSON geometry, or empty.
    """
    shape = planar(footprint)
    west, south, east, north = shape.bounds
    if east - west <= 180:
        return [Box(west, east, south, north)]
    halves = [shapely.intersection(shape, shapely.box(*half)) for half in ((-180, -90, 0, 90), (0, -90, 180, 90))]
    bounds = [half.bounds for half in halves if not half.is_empty]
    return [Box(west, east, south, north) for west, south, east, north in bounds]


def planar(footprint: dict[str, Any]) -> BaseGeometry:
    """Return a footprint as a valid geometry cut at the antimeridian, longitudes -180 to 180; raises `InputCorrupt`.

    What touches the antimeridian lies on both sides of it, so that two footprints meet if their planar forms do.
    """
    try:
        shape = shapely.union_all([_wrapped(part) for part in _parts(footprint)])
    except (KeyError, TypeError, ValueError, IndexError, shapely.errors.GEOSException) as error:
        raise InputCorrupt(f"not a GeoJSON geometry: {error!r}", where=str(footprint)[:200]) from error
    if shape.is_empty:
        raise InputCorrupt("the footprint is empty", where=str(footprint)[:200], hint="give none instead")
    return shape


def _parts(geometry: dict[str, Any]) -> list[BaseGeometry]:
    """Return the simple geometries, longitudes unwrapped so that none jumps; they may lie beyond 180 degrees."""
    kind = str(geometry["type"])
    if kind == "GeometryCollection":
        return [part for member in geometry["geometries"] for part in _parts(member)]
    positions = geometry["coordinates"]
    if kind.startswith("Multi"):
        return [part for member in positions for part in _parts({"type": kind[5:], "coordinates": member})]
    if kind == "Point":
        return [shapely.Point(_checked([positions])[0])]
    if kind == "LineString":
        return [shapely.LineString(_unwrapped(positions))]
    if kind == "Polygon":
        return [_polygon(positions)]
    raise ValueError(f"type {kind!r}")


def _polygon(rings: Sequence[Sequence[Sequence[float]]]) -> BaseGeometry:
    outer, *holes = (shapely.make_valid(shapely.Polygon(_closed_over_pole(_unwrapped(ring)))) for ring in rings)
    middle = outer.centroid.x
    for hole in holes:
        turns = round((middle - hole.centroid.x) / 360)
        outer = outer.difference(affinity.translate(hole, xoff=360 * turns))
    return outer


def _closed_over_pole(ring: list[Position]) -> list[Position]:
    """Lead a ring that comes back a whole turn away, and so goes round a pole, over that pole."""
    if abs(ring[-1][0] - ring[0][0]) < 180:
        return ring
    pole = 90.0 if sum(latitude for _, latitude in ring) > 0 else -90.0
    return [*ring, (ring[-1][0], pole), (ring[0][0], pole)]


def _unwrapped(positions: Iterable[Sequence[float]]) -> list[Position]:
    """Return positions in which no step is longer than half a turn, by adding whole turns to the longitudes."""
    checked = _checked(positions)
    if all(abs(longitude) == 180 for longitude, _ in checked):
        return checked  # a band round the whole globe; anything else on this meridian alone would have no width
    unwrapped = checked[:1]
    for (before, _), (longitude, latitude) in pairwise(checked):
        step = longitude - before
        if abs(step) > 180:  # an edge of exactly half a turn keeps the direction in which it was written
            step = (step + 180) % 360 - 180
        unwrapped.append((unwrapped[-1][0] + step, latitude))
    return unwrapped


def _checked(positions: Iterable[Sequence[float]]) -> list[Position]:
    checked = [(float(position[0]), float(position[1])) for position in positions]
    for longitude, latitude in checked:
        if not (-540 <= longitude <= 540 and -90 <= latitude <= 90):
            raise ValueError(f"position {longitude}, {latitude} is not on the globe")
    return checked


def _wrapped(shape: BaseGeometry) -> BaseGeometry:
    """Return a shape of any longitudes cut into turns, each moved back to -180 to 180."""
    west, _, east, _ = shape.bounds
    turns = range(math.ceil((west - 180) / 360), math.floor((east + 180) / 360) + 1)
    if turns == range(1):
        return shape
    moved = [affinity.translate(shape, xoff=-360 * turn) for turn in turns]
    return shapely.union_all([shapely.intersection(part, shapely.box(-180, -90, 180, 90)) for part in moved])
