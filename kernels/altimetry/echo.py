"""Mean echo of a nadir altimeter over the sea, pulse-limited and delay-Doppler: spectra, and banks for `fit_bank`.

All three factors of the classical convolution (flat-surface response, point-target response, height distribution;
Brown 1977, IEEE TAP 25(1)) have a simple Fourier transform, so their product needs no Gaussian stand-in
for the point-target response and no look-up correction of the wave height: the sinc^2 of a chirp of bandwidth B is a
triangle that ends at B, the height distribution is a Gaussian, and the flat-surface responses are given below. Delays
count from the nadir sea surface; one bin is 1 / B.
"""

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

SPEED_OF_LIGHT_M_S = 299_792_458.0
_STEPS_PER_BIN = 8
_PERIOD_BINS = 2048  # the slowest echo decays by e in about 90 bins, so the periodic spectrum does not fold


def frequency_grid(period_bins: int = _PERIOD_BINS) -> Float:
    """Frequencies below the bandwidth, in cycles per bin: shape (period_bins,) float64, 0 to 1 without the end."""
    return np.arange(period_bins) / period_bins


def _geometry(altitude_m: float, beamwidth_rad: float, earth_radius_m: float) -> tuple[float, float]:
    """Delay per squared distance from nadir (s/m^2) and two-way gain exponent per squared distance (1/m^2)."""
    curvature = 1.0 + altitude_m / earth_radius_m
    return curvature / (SPEED_OF_LIGHT_M_S * altitude_m), 8.0 * np.log(2.0) / (beamwidth_rad * altitude_m) ** 2


def pulse_limited_spectrum(
    frequency: Float,
    *,
    bandwidth_hz: float,
    altitude_m: float,
    earth_radius_m: float,
    beamwidth_rad: float,
    mispointing_rad2: float = 0.0,
) -> Complex:
    """Spectrum of the pulse-limited flat-surface response, of unit height at delay 0 without mispointing.

    In time it is exp(-4 xi^2 / g) exp(-d t) I0(b sqrt t) for t >= 0.

    Parameters
    ----------
    frequency
        Shape (f,), cycles per bin; a bin is 1 / `bandwidth_hz`.
    beamwidth_rad
        One-way half-power full beamwidth of a round Gaussian antenna.
    mispointing_rad2
        Square of the mispointing angle xi, in rad^2.

    Returns
    -------
    Shape (f,) complex128, per bin.

    Notes
    -----
    Brown 1977, with the Earth's curvature (Hayne 1980, IEEE TAP 28(5)) and the full Bessel function,
    whose second-order expansion is the model of Amarouche et al. 2004, Marine Geodesy 27. The transform of exp(-d t)
    I0(2 sqrt(a t)) is exp(a / s) / s with s = d + i w, so no expansion is needed.
    """
    delay_per_m2, gain_per_m2 = _geometry(altitude_m, beamwidth_rad, earth_radius_m)
    squared_angle_per_s = 1.0 / (delay_per_m2 * altitude_m**2)
    gain_per_rad2 = gain_per_m2 * altitude_m**2
    s = gain_per_m2 / delay_per_m2 + 2j * np.pi * frequency * bandwidth_hz
    bessel = gain_per_rad2**2 * mispointing_rad2 * squared_angle_per_s
    result: Complex = np.exp(bessel / s - gain_per_rad2 * mispointing_rad2) / s * bandwidth_hz
    return result


def delay_doppler_spectra(
    frequency: Float,
    look_distances_m: Float,
    *,
    bandwidth_hz: float,
    altitude_m: float,
    earth_radius_m: float,
    beamwidth_rad: float,
    doppler_cell_m: float,
) -> Complex:
    """Spectra of the delay-Doppler flat-surface response of single looks, after range-migration correction.

    A look is steered to the along-track distance x_l from nadir; its echo is the surface integral of antenna gain
    times the squared sinc of the Doppler filter. Across track the integral is closed (a Gaussian of complex width);
    along track it is summed over 12 Doppler cells to both sides in tenths of a cell.

    Parameters
    ----------
    frequency
        Shape (f,), cycles per bin; a bin is 1 / `bandwidth_hz`.
    look_distances_m
        Shape (l,), along-track distance of each look's cell from nadir at the time of the look; the sign does not
        matter.
    doppler_cell_m
        Distance from the peak of the Doppler filter to its first zero, on the ground.

    Returns
    -------
    Shape (l, f) complex128, per bin, in units of the height of the pulse-limited response to the same power per
    surface area.

    Notes
    -----
    Raney 1998, IEEE TGRS 36(5); Ray et al. 2015, IEEE TGRS 53(2) (SAMOSA), whose two Gaussian
    point-target responses and first-order expansion around each look are not used here; Dinardo 2020 (thesis, TU
    Darmstadt).
    """
    delay_per_m2, gain_per_m2 = _geometry(altitude_m, beamwidth_rad, earth_radius_m)
    omega = 2.0 * np.pi * frequency * bandwidth_hz
    offsets = np.arange(-120, 121) * (doppler_cell_m / 10.0)
    doppler_filter = np.sinc(offsets / doppler_cell_m) ** 2 * (doppler_cell_m / 10.0)
    across = np.sqrt(np.pi / (gain_per_m2 + 1j * omega * delay_per_m2))
    spectra = np.empty((look_distances_m.size, frequency.size), dtype=np.complex128)
    for index, distance in enumerate(look_distances_m):
        along = doppler_filter * np.exp(-gain_per_m2 * (distance + offsets) ** 2)
        excess_s = delay_per_m2 * (offsets**2 + 2.0 * distance * offsets)
        spectra[index] = _sum_of_phases(omega, excess_s, along) * across
    area_per_bin_m2 = np.pi / (delay_per_m2 * bandwidth_hz)
    result: Complex = spectra / area_per_bin_m2
    return result


