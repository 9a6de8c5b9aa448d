"""One block of StripMap raw data to a complex image: 4096 pulses of 11 264 samples (the length of a Sentinel-1 S3
pulse more than the image is wide), real pulse, bands, windows and antenna pattern. The peers are the four transforms
of such a block alone, in place, all of it at the same padded sizes: by SciPy, which the product ships (BSD), and by the
fastest others that install: Intel's mkl_fft (its library is proprietary) and pyFFTW (FFTW is GPL; planned by measuring,
outside the time). Ours copies the raw data into a workspace that, as theirs, is there already, applies both filters and
all checks, and makes a new array for the image; it transforms only those lines, columns and rows that hold data or are
kept, which pays for the rest.
"""

import importlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from benchmarks.harness import Absent, Peer, Row, compare_times
from refsys.kernels.sar.focusing import Radar, focus, valid_grid, workspace_shape
from refsys.kernels.sar.grids import RawGrid
from refsys.kernels.sar.velocity import RangeHistory

LINES, SAMPLES = 4096, 11_264
GRID = RawGrid(0.0, 1 / 1924.956, LINES, 5.4e-3, 66.728395e6, SAMPLES)
HISTORY = RangeHistory(820e3, np.array([7160.0, -1.7e-4]), np.array([200.0]))
Complex = NDArray[np.complex64]


class Case(NamedTuple):
    """Raw data, and a padded block for the peers to transform in place."""

    raw: Complex
    block: Complex


def radar() -> Radar:
    time_s = np.arange(2948) / GRID.range_sampling_hz
    pulse = np.exp(1j * np.pi * 1.34493277e12 * (time_s - time_s.mean()) ** 2).astype(np.complex64)
    doppler_hz = np.linspace(-800, 800, 401)
    pattern = np.sinc(12.3 * doppler_hz / (2 * 7590)) ** 2
    return Radar(5.40500045433435e9, pulse, 59.4e6, 0.75, 1399.0, 0.75, doppler_hz, pattern)


RADAR = radar()
OUTPUT = valid_grid(GRID, RADAR, HISTORY, 0.0)
WORKSPACE = np.zeros(workspace_shape(GRID), np.complex64)


def case(number: int) -> Case:
    raw = np.random.default_rng(number).standard_normal((LINES, 2 * SAMPLES), np.float32).view(np.complex64)
    block = np.zeros(workspace_shape(GRID), np.complex64)
    block[:LINES, :SAMPLES] = raw
    return Case(raw, block)


def ours(given: Case) -> None:
    image = focus(given.raw, GRID, RADAR, HISTORY, doppler_centroid_hz=0.0, output=OUTPUT, workspace=WORKSPACE)
    if image.shape != (OUTPUT.lines, OUTPUT.samples):
        raise SystemExit("focusing: an image of another size")


def scipy_alone(given: Case) -> None:
    for transform, axis in ((fft.fft, 1), (fft.fft, 0), (fft.ifft, 1), (fft.ifft, 0)):
        transform(given.block, axis=axis, overwrite_x=True)


def mkl() -> Peer[Case] | Absent:
    try:
        mkl_fft = importlib.import_module("mkl_fft")
    except ImportError:
        return Absent("mkl_fft, transforms alone", "pip install mkl-fft")

    def work(given: Case) -> None:
        for transform, axis in ((mkl_fft.fft, 1), (mkl_fft.fft, 0), (mkl_fft.ifft, 1), (mkl_fft.ifft, 0)):
            transform(given.block, axis=axis, out=given.block)

    return Peer("mkl_fft, transforms alone", work)


def fftw() -> Peer[Case] | Absent:
    try:
        pyfftw = importlib.import_module("pyfftw")
    except ImportError:
        return Absent("pyFFTW, transforms alone", "pip install pyfftw")
    planned = np.empty(workspace_shape(GRID), np.complex64)

    # Alignment is left out of the plans, so that they serve the block of every repetition.
    flags = ("FFTW_MEASURE", "FFTW_UNALIGNED")
    plans = [
        pyfftw.FFTW(planned, planned, axes=(axis,), direction=direction, flags=flags, threads=1)
        for direction in ("FFTW_FORWARD", "FFTW_BACKWARD")
        for axis in (1, 0)
    ]

    def work(given: Case) -> None:
        for transform in plans:
            transform(given.block, given.block)

    return Peer("pyFFTW, transforms alone", work)


def measure() -> list[Row]:
    alone: Peer[Case] = Peer("SciPy, transforms alone", scipy_alone)
    return [
        compare_times("stripmap_focus", ours, alone, prepare=case, goal="<= 1.6"),
        compare_times("stripmap_focus_mkl", ours, mkl(), prepare=case),
        compare_times("stripmap_focus_fftw", ours, fftw(), prepare=case),
    ]
