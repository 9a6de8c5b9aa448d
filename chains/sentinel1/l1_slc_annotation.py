"""Annotation, calibration and noise of a complex image, from what is known of its raw data and blocks."""

from datetime import datetime

import numpy as np

from refsys.chains.sentinel1.l1_geolocation import GridLine, fm_rate, geolocation_grid, heading_deg, utc, utc_ns
from refsys.chains.sentinel1.l1_raw_annotation import (
    PG_SOURCE,
    doppler_doubted,
    doppler_method,
    downlink,
    measured_noise,
    quality,
    raw_analysis,
    replica,
)
from refsys.chains.sentinel1.l1_slc_grids import history_at
from refsys.chains.sentinel1.l1_slc_image import SlcImage
from refsys.chains.sentinel1.l1_slc_radiometry import PIXEL_SCALE
from refsys.chains.sentinel1.safe import annotation as said
from refsys.chains.sentinel1.safe import annotation_series as series
from refsys.chains.sentinel1.safe import calibration as tables
from refsys.kernels.sar.calibration import look_up_tables
from refsys.kernels.sar.focusing import REFERENCE_RANGE_M
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S
from refsys.kernels.sar.orbit import interpolate

_GRID_STEP_S = 2.0


def slc_header(image: SlcImage, orbit: int, data_take_id: int, number: int) -> said.AdsHeader:
    """Return the header of an image's files; `number` is its place in the product."""
    facts = image.facts
    return said.AdsHeader(
        mission=f"S1{facts.satellite}",
        product_type="SLC",
        polarisation=image.segment.polarisation,
        mode=facts.beam,
        swath=image.segment.swath,
        start=utc(facts.epoch, image.first_time_s),
        stop=utc(facts.epoch, image.last_time_s),
        absolute_orbit=orbit,
        data_take_id=data_take_id,
        image_number=f"{number:03d}",
    )


def slc_annotation(image: SlcImage, header: said.AdsHeader, node: datetime) -> said.Annotation:
    """Return the annotation; statistics and byte offsets are filled in when the pixels are written."""
    facts, segment = image.facts, image.segment
    orbit = facts.orbit.orbit()
    return said.Annotation(
        header=header,
        quality_index=0.0,
        qualities=(quality(segment, header.start),),
        product=_product(image),
        downlink=(downlink(facts, segment),),
        orbit=series.StateVectors.of(orbit, facts.epoch),
        attitude=series.Attitudes.none(),
        raw_analysis=(raw_analysis(segment, header.start),),
        replicas=(replica(facts, segment),),
        noise=measured_noise(facts, segment),
        terrain=series.TerrainHeights(
            np.array([utc_ns(facts.epoch, time) for time in (image.first_time_s, image.last_time_s)]), np.zeros(2)
        ),
        fm_rates=_fm_rates(image),
        image=_image(image, header, node),
        processing=_processing(image),
        doppler=(_doppler(image, header),),
        antenna=_antenna(image),
        lines_per_burst=image.blocks[0].grid.lines if image.is_tops else 0,
        samples_per_burst=image.grid.samples if image.is_tops else 0,
        bursts=_bursts(image, node),
        grid=geolocation_grid(orbit, facts.epoch, _grid_lines(image), image.grid),
        conversions=(),
        merges=(),
    )


def slc_calibration(image: SlcImage, header: said.AdsHeader) -> tables.Calibration:
    """Return the calibration file: DN^2 is proportional to beta0 by one constant."""
    vectors = []
    for line, block in zip(image.first_lines(), image.blocks, strict=True):
        middle = line + block.grid.lines // 2
        luts = look_up_tables(block.view.incidence_rad, PIXEL_SCALE**2)
        time = utc(image.facts.epoch, block.grid.first_time_s + (middle - line) * block.grid.line_interval_s)
        vectors.append(
            tables.CalibrationVector(time, middle, block.view.sample, luts.sigma, luts.beta, luts.gamma, luts.dn)
        )
    return tables.Calibration(header, 1.0, tuple(vectors))


