"""Numerical forward model of SRAL echoes with speckle: what the simulator draws from, and the tests' independent truth.

It shares nothing with the fitted model (`kernels.altimetry.echo`) but the instrument's constants: it walks the sea
surface in time, strip by strip, and convolves numerically with a sampled sinc^2 and a sampled height distribution.
"""

import numpy as np
import numpy.typing as npt

from refsys.chains.sentinel3 import sral_instrument as instrument

Float = npt.NDArray[np.float64]

ALTITUDE_M = 814_000.0
SPEED_M_S = 7_535.0
STACK_LOOKS = 180
_STEPS_PER_BIN = 16
_PERIOD_BINS = 512
_FIRST_BIN = -90  # the outermost look sees nadir 85 bins before its own cell
_LAST_BIN = 170  # surface lit later than this cannot reach the 128 bins
_STACK_STEP_RAD = 104.7e-6
_LOOK_WORTH = 0.7
_STRIPS_CELLS = np.linspace(-12.0, 12.0, 193)


def surface_responses(distances_m: Float, *, migrated: bool, mispointing_rad: float = 0.0) -> Float:
    """Delay histogram of the flat sea for each look (Doppler cell), by summation over strips of the surface.

    Parameters
    ----------
    distances_m
        Shape (looks,): along-track distance of each cell from nadir.
    migrated
        Whether delays count from each cell's own nearest surface (SAR, range migration corrected) or from nadir (PLRM).
    mispointing_rad
        Along-track mispointing of the antenna.

    Returns
    -------
    Shape (looks, 16 x 260): power per bin, sixteenths of a bin from delay -90; one Doppler cell's sinc^2 filter per
    look.
    """
    altitude_m = ALTITUDE_M
    cell_m = instrument.doppler_cell_m(altitude_m, SPEED_M_S)
    per_m2 = (1.0 + altitude_m / instrument.EARTH_RADIUS_M) / (2.0 * altitude_m * instrument.BIN_LENGTH_M)
    gain = 8.0 * np.log(2.0) / (instrument.BEAMWIDTH_RAD * altitude_m) ** 2
    edges = np.arange(_FIRST_BIN * _STEPS_PER_BIN, _LAST_BIN * _STEPS_PER_BIN + 1) / _STEPS_PER_BIN
    strips = _STRIPS_CELLS
    responses = np.zeros((distances_m.size, edges.size - 1))
    for index, distance in enumerate(distances_m):
        origin = distance**2 if migrated else 0.0
        for strip in strips:
            x = distance + strip * cell_m
            across = np.sqrt(np.maximum(edges / per_m2 + origin - x * x, 0.0))
            power = np.sinc(strip) ** 2 * np.exp(-gain * (x - altitude_m * mispointing_rad) ** 2)
            middle = 0.5 * (across[1:] + across[:-1])
            responses[index] += power * np.diff(across) * np.exp(-gain * middle**2)
    strip_area = 2.0 * (strips[1] - strips[0]) * cell_m * per_m2 / np.pi
    per_bin: Float = responses * strip_area * _STEPS_PER_BIN
    return per_bin


