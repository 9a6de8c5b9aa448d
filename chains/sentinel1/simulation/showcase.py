"""A simulated StripMap data take to look at: lettering of clutter between rows of point targets, and its truth.

The scene is small enough for a demonstration; everything in it is known, and lies beside the session in `truth.json`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from refsys.chains.sentinel1.simulation.acquisition import DataTake, simulate_packets
from refsys.chains.sentinel1.simulation.echoes import Noise
from refsys.chains.sentinel1.simulation.instrument import S3, Acquisition, shortened, stripmap
from refsys.chains.sentinel1.simulation.orbit import EPOCH
from refsys.chains.sentinel1.simulation.scene import ClutterPatch, Scene, point_target
from refsys.chains.sentinel1.simulation.session import SessionOptions, simulate_session
from refsys.chains.sentinel1.simulation.tops import Burst
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, RawGrid
from refsys.model.values import UtcTime, Value

TRUTH_FILE = "truth.json"
LINES, SAMPLES = 3328, 5600
"""Pulses, and complex samples of each."""
GAIN = 0.12
"""Of the acquisition; its square is the absolute calibration constant of AUX_CAL."""

_GLYPHS = {
    "R": ("####.", "#...#", "#...#", "####.", "#.#..", "#..#.", "#...#"),
    "E": ("#####", "#....", "#....", "####.", "#....", "#....", "#####"),
    "F": ("#####", "#....", "#....", "####.", "#....", "#....", "#...."),
    "S": (".####", "#....", "#....", ".###.", "....#", "....#", "####."),
    "Y": ("#...#", "#...#", ".#.#.", "..#..", "..#..", "..#..", "..#.."),
}
_WORD = "REFSYS"
_CELL_LINES, _CELL_SAMPLES = 48, 56
_FIRST_PULSE_S = 60.0
_OPEN_LATER_S = 140e-6
_APERTURE_LINES = 1750  # of the widest processed Doppler band
_TARGET_COLUMNS = 5
_TARGET_EDGE = 0.06  # of the image, to its border
_TARGET_RCS_M2 = 1e4
_SIGMA0_DB = (-15.0, -12.0, -9.0, -6.0, -3.0, 0.0)
"""Of the letters."""
_NOISE_POWER = 100.0
_DOWNLINK_DELAY = timedelta(minutes=30)


class TrueTarget(Value):
    """A point target and where it must be found."""

    name: str
    time: UtcTime = Field(description="Zero-Doppler time.")
    slant_range_m: float
    rcs_m2: float


class Cell(Value):
    """A piece of ground in image coordinates."""

    first_time: UtcTime
    last_time: UtcTime
    near_m: float
    far_m: float


class TrueArea(Value):
    """Ground that scatters everywhere alike."""

    name: str
    sigma0_db: float
    cells: tuple[Cell, ...]


class SceneTruth(Value):
    """What is true of a simulated scene."""

    simulated: bool = True
    swath: str
    targets: tuple[TrueTarget, ...]
    areas: tuple[TrueArea, ...] = ()
    noise_power: float = Field(description="Mean square of a raw sample without echo, quantiser units squared.")


class Showcase(NamedTuple):
    """The session's folder, and the file that says what is in the scene."""

    session: Path
    truth: Path


