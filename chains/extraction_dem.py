"""Tiles of a terrain model: GeoTIFF files of heights on a grid in degrees, known by the end of their name.

Source: Copernicus DEM Product Handbook GEO.2018-1988-2, naming of tiles (`Copernicus_DSM_COG_10_N45_00_E010_00_DEM`).
"""

from datetime import UTC, datetime
from pathlib import Path

import rasterio

from refsys.chains.extraction_manifests import OPEN_END
from refsys.chains.units import ProductDraft
from refsys.model.errors import InputCorrupt

_ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
"""A terrain model says neither from when it is valid nor when it was made; one date for all keeps runs the same."""


def dem_draft(path: Path) -> ProductDraft:
    """Return the draft of a tile, type `AUX_DEM`, valid for all satellites and times.

    Raises
    ------
    InputCorrupt
        If the name does not end with `_DEM.tif`, or the file is no raster in degrees.
    """
    if not path.stem.endswith("_DEM"):
        raise InputCorrupt("a GeoTIFF is taken as terrain model only", where=path, hint="name it ..._DEM.tif")
    try:
        with rasterio.open(path) as tile:
            geographic = tile.crs is not None and tile.crs.is_geographic
            west, south, east, north = tile.bounds
            shape = tile.count, tile.height, tile.width
    except rasterio.errors.RasterioIOError as error:
        raise InputCorrupt(f"no raster: {error}", where=path) from error
    if not geographic or shape[0] != 1:
        raise InputCorrupt("a terrain model is one band of heights on a grid in degrees", where=path)
    corners = [(west, south), (east, south), (east, north), (west, north)]
    return ProductDraft(
        name=path.name,
        product_type="AUX_DEM",
        mission="S1",
        satellite="_",
        start=_ALWAYS,
        stop=OPEN_END,
        creation_time=_ALWAYS,
        footprint={"type": "Polygon", "coordinates": [[list(corner) for corner in (*corners, corners[0])]]},
        figures={"rows": shape[1], "columns": shape[2]},
    )