def _sum_of_phases(omega: Float, delay_s: Float, weight: Float) -> Complex:
    """`sum_j weight_j exp(-i omega delay_j)` on an even grid, in blocks that share one small matrix of exponentials."""
    block = 64
    if omega.size % block or not np.allclose(np.diff(omega), omega[1] - omega[0]):
        message = f"frequencies must be evenly spaced and a multiple of {block} in number"
        raise ValueError(message)
    inside = np.exp(-1j * np.outer(omega[:block] - omega[0], delay_s))
    starts = np.exp(-1j * np.outer(delay_s, omega[::block])) * weight[:, np.newaxis]
    result: Complex = (inside @ starts).T.reshape(-1)
    return result


def echo(spectrum: Complex, frequency: Float, variance_bins2: float) -> Float:
    """Mean echo over a Gaussian sea, one value per eighth of a bin.

    Parameters
    ----------
    spectrum
        Shape (..., f) complex128: flat-surface response per bin, at `frequency`.
    frequency
        Shape (f,) from `frequency_grid`.
    variance_bins2
        Variance of the two-way delay of the surface, in bins squared: (SWH / 4 / bin length)^2 for a bin length of c
        / 2 B.

    Returns
    -------
    Shape (..., 8 f) float64; element j is at the delay j / 8 bins, the upper half holding negative delays (periodic).
    """
    kernel: Float = (1.0 - frequency) * np.exp(-0.5 * variance_bins2 * (2.0 * np.pi * frequency) ** 2)
    samples = _STEPS_PER_BIN * frequency.size
    padded = np.zeros((*spectrum.shape[:-1], samples // 2 + 1), dtype=np.complex128)
    padded[..., : frequency.size] = spectrum * kernel
    result: Float = np.fft.irfft(padded, samples, axis=-1) * _STEPS_PER_BIN
    return result


def variance_grid(smallest_bins2: float, largest_bins2: float) -> Float:
    """Variances of a bank, from the smallest to at least the largest, in steps that grow with the variance by 5 %.

    Examples
    --------
    >>> variance_grid(0.1, 0.16).round(4).tolist()
    [0.1, 0.1175, 0.1359, 0.1552, 0.1754]
    """
    offset = 0.25
    steps = int(np.ceil(np.log((largest_bins2 + offset) / (smallest_bins2 + offset)) / np.log(1.05)))
    grid: Float = (smallest_bins2 + offset) * np.power(1.05, np.arange(steps + 1)) - offset
    return grid


def epoch_grid(first_bin: float, last_bin: float) -> Float:
    """Epochs of a bank: eighths of a bin from `first_bin` to `last_bin`."""
    return np.arange(round(first_bin * _STEPS_PER_BIN), round(last_bin * _STEPS_PER_BIN) + 1) / _STEPS_PER_BIN


def echo_bank(
    spectra: Complex, frequency: Float, variances: Float, epochs: Float, valid: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """Bank of multilooked echoes: mean over the looks, a masked bin of a look counting as zero.

    Parameters
    ----------
    spectra
        Shape (templates, looks, f) complex128.
    frequency
        Shape (f,) from `frequency_grid`.
    variances
        Shape (v,), bins squared.
    epochs
        Shape (e,), from `epoch_grid`.
    valid
        Shape (looks, bins): which bins of each look hold data after range-migration correction. Looks must be sorted
        so that the valid bins shrink: a bin valid in one look is valid in those before.

    Returns
    -------
    Shape (v, e, templates, bins) float32.

    Raises
    ------
    ValueError
        If the looks are not sorted.
    """
    if np.any(valid[1:] & ~valid[:-1]):
        message = "looks must be sorted by falling number of valid bins"
        raise ValueError(message)
    templates, looks, _ = spectra.shape
    bins = valid.shape[1]
    count = valid.sum(axis=0)
    epoch_steps = np.rint(epochs * _STEPS_PER_BIN).astype(np.int64)[:, np.newaxis]
    position = np.arange(bins) * _STEPS_PER_BIN - epoch_steps + epoch_steps[-1]
    span = int(position.max()) + 1
    bank = np.empty((variances.size, epochs.size, templates, bins), dtype=np.float32)
    for v, variance in enumerate(variances):
        for k in range(templates):
            every = np.roll(echo(spectra[k], frequency, float(variance)), epoch_steps[-1], axis=-1)
            summed = np.zeros((looks + 1, span))
            np.cumsum(every[:, :span], axis=0, out=summed[1:])
            bank[v, :, k] = summed[count, position] / looks
    return bank


def effective_looks(powers: Float) -> Float:
    """Effective number of looks of a sum of independent, exponentially distributed powers.

    Parameters
    ----------
    powers
        Shape (looks, bins): mean power of each look.

    Returns
    -------
    Shape (bins,): (sum of the means)^2 / sum of the squared means, at least 1.

    Examples
    --------
    >>> effective_looks(np.array([[1.0, 3.0], [1.0, 0.0]])).tolist()
    [2.0, 1.0]
    """
    total = powers.sum(axis=0)
    squares = np.maximum((powers**2).sum(axis=0), np.finfo(np.float64).tiny)
    looks: Float = np.maximum(total**2 / squares, 1.0)
    return looks
