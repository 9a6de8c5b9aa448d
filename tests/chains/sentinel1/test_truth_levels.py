"""Levels of whole products: clutter has the backscatter and the looks that it must, and noise is taken off whole.

Everything is read from the files of products made of simulated packets.
"""

from pathlib import Path

import numpy as np
import pytest
from s1_truth import Area, calibrated, detected_area, make_complex, make_detected, make_source, whole

from refsys.chains.sentinel1.safe.annotation import Band
from refsys.chains.sentinel1.safe.reading import ProductImage
from refsys.chains.sentinel1.simulation.acquisition import DataTake
from refsys.chains.sentinel1.simulation.echoes import Noise
from refsys.chains.sentinel1.simulation.instrument import IW1, S3, shortened, stripmap
from refsys.chains.sentinel1.simulation.scene import ClutterPatch, Scene
from refsys.chains.sentinel1.simulation.tops import Burst, iw_bursts
from refsys.kernels.sar.equivalent_looks import equivalent_looks, measured_looks
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S
from refsys.kernels.sar.multilook import box_weights

pytestmark = pytest.mark.slow
BOX_M, SIGMA0 = 20.0, 0.1


def decibels(ratio: float) -> float:
    return float(10 * np.log10(ratio))


def spectrum(band: Band, sampling_hz: float) -> np.ndarray:
    """Squared weights of the processed band over one period of the sampled spectrum."""
    frequency = np.fft.fftfreq(4096, 1 / sampling_hz)
    a, width = (band.window_coefficient if band.window == "Hamming" else 1.0), band.processing_bandwidth_hz
    weight = np.where(np.abs(frequency) <= width / 2, a + (1 - a) * np.cos(2 * np.pi * frequency / width), 0.0)
    return np.asarray(weight**2)


def test_clutter_of_iw_has_the_sigma0_and_the_looks_that_theory_gives(tmp_path: Path) -> None:
    codes = shortened(IW1, 4300, 130e-6)
    (burst,) = iw_bursts(1, codes=(codes,), first_s=0.2, gain=0.2)
    middle_s = burst.acquisition.steering.mid_time_s
    times = middle_s - 1.15, middle_s + 1.15
    near_m = 0.5 * LIGHT_SPEED_M_S * (codes.first_delay_s + 1e-6)
    ranges = near_m, near_m + 1000.0
    patch = ClutterPatch(*times, *ranges, SIGMA0, seed=5, time_step_s=2e-3)
    source = make_source(tmp_path, [burst], Scene(clutter=(patch,)), DataTake(noise=Noise(100.0, 1)))
    made = make_complex(source, tmp_path)
    (image,) = make_detected(source, made, tmp_path).images
    area = detected_area(image, (times[0] + 0.02, times[1] - 0.02), (ranges[0] + 60, ranges[1] - 60))
    found = calibrated(image, area)
    # Boxes overlap to a half both ways: a quarter of 245,000 pixels, of five looks each, is independent, which is worth
    # 0.18 % (0.008 dB) of the mean and 0.8 % of the looks.
    assert found.sigma0.size >= 1e5
    assert abs(decibels(float(np.mean(found.sigma0 - found.noise)) / SIGMA0)) < 0.1
    assert np.mean(found.noise) < 1e-2 * SIGMA0  # so that the looks are those of clutter
    assert measured_looks(found.sigma0) == pytest.approx(predicted(made.images[0], image, area), rel=0.05)


def predicted(source: ProductImage, image: ProductImage, area: Area) -> float:
    """Looks of boxes at every place between pixels; variances average."""
    said, made = source.read_annotation(), image.read_annotation()
    swath = said.processing.swaths[0]
    along = spectrum(swath.azimuth_band, 1 / said.image.line_interval_s)
    across = spectrum(swath.range_band, said.product.range_sampling_hz)
    width = BOX_M / made.image.azimuth_spacing_m * made.image.line_interval_s / said.image.line_interval_s
    inverse = [1 / equivalent_looks(along, box_weights(8 + k / 32, width, 20)) for k in range(32)]
    pixels = sample_widths(said.product.range_sampling_hz, image, area)
    other = [1 / equivalent_looks(across, box_weights(16 + k % 16 / 16, wide, 40)) for k, wide in enumerate(pixels)]
    return float(1 / np.mean(inverse) / np.mean(other))


def sample_widths(sampling_hz: float, image: ProductImage, area: Area) -> np.ndarray:
    """Samples of slant range in a box, at places over the area."""
    (conversion, *_) = image.read_annotation().conversions
    ground = np.linspace(area.first_sample, area.stop_sample, 64) * image.read_annotation().image.range_spacing_m
    edges = [
        np.polynomial.polynomial.polyval(ground + side - conversion.gr0_m, conversion.grsr)
        for side in (-BOX_M / 2, BOX_M / 2)
    ]
    return np.asarray((edges[1] - edges[0]) * 2 / LIGHT_SPEED_M_S * sampling_hz)


def test_noise_alone_is_taken_off_but_for_little(tmp_path: Path) -> None:
    acquisition = stripmap(shortened(S3, 3800, 100e-6), gain=0.06)
    part = Burst(0, acquisition, acquisition.raw_grid(0.2, 2300))
    take = DataTake(noise=Noise(400.0, 11), least_rate=4)
    # 61,000 samples of noise packets are worth 0.4 % of the power, 900,000 pixels 0.15 %; steps of the quantiser 0.3 %,
    # those of 16-bit pixels at a noise-equivalent sigma0 of -25 dB 0.05 %.
    source = make_source(tmp_path, [part], Scene(), take)
    made = make_complex(source, tmp_path)
    for image in (*made.images, *make_detected(source, made, tmp_path).images):
        found = calibrated(image, whole(image))
        there = np.isfinite(found.sigma0)
        left = np.mean((found.sigma0 - found.noise)[there]) / np.mean(found.noise[there])
        assert abs(left) < 0.023
