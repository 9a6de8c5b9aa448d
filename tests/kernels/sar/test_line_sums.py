"""Weighted sums of rows against the product of matrices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.kernels.sar.line_sums import sum_rows


@settings(max_examples=30)
@given(st.integers(0, 5), st.integers(0, 150), st.integers(0, 40), st.integers(0, 2**31))
def test_sums_are_the_product(lines: int, count: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal((lines, count)) + 1j * rng.standard_normal((lines, count))
    rows = rng.standard_normal((count, columns)) + 1j * rng.standard_normal((count, columns))
    found = sum_rows(weights.astype(np.complex64), rows.astype(np.complex64))
    assert found.dtype == np.complex64
    np.testing.assert_allclose(found, weights @ rows, atol=1e-4)


def test_shapes_that_disagree_are_refused() -> None:
    with pytest.raises(ValueError, match="for rows"):
        sum_rows(np.zeros((2, 3), np.complex64), np.zeros((4, 2), np.complex64))
