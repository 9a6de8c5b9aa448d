"""How annotation along the track lies in XML: elements and order of s1-level-1-product.xsd (S1-RS-MDA-52-7441)."""

from refsys.chains.sentinel1.safe import annotation_series as said
from refsys.chains.sentinel1.safe.xml_kinds import (
    BOOLEAN,
    COMPLEXES,
    INTEGER,
    INTEGERS,
    NUMBER,
    NUMBERS,
    TEXT,
    TIME,
    TIME_NS,
)
from refsys.chains.sentinel1.safe.xml_layout import Column, Columns, Layout, Leaf

_AXES = "xyz"

ORBIT = Columns(
    "orbitList",
    "orbit",
    "orbit",
    said.StateVectors,
    Column("time", "utc_ns", TIME_NS),
    Column("frame", "frame", TEXT),
    *(Column(f"position/{axis}", "position_m", NUMBER, k) for k, axis in enumerate(_AXES)),
    *(Column(f"velocity/{axis}", "velocity_m_s", NUMBER, k) for k, axis in enumerate(_AXES)),
)

ATTITUDE = Columns(
    "attitudeList",
    "attitude",
    "attitude",
    said.Attitudes,
    Column("time", "utc_ns", TIME_NS),
    Column("frame", "frame", TEXT),
    *(Column(f"q{k}", "quaternion", NUMBER, k) for k in range(4)),
    *(Column(f"w{axis}", "rate_deg_per_s", NUMBER, k) for k, axis in enumerate(_AXES)),
    Column("roll", "roll_deg", NUMBER),
    Column("pitch", "pitch_deg", NUMBER),
    Column("yaw", "yaw_deg", NUMBER),
)

TERRAIN = Columns(
    "terrainHeightList",
    "terrainHeight",
    "terrain",
    said.TerrainHeights,
    Column("azimuthTime", "utc_ns", TIME_NS),
    Column("value", "height_m", NUMBER),
)

FM_RATE = Layout(
    said.FmRate,
    Leaf("azimuthTime", "time", TIME),
    Leaf("t0", "t0_s", NUMBER),
    Leaf("azimuthFmRatePolynomial", "polynomial", NUMBERS),
)

DOPPLER = Layout(
    said.DopplerEstimate,
    Leaf("azimuthTime", "time", TIME),
    Leaf("t0", "t0_s", NUMBER),
    Leaf("geometryDcPolynomial", "geometry", NUMBERS),
    Leaf("dataDcPolynomial", "data", NUMBERS),
    Leaf("dataDcRmsError", "data_rms_hz", NUMBER),
    Leaf("dataDcRmsErrorAboveThreshold", "rms_above_threshold", BOOLEAN),
    Leaf("fineDceAzimuthStartTime", "fine_start", TIME),
    Leaf("fineDceAzimuthStopTime", "fine_stop", TIME),
    Columns(
        "fineDceList",
        "fineDce",
        "fine",
        said.FineDoppler,
        Column("slantRangeTime", "slant_range_time_s", NUMBER),
        Column("frequency", "frequency_hz", NUMBER),
    ),
)

ANTENNA = Layout(
    said.AntennaPattern,
    Leaf("swath", "swath", TEXT),
    Leaf("azimuthTime", "time", TIME),
    Leaf("slantRangeTime", "slant_range_time_s", NUMBERS),
    Leaf("elevationAngle", "elevation_deg", NUMBERS),
    Leaf("elevationPattern", "pattern", COMPLEXES),
    Leaf("incidenceAngle", "incidence_deg", NUMBERS),
    Leaf("terrainHeight", "terrain_height_m", NUMBER),
    Leaf("roll", "roll_deg", NUMBER),
)

BURST = Layout(
    said.Burst,
    Leaf("azimuthTime", "time", TIME),
    Leaf("azimuthAnxTime", "anx_time_s", NUMBER),
    Leaf("sensingTime", "sensing_time", TIME),
    Leaf("byteOffset", "byte_offset", INTEGER),
    Leaf("firstValidSample", "first_valid", INTEGERS),
    Leaf("lastValidSample", "last_valid", INTEGERS),
)

GRID = Columns(
    "geolocationGridPointList",
    "geolocationGridPoint",
    "grid",
    said.GeolocationGrid,
    Column("azimuthTime", "azimuth_utc_ns", TIME_NS),
    Column("slantRangeTime", "slant_range_time_s", NUMBER),
    Column("line", "line", INTEGER),
    Column("pixel", "pixel", INTEGER),
    Column("latitude", "latitude_deg", NUMBER),
    Column("longitude", "longitude_deg", NUMBER),
    Column("height", "height_m", NUMBER),
    Column("incidenceAngle", "incidence_deg", NUMBER),
    Column("elevationAngle", "elevation_deg", NUMBER),
)

CONVERSION = Layout(
    said.CoordinateConversion,
    Leaf("azimuthTime", "time", TIME),
    Leaf("slantRangeTime", "slant_range_time_s", NUMBER),
    Leaf("sr0", "sr0_m", NUMBER),
    Leaf("srgrCoefficients", "srgr", NUMBERS),
    Leaf("gr0", "gr0_m", NUMBER),
    Leaf("grsrCoefficients", "grsr", NUMBERS),
)

MERGE = Layout(
    said.SwathMerge,
    Leaf("swath", "swath", TEXT),
    Columns(
        "swathBoundsList",
        "swathBounds",
        "bounds",
        said.SwathBounds,
        Column("azimuthTime", "utc_ns", TIME_NS),
        Column("firstAzimuthLine", "first_line", INTEGER),
        Column("firstRangeSample", "first_sample", INTEGER),
        Column("lastAzimuthLine", "last_line", INTEGER),
        Column("lastRangeSample", "last_sample", INTEGER),
    ),
)