def blurred(responses: Float, swh_m: float) -> Float:
    """Responses convolved with the sampled point-target response and height distribution.

    Parameters
    ----------
    responses
        Shape (looks, 16 x 260) from `surface_responses`.
    swh_m
        Significant wave height.

    Returns
    -------
    Shape (looks, 16 x 512): sixteenths of a bin from delay 0, the upper half holding negative delays.
    """
    count = _PERIOD_BINS * _STEPS_PER_BIN
    delay = ((np.arange(count) + count // 2) % count - count // 2) / _STEPS_PER_BIN
    deviation = swh_m / 4.0 / instrument.BIN_LENGTH_M
    heights = np.exp(-0.5 * (delay / deviation) ** 2)
    target = np.sinc(delay) ** 2
    padded = np.zeros((responses.shape[0], count))
    padded[:, : responses.shape[1]] = responses
    padded = np.roll(padded, _FIRST_BIN * _STEPS_PER_BIN, axis=1)
    kernel = np.fft.rfft(heights / heights.sum()) * np.fft.rfft(target) / _STEPS_PER_BIN
    # a histogram cell's power sits half a cell after the cell's edge
    half_cell = np.exp(-1j * np.pi * np.arange(count // 2 + 1) / count)
    result: Float = np.fft.irfft(np.fft.rfft(padded, axis=1) * kernel * half_cell, count, axis=1)
    return result


def sampled(echoes: Float, epoch_bins: float) -> Float:
    """Echoes of shape (looks, 16 x 512) in the bins of a waveform, surface at `epoch_bins`: shape (looks, 128)."""
    position = (np.arange(instrument.BINS) - epoch_bins) * _STEPS_PER_BIN
    below = np.floor(position).astype(np.int64)
    part = position - below
    count = echoes.shape[1]
    values: Float = echoes[:, below % count] * (1.0 - part) + echoes[:, (below + 1) % count] * part
    return values


class SpeckledEchoes:
    """Draws speckled waveforms of one mode from the numerical forward model.

    Parameters
    ----------
    mode
        `plrm`: four bursts, each the sum of its Doppler cells. `sar_ku`: a stack of 180 looks in pairs, each look
        worth 0.7 of an independent one (the residuals of the two real products show 0.65 and 0.84).
    mispointing_rad
        Along-track mispointing.
    """

    def __init__(self, mode: str, *, mispointing_rad: float = 0.0) -> None:
        self.mode = mode
        cell_m = instrument.doppler_cell_m(ALTITUDE_M, SPEED_M_S)
        if mode == instrument.PLRM_NAME:
            self._distances = np.asarray(cell_m * np.arange(-32, 33), dtype=np.float64)
            self._shape = float(instrument.BURSTS_PER_RECORD)
        else:
            pairs: Float = stack_angles().reshape(-1, 2).mean(axis=1)
            self._distances = pairs * ALTITUDE_M
            self._shape = 2.0 * _LOOK_WORTH
        self._responses = surface_responses(
            self._distances, migrated=mode == instrument.SAR_NAME, mispointing_rad=mispointing_rad
        )
        if mode == instrument.PLRM_NAME:
            # the filters of all cells add up to one: put back the sidelobes that lie beyond the strips
            self._responses /= (np.sinc(_STRIPS_CELLS) ** 2).sum() * (_STRIPS_CELLS[1] - _STRIPS_CELLS[0])
        self._blurred: dict[float, Float] = {}

    def mean(self, swh_m: float, epoch_bins: float, noise: float) -> Float:
        """Mean power of each look for unit amplitude: shape (looks, 128); `combine` makes the waveform of it."""
        if swh_m not in self._blurred:
            self._blurred = {swh_m: blurred(self._responses, swh_m)}
        power = np.maximum(sampled(self._blurred[swh_m], epoch_bins), 0.0)
        if self.mode == instrument.PLRM_NAME:
            return power + noise / self._distances.size
        last = instrument.BINS - 1 - instrument.migration_bins(self._distances, ALTITUDE_M)
        return (power + noise) * (np.arange(instrument.BINS) <= last[:, np.newaxis])

    def combine(self, looks: Float) -> Float:
        """Waveform of shape (128,) from looks of shape (looks, 128)."""
        total: Float = looks.sum(axis=0) if self.mode == instrument.PLRM_NAME else looks.mean(axis=0)
        return total

    def draw(self, generator: np.random.Generator, swh_m: float, epoch_bins: float, noise: float) -> Float:
        """One speckled waveform of unit amplitude: shape (128,)."""
        power = self.mean(swh_m, epoch_bins, noise)
        return self.combine(power * generator.gamma(self._shape, 1.0 / self._shape, power.shape))


def stack_angles() -> Float:
    """Look angles of a full simulated stack: shape (180,), rad."""
    angles = (np.arange(STACK_LOOKS) - (STACK_LOOKS - 1) / 2) * _STACK_STEP_RAD
    return np.asarray(angles, dtype=np.float64)
