"""Antenna patterns and calibration constants AUX_CAL, and how they lie in XML.

Source: S1-RS-MDA-52-7443 (IPF Auxiliary Product Specification), schema s1-aux-cal.xsd.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.safe.xml_kinds import COMPLEXES, NUMBER, NUMBERS, TEXT
from refsys.chains.sentinel1.safe.xml_layout import Group, Layout, Leaf, Records
from refsys.model.errors import InputCorrupt

_DB_OF_AMPLITUDE = 20.0


class CalibrationRecord(NamedTuple):
    """Patterns of one swath and polarisation.

    Attributes
    ----------
    swath, polarisation
        Whose.
    near_deg, far_deg
        Elevation angles of the nominal beam's edges.
    elevation_step_deg, elevation
        Two-way pattern, complex128 (n,), n odd: the power, so that data are divided by its square root. The middle
        value is at the reference antenna angle of the instrument's AUX_INS.
    azimuth_step_deg, azimuth_db
        Two-way pattern, float64 (m,), m odd, the middle value at 0 degrees.
    element_step_deg, element_db
        Two-way pattern of an element over the steering angle, float64 (k,), k odd; one value where nothing steers.
    absolute_constant, noise_factor
        Constants.
    """

    swath: str
    polarisation: str
    near_deg: float
    far_deg: float
    elevation_step_deg: float
    elevation: NDArray[np.complex128]
    azimuth_step_deg: float
    azimuth_db: NDArray[np.float64]
    element_step_deg: float
    element_db: NDArray[np.float64]
    absolute_constant: float
    noise_factor: float

    def elevation_angles_deg(self) -> NDArray[np.float64]:
        """Return the angle off the reference antenna angle of each value of the elevation pattern, float64 (n,)."""
        return centred_angles_deg(self.elevation.size, self.elevation_step_deg)

    def elevation_amplitude(self) -> NDArray[np.float64]:
        """Return the two-way amplitude of the elevation pattern, float64 (n,), in the file's own scale."""
        return np.asarray(np.sqrt(np.abs(self.elevation)))

    def azimuth_angles_deg(self) -> NDArray[np.float64]:
        """Return the angle of each value of the azimuth pattern, float64 (m,)."""
        return centred_angles_deg(self.azimuth_db.size, self.azimuth_step_deg)

    def azimuth_amplitude(self) -> NDArray[np.float64]:
        """Return the two-way amplitude of the azimuth pattern, float64 (m,): 1 where the file says 0 dB."""
        return np.asarray(10.0 ** (self.azimuth_db / _DB_OF_AMPLITUDE))

    def element_angles_deg(self) -> NDArray[np.float64]:
        """Return the steering angle of each value of the element pattern, float64 (k,)."""
        return centred_angles_deg(self.element_db.size, self.element_step_deg)

    def element_amplitude(self) -> NDArray[np.float64]:
        """Return the two-way amplitude of the element pattern, float64 (k,); 1 where nothing steers.

        Real files hold a single value of 1 for beams that do not steer, to be ignored.
        """
        if self.element_db.size == 1:
            return np.ones(1)
        return np.asarray(10.0 ** (self.element_db / _DB_OF_AMPLITUDE))


class AuxCal(NamedTuple):
    """Calibration records of all swaths and polarisations."""

    records: tuple[CalibrationRecord, ...]

    def record(self, swath: str, polarisation: str) -> CalibrationRecord:
        """Return the record of a swath and polarisation (`InputCorrupt` if there is none or several)."""
        found = [record for record in self.records if (record.swath, record.polarisation) == (swath, polarisation)]
        if len(found) != 1:
            raise InputCorrupt(f"AUX_CAL has {len(found)} records of {swath} {polarisation}")
        return found[0]


def centred_angles_deg(count: int, step_deg: float) -> NDArray[np.float64]:
    """Return angles in even steps around 0 (`InputCorrupt` for an even count, which has no middle)."""
    if count % 2 == 0:
        raise InputCorrupt(f"antenna pattern of {count} values has no middle")
    return np.asarray((np.arange(count) - count // 2) * step_deg)


_RECORD = Layout(
    CalibrationRecord,
    Leaf("swath", "swath", TEXT),
    Leaf("polarisation", "polarisation", TEXT),
    Group(
        "elevationAntennaPattern",
        Leaf("beamNominalNearRange", "near_deg", NUMBER),
        Leaf("beamNominalFarRange", "far_deg", NUMBER),
        Leaf("elevationAngleIncrement", "elevation_step_deg", NUMBER),
        Leaf("values", "elevation", COMPLEXES),
    ),
    Group(
        "azimuthAntennaPattern",
        Leaf("azimuthAngleIncrement", "azimuth_step_deg", NUMBER),
        Leaf("values", "azimuth_db", NUMBERS),
    ),
    Group(
        "azimuthAntennaElementPattern",
        Leaf("azimuthAngleIncrement", "element_step_deg", NUMBER),
        Leaf("values", "element_db", NUMBERS),
    ),
    Leaf("absoluteCalibrationConstant", "absolute_constant", NUMBER),
    Leaf("noiseCalibrationFactor", "noise_factor", NUMBER),
)

CALIBRATION_AUX = Layout(AuxCal, Records("calibrationParamsList", "calibrationParams", "records", _RECORD))
