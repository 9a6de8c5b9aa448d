"""Values of facts: what physically happens, as `refsys.chains.scenarios.facts` tells it."""

from random import Random
from typing import Literal

from pydantic import Field

from refsys.chains.scenarios.scenario import Scenario
from refsys.model.attributes import Timeliness
from refsys.model.values import UtcTime, Value

Position = Literal["FIRST", "LAST", "INSIDE", "NONE"]


class S1Segment(Value):
    """What one reception gave of one polarisation of a data take."""

    polarisation: str = Field(description="`VV VH HH HV`, or `SV SH` of a data take of one polarisation.")
    start: UtcTime
    stop: UtcTime
    consolidation: Literal["FULL", "BEGIN", "END"]
    session_id: str
    lost: bool = False


class S1DataTake(Value):
    """A data take of Sentinel-1, with the segments that it is received in."""

    satellite: str
    data_take_id: str
    mode: str = Field(description="Beam: first two letters of the type of its products.")
    polarisation: str = Field(description="`DV DH SV SH`.")
    start: UtcTime
    stop: UtcTime
    timeliness: Timeliness
    absolute_orbit: int
    segments: tuple[S1Segment, ...]


class Session(Value):
    """A reception session of one downlink."""

    mission: Literal["S1", "S2", "S3"]
    satellite: str
    session_id: str
    start: UtcTime = Field(description="Start of the downlink.")
    stop: UtcTime
    station: str
    absolute_orbit: int
    arrival: UtcTime
    channels: tuple[str, ...] = ("ch1", "ch2")


class S2Datastrip(Value):
    """A datastrip of Sentinel-2."""

    satellite: str
    start: UtcTime
    stop: UtcTime
    absolute_orbit: int
    detectors: int
    scenes: int
    tiles: tuple[str, ...]
    session_id: str


class Granule(Value):
    """A granule of a dump of Sentinel-3."""

    type: str
    number: int = Field(description="From 1 for each type and dump.")
    position: Position = Field(description="In its dump; NONE if it is the only one of its type.")
    start: UtcTime
    stop: UtcTime
    calibration_class: str | None = None
    lost: bool = False


class S3Dump(Value):
    """A dump of Sentinel-3: what was recorded between two ascending nodes."""

    satellite: str
    session_id: str
    dump_start: UtcTime = Field(description="Start of what was recorded.")
    dump_stop: UtcTime
    absolute_orbit: int
    node_before: UtcTime
    node_after: UtcTime
    granules: tuple[Granule, ...]


class Auxiliary(Value):
    """An auxiliary file and when it arrives."""

    mission: Literal["S1", "S2", "S3"]
    type: str
    satellite: str = Field(description="`_` for all.")
    band: str | None = None
    start: UtcTime = Field(description="Validity.")
    stop: UtcTime
    creation: UtcTime
    arrival: UtcTime


class Facts(Value):
    """Everything that happens in a scenario."""

    start: UtcTime
    stop: UtcTime = Field(description="End of what is sensed; arrivals come later too.")
    sessions: tuple[Session, ...]
    s1_data_takes: tuple[S1DataTake, ...] = ()
    s2_datastrips: tuple[S2Datastrip, ...] = ()
    s3_dumps: tuple[S3Dump, ...] = ()
    auxiliaries: tuple[Auxiliary, ...] = ()


def chance(scenario: Scenario, share: float, *what: object) -> bool:
    """Return whether something happens whose share is told; by its own name, whatever else is in the scenario."""
    told = " ".join(map(str, (scenario.seed, *what)))
    return Random(told).random() < share  # noqa: S311  (a scenario, no secret)
