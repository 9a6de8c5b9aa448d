"""The unfolded spectrum of columns of a burst, with range migration removed.

A burst sweeps several times the PRF, while at any time the beam holds less than one. So the raw data are turned to
baseband with the chirp of the steering, interpolated to a rate that holds the whole sweep, and turned back.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from refsys.kernels.sar.grids import LIGHT_SPEED_M_S
from refsys.kernels.sar.phase_rows import rotate_rows
from refsys.kernels.sar.tops_burst import Burst
from refsys.kernels.sar.tops_geometry import BurstRates
from refsys.kernels.sar.tops_phase import fit_rows, migration_turns
from refsys.kernels.sar.tops_weights import BeamBand, beam_band, reach_hz
from refsys.kernels.sar.velocity import RangeHistory

_MARGIN = 32
"""Columns on each side for the tails of the range window."""


class Unfolded(NamedTuple):
    """Spectrum of columns.

    Attributes
    ----------
    data
        complex64 (bins, columns); time 0 is the transmission of the first pulse.
    doppler_hz
        float64 (bins,), true Doppler, increasing.
    """

    data: NDArray[np.complex64]
    doppler_hz: NDArray[np.float64]


class Columns(NamedTuple):
    """Columns of the image that share a reference range, and what is true there."""

    first: int
    slant_range_m: NDArray[np.float64]
    history: RangeHistory
    rates: BurstRates

    @property
    def reference_m(self) -> float:
        """Slant range for which migration is removed exactly."""
        return float(0.5 * (self.slant_range_m[0] + self.slant_range_m[-1]))


def unfold(compressed: NDArray[np.complex64], burst: Burst, columns: Columns) -> Unfolded:
    """Return the unfolded azimuth spectrum of columns of the image, migration removed.

    Parameters
    ----------
    compressed
        complex64 (lines, samples) of the raw grid, compressed in range.
    burst, columns
        Which.
    """
    grid = burst.raw_grid
    shift = (burst.output.first_delay_s - grid.first_delay_s) * grid.range_sampling_hz + columns.first
    count = columns.slant_range_m.size
    far = int(np.ceil(_migration_samples(burst, columns)))
    first = int(np.floor(shift)) - _MARGIN
    width = fft.next_fast_len(count + far + 2 * _MARGIN + 1)
    wide = np.zeros((grid.lines, width), np.complex64)
    held = slice(max(first, 0), min(first + width, grid.samples))
    wide[:, held.start - first : held.stop - first] = compressed[:, held]
    data, doppler = _unfold_azimuth(wide, burst, columns)
    data = fft.fft(data, axis=1, overwrite_x=True)
    _remove_migration(data, doppler, burst, columns, shift - first)
    return Unfolded(fft.ifft(data, axis=1, overwrite_x=True)[:, :count], doppler)


def _migration_samples(burst: Burst, columns: Columns) -> float:
    grid = burst.raw_grid
    swept_hz = columns.rates.steering_hz_s * grid.lines * grid.pri_s + 1 / grid.pri_s
    velocity = float(columns.history.velocities_m_s(np.asarray(columns.reference_m)))
    sine = 0.25 * swept_hz * LIGHT_SPEED_M_S / (velocity * burst.radar.carrier_hz)
    return float(columns.reference_m * sine**2 / LIGHT_SPEED_M_S * grid.range_sampling_hz)


def _unfold_azimuth(
    wide: NDArray[np.complex64], burst: Burst, columns: Columns
) -> tuple[NDArray[np.complex64], NDArray[np.float64]]:
    """Return the spectrum (bins, columns) in ascending true Doppler, and that; `wide` is used up."""
    grid, rate = burst.raw_grid, columns.rates.steering_hz_s
    # Time on the ground, half the delay after transmission, from the middle of the sweep.
    begin_s = grid.first_pulse_time_s + columns.reference_m / LIGHT_SPEED_M_S - burst.sweep.steering.mid_time_s
    size = fft.next_fast_len(int(np.ceil(max(grid.lines, _least_period_s(burst, columns.rates) / grid.pri_s))))
    period_s = size * grid.pri_s
    beam = beam_band(burst, columns.rates)
    fine = fft.next_fast_len(int(np.ceil(period_s * (rate * grid.lines * grid.pri_s + 2 * beam.end_hz))) + 1)
    slow_s = np.asarray(begin_s + grid.pri_s * np.arange(grid.lines), np.float64)
    wide *= _chirp(-rate, slow_s)[:, None]
    data = _interpolate(fft.fft(wide, size, axis=0), period_s, beam, fine)
    fine_s = begin_s + period_s / fine * np.arange(fine)
    # The end of the period belongs to what comes before the first line.
    fine_s[fine_s > begin_s + 0.5 * grid.pri_s * (size + grid.lines - 1)] -= period_s
    data *= _chirp(rate, fine_s)[:, None]
    data = fft.fft(data, axis=0, overwrite_x=True)
    lowest = int(np.round(rate * 0.5 * (slow_s[0] + slow_s[-1]) * period_s)) - fine // 2
    return np.roll(data, -lowest, axis=0), (lowest + np.arange(fine)) / period_s


def _least_period_s(burst: Burst, rates: BurstRates) -> float:
    """Return the period of the transform that keeps azimuth ambiguities, which are focused too, off other bands."""
    ambiguous = 1 / burst.raw_grid.pri_s / rates.target_hz_s[0]
    return float(ambiguous + 2 * reach_hz(burst, rates) / rates.image_hz_s[0])


def _interpolate(narrow: NDArray[np.complex64], period_s: float, beam: BeamBand, fine: int) -> NDArray[np.complex64]:
    """Return `fine` times of a spectrum (bins, columns) around zero, equalised, repeated up to where the beam ends."""
    last = int(beam.end_hz * period_s)
    bins = np.arange(-last, last + 1)
    padded = np.zeros((fine, narrow.shape[1]), np.complex64)
    padded[bins] = narrow[bins % narrow.shape[0]] * beam.weights(bins / period_s)[:, None].astype(np.float32)
    return np.asarray(fft.ifft(padded, axis=0, overwrite_x=True))


def _chirp(rate_hz_s: float, time_s: NDArray[np.float64]) -> NDArray[np.complex64]:
    return np.asarray(np.exp(1j * np.pi * rate_hz_s * time_s**2), np.complex64)


def _remove_migration(
    data: NDArray[np.complex64], doppler_hz: NDArray[np.float64], burst: Burst, columns: Columns, shift: float
) -> None:
    """Filter over range frequency, in place; what is `shift` columns in comes to column 0."""
    width, sampling = data.shape[1], burst.raw_grid.range_sampling_hz
    # The echo's Doppler moves its delay by itself over the chirp rate.
    s_per_hz = -burst.pulse.curve_rad_per_hz2 / np.pi
    half = (width + 1) // 2
    for part in (slice(0, half), slice(half, width)):
        bins = np.arange(part.start, part.stop, dtype=np.float64) - (width if part.start else 0)
        nodes = np.linspace(0, bins.size - 1, 4)
        range_hz = (bins[0] + nodes) * sampling / width
        turns = migration_turns(burst.radar.carrier_hz, doppler_hz, range_hz, columns.reference_m, columns.history)
        turns += range_hz * shift / sampling - s_per_hz * doppler_hz[:, None] * range_hz
        coefficients = fit_rows(turns, nodes)
        rotate_rows(data[:, part], coefficients, data[:, part])
