"""Chain S1-L1-GTC: detected images of Sentinel-1 to backscatter on a map, through a terrain model.

One unit, `s1-l1-gtc.geocode`: for each polarisation a cloud-optimised GeoTIFF of sigma0 on the grid of the terrain
model. Each cell is looked for in the image by the zero-Doppler condition at its height; see
`refsys.kernels.sar.geocoding`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, JsonValue

from refsys.chains.sentinel1.l1_gtc_terrain import MapWindow, Terrain, open_terrain
from refsys.chains.sentinel1.safe.annotation import Annotation
from refsys.chains.sentinel1.safe.reading import PixelRows, ProductImage, open_pixels, product_images
from refsys.chains.units import ProductDraft, UnitContext, UnitOutcome, unit
from refsys.kernels.sar.calibration import calibrate
from refsys.kernels.sar.geocoding import Places, places_in_ground_range, sample_image, see_terrain
from refsys.kernels.sar.ground_range import GroundRange
from refsys.kernels.sar.orbit import Orbit
from refsys.kernels.sar.tiepoints import TiePoints, join_vectors
from refsys.model.errors import InputCorrupt
from refsys.model.names_s1 import S1ProductName
from refsys.model.products import Quality
from refsys.model.values import Value
from refsys.storage.cog import MapGrid, cog_rows

_ROWS, _COLUMNS = 256, 1024
"""Cells done at once: the piece of the image that they show is what memory must hold."""

_MARGIN_DEG = 0.02
"""Around the image's corners on the ellipsoid: terrain shifts its edges."""


class GeocodeParameters(Value):
    """Parameters of `s1-l1-gtc.geocode`."""

    quantity: Literal["sigma0", "beta0", "gamma0"] = Field("sigma0", description="What the pixels are, linear.")
    method: Literal["bilinear", "cubic"] = Field("bilinear", description="Between pixels of the image.")
    least_covered: float = Field(
        0.95, ge=0, le=1, description="Part of the image with heights; below it the product is degraded."
    )


class _Geometry(NamedTuple):
    """How the image was seen; times since its first second."""

    orbit: Orbit
    conversion_times_s: NDArray[np.float64]
    conversions: tuple[GroundRange, ...]
    first_time_s: float
    line_interval_s: float
    spacing_m: float


@unit("s1-l1-gtc.geocode", version="1", parameters=GeocodeParameters)
def geocode(context: UnitContext, parameters: GeocodeParameters) -> UnitOutcome:
    """Write the map of each polarisation."""
    source = context.input("image")
    images = product_images(source.folder)
    tiles = [tile.path(".tif") for tile in context.inputs["dem"]]
    name = f"{Path(source.ref.name).stem.replace('_GRD', '_GTC')}_{context.step.key[:4].upper()}"
    shares = {}
    with open_terrain(tiles) as terrain:
        for number, image in enumerate(images, 1):
            annotation = image.read_annotation()
            polarisation = annotation.header.polarisation
            path = context.out / name / f"{parameters.quantity}-{polarisation.lower()}.tif"
            shares[polarisation] = _write_map(path, image, annotation, terrain, parameters)
            context.progress(number / len(images), f"{polarisation} geocoded")
    reasons: list[JsonValue] = ["input is degraded"] if source.ref.quality is Quality.DEGRADED else []
    reasons += [
        f"{polarisation}: heights for {share:.1%} of the image, {parameters.least_covered:.1%} must be"
        for polarisation, share in shares.items()
        if share < parameters.least_covered
    ]
    header = images[0].read_annotation().header
    draft = ProductDraft(
        name=name,
        product_type=f"{S1ProductName.parse(source.ref.name).beam}_GTCH_1S",
        mission="S1",
        satellite=header.mission[2],
        start=header.start,
        stop=header.stop,
        creation_time=context.creation_time,
        quality=Quality.DEGRADED if reasons else Quality.NOMINAL,
        figures={
            "quantity": parameters.quantity,
            "polarisations": list(shares),
            "heights_known": {polarisation: round(share, 6) for polarisation, share in shares.items()},
            "degraded_because": reasons,
        },
        volatile=context.volatile(name),
    )
    return UnitOutcome(products=(draft,), figures=draft.figures)


