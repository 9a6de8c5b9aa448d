"""From SRAL echoes to range, significant wave height and backscatter along the track.

No geophysical correction enters (none is in the input): the range is uncorrected, and no sea-level anomaly is given.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from refsys.chains.sentinel3 import sral_instrument as instrument
from refsys.chains.sentinel3.sral_l1b import SralEchoes, SralL1b
from refsys.kernels.altimetry.bank import EchoBank, bank_echo
from refsys.kernels.altimetry.bank_fit import BankFit, fit_bank
from refsys.kernels.altimetry.retracking import ocog, threshold

Float = npt.NDArray[np.float64]

NOT_CONVERGED = 1
HIGH_MISFIT = 2
PARTIAL_STACK = 4
NOT_OCEAN = 8
TRACKING_LOST = 16
FLAGS = {
    NOT_CONVERGED: "not_converged",
    HIGH_MISFIT: "high_misfit",
    PARTIAL_STACK: "partial_stack",
    NOT_OCEAN: "not_ocean",
    TRACKING_LOST: "tracking_lost",
}
"""Bits of `quality`; a record is good at 0. A partial stack (ends of a data take) is fitted as if it were full."""

PLRM_THRESHOLD = 0.5
"""Part of the OCOG amplitude at which the threshold retracker puts the PLRM surface."""
SAR_THRESHOLD = 0.8
"""The same for SAR, whose surface lies near the peak. Both are empirical: their ranges depend on the sea state."""

_MISFIT_LIMIT = 3.0  # times the median of the product
_SMOOTHING_RECORDS = 41  # two seconds, 14 km
_ATTITUDE_RECORDS = 1001  # 50 s
_LEAST_SWH_M = 0.5  # tangent point of the square root for calm seas
_ALTITUDE_STEP_M = 5_000.0
_LEAST_STACK_FRACTION = 0.98
_DB = 10.0 / np.log(10.0)


@dataclass(frozen=True)
class RetrackedTrack:
    """Level-2 parameters of one mode along the track: n records, float64 unless said, NaN where not converged."""

    time_s: Float
    """Shape (n,): UTC, seconds since 2000-01-01."""
    latitude_deg: Float
    longitude_deg: Float
    altitude_m: Float
    range_uncorrected_m: Float
    """Tracker range plus epoch; instrument corrections only."""
    range_uncertainty_m: Float
    swh_m: Float
    """Significant wave height. Noise may make it negative on calm seas; means over records stay right that way."""
    swh_uncertainty_m: Float
    sigma0_db: Float
    sigma0_uncertainty_db: Float
    """Of the fit alone: the absolute calibration is not known here."""
    range_threshold_uncorrected_m: Float
    """From the threshold retracker at 50 % of the OCOG amplitude."""
    range_threshold_uncertainty_m: Float
    ocog_amplitude_count: Float
    ocog_width_bins: Float
    mispointing_deg2: Float | None
    """Square of the mispointing angle, may be negative; None for SAR, whose echo hardly depends on it."""
    noise_floor_count: Float
    misfit: Float
    """Mean squared residual in units of the speckle expected; 1 for a perfect model."""
    converged: npt.NDArray[np.bool_]
    quality: npt.NDArray[np.uint8]
    """Bits of `FLAGS`."""
    model_count: Float
    """Shape (n, 128): fitted model echo."""

    @property
    def good(self) -> npt.NDArray[np.bool_]:
        """Records with no quality bit set."""
        good: npt.NDArray[np.bool_] = self.quality == 0
        return good


@dataclass(frozen=True)
class SralL2:
    """A Level-2 product of both modes."""

    source_product: str
    mission: str
    plrm: RetrackedTrack
    sar: RetrackedTrack


def retrack(l1b: SralL1b) -> SralL2:
    """Retrack both modes of a product.

    PLRM is fitted with the Brown echo and its mispointing slope, SAR with the multilooked delay-Doppler echo of the
    record's stack (`refsys.kernels.altimetry.echo`); both get OCOG and threshold retracking too.

    Notes
    -----
    Backscatter: `10 log10(amplitude in counts) + scale_factor_ku`, the amplitude being that of the flat-surface
    response at nadir without mispointing; for SAR plus `SAR_SIGMA0_OFFSET_DB`. For PLRM the mispointing is held to its
    running median over 50 s.

    Uncertainties are one standard deviation from the covariance of the fit for the speckle expected, times the square
    root of the product's median misfit: they grow with what the model does not explain. They are running medians, since
    a record's own covariance follows its noise (a wave height too low by chance would look too certain).

    Wave height: the fit estimates the height variance, whose errors are symmetric even on calm seas. Its square root
    would be biased low by noise, so a record's wave height is the tangent of the square root at the running median of
    the variance (2 s, 14 km).
    """
    angles = _full_stack(l1b.look_angles_rad)
    looks = np.isfinite(l1b.look_angles_rad).sum(axis=1)
    plrm_extra = np.zeros(l1b.plrm.time_s.size, dtype=np.uint8)
    sar_extra = np.where(looks < _LEAST_STACK_FRACTION * angles.size, PARTIAL_STACK, 0).astype(np.uint8)
    return SralL2(
        source_product=l1b.product_name,
        mission=l1b.mission,
        plrm=_track(l1b.plrm, None, plrm_extra),
        sar=_track(l1b.sar, angles, sar_extra),
    )


def _full_stack(look_angles_rad: Float) -> Float:
    """Look angles of the middle one of the stacks that have the most looks."""
    count = np.isfinite(look_angles_rad).sum(axis=1)
    fullest = np.flatnonzero(count == count.max())
    chosen = look_angles_rad[fullest[fullest.size // 2]]
    angles: Float = chosen[np.isfinite(chosen)]
    return angles


def _track(echoes: SralEchoes, look_angles_rad: Float | None, extra: npt.NDArray[np.uint8]) -> RetrackedTrack:
    fit, model, looks = _fit(echoes, look_angles_rad)
    amplitude, variance, mispointing_rad2 = fit.parameters[:, 2], fit.covariance[:, 2, 2], None
    if look_angles_rad is None:
        mispointing_rad2 = fit.parameters[:, 3] / amplitude
        amplitude, variance = _steady_amplitude(fit, mispointing_rad2)
    scale = max(1.0, float(np.nanmedian(fit.misfit))) if np.isfinite(fit.misfit).any() else 1.0
    usable = fit.converged & (extra == 0)
    deviation = np.sqrt(scale * np.diagonal(fit.covariance, axis1=1, axis2=2)[:, :3])
    deviation[:, 2] = np.sqrt(scale * variance) / amplitude
    deviation = np.column_stack([_running_median(column, usable) for column in deviation.T])
    deviation[~fit.converged] = np.nan
    swh, swh_uncertainty = _swh(fit.parameters[:, 1], deviation[:, 1], usable)
    offset = 0.0 if look_angles_rad is None else instrument.SAR_SIGMA0_OFFSET_DB
    fraction = PLRM_THRESHOLD if look_angles_rad is None else SAR_THRESHOLD
    empirical = _empirical(echoes, fit.parameters[:, -1], looks, fraction)
    return RetrackedTrack(
        time_s=echoes.time_s,
        latitude_deg=echoes.latitude_deg,
        longitude_deg=echoes.longitude_deg,
        altitude_m=echoes.altitude_m,
        range_uncorrected_m=echoes.tracker_range_m + _range_offset_m(fit.parameters[:, 0]),
        range_uncertainty_m=deviation[:, 0] * instrument.BIN_LENGTH_M,
        swh_m=swh,
        swh_uncertainty_m=swh_uncertainty,
        sigma0_db=_DB * np.log(amplitude) + echoes.scale_factor_db + offset,
        sigma0_uncertainty_db=_DB * deviation[:, 2],
        range_threshold_uncorrected_m=empirical.range_m,
        range_threshold_uncertainty_m=empirical.uncertainty_m,
        ocog_amplitude_count=empirical.amplitude_count,
        ocog_width_bins=empirical.width_bins,
        mispointing_deg2=None if mispointing_rad2 is None else np.degrees(np.degrees(mispointing_rad2)),
        noise_floor_count=fit.parameters[:, -1],
        misfit=fit.misfit,
        converged=fit.converged,
        quality=_quality(echoes, fit, extra),
        model_count=model,
    )


def _steady_amplitude(fit: BankFit, mispointing_rad2: Float) -> tuple[Float, Float]:
    """Amplitude and its variance, given that the squared mispointing is its running median over 50 s.

    A satellite turns slowly. Backscatter that changes within the footprint tilts the trailing edge of single echoes as
    mispointing does, and would otherwise come back as an error of the amplitude with the opposite sign (Quartly 2009,
    Marine Geodesy 32). Range and wave height keep the free slope, which shields them from the same tilt.
    """
    amplitude, variance = fit.parameters[:, 2].copy(), fit.covariance[:, 2, 2].copy()
    steady = _running_median(mispointing_rad2, fit.converged, _ATTITUDE_RECORDS)
    for record in np.flatnonzero(fit.converged):
        constraint = np.array([0.0, 0.0, -steady[record], 1.0, 0.0])
        reach = fit.covariance[record] @ constraint
        gain = reach[2] / (constraint @ reach)
        amplitude[record] -= gain * (constraint @ fit.parameters[record])
        variance[record] -= gain * reach[2]
    return np.where(amplitude > 0.0, amplitude, np.nan), variance


def _range_offset_m(epoch_bins: Float) -> Float:
    return (epoch_bins - instrument.REFERENCE_BIN) * instrument.BIN_LENGTH_M


def _fit(echoes: SralEchoes, look_angles_rad: Float | None) -> tuple[BankFit, Float, Float]:
    """Fit in segments of similar altitude, each with a bank of its own; also the model echoes and the looks per bin."""
    segment = np.rint(echoes.altitude_m / _ALTITUDE_STEP_M).astype(np.int64)
    parts, order = [], []
    for key in np.unique(segment):
        index = np.flatnonzero(segment == key)
        altitude_m, speed_m_s = float(echoes.altitude_m[index].mean()), float(echoes.speed_m_s[index].mean())
        if look_angles_rad is None:
            bank = instrument.plrm_bank(altitude_m, speed_m_s)
        else:
            bank = instrument.sar_bank(altitude_m, speed_m_s, look_angles_rad)
        waveforms = echoes.waveforms_count[index]
        fit = fit_bank(waveforms, bank, _first_guess(waveforms, bank), window=instrument.FIT_WINDOW)
        parts.append((*fit, bank_echo(bank, fit.parameters), np.broadcast_to(bank.looks, waveforms.shape)))
        order.append(index)
    back = np.argsort(np.concatenate(order), kind="stable")
    joined = [np.concatenate(column)[back] for column in zip(*parts, strict=True)]
    return BankFit(*joined[:-2]), joined[-2], joined[-1]


def _first_guess(waveforms: Float, bank: EchoBank) -> Float:
    """Epoch from the threshold retracker, variance of 3 m waves."""
    window = instrument.FIT_WINDOW
    amplitude = ocog(waveforms, window=window).amplitude
    floor = waveforms[:, window[0] : window[0] + 8].mean(axis=1)
    crossing = threshold(waveforms, amplitude, floor, fraction=PLRM_THRESHOLD, window=window).epoch_bins
    guess = np.nan_to_num(crossing, nan=float(bank.epochs.mean()))
    return np.column_stack([guess, np.full(guess.size, instrument.swh_to_variance_bins2(3.0))])


def _swh(variance_bins2: Float, deviation_bins2: Float, usable: npt.NDArray[np.bool_]) -> tuple[Float, Float]:
    """Wave height and its uncertainty, from the tangent of the square root at the running median of the variance."""
    least = instrument.swh_to_variance_bins2(_LEAST_SWH_M)
    root = np.sqrt(np.maximum(_running_median(variance_bins2, usable), least))
    to_swh_m = 4.0 * instrument.BIN_LENGTH_M / (2.0 * root)
    return to_swh_m * (root**2 + variance_bins2), to_swh_m * deviation_bins2


def _running_median(values: Float, usable: npt.NDArray[np.bool_], records: int = _SMOOTHING_RECORDS) -> Float:
    """Median of the usable values among the records around each; of all usable ones where there is none."""
    half = records // 2
    padded = np.pad(np.where(usable, values, np.nan), half, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    empty = np.isnan(windows).all(axis=1)
    smooth = np.full(values.size, np.median(values[usable]) if usable.any() else np.nan)
    smooth[~empty] = np.nanmedian(windows[~empty], axis=1)
    return smooth


@dataclass(frozen=True)
class _Empirical:
    range_m: Float
    uncertainty_m: Float
    amplitude_count: Float
    width_bins: Float


def _empirical(echoes: SralEchoes, floor_count: Float, looks: Float, fraction: float) -> _Empirical:
    """OCOG and threshold; the uncertainty is the speckle of one bin at the crossing, over the slope."""
    window = instrument.FIT_WINDOW
    shape = ocog(echoes.waveforms_count, window=window)
    floor = np.nan_to_num(floor_count)
    crossing = threshold(echoes.waveforms_count, shape.amplitude, floor, fraction=fraction, window=window)
    bin_index = np.nan_to_num(np.rint(crossing.epoch_bins)).astype(np.int64)
    looks_there = looks[np.arange(bin_index.size), bin_index]
    deviation_bins = crossing.level / np.sqrt(looks_there) / crossing.slope_per_bin
    return _Empirical(
        range_m=echoes.tracker_range_m + _range_offset_m(crossing.epoch_bins),
        uncertainty_m=deviation_bins * instrument.BIN_LENGTH_M,
        amplitude_count=shape.amplitude,
        width_bins=shape.width_bins,
    )


def _quality(echoes: SralEchoes, fit: BankFit, extra: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    quality = extra.copy()
    limit = _MISFIT_LIMIT * np.nanmedian(fit.misfit) if np.isfinite(fit.misfit).any() else np.inf
    quality[~fit.converged] |= NOT_CONVERGED
    quality[fit.converged & (fit.misfit > limit)] |= HIGH_MISFIT
    quality[(echoes.surface_type < 0) | (echoes.surface_type > 1)] |= NOT_OCEAN
    quality[echoes.tracking_lost] |= TRACKING_LOST
    return quality
