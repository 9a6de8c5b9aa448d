"""Geolocation of Level-1 images: grid points, FM rates, footprint, conversions, all on the ellipsoid."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.safe.annotation_series import FmRate, GeolocationGrid
from refsys.kernels.sar.ellipsoid import to_geodetic
from refsys.kernels.sar.geometry import geolocate, view_angles
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid
from refsys.kernels.sar.orbit import Orbit
from refsys.kernels.sar.velocity import RangeHistory

_ACROSS = 21


class GridLine(NamedTuple):
    """A line of geolocation points: line of the image, zero-Doppler time since the epoch."""

    line: int
    time_s: float


def geolocation_grid(orbit: Orbit, epoch: datetime, lines: Sequence[GridLine], grid: ImageGrid) -> GeolocationGrid:
    """Return points on some lines of an image at 21 samples each, height 0.

    Parameters
    ----------
    orbit
        State vectors, times since `epoch`.
    epoch
        To the microsecond.
    lines
        In order.
    grid
        Gives slant ranges.
    """
    pixels = np.unique(np.rint(np.linspace(0, grid.samples - 1, _ACROSS)).astype(np.int64))
    delay = grid.first_delay_s + pixels / grid.range_sampling_hz
    times = np.repeat([line.time_s for line in lines], pixels.size)
    delays = np.tile(delay, len(lines))
    places = geolocate(orbit, times, 0.5 * LIGHT_SPEED_M_S * delays, 0.0)
    geodetic = to_geodetic(places)
    angles = view_angles(orbit, times, places)
    return GeolocationGrid(
        azimuth_utc_ns=np.array([utc_ns(epoch, time) for time in times.tolist()], np.int64),
        slant_range_time_s=delays,
        line=np.repeat([line.line for line in lines], pixels.size),
        pixel=np.tile(pixels, len(lines)),
        latitude_deg=geodetic.latitude_deg,
        longitude_deg=geodetic.longitude_deg,
        height_m=np.zeros(times.size),
        incidence_deg=angles.incidence_deg,
        elevation_deg=angles.elevation_deg,
    )


def corners(grid: GeolocationGrid) -> list[tuple[float, float]]:
    """Return latitude and longitude of first near, first far, last far, last near point."""
    first, last = grid.line == grid.line.min(), grid.line == grid.line.max()
    near, far = grid.pixel == grid.pixel.min(), grid.pixel == grid.pixel.max()
    places = [int(np.flatnonzero(own)[0]) for own in (first & near, first & far, last & far, last & near)]
    return [(float(grid.latitude_deg[k]), float(grid.longitude_deg[k])) for k in places]


def fm_rate(history: RangeHistory, carrier_hz: float, time: datetime, grid: ImageGrid) -> FmRate:
    """Return the Doppler rate of targets over slant range time, a polynomial of second degree."""
    middle = grid.first_delay_s + 0.5 * grid.samples / grid.range_sampling_hz
    delay = np.linspace(grid.first_delay_s, 2 * middle - grid.first_delay_s, 9)
    ranges = 0.5 * LIGHT_SPEED_M_S * delay
    rate = -2 * carrier_hz / LIGHT_SPEED_M_S * history.velocities_m_s(ranges) ** 2 / ranges
    scale = delay[-1] - delay[0]
    fitted = np.polynomial.polynomial.polyfit((delay - middle) / scale, rate, 2) / scale ** np.arange(3)
    return FmRate(time, middle, fitted)


def heading_deg(velocity_m_s: NDArray[np.float64], position_m: NDArray[np.float64]) -> float:
    """Return the direction of flight over the ground from north, degrees clockwise, -180 to 180."""
    place = to_geodetic(position_m)
    latitude, longitude = np.radians(place.latitude_deg), np.radians(place.longitude_deg)
    east = np.array([-np.sin(longitude), np.cos(longitude), 0.0])
    north = np.array([-np.sin(latitude) * np.cos(longitude), -np.sin(latitude) * np.sin(longitude), np.cos(latitude)])
    return float(np.degrees(np.arctan2(velocity_m_s @ east, velocity_m_s @ north)))


def utc(epoch: datetime, time_s: float) -> datetime:
    """Return the time of seconds since an epoch, to the nearest microsecond."""
    return epoch + timedelta(microseconds=round(time_s * 1e6))


def utc_ns(epoch: datetime, time_s: float) -> int:
    """Return nanoseconds since 1970 of seconds since an epoch, to the nearest microsecond."""
    whole = int((epoch - datetime(1970, 1, 1, tzinfo=epoch.tzinfo)) / timedelta(microseconds=1))
    return (whole + round(time_s * 1e6)) * 1000
