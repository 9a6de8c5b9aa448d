"""Auxiliary files: every real one is read, with values checked by hand; malformed ones name what is wrong."""

import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lxml import etree

from refsys.chains.sentinel1.safe.aux_readers import read_aux_cal, read_aux_pp1, read_instrument, read_orbit_file
from refsys.model.errors import InputCorrupt, InputMissing

PATTERN = "<values count='{}'>{}</values>"


def test_real_processor_parameters(shared_data: Path) -> None:
    files = sorted(shared_data.glob("aux_s1/safe/*AUX_PP1*/data/*.xml"))
    assert len(files) == 3
    read = [read_aux_pp1(path) for path in files]
    assert [len(said.products) for said in read] == [33, 33, 33]
    said = read[1]
    stripmap = said.product("SM_SLC__1").swath("S3")
    assert (stripmap.range_band.window, stripmap.range_band.window_coefficient) == ("Hamming", 0.75)
    assert stripmap.range_band.processing_bandwidth_hz == 59.4e6
    assert stripmap.azimuth_band.processing_bandwidth_hz == 1399.0
    assert (stripmap.gain("HH"), stripmap.gain("VH")) == (1181938.893, 1234795.4594)
    tops = said.product("IW_SLC__1")
    assert [band.window_coefficient for band in tops.azimuth_bands] == [0.7, 0.75, 0.75]
    ground = said.product("IW_GRDH_1")
    assert (ground.range_bands[0].looks, ground.range_bands[0].look_bandwidth_hz) == (5, 14.1e6)
    assert (ground.detect, ground.merge, ground.ground_range, tops.detect) == (True, True, True, False)
    assert tops.blocks.swath.tolist() == ["IW1", "IW2", "IW3"]


def test_real_antenna_patterns(shared_data: Path) -> None:
    read = [read_aux_cal(path) for path in sorted(shared_data.glob("aux_s1/safe/*AUX_CAL*/data/*.xml"))]
    for archive in sorted(shared_data.glob("aux_s1/aux_cal_zip/*.zip")):
        with zipfile.ZipFile(archive) as files:
            [name] = [name for name in files.namelist() if name.endswith("aux-cal.xml")]
            read.append(read_aux_cal(files.read(name)))
    assert [len(said.records) for said in read] == [88, 88, 88]
    record = read[0].record("S3", "VV")
    assert (record.near_deg, record.far_deg) == (25.38, 30.17)
    assert record.elevation_angles_deg()[[0, 300, -1]] == pytest.approx([-15.0, 0.0, 15.0])
    # The beam reaches from 4.07 degrees below the reference angle of 29.45 to 0.72 above it.
    strongest = record.elevation_angles_deg()[record.elevation_amplitude().argmax()]
    assert -4.07 < strongest < 0.72
    amplitude, angles = record.azimuth_amplitude(), record.azimuth_angles_deg()
    assert amplitude.max() == 1.0
    assert angles[amplitude.argmax()] == pytest.approx(-0.005)
    # A uniform aperture of 12.3 m has its two-way -6 dB points 0.886 lambda / L apart (one-way -3 dB).
    inside = angles[amplitude > 10 ** (-6 / 20)]
    assert np.ptp(inside) == pytest.approx(np.degrees(0.886 * 0.05547 / 12.3), rel=0.05)
    assert record.element_amplitude().tolist() == [1.0]
    assert read[0].record("IW1", "VH").element_amplitude().size == 201


def test_real_instruments(shared_data: Path) -> None:
    files = sorted(shared_data.glob("aux_s1/safe/*AUX_INS*/data/*.xml"))
    said = read_instrument(files[0])
    assert len(files) == 2
    assert said.radar_frequency_hz == 5405000454.33435
    assert said.suppressed_s == pytest.approx(320 / (8 * 37.53472224e6), rel=1e-9)
    assert said.reference_angle_deg == 29.45
    assert [said.swath(f"IW{k}").steering_deg_per_s for k in (1, 2, 3)] == [1.590368784, 0.979863325, 1.397440818]
    # Half the ramp rate of the pulse that real packets of the other satellite announce.
    assert 2 * said.swath("S3").phase[2] == pytest.approx(1.344932774550966e12, rel=1e-6)
    assert read_instrument(files[1]).calibration("S3", "VV").pg_reference_i == 699.036736761978


