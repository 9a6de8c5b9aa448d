"""SRAL on Sentinel-3: its constants, and the banks of model echoes made from them.

Carrier, burst and repetition frequency after Donlon et al. 2012, Remote Sensing of Environment 120, and the mission's
instrument pages; what was inferred from real products says so.
"""

import numpy as np
import numpy.typing as npt

from refsys.kernels.altimetry.bank import EchoBank
from refsys.kernels.altimetry.echo import (
    SPEED_OF_LIGHT_M_S,
    delay_doppler_spectra,
    echo,
    echo_bank,
    effective_looks,
    epoch_grid,
    frequency_grid,
    pulse_limited_spectrum,
    variance_grid,
)

Float = npt.NDArray[np.float64]

CARRIER_HZ = 13.575e9
BANDWIDTH_HZ = 320e6
"""Chirp bandwidth as sampled: a bin is 1 / 320 MHz = 3.125 ns (unit of `h0_applied` in the Level-1B product)."""
BIN_LENGTH_M = SPEED_OF_LIGHT_M_S / (2.0 * BANDWIDTH_HZ)
PLRM_NAME = "plrm"
SAR_NAME = "sar_ku"
"""Suffixes of the variables of the two modes, as in the Level-1B product."""
BINS = 128
REFERENCE_BIN = 43
"""Bin, counted from 0, to which the tracker range refers."""
PRF_HZ = 17_825.311
"""Within a burst: the value of a public Sentinel-6 processor configuration; for SRAL 17.8 kHz is published."""
PULSES_PER_BURST = 64
BURSTS_PER_RECORD = 4
BEAMWIDTH_RAD = float(np.radians(1.31))
"""Effective one-way half-power beamwidth. Nominally about 1.3 degrees; with 1.31 the trailing edges of both real
PLRM products show almost no mispointing, and the SAR residuals are smallest."""
EARTH_RADIUS_M = 6_371_000.0
SAR_SIGMA0_OFFSET_DB = -28.35
"""Added to `scale_factor_ku` of the SAR echo, for the amplitude as normalised here (per surface area, as PLRM). Not
derived from the instrument: it makes SAR and PLRM backscatter equal in two real products (28.36 and 28.34 dB)."""

FIT_WINDOW = (10, 118)
"""First bin used and the bin after the last: outside, the mean real echoes show filter roll-off and folded power."""
_EPOCHS = (18.0, 66.0)
_VARIANCES_BINS2 = (0.1, 130.0)
"""Waves of 0.6 m to 21 m. Below, the bank is continued straight: a sharper edge would be amplified noise."""
_LOOKS_PER_STEP = 3
_NOMINAL_VARIANCE_BINS2 = (3.0 / 4.0 / BIN_LENGTH_M) ** 2
_MISPOINTING_STEP_RAD2 = 1e-7
_SAR_PERIOD_BINS = 1024


def swh_to_variance_bins2(swh_m: float) -> float:
    """Height variance, as two-way delay in bins squared, of a significant wave height of 4 standard deviations.

    Examples
    --------
    >>> round(swh_to_variance_bins2(2.0), 4)
    1.1394
    """
    return (swh_m / 4.0 / BIN_LENGTH_M) ** 2


def doppler_cell_m(altitude_m: float, speed_m_s: float) -> float:
    """Along-track distance from the peak to the first zero of the Doppler filter of one burst (Raney 1998).

    Examples
    --------
    >>> round(doppler_cell_m(814_000.0, 7535.0), 1)
    332.2
    """
    burst_s = PULSES_PER_BURST / PRF_HZ
    return SPEED_OF_LIGHT_M_S / CARRIER_HZ * altitude_m / (2.0 * speed_m_s * burst_s)


def migration_bins(distance_m: Float, altitude_m: float) -> Float:
    """Range migration, in bins, of a surface cell at an along-track distance from nadir."""
    curvature = 1.0 + altitude_m / EARTH_RADIUS_M
    migration: Float = curvature * distance_m**2 / (2.0 * altitude_m) / BIN_LENGTH_M
    return migration


def _geometry(altitude_m: float) -> dict[str, float]:
    return {
        "bandwidth_hz": BANDWIDTH_HZ,
        "altitude_m": altitude_m,
        "earth_radius_m": EARTH_RADIUS_M,
        "beamwidth_rad": BEAMWIDTH_RAD,
    }


