"""Orbit interpolation: polynomials exactly, a circle closely, real orbits whose every second vector was dropped."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from refsys.kernels.sar.orbit import Orbit, interpolate


def circle(
    time_s: NDArray[np.float64], radius_m: float = 7.07e6, rate_rad_s: float = 1.06e-3
) -> tuple[NDArray[np.float64], ...]:
    angle = rate_rad_s * time_s
    outward = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    forward = np.stack([-np.sin(angle), np.cos(angle), 0 * angle], 1)
    return radius_m * outward, radius_m * rate_rad_s * forward, -radius_m * rate_rad_s**2 * outward


def circular_orbit(count: int = 12, step_s: float = 10.0) -> Orbit:
    time_s = np.asarray(step_s * np.arange(count), np.float64)
    return Orbit(time_s, *circle(time_s)[:2])


def test_circle_between_vectors() -> None:
    times = np.random.default_rng(3).uniform(0, 110, 200)
    got = interpolate(circular_orbit(), times)
    for part, expected, tolerance in zip(got, circle(times), (1e-6, 1e-7, 1e-7), strict=True):
        np.testing.assert_allclose(part, expected, rtol=0, atol=tolerance)


def test_vectors_themselves_come_back() -> None:
    orbit = circular_orbit()
    got = interpolate(orbit, orbit.time_s)
    np.testing.assert_allclose(got.position_m, orbit.position_m, rtol=0, atol=1e-8)
    np.testing.assert_allclose(got.velocity_m_s, orbit.velocity_m_s, rtol=0, atol=1e-9)


def test_uneven_vectors_of_a_polynomial_of_degree_eleven() -> None:
    rng = np.random.default_rng(1)
    time_s = np.array([0.0, 1.0, 1.9, 3.1, 4.2, 5.0])
    polynomials = [np.polynomial.Polynomial(rng.uniform(-1, 1, 12) / 4.0 ** np.arange(12)) for _ in range(3)]
    value = [np.stack([p.deriv(n)(time_s) if n else p(time_s) for p in polynomials], 1) for n in (0, 1)]
    times = np.linspace(0, 5, 37)
    got = interpolate(Orbit(time_s, *value), times)
    for order, part in enumerate(got):
        expected = np.stack([p.deriv(order)(times) if order else p(times) for p in polynomials], 1)
        np.testing.assert_allclose(part, expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("time_s", [-0.001, 110.001, np.nan])
def test_outside_the_span_is_refused(time_s: float) -> None:
    with pytest.raises(ValueError, match="outside the orbit"):
        interpolate(circular_orbit(), np.array([50.0, time_s]))


def test_a_gap_is_refused_where_it_matters_only() -> None:
    orbit = circular_orbit(30)
    kept = np.arange(30) != 20
    broken = Orbit(*(part[kept] for part in orbit))
    assert interpolate(broken, np.array([20.0])).position_m.shape == (1, 3)
    with pytest.raises(ValueError, match="gap of 20"):
        interpolate(broken, np.array([195.0]))


def test_malformed_orbits_are_refused() -> None:
    orbit = circular_orbit()
    at = np.array([50.0])
    with pytest.raises(ValueError, match="6 state vectors"):
        interpolate(Orbit(*(part[:5] for part in orbit)), at)
    with pytest.raises(ValueError, match=r"are \(12, 3\)"):
        interpolate(orbit._replace(position_m=orbit.position_m[:, :2]), at)
    with pytest.raises(ValueError, match="do not increase"):
        interpolate(orbit._replace(time_s=orbit.time_s[::-1]), at)
    with pytest.raises(ValueError, match="not finite"):
        interpolate(orbit._replace(velocity_m_s=np.full((12, 3), np.nan)), at)


@pytest.mark.shared
def test_every_second_real_vector_is_predicted(shared_data: Path) -> None:
    paths = sorted((shared_data / "aux_s1/orbits").glob("*RESORB*.EOF"))
    assert len(paths) == 3
    for path in paths:
        vectors = ET.parse(path).getroot().findall(".//OSV")
        values = np.array(
            [[float(v.findtext(tag) or "") for tag in ("X", "Y", "Z", "VX", "VY", "VZ")] for v in vectors]
        )
        stamps = np.array([np.datetime64((v.findtext("UTC") or "").removeprefix("UTC=")) for v in vectors])
        time_s = (stamps - stamps[0]) / np.timedelta64(1, "s")
        kept = Orbit(time_s[::2], values[::2, :3], values[::2, 3:])
        # Away from the ends, where the polynomial has vectors on both sides; measured 0.2 mm and 0.07 mm/s.
        asked = np.arange(5, len(vectors) - 6, 2)
        got = interpolate(kept, time_s[asked])
        assert np.linalg.norm(got.position_m - values[asked, :3], axis=1).max() < 0.001
        assert np.linalg.norm(got.velocity_m_s - values[asked, 3:], axis=1).max() < 2e-4
