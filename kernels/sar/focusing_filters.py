"""The two multiplications of focusing, in the two-dimensional spectrum and in the range-Doppler domain.

Phases are float64 at anchors 64 columns apart; between anchors a row has one table of phase factors. Within a row the
slope of the phase varies by less than 2e-4 rad per column, so the error is below 0.4 degrees, odd about each anchor.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.jit import jit
from refsys.kernels.sar.velocity import RangeHistory

_ANCHOR = 64

Floats = NDArray[np.float64]
Single = NDArray[np.float32]

_LIGHT_SPEED_M_S = 299_792_458.0


class BlockRows(NamedTuple):
    """Phase slope f + curve f^2 that each row gets at range frequency f; float64 (rows,)."""

    slope_rad_per_hz: Floats
    curve_rad_per_hz2: Floats


class AzimuthRows(NamedTuple):
    """Doppler, and the phase and gain that the whole of each row gets; float64 (rows,)."""

    doppler_hz: Floats
    phase_rad: Floats
    gain: Floats


class _Frequencies(NamedTuple):
    first_hz: float
    step_hz: float


class _Ranges(NamedTuple):
    """Slant range, V and C at the anchors, and half as far before and behind the middle one as from one to the next."""

    anchors: Floats
    around: Floats


class _Table(NamedTuple):
    """Complex factors, parts apart, so that loops over them run in vector registers."""

    real: Single
    imag: Single


def _fill_body(local: _Table, step: float) -> None:
    for column in range(local.real.size):
        phase = step * (column - local.real.size // 2)
        local.real[column] = math.cos(phase)
        local.imag[column] = math.sin(phase)


_fill = jit(_fill_body)


def _filter_block_body(
    data: Single, rows: NDArray[np.intp], table: _Table, each: BlockRows, frequencies: _Frequencies
) -> None:
    local = _Table(np.empty(_ANCHOR, np.float32), np.empty(_ANCHOR, np.float32))
    first, step = frequencies
    for which in range(rows.size):
        slope, curve = each.slope_rad_per_hz[which], each.curve_rad_per_hz2[which]
        _fill(local, slope * step)
        for start in range(0, table.real.size, _ANCHOR):
            stop = min(start + _ANCHOR, table.real.size)
            middle = first + step * (start + _ANCHOR // 2)
            phase = middle * (slope + curve * middle)
            real, imag = np.float32(math.cos(phase)), np.float32(math.sin(phase))
            values = data[rows[which], 2 * start : 2 * stop]
            common_real, common_imag = table.real[start:stop], table.imag[start:stop]
            for column in range(stop - start):
                turn_real = real * local.real[column] - imag * local.imag[column]
                turn_imag = real * local.imag[column] + imag * local.real[column]
                factor_real = turn_real * common_real[column] - turn_imag * common_imag[column]
                factor_imag = turn_real * common_imag[column] + turn_imag * common_real[column]
                value_real, value_imag = values[2 * column], values[2 * column + 1]
                values[2 * column] = value_real * factor_real - value_imag * factor_imag
                values[2 * column + 1] = value_real * factor_imag + value_imag * factor_real


_filter_block = jit(_filter_block_body)


def filter_block(
    data: NDArray[np.complex64],
    rows: NDArray[np.intp],
    table: NDArray[np.complex128],
    each: BlockRows,
    frequency_hz: tuple[float, float],
) -> None:
    """Multiply rows of a spectrum, in place, by a table and by the phase of each.

    Parameters
    ----------
    data
        complex64 (lines, columns), consecutive range frequencies.
    rows
        int (r,): rows to multiply; the others stay.
    table
        complex128 (columns,): same for all rows.
    each
        Phases, (r,).
    frequency_hz
        Of column 0, and from one column to the next.

    Raises
    ------
    ValueError
        If sizes differ or a row is not there.
    """
    if table.shape != data.shape[1:]:
        raise ValueError(f"a table {table.shape} does not fit data {data.shape}")
    _check_rows(data, rows, each)
    parts = _Table(table.real.astype(np.float32), table.imag.astype(np.float32))
    _filter_block(data.view(np.float32), rows, parts, each, _Frequencies(*frequency_hz))


def _azimuth_phase_body(carrier_hz: float, doppler_hz: float, at: Floats) -> float:
    slant_m, velocity, cubic = at[0], at[1], at[2]
    carrier = carrier_hz - 0.5 * doppler_hz
    sine = -0.5 * _LIGHT_SPEED_M_S * doppler_hz / (carrier * velocity)
    cosine = math.sqrt(1 - sine * sine)
    time_s = slant_m * sine / (velocity * cosine)
    perturbation_m = 0.5 * cubic * time_s * time_s * time_s * cosine / slant_m
    motion_m = 0.5 * velocity * velocity * slant_m / (_LIGHT_SPEED_M_S * _LIGHT_SPEED_M_S)
    # carrier * cosine - carrier_hz, without the difference of two large numbers.
    excess_hz = -0.5 * doppler_hz - carrier * sine * sine / (1 + cosine)
    return float(4 * math.pi / _LIGHT_SPEED_M_S * (slant_m * excess_hz + carrier_hz * (perturbation_m + motion_m)))


_azimuth_phase = jit(_azimuth_phase_body)


def _filter_azimuth_body(
    data: Single, rows: NDArray[np.intp], each: AzimuthRows, carrier_hz: float, ranges: _Ranges
) -> None:
    local = _Table(np.empty(_ANCHOR, np.float32), np.empty(_ANCHOR, np.float32))
    columns = data.shape[1] // 2
    for which in range(rows.size):
        doppler = each.doppler_hz[which]
        before = _azimuth_phase(carrier_hz, doppler, ranges.around[0])
        climb = _azimuth_phase(carrier_hz, doppler, ranges.around[1]) - before
        _fill(local, climb / _ANCHOR)
        for start in range(0, columns, _ANCHOR):
            stop = min(start + _ANCHOR, columns)
            at = ranges.anchors[start // _ANCHOR]
            phase = each.phase_rad[which] + _azimuth_phase(carrier_hz, doppler, at)
            gain = each.gain[which] * at[1]
            real, imag = np.float32(gain * math.cos(phase)), np.float32(gain * math.sin(phase))
            values = data[rows[which], 2 * start : 2 * stop]
            for column in range(stop - start):
                factor_real = real * local.real[column] - imag * local.imag[column]
                factor_imag = real * local.imag[column] + imag * local.real[column]
                value_real, value_imag = values[2 * column], values[2 * column + 1]
                values[2 * column] = value_real * factor_real - value_imag * factor_imag
                values[2 * column + 1] = value_real * factor_imag + value_imag * factor_real


_filter_azimuth = jit(_filter_azimuth_body)


def filter_azimuth(
    data: NDArray[np.complex64],
    rows: NDArray[np.intp],
    each: AzimuthRows,
    carrier_hz: float,
    slant_range_m: Floats,
    *,
    history: RangeHistory,
) -> None:
    """Multiply range-Doppler rows, in place, by the filter of each range, and by V there.

    Parameters
    ----------
    data
        complex64 (lines, columns).
    rows
        int (r,): rows to multiply; the others stay.
    each
        Of those rows.
    carrier_hz
        Of the radar.
    slant_range_m
        float64 (columns,), evenly spaced.
    history
        Geometry.

    Raises
    ------
    ValueError
        If sizes differ or a row is not there.
    """
    if slant_range_m.shape != data.shape[1:]:
        raise ValueError(f"ranges {slant_range_m.shape} do not fit data {data.shape}")
    _check_rows(data, rows, each)
    spacing_m = (slant_range_m[-1] - slant_range_m[0]) / max(slant_range_m.size - 1, 1)
    middle_m = slant_range_m[0] + spacing_m * (np.arange(0, slant_range_m.size, _ANCHOR) + _ANCHOR // 2)
    around_m = middle_m[middle_m.size // 2] + 0.5 * _ANCHOR * spacing_m * np.array([-1.0, 1.0])
    ranges = _Ranges(_geometry(middle_m, history), _geometry(around_m, history))
    _filter_azimuth(data.view(np.float32), rows, each, carrier_hz, ranges)


def _geometry(slant_range_m: Floats, history: RangeHistory) -> Floats:
    velocity, cubic = history.velocities_m_s(slant_range_m), history.cubics_m2_s3(slant_range_m)
    return np.stack([slant_range_m, velocity, cubic], axis=1)


def _check_rows(data: NDArray[np.complex64], rows: NDArray[np.intp], each: tuple[Floats, ...]) -> None:
    if not all(part.shape == rows.shape for part in each):
        raise ValueError(f"values for {[part.shape for part in each]} rows were given, not for {rows.shape}")
    if data.dtype != np.complex64 or (rows.size and not 0 <= rows.min() <= rows.max() < data.shape[0]):
        raise ValueError(f"rows outside data {data.shape}, or data {data.dtype} that are not complex64")
