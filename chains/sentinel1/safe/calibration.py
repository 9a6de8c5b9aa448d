"""Calibration and noise of an image: values and how they lie in XML (S1-RS-MDA-52-7441).

Elements and order of s1-level-1-calibration.xsd and s1-level-1-noise.xsd. A calibrated value is `DN^2 / A^2` with the
look-up table A; the noise to subtract from `DN^2` is the product of the range and the azimuth vector.
"""

from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.safe.annotation import AdsHeader
from refsys.chains.sentinel1.safe.header_layout import HEADER
from refsys.chains.sentinel1.safe.xml_kinds import INTEGER, INTEGERS, NUMBER, NUMBERS, TEXT, TIME
from refsys.chains.sentinel1.safe.xml_layout import Group, Layout, Leaf, Records


class CalibrationVector(NamedTuple):
    """Look-up tables at one line: int64 (n,) pixels, float64 (n,) each."""

    time: datetime
    line: int
    pixel: NDArray[np.int64]
    sigma_nought: NDArray[np.float64]
    beta_nought: NDArray[np.float64]
    gamma: NDArray[np.float64]
    dn: NDArray[np.float64]


class Calibration(NamedTuple):
    """Calibration file of an image."""

    header: AdsHeader
    absolute_constant: float
    vectors: tuple[CalibrationVector, ...]


class NoiseRangeVector(NamedTuple):
    """Noise power over the pixels of one line: int64 (n,), float64 (n,)."""

    time: datetime
    line: int
    pixel: NDArray[np.int64]
    power: NDArray[np.float64]


class NoiseAzimuthVector(NamedTuple):
    """Factor on the noise power over lines of a swath: int64 (n,), float64 (n,); bounds are inclusive, None: all."""

    swath: str | None
    first_line: int | None
    first_sample: int | None
    last_line: int | None
    last_sample: int | None
    line: NDArray[np.int64]
    factor: NDArray[np.float64]


class Noise(NamedTuple):
    """Noise file of an image."""

    header: AdsHeader
    range_vectors: tuple[NoiseRangeVector, ...]
    azimuth_vectors: tuple[NoiseAzimuthVector, ...]


_VECTOR = Layout(
    CalibrationVector,
    Leaf("azimuthTime", "time", TIME),
    Leaf("line", "line", INTEGER),
    Leaf("pixel", "pixel", INTEGERS),
    Leaf("sigmaNought", "sigma_nought", NUMBERS),
    Leaf("betaNought", "beta_nought", NUMBERS),
    Leaf("gamma", "gamma", NUMBERS),
    Leaf("dn", "dn", NUMBERS),
)

CALIBRATION = Layout(
    Calibration,
    HEADER,
    Group("calibrationInformation", Leaf("absoluteCalibrationConstant", "absolute_constant", NUMBER)),
    Records("calibrationVectorList", "calibrationVector", "vectors", _VECTOR),
)

_RANGE_VECTOR = Layout(
    NoiseRangeVector,
    Leaf("azimuthTime", "time", TIME),
    Leaf("line", "line", INTEGER),
    Leaf("pixel", "pixel", INTEGERS),
    Leaf("noiseRangeLut", "power", NUMBERS),
)

_AZIMUTH_VECTOR = Layout(
    NoiseAzimuthVector,
    Leaf("swath", "swath", TEXT, optional=True),
    Leaf("firstAzimuthLine", "first_line", INTEGER, optional=True),
    Leaf("firstRangeSample", "first_sample", INTEGER, optional=True),
    Leaf("lastAzimuthLine", "last_line", INTEGER, optional=True),
    Leaf("lastRangeSample", "last_sample", INTEGER, optional=True),
    Leaf("line", "line", INTEGERS),
    Leaf("noiseAzimuthLut", "factor", NUMBERS),
)

NOISE = Layout(
    Noise,
    HEADER,
    Records("noiseRangeVectorList", "noiseRangeVector", "range_vectors", _RANGE_VECTOR),
    Records("noiseAzimuthVectorList", "noiseAzimuthVector", "azimuth_vectors", _AZIMUTH_VECTOR),
)
