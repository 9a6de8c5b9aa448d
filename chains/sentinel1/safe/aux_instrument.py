"""What focusing takes from the instrument file AUX_INS: pulses, steering, internal calibration.

Source: S1-RS-MDA-52-7443 (IPF Auxiliary Product Specification), schema s1-aux-ins.xsd. Tables of the sample decoder are
read by `refsys.chains.sentinel1.aux_ins`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.safe.xml_kinds import NUMBER, NUMBERS, TEXT
from refsys.chains.sentinel1.safe.xml_layout import Group, Layout, Leaf, Records
from refsys.model.errors import InputCorrupt


class SwathPulse(NamedTuple):
    """Pulse and steering of a swath.

    Attributes
    ----------
    swath
        Whose.
    steering_deg_per_s
        Azimuth steering rate, 0 for StripMap.
    amplitude
        Polynomial over time from the pulse's middle, float64 (4,).
    phase
        The same, in cycles: 0, Hz, Hz/s (half the ramp rate), ... as the file has it.
    """

    swath: str
    steering_deg_per_s: float
    amplitude: NDArray[np.float64]
    phase: NDArray[np.float64]


class InternalCalibration(NamedTuple):
    """Reference of internal calibration of a swath and polarisation: delay, gains, reference of the PG product."""

    swath: str
    polarisation: str
    delay_s: float
    nominal_gain_i: float
    nominal_gain_q: float
    extracted_gain_i: float
    extracted_gain_q: float
    pg_reference_i: float
    pg_reference_q: float
    window_start_bias_s: float
    noise: float


class Instrument(NamedTuple):
    """The instrument.

    Attributes
    ----------
    radar_frequency_hz
        Carrier.
    suppressed_s
        Duration of suppressed samples at the start of the receive window.
    reference_angle_deg, reference_height_m, roll_sensitivity_deg_per_m
        Roll steering: boresight angle at the reference height, and how it follows the height.
    swaths, calibrations
        Of each swath; of each swath and polarisation.
    """

    radar_frequency_hz: float
    suppressed_s: float
    reference_angle_deg: float
    reference_height_m: float
    roll_sensitivity_deg_per_m: float
    swaths: tuple[SwathPulse, ...]
    calibrations: tuple[InternalCalibration, ...]

    def swath(self, swath: str) -> SwathPulse:
        """Return pulse and steering of a swath (`InputCorrupt` if there are none or several)."""
        found = [item for item in self.swaths if item.swath == swath]
        if len(found) != 1:
            raise InputCorrupt(f"AUX_INS has {len(found)} entries for swath {swath}")
        return found[0]

    def calibration(self, swath: str, polarisation: str) -> InternalCalibration:
        """Return the reference of internal calibration (`InputCorrupt` if there is none or several)."""
        found = [item for item in self.calibrations if (item.swath, item.polarisation) == (swath, polarisation)]
        if len(found) != 1:
            raise InputCorrupt(f"AUX_INS has {len(found)} internal calibrations of {swath} {polarisation}")
        return found[0]


_SWATH = Layout(
    SwathPulse,
    Leaf("swath", "swath", TEXT),
    Group("radarParams", Leaf("azimuthSteeringRate", "steering_deg_per_s", NUMBER)),
    Group(
        "pulseParams",
        Leaf("amplitudeCoefficients", "amplitude", NUMBERS),
        Leaf("phaseCoefficients", "phase", NUMBERS),
    ),
)

_CALIBRATION = Layout(
    InternalCalibration,
    Leaf("swath", "swath", TEXT),
    Leaf("polarisation", "polarisation", TEXT),
    Leaf("timeDelay", "delay_s", NUMBER),
    Group("nominalGain", Leaf("re", "nominal_gain_i", NUMBER), Leaf("im", "nominal_gain_q", NUMBER)),
    Group("extractedGain", Leaf("re", "extracted_gain_i", NUMBER), Leaf("im", "extracted_gain_q", NUMBER)),
    Group("pgReference", Leaf("re", "pg_reference_i", NUMBER), Leaf("im", "pg_reference_q", NUMBER)),
    Leaf("swstBias", "window_start_bias_s", NUMBER),
    Leaf("noise", "noise", NUMBER),
)

INSTRUMENT = Layout(
    Instrument,
    Leaf("radarFrequency", "radar_frequency_hz", NUMBER),
    Leaf("deltaTSuppr", "suppressed_s", NUMBER),
    Group(
        "rollSteeringParams",
        Leaf("referenceAntennaAngle", "reference_angle_deg", NUMBER),
        Leaf("referenceHeight", "reference_height_m", NUMBER),
        Leaf("rollSteeringSensitivity", "roll_sensitivity_deg_per_m", NUMBER),
    ),
    Records("swathParamsList", "swathParams", "swaths", _SWATH),
    Records("internalCalibrationParamsList", "internalCalibrationParams", "calibrations", _CALIBRATION),
)
