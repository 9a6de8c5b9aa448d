"""The echo models in the frequency domain against direct integration in time."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import fftconvolve
from scipy.special import i0e

from refsys.kernels.altimetry.echo import (
    delay_doppler_spectra,
    echo,
    echo_bank,
    effective_looks,
    epoch_grid,
    frequency_grid,
    pulse_limited_spectrum,
    variance_grid,
)

BANDWIDTH, ALTITUDE, RADIUS, BEAMWIDTH, LIGHT = 320e6, 814e3, 6.371e6, np.radians(1.31), 299_792_458.0
GEOMETRY = {"bandwidth_hz": BANDWIDTH, "altitude_m": ALTITUDE, "earth_radius_m": RADIUS, "beamwidth_rad": BEAMWIDTH}
CURVATURE = 1.0 + ALTITUDE / RADIUS
STEP = 1.0 / 64.0


def convolved(response: npt.NDArray[np.float64], variance: float) -> npt.NDArray[np.float64]:
    """Flat response on a fine grid from delay 0, convolved with sinc^2 and a Gaussian; delays -50 to 80 bins."""
    around = np.arange(-200.0, 200.0 + STEP / 2, STEP)
    blurred: npt.NDArray[np.float64] = fftconvolve(response, np.sinc(around) ** 2 * STEP)
    heights = np.exp(-0.5 * around**2 / variance)
    blurred = fftconvolve(blurred, heights / heights.sum())
    start = round(400.0 / STEP)
    return blurred[start - round(50.0 / STEP) : start + round(80.0 / STEP) : round(1 / STEP)]


@pytest.mark.parametrize("swh", [0.7, 2.0, 8.0])
@pytest.mark.parametrize("mispointing_deg", [0.0, 0.15])
def test_pulse_limited_echo_is_browns_convolution(swh: float, mispointing_deg: float) -> None:
    variance = (swh / 4 / (LIGHT / 2 / BANDWIDTH)) ** 2
    mispointing = np.radians(mispointing_deg)
    delay_s = np.arange(0.0, 400.0, STEP) / BANDWIDTH
    gamma = BEAMWIDTH**2 / (2.0 * np.log(2.0))
    angle2 = LIGHT * delay_s / (ALTITUDE * CURVATURE)
    bessel = 8.0 / gamma * np.sqrt(angle2) * mispointing
    flat = np.exp(-4.0 / gamma * (angle2 + mispointing**2) + bessel) * i0e(bessel)
    flat[0] *= 0.5  # trapezium rule: the edge stands on a sample
    expected = convolved(flat, variance)[:129]
    frequency = frequency_grid()
    spectrum = pulse_limited_spectrum(frequency, **GEOMETRY, mispointing_rad2=mispointing**2)
    samples = echo(spectrum, frequency, variance)
    steps = samples.size // frequency.size
    modelled = np.roll(samples, 50 * steps)[: 129 * steps : steps]
    assert np.abs(modelled - expected).max() < 5e-4


@pytest.mark.parametrize("distance_m", [0.0, 2_500.0, 7_600.0])
def test_delay_doppler_echo_is_a_sum_over_the_surface(distance_m: float) -> None:
    cell, variance = 332.0, 1.2
    along = distance_m + np.linspace(-12 * cell, 12 * cell, 241)
    across = np.arange(2.5, 25_000.0, 5.0)
    x, y = np.meshgrid(along, across, indexing="ij")
    delay_bins = CURVATURE * (x**2 + y**2 - distance_m**2) / (ALTITUDE * LIGHT) * BANDWIDTH
    gain = np.exp(-8.0 * np.log(2.0) * (x**2 + y**2) / (BEAMWIDTH * ALTITUDE) ** 2)
    power = np.sinc((x - distance_m) / cell) ** 2 * gain * 2.0 * (along[1] - along[0]) * 5.0
    edges = np.arange(-100.0, 200.0, 1 / 16)
    histogram = np.histogram(delay_bins, edges, weights=power)[0]
    around = np.arange(-100.0, 100.0, 1 / 16)
    heights = np.exp(-0.5 * around**2 / variance)
    blurred = fftconvolve(fftconvolve(histogram, np.sinc(around) ** 2), heights / heights.sum())
    start = 100 * 16 + 200 * 16
    direct = blurred[start - 30 * 16 : start + 80 * 16 : 16]
    direct /= np.pi * ALTITUDE * LIGHT / CURVATURE / BANDWIDTH
    frequency = frequency_grid(1024)
    spectrum = delay_doppler_spectra(frequency, np.array([distance_m]), **GEOMETRY, doppler_cell_m=cell)
    samples = echo(spectrum, frequency, variance)[0]
    modelled = np.roll(samples, 30 * 8)[: 110 * 8 : 8]
    shifted = np.interp(np.arange(110.0), np.arange(110.0) + 0.5 / 16, direct)
    assert np.abs(modelled - shifted)[1:-1].max() < 0.01 * modelled.max()


def test_looks_far_away_and_their_mirror_are_the_same() -> None:
    frequency = frequency_grid(1024)
    left, right = delay_doppler_spectra(frequency, np.array([-3e3, 3e3]), **GEOMETRY, doppler_cell_m=332.0)
    np.testing.assert_allclose(left, right, rtol=1e-9)


def test_bank_is_the_masked_mean_of_its_looks() -> None:
    frequency = frequency_grid(1024)
    spectra = delay_doppler_spectra(frequency, np.array([0.0, 4e3, 7e3]), **GEOMETRY, doppler_cell_m=332.0)
    valid = np.arange(128) <= np.array([127, 100, 50])[:, np.newaxis]
    variances, epochs = variance_grid(0.1, 1.0), epoch_grid(40.0, 42.0)
    bank = echo_bank(spectra[np.newaxis], frequency, variances, epochs, valid)
    assert bank.shape == (variances.size, epochs.size, 1, 128)
    for v, e in ((0, 0), (5, 7), (variances.size - 1, epochs.size - 1)):
        looks = echo(spectra, frequency, variances[v])
        position = np.mod(np.rint((np.arange(128) - epochs[e]) * 8).astype(int), looks.shape[1])
        expected = (looks[:, position] * valid).mean(axis=0)
        np.testing.assert_allclose(bank[v, e, 0], expected, rtol=1e-6, atol=1e-9)


def test_looks_out_of_order_are_refused() -> None:
    spectra = np.ones((1, 2, 64), dtype=complex)
    valid = np.array([[True, False] * 4, [True] * 8])
    with pytest.raises(ValueError, match="sorted"):
        echo_bank(spectra, frequency_grid(64), variance_grid(0.1, 1.0), epoch_grid(2.0, 3.0), valid)


def test_frequencies_must_fit_the_blocks() -> None:
    with pytest.raises(ValueError, match="evenly"):
        delay_doppler_spectra(frequency_grid(100), np.array([0.0]), **GEOMETRY, doppler_cell_m=332.0)


def test_effective_looks_are_what_speckle_shows() -> None:
    generator = np.random.default_rng(8)
    powers = generator.gamma(1.0, size=(30, 5))
    totals = np.stack([(powers * generator.exponential(size=powers.shape)).sum(axis=0) for _ in range(20_000)])
    seen = totals.mean(axis=0) ** 2 / totals.var(axis=0)
    np.testing.assert_allclose(effective_looks(powers), seen, rtol=0.05)
