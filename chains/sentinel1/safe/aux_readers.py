"""Auxiliary files of Sentinel-1, read: processor parameters, antenna patterns, instrument, orbits."""

from pathlib import Path
from typing import TypeVar

import numpy as np
from lxml import etree

from refsys.chains.safe_xml import parse_xml
from refsys.chains.sentinel1.safe.aux_calibration import CALIBRATION_AUX, AuxCal, centred_angles_deg
from refsys.chains.sentinel1.safe.aux_instrument import INSTRUMENT, Instrument
from refsys.chains.sentinel1.safe.aux_orbit import ORBIT_FILE, OrbitFile
from refsys.chains.sentinel1.safe.aux_processing import POLARISATIONS, PROCESSING, AuxPp1
from refsys.chains.sentinel1.safe.xml_layout import Layout
from refsys.model.errors import InputCorrupt

T = TypeVar("T")
_WHOLE = "give the file whole, as it was published"


def read_aux_pp1(source: Path | bytes) -> AuxPp1:
    """Read the annotation of an AUX_PP1 product (`data/s1?-aux-pp1.xml`), or its bytes.

    Raises
    ------
    InputMissing
        If there is no such file.
    InputCorrupt
        If it is no AUX_PP1, or lacks or misspells an element, which the message names.
    """
    parameters = _read(source, "l1AuxiliaryProcessorParameters", PROCESSING)
    for product in parameters.products:
        if any(gains.gain.size != len(POLARISATIONS) for gains in product.gains):
            raise InputCorrupt("gains are not one for each polarisation", where=product.identifier)
    return parameters


def read_aux_cal(source: Path | bytes) -> AuxCal:
    """Read the annotation of an AUX_CAL product (`data/s1?-aux-cal.xml`), or its bytes; errors as for AUX_PP1."""
    calibration = _read(source, "auxiliaryCalibration", CALIBRATION_AUX)
    for record in calibration.records:
        for values in (record.elevation, record.azimuth_db, record.element_db):
            centred_angles_deg(values.size, 1.0)
    return calibration


def read_instrument(source: Path | bytes) -> Instrument:
    """Read pulses and internal calibration of an AUX_INS product (`data/s1?-aux-ins.xml`); errors as for AUX_PP1."""
    return _read(source, "auxiliaryInstrument", INSTRUMENT)


def read_orbit_file(source: Path | bytes) -> OrbitFile:
    """Read an orbit file (`.EOF`): AUX_RESORB, AUX_POEORB or MPL_ORBPRE.

    Raises
    ------
    InputMissing
        If there is no such file.
    InputCorrupt
        If it is no orbit file, lacks an element, is not Earth-fixed in UTC, or its times do not increase.
    """
    orbit = _read(source, "Earth_Explorer_File", ORBIT_FILE)
    where = source if isinstance(source, Path) else "orbit file"
    if (orbit.frame, orbit.time_reference) != ("EARTH_FIXED", "UTC"):
        raise InputCorrupt(f"orbit in frame {orbit.frame} and time {orbit.time_reference}", where=where)
    if np.any(np.diff(orbit.vectors.utc_ns) <= 0):
        raise InputCorrupt("times of state vectors do not increase", where=where)
    return orbit


def _read(source: Path | bytes, tag: str, layout: Layout[T]) -> T:
    root = parse_xml(source)
    where = str(source) if isinstance(source, Path) else "XML text"
    _without_namespaces(root)
    if root.tag != tag:
        raise InputCorrupt(f"root element is {root.tag}, not {tag}", where=where, hint=_WHOLE)
    return layout.read(root, where)


def _without_namespaces(root: etree._Element) -> None:
    """Take namespaces off: of two orbit files of one type, one has them and the other has not."""
    for element in root.iter("{*}*"):
        element.tag = etree.QName(element).localname