def test_real_orbits(shared_data: Path) -> None:
    files = sorted(shared_data.glob("aux_s1/orbits/*.EOF"))
    read = [read_orbit_file(path) for path in files]
    assert sorted(said.file_type for said in read) == ["AUX_RESORB"] * 3 + ["MPL_ORBPRE"]
    [said] = [said for said in read if said.start == datetime(2023, 8, 23, 14, 10, 24, tzinfo=UTC)]
    assert said.vectors.position_m.shape == (1186, 3)
    assert said.vectors.position_m[0].tolist() == [3769667.121864, 5989293.330313, -39954.718678]
    assert said.vectors.absolute_orbit[0] == 50003
    epoch = datetime(2023, 8, 23, 14, 0, 0, tzinfo=UTC)
    orbit = said.orbit(epoch, epoch + timedelta(minutes=11), epoch + timedelta(minutes=12))
    assert orbit.time_s == pytest.approx(663.657814 + 10.0 * np.arange(6))
    speed = np.linalg.norm(np.gradient(orbit.position_m, orbit.time_s, axis=0)[1:-1], axis=1)
    assert speed == pytest.approx(np.linalg.norm(orbit.velocity_m_s[1:-1], axis=1), rel=1e-4)


def made_up_calibration(elevation: str = PATTERN.format(3, "1 0 4 0 1 0")) -> bytes:
    azimuth = f"<azimuthAngleIncrement>0.1</azimuthAngleIncrement>{PATTERN.format(3, '-6 0 -6')}"
    record = (
        "<swath>S3</swath><polarisation>VV</polarisation><elevationAntennaPattern><beamNominalNearRange>1"
        "</beamNominalNearRange><beamNominalFarRange>2</beamNominalFarRange><elevationAngleIncrement>0.5"
        f"</elevationAngleIncrement>{elevation}</elevationAntennaPattern><azimuthAntennaPattern>{azimuth}"
        f"</azimuthAntennaPattern><azimuthAntennaElementPattern>{azimuth}</azimuthAntennaElementPattern>"
        "<absoluteCalibrationConstant>1</absoluteCalibrationConstant>"
        "<noiseCalibrationFactor>1</noiseCalibrationFactor>"
    )
    records = (
        f"<calibrationParamsList count='1'><calibrationParams>{record}</calibrationParams></calibrationParamsList>"
    )
    return f"<auxiliaryCalibration>{records}</auxiliaryCalibration>".encode()


def test_made_up_patterns() -> None:
    record = read_aux_cal(made_up_calibration()).record("S3", "VV")
    assert record.elevation_amplitude().tolist() == [1.0, 2.0, 1.0]
    assert record.elevation_angles_deg().tolist() == [-0.5, 0.0, 0.5]
    assert record.azimuth_amplitude() == pytest.approx([0.501187, 1.0, 0.501187], abs=1e-6)
    assert record.element_amplitude() == pytest.approx([0.501187, 1.0, 0.501187], abs=1e-6)


@pytest.mark.parametrize(
    ("elevation", "message"),
    [
        (PATTERN.format(2, "1 0 1 0"), "no middle"),
        (PATTERN.format(4, "1 0 4 0 1 0"), "announces 4"),
        (PATTERN.format(3, "1 0 4 0 1"), "odd number"),
        (PATTERN.format(3, "1 0 4 0 1 up"), "values in line"),
        ("", "no element elevationAntennaPattern/values"),
    ],
)
def test_malformed_patterns_are_refused(elevation: str, message: str) -> None:
    with pytest.raises(InputCorrupt, match=message):
        read_aux_cal(made_up_calibration(elevation))


def test_absent_records_are_refused() -> None:
    with pytest.raises(InputCorrupt, match="0 records of S4 VV"):
        read_aux_cal(made_up_calibration()).record("S4", "VV")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("EARTH_FIXED", "TRUE_OF_DATE", "frame TRUE_OF_DATE"),
        ("<UTC>UTC=2023-08-23T14:10:33", "<UTC>UTC=2023-08-23T14:10:03", "do not increase"),
        ('<X unit="m">3769667.121864</X>', "", "no element OSV/X"),
        ("3769667.121864", "nan", "finite"),
        ('count="1186"', 'count="1185"', "announces 1185"),
        ("UTC=2023-08-23T14:10:23.657814", "23.8.2023", "UTC in line"),
    ],
)
def test_malformed_orbits_are_refused(shared_data: Path, old: str, new: str, message: str) -> None:
    [path] = shared_data.glob("aux_s1/orbits/*V20230823T141024*.EOF")
    text = path.read_text()
    assert old in text
    with pytest.raises(InputCorrupt, match=message):
        read_orbit_file(text.replace(old, new, 1).encode())


@pytest.mark.parametrize("read", [read_aux_cal, read_aux_pp1, read_instrument, read_orbit_file])
def test_other_files_are_refused(read: Callable[[Any], Any], tmp_path: Path) -> None:
    with pytest.raises(InputCorrupt, match="root element is other"):
        read(etree.tostring(etree.Element("other")))
    with pytest.raises(InputMissing):
        read(tmp_path / "none.xml")
