"""Reader of SRAL Level-1B products: `measurement.nc` of SR_1_SRA products.

Layout after the Sentinel-3 "Product Data Format Specification - SRAL/MWR Level 1" (S3IPF.PDS.003.1): every variable
carries its mode as a suffix, integers carry `scale_factor`, `add_offset` and `_FillValue`.
"""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from refsys.chains.sentinel3.sral_instrument import BINS
from refsys.chains.sentinel3.sral_instrument import PLRM_NAME as PLRM
from refsys.chains.sentinel3.sral_instrument import SAR_NAME as SAR
from refsys.model.errors import InputCorrupt, InputMissing

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

_TIME_UNIT = "seconds since 2000-01-01 00:00:00.0"
_UNITS = {"time": _TIME_UNIT, "lat": "degrees_north", "lon": "degrees_east", "alt": "m", "range_ku": "m"}
_UNITS |= {"scale_factor_ku": "dB", "i2q2_meas_ku": "count"}
_HINT = "give the measurement.nc of an SR_1_SRA product"


@dataclass(frozen=True)
class SralEchoes:
    """Echoes of one mode along the track; n records."""

    time_s: Float
    """Shape (n,): UTC, seconds since 2000-01-01 (leap seconds not counted), strictly increasing."""
    latitude_deg: Float
    """Shape (n,)."""
    longitude_deg: Float
    """Shape (n,): from -180 to below 180."""
    altitude_m: Float
    """Shape (n,): satellite above the ellipsoid."""
    tracker_range_m: Float
    """Shape (n,): range of the reference bin, with instrument corrections, without geophysical ones."""
    scale_factor_db: Float
    """Shape (n,): what turns the echo's power in counts into backscatter."""
    speed_m_s: Float
    """Shape (n,): satellite, Earth-fixed."""
    surface_type: Int
    """Shape (n,): 0 open ocean or semi-enclosed sea, 1 enclosed sea or lake, 2 continental ice, 3 land."""
    tracking_lost: npt.NDArray[np.bool_]
    """Shape (n,)."""
    waveforms_count: Float
    """Shape (n, 128): power in counts; NaN where the product has its fill value."""


@dataclass(frozen=True)
class SralL1b:
    """A Level-1B product, as far as retracking needs it."""

    product_name: str
    mission: str
    """As in the product, for example `Sentinel 3A`."""
    title: str
    plrm: SralEchoes
    sar: SralEchoes
    look_angles_rad: Float
    """Shape (n, 256): look angles of each SAR stack; NaN after its last look."""


def read_l1b(path: Path) -> SralL1b:
    """Read an SRAL Level-1B file.

    Parameters
    ----------
    path
        A `measurement.nc`.

    Raises
    ------
    InputMissing
        If there is no such file.
    InputCorrupt
        If it is not HDF5, lacks a variable, has another unit or shape, or its times or positions are impossible.
    """
    if not path.is_file():
        raise InputMissing("no such SRAL Level-1B file", where=path, hint=_HINT)
    try:
        with h5py.File(path, "r") as file:
            angles = _variable(file, "beam_ang_stack", SAR, path)
            product = SralL1b(
                product_name=_text(file, "product_name", path),
                mission=_text(file, "mission_name", path),
                title=_text(file, "title", path),
                plrm=_echoes(file, PLRM, path),
                sar=_echoes(file, SAR, path),
                look_angles_rad=angles,
            )
    except OSError as error:
        raise InputCorrupt(f"cannot be read as HDF5: {error}", where=path, hint=_HINT) from error
    if angles.ndim != 2 or angles.shape[0] != product.sar.time_s.size:
        raise InputCorrupt(f"beam_ang_stack has the shape {angles.shape}", where=path, hint=_HINT)
    return product


def _text(file: h5py.File, name: str, path: Path) -> str:
    value = file.attrs.get(name)
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="replace")
    if not isinstance(value, str):
        raise InputCorrupt(f"global attribute {name} is missing or no text", where=path, hint=_HINT)
    return value.strip()


def _variable(file: h5py.File, name: str, mode: str, path: Path) -> Float:
    """Variable in its physical unit, float64, NaN for the fill value."""
    full = f"{name}_l1b_echo_{mode}"
    dataset = file.get(full)
    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "iuf":
        raise InputCorrupt(f"numeric variable {full} is missing", where=path, hint=_HINT)
    unit = dataset.attrs.get("units", b"")
    unit = unit.decode() if isinstance(unit, bytes) else str(unit)
    if name in _UNITS and unit.strip() != _UNITS[name]:
        raise InputCorrupt(f"{full} is in {unit!r}, not in {_UNITS[name]!r}", where=path, hint=_HINT)
    raw = dataset[()]
    fill = dataset.attrs.get("_FillValue")
    scale, offset = (float(np.ravel(dataset.attrs.get(key, plain))[0]) for key, plain in _SCALING)
    values: Float = raw.astype(np.float64) * scale + offset
    if fill is not None:
        values[raw == np.ravel(fill)[0]] = np.nan
    return values


_SCALING = (("scale_factor", 1.0), ("add_offset", 0.0))


def _echoes(file: h5py.File, mode: str, path: Path) -> SralEchoes:
    def column(name: str) -> Float:
        return _variable(file, name, mode, path)

    velocity = np.stack([column(f"{axis}_vel") for axis in "xyz"])
    echoes = SralEchoes(
        time_s=column("time"),
        latitude_deg=column("lat"),
        longitude_deg=(column("lon") + 180.0) % 360.0 - 180.0,
        altitude_m=column("alt"),
        tracker_range_m=column("range_ku"),
        scale_factor_db=column("scale_factor_ku"),
        speed_m_s=np.sqrt((velocity**2).sum(axis=0)),
        surface_type=_flags(column("surf_type")),
        tracking_lost=_flags(column("loss_track")) != 0,
        waveforms_count=column("i2q2_meas_ku"),
    )
    _check(echoes, mode, path)
    return echoes


def _flags(values: Float) -> Int:
    return np.nan_to_num(values, nan=-1.0).astype(np.int64)


def _check(echoes: SralEchoes, mode: str, path: Path) -> None:
    """Raise InputCorrupt for shapes, times and positions no product has."""
    records = echoes.time_s.size
    if records == 0:
        raise InputCorrupt(f"no {mode} record", where=path, hint="the product was not acquired in SAR mode")
    if echoes.waveforms_count.shape != (records, BINS):
        shape = echoes.waveforms_count.shape
        raise InputCorrupt(f"{mode} waveforms have the shape {shape}, not {(records, BINS)}", where=path, hint=_HINT)
    columns = (echoes.latitude_deg, echoes.longitude_deg, echoes.altitude_m, echoes.tracker_range_m, echoes.speed_m_s)
    if any(column.shape != (records,) for column in (*columns, echoes.scale_factor_db, echoes.surface_type)):
        raise InputCorrupt(f"{mode} variables differ in length from its {records} times", where=path, hint=_HINT)
    if not all(np.isfinite(column).all() for column in (echoes.time_s, *columns)):
        raise InputCorrupt(f"{mode} times, positions or ranges hold fill values", where=path, hint=_HINT)
    if np.any(np.diff(echoes.time_s) <= 0):
        raise InputCorrupt(f"{mode} times do not increase", where=path, hint=_HINT)
    if np.any(np.abs(echoes.latitude_deg) > 90.0):
        raise InputCorrupt(f"a {mode} latitude lies beyond a pole", where=path, hint=_HINT)
