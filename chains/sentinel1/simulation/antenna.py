"""Antenna patterns of the simulated instrument, two-way, in amplitude, 1 at the beam's centre.

Azimuth: a uniformly lit aperture there and back, sinc squared (I. Cumming and F. Wong, Digital Processing of Synthetic
Aperture Radar Data, 4.3); where elements are given, their own pattern bounds a steered beam. Elevation: a Gaussian,
chosen for being smooth. The roll law is that of S1-RS-MDA-52-7443 (AUX_INS, roll steering).
"""

import math
from typing import NamedTuple

from refsys.kernels.jit import jit

ROLL_REFERENCE_DEG = 29.45
ROLL_REFERENCE_HEIGHT_M = 711_700.0
ROLL_DEG_PER_M = 5.66e-5


class Antenna(NamedTuple):
    """The beam of a swath.

    Attributes
    ----------
    length_m
        Of the aperture along the flight.
    elevation_centre_deg
        Of the beam, from the antenna's boresight; positive farther from nadir.
    elevation_width_deg
        Between the elevations at which the two-way power is half its peak.
    element_m
        Length of one element, which bounds steered beams; 0 leaves its pattern out.
    """

    length_m: float
    elevation_centre_deg: float
    elevation_width_deg: float
    element_m: float = 0.0


class Steering(NamedTuple):
    """How the beam turns during a burst.

    Attributes
    ----------
    rate_rad_s
        From behind to ahead; 0 for an unsteered beam.
    mid_time_s
        When it points across the flight, seconds since the epoch. It counts for what meets the ground then: half the
        delay after the transmission.
    """

    rate_rad_s: float
    mid_time_s: float


UNSTEERED = Steering(0.0, 0.0)


def _lobe_body(length_m: float, angle_rad: float, wavelength_m: float) -> float:
    turns = length_m * math.sin(angle_rad) / wavelength_m
    if abs(turns) < 1e-6:
        return 1.0
    one_way = math.sin(math.pi * turns) / (math.pi * turns)
    return one_way * one_way


_lobe = jit(_lobe_body)


def _azimuth_gain_body(antenna: Antenna, wavelength_m: float, squint_rad: float, steered_rad: float) -> float:
    gain = _lobe(antenna.length_m, squint_rad - steered_rad, wavelength_m)
    return gain * _lobe(antenna.element_m, squint_rad, wavelength_m)


azimuth_gain = jit(_azimuth_gain_body)
"""Two-way amplitude towards a squint of a beam steered to another; radians, positive ahead."""


def _roll_deg_body(height_m: float) -> float:
    return ROLL_REFERENCE_DEG - ROLL_DEG_PER_M * (height_m - ROLL_REFERENCE_HEIGHT_M)


roll_deg = jit(_roll_deg_body)
"""Angle of the antenna's boresight from the direction to the Earth's centre at a height above the ellipsoid."""


def _elevation_gain_body(antenna: Antenna, elevation_deg: float) -> float:
    off = 2.0 * (elevation_deg - antenna.elevation_centre_deg) / antenna.elevation_width_deg
    return math.exp(-0.5 * math.log(2.0) * off * off)


elevation_gain = jit(_elevation_gain_body)
"""Two-way amplitude at an angle from the antenna's boresight: look angle less roll."""
