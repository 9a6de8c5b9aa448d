"""What the auxiliary files of the simulated instrument say, as the values that readers make of them."""

import math

import numpy as np

from refsys.chains.sentinel1.safe.aux_calibration import AuxCal, CalibrationRecord, centred_angles_deg
from refsys.chains.sentinel1.safe.aux_instrument import Instrument, InternalCalibration, SwathPulse
from refsys.chains.sentinel1.safe.aux_processing import (
    POLARISATIONS,
    AuxPp1,
    AzimuthBlocks,
    BandParameters,
    GainParameters,
    ProductParameters,
)
from refsys.chains.sentinel1.simulation.antenna import (
    ROLL_DEG_PER_M,
    ROLL_REFERENCE_DEG,
    ROLL_REFERENCE_HEIGHT_M,
    azimuth_gain,
    elevation_gain,
)
from refsys.chains.sentinel1.simulation.geometry import LIGHT_SPEED_M_S
from refsys.chains.sentinel1.simulation.instrument import ANTENNAS, CARRIER_HZ, IW1, IW2, IW3, S3, SUPPRESSED_S
from refsys.chains.sentinel1.simulation.tops import STEERING_DEG_S

SWATHS = {codes.swath: codes for codes in (S3, IW1, IW2, IW3)}

_ELEVATION_VALUES, _ELEVATION_STEP_DEG = 601, 0.05
_AZIMUTH_VALUES, _AZIMUTH_STEP_DEG = 401, 0.005
_ELEMENT_VALUES, _ELEMENT_STEP_DEG = 201, 0.03
_LEAST_DB = -80.0
_VECTOR_STEP_PIXELS = 40

# Window coefficient, bandwidth, look bandwidth (Hz), looks, spacing (m), samples thrown away: in range, in azimuth.
_BANDS = {
    ("SM_SLC__1", "S3"): ((0.75, 59.4e6, 59.4e6, 1, 2.2, 0), (0.75, 1399.0, 1399.0, 1, 3.5, 0)),
    ("SM_GRDH_1", "S3"): ((0.75, 59.4e6, 12.5e6, 6, 10.0, 5), (0.75, 1399.0, 401.0, 6, 10.0, 5)),
    ("IW_SLC__1", "IW1"): ((0.75, 56.5e6, 56.5e6, 1, 2.3, 0), (0.70, 327.0, 327.0, 1, 14.1, 0)),
    ("IW_SLC__1", "IW2"): ((0.75, 48.3e6, 48.3e6, 1, 2.3, 0), (0.75, 313.0, 313.0, 1, 14.1, 0)),
    ("IW_SLC__1", "IW3"): ((0.75, 42.8e6, 42.8e6, 1, 2.3, 0), (0.75, 314.0, 314.0, 1, 14.1, 0)),
    ("IW_GRDH_1", "IW1"): ((0.70, 56.5e6, 14.1e6, 5, 10.0, 5), (0.70, 327.0, 327.0, 1, 10.0, 5)),
    ("IW_GRDH_1", "IW2"): ((0.73, 48.3e6, 12.1e6, 5, 10.0, 5), (0.75, 313.0, 313.0, 1, 10.0, 5)),
    ("IW_GRDH_1", "IW3"): ((0.75, 42.8e6, 10.7e6, 5, 10.0, 5), (0.75, 314.0, 314.0, 1, 10.0, 5)),
}


def instrument() -> Instrument:
    """Return pulses, steering and internal calibration: loops without delay, gain 1."""
    return Instrument(
        radar_frequency_hz=CARRIER_HZ,
        suppressed_s=SUPPRESSED_S,
        reference_angle_deg=ROLL_REFERENCE_DEG,
        reference_height_m=ROLL_REFERENCE_HEIGHT_M,
        roll_sensitivity_deg_per_m=ROLL_DEG_PER_M,
        swaths=tuple(_swath_pulse(swath) for swath in SWATHS),
        calibrations=tuple(
            InternalCalibration(swath, polarisation, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0)
            for swath in SWATHS
            for polarisation in POLARISATIONS
        ),
    )


def _swath_pulse(swath: str) -> SwathPulse:
    pulse = SWATHS[swath].pulse()
    middle_hz = pulse.start_frequency_hz + 0.5 * pulse.ramp_rate_hz_s * pulse.length_s
    return SwathPulse(
        swath=swath,
        steering_deg_per_s=STEERING_DEG_S.get(swath, 0.0),
        amplitude=np.array([1.0, 0.0, 0.0, 0.0]),
        phase=np.array([0.0, middle_hz, 0.5 * pulse.ramp_rate_hz_s, 0.0]),
    )


