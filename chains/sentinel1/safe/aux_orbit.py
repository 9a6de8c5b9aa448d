"""Orbit files of Sentinel-1 (AUX_RESORB, AUX_POEORB, MPL_ORBPRE) and how they lie in XML.

Source: Earth Observation Ground Segment File Format Standard PE-TN-ESA-GS-0001; Sentinel-1 orbit file format
GMES-GSEG-EOPG-FS-10-0075.
"""

from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.safe.annotation_series import seconds_since
from refsys.chains.sentinel1.safe.xml_kinds import INTEGER, NUMBER, TEXT, TIME, TIME_NS
from refsys.chains.sentinel1.safe.xml_layout import Column, Columns, Group, Layout, Leaf
from refsys.kernels.sar.orbit import Orbit


class OrbitVectors(NamedTuple):
    """State vectors, Earth-fixed: int64 (n,) nanoseconds since 1970, float64 (n, 3); quality as the file spells it."""

    utc_ns: NDArray[np.int64]
    absolute_orbit: NDArray[np.int64]
    position_m: NDArray[np.float64]
    velocity_m_s: NDArray[np.float64]
    quality: NDArray[np.str_]


class OrbitFile(NamedTuple):
    """An orbit file.

    Attributes
    ----------
    file_type
        `AUX_RESORB`, `AUX_POEORB` or `MPL_ORBPRE`.
    mission
        As the file spells it: `Sentinel-1A`.
    start, stop
        Validity.
    created
        When the file was made.
    frame, time_reference
        `EARTH_FIXED` and `UTC`.
    vectors
        In order of time.
    """

    file_type: str
    mission: str
    start: datetime
    stop: datetime
    created: datetime
    frame: str
    time_reference: str
    vectors: OrbitVectors

    def orbit(self, epoch: datetime, start: datetime, stop: datetime) -> Orbit:
        """Return the state vectors between two times, counted in seconds since an epoch."""
        time_s = seconds_since(epoch, self.vectors.utc_ns)
        lowest, highest = (start - epoch).total_seconds(), (stop - epoch).total_seconds()
        inside = (time_s >= lowest) & (time_s <= highest)
        return Orbit(time_s[inside], self.vectors.position_m[inside], self.vectors.velocity_m_s[inside])


_VECTORS = Columns(
    "List_of_OSVs",
    "OSV",
    "vectors",
    OrbitVectors,
    Column("UTC", "utc_ns", TIME_NS),
    Column("Absolute_Orbit", "absolute_orbit", INTEGER),
    *(Column(axis, "position_m", NUMBER, k) for k, axis in enumerate("XYZ")),
    *(Column(f"V{axis}", "velocity_m_s", NUMBER, k) for k, axis in enumerate("XYZ")),
    Column("Quality", "quality", TEXT),
)

ORBIT_FILE = Layout(
    OrbitFile,
    Group(
        "Earth_Explorer_Header",
        Group(
            "Fixed_Header",
            Leaf("Mission", "mission", TEXT),
            Leaf("File_Type", "file_type", TEXT),
            Group("Validity_Period", Leaf("Validity_Start", "start", TIME), Leaf("Validity_Stop", "stop", TIME)),
            Group("Source", Leaf("Creation_Date", "created", TIME)),
        ),
        Group("Variable_Header", Leaf("Ref_Frame", "frame", TEXT), Leaf("Time_Reference", "time_reference", TEXT)),
    ),
    Group("Data_Block", _VECTORS),
)
