"""Facts and raw lines of small simulated acquisitions, as the first step of S1-L1-SLC leaves them."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import zarr

from refsys.chains.sentinel1.l1_slc_facts import (
    FACTS,
    RAW,
    Facts,
    OrbitFacts,
    Pattern,
    RawStatistics,
    RollSteering,
    RunFacts,
    SegmentFacts,
    SwathProcessing,
)
from refsys.chains.sentinel1.simulation.antenna import azimuth_gain, elevation_gain
from refsys.chains.sentinel1.simulation.echoes import simulate_points
from refsys.chains.sentinel1.simulation.instrument import CARRIER_HZ, Acquisition
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT, state_vectors
from refsys.chains.sentinel1.simulation.scene import PointTarget
from refsys.kernels.sar.grids import RawGrid
from refsys.kernels.sentinel1.chirp import nominal_chirp

EPOCH = datetime(2013, 6, 1, 12, tzinfo=UTC)
STRIP = SwathProcessing(
    range_bandwidth_hz=59.4e6, range_window=1.0, azimuth_bandwidth_hz=1399.0, azimuth_window=1.0, source="test"
)
IW1 = SwathProcessing(
    range_bandwidth_hz=56.5e6, range_window=1.0, azimuth_bandwidth_hz=327.0, azimuth_window=1.0, source="test"
)


def orbit_facts(last_s: float = 30.0) -> OrbitFacts:
    orbit = state_vectors(SIMULATED_ORBIT, -10.0, last_s)
    return OrbitFacts(
        time_s=tuple(orbit.time_s.tolist()),
        position_m=tuple(tuple(row) for row in orbit.position_m.tolist()),
        velocity_m_s=tuple(tuple(row) for row in orbit.velocity_m_s.tolist()),
        source="simulated",
        from_file=True,
    )


def segment_facts(
    name: str, acquisition: Acquisition, grids: list[RawGrid], processing: SwathProcessing, noise: float = 0.0
) -> SegmentFacts:
    codes, pulse = acquisition.codes, acquisition.codes.pulse()
    chirp = nominal_chirp(pulse.ramp_rate_hz_s, pulse.start_frequency_hz, pulse.length_s, codes.range_sampling_hz)
    rows = np.cumsum([0, *(grid.lines for grid in grids)])
    header = {field: getattr(codes, field) for field in codes._fields[1:]}
    header |= {
        "data_take_id": 512, "rx_channel_id": 0, "instrument_configuration_id": 0, "baq_block_length": 31,
        "baq_mode": 12, "ses_swath_number": codes.swath_number,
    }  # fmt: skip
    return SegmentFacts(
        name=name,
        swath=codes.swath,
        polarisation="VV",
        codes=header,
        runs=tuple(
            RunFacts(grid=grid, first_row=int(row), sensing_s=grid.first_pulse_time_s + codes.rank * grid.pri_s)
            for grid, row in zip(grids, rows[:-1], strict=True)
        ),
        samples=grids[0].samples,
        statistics=RawStatistics(
            lines=int(rows[-1]), missing_lines=0, undecoded_lines=0, zero_lines=0, saturated=0.0, mean_i=0.0,
            mean_q=0.0, deviation_i=1.0, deviation_q=1.0, correlation=0.0,
        ),
        noise_power=((grids[0].first_pulse_time_s, noise),) if noise else (),
        replica_i=tuple(chirp.real.tolist()),
        replica_q=tuple(chirp.imag.tolist()),
        replica_source="nominal",
        doppler_centroid_hz=0.0,
        processing=processing,
        elevation_pattern=_elevation(acquisition),
        azimuth_pattern=_azimuth(acquisition),
        absolute_gain=acquisition.gain,
        steering_rate_rad_s=acquisition.steering.rate_rad_s,
    )  # fmt: skip


def facts_of(segment: SegmentFacts, beam: str, last_s: float = 30.0) -> Facts:
    return Facts(
        epoch=EPOCH,
        packets_name="S1A_S3_RAW__0SSV_20130601T120000_20130601T120001_000123_000001_ABCD.SAFE",
        inputs=(("S1A_S3_RAW__0SSV", "packets"),),
        satellite="A",
        beam=beam,
        carrier_hz=CARRIER_HZ,
        roll=RollSteering(angle_deg=29.45, height_m=711_700.0, deg_per_m=5.66e-5),
        orbit=orbit_facts(last_s),
        segments=(segment,),
    )


def write_raw(path: Path, facts: Facts, acquisitions: list[Acquisition], targets: list[PointTarget]) -> zarr.Group:
    """Write the workspace of the decoding step: echoes of targets in every run."""
    group = zarr.open_group(path, mode="w", zarr_format=3)
    for segment in facts.segments:
        pairs = zip(segment.runs, acquisitions, strict=True)
        lines = np.concatenate([simulate_points(run.grid, own, targets) for run, own in pairs])
        group.create_group(segment.name).create_array(RAW, data=lines, chunks=(128, lines.shape[1]))
    group.attrs[FACTS] = facts.plain()
    return group


def _elevation(acquisition: Acquisition) -> Pattern:
    antenna = acquisition.antenna
    degrees = antenna.elevation_centre_deg + np.arange(-8.0, 8.0, 0.02)
    gains = [elevation_gain(antenna, float(angle)) for angle in degrees]
    return Pattern(angle_rad=tuple(np.radians(degrees).tolist()), amplitude=tuple(gains))


def _azimuth(acquisition: Acquisition) -> Pattern:
    angles = np.arange(-0.0035, 0.0035, 2e-5)
    unsteered = acquisition.antenna
    gains = [azimuth_gain(unsteered, acquisition.wavelength_m, float(angle), 0.0) for angle in angles]
    return Pattern(angle_rad=tuple(angles.tolist()), amplitude=tuple(gains))
