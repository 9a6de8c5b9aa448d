"""Raw echoes of points from a circular orbit over a rotating Earth: exact delays, slow, nothing of the focuser's."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.sar.grids import RawGrid
from refsys.kernels.sar.orbit import Orbit

C_M_S = 299_792_458.0
RADIUS_M, RATE_RAD_S, INCLINATION, EARTH_RAD_S = 7.071e6, 2 * np.pi / 5924.6, np.radians(98.18), 7.292115e-5
AXES_M = np.array([6_378_137.0, 6_378_137.0, 6_356_752.314245])


class Sensor(NamedTuple):
    """Pulse and beam: StripMap S3 as the real raw data have it, unless replaced."""

    carrier_hz: float = 5_405_000_454.33435
    ramp_hz_s: float = 1.34493277e12
    length_s: float = 44.17243e-6
    antenna_m: float = 12.3

    def pulse(self, time_s: NDArray[np.float64]) -> NDArray[np.complex128]:
        inside = (time_s >= 0) & (time_s < self.length_s)
        return np.asarray(inside * np.exp(1j * np.pi * self.ramp_hz_s * (time_s - 0.5 * self.length_s) ** 2))

    def pattern(self, sine: NDArray[np.float64]) -> NDArray[np.float64]:
        """Two-way amplitude at the sine of the angle off the beam centre."""
        return np.asarray(np.sinc(self.antenna_m * sine * self.carrier_hz / C_M_S) ** 2)


def position(time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Earth-fixed position (n, 3)."""
    angle, turn = RATE_RAD_S * (time_s + 500), EARTH_RAD_S * time_s
    x, y, z = np.cos(angle), np.sin(angle) * np.cos(INCLINATION), np.sin(angle) * np.sin(INCLINATION)
    return RADIUS_M * np.stack([x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn), z], axis=-1)


def velocity(time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Earth-fixed velocity (n, 3)."""
    angle, turn = RATE_RAD_S * (time_s + 500), EARTH_RAD_S * time_s
    x, y, z = -np.sin(angle), np.cos(angle) * np.cos(INCLINATION), np.cos(angle) * np.sin(INCLINATION)
    here = position(time_s)
    spun = EARTH_RAD_S * np.stack([here[..., 1], -here[..., 0], 0 * here[..., 2]], axis=-1)
    moved = np.stack([x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn), z], axis=-1)
    return np.asarray(RADIUS_M * RATE_RAD_S * moved + spun)


def orbit() -> Orbit:
    time_s = np.arange(-50.0, 51.0, 10.0)
    return Orbit(time_s, position(time_s), velocity(time_s))


def point(time_s: float, slant_range_m: float) -> NDArray[np.float64]:
    """Earth-fixed point at zero Doppler on the ellipsoid, right of the track."""
    here, along = position(np.asarray(time_s)), velocity(np.asarray(time_s))
    along /= np.linalg.norm(along)
    up = here - along * (here @ along)
    up /= np.linalg.norm(up)
    low, high = 0.0, 1.5
    for _ in range(70):
        look = 0.5 * (low + high)
        found = here + slant_range_m * (np.sin(look) * np.cross(along, up) - np.cos(look) * up)
        low, high = (look, high) if np.sum((found / AXES_M) ** 2) < 1 else (low, look)
    return np.asarray(found)


def delay(emitted_s: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Travel time of what is emitted at `emitted_s`."""
    out = np.linalg.norm(position(emitted_s) - target, axis=-1)
    travel = 2 * out / C_M_S
    for _ in range(4):
        travel = (out + np.linalg.norm(position(emitted_s + travel) - target, axis=-1)) / C_M_S
    return np.asarray(travel)


def doppler_sine(time_s: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sine of the angle between the line of sight and the plane of zero Doppler."""
    sight, along = target - position(time_s), velocity(time_s)
    return np.asarray(
        np.sum(sight * along, axis=-1) / (np.linalg.norm(sight, axis=-1) * np.linalg.norm(along, axis=-1))
    )


def echoes(
    grid: RawGrid, sensor: Sensor, targets: list[tuple[NDArray[np.float64], complex]], squint_sine: float = 0.0
) -> NDArray[np.complex64]:
    """Echoes (lines, samples) of points (position, amplitude), seen by a beam at a fixed squint."""
    starts = grid.pulse_times_s()
    raw = np.zeros((grid.lines, grid.samples), np.complex128)
    for target, amplitude in targets:
        nodes = np.stack([delay(starts + part * sensor.length_s, target) for part in (0, 0.5, 1)])
        gain = amplitude * sensor.pattern(doppler_sine(starts + 0.5 * nodes[1], target) - squint_sine)
        for line in range(grid.lines):
            first = int(max((nodes[0, line] - grid.first_delay_s) * grid.range_sampling_hz - 2, 0))
            last = int(min(first + sensor.length_s * grid.range_sampling_hz + 5, grid.samples))
            received = grid.first_delay_s + np.arange(first, last) / grid.range_sampling_hz
            travel = np.full(received.size, nodes[0, line])
            for _ in range(3):
                part = (received - travel) / sensor.length_s
                travel = nodes[0, line] * (1 - part) * (1 - 2 * part) + nodes[1, line] * 4 * part * (1 - part)
                travel += nodes[2, line] * part * (2 * part - 1)
            turn = np.exp(-2j * np.pi * sensor.carrier_hz * travel)
            raw[line, first:last] += gain[line] * sensor.pulse(received - travel) * turn
    return raw.astype(np.complex64)
