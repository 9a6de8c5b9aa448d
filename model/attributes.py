"""What queries and rules ask of a product beyond type, satellite and times: one meaning per field, across missions."""

from typing import Literal

from pydantic import Field

from refsys.model.values import UtcTime, Value

Timeliness = Literal["NRT", "STC", "NTC", "PT", "FAST24"]
"""How fast a product is wanted: S3 near-real, short and non time critical; S1 pass-through and fast 24 h."""


class Attributes(Value):
    """Typed metadata of a product; None where its kind has no such thing or does not say it."""

    mode: str | None = Field(None, description="Acquisition mode: `IW`, `EW`, `S1`, `RF`, ...; S2, S3: as told.")
    swath: str | None = Field(None, description="Swath of a Sentinel-1 product, such as `IW` or `S3`.")
    polarisation: str | None = Field(None, description="`SH SV DH DV HH HV VH VV` as in the name of the product.")
    data_take_id: str | None = Field(None, description="S1: decimal number; S2: datatake identifier.")
    datastrip: str | None = Field(None, description="S2: the datastrip that a granule or tile belongs to.")
    tile: str | None = Field(None, description="S2: MGRS tile, such as `32TNS`.")
    detector: str | None = Field(None, description="S2: two digits.")
    band: str | None = Field(None, description="S2: band of a GIPP, such as `8A`; `00` for all.")
    absolute_orbit: int | None = Field(None, description="Absolute orbit at the start.")
    absolute_orbit_stop: int | None = None
    relative_orbit: int | None = Field(None, description="Relative orbit at the start.")
    cycle: int | None = None
    pass_direction: Literal["ASCENDING", "DESCENDING"] | None = None
    instrument_configuration_id: int | None = Field(None, description="S1: which AUX_PP1, AUX_CAL, AUX_INS fit.")
    slice_number: int | None = Field(None, description="S1: from 1.")
    slice_count: int | None = Field(None, description="S1: slices of the segment, as told or computed.")
    consolidation: str | None = Field(None, description="S1 productConsolidation: `FULL`, `SLICE`, `PARTIAL`, ...")
    sensing_consolidation: str | None = Field(None, description="S1 segment: `BEGIN`, `MID`, `END`, `FULL`.")
    granule_number: int | None = Field(None, description="S3: number of the granule in its dump.")
    granule_position: Literal["FIRST", "LAST", "INSIDE", "NONE"] | None = Field(None, description="S3: in its dump.")
    dump_start: UtcTime | None = Field(None, description="S3: start of the dump.")
    node_before: UtcTime | None = Field(None, description="S3: ascending node before the product (first ephemeris).")
    node_after: UtcTime | None = Field(None, description="S3: ascending node after the product (second ephemeris).")
    calibration_class: str | None = Field(None, description="S3 OLCI: what L1Triggering says, such as `RAC` or `SPC`.")
    timeliness: Timeliness | None = None
    baseline: str | None = Field(None, description="Processing baseline or baseline collection.")
    station: str | None = Field(None, description="Receiving or processing station.")
    cloud_cover_percent: float | None = Field(None, ge=0, le=100)
    footprint_state: Literal["given", "repaired", "unrepairable"] | None = Field(
        None, description="What became of the footprint that the metadata gave; None without one."
    )
