"""Annotation and calibration of a detected image, from those of the complex images that it is made of."""

import numpy as np

from refsys.chains.sentinel1.l1_geolocation import utc, utc_ns
from refsys.chains.sentinel1.l1_grd_grid import slant_range_at, swath_columns
from refsys.chains.sentinel1.l1_grd_noise import VECTOR_STEP_S, vector_lines, vector_pixels
from refsys.chains.sentinel1.l1_grd_scene import Scene
from refsys.chains.sentinel1.safe import annotation as said
from refsys.chains.sentinel1.safe import annotation_series as series
from refsys.chains.sentinel1.safe import calibration as tables
from refsys.kernels.sar.calibration import look_up_tables
from refsys.kernels.sar.ellipsoid import to_geodetic
from refsys.kernels.sar.geometry import geolocate, view_angles
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S

_GRID_STEP_S = 2.0
_GRID_PIXELS = 21


def grd_header(scene: Scene, number: int) -> said.AdsHeader:
    """Return the header of the image's files; merged swaths bear the name of the mode."""
    source = scene.swaths[0].annotation.header
    times = scene.grid.times_s()
    return source._replace(
        product_type="GRD",
        swath=source.mode,
        start=utc(scene.epoch, float(times[0])),
        stop=utc(scene.epoch, float(times[-1])),
        image_number=f"{number:03d}",
    )


def grd_annotation(
    scene: Scene, header: said.AdsHeader, width_m: float, scale: float, *, noise_removed: bool
) -> said.Annotation:
    """Return the annotation; statistics are filled in when the pixels are written."""
    sources = [swath.annotation for swath in scene.swaths]
    first = sources[0]
    merges = _merges(scene) if len(sources) > 1 else ()
    return first._replace(
        header=header,
        qualities=tuple(quality for source in sources for quality in source.qualities),
        product=first.product._replace(projection="Ground Range", azimuth_steering_deg_per_s=0.0),
        downlink=tuple(item for source in sources for item in source.downlink),
        raw_analysis=tuple(item for source in sources for item in source.raw_analysis),
        replicas=tuple(item for source in sources for item in source.replicas),
        noise=tuple(item for source in sources for item in source.noise),
        image=_image(scene, header, first.image),
        processing=_processing(scene, width_m, scale)._replace(thermal_noise_removed=noise_removed),
        antenna=tuple(item for source in sources for item in source.antenna),
        lines_per_burst=0,
        samples_per_burst=0,
        bursts=(),
        grid=_grid(scene),
        conversions=_conversions(scene),
        merges=merges,
    )


def grd_calibration(scene: Scene, header: said.AdsHeader, constant: float) -> tables.Calibration:
    """Return the calibration file: DN^2 = `constant` * beta0."""
    pixel = vector_pixels(scene)
    vectors = []
    for line, time_s in vector_lines(scene, VECTOR_STEP_S):
        places = geolocate(scene.orbit, np.full(pixel.size, time_s), slant_range_at(scene.grid, time_s, pixel), 0.0)
        incidence = np.radians(view_angles(scene.orbit, time_s, places).incidence_deg)
        luts = look_up_tables(incidence, constant)
        time = utc(scene.epoch, time_s)
        vectors.append(tables.CalibrationVector(time, line, pixel, luts.sigma, luts.beta, luts.gamma, luts.dn))
    return tables.Calibration(header, 1.0, tuple(vectors))


def _image(scene: Scene, header: said.AdsHeader, source: said.ImageInformation) -> said.ImageInformation:
    grid = scene.grid
    middle_s = grid.first_time_s + 0.5 * grid.lines * grid.line_interval_s
    slant = slant_range_at(grid, middle_s, np.array([grid.samples // 2]))
    place = geolocate(scene.orbit, np.array([middle_s]), slant, 0.0)
    return source._replace(
        first_line=header.start,
        last_line=header.stop,
        slant_range_time_s=2 * grid.near_m / LIGHT_SPEED_M_S,
        pixel_value="Detected",
        output_pixels="16 bit Unsigned Integer",
        range_spacing_m=grid.spacing_m,
        azimuth_spacing_m=grid.spacing_m,
        line_interval_s=grid.line_interval_s,
        samples=grid.samples,
        lines=grid.lines,
        mid_swath_incidence_deg=float(view_angles(scene.orbit, middle_s, place).incidence_deg[0]),
        statistics=said.ImageStatistics(),
    )


def _processing(scene: Scene, width_m: float, scale: float) -> said.ProcessingInformation:
    sources = [swath.annotation.processing for swath in scene.swaths]
    swaths = []
    for swath, source in zip(scene.swaths, sources, strict=True):
        for own in source.swaths:
            looks = max(1, round(width_m / swath.annotation.image.azimuth_spacing_m))
            swaths.append(
                own._replace(azimuth_band=own.azimuth_band._replace(looks=looks), scaling=own.scaling * scale)
            )
    return sources[0]._replace(
        ground_range=True,
        detected=True,
        swaths=tuple(swaths),
        inputs=tuple(item for source in sources for item in source.inputs),
    )


def _grid(scene: Scene) -> series.GeolocationGrid:
    pixel = np.unique(np.rint(np.linspace(0, scene.grid.samples - 1, _GRID_PIXELS)).astype(np.int64))
    lines = vector_lines(scene, _GRID_STEP_S)
    times = np.repeat([time for _, time in lines], pixel.size)
    slant = np.concatenate([slant_range_at(scene.grid, time, pixel) for _, time in lines])
    places = geolocate(scene.orbit, times, slant, 0.0)
    geodetic, angles = to_geodetic(places), view_angles(scene.orbit, times, places)
    return series.GeolocationGrid(
        azimuth_utc_ns=np.array([utc_ns(scene.epoch, time) for time in times.tolist()], np.int64),
        slant_range_time_s=2 * slant / LIGHT_SPEED_M_S,
        line=np.repeat(np.array([line for line, _ in lines], np.int64), pixel.size),
        pixel=np.tile(pixel, len(lines)),
        latitude_deg=geodetic.latitude_deg,
        longitude_deg=geodetic.longitude_deg,
        height_m=np.zeros(times.size),
        incidence_deg=angles.incidence_deg,
        elevation_deg=angles.elevation_deg,
    )


def _conversions(scene: Scene) -> tuple[series.CoordinateConversion, ...]:
    grid = scene.grid
    return tuple(
        series.CoordinateConversion(
            time=utc(scene.epoch, time),
            slant_range_time_s=2 * grid.near_m / LIGHT_SPEED_M_S,
            sr0_m=conversion.slant_origin_m,
            srgr=conversion.slant_to_ground,
            gr0_m=conversion.ground_origin_m,
            grsr=conversion.ground_to_slant,
        )
        for time, conversion in zip(grid.conversion_times_s, grid.conversions, strict=True)
    )


def _merges(scene: Scene) -> tuple[series.SwathMerge, ...]:
    made = []
    for swath, (left, right) in zip(scene.swaths, swath_columns(scene.grid), strict=True):
        time = np.array([utc_ns(scene.epoch, scene.grid.first_time_s)], np.int64)
        one = (np.array([value], np.int64) for value in (0, left, scene.grid.lines - 1, right - 1))
        made.append(series.SwathMerge(swath.annotation.header.swath, series.SwathBounds(time, *one)))
    return tuple(made)