def simulate_showcase(folder: Path, *, lines: int = LINES, samples: int = SAMPLES, seed: int = 1) -> Showcase:
    """Write the session of a simulated StripMap data take and, beside it, the truth.

    Parameters
    ----------
    folder
        Where; it is made if it is not there.
    lines, samples
        Of the raw data.
    seed
        Same seed, same bytes.

    Raises
    ------
    ValueError
        If the raw data are too small for an image.
    FileExistsError
        If the session is there.
    """
    acquisition = stripmap(shortened(S3, samples, _OPEN_LATER_S), gain=GAIN)
    grid = acquisition.raw_grid(_FIRST_PULSE_S, lines)
    image = _image(acquisition, grid)
    targets, areas = _targets(image), _lettering(image)
    orbit = acquisition.orbit
    scene = Scene(
        tuple(point_target(orbit, seconds(t.time), t.slant_range_m, t.rcs_m2) for t in targets),
        tuple(_patches(areas, seed)),
    )
    take = DataTake(noise=Noise(_NOISE_POWER, seed))
    options = SessionOptions(start=EPOCH + _DOWNLINK_DELAY, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    packets = simulate_packets([Burst(0, acquisition, grid)], scene, take)
    session = simulate_session({take.polarisation: packets}, folder, options)
    truth = SceneTruth(swath=acquisition.codes.swath, targets=targets, areas=areas, noise_power=_NOISE_POWER)
    (folder / TRUTH_FILE).write_text(truth.to_json(), "utf-8")
    return Showcase(session, folder / TRUTH_FILE)


def seconds(time: datetime) -> float:
    """Return the time since the epoch of the simulated orbit."""
    return (time - EPOCH).total_seconds()


class _Image(NamedTuple):
    """What of the raw data becomes an image: zero-Doppler times and slant ranges, first and last."""

    times_s: tuple[float, float]
    ranges_m: tuple[float, float]
    line_s: float
    sample_m: float


def _image(acquisition: Acquisition, grid: RawGrid) -> _Image:
    delays = grid.delays_s()
    pulse_s = acquisition.codes.pulse().length_s
    half_aperture_s = 0.5 * _APERTURE_LINES * grid.pri_s
    travel_s = 0.5 * float(delays.mean())
    first = grid.first_pulse_time_s + travel_s + half_aperture_s
    last = grid.first_pulse_time_s + grid.lines * grid.pri_s + travel_s - half_aperture_s
    near, far = (0.5 * LIGHT_SPEED_M_S * float(delay) for delay in (delays[0], delays[-1] - pulse_s))
    if last <= first or far <= near:
        raise ValueError(f"{grid.lines} lines of {grid.samples} samples are too few for an image")
    return _Image((first, last), (near, far), grid.pri_s, 0.5 * LIGHT_SPEED_M_S / grid.range_sampling_hz)


def _targets(image: _Image) -> tuple[TrueTarget, ...]:
    """Return two rows of targets, above and below the lettering."""
    (first, last), (near, far) = image.times_s, image.ranges_m
    found = []
    for row, down in enumerate((_TARGET_EDGE, 1 - _TARGET_EDGE)):
        for column in range(_TARGET_COLUMNS):
            across = _TARGET_EDGE + (1 - 2 * _TARGET_EDGE) * column / (_TARGET_COLUMNS - 1)
            time = EPOCH + timedelta(microseconds=round(1e6 * (first + down * (last - first))))
            name = f"{'AB'[row]}{column + 1}"
            place = near + across * (far - near)
            found.append(TrueTarget(name=name, time=time, slant_range_m=place, rcs_m2=_TARGET_RCS_M2))
    return tuple(found)


def _lettering(image: _Image) -> tuple[TrueArea, ...]:
    """Return the letters of the word in the middle of the image, made of those cells that lie in it."""
    rows, columns = len(_GLYPHS[_WORD[0]]), 6 * len(_WORD) - 1
    line_s, sample_m = _CELL_LINES * image.line_s, _CELL_SAMPLES * image.sample_m
    top = 0.5 * (sum(image.times_s) - rows * line_s)
    left = 0.5 * (sum(image.ranges_m) - columns * sample_m)
    areas = []
    for place, letter in enumerate(_WORD):
        marks = [
            (row, 6 * place + k) for row, text in enumerate(_GLYPHS[letter]) for k, m in enumerate(text) if m == "#"
        ]
        corners = [(top + row * line_s, left + column * sample_m) for row, column in marks]
        inside = [
            _cell(first_s, near_m, line_s, sample_m)
            for first_s, near_m in corners
            if image.times_s[0] <= first_s <= image.times_s[1] - line_s
            and image.ranges_m[0] <= near_m <= image.ranges_m[1] - sample_m
        ]
        if inside:
            areas.append(TrueArea(name=f"{letter}{place + 1}", sigma0_db=_SIGMA0_DB[place], cells=tuple(inside)))
    return tuple(areas)


def _cell(first_s: float, near_m: float, line_s: float, sample_m: float) -> Cell:
    first, last = (EPOCH + timedelta(microseconds=round(1e6 * time)) for time in (first_s, first_s + line_s))
    return Cell(first_time=first, last_time=last, near_m=near_m, far_m=near_m + sample_m)


def _patches(areas: tuple[TrueArea, ...], seed: int) -> Iterator[ClutterPatch]:
    """Yield a patch for each cell, each with random numbers of its own."""
    cells = ((area, cell) for area in areas for cell in area.cells)
    for number, (area, cell) in enumerate(cells):
        yield ClutterPatch(
            seconds(cell.first_time),
            seconds(cell.last_time),
            cell.near_m,
            cell.far_m,
            10 ** (0.1 * area.sigma0_db),
            1000 * seed + number,
        )
