"""From focused amplitudes to pixels whose square is proportional to beta0, and the noise in them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.l1_slc_facts import Facts, RunFacts, SegmentFacts
from refsys.chains.sentinel1.l1_slc_grids import ground_speed_m_s, history_at, sweep_of
from refsys.kernels.sar.calibration import radiometric_gain
from refsys.kernels.sar.ellipsoid import to_geodetic
from refsys.kernels.sar.focusing import REFERENCE_RANGE_M, Radar
from refsys.kernels.sar.focusing_phase import inverse_pulse
from refsys.kernels.sar.geometry import geolocate, view_angles
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid
from refsys.kernels.sar.orbit import interpolate
from refsys.kernels.sar.tops_geometry import BurstRates, burst_rates
from refsys.kernels.sar.windows import Window

PIXEL_SCALE = 237.0
"""DN of beta0 = 1: DN^2 = 237^2 beta0, about that of real products."""

_COLUMN_STEP = 64


class LineView(NamedTuple):
    """How the samples of one image line are seen, at some of them; columns (n,), time since the epoch."""

    time_s: float
    sample: NDArray[np.int64]
    slant_range_m: NDArray[np.float64]
    incidence_rad: NDArray[np.float64]
    boresight_rad: NDArray[np.float64]


def view_line(facts: Facts, grid: ImageGrid, time_s: float) -> LineView:
    """Return ranges and angles along a line of the image, on the ellipsoid.

    The angle from the boresight is the look angle less the roll that the satellite steers with its height
    (S1-RS-MDA-52-7443, roll steering law).
    """
    sample = np.unique(np.append(np.arange(0, grid.samples, _COLUMN_STEP), grid.samples - 1))
    ranges = grid.slant_ranges_m()[sample]
    orbit = facts.orbit.orbit()
    places = geolocate(orbit, np.full(sample.size, time_s), ranges, 0.0)
    angles = view_angles(orbit, time_s, places)
    platform = interpolate(orbit, np.array([time_s])).position_m
    height = float(to_geodetic(platform).height_m[0])
    roll = facts.roll.roll_deg(height)
    return LineView(time_s, sample, ranges, np.radians(angles.incidence_deg), np.radians(angles.elevation_deg - roll))


def pixel_gain(facts: Facts, segment: SegmentFacts, run: RunFacts, radar: Radar, line: LineView) -> NDArray[np.float64]:
    """Return the factor from focused amplitude to DN at the samples of a line's view, float64 (n,).

    A scatterer of cross-section s focuses to gain * sqrt(s) (R_ref / R)^1.5 times the elevation pattern; clutter to
    that of the area which the response sees: c / 2 times its equivalent width in range, ground speed times that in
    azimuth.
    """
    pattern = segment.elevation_pattern
    amplitude = radiometric_gain(
        line.slant_range_m,
        line.boresight_rad,
        np.array(pattern.angle_rad),
        np.array(pattern.amplitude),
        reference_range_m=REFERENCE_RANGE_M,
    )
    in_range = 0.5 * LIGHT_SPEED_M_S * Window(radar.range_bandwidth_hz, radar.range_window).equivalent_width_s()
    band = Window(radar.doppler_bandwidth_hz or 1 / run.grid.pri_s, radar.azimuth_window)
    along = ground_speed_m_s(facts, run, line.time_s, line.slant_range_m) * band.equivalent_width_s()
    return np.asarray(PIXEL_SCALE * amplitude / segment.absolute_gain / np.sqrt(in_range * along))


def noise_gain(facts: Facts, segment: SegmentFacts, run: RunFacts, radar: Radar, line: LineView) -> NDArray[np.float64]:
    """Return the power that white noise of unit power has in the focused image, at a line's samples, float64 (n,).

    Mean squared magnitude of the filters: the inverse of the pulse in range; in azimuth the window over the pattern,
    scaled as a target's echo asks for. A steered beam passes a target faster than an unsteered one.
    """
    size = run.grid.samples
    frequency = np.asarray(np.fft.fftfreq(size, 1 / run.grid.range_sampling_hz), np.float64)
    window = Window(radar.range_bandwidth_hz, radar.range_window)
    in_range = float(np.mean(np.abs(inverse_pulse(radar.pulse, run.grid.range_sampling_hz, frequency, window)) ** 2))
    band = Window(radar.doppler_bandwidth_hz or 1 / run.grid.pri_s, radar.azimuth_window)
    doppler = band.bandwidth_hz * (np.arange(4096) + 0.5 - 2048) / 4096
    pattern = np.interp(
        doppler * _stretch(facts, segment, run, line), radar.pattern_frequency_hz, radar.pattern_amplitude
    )
    energy = float(np.mean((band.weights(doppler) / pattern) ** 2)) * band.bandwidth_hz / band.integral_hz() ** 2
    velocity = history_at(facts, run, line.time_s).velocities_m_s(line.slant_range_m)
    along = 2 * radar.carrier_hz * velocity**2 / (LIGHT_SPEED_M_S * REFERENCE_RANGE_M) * energy * run.grid.pri_s
    return np.asarray(in_range * along)


def _stretch(facts: Facts, segment: SegmentFacts, run: RunFacts, line: LineView) -> float:
    """Return Doppler in the beam over Doppler in a target's band, in the middle of the line; 1 in StripMap."""
    if not segment.steering_rate_rad_s:
        return 1.0
    return float(_rates(facts, segment, run, line).compression()[0])


def element_noise(
    facts: Facts, segment: SegmentFacts, run: RunFacts, line: LineView, times_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what taking out the element pattern multiplies the noise of a burst's lines by, float64 (lines,).

    It is the inverse of the pattern's power at the Doppler centroid of each line; 1 without such a pattern.

    Parameters
    ----------
    facts, segment, run
        Of the burst.
    line
        View of its middle line.
    times_s
        float64 (lines,), zero-Doppler times of the lines.
    """
    if not segment.element_pattern.angle_rad:
        return np.ones(times_s.shape)
    sweep = sweep_of(facts, segment, run)
    rate_hz_s = float(_rates(facts, segment, run, line).image_hz_s[0])
    return np.asarray(1 / sweep.element.at(rate_hz_s * (times_s - sweep.steering.mid_time_s)) ** 2)


def _rates(facts: Facts, segment: SegmentFacts, run: RunFacts, line: LineView) -> BurstRates:
    """Return the Doppler rates of a burst in the middle of the line."""
    history = history_at(facts, run, line.time_s)
    middle = line.slant_range_m[line.slant_range_m.size // 2 :][:1]
    sweep = sweep_of(facts, segment, run)
    return burst_rates(sweep.steering, sweep.orbit, history, middle, facts.carrier_hz)
