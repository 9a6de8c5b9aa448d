"""The files of an inspection of Sentinel-1 packets: table, samples as Zarr, report; and how samples are read back.

Formats are described in `docs/chains/s1-l0-inspect.md`.
"""

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import zarr
from numpy.typing import NDArray
from pydantic import JsonValue

from refsys.chains.sentinel1.inspection import Inspection, IqDifference, compare_iq
from refsys.chains.sentinel1.l0_labels import LABELS, flag_labels, label
from refsys.kernels.sentinel1.baq import STATUS_MEANINGS
from refsys.model.errors import InputCorrupt, InputMissing

PACKETS_FILE = "packets.csv"
SAMPLES_FOLDER = "samples.zarr"
REPORT_FILE = "report.json"
FIGURE_FILE = "inspection.png"

_CHUNK_SAMPLES = 1 << 20
_CHUNK_PACKETS = 1 << 14
_TIMES = ("gps_ns", "utc_ns")
_UNITS = {
    "_hz": "Hz",
    "_hz_per_s": "Hz s-1",
    "_db": "dB",
    "_s": "s",
    "_samples": "sample",
    "rms": "quantiser unit",
    "rms_i": "quantiser unit",
    "rms_q": "quantiser unit",
    "mean_i": "quantiser unit",
    "mean_q": "quantiser unit",
    "peak": "quantiser unit",
}


def write_table(folder: Path, inspection: Inspection) -> None:
    """Write `packets.csv`: one line for each packet, every header field as code, labels, physical values, statistics.

    Floats have the shortest text that reads back as the same number; a value that does not exist is an empty cell.
    """
    columns: dict[str, list[str]] = {"packet": [str(k) for k in range(inspection.flags.size)]}
    columns["utc"] = utc_texts(inspection.physical["utc_ns"])
    for name, codes in inspection.headers.items():
        columns[name] = [str(code) for code in codes.tolist()]
        if name in LABELS:
            columns[f"{name}_label"] = [label(name, code) for code in codes.tolist()]
    for name, values in {**inspection.physical, **inspection.statistics}.items():
        columns[name] = ["" if value != value else repr(value) for value in values.tolist()]  # noqa: PLR0124  (NaN)
    columns["status"] = [STATUS_MEANINGS[status] for status in inspection.samples.status.tolist()]
    columns["flags"] = ["; ".join(flag_labels(flags)) for flags in inspection.flags.tolist()]
    with (folder / PACKETS_FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def write_samples(folder: Path, inspection: Inspection) -> None:
    """Write `samples.zarr`: a Zarr group, format 3, of samples, blocks and columns of packets."""
    group = zarr.open_group(folder / SAMPLES_FOLDER, mode="w-", zarr_format=3)
    group.attrs.update(
        {
            "title": "Decoded samples of Sentinel-1 instrument packets",
            "convention": "packet k owns iq[starts[k]:starts[k + 1]] and brc[block_starts[k]:block_starts[k + 1]]",
            "status_meanings": list(STATUS_MEANINGS),
        }
    )
    samples = inspection.samples
    _add(
        group, "iq", samples.iq, "sample", "Decoded complex samples, NaN where a packet was not", units="quantiser unit"
    )
    _add(group, "starts", samples.starts, "bound", "First sample of each packet, then the number of all")
    _add(group, "brc", samples.brc, "block", "Rate code of each block, 255 where the mode has none")
    _add(group, "thidx", samples.thidx, "block", "Threshold index of each block")
    _add(group, "block_starts", samples.block_starts, "bound", "First block of each packet, then the number of all")
    _add(group, "status", samples.status, "packet", "How decoding ended: place in status_meanings")
    _add(group, "flags", inspection.flags, "packet", "What is wrong with the header, a sum of flags")
    for name, unit in zip(_TIMES, ("1980-01-06, GPS time", "1970-01-01T00:00:00Z"), strict=True):
        _add(group, name, inspection.physical[name], "packet", "Time of the packet", units=f"nanoseconds since {unit}")
    physical = {name: column for name, column in inspection.physical.items() if name not in _TIMES}
    _add_table(group, "headers", inspection.headers, np.uint32)
    _add_table(group, "physical", physical, np.float64)
    _add_table(group, "statistics", inspection.statistics, np.float64)


def write_report(folder: Path, report: Mapping[str, JsonValue]) -> None:
    """Write `report.json`; a number that JSON cannot hold raises `ValueError`."""
    text = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / REPORT_FILE).write_text(text + "\n", encoding="utf-8")


