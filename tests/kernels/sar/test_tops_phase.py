"""Rows turned by polynomials, and the phases of a burst, against slow definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from refsys.kernels.sar.grids import LIGHT_SPEED_M_S
from refsys.kernels.sar.phase_rows import rotate_rows
from refsys.kernels.sar.tops_phase import azimuth_turns, fit_rows, migration_turns
from refsys.kernels.sar.velocity import RangeHistory

CARRIER_HZ = 5.405e9
HISTORY = RangeHistory(850e3, np.array([7100.0, 2e-4]), np.array([60.0]))


@settings(max_examples=25)
@given(st.integers(1, 4), st.integers(1, 700), st.integers(0, 2**31), st.booleans())
def test_rows_turn_as_their_polynomials_say(rows: int, columns: int, seed: int, in_place: bool) -> None:
    rng = np.random.default_rng(seed)
    data = np.asarray(rng.standard_normal((rows, columns)) + 1j * rng.standard_normal((rows, columns)), np.complex64)
    coefficients = rng.uniform(-1, 1, (rows, 4)) * np.array([1e4, 1.0, 1e-2, 1e-6])
    k = np.arange(columns)
    turns = sum(coefficients[:, [power]] * k**power for power in range(4))
    wanted = data * np.exp(2j * np.pi * turns)
    out: NDArray[np.complex64] = data if in_place else np.empty_like(data)
    rotate_rows(data, coefficients, out)
    np.testing.assert_allclose(out, wanted, atol=2e-6)


def test_rows_that_do_not_agree_are_refused() -> None:
    with pytest.raises(ValueError, match="do not agree"):
        rotate_rows(np.zeros((2, 3), np.complex64), np.zeros((2, 3)), np.zeros((2, 3), np.complex64))


def test_cubics_go_through_their_nodes() -> None:
    columns = np.array([0.0, 100.0, 300.0, 511.0])
    wanted = np.random.default_rng(1).uniform(-50, 50, (5, 4))
    fitted = fit_rows(wanted, columns)
    np.testing.assert_allclose(fitted @ np.vander(columns, 4, increasing=True).T, wanted, rtol=1e-9)


def test_migration_is_what_the_exact_spectrum_has_beyond_carrier_and_range() -> None:
    doppler, range_hz = np.linspace(-4000, 4000, 9), np.linspace(-30e6, 30e6, 7)
    found = migration_turns(CARRIER_HZ, doppler, range_hz, 851e3, HISTORY)
    speed = np.longdouble(HISTORY.velocities_m_s(np.asarray(851e3)))
    root = np.longdouble(LIGHT_SPEED_M_S) * doppler.astype(np.longdouble) / (2 * speed)
    carrier, offset = np.longdouble(CARRIER_HZ), range_hz.astype(np.longdouble)
    exact = np.sqrt((carrier + offset)[None, :] ** 2 - root[:, None] ** 2) - offset[None, :]
    exact -= np.sqrt(carrier**2 - root[:, None] ** 2)
    np.testing.assert_allclose(found, (2 * 851e3 / LIGHT_SPEED_M_S * exact).astype(np.float64), atol=1e-6)
    assert not found[:, 3].any()


def test_azimuth_phase_is_that_of_a_numeric_stationary_point() -> None:
    """The way there and back at each instant, from the history itself, transformed by stationary phase."""
    ranges, doppler = np.array([845e3, 851e3]), np.array([-3300.0, -40.0, 0.0, 900.0, 3300.0])
    found = azimuth_turns(CARRIER_HZ, doppler, ranges, HISTORY, 26e-6)
    times = np.linspace(-2.2, 2.2, 2_000_001)
    for column, range_m in enumerate(ranges):
        speed = float(HISTORY.velocities_m_s(np.asarray(range_m)))
        away = np.sqrt(range_m**2 + speed**2 * times**2 + 60.0 * times**3)
        # Twice the range at the middle time, and what the platform moves meanwhile; sent half of that earlier.
        path = 2 * away + speed**2 * range_m / LIGHT_SPEED_M_S**2
        sent = times - 0.5 * path / LIGHT_SPEED_M_S
        for row, frequency in enumerate(doppler):
            turns = -CARRIER_HZ * path / LIGHT_SPEED_M_S - frequency * (sent - 26e-6)
            # Negative curvature: the stationary point is the largest value, and leaves an eighth of a turn less.
            wanted = turns.max() - 0.125 + CARRIER_HZ * 2 * range_m / LIGHT_SPEED_M_S
            assert found[row, column] == pytest.approx(-wanted, abs=1e-3)