def slc_noise(image: SlcImage, header: said.AdsHeader) -> tables.Noise:
    """Return the noise file: power of the noise packets, as the processing passes it on; none without such packets."""
    vectors = []
    power = mean_noise(image)
    for line, block in zip(image.first_lines(), image.blocks, strict=True):
        middle = line + block.grid.lines // 2
        time = utc(image.facts.epoch, block.grid.first_time_s + (middle - line) * block.grid.line_interval_s)
        vectors.append(tables.NoiseRangeVector(time, middle, block.view.sample, power * block.noise_power))
    ends = np.array([0, image.lines - 1])
    along = tables.NoiseAzimuthVector(
        image.segment.swath, 0, 0, image.lines - 1, image.grid.samples - 1, ends, np.ones(2)
    )
    return tables.Noise(header, tuple(vectors), (along,))


def mean_noise(image: SlcImage) -> float:
    """Return the mean power of the noise packets, quantiser units squared; 0 without any."""
    found = [power for _, power in image.segment.noise_power]
    return float(np.mean(found)) if found else 0.0


def _product(image: SlcImage) -> said.ProductInformation:
    facts = image.facts
    state = interpolate(facts.orbit.orbit(), np.array([image.first_time_s]))
    return said.ProductInformation(
        pass_direction="Ascending" if state.velocity_m_s[0, 2] >= 0 else "Descending",
        timeliness="Fast-24h",
        platform_heading_deg=heading_deg(state.velocity_m_s[0], state.position_m[0]),
        projection="Slant Range",
        range_sampling_hz=image.grid.range_sampling_hz,
        radar_frequency_hz=facts.carrier_hz,
        azimuth_steering_deg_per_s=float(np.degrees(image.segment.steering_rate_rad_s)),
    )