def packet_rows(inspection: Inspection) -> list[JsonValue]:
    """Return one mapping for each packet: time, kind, mode, samples, rms, how decoding ended, header flags."""
    counts = np.diff(inspection.samples.starts).tolist()
    rms = inspection.statistics["rms"].tolist()
    return [
        {
            "packet": k,
            "utc": utc,
            "space_packet_count": int(inspection.headers["space_packet_count"][k]),
            "kind": label("ses_signal_type", int(inspection.headers["ses_signal_type"][k])),
            "baq_mode": label("baq_mode", int(inspection.headers["baq_mode"][k])),
            "samples": counts[k],
            "rms": finite(rms[k]),
            "status": STATUS_MEANINGS[inspection.samples.status[k]],
            "flags": list(flag_labels(int(inspection.flags[k]))),
        }
        for k, utc in enumerate(utc_texts(inspection.physical["utc_ns"]))
    ]


def utc_texts(utc_ns: NDArray[np.float64] | NDArray[np.int64]) -> list[str]:
    """Return times as ISO 8601 with nanoseconds and Z.

    Examples
    --------
    >>> utc_texts(np.array([1_592_238_249_669_670_104]))
    ['2020-06-15T16:24:09.669670104Z']
    """
    return [f"{time}Z" for time in np.asarray(utc_ns, np.int64).astype("datetime64[ns]").astype(str).tolist()]


def finite(value: float) -> float | None:
    """Return the number, or None for NaN and infinity, which JSON cannot hold.

    Examples
    --------
    >>> finite(2.5), finite(float("nan"))
    (2.5, None)
    """
    return float(value) if np.isfinite(value) else None


def read_published_iq(product_folder: Path) -> NDArray[np.complex64]:
    """Return all samples of an exported product, complex64 (sum of samples,), packets end to end.

    Raises
    ------
    InputMissing
        If the folder holds no samples.
    """
    place = product_folder / SAMPLES_FOLDER
    if not (place / "iq" / "zarr.json").is_file():
        raise InputMissing("no decoded samples", where=place, hint="give the folder of an S1_L0_INSPECT product")
    iq = zarr.open_group(place, mode="r")["iq"]
    return np.asarray(iq[...], np.complex64)  # type: ignore[index]  # `iq` is an array, checked above


def compare_published(product_folder: Path, reference_npy: Path) -> IqDifference:
    """Compare the samples of an exported product with those of a reference decoder.

    Parameters
    ----------
    product_folder
        Of an `S1_L0_INSPECT` product.
    reference_npy
        NumPy file, complex64 (samples,): samples of the same packets, end to end.

    Raises
    ------
    InputMissing
        If the product holds no samples, or there is no such reference.
    InputCorrupt
        If the reference is no such file, or has another number of samples.
    """
    if not reference_npy.is_file():
        raise InputMissing("no reference samples", where=reference_npy)
    try:
        reference = np.load(reference_npy, allow_pickle=False)
        return compare_iq(read_published_iq(product_folder), reference)
    except ValueError as error:
        raise InputCorrupt(f"no comparison: {error}", where=reference_npy) from error


def _add(
    group: zarr.Group,
    name: str,
    data: NDArray[np.generic],
    dimension: str,
    long_name: str,
    *,
    units: str = "1",
) -> None:
    most = _CHUNK_SAMPLES if dimension == "sample" else _CHUNK_PACKETS
    chunks = (max(min(most, data.size), 1),)
    array = group.create_array(name, data=np.ascontiguousarray(data), chunks=chunks, dimension_names=(dimension,))
    array.attrs.update({"long_name": long_name, "units": units})


def _add_table(
    group: zarr.Group, name: str, columns: Mapping[str, NDArray[np.generic]], dtype: type[np.generic]
) -> None:
    """Add columns as one array (packet, column): an array each would be hundreds of small files."""
    table = np.stack([column.astype(dtype) for column in columns.values()], axis=1)
    chunks = (min(_CHUNK_PACKETS, table.shape[0]), table.shape[1])
    array = group.create_array(name, data=table, chunks=chunks, dimension_names=("packet", f"{name}_column"))
    array.attrs.update({"columns": list(columns), "units": [_unit(column) for column in columns]})


def _unit(column: str) -> str:
    matches = [ending for ending in _UNITS if column.endswith(ending)]
    return _UNITS[max(matches, key=len)] if matches else "1"
