"""Masks of areas, and how much sea a footprint shows.

A mask is an Earth Explorer file whose data block is a GeoJSON feature collection (RFC 7946). Its polygons are taken as
they are, flat in longitude and latitude between -180 and 180 degrees; footprints are cut at the antimeridian to fit.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from refsys.chains.safe_xml import parse_xml
from refsys.model.errors import InputCorrupt
from refsys.storage.footprints import planar


@dataclass(frozen=True)
class Mask:
    """Polygons of a mask file, without their holes."""

    polygons: tuple[BaseGeometry, ...]
    index: shapely.STRtree

    def meeting(self, shape: BaseGeometry) -> list[BaseGeometry]:
        """Return the polygons that a planar shape meets, edges included."""
        return [self.polygons[number] for number in self.index.query(shape, predicate="intersects")]


@lru_cache(maxsize=8)
def read_mask(path: Path) -> Mask:
    """Return the mask of an Earth Explorer file; it is read once.

    Raises
    ------
    InputMissing
        If there is no such file.
    InputCorrupt
        If it is no mask: no data block, no GeoJSON, or no polygon in it.
    """
    block = parse_xml(path).find("{*}Data_Block")
    if block is None or not (block.text or "").strip():
        raise InputCorrupt("a mask needs a Data_Block with GeoJSON", where=path)
    try:
        geometries = [feature["geometry"] for feature in json.loads(block.text or "")["features"]]
        polygons = [polygon for geometry in geometries for polygon in _polygons(geometry)]
    except (ValueError, KeyError, TypeError, IndexError, shapely.errors.GEOSException) as error:
        raise InputCorrupt(f"Data_Block is no GeoJSON feature collection: {error!r}", where=path) from error
    if not polygons:
        raise InputCorrupt("the mask has no polygon", where=path)
    return Mask(tuple(polygons), shapely.STRtree(polygons))


def _polygons(geometry: dict[str, Any] | None) -> list[BaseGeometry]:
    """Return the outer rings of a geometry as valid polygons; other geometries than polygons bound no area."""
    if geometry is None or geometry["type"] not in ("Polygon", "MultiPolygon"):
        return []
    given = geometry["coordinates"]
    outlines = [given[0]] if geometry["type"] == "Polygon" else [polygon[0] for polygon in given]
    made = [shapely.make_valid(shapely.Polygon(outline)) for outline in outlines]
    return [shape for shape in made if shape.area > 0]


def sea_coverage(footprint: dict[str, Any], land: Mask) -> int:
    """Return how much of a footprint is sea, in percent of its area in longitude and latitude, rounded.

    A footprint without area, such as the ground track of wave mode, has none: 0.

    Raises
    ------
    InputCorrupt
        If the footprint is no geometry.
    """
    shape = planar(footprint)
    if shape.area == 0:
        return 0
    on_land = shapely.intersection(shape, shapely.union_all(land.meeting(shape)))
    return 100 - round(100 * float(on_land.area) / float(shape.area))


def enough_sea(coverage_percent: int, least_percent: int) -> bool:
    """Return whether ocean products are made of what shows this much sea.

    Examples
    --------
    >>> [enough_sea(*given) for given in ((0, 0), (1, 0), (19, 20), (100, 100))]
    [False, True, False, True]
    """
    return coverage_percent == 100 or (coverage_percent > 0 and coverage_percent >= least_percent)


def meets(footprint: dict[str, Any], mask: Mask) -> bool:
    """Return whether a footprint meets an area of the mask, edges included (`InputCorrupt` for no geometry)."""
    return bool(mask.meeting(planar(footprint)))
