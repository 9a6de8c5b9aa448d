"""Border masks: limits known to focusing, and borders made as real ones look: dark, ragged, with a bright spot."""

import numpy as np
import pytest

from refsys.kernels.sar.border import border_mask, mask_of_limits

LINES, SAMPLES = 120, 200


def scene() -> tuple[np.ndarray, np.ndarray]:
    """Four-look clutter with noise-like borders of a hundredth of its power, slanting left, ramps above and below."""
    rng = np.random.default_rng(4)
    i, j = np.arange(LINES)[:, np.newaxis], np.arange(SAMPLES)
    inside = (j >= 20 + i // 12) & (j < SAMPLES - 30) & (i >= 8) & (i < LINES - 5)
    level = np.where(inside, 1.0, 0.01)
    image = (level * rng.gamma(4, 0.25, (LINES, SAMPLES))).astype(np.float32)
    image[40, 3] = 80.0
    image[:, :2] = 0
    return image, inside


def test_borders_are_found_within_two_pixels() -> None:
    image, inside = scene()
    mask = border_mask(image, 0.25, run=8)
    assert np.count_nonzero(mask & ~inside) < 0.01 * inside.sum()
    assert np.count_nonzero(~mask & inside) < 0.02 * inside.sum()
    assert not mask[40, :15].any()  # the bright spot in the border made no data of it


def test_an_image_without_borders_keeps_all_and_a_dark_one_nothing() -> None:
    rng = np.random.default_rng(9)
    bright = rng.gamma(4, 0.25, (50, 60)).astype(np.float32)
    assert border_mask(bright, 0.01).all()
    assert not border_mask(np.zeros((50, 60), np.float32), 0.01).any()
    assert not border_mask(np.full((50, 60), np.nan, np.float32), 0.01).any()


def test_dark_water_at_an_edge_is_no_border_where_a_depth_is_given() -> None:
    image = np.ones((60, 100), np.float32)
    image[20:40] = 0.001
    assert border_mask(image, 0.1, run=4, neighbours=2, depth=30)[20:40].all()
    assert not border_mask(image, 0.1, run=4, neighbours=2)[25:35].any()


def test_limits_of_focusing() -> None:
    mask = mask_of_limits([0, 2, -1], [4, 3, -1], 5)
    assert mask.astype(int).tolist() == [[1, 1, 1, 1, 1], [0, 0, 1, 1, 0], [0, 0, 0, 0, 0]]
    assert mask_of_limits([0, 2], [4, 3], 5, margin=1).astype(int).tolist() == [[0, 1, 1, 1, 0], [0, 0, 0, 0, 0]]


def test_malformed_input_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        mask_of_limits([0], [1, 2], 5)
    with pytest.raises(ValueError, match="do not fit"):
        border_mask(np.ones((3, 3), np.float32), 0.0)
    with pytest.raises(ValueError, match="do not fit"):
        border_mask(np.ones((3, 3), np.float32), 1.0, run=0)
