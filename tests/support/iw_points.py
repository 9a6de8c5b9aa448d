"""Bursts of point targets, simulated and focused: what tests of TOPS share."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.simulation.antenna import azimuth_gain, elevation_gain, roll_deg
from refsys.chains.sentinel1.simulation.echoes import simulate_points
from refsys.chains.sentinel1.simulation.geometry import height, view
from refsys.chains.sentinel1.simulation.instrument import CARRIER_HZ, IW1, IW2, IW3, SwathCodes, shortened
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT, position, state_vectors, states
from refsys.chains.sentinel1.simulation.scene import PointTarget, point_target
from refsys.chains.sentinel1.simulation.tops import Burst, iw_bursts
from refsys.kernels.sar.focusing import REFERENCE_RANGE_M, Radar
from refsys.kernels.sar.grids import LIGHT_SPEED_M_S, ImageGrid
from refsys.kernels.sar.tops import focus_burst, valid_lines
from refsys.kernels.sar.tops_burst import Sweep
from refsys.kernels.sar.tops_geometry import Steering
from refsys.kernels.sentinel1.chirp import nominal_chirp

LINE_INTERVAL_S = 2.0555563e-3
WAVELENGTH_M = LIGHT_SPEED_M_S / CARRIER_HZ
RANGE_BAND_HZ = {"IW1": 56.5e6, "IW2": 48.3e6, "IW3": 42.79e6}
DOPPLER_BAND_HZ = {"IW1": 327.0, "IW2": 313.0, "IW3": 314.0}
SWATHS = {"IW1": IW1, "IW2": IW2, "IW3": IW3}


class Simulated(NamedTuple):
    """Raw data of a burst and all that focuses them."""

    burst: Burst
    raw: NDArray[np.complex64]
    radar: Radar
    sweep: Sweep

    def focus(self, output: ImageGrid) -> NDArray[np.complex64]:
        """Return the image on a grid."""
        return focus_burst(self.raw, self.burst.grid, self.radar, self.sweep, output)

    def whole(self, samples: int = 64) -> ImageGrid:
        """Return the grid of all lines seen whole, at the near end."""
        grid = self.burst.grid
        wide = ImageGrid(
            self.sweep.steering.mid_time_s - 1.7,
            LINE_INTERVAL_S,
            1700,
            grid.first_delay_s,
            grid.range_sampling_hz,
            samples,
        )
        first, end = valid_lines(grid, self.radar, self.sweep, wide)
        return wide._replace(first_time_s=float(wide.times_s()[first]), lines=end - first)

    def around(self, time_s: float, slant_range_m: float, *, lines: int = 160, denser: float = 3.0) -> ImageGrid:
        """Return a grid of 128 columns whose middle is a place, with lines denser than in a product."""
        step = LINE_INTERVAL_S / denser
        sampling = self.burst.grid.range_sampling_hz
        first = 2 * slant_range_m / LIGHT_SPEED_M_S - 64 / sampling
        return ImageGrid(time_s - lines // 2 * step, step, lines, first, sampling, 128)


def range_at(codes: SwathCodes, sample: float) -> float:
    """Slant range of a target whose echoes begin, at zero Doppler, at a sample."""
    return 0.5 * LIGHT_SPEED_M_S * (codes.first_delay_s + sample / codes.range_sampling_hz)


def narrow(swath: str, later_s: float = 0.0, samples: int = 460) -> SwathCodes:
    """Codes of a swath whose window holds the pulse and so many samples more."""
    codes = SWATHS[swath]
    return shortened(codes, math.ceil(codes.pulse().length_s * codes.range_sampling_hz) + samples, later_s)


def radar_of(codes: SwathCodes, window: float = 1.0) -> Radar:
    """Filter of a swath: nominal pulse, pattern of the simulated antenna."""
    pulse = codes.pulse()
    replica = nominal_chirp(
        pulse.ramp_rate_hz_s, pulse.start_frequency_hz, pulse.length_s, codes.range_sampling_hz
    ).astype(np.complex64)
    doppler = np.linspace(-900.0, 900.0, 361)
    speed = float(np.linalg.norm(states(SIMULATED_ORBIT, [0.0])[1]))
    antenna = iw_bursts(1, codes=(codes,))[0].acquisition.antenna
    squint = np.arcsin(0.5 * WAVELENGTH_M * doppler / speed)
    pattern = np.array([azimuth_gain(antenna._replace(element_m=0.0), WAVELENGTH_M, one, 0.0) for one in squint])
    return Radar(
        CARRIER_HZ,
        replica,
        RANGE_BAND_HZ[codes.swath],
        window,
        DOPPLER_BAND_HZ[codes.swath],
        window,
        doppler,
        pattern,
    )


def simulate(burst: Burst, places: list[tuple[float, float]], window: float = 1.0) -> Simulated:
    """Simulate targets of 1 m^2 at zero-Doppler times and slant ranges."""
    targets = [point_target(SIMULATED_ORBIT, time_s, slant_range_m) for time_s, slant_range_m in places]
    raw = simulate_points(burst.grid, burst.acquisition, targets)
    steering = Steering(burst.acquisition.steering.rate_rad_s, burst.acquisition.steering.mid_time_s)
    orbit = state_vectors(SIMULATED_ORBIT, steering.mid_time_s - 10, steering.mid_time_s + 10)
    return Simulated(burst, raw, radar_of(burst.acquisition.codes, window), Sweep(orbit, steering))


def expected_peak(burst: Burst, time_s: float, slant_range_m: float) -> complex:
    """What theory gives at a target of 1 m^2: spreading, elevation pattern, phase of the way."""
    target: PointTarget = point_target(SIMULATED_ORBIT, time_s, slant_range_m)
    sat_height = height(position(SIMULATED_ORBIT, time_s))
    look = math.degrees(view(SIMULATED_ORBIT, target.position_m, time_s).look_rad) - roll_deg(sat_height)
    amplitude = elevation_gain(burst.acquisition.antenna, look) * (REFERENCE_RANGE_M / slant_range_m) ** 1.5
    return complex(amplitude * np.exp(-4j * np.pi * slant_range_m / WAVELENGTH_M))
