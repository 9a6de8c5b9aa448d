"""Read the Sentinel-1 instrument auxiliary file AUX_INS (S1-RS-MDA-52-7443, schema s1-aux-ins.xsd)."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from refsys.chains.safe_xml import parse_xml
from refsys.kernels.sentinel1.baq_tables import KINDS, THIDX_COUNT, BaqTables, compile_tables
from refsys.model.errors import InputCorrupt

_UNCALIBRATED_TILE_CODES = 4
_TGU_CODES = 128
_LARGEST_INTEGER = 255


class AuxIns(NamedTuple):
    """What decoding instrument packets takes from an AUX_INS.

    Attributes
    ----------
    radar_frequency_hz
        Carrier frequency.
    baq
        Tables of the sample decoder.
    tgu_celsius
        float64 (128,), temperature of each code of the timing generator unit.
    tile_celsius
        float64 (256,), temperature of each code of an antenna tile; NaN for the first four codes, which have no
        calibration and are zeros in the file.
    """

    radar_frequency_hz: float
    baq: BaqTables
    tgu_celsius: NDArray[np.float64]
    tile_celsius: NDArray[np.float64]


def read_aux_ins(path: Path) -> AuxIns:
    """Read the annotation of an AUX_INS product (`data/s1?-aux-ins.xml`).

    Raises
    ------
    XmlUnsafe
        If the file has a document type or is beyond the limits of XML from outside.
    InputMissing
        If there is no such file.
    InputCorrupt
        If it is no XML, lacks a table, or a table is malformed.
    """
    root, where = parse_xml(path), str(path)
    if root.tag != "auxiliaryInstrument":
        raise InputCorrupt(
            f"root element is {root.tag}, not auxiliaryInstrument", where=where, hint="give an AUX_INS file"
        )
    reader = _Reader(root, where)
    tile = reader.numbers("decodingParams/tileLut", THIDX_COUNT)
    tile[:_UNCALIBRATED_TILE_CODES] = np.nan
    return AuxIns(
        radar_frequency_hz=float(reader.numbers("radarFrequency", 1)[0]),
        baq=_baq_tables(reader),
        tgu_celsius=reader.numbers("decodingParams/tguLut", _TGU_CODES),
        tile_celsius=tile,
    )


def _baq_tables(reader: "_Reader") -> BaqTables:
    rates = [kind for kind in KINDS if kind.startswith("BRC")]
    trees = reader.by_kind("huffmanLutList/huffmanLut", "values", rates)
    tables = BaqTables(
        huffman_trees=tuple(reader.integers(tree, "huffmanLut") for tree in trees),
        normalised_levels=tuple(reader.by_kind("nrlLutList/rlLut", "values", KINDS)),
        simple_levels=tuple(reader.by_kind("srlLutList/rlLut", "values", KINDS)),
        sigma_factors=reader.numbers("decodingParams/sigmaFactorLut", THIDX_COUNT),
        thidx_thresholds=reader.thresholds("thidxThreshold"),
        magnitude_thresholds=reader.thresholds("mCodeThreshold"),
    )
    try:
        compile_tables(tables)
    except ValueError as error:
        raise InputCorrupt(f"decodingParams: {error}", where=reader.where) from error
    return tables


class _Reader:
    """Lists of numbers by path, each checked against its own `count` attribute."""

    def __init__(self, root: etree._Element, where: str) -> None:
        self.root = root
        self.where = where

    def numbers(self, path: str, expected: int) -> NDArray[np.float64]:
        element = self.root.find(path)
        if element is None:
            raise InputCorrupt(f"no element {path}", where=self.where, hint="give a complete AUX_INS annotation")
        values = self._values(element, path)
        if values.size != expected:
            raise InputCorrupt(f"{path} holds {values.size} numbers, not {expected}", where=self.where)
        return values

    def by_kind(self, path: str, name: str, kinds: tuple[str, ...] | list[str]) -> list[NDArray[np.float64]]:
        found: dict[str, NDArray[np.float64]] = {}
        for entry in self.root.findall(f"decodingParams/{path}"):
            kind, values = entry.findtext("baqCode"), entry.find(name)
            if kind is None or kind not in kinds or kind in found or values is None:
                raise InputCorrupt(f"{path}: unexpected, repeated or empty entry for {kind!r}", where=self.where)
            found[kind] = self._values(values, f"{path}/{name} of {kind}")
        missing = [kind for kind in kinds if kind not in found]
        if missing:
            raise InputCorrupt(f"{path}: no entry for {', '.join(missing)}", where=self.where)
        return [found[kind] for kind in kinds]

    def thresholds(self, name: str) -> NDArray[np.int64]:
        path = "thresholdLutList/thresholdLut"
        entries = self.by_kind(path, name, KINDS)
        if any(entry.size != 1 for entry in entries):
            raise InputCorrupt(f"{path}/{name} is not one number for each quantiser", where=self.where)
        return self.integers(np.concatenate(entries), name)

    def integers(self, values: NDArray[np.float64], name: str) -> NDArray[np.int64]:
        if np.any((values != np.rint(values)) | (np.abs(values) > _LARGEST_INTEGER)):
            raise InputCorrupt(f"{name} holds numbers that are not small integers", where=self.where)
        return values.astype(np.int64)

    def _values(self, element: etree._Element, path: str) -> NDArray[np.float64]:
        words = (element.text or "").split()
        try:
            values = np.array([float(word) for word in words], dtype=np.float64)
        except ValueError as error:
            raise InputCorrupt(f"{path}: {error}", where=self.where) from error
        if not np.all(np.isfinite(values)):
            raise InputCorrupt(f"{path} holds a number that is not finite", where=self.where)
        count = element.get("count")
        if count is not None and count != str(values.size):
            raise InputCorrupt(f"{path} holds {values.size} numbers but announces {count}", where=self.where)
        return values
