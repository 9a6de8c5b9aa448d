"""Names of Sentinel-1 SAFE products and of the files in them.

Sources: Sentinel-1 Product Specification S1-RS-MDA-52-7441 (naming convention) and S1PD.SP.00110.ASTR (Level 0). The
four last digits of a product's name are the CRC-16-CCITT of its `manifest.safe`, as those of real products show.
"""

from binascii import crc_hqx
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from refsys.model.names_s1 import S1ProductName
from refsys.model.times import compact_time

MANIFEST = "manifest.safe"
_CRC_INITIAL = 0xFFFF
_CHUNK_BYTES = 1 << 20
_REPEAT_ORBITS = 175
_FIRST_OF_CYCLE = {"A": (73, 15), "B": (27, 7)}
"""Absolute orbit that is relative orbit 1, and the number of its cycle, such that real manifests come out."""


def manifest_crc(manifest: Path) -> str:
    """Return the CRC-16-CCITT (initial value FFFF) of a manifest's bytes, four hexadecimal digits in capitals."""
    register = _CRC_INITIAL
    with manifest.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            register = crc_hqx(chunk, register)
    return f"{register:04X}"


class ProductIdentity(NamedTuple):
    """What the name of a product says, apart from its CRC.

    Attributes
    ----------
    satellite
        `A` to `D`.
    beam
        `S1` to `S6`, `IW`, ...
    content
        `RAW`, `SLC` or `GRD`.
    resolution
        `F`, `H`, `M` or `_`.
    level
        `0` or `1`.
    product_class
        `S` for a standard product.
    polarisation
        `SV`, `SH`, `DV`, `DH`, ...
    start, stop
        Sensing times.
    orbit
        Absolute number.
    data_take_id
        Of the mission.
    """

    satellite: str
    beam: str
    content: str
    resolution: str
    level: str
    product_class: str
    polarisation: str
    start: datetime
    stop: datetime
    orbit: int
    data_take_id: int

    def product_name(self, manifest: Path) -> str:
        """Return the product's name with `.SAFE`; `NameInvalid` for fields that make no name."""
        spelled = S1ProductName(**self._asdict(), crc=manifest_crc(manifest)).format()
        S1ProductName.parse(spelled)
        return spelled

    def file_stem(self, swath: str, polarisation: str, start: datetime, stop: datetime) -> str:
        """Return what the names of a swath's files have in common: `s1a-iw1-slc-vv-<start>-<stop>-<orbit>-<data take>`.

        Parameters
        ----------
        swath, polarisation
            In any case, for example `IW1` and `VV`.
        start, stop
            Of this swath.
        """
        content = self.content.lower() + (f"-{self.product_class.lower()}" if self.level == "0" else "")
        return (
            f"s1{self.satellite}-{swath}-{content}-{polarisation}-{compact_time(start)}-{compact_time(stop)}"
            f"-{self.orbit:06d}-{self.data_take_id:06x}"
        ).lower()


def relative_orbit(satellite: str, absolute_orbit: int) -> int:
    """Return the relative orbit, 1 to 175, of an absolute one (`ValueError`: satellite without rule).

    Examples
    --------
    >>> relative_orbit("A", 37258), relative_orbit("B", 26269)
    (86, 168)
    """
    return (absolute_orbit - _first_of_cycle(satellite)[0]) % _REPEAT_ORBITS + 1


def cycle_number(satellite: str, absolute_orbit: int) -> int:
    """Return the number of the repeat cycle of an absolute orbit (`ValueError`: satellite without rule).

    Examples
    --------
    >>> cycle_number("A", 37258), cycle_number("B", 26269)
    (227, 156)
    """
    first, cycle = _first_of_cycle(satellite)
    return (absolute_orbit - first) // _REPEAT_ORBITS + cycle


def _first_of_cycle(satellite: str) -> tuple[int, int]:
    if satellite not in _FIRST_OF_CYCLE:
        raise ValueError(f"no rule for the relative orbit of satellite {satellite!r}")
    return _FIRST_OF_CYCLE[satellite]
