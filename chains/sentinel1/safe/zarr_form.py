"""The Zarr form of a Sentinel-1 Level-1 product: format 3, a group for each image, readable by `xarray.open_zarr`.

Groups and variables have the names of the Copernicus EOPF products where these have one: `measurements`,
`conditions/...` and `quality/...` below a group for each swath and polarisation. Everything is taken from the SAFE
product, so that both forms say the same.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec

from refsys.chains.sentinel1.safe.annotation import Annotation
from refsys.chains.sentinel1.safe.annotation_series import GeolocationGrid
from refsys.chains.sentinel1.safe.calibration import Calibration, Noise
from refsys.chains.sentinel1.safe.reading import (
    PixelRows,
    ProductImage,
    open_pixels,
    product_images,
    read_level1_manifest,
)
from refsys.chains.sentinel1.safe.xml_kinds import utc_ns
from refsys.model.times import format_time

_CHUNK = (512, 2048)
_TIME = {"units": "nanoseconds since 1970-01-01", "calendar": "proleptic_gregorian"}


def write_zarr_form(product: Path, target: Path) -> None:
    """Write the Zarr form of a SAFE product; memory is that of one row of chunks.

    Parameters
    ----------
    product
        Folder of a Level-1 SAFE product.
    target
        Folder to make, `<...>.zarr`; must not exist.

    Raises
    ------
    InputMissing, InputCorrupt
        A file of the product that is absent or malformed.
    FileExistsError
        If the target is there already.
    """
    if target.exists():
        raise FileExistsError(f"{target} is there already")
    content = read_level1_manifest(product)
    images = product_images(product)
    root = zarr.open_group(target, mode="w-", zarr_format=3)
    root.attrs.update({"product": product.name, "manifest": content.plain()})
    for image in images:
        annotation = image.read_annotation()
        group = root.create_group(f"{annotation.header.swath}_{annotation.header.polarisation}")
        _write_image(group, annotation, image)


def _write_image(group: zarr.Group, annotation: Annotation, image: ProductImage) -> None:
    group.attrs.update(
        {
            "header": plain(annotation.header),
            "product": plain(annotation.product),
            "image": plain(annotation.image),
            "processing": plain(annotation.processing),
            "downlink": plain(annotation.downlink),
        }
    )
    with open_pixels(image.measurement) as rows:
        _write_measurements(group.create_group("measurements"), annotation, rows)
    _write_conditions(group.create_group("conditions"), annotation)
    quality = group.create_group("quality")
    _write_calibration(quality.create_group("calibration"), image.read_calibration())
    _write_noise(quality, image.read_noise())


def _write_measurements(group: zarr.Group, annotation: Annotation, rows: PixelRows) -> None:
    image = annotation.image
    detected = image.pixel_value == "Detected"
    across = "ground_range" if detected else "slant_range_time"
    # Bursts overlap: their times do not increase, so they are no index.
    dims = ("line", "pixel") if annotation.bursts else ("azimuth_time", across)
    times = _line_times_ns(annotation)
    _add(group, "azimuth_time", times, dims[:1], **_TIME)
    _add(group, "line", np.arange(rows.lines), dims[:1])
    _add(group, "pixel", np.arange(rows.samples), dims[1:])
    if detected:
        _add(group, across, np.arange(rows.samples) * image.range_spacing_m, dims[1:], units="m")
    else:
        delays = image.slant_range_time_s + np.arange(rows.samples) / annotation.product.range_sampling_hz
        _add(group, across, delays, dims[1:], units="s", long_name="two-way slant range time")
    pixels = group.create_array(
        "grd" if detected else "slc",
        shape=(rows.lines, rows.samples),
        chunks=(min(_CHUNK[0], rows.lines), min(_CHUNK[1], rows.samples)),
        dtype=np.uint16 if detected else np.complex64,
        dimension_names=dims,
        # Integers in floats: shuffled bit by bit they are smaller than with the default, in a fifth of its time.
        compressors=[BloscCodec(cname="lz4", clevel=5, shuffle="bitshuffle", typesize=2 if detected else 4)],
    )
    pixels.attrs.update({"units": "1", "long_name": "digital numbers"})
    for line in range(0, rows.lines, _CHUNK[0]):
        count = min(_CHUNK[0], rows.lines - line)
        pixels[line : line + count] = rows.read(line, count)


def _line_times_ns(annotation: Annotation) -> NDArray[np.int64]:
    interval_ns = annotation.image.line_interval_s * 1e9
    if not annotation.bursts:
        steps = np.rint(np.arange(annotation.image.lines) * interval_ns).astype(np.int64)
        return np.asarray(utc_ns(annotation.image.first_line) + steps)
    steps = np.rint(np.arange(annotation.lines_per_burst) * interval_ns).astype(np.int64)
    return np.concatenate([utc_ns(burst.time) + steps for burst in annotation.bursts])


def _write_conditions(group: zarr.Group, annotation: Annotation) -> None:
    orbit = group.create_group("orbit")
    _add(orbit, "azimuth_time", annotation.orbit.utc_ns, ("azimuth_time",), **_TIME)
    _add(orbit, "position", annotation.orbit.position_m, ("azimuth_time", "axis"), units="m")
    _add(orbit, "velocity", annotation.orbit.velocity_m_s, ("azimuth_time", "axis"), units="m s-1")
    orbit.attrs["frame"] = "Earth Fixed, WGS84"
    terrain = group.create_group("terrain_height")
    _add(terrain, "azimuth_time", annotation.terrain.utc_ns, ("azimuth_time",), **_TIME)
    _add(terrain, "terrain_height", annotation.terrain.height_m, ("azimuth_time",), units="m")
    _write_grid(group.create_group("gcp"), annotation.grid)
    rates = group.create_group("azimuth_fm_rate")
    _add_times(rates, [rate.time for rate in annotation.fm_rates])
    _add(rates, "t0", np.array([rate.t0_s for rate in annotation.fm_rates]), ("azimuth_time",), units="s")
    _add_polynomials(rates, "azimuth_fm_rate_polynomial", [rate.polynomial for rate in annotation.fm_rates])
    doppler = group.create_group("doppler_centroid")
    _add_times(doppler, [item.time for item in annotation.doppler])
    _add(doppler, "t0", np.array([item.t0_s for item in annotation.doppler]), ("azimuth_time",), units="s")
    _add_polynomials(doppler, "geometry_dc_polynomial", [item.geometry for item in annotation.doppler])
    _add_polynomials(doppler, "data_dc_polynomial", [item.data for item in annotation.doppler])
    rms = np.array([item.data_rms_hz for item in annotation.doppler])
    _add(doppler, "data_dc_rms_error", rms, ("azimuth_time",), units="Hz")
    if annotation.conversions:
        _write_conversions(group.create_group("coordinate_conversion"), annotation)


def _write_conversions(group: zarr.Group, annotation: Annotation) -> None:
    items = annotation.conversions
    _add_times(group, [item.time for item in items])
    _add(group, "sr0", np.array([item.sr0_m for item in items]), ("azimuth_time",), units="m")
    _add(group, "gr0", np.array([item.gr0_m for item in items]), ("azimuth_time",), units="m")
    _add_polynomials(group, "srgr_coefficients", [item.srgr for item in items])
    _add_polynomials(group, "grsr_coefficients", [item.grsr for item in items])


def _write_grid(group: zarr.Group, grid: GeolocationGrid) -> None:
    """Write the grid as lines and pixels where it is regular, else as a list of points."""
    lines, pixels = np.unique(grid.line), np.unique(grid.pixel)
    regular = np.array_equal(np.repeat(lines, pixels.size), grid.line) and np.array_equal(
        np.tile(pixels, lines.size), grid.pixel
    )
    dims: tuple[str, ...] = ("line", "pixel") if regular else ("point",)
    shape = (lines.size, pixels.size) if regular else (-1,)
    _add(group, "line", lines if regular else grid.line, dims[:1])
    _add(group, "pixel", pixels if regular else grid.pixel, dims[-1:])
    for name, values, units in (
        ("slant_range_time_gcp", grid.slant_range_time_s, "s"),
        ("latitude", grid.latitude_deg, "degrees_north"),
        ("longitude", grid.longitude_deg, "degrees_east"),
        ("height", grid.height_m, "m"),
        ("incidence_angle", grid.incidence_deg, "degree"),
        ("elevation_angle", grid.elevation_deg, "degree"),
    ):
        _add(group, name, values.reshape(shape), dims, units=units)
    _add(group, "azimuth_time_gcp", grid.azimuth_utc_ns.reshape(shape), dims, **_TIME)


def _write_calibration(group: zarr.Group, calibration: Calibration) -> None:
    vectors = calibration.vectors
    group.attrs["absolute_calibration_constant"] = calibration.absolute_constant
    group.attrs["rule"] = "value = DN^2 / table^2"
    _add_vectors(
        group,
        [vector.line for vector in vectors],
        [vector.pixel for vector in vectors],
        {
            "sigma_nought": [vector.sigma_nought for vector in vectors],
            "beta_nought": [vector.beta_nought for vector in vectors],
            "gamma": [vector.gamma for vector in vectors],
            "dn": [vector.dn for vector in vectors],
        },
    )


def _write_noise(quality: zarr.Group, noise: Noise) -> None:
    over_range = quality.create_group("noise_range")
    _add_vectors(
        over_range,
        [vector.line for vector in noise.range_vectors],
        [vector.pixel for vector in noise.range_vectors],
        {"noise_range_lut": [vector.power for vector in noise.range_vectors]},
    )
    along = quality.create_group("noise_azimuth")
    for vector in noise.azimuth_vectors:
        part = along.create_group(vector.swath or "all")
        bounds = ("first_line", "first_sample", "last_line", "last_sample")
        part.attrs.update({name: getattr(vector, name) for name in bounds})
        _add(part, "line", vector.line, ("line",))
        _add(part, "noise_azimuth_lut", vector.factor, ("line",))


def _add_vectors(
    group: zarr.Group,
    lines: list[int],
    pixels: list[NDArray[np.int64]],
    tables: dict[str, list[NDArray[np.float64]]],
) -> None:
    """Write tables over lines and pixels; where the pixels of lines differ, they are a table too, filled up with -1."""
    common = all(np.array_equal(pixel, pixels[0]) for pixel in pixels)
    dims = ("line", "pixel" if common else "point")
    _add(group, "line", np.array(lines, dtype=np.int64), dims[:1])
    if common:
        _add(group, "pixel", pixels[0], dims[1:])
    else:
        _add(group, "pixel", _filled(pixels, -1), dims)
    for name, rows in tables.items():
        _add(group, name, _filled(rows, np.nan), dims)


def _filled(rows: Sequence[NDArray[Any]], rest: float) -> NDArray[Any]:
    table = np.full((len(rows), max(row.size for row in rows)), rest, dtype=rows[0].dtype)
    for k, row in enumerate(rows):
        table[k, : row.size] = row
    return table


def _add_polynomials(group: zarr.Group, name: str, rows: list[NDArray[np.float64]]) -> None:
    if rows:
        _add(group, name, _filled(rows, 0.0), ("azimuth_time", f"{name}_degree"))


def _add_times(group: zarr.Group, times: list[datetime]) -> None:
    _add(group, "azimuth_time", np.array([utc_ns(time) for time in times], dtype=np.int64), ("azimuth_time",), **_TIME)


def _add(group: zarr.Group, name: str, values: NDArray[Any], dims: tuple[str, ...], **attributes: str) -> None:
    chunks = tuple(max(size, 1) for size in values.shape)
    array = group.create_array(name, data=np.ascontiguousarray(values), chunks=chunks, dimension_names=dims)
    array.attrs.update(attributes)


def plain(value: Any) -> Any:  # noqa: ANN401  (any value of annotation)
    """Return a value of annotation in JSON's types: records as dictionaries, times as texts, arrays as lists."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: plain(item) for name, item in value._asdict().items()}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, datetime):
        return format_time(value)
    return value
