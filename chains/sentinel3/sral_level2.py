"""Writer of the SRAL Level-2 product as NetCDF-4: same input, same bytes."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import h5netcdf
import numpy as np
import numpy.typing as npt

from refsys.chains.sentinel3.sral_instrument import PLRM_NAME, SAR_NAME
from refsys.chains.sentinel3.sral_retracking import FLAGS, RetrackedTrack, SralL2

_NO_CORRECTION = (
    "Ranges carry instrument corrections only: no atmospheric, tidal or sea-state correction. "
    "No sea-level anomaly is given."
)
_FIT = "one standard deviation of the fit, scaled by the median misfit of the product; running median over 2 s"
_OWN_ATTRIBUTES = ("Conventions", "title", "comment", "references")


class Level2Variable(NamedTuple):
    """One variable of the product, whatever the container."""

    name: str
    dimension: str
    values: npt.NDArray[np.generic]
    attributes: dict[str, str | float | npt.NDArray[np.uint8]]


_COLUMNS: tuple[tuple[str, str, str, str, str], ...] = (
    # field of RetrackedTrack, name, unit, long name, comment
    ("latitude_deg", "latitude", "degrees_north", "latitude of the record", ""),
    ("longitude_deg", "longitude", "degrees_east", "longitude of the record, -180 to 180", ""),
    ("altitude_m", "altitude", "m", "height of the satellite above the ellipsoid", ""),
    ("range_uncorrected_m", "range_uncorrected", "m", "range from the echo model", _NO_CORRECTION),
    ("range_uncertainty_m", "range_uncertainty", "m", "uncertainty of the range", _FIT),
    ("swh_m", "swh", "m", "significant wave height", "noise may make single records negative on calm seas"),
    ("swh_uncertainty_m", "swh_uncertainty", "m", "uncertainty of the significant wave height", _FIT),
    (
        "sigma0_db",
        "sigma0",
        "dB",
        "backscatter",
        "not corrected for the atmosphere; SAR is aligned to PLRM by a constant",
    ),
    (
        "sigma0_uncertainty_db",
        "sigma0_uncertainty",
        "dB",
        "uncertainty of the backscatter",
        f"{_FIT}; no calibration error",
    ),
    (
        "range_threshold_uncorrected_m",
        "range_threshold_uncorrected",
        "m",
        "range from the threshold retracker",
        _NO_CORRECTION,
    ),
    (
        "range_threshold_uncertainty_m",
        "range_threshold_uncertainty",
        "m",
        "uncertainty of the threshold range",
        "speckle of one bin",
    ),
    ("ocog_amplitude_count", "ocog_amplitude", "count", "OCOG amplitude", ""),
    ("ocog_width_bins", "ocog_width", "1", "OCOG width in bins", ""),
    ("mispointing_deg2", "mispointing_squared", "degree2", "squared mispointing angle", "may be negative: noise"),
    ("noise_floor_count", "noise_floor", "count", "thermal noise of the fit", ""),
    ("misfit", "misfit", "1", "mean squared residual over the speckle expected", "1 for a perfect model"),
)


def level2_variables(l2: SralL2) -> Iterator[Level2Variable]:
    """All variables of the product, mode by mode; the record dimensions are `time_plrm` and `time_sar_ku`."""
    for track, mode in ((l2.plrm, PLRM_NAME), (l2.sar, SAR_NAME)):
        yield from _track_variables(track, mode)


def _track_variables(track: RetrackedTrack, mode: str) -> Iterator[Level2Variable]:
    dimension = f"time_{mode}"
    time: dict[str, str | float | npt.NDArray[np.uint8]] = {
        "standard_name": "time",
        "long_name": "UTC",
        "units": "seconds since 2000-01-01 00:00:00.0",
        "calendar": "gregorian",
    }
    yield Level2Variable(dimension, dimension, track.time_s, time)
    for field, name, unit, long_name, comment in _COLUMNS:
        values = getattr(track, field)
        if values is None:
            continue
        attributes: dict[str, str | float | npt.NDArray[np.uint8]] = {"units": unit, "long_name": long_name}
        if comment:
            attributes["comment"] = comment
        if name not in {"latitude", "longitude"}:
            attributes["coordinates"] = f"latitude_{mode} longitude_{mode}"
        yield Level2Variable(f"{name}_{mode}", dimension, values, attributes)
    yield Level2Variable(f"quality_{mode}", dimension, track.quality, _flag_attributes())


def _flag_attributes() -> dict[str, str | float | npt.NDArray[np.uint8]]:
    return {
        "long_name": "quality flags, 0 for a good record",
        "flag_masks": np.array(list(FLAGS), dtype=np.uint8),
        "flag_meanings": " ".join(FLAGS.values()),
    }


def global_attributes(l2: SralL2, attributes: Mapping[str, str | int | float]) -> dict[str, str | int | float]:
    """Global attributes of the product: its own, then the caller's (provenance), sorted.

    Raises
    ------
    ValueError
        If the caller gives one that the product states itself.
    """
    clash = sorted(set(attributes) & {*_OWN_ATTRIBUTES, "source_product", "mission_name"})
    if clash:
        message = f"the product states these attributes itself: {', '.join(clash)}"
        raise ValueError(message)
    own = {
        "Conventions": "CF-1.8",
        "title": "SRAL Level-2 along-track: retracked range, significant wave height and backscatter",
        "comment": _NO_CORRECTION,
        "references": "Brown 1977; Hayne 1980; Amarouche 2004; Wingham 1986; Davis 1997; Raney 1998; Ray 2015",
        "source_product": l2.source_product,
        "mission_name": l2.mission,
    }
    return own | {key: attributes[key] for key in sorted(attributes)}


def write_l2(l2: SralL2, path: Path, attributes: Mapping[str, str | int | float]) -> None:
    """Write the product.

    Parameters
    ----------
    path
        File to create; an existing one is replaced.
    attributes
        Provenance to add as global attributes. Give no time of writing: the same product is to have the same bytes.

    Raises
    ------
    ValueError
        If an attribute is one the product states itself.
    OSError
        If the file cannot be written.
    """
    stated = global_attributes(l2, attributes)
    with h5netcdf.File(path, "w") as file:
        file.attrs.update(stated)
        file.dimensions = {f"time_{PLRM_NAME}": l2.plrm.time_s.size, f"time_{SAR_NAME}": l2.sar.time_s.size}
        for variable in level2_variables(l2):
            fill = np.nan if variable.values.dtype.kind == "f" and not variable.name.startswith("time_") else None
            created = file.create_variable(
                variable.name, (variable.dimension,), data=variable.values, fillvalue=fill, compression="gzip"
            )
            created.attrs.update(variable.attributes)