def _write_map(
    path: Path, image: ProductImage, annotation: Annotation, terrain: Terrain, parameters: GeocodeParameters
) -> float:
    """Write one polarisation; return which part of the cells that show the image has a height."""
    geometry, window = _geometry(annotation, image.annotation), _window(annotation, terrain)
    table = _table(image, parameters.quantity)
    grid = MapGrid("EPSG:4326", window.west_deg, window.north_deg, window.step_east_deg, window.step_south_deg)
    known = cells = 0
    with (
        open_pixels(image.measurement) as pixels,
        cog_rows(path, shape=(window.rows, window.columns), dtype=np.float32, grid=grid, nodata=np.nan) as out,
    ):
        for first, rows in _pieces(window.rows, _ROWS):
            block = np.full((rows, window.columns), np.nan, np.float32)
            for left, columns in _pieces(window.columns, _COLUMNS):
                part = window.part(first, rows, left, columns)
                heights = terrain.heights_m(part)
                # At height 0 where there is none, so that it shows which cells of the image have no height.
                places = _places(geometry, part, np.nan_to_num(heights, nan=0.0))
                values = _values(pixels, table, places, parameters.method)
                cells, known = cells + _seen(values), known + _seen(values[np.isfinite(heights)])
                block[:, left : left + columns] = np.where(np.isfinite(heights), values, np.float32(np.nan))
            out.write(block)
    return known / cells if cells else 0.0


def _seen(values: NDArray[np.float32]) -> int:
    return int(np.count_nonzero(np.isfinite(values)))


def _pieces(size: int, step: int) -> Iterator[tuple[int, int]]:
    yield from ((first, min(step, size - first)) for first in range(0, size, step))


def _geometry(annotation: Annotation, where: Path) -> _Geometry:
    if not annotation.conversions:
        raise InputCorrupt("the image has no conversion from slant to ground range", where=where)
    epoch = annotation.header.start.replace(microsecond=0)
    return _Geometry(
        annotation.orbit.orbit(epoch),
        np.array([(said.time - epoch).total_seconds() for said in annotation.conversions]),
        tuple(GroundRange(said.sr0_m, said.srgr, said.gr0_m, said.grsr) for said in annotation.conversions),
        (annotation.image.first_line - epoch).total_seconds(),
        annotation.image.line_interval_s,
        annotation.image.range_spacing_m,
    )


def _window(annotation: Annotation, terrain: Terrain) -> MapWindow:
    latitude, longitude = annotation.grid.latitude_deg, annotation.grid.longitude_deg
    if np.ptp(longitude) > 180:
        raise InputCorrupt("the image crosses the antimeridian, where a map in degrees is torn")
    return terrain.window_over(
        float(latitude.min()) - _MARGIN_DEG, float(latitude.max()) + _MARGIN_DEG,
        float(longitude.min()) - _MARGIN_DEG, float(longitude.max()) + _MARGIN_DEG,
    )  # fmt: skip


def _table(image: ProductImage, quantity: str) -> TiePoints:
    column = {"sigma0": "sigma_nought", "beta0": "beta_nought", "gamma0": "gamma"}[quantity]
    vectors = image.read_calibration().vectors
    return join_vectors(
        [vector.line for vector in vectors],
        [vector.pixel.astype(np.float64) for vector in vectors],
        [getattr(vector, column) for vector in vectors],
    )


def _places(geometry: _Geometry, part: MapWindow, heights_m: NDArray[np.float64]) -> Places:
    seen = see_terrain(geometry.orbit, *part.centres(), heights_m)
    return places_in_ground_range(
        seen,
        geometry.conversion_times_s,
        geometry.conversions,
        first_time_s=geometry.first_time_s,
        line_interval_s=geometry.line_interval_s,
        first_m=0.0,
        spacing_m=geometry.spacing_m,
    )


def _values(
    pixels: PixelRows, table: TiePoints, places: Places, method: Literal["bilinear", "cubic"]
) -> NDArray[np.float32]:
    """Return backscatter at places, reading only the piece of the image around them."""
    line, sample = places
    inside = (line >= 0) & (line <= pixels.lines - 1) & (sample >= 0) & (sample <= pixels.samples - 1)
    if not inside.any():
        return np.full(line.shape, np.nan, np.float32)
    first, last = (int(edge) for edge in (line[inside].min() - 2, line[inside].max() + 3))
    left, right = (int(edge) for edge in (sample[inside].min() - 2, sample[inside].max() + 3))
    first, left = max(first, 0), max(left, 0)
    lines, samples = min(last, pixels.lines - 1) - first + 1, min(right, pixels.samples - 1) - left + 1
    piece = calibrate(pixels.read(first, lines, left, samples), table, first_line=first, first_sample=left)
    return sample_image(piece, Places(line - first, sample - left), method=method)