def _image(image: SlcImage, header: said.AdsHeader, node: datetime) -> said.ImageInformation:
    grid, run, facts = image.grid, image.segment.runs[0], image.facts
    middle = image.blocks[len(image.blocks) // 2].view
    speed = float(np.median(_ground_speeds(image)))
    return said.ImageInformation(
        first_line=header.start,
        last_line=header.stop,
        ascending_node=node,
        anchor=utc(facts.epoch, run.sensing_s),
        composition="Individual",
        slice_number=0,
        slices=(),
        slant_range_time_s=grid.first_delay_s,
        pixel_value="Complex",
        output_pixels="16 bit Signed Integer",
        range_spacing_m=0.5 * LIGHT_SPEED_M_S / grid.range_sampling_hz,
        azimuth_spacing_m=speed * grid.line_interval_s,
        line_interval_s=grid.line_interval_s,
        azimuth_frequency_hz=1 / grid.line_interval_s if image.is_tops else 1 / run.grid.pri_s,
        samples=grid.samples,
        lines=image.lines,
        zero_doppler_minus_acquisition_s=image.first_time_s - run.sensing_s,
        mid_swath_incidence_deg=float(np.degrees(middle.incidence_rad[middle.incidence_rad.size // 2])),
        statistics=said.ImageStatistics(),
    )


def _ground_speeds(image: SlcImage) -> list[float]:
    speeds = []
    for block in image.blocks:
        state = interpolate(image.facts.orbit.orbit(), np.array([block.view.time_s]))
        history = history_at(image.facts, image.segment.runs[0], block.view.time_s)
        middle = block.view.slant_range_m[block.view.slant_range_m.size // 2]
        speeds.append(float(history.velocities_m_s(middle) ** 2 / np.linalg.norm(state.velocity_m_s)))
    return speeds


def _processing(image: SlcImage) -> said.ProcessingInformation:
    used, segment = image.segment.processing, image.segment
    across = _band(used.range_window, used.range_bandwidth_hz)
    along = _band(used.azimuth_window, used.azimuth_bandwidth_hz)
    start = utc(image.facts.epoch, segment.runs[0].sensing_s)
    lines = sum(run.grid.lines for run in segment.runs)
    return said.ProcessingInformation(
        raw_analysis_used=True,
        orbit_file_used=image.facts.orbit.from_file,
        attitude_file_used=False,
        rx_variation_corrected=False,
        elevation_pattern_applied=True,
        azimuth_pattern_applied=True,
        azimuth_element_pattern_applied=bool(segment.element_pattern.angle_rad),
        doppler_method=doppler_method(segment),
        doppler_input="Raw",
        range_spreading_compensated=True,
        ground_range=False,
        detected=False,
        thermal_noise_removed=False,
        chirp_source="Nominal" if segment.replica_source == "nominal" else "Extracted",
        pg_source=PG_SOURCE,
        rrf_spectrum="Unextended",
        application="",
        swaths=(said.SwathProcessing(segment.swath, across, along, PIXEL_SCALE / segment.absolute_gain),),
        inputs=(said.InputDimensions(start, segment.swath, segment.samples, lines),),
        reference_range_m=REFERENCE_RANGE_M,
        ellipsoid="WGS84",
        ellipsoid_major_m=6_378_137.0,
        ellipsoid_minor_m=6_356_752.314245,
        bistatic_corrected=True,
        topsar_convention="Only Echo Lines",
        orbit_source="Auxiliary" if image.facts.orbit.from_file else "Downlink",
        attitude_source="Downlink",
    )


def _band(coefficient: float, bandwidth_hz: float) -> said.Band:
    return said.Band(
        "None" if coefficient == 1 else "Hamming", coefficient, bandwidth_hz, bandwidth_hz, bandwidth_hz, 1, 0.0
    )


def _doppler(image: SlcImage, header: said.AdsHeader) -> series.DopplerEstimate:
    centroid = image.segment.doppler_centroid_hz
    delays = image.grid.first_delay_s + np.array([0.25, 0.75]) * image.grid.samples / image.grid.range_sampling_hz
    fine = series.FineDoppler(delays, np.full(2, centroid))
    polynomial = np.array([centroid, 0.0, 0.0])
    return series.DopplerEstimate(
        time=header.start,
        t0_s=image.grid.first_delay_s,
        geometry=np.zeros(3),
        data=polynomial,
        data_rms_hz=0.0,
        rms_above_threshold=doppler_doubted(image.segment),
        fine_start=header.start,
        fine_stop=header.stop,
        fine=fine,
    )


def _fm_rates(image: SlcImage) -> tuple[series.FmRate, ...]:
    facts, run = image.facts, image.segment.runs[0]
    return tuple(
        fm_rate(
            history_at(facts, run, block.view.time_s), facts.carrier_hz, utc(facts.epoch, block.view.time_s), block.grid
        )
        for block in image.blocks
    )


def _antenna(image: SlcImage) -> tuple[series.AntennaPattern, ...]:
    pattern = image.segment.elevation_pattern
    found = []
    for block in image.blocks:
        view = block.view
        gain = np.interp(view.boresight_rad, pattern.angle_rad, pattern.amplitude)
        found.append(
            series.AntennaPattern(
                swath=image.segment.swath,
                time=utc(image.facts.epoch, view.time_s),
                slant_range_time_s=2 * view.slant_range_m / LIGHT_SPEED_M_S,
                elevation_deg=np.degrees(view.boresight_rad),
                pattern=gain.astype(np.complex128),
                incidence_deg=np.degrees(view.incidence_rad),
                terrain_height_m=0.0,
                roll_deg=0.0,
            )
        )
    return tuple(found)


def _bursts(image: SlcImage, node: datetime) -> tuple[series.Burst, ...]:
    if not image.is_tops:
        return ()
    made = []
    for block, run in zip(image.blocks, image.segment.runs, strict=True):
        time = utc(image.facts.epoch, block.grid.first_time_s)
        line = np.arange(block.grid.lines)
        there = (line >= block.valid[0]) & (line < block.valid[1])
        first, last = np.where(there, 0, -1), np.where(there, block.grid.samples - 1, -1)
        sensing = utc(image.facts.epoch, run.sensing_s)
        made.append(series.Burst(time, (time - node).total_seconds(), sensing, 0, first, last))
    return tuple(made)


def _grid_lines(image: SlcImage) -> list[GridLine]:
    last = GridLine(image.lines - 1, image.last_time_s)
    if image.is_tops:
        firsts = zip(image.first_lines(), image.blocks, strict=True)
        return [*(GridLine(line, block.grid.first_time_s) for line, block in firsts), last]
    count = max(2, round((image.last_time_s - image.first_time_s) / _GRID_STEP_S) + 1)
    lines = np.unique(np.rint(np.linspace(0, image.lines - 1, count)).astype(np.int64)).tolist()
    return [GridLine(line, image.first_time_s + line * image.grid.line_interval_s) for line in lines]
