"""Footprint of an altimeter track as GeoJSON."""

from typing import Any

import numpy as np
import numpy.typing as npt

_MOST_POINTS = 64
_EAST_EDGE_DEG = 179.999999


def track_footprint(latitude_deg: npt.ArrayLike, longitude_deg: npt.ArrayLike) -> dict[str, Any]:
    """Ground track as a GeoJSON geometry, cut at the antimeridian and nowhere else.

    Parameters
    ----------
    latitude_deg, longitude_deg
        Shape (n,), along the track, n of 2 or more; longitudes in any range (0 to 360 too). Neighbours must lie less
        than 180 degrees of longitude apart, on whichever side that is.

    Returns
    -------
    A LineString, or a MultiLineString where the track crosses the antimeridian (RFC 7946, section 3.1.9), of at most
    about 64 points, longitudes from -180 to below 180.

    Raises
    ------
    ValueError
        If there are fewer than two points, a value is not finite, or a latitude lies beyond a pole.

    Examples
    --------
    >>> track_footprint([63.1, 63.2], [0.5, 359.5])
    {'type': 'LineString', 'coordinates': [[0.5, 63.1], [-0.5, 63.2]]}
    >>> track_footprint([10.0, 12.0], [179.0, -179.0])["coordinates"]
    [[[179.0, 10.0], [179.999999, 11.0]], [[-180.0, 11.0], [-179.0, 12.0]]]
    """
    latitude, longitude = np.asarray(latitude_deg, dtype=np.float64), np.asarray(longitude_deg, dtype=np.float64)
    if latitude.ndim != 1 or latitude.shape != longitude.shape or latitude.size < 2:
        message = f"a track needs two or more positions, not shapes {latitude.shape} and {longitude.shape}"
        raise ValueError(message)
    if not (np.isfinite(latitude).all() and np.isfinite(longitude).all() and np.all(np.abs(latitude) <= 90.0)):
        message = "a position of the track is not finite or beyond a pole"
        raise ValueError(message)
    kept = np.unique(np.rint(np.linspace(0, latitude.size - 1, min(latitude.size, _MOST_POINTS))).astype(np.int64))
    # unwrapping before thinning keeps each step on the side the satellite flew
    unwrapped = np.unwrap(longitude, period=360.0)[kept]
    lines = _cut(latitude[kept], unwrapped)
    if len(lines) == 1:
        return {"type": "LineString", "coordinates": lines[0]}
    return {"type": "MultiLineString", "coordinates": lines}


def _cut(latitude: npt.NDArray[np.float64], unwrapped: npt.NDArray[np.float64]) -> list[list[list[float]]]:
    """Split an unwrapped line wherever it changes from one turn of longitude to another."""
    turn = np.floor((unwrapped + 180.0) / 360.0)
    lines = [[_point(unwrapped[0], turn[0], latitude[0])]]
    for i in range(1, latitude.size):
        step = 1.0 if turn[i] > turn[i - 1] else -1.0
        for number in range(int(abs(turn[i] - turn[i - 1]))):
            edge = 360.0 * (turn[i - 1] + number * step + 0.5 * step)
            part = (edge - unwrapped[i - 1]) / (unwrapped[i] - unwrapped[i - 1])
            crossing = round(float(latitude[i - 1] + part * (latitude[i] - latitude[i - 1])), 6)
            before, after = (_EAST_EDGE_DEG, -180.0) if step > 0 else (-180.0, _EAST_EDGE_DEG)
            lines[-1].append([before, crossing])
            lines.append([[after, crossing]])
        lines[-1].append(_point(unwrapped[i], turn[i], latitude[i]))
    return [line for line in lines if len(line) > 1 and any(point != line[0] for point in line)]


def _point(unwrapped: float, turn: float, latitude: float) -> list[float]:
    longitude = round(float(unwrapped - 360.0 * turn), 6)
    return [longitude if longitude < 180.0 else _EAST_EDGE_DEG, round(float(latitude), 6)]
