"""What the first step of S1-L1-SLC tells those after it: small values; the raw lines are arrays of the workspace."""

import numpy as np
from pydantic import Field

from refsys.kernels.sar.grids import RawGrid
from refsys.kernels.sar.orbit import Orbit
from refsys.model.values import UtcTime, Value

FACTS = "facts"
"""Attribute of the workspace's group."""

RAW = "raw"
"""Array of a segment's group: complex64 (lines of all runs, samples), corrected; missing lines are zero."""


IMAGE = "image"
"""Array of a block: complex64 (lines, samples), DN before rounding."""


class RunFacts(Value):
    """A burst, or all of StripMap: where its lines lie in time, and from which row of the array on."""

    grid: RawGrid
    first_row: int
    sensing_s: float = Field(description="Time of its first packet since the epoch.")


class RawStatistics(Value):
    """Of all samples of a segment that were decoded, before correction."""

    lines: int
    missing_lines: int = Field(description="Pulses without a packet.")
    undecoded_lines: int = Field(description="Packets whose samples could not be decoded.")
    zero_lines: int = Field(description="Lines whose samples are all zero.")
    saturated: float = Field(description="Part of the quantiser's blocks that are at the end of its range.")
    mean_i: float
    mean_q: float
    deviation_i: float
    deviation_q: float
    correlation: float = Field(description="Of I with Q, after removing their means.")


class SwathProcessing(Value):
    """Bands and windows of one swath."""

    range_bandwidth_hz: float
    range_window: float
    azimuth_bandwidth_hz: float
    azimuth_window: float
    source: str = Field(description="Name of the AUX_PP1, or what was asked for.")


class Pattern(Value):
    """A two-way antenna pattern, amplitude, over angles in radians that increase."""

    angle_rad: tuple[float, ...]
    amplitude: tuple[float, ...]


class SegmentFacts(Value):
    """A swath in one polarisation."""

    name: str
    swath: str
    polarisation: str
    codes: dict[str, int]
    runs: tuple[RunFacts, ...]
    samples: int
    statistics: RawStatistics
    noise_power: tuple[tuple[float, float], ...] = Field(description="Time since the epoch, mean power of a sample.")
    replica_i: tuple[float, ...]
    replica_q: tuple[float, ...]
    replica_source: str = Field(description="`calibration pulses` or `nominal`.")
    doubts: tuple[str, ...] = Field((), description="What of the analysis could not be used, and why.")
    doppler_centroid_hz: float
    doppler_source: str = Field(
        "set", description="`estimate` from the data, `set` without one, or `doubted`: the estimate could not be used."
    )
    processing: SwathProcessing
    elevation_pattern: Pattern = Field(description="Over the angle from the antenna's boresight.")
    azimuth_pattern: Pattern
    element_pattern: Pattern = Field(
        Pattern(angle_rad=(), amplitude=()),
        description="Over the steering angle, what bounds a steered beam; or empty.",
    )
    absolute_gain: float = Field(description="Amplitude of the echo of 1 m^2 at the reference range, beam centre.")
    steering_rate_rad_s: float = Field(description="0 in StripMap.")

    def replica(self) -> np.ndarray[tuple[int], np.dtype[np.complex64]]:
        """Return the replica, complex64 (p,)."""
        both = np.array(self.replica_i) + 1j * np.array(self.replica_q)
        return both.astype(np.complex64)


class OrbitFacts(Value):
    """State vectors, Earth-fixed, and where they come from."""

    time_s: tuple[float, ...]
    position_m: tuple[tuple[float, float, float], ...]
    velocity_m_s: tuple[tuple[float, float, float], ...]
    source: str = Field(description="Name of the orbit file, or `packets`.")
    from_file: bool

    def orbit(self) -> Orbit:
        """Return them as arrays."""
        return Orbit(np.array(self.time_s), np.array(self.position_m), np.array(self.velocity_m_s))


class RollSteering(Value):
    """How the antenna's boresight follows the height above the ellipsoid (S1-RS-MDA-52-7443, roll steering law)."""

    angle_deg: float
    height_m: float
    deg_per_m: float

    def roll_deg(self, height_m: float) -> float:
        """Return the boresight's angle from the direction to the Earth's centre."""
        return self.angle_deg - self.deg_per_m * (height_m - self.height_m)


class Facts(Value):
    """Of one polarisation."""

    epoch: UtcTime
    packets_name: str
    inputs: tuple[tuple[str, str], ...] = Field(description="Name and role of everything that was used.")
    satellite: str
    beam: str
    carrier_hz: float
    roll: RollSteering
    orbit: OrbitFacts
    segments: tuple[SegmentFacts, ...]

    def segment(self, name: str) -> SegmentFacts:
        """Return the segment of a name (`KeyError`)."""
        return {segment.name: segment for segment in self.segments}[name]