def plrm_bank(altitude_m: float, speed_m_s: float) -> EchoBank:
    """Bank of pulse-limited echoes with two templates: the echo, and its derivative by the squared mispointing (rad^2).

    Parameters
    ----------
    altitude_m, speed_m_s
        Of the satellite.

    Notes
    -----
    A burst's pulses are too dense to be independent. The looks per bin are those of the burst's Doppler cells, four
    bursts to a record: few at the leading edge, where the lit disc spans few cells (Walsh 1982, Radio
    Science 17(3)).
    """
    frequency = frequency_grid()
    level = pulse_limited_spectrum(frequency, **_geometry(altitude_m))
    tilted = pulse_limited_spectrum(frequency, **_geometry(altitude_m), mispointing_rad2=_MISPOINTING_STEP_RAD2)
    templates = np.array([[level], [(tilted - level) / _MISPOINTING_STEP_RAD2]])
    variances, epochs = variance_grid(*_VARIANCES_BINS2), epoch_grid(*_EPOCHS)
    echoes = echo_bank(templates, frequency, variances, epochs, np.ones((1, BINS), dtype=np.bool_))
    looks = BURSTS_PER_RECORD * _burst_looks(altitude_m, speed_m_s)
    return EchoBank(echoes, variances, epochs, looks, np.ones(BINS))


def _burst_looks(altitude_m: float, speed_m_s: float) -> Float:
    cell_m = doppler_cell_m(altitude_m, speed_m_s)
    distances = np.asarray(cell_m * np.arange(-40, 41), dtype=np.float64)
    frequency = frequency_grid(_SAR_PERIOD_BINS)
    spectra = delay_doppler_spectra(frequency, distances, **_geometry(altitude_m), doppler_cell_m=cell_m)
    unmigrated = np.exp(-2j * np.pi * np.outer(migration_bins(distances, altitude_m), frequency))
    return effective_looks(_nominal_echo(spectra * unmigrated, frequency))


def _nominal_echo(spectra: npt.NDArray[np.complex128], frequency: Float) -> Float:
    """Echoes in the bins of a waveform, for 3 m waves and the epoch in the reference bin; never negative."""
    samples = echo(spectra, frequency, _NOMINAL_VARIANCE_BINS2)
    steps = samples.shape[-1] // frequency.size
    window = np.roll(samples, REFERENCE_BIN * steps, axis=-1)[..., : BINS * steps : steps]
    return np.maximum(window, 0.0)


def sar_bank(altitude_m: float, speed_m_s: float, look_angles_rad: Float) -> EchoBank:
    """Bank of multilooked delay-Doppler echoes with one template.

    Parameters
    ----------
    altitude_m, speed_m_s
        Of the satellite.
    look_angles_rad
        Shape (looks,): angle at the satellite between nadir and the surface cell, for each echo of the stack.

    Notes
    -----
    Range-migration correction moves the end of the recorded window into the waveform. The Level-1B mean counts those
    bins as zero: that is what the trailing edges of the real products show (residual below 0.3 % of the peak, and 5 %
    without it).
    """
    ordered: Float = np.sort(np.abs(look_angles_rad))
    distances = np.asarray(_grouped(ordered) * altitude_m, dtype=np.float64)
    frequency = frequency_grid(_SAR_PERIOD_BINS)
    spectra = delay_doppler_spectra(
        frequency, distances, **_geometry(altitude_m), doppler_cell_m=doppler_cell_m(altitude_m, speed_m_s)
    )
    valid = np.arange(BINS) <= (BINS - 1 - migration_bins(distances, altitude_m))[:, np.newaxis]
    variances, epochs = variance_grid(*_VARIANCES_BINS2), epoch_grid(*_EPOCHS)
    echoes = echo_bank(spectra[np.newaxis], frequency, variances, epochs, valid)
    looks = effective_looks(_nominal_echo(spectra, frequency) * valid) * look_angles_rad.size / distances.size
    return EchoBank(echoes, variances, epochs, looks, np.maximum(valid.mean(axis=0), 1e-3))


def _grouped(ordered: Float) -> Float:
    """Means of neighbours in threes: the response changes little between neighbouring looks."""
    groups = max(1, round(ordered.size / _LOOKS_PER_STEP))
    return np.array([group.mean() for group in np.array_split(ordered, groups)], dtype=np.float64)
