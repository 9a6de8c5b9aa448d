"""Auxiliary files of the simulated instrument: AUX_INS, AUX_CAL, AUX_PP1 in SAFE form, and its orbit as AUX_RESORB.

They have the elements of real ones (S1-RS-MDA-52-7443; GMES-GSEG-EOPG-FS-10-0075), those that processing reads, and
say what the simulator does. Windows and bandwidths are those of the real swaths (S1B, 2016 on). All say that they are
simulated, and are valid from 2013-01-01 on, so that every real file of the mission's time is newer.
"""

from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from refsys.chains.sentinel1.isp_simulator import VALID_FROM
from refsys.chains.sentinel1.safe.aux_calibration import CALIBRATION_AUX
from refsys.chains.sentinel1.safe.aux_instrument import INSTRUMENT
from refsys.chains.sentinel1.safe.aux_processing import PROCESSING
from refsys.chains.sentinel1.simulated_tables import aux_ins_xml
from refsys.chains.sentinel1.simulation.auxiliary_manifest import auxiliary_manifest
from refsys.chains.sentinel1.simulation.auxiliary_orbit import write_orbit_file
from refsys.chains.sentinel1.simulation.auxiliary_values import calibration, instrument, processing
from refsys.model.times import compact_time

GENERATED = datetime(2013, 1, 2, tzinfo=UTC)
"""Later than that of the AUX_INS that `isp_simulator` makes, which lacks the pulses: this one is preferred to it."""

_NAMES = {"AUX_INS": "Instrument", "AUX_CAL": "Calibration", "AUX_PP1": "Processor Parameters"}


def simulate_auxiliary(folder: Path, *, gain: float = 1.0) -> tuple[Path, ...]:
    """Write the three SAFE folders and the orbit file.

    Parameters
    ----------
    folder
        Where; it is made if it is not there. Files that are there get the same bytes again.
    gain
        Of the acquisition, as `Acquisition` has it: AUX_CAL holds its square as `absoluteCalibrationConstant`.

    Returns
    -------
    tuple
        AUX_INS, AUX_CAL, AUX_PP1, AUX_RESORB.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ins = _root("auxiliaryInstrument")
    INSTRUMENT.write(ins, instrument())
    decoding = etree.fromstring(aux_ins_xml().encode()).find("decodingParams")
    assert decoding is not None
    ins.append(decoding)
    cal = _root("auxiliaryCalibration")
    CALIBRATION_AUX.write(cal, calibration(gain))
    pp1 = _root("l1AuxiliaryProcessorParameters")
    PROCESSING.write(pp1, processing())
    written = [_write_safe(folder, kind, root) for kind, root in (("AUX_INS", ins), ("AUX_CAL", cal), ("AUX_PP1", pp1))]
    return (*written, write_orbit_file(folder))


def _root(tag: str) -> etree._Element:
    root = etree.Element(tag, schemaVersion="2.10")
    root.append(etree.Comment(" Simulated: describes no real instrument. "))
    return root


def _write_safe(folder: Path, kind: str, root: etree._Element) -> Path:
    product = folder / f"S1A_{kind}_V{compact_time(VALID_FROM)}_G{compact_time(GENERATED)}.SAFE"
    (product / "data").mkdir(parents=True, exist_ok=True)
    name = f"s1a-{kind.lower().replace('_', '-')}.xml"
    annotation = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    (product / "data" / name).write_bytes(annotation)
    manifest = auxiliary_manifest(
        kind,
        name,
        annotation,
        processing=f"Simulated {_NAMES[kind]}",
        valid_from=VALID_FROM,
        generated_at=GENERATED,
    )
    (product / "manifest.safe").write_text(manifest, encoding="utf-8")
    return product
