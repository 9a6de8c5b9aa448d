"""Published products of the demo, read back from the store and compared with what is known."""

import io
import json
import tempfile
from pathlib import Path
from typing import Any

import h5netcdf
import numpy as np

from refsys.chains.sentinel1.l0_product import compare_published
from refsys.chains.sentinel3.l0_mwr_product import MISSING_FILE, PACKETS_FILE
from refsys.model.errors import ObjectMissing
from refsys.model.products import Product
from refsys.model.requests import RequestRecord
from refsys.scheduler.system import System
from refsys.services.demonstration.inputs import Bytes, Lengths, Session, packet_lengths
from refsys.services.demonstration.results import CheckResult, MwrResult
from refsys.storage.publishing import export

MWR_CHAIN, SRAL_CHAIN, S1_CHAIN = "S3-L0-MWR", "S3-L2-SRAL", "S1-L0-INSPECT"

MOST_SWH_DIFFERENCE_M = 0.5
MOST_TRACK_DEGREES = 15.0
"""Degrees of longitude that half a minute of track may span at the latitudes of the demo."""

S1_EXACT = ("-noise", "-txcal")
MOST_ECHO_DIFFERENCE = 3e-6
"""In quantiser units: the reference decoder computes in single precision."""


def read_file(system: System, product: Product, path: str) -> bytes:
    """Return one file of a published product (`ObjectMissing` if it has none of this path)."""
    for asset in product.assets:
        if asset.path == path:
            return system.store.get(asset.key)
    raise ObjectMissing(f"the product has no file {path}", where=product.name)


def check_mwr(
    system: System, record: RequestRecord, product: Product, session: Session, sent: tuple[Bytes, Lengths]
) -> MwrResult:
    """Compare a Level-0 product with the packets that were put into its session.

    Parameters
    ----------
    system
        The home.
    record
        The request that made it.
    product
        As published.
    session
        What was simulated, with its truth.
    sent
        Packets end to end, uint8 (b,), and the bytes of each, int64 (n,).
    """
    packets, lengths = sent
    truth = session.truth
    missing = json.loads(read_file(system, product, MISSING_FILE))
    lost = np.array(truth.missing_packets, np.int64)
    kept = np.setdiff1d(np.arange(truth.packets), lost)
    recovered = read_file(system, product, PACKETS_FILE)
    # The product counts from its first packet's own sequence count; the truth counts packets from 0.
    first = missing["first_sequence"] - int(kept[0])
    visible = sorted(set(truth.missing_packets) - set(truth.invisible_packets))
    reported = [entry["sequence"] - first for entry in missing["packets"]]
    with_time = all(entry["expected_time"] for entry in missing["packets"])
    return MwrResult(
        variant=session.variant.name,
        title=session.variant.title,
        request=record.key,
        product=product.name,
        packets_sent=truth.packets,
        packets_recovered=packet_lengths(np.frombuffer(recovered, np.uint8), where=product.name).size,
        identical=recovered == _selected(packets, lengths, kept),
        frames_sent=truth.frames,
        frames_lost=len(truth.lost_frames),
        packets_missing_expected=len(truth.missing_packets),
        packets_missing_reported=len(reported),
        missing_exact=reported == visible and with_time,
        left_no_trace=len(truth.invisible_packets),
        head=str(missing["head"]["further_missing_packets"]),
        tail=str(missing["tail"]["further_missing_packets"]),
        corrected_symbols=_number(product, "corrected_symbols"),
        quality=product.quality.value,
        missing_at=tuple(round(index / truth.packets, 5) for index in reported),
    )


def _selected(packets: Bytes, lengths: Lengths, kept: Lengths) -> bytes:
    """Return the bytes of some packets, end to end."""
    wanted = np.zeros(lengths.size, np.bool_)
    wanted[kept] = True
    return packets[np.repeat(wanted, lengths)].tobytes()


def _number(product: Product, figure: str) -> int:
    value: Any = product.figures[figure]
    return int(value)


def check_sral(product: Product, netcdf: bytes) -> list[CheckResult]:
    """Compare a Level-2 product with what must hold of any sea.

    Parameters
    ----------
    product
        As published.
    netcdf
        Its NetCDF file.
    """
    medians = _swh_medians(netcdf)
    difference = abs(medians["plrm"] - medians["sar_ku"])
    west, east = _longitudes(product)
    return [
        CheckResult(
            chain=SRAL_CHAIN,
            subject=product.name,
            what="median wave height, PLRM and SAR, m",
            value=[round(value, 3) for value in medians.values()],
            expected=f"agree within {MOST_SWH_DIFFERENCE_M} m",
            passed=difference <= MOST_SWH_DIFFERENCE_M,
        ),
        CheckResult(
            chain=SRAL_CHAIN,
            subject=product.name,
            what="footprint from west to east, degrees",
            value=[round(west, 3), round(east, 3)],
            expected=f"less than {MOST_TRACK_DEGREES} degrees wide, never around the world",
            passed=0 < east - west < MOST_TRACK_DEGREES,
        ),
    ]


def _swh_medians(netcdf: bytes) -> dict[str, float]:
    """Return the median wave height of good records by mode, m."""
    with h5netcdf.File(io.BytesIO(netcdf), "r") as file:
        found = {}
        for mode in ("plrm", "sar_ku"):
            swh = np.asarray(file[f"swh_{mode}"][...], np.float64)
            good = np.asarray(file[f"quality_{mode}"][...]) == 0
            found[mode] = float(np.median(swh[good]))
    return found


def _longitudes(product: Product) -> tuple[float, float]:
    """Return the smallest and the largest longitude of a footprint; (nan, nan) without one."""
    lines: Any = (product.footprint or {}).get("coordinates", [])
    if (product.footprint or {}).get("type") == "LineString":
        lines = [lines]
    longitudes = [point[0] for line in lines for point in line]
    return (min(longitudes), max(longitudes)) if longitudes else (float("nan"), float("nan"))


def check_s1(system: System, record: RequestRecord, product: Product, reference: Path) -> CheckResult:
    """Compare the decoded samples of a product with those that they must be.

    Parameters
    ----------
    system
        The home.
    record
        The request that made it; its input is the file of packets.
    product
        As published.
    reference
        NumPy file, complex64 (samples,): samples of the same packets, end to end.
    """
    packets = record.request.inputs[0]
    with tempfile.TemporaryDirectory(prefix="demo-", dir=system.settings.scratch_folder) as folder:
        found = compare_published(export(product, system.store, Path(folder)), reference)
    exact = Path(packets).stem.endswith(S1_EXACT)
    return CheckResult(
        chain=S1_CHAIN,
        subject=packets,
        what=f"largest difference of {found.samples:,} samples from the reference",
        value=found.largest,
        expected="equal" if exact else f"at most {MOST_ECHO_DIFFERENCE:g}",
        passed=found.equal if exact else found.largest <= MOST_ECHO_DIFFERENCE,
    )
