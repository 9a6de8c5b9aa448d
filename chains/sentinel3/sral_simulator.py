"""Simulated SRAL Level-1B products, for a first run without real data and for tests whose truth is known."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from refsys.chains.sentinel3 import sral_instrument as instrument
from refsys.chains.sentinel3.sral_speckle import ALTITUDE_M, SPEED_M_S, STACK_LOOKS, SpeckledEchoes, stack_angles

Float = npt.NDArray[np.float64]

_EPOCH_2000 = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class SimulatedSea:
    """What a simulated product was made from; the same for both modes."""

    swh_m: float = 3.0
    sigma0_db: float = 11.5
    surface_height_m: float = 45.0
    seconds: float = 6.0
    start: datetime = datetime(2030, 1, 1, 12, tzinfo=UTC)
    latitude_deg: float = 63.0
    longitude_deg: float = 0.2


def simulate_l1b(folder: Path, *, seed: int, sea: SimulatedSea | None = None) -> Path:
    """Write a simulated Level-1B product: a `.SEN3` folder with `measurement.nc`, `xfdumanifest.xml` and the truth.

    Parameters
    ----------
    folder
        Where the product folder is created.
    seed
        Of the speckle; the same seed and sea give the same bytes.
    sea
        Truth to simulate.

    Returns
    -------
    The product folder. Its name carries centre `SIM`; title and manifest say that it is simulated.

    Raises
    ------
    FileExistsError
        If the product folder exists.
    """
    sea = sea or SimulatedSea()
    stop = sea.start + timedelta(seconds=sea.seconds)
    name = (
        f"S3A_SR_1_SRA____{sea.start:%Y%m%dT%H%M%S}_{stop:%Y%m%dT%H%M%S}_{stop:%Y%m%dT%H%M%S}"
        f"_{round(sea.seconds):04d}_001_001______SIM_D_NR_001.SEN3"
    )
    product = folder / name
    product.mkdir(parents=True)
    generator = np.random.default_rng(seed)
    with h5py.File(product / "measurement.nc", "w") as file:
        _write_globals(file, name)
        for mode, rate_hz in ((instrument.PLRM_NAME, 19.64), (instrument.SAR_NAME, 20.16)):
            _write_mode(file, mode, _records(mode, rate_hz, sea, generator))
    truth = {
        "simulated": True,
        "seed": seed,
        "swh_m": sea.swh_m,
        "sigma0_db": sea.sigma0_db,
        "surface_height_m": sea.surface_height_m,
        "start": sea.start.isoformat(),
    }
    (product / "simulation.json").write_text(json.dumps(truth, indent=1, sort_keys=True) + "\n")
    (product / "xfdumanifest.xml").write_text(_manifest(name, sea.start, stop))
    return product


def _records(mode: str, rate_hz: float, sea: SimulatedSea, generator: np.random.Generator) -> dict[str, Float]:
    """Columns of one mode, in physical units."""
    seconds = np.arange(int(sea.seconds * rate_hz)) / rate_hz
    altitude_m = ALTITUDE_M + 10.0 * seconds
    # open-loop tracking: the window follows the sea in steps, so the epoch wanders
    epoch = instrument.REFERENCE_BIN - 2.0 + 2.5 * np.sin(2.0 * np.pi * seconds / 4.0)
    range_m = altitude_m - sea.surface_height_m
    scale_db = -8.0 if mode == instrument.PLRM_NAME else -0.4
    offset_db = 0.0 if mode == instrument.PLRM_NAME else instrument.SAR_SIGMA0_OFFSET_DB
    amplitude = 10.0 ** ((sea.sigma0_db - scale_db - offset_db) / 10.0)
    echoes = SpeckledEchoes(mode)
    noise = 0.01 if mode == instrument.PLRM_NAME else 0.0002
    waveforms = [amplitude * echoes.draw(generator, sea.swh_m, one, noise) for one in epoch]
    return {
        "time": (sea.start - _EPOCH_2000).total_seconds() + seconds,
        "lat": sea.latitude_deg + 0.0559 * seconds,
        "lon": (sea.longitude_deg - 0.0486 * seconds) % 360.0,
        "alt": altitude_m,
        "range_ku": range_m - (epoch - instrument.REFERENCE_BIN) * instrument.BIN_LENGTH_M,
        "scale_factor_ku": np.full(seconds.size, scale_db),
        "x_vel": np.full(seconds.size, SPEED_M_S),
        "y_vel": np.zeros(seconds.size),
        "z_vel": np.zeros(seconds.size),
        "surf_type": np.zeros(seconds.size),
        "loss_track": np.zeros(seconds.size),
        "i2q2_meas_ku": np.array(waveforms),
    }


_ENCODING: dict[str, tuple[str, float, float, str]] = {
    # dtype, scale factor, offset, unit
    "time": ("f8", 1.0, 0.0, "seconds since 2000-01-01 00:00:00.0"),
    "lat": ("i4", 1e-6, 0.0, "degrees_north"),
    "lon": ("i4", 1e-6, 0.0, "degrees_east"),
    "alt": ("i4", 1e-4, 700_000.0, "m"),
    "range_ku": ("i4", 1e-4, 700_000.0, "m"),
    "scale_factor_ku": ("i4", 0.01, 0.0, "dB"),
    "x_vel": ("f8", 1.0, 0.0, "m/s"),
    "y_vel": ("f8", 1.0, 0.0, "m/s"),
    "z_vel": ("f8", 1.0, 0.0, "m/s"),
    "surf_type": ("i1", 1.0, 0.0, ""),
    "loss_track": ("i1", 1.0, 0.0, ""),
    "i2q2_meas_ku": ("u4", 0.001, 0.0, "count"),
    "beam_ang_stack": ("i2", 1e-6, 0.0, "rad"),
}


def _write_globals(file: h5py.File, name: str) -> None:
    file.attrs["Conventions"] = np.bytes_("CF-1.6")
    file.attrs["title"] = np.bytes_("SIMULATED SRAL Level 1 Measurement")
    file.attrs["mission_name"] = np.bytes_("Sentinel 3A")
    file.attrs["product_name"] = np.bytes_(name)


def _write_mode(file: h5py.File, mode: str, columns: dict[str, Float]) -> None:
    if mode == instrument.SAR_NAME:
        angles = np.full((columns["time"].size, 256), np.nan)
        angles[:, :STACK_LOOKS] = stack_angles()
        columns = columns | {"beam_ang_stack": angles}
    for name, values in columns.items():
        kind, scale, offset, unit = _ENCODING[name]
        if kind.startswith("f"):
            dataset = file.create_dataset(f"{name}_l1b_echo_{mode}", data=values)
        else:
            fill = np.array(np.iinfo(kind).max, dtype=kind)
            packed = np.where(np.isnan(values), float(fill), np.rint((values - offset) / scale)).astype(kind)
            dataset = file.create_dataset(f"{name}_l1b_echo_{mode}", data=packed)
            dataset.attrs["scale_factor"], dataset.attrs["add_offset"] = np.array([scale]), np.array([offset])
            dataset.attrs["_FillValue"] = fill[np.newaxis]
        if unit:
            dataset.attrs["units"] = np.bytes_(unit)


def _manifest(name: str, start: datetime, stop: datetime) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:sentinel-safe="http://www.esa.int/safe/sentinel/1.1"
    xmlns:sentinel3="http://www.esa.int/safe/sentinel/sentinel-3/1.0" version="simulated">
  <metadataSection>
    <metadataObject ID="acquisitionPeriod" classification="DESCRIPTION" category="DMD">
      <metadataWrap mimeType="text/xml" vocabularyName="Sentinel-SAFE" textInfo="Acquisition Period">
        <xmlData>
          <sentinel-safe:acquisitionPeriod>
            <sentinel-safe:startTime>{start:%Y-%m-%dT%H:%M:%S.%f}Z</sentinel-safe:startTime>
            <sentinel-safe:stopTime>{stop:%Y-%m-%dT%H:%M:%S.%f}Z</sentinel-safe:stopTime>
          </sentinel-safe:acquisitionPeriod>
        </xmlData>
      </metadataWrap>
    </metadataObject>
    <metadataObject ID="generalProductInformation" classification="DESCRIPTION" category="DMD">
      <metadataWrap mimeType="text/xml" vocabularyName="Sentinel-SAFE" textInfo="SIMULATED, not measured">
        <xmlData>
          <sentinel3:generalProductInformation>
            <sentinel3:productName>{name}</sentinel3:productName>
            <sentinel3:productType>SR_1_SRA___</sentinel3:productType>
          </sentinel3:generalProductInformation>
        </xmlData>
      </metadataWrap>
    </metadataObject>
  </metadataSection>
</xfdu:XFDU>
"""
