"""The two multiplications of focusing, in the two-dimensional spectrum and in the range-Doppler domain.

Phases are float64 at anchors 64 columns apart; between anchors a row has one table of phase factors. The slope of the
phase differs between the anchors of a row by less than 2e-4 rad per column, so the error is below 0.4 degrees.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.kernels.jit import jit
from refsys.kernels.sar.velocity import RangeHistory

ANCHOR_COLUMNS = 64

Floats = NDArray[np.float64]
Image = NDArray[np.complex64]

_LIGHT_SPEED_M_S = 299_792_458.0


def _turn_body(phase: float) -> complex:
    return complex(math.cos(phase), math.sin(phase))


_turn = jit(_turn_body)


def _fill_local_body(local: Image, step: float) -> None:
    for column in range(local.size):
        local[column] = _turn(step * (column - local.size // 2))


_fill_local = jit(_fill_local_body)


def _filter_block_body(
    data: Image, rows: NDArray[np.intp], table: Image, slope: Floats, curve: Floats, first_hz: float, step_hz: float
) -> None:
    local = np.empty(ANCHOR_COLUMNS, np.complex64)
    columns = table.size
    for which in range(rows.size):
        row = data[rows[which]]
        _fill_local(local, slope[which] * step_hz)
        for start in range(0, columns, ANCHOR_COLUMNS):
            middle_hz = first_hz + step_hz * (start + ANCHOR_COLUMNS // 2)
            anchor = np.complex64(_turn(middle_hz * (slope[which] + curve[which] * middle_hz)))
            for column in range(start, min(start + ANCHOR_COLUMNS, columns)):
                row[column] *= table[column] * (anchor * local[column - start])


_filter_block = jit(_filter_block_body)


def filter_block(
    data: Image, rows: NDArray[np.intp], table: Image, slope: Floats, curve: Floats, frequency_hz: tuple[float, float]
) -> None:
    """Multiply rows of a spectrum, in place, by a table and by exp(j (slope f + curve f^2)).

    Parameters
    ----------
    data
        complex64 (lines, columns), consecutive range frequencies.
    rows
        int (r,): rows to multiply; the others stay.
    table
        complex64 (columns,): same for all rows.
    slope, curve
        float64 (r,): rad / Hz and rad / Hz^2.
    frequency_hz
        Of column 0, and from one column to the next.

    Raises
    ------
    ValueError
        If sizes differ.
    """
    if table.shape != data.shape[1:] or not slope.shape == curve.shape == rows.shape:
        raise ValueError(f"table {table.shape} or phases {slope.shape} do not fit data {data.shape}, rows {rows.shape}")
    _filter_block(data, rows, table, slope, curve, *frequency_hz)


def _azimuth_phase_body(carrier_hz: float, doppler_hz: float, slant_m: float, velocity: float, cubic: float) -> float:
    carrier = carrier_hz - 0.5 * doppler_hz
    sine = -0.5 * _LIGHT_SPEED_M_S * doppler_hz / (carrier * velocity)
    cosine = math.sqrt(1 - sine * sine)
    time_s = slant_m * sine / (velocity * cosine)
    perturbation_m = 0.5 * cubic * time_s * time_s * time_s * cosine / slant_m
    motion_m = 0.5 * velocity * velocity * slant_m / (_LIGHT_SPEED_M_S * _LIGHT_SPEED_M_S)
    # carrier * cosine - carrier_hz, without the difference of two large numbers.
    excess_hz = -0.5 * doppler_hz - carrier * sine * sine / (1 + cosine)
    return 4 * math.pi / _LIGHT_SPEED_M_S * (slant_m * excess_hz + carrier_hz * (perturbation_m + motion_m))


azimuth_phase = jit(_azimuth_phase_body)


def _filter_azimuth_body(
    data: Image,
    rows: NDArray[np.intp],
    image: Image,
    carrier_hz: float,
    doppler_hz: Floats,
    row_phase: Floats,
    row_gain: Floats,
    anchors: Floats,
    spacing_m: float,
    gain: NDArray[np.float32],
) -> None:
    local = np.empty(ANCHOR_COLUMNS, np.complex64)
    columns = image.shape[1]
    middle = anchors[anchors.shape[0] // 2]
    away_m = 0.5 * ANCHOR_COLUMNS * spacing_m
    for which in range(rows.size):
        source, target, doppler = data[rows[which]], image[rows[which]], doppler_hz[which]
        after = azimuth_phase(carrier_hz, doppler, middle[0] + away_m, middle[1], middle[2])
        before = azimuth_phase(carrier_hz, doppler, middle[0] - away_m, middle[1], middle[2])
        _fill_local(local, (after - before) / ANCHOR_COLUMNS)
        for start in range(0, columns, ANCHOR_COLUMNS):
            at = anchors[start // ANCHOR_COLUMNS]
            phase = row_phase[which] + azimuth_phase(carrier_hz, doppler, at[0], at[1], at[2])
            anchor = np.complex64(row_gain[which] * _turn(phase))
            for column in range(start, min(start + ANCHOR_COLUMNS, columns)):
                target[column] = source[column] * (anchor * local[column - start]) * gain[column]


_filter_azimuth = jit(_filter_azimuth_body)


class AzimuthRows(NamedTuple):
    """What the azimuth filter needs of each row kept: Doppler, phase and gain of the whole row; float64 (rows,)."""

    doppler_hz: Floats
    phase_rad: Floats
    gain: Floats


def filter_azimuth(
    data: Image,
    image: Image,
    rows: NDArray[np.intp],
    each: AzimuthRows,
    carrier_hz: float,
    slant_range_m: Floats,
    history: RangeHistory,
) -> None:
    """Multiply range-Doppler rows by the filter of each range, and by the velocity there.

    Parameters
    ----------
    data
        complex64 (lines, columns), at least as many columns as `slant_range_m`.
    image
        complex64 (lines, columns of `slant_range_m`): written in the rows named.
    rows
        int (r,).
    each
        Of those rows.
    carrier_hz
        Of the radar.
    slant_range_m
        float64, evenly spaced.
    history
        Geometry.

    Raises
    ------
    ValueError
        If sizes differ.
    """
    columns = slant_range_m.size
    if image.shape != (data.shape[0], columns) or data.shape[1] < columns:
        raise ValueError(f"image {image.shape} does not fit data {data.shape} and {columns} ranges")
    if not all(part.shape == rows.shape for part in each):
        raise ValueError("rows differ in number")
    spacing_m = (slant_range_m[-1] - slant_range_m[0]) / max(columns - 1, 1)
    middle_m = slant_range_m[0] + spacing_m * (np.arange(0, columns, ANCHOR_COLUMNS) + ANCHOR_COLUMNS // 2)
    anchors = np.stack([middle_m, history.velocities_m_s(middle_m), history.cubics_m2_s3(middle_m)], axis=1)
    gain = history.velocities_m_s(slant_range_m).astype(np.float32)
    _filter_azimuth(data, rows, image, carrier_hz, *each, anchors, spacing_m, gain)
