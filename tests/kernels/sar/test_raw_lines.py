"""Lost, repeated and changed lines, made by hand."""

import numpy as np
import pytest

from refsys.kernels.sar import raw_lines


def test_lost_lines_are_zero_and_marked() -> None:
    lines = raw_lines.place_lines(np.array([7, 8, 8, 11, 12]))
    assert lines.place.tolist() == [0, 1, -1, 4, 5]
    assert lines.present.tolist() == [True, True, False, False, True, True]
    given_lines = np.arange(10).reshape(5, 2).astype(np.complex64)
    given_lines[4, 1] = np.nan
    filled = raw_lines.fill_lines(given_lines, lines)
    assert filled.real.tolist() == [[0, 1], [2, 3], [0, 0], [0, 0], [6, 7], [8, 0]]
    with pytest.raises(ValueError, match="falls at line 2"):
        raw_lines.place_lines(np.array([1, 2, 0]))
    with pytest.raises(ValueError, match="no line"):
        raw_lines.place_lines(np.array([], np.int64))
    with pytest.raises(ValueError, match="were placed"):
        raw_lines.fill_lines(given_lines[1:], lines)


def test_changes_of_settings_part_the_lines() -> None:
    pri, window = np.array([5, 5, 5, 6, 6, 6]), np.array([1, 1, 2, 2, 2, 2])
    assert raw_lines.constant_runs(pri, window) == [(0, 2), (2, 3), (3, 6)]
    assert raw_lines.constant_runs(pri[:1]) == [(0, 1)]
    with pytest.raises(ValueError, match="same length"):
        raw_lines.constant_runs(pri, window[1:])