def calibration(gain: float) -> AuxCal:
    """Return antenna patterns and constants; `gain` is the acquisition's, its square the absolute constant."""
    return AuxCal(
        tuple(_calibration_record(swath, polarisation, gain) for swath in SWATHS for polarisation in POLARISATIONS)
    )


def _calibration_record(swath: str, polarisation: str, gain: float) -> CalibrationRecord:
    antenna, wavelength_m = ANTENNAS[swath], LIGHT_SPEED_M_S / CARRIER_HZ
    elevation = centred_angles_deg(_ELEVATION_VALUES, _ELEVATION_STEP_DEG).tolist()
    azimuth = np.radians(centred_angles_deg(_AZIMUTH_VALUES, _AZIMUTH_STEP_DEG)).tolist()
    steered = np.radians(centred_angles_deg(_ELEMENT_VALUES, _ELEMENT_STEP_DEG)).tolist()
    # The file holds the square of the two-way amplitude in elevation, and decibels in azimuth.
    power = np.array([elevation_gain(antenna, angle) ** 2 for angle in elevation])
    unsteered = antenna._replace(element_m=0.0)
    lobe = [_decibels(azimuth_gain(unsteered, wavelength_m, angle, 0.0)) for angle in azimuth]
    element = [_decibels(azimuth_gain(antenna, wavelength_m, angle, angle)) for angle in steered]
    half = 0.5 * antenna.elevation_width_deg
    return CalibrationRecord(
        swath=swath,
        polarisation=polarisation,
        near_deg=ROLL_REFERENCE_DEG + antenna.elevation_centre_deg - half,
        far_deg=ROLL_REFERENCE_DEG + antenna.elevation_centre_deg + half,
        elevation_step_deg=_ELEVATION_STEP_DEG,
        elevation=power.astype(np.complex128),
        azimuth_step_deg=_AZIMUTH_STEP_DEG,
        azimuth_db=np.array(lobe),
        element_step_deg=_ELEMENT_STEP_DEG if antenna.element_m else 0.0,
        element_db=np.array(element) if antenna.element_m else np.ones(1),
        absolute_constant=gain**2,
        noise_factor=1.0,
    )


def _decibels(amplitude: float) -> float:
    return max(20 * math.log10(max(amplitude, 1e-9)), _LEAST_DB)


def processing() -> AuxPp1:
    """Return parameters of single-look and detected products of the simulated swaths."""
    identifiers = dict.fromkeys(identifier for identifier, _ in _BANDS)
    return AuxPp1(tuple(_product(identifier) for identifier in identifiers))


def _product(identifier: str) -> ProductParameters:
    bands = {swath: own for (product, swath), own in _BANDS.items() if product == identifier}
    detected, tops = "_GRD" in identifier, identifier.startswith("IW")
    return ProductParameters(
        identifier=identifier,
        correct_bias=True,
        correct_gain=False,
        correct_orthogonality=False,
        correct_bistatic=True,
        correct_rx_variation=False,
        blocks=AzimuthBlocks(
            np.array(list(bands), np.str_),
            np.array([azimuth[1] for _, azimuth in bands.values()]),
            np.array([0 if tops else 4096 for _ in bands], np.int64),
        ),
        topsar_convention="Only Echo Lines",
        chirp_source="Nominal",
        pg_source="Extracted",
        doppler_method="Data Analysis",
        doppler_input="Range Compressed",
        doppler_rms_threshold_hz=20.0,
        apply_elevation_pattern=True,
        apply_range_spreading=True,
        estimate_noise=True,
        rrf_spectrum="Extended Tapered",
        gains=tuple(
            GainParameters(swath, np.ones(len(POLARISATIONS)), azimuth[1] if tops else 0.0, 0.23)
            for swath, (_, azimuth) in bands.items()
        ),
        range_bands=tuple(BandParameters(swath, "Hamming", *own) for swath, (own, _) in bands.items()),
        azimuth_bands=tuple(BandParameters(swath, "Hamming", *own) for swath, (_, own) in bands.items()),
        vector_step_pixels=_VECTOR_STEP_PIXELS,
        apply_azimuth_pattern=True,
        apply_descalloping=tops,
        detect=detected,
        merge=detected and tops,
        ground_range=detected,
        remove_noise=False,
    )
