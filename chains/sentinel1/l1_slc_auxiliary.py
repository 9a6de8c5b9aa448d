"""What the auxiliary files say of the swaths: bands and windows, antenna patterns, gain, steering; and the orbit."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from refsys.chains.sentinel1.l0_segments import is_tops
from refsys.chains.sentinel1.l1_slc_facts import OrbitFacts, Pattern, RollSteering, SwathProcessing
from refsys.chains.sentinel1.onboard_orbit import onboard_orbit, smoothed_orbit
from refsys.chains.sentinel1.safe.aux_calibration import CalibrationRecord
from refsys.chains.sentinel1.safe.aux_processing import BandParameters
from refsys.chains.sentinel1.safe.aux_readers import read_aux_cal, read_aux_pp1, read_instrument, read_orbit_file
from refsys.chains.units import UnitContext
from refsys.kernels.sar.orbit import Orbit, interpolate
from refsys.kernels.sentinel1.packets import Headers
from refsys.model.errors import InputCorrupt, InputMissing

ORBIT_MARGIN_S = 3.0
"""State vectors must reach this far beyond the raw data: a burst sees targets up to two seconds from zero Doppler."""

_VECTOR_MARGIN_S = 60.0


class Auxiliary(NamedTuple):
    """What auxiliary files give: by swath the fields of `SegmentFacts`, and how the satellite steers its roll."""

    swaths: dict[str, dict[str, Any]]
    roll: RollSteering

    def of(self, swath: str) -> dict[str, Any]:
        """Return the fields of a swath."""
        return self.swaths[swath]


def read_auxiliary(context: UnitContext, swaths: list[str], polarisation: str) -> Auxiliary:
    """Read AUX_INS, AUX_PP1 and AUX_CAL.

    Raises
    ------
    InputCorrupt
        If a file lacks one of the swaths, or a window that is neither Hamming nor none.
    """
    instrument = read_instrument(context.input("AUX_INS").path("-aux-ins.xml"))
    pp1, cal = context.input("AUX_PP1"), context.input("AUX_CAL")
    processing, records = read_aux_pp1(pp1.path("-aux-pp1.xml")), read_aux_cal(cal.path("-aux-cal.xml"))
    found = {}
    for swath in swaths:
        bands = processing.product(f"{'IW' if is_tops(swath) else 'SM'}_SLC__1").swath(swath)
        record = records.record(swath, polarisation)
        found[swath] = {
            "processing": SwathProcessing(
                range_bandwidth_hz=bands.range_band.processing_bandwidth_hz,
                range_window=_coefficient(bands.range_band),
                azimuth_bandwidth_hz=bands.azimuth_band.processing_bandwidth_hz,
                azimuth_window=_coefficient(bands.azimuth_band),
                source=pp1.ref.name,
            ),
            **swath_patterns(record),
            "steering_rate_rad_s": float(np.radians(instrument.swath(swath).steering_deg_per_s)),
        }
    roll = RollSteering(
        angle_deg=instrument.reference_angle_deg,
        height_m=instrument.reference_height_m,
        deg_per_m=instrument.roll_sensitivity_deg_per_m,
    )
    return Auxiliary(found, roll)


def orbit_facts(context: UnitContext, headers: Headers, epoch: datetime, span_s: tuple[float, float]) -> OrbitFacts:
    """Return the orbit around the raw data: of the orbit file if there is one, else of the packets themselves.

    Raises
    ------
    InputMissing
        If neither has state vectors.
    InputCorrupt
        If they do not cover the raw data, or have gaps there.
    """
    first_s, last_s = span_s[0] - ORBIT_MARGIN_S, span_s[1] + ORBIT_MARGIN_S
    files = context.inputs.get("AUX_RESORB", ())
    if files:
        name = files[0].ref.name
        around = timedelta(seconds=_VECTOR_MARGIN_S)
        file = read_orbit_file(files[0].path(".EOF"))
        start, stop = epoch + timedelta(seconds=first_s), epoch + timedelta(seconds=last_s)
        orbit = file.orbit(epoch, start - around, stop + around)
    else:
        name = "packets"
        onboard = onboard_orbit(headers)
        if not onboard.utc_ns.size:
            raise InputMissing(
                "no state vector in the packets, and no orbit file", where="AUX_RESORB", hint="ingest an AUX_RESORB"
            )
        orbit = smoothed_orbit(onboard, epoch, (first_s, last_s))
    try:
        interpolate(orbit, np.linspace(first_s, last_s, 64))
    except ValueError as error:
        raise InputCorrupt(f"the orbit does not serve: {error}", where=name) from error
    return _facts(orbit, name, from_file=bool(files))


def _facts(orbit: Orbit, source: str, *, from_file: bool) -> OrbitFacts:
    return OrbitFacts(
        time_s=tuple(orbit.time_s.tolist()),
        position_m=tuple((x, y, z) for x, y, z in orbit.position_m.tolist()),
        velocity_m_s=tuple((x, y, z) for x, y, z in orbit.velocity_m_s.tolist()),
        source=source,
        from_file=from_file,
    )


def _coefficient(band: BandParameters) -> float:
    if band.window.upper() == "HAMMING":
        return band.window_coefficient
    if band.window.upper() == "NONE":
        return 1.0
    raise InputCorrupt(f"window {band.window!r} is neither Hamming nor none", where=f"AUX_PP1, swath {band.swath}")


def swath_patterns(record: CalibrationRecord) -> dict[str, Any]:
    """Return the patterns with peak 1; the gain takes what the elevation pattern and the constant say of the level.

    The pattern of an element is left as it is in the file, 0 dB where nothing steers, and empty for beams that do not.

    Parameters
    ----------
    record
        Of the swath and polarisation.

    Returns
    -------
    dict
        Fields of `SegmentFacts`.

    Raises
    ------
    InputCorrupt
        If the elevation pattern or the constant is not positive.
    """
    elevation, azimuth, element = record.elevation_amplitude(), record.azimuth_amplitude(), record.element_amplitude()
    peak = float(elevation.max())
    if not (peak > 0 and record.absolute_constant > 0):
        raise InputCorrupt(
            f"pattern or constant of {record.swath} {record.polarisation} is not positive", where="AUX_CAL"
        )
    return {
        "elevation_pattern": Pattern(
            angle_rad=tuple(np.radians(record.elevation_angles_deg()).tolist()),
            amplitude=tuple((elevation / peak).tolist()),
        ),
        "azimuth_pattern": Pattern(
            angle_rad=tuple(np.radians(record.azimuth_angles_deg()).tolist()),
            amplitude=tuple((azimuth / azimuth.max()).tolist()),
        ),
        "element_pattern": Pattern(
            angle_rad=tuple(np.radians(record.element_angles_deg()).tolist()) if element.size > 1 else (),
            amplitude=tuple(element.tolist()) if element.size > 1 else (),
        ),
        "absolute_gain": peak * float(np.sqrt(record.absolute_constant)),
    }
