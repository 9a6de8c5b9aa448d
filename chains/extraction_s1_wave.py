"""The outline of Sentinel-1 wave mode products: many small images, left and right of the track in turn.

Source: manifests of real products: a frame set of one footprint an image, four corners each, in the order of time.
"""

from collections.abc import Sequence

Position = tuple[float, float]
Frame = Sequence[Position]


def wave_outline(frames: Sequence[Frame]) -> list[Position]:
    """Return the ring round all images of a wave mode product.

    Parameters
    ----------
    frames
        For each image its four corners (longitude and latitude, degrees) in the order of the manifest: the first two on
        the side where the track goes to, if the first image is on the right.

    Returns
    -------
    Four positions: first corner of the last image on the one side, second corner of the last on the other, third corner
    of the first on that side, fourth corner of the first on the one side.

    Examples
    --------
    >>> wave_outline([[(0, 1), (1, 1), (1, 0), (0, 0)]])
    [(0, 1), (1, 1), (1, 0), (0, 0)]
    """
    count = len(frames)
    if count == 1:
        return list(frames[0])
    first, other = (0, 1) if _counter_clockwise([_middle(frames[at]) for at in (0, 1, count - 1)]) else (1, 0)
    last = {0: count - 1 if count % 2 else count - 2, 1: count - 2 if count % 2 else count - 1}
    if count == 3:
        last = {0: 2, 1: 2}
    return [frames[last[first]][0], frames[last[other]][1], frames[other][2], frames[first][3]]


def _middle(frame: Frame) -> Position:
    """Return the mean of the corners, longitudes taken on the side of the first one."""
    west = frame[0][0]
    longitudes = [west + (longitude - west + 180) % 360 - 180 for longitude, _ in frame]
    return sum(longitudes) / len(frame), sum(latitude for _, latitude in frame) / len(frame)


def _counter_clockwise(middles: Sequence[Position]) -> bool:
    """Return whether three places turn left; longitudes are taken on the side of the first one."""
    (x, y), *others = middles
    (ax, ay), (bx, by) = (((longitude - x + 180) % 360 - 180, latitude - y) for longitude, latitude in others)
    return ax * by - bx * ay >= 0
