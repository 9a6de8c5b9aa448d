"""Boxes against the slow formula; looks and mean of synthetic band-limited speckle against what is predicted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.kernels.sar.equivalent_looks import equivalent_looks, measured_looks, sub_band_looks
from refsys.kernels.sar.multilook import Boxes, box_weights, detect, even_boxes, multilook


def slowly(intensity: np.ndarray, lines: Boxes, samples: Boxes, fraction: float) -> np.ndarray:
    m, n = lines.centre.size, samples.centre.shape[-1]
    out = np.full((m, n), np.nan)
    for i in range(m):
        for j in range(n):
            k = (i, j) if samples.centre.ndim == 2 else j
            along = box_weights(lines.centre[i], lines.width[i], intensity.shape[0])
            across = box_weights(samples.centre[k], samples.width[k], intensity.shape[1])
            weight = np.outer(along, across) * (intensity > 0)
            if weight.sum() > 0 and weight.sum() >= fraction * lines.width[i] * samples.width[k] * (1 - 1e-6):
                out[i, j] = np.sum(weight * np.nan_to_num(intensity)) / weight.sum()
    return out


@settings(max_examples=60)
@given(st.integers(1, 9), st.integers(1, 12), st.integers(0, 2**31), st.booleans(), st.sampled_from([0.25, 0.6, 1.0]))
def test_any_boxes_equal_the_slow_formula(rows: int, columns: int, seed: int, each: bool, fraction: float) -> None:
    rng = np.random.default_rng(seed)
    image = (rng.gamma(1.0, 1.0, (rows, columns)) * (rng.random((rows, columns)) < 0.8)).astype(np.float32)
    image[rng.random((rows, columns)) < 0.1] = np.nan
    lines = Boxes(rng.uniform(-2, rows + 2, 4), rng.uniform(0.1, 4, 4))
    shape = (4, 3) if each else (3,)
    samples = Boxes(rng.uniform(-2, columns + 2, shape), rng.uniform(0.1, 4, shape))
    got = multilook(image, lines, samples, minimum_fraction=fraction)
    np.testing.assert_allclose(got, slowly(image, lines, samples, fraction), rtol=1e-5)


def hamming(count: int, band: float, coefficient: float) -> np.ndarray:
    """Transfer function over one period, frequency 0 first: a generalised Hamming window over part of it."""
    frequency = np.fft.fftfreq(count)
    inside = np.abs(frequency) <= band / 2
    return np.asarray(np.where(inside, coefficient + (1 - coefficient) * np.cos(2 * np.pi * frequency / band), 0))


def speckle(lines: np.ndarray, samples: np.ndarray, mean: float, seed: int) -> np.ndarray:
    """White circular clutter through two transfer functions, of a given mean intensity."""
    rng = np.random.default_rng(seed)
    shape = (lines.size, samples.size)
    white = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) * np.sqrt(mean / 2)
    shaped = np.fft.ifft2(np.fft.fft2(white) * lines[:, np.newaxis] * samples)
    return np.asarray(shaped / np.sqrt(np.mean(lines**2) * np.mean(samples**2)), dtype=np.complex64)


@pytest.mark.parametrize(
    ("band", "window", "looks"), [((0.73, 0.89), (0.75, 0.75), (3, 4)), ((0.67, 0.88), (0.70, 0.75), (1, 5))]
)
def test_looks_of_whole_boxes_are_as_predicted_over_1e5_pixels(
    band: tuple[float, float], window: tuple[float, float], looks: tuple[int, int]
) -> None:
    size = (320 * looks[0], 320 * looks[1])
    response = [hamming(n, b, w) for n, b, w in zip(size, band, window, strict=True)]
    image = speckle(response[0], response[1], mean=3.0, seed=7)
    got = multilook(
        detect(image),
        even_boxes(320, first=(looks[0] - 1) / 2, step=looks[0], width=looks[0]),
        even_boxes(320, first=(looks[1] - 1) / 2, step=looks[1], width=looks[1]),
    )
    assert got.size > 1e5
    predicted = np.prod([equivalent_looks(r**2, np.ones(n)) for r, n in zip(response, looks, strict=True)])
    assert measured_looks(got) == pytest.approx(predicted, rel=0.05)
    assert abs(10 * np.log10(got.mean() / 3.0)) < 0.1
    assert predicted < np.prod(looks)


def test_looks_of_fractional_overlapping_boxes_of_an_oversampled_image_are_as_predicted() -> None:
    """As ground range needs them: 2.6 samples wide every 1.7, on intensities of twice the sampling."""
    lines, samples = hamming(384, 0.7, 0.75), hamming(512, 0.89, 0.75)
    fine = detect(speckle(lines, samples, mean=1.0, seed=3), oversampling=(1, 2))
    boxes = even_boxes(280, first=10.3, step=2 * 1.7, width=2 * 2.6)
    got = multilook(fine, even_boxes(384, first=0, step=1, width=1), boxes)
    assert got.size > 1e5
    padded = np.zeros(1024)
    padded[:256], padded[-256:] = samples[:256] ** 2, samples[256:] ** 2
    predicted = np.mean([equivalent_looks(padded, box_weights(6 + part, 5.2, 13)) for part in np.linspace(0, 1, 11)])
    assert measured_looks(got) == pytest.approx(predicted, rel=0.05)
    assert abs(10 * np.log10(got.mean())) < 0.1


def test_whole_boxes_need_no_oversampling() -> None:
    """The statement of the module: same energy of a target, same looks."""
    samples = hamming(512, 0.9, 0.75)
    assert equivalent_looks(samples**2, np.ones(64)) == pytest.approx(
        equivalent_looks(np.concatenate([samples[:256], np.zeros(512), samples[256:]]) ** 2, np.ones(128)), rel=0.01
    )
    energy = []
    for offset in np.linspace(0, 1, 7):
        phase = np.exp(-2j * np.pi * np.fft.fftfreq(512) * (200 + offset))
        target = np.fft.ifft(samples * phase).astype(np.complex64)[np.newaxis]
        energy.append(detect(target)[0, 150:250].sum())
    assert np.ptp(energy) < 2e-3 * np.mean(energy)


@settings(max_examples=20)
@given(st.integers(1, 3), st.integers(1, 4), st.floats(-0.45, 0.45))
def test_oversampling_keeps_pixels_and_interpolates_between(a: int, r: int, centre: float) -> None:
    """A few tones within a narrow band about `centre`: their intensity between pixels is known exactly."""
    rng = np.random.default_rng(5)
    i, j = np.arange(0, 64, 1 / a), np.arange(0, 96, 1 / r)
    tones = [(centre + d, 0.1 * d) for d in rng.uniform(-0.15, 0.15, 3)]
    taper = np.outer(np.exp(-0.5 * ((i - 32) / 6) ** 2), np.exp(-0.5 * ((j - 48) / 7) ** 2))
    wave = sum(np.exp(2j * np.pi * (f * i[:, np.newaxis] + g * j)) for f, g in tones) * taper
    got = detect(wave[::a, ::r].astype(np.complex64), oversampling=(a, r), centre_cycles=(centre, 0.0))
    assert got.shape == (64 * a, 96 * r)
    np.testing.assert_allclose(got, np.abs(wave) ** 2, atol=2e-4)


@pytest.mark.parametrize("count", [96, 103, 193, 211])
def test_oversampling_of_transforms_of_odd_and_even_length(count: int) -> None:
    at = np.arange(0, count, 0.5)
    taper = np.exp(-0.5 * ((at - count / 2) / (count / 14)) ** 2)
    wave = taper * (np.exp(0.62j * np.pi * at) + np.exp(-0.5j * np.pi * at))
    got = detect(wave[::2].astype(np.complex64)[np.newaxis], oversampling=(1, 2))
    np.testing.assert_allclose(got[0], np.abs(wave) ** 2, atol=1e-4)


def test_predictor_of_looks_against_independent_cases() -> None:
    assert equivalent_looks(np.ones(32), np.ones(7)) == pytest.approx(7)
    assert equivalent_looks(np.ones(32), [1, 2, 1]) == pytest.approx(16 / 6)
    dc = np.zeros(32)
    dc[0] = 1
    assert equivalent_looks(dc, np.ones(7)) == pytest.approx(1)
    disjoint = np.kron(np.eye(4), np.ones(8))
    assert sub_band_looks(disjoint) == pytest.approx(4)
    assert sub_band_looks(np.ones((4, 8))) == pytest.approx(1)
    half = np.array([[1, 1, 0], [0, 1, 1.0]])
    assert sub_band_looks(half) == pytest.approx(16 / (4 + 4 + 2))
    rng = np.random.default_rng(1)
    white = rng.standard_normal((60_000, 3)) + 1j * rng.standard_normal((60_000, 3))
    assert measured_looks((np.abs(white @ half.T) ** 2).sum(axis=1)) == pytest.approx(1.6, rel=0.03)


def test_malformed_input_is_refused() -> None:
    one = even_boxes(2, first=0, step=1, width=1)
    image = np.ones((3, 3), np.float32)
    for lines, samples in (
        (one, Boxes(np.zeros(2), np.zeros(2))), (one, Boxes(np.zeros(2), np.ones(3))),
        (one, Boxes(np.array([np.nan]), np.ones(1))), (one, Boxes(np.zeros((3, 2)), np.ones((3, 2)))),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"box|width"):
            multilook(image, lines, samples)
    with pytest.raises(ValueError, match="float32"):
        multilook(np.ones((3, 3)), one, one)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="minimum fraction"):
        multilook(image, one, one, minimum_fraction=0)
    with pytest.raises(ValueError, match="cannot detect"):
        detect(np.ones((3, 3)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="do not exist"):
        even_boxes(3, first=0, step=0, width=1)
    with pytest.raises(ValueError, match="too few"):
        equivalent_looks(np.ones(8), np.ones(5))
    with pytest.raises(ValueError, match="power spectrum"):
        equivalent_looks(-np.ones(8), np.ones(3))
    with pytest.raises(ValueError, match="does not vary"):
        measured_looks(np.ones(9))
    with pytest.raises(ValueError, match="not all zero"):
        sub_band_looks(np.zeros((2, 3)))
