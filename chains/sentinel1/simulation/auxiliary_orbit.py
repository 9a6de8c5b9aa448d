"""The simulated orbit as an orbit file AUX_RESORB.

Form: GMES-GSEG-EOPG-FS-10-0075 and the Earth Explorer file format PE-TN-ESA-GS-0001. UT1 is given as UTC, for the
simulated Earth turns evenly.
"""

import math
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from lxml import etree

from refsys.chains.sentinel1.simulation.orbit import EPOCH, SIMULATED_ORBIT, SimulatedOrbit, state_vectors
from refsys.model.times import compact_time

FIRST_S, LAST_S = -1200.0, 3600.0
"""What the file covers, seconds since the epoch."""

FIRST_ABSOLUTE_ORBIT = 100
"""Number of the orbit that the satellite is on at the epoch."""

_LEAP_SECONDS = 35  # TAI less UTC in June 2013
_CREATED_AFTER = timedelta(minutes=10)


def write_orbit_file(folder: Path, orbit: SimulatedOrbit = SIMULATED_ORBIT) -> Path:
    """Write the file into a folder that is there, named after what it covers."""
    start, stop = (EPOCH + timedelta(seconds=time) for time in (FIRST_S, LAST_S))
    created = stop + _CREATED_AFTER
    period = f"V{compact_time(start)}_{compact_time(stop)}"
    path = folder / f"S1A_OPER_AUX_RESORB_OPOD_{compact_time(created)}_{period}.EOF"
    root = etree.Element("Earth_Explorer_File")
    root.append(etree.Comment(" Simulated: the orbit of no real satellite. "))
    _write_header(etree.SubElement(root, "Earth_Explorer_Header"), path.stem, (start, stop, created))
    _write_vectors(etree.SubElement(root, "Data_Block", type="xml"), orbit)
    path.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
    return path


def _write_header(header: etree._Element, name: str, times: tuple[datetime, datetime, datetime]) -> None:
    start, stop, created = (f"UTC={time:%Y-%m-%dT%H:%M:%S}" for time in times)
    fixed = etree.SubElement(header, "Fixed_Header")
    _texts(
        fixed,
        File_Name=name,
        File_Description="Simulated Orbit File",
        Notes="Simulated",
        Mission="Sentinel-1A",
        File_Class="OPER",
        File_Type="AUX_RESORB",
    )
    _texts(etree.SubElement(fixed, "Validity_Period"), Validity_Start=start, Validity_Stop=stop)
    _texts(fixed, File_Version="0001")
    source = {"System": "OPOD", "Creator": "Simulated", "Creator_Version": "1", "Creation_Date": created}
    _texts(etree.SubElement(fixed, "Source"), **source)
    _texts(etree.SubElement(header, "Variable_Header"), Ref_Frame="EARTH_FIXED", Time_Reference="UTC")


def _write_vectors(block: etree._Element, orbit: SimulatedOrbit) -> None:
    vectors = state_vectors(orbit, FIRST_S, LAST_S, margin=0)
    around = etree.SubElement(block, "List_of_OSVs", count=str(vectors.time_s.size))
    turns = (orbit.latitude_argument_rad + orbit.latitude_rate_rad_s * vectors.time_s) / (2 * math.pi)
    numbers = FIRST_ABSOLUTE_ORBIT + np.floor(turns).astype(np.int64)
    for k, time_s in enumerate(vectors.time_s.tolist()):
        utc = EPOCH + timedelta(seconds=time_s)
        element = etree.SubElement(around, "OSV")
        _texts(
            element,
            TAI=f"TAI={utc + timedelta(seconds=_LEAP_SECONDS):%Y-%m-%dT%H:%M:%S.%f}",
            UTC=f"UTC={utc:%Y-%m-%dT%H:%M:%S.%f}",
            UT1=f"UT1={utc:%Y-%m-%dT%H:%M:%S.%f}",
            Absolute_Orbit=f"+{numbers[k]:05d}",
        )
        for prefix, unit, values in (("", "m", vectors.position_m[k]), ("V", "m/s", vectors.velocity_m_s[k])):
            for axis, value in zip("XYZ", values.tolist(), strict=True):
                etree.SubElement(element, prefix + axis, unit=unit).text = f"{value:.6f}"
        _texts(element, Quality="NOMINAL")


def _texts(parent: etree._Element, **texts: str) -> None:
    for tag, text in texts.items():
        etree.SubElement(parent, tag).text = text
