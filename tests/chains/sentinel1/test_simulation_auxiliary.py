"""The simulated auxiliary files are read by the readers of real ones, and say what the simulator does."""

import hashlib
import math
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from refsys.chains.extraction_manifests import aux_safe_draft
from refsys.chains.sentinel1.aux_ins import read_aux_ins
from refsys.chains.sentinel1.safe.aux_readers import read_aux_cal, read_aux_pp1, read_instrument, read_orbit_file
from refsys.chains.sentinel1.simulated_tables import simulated_tables
from refsys.chains.sentinel1.simulation.auxiliary import simulate_auxiliary
from refsys.chains.sentinel1.simulation.instrument import CARRIER_HZ, SUPPRESSED_S
from refsys.chains.sentinel1.simulation.orbit import EPOCH, SIMULATED_ORBIT, states
from refsys.model.names import EofName, S1AuxName

GAIN = 0.25


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    written = simulate_auxiliary(tmp_path_factory.mktemp("aux"), gain=GAIN)
    return {path.name[4:11] if path.suffix == ".SAFE" else "RESORB": path for path in written}


def annotation(product: Path) -> Path:
    (found,) = (product / "data").iterdir()
    return found


def test_folders_are_auxiliary_products(files: dict[str, Path]) -> None:
    assert sorted(files) == ["AUX_CAL", "AUX_INS", "AUX_PP1", "RESORB"]
    for kind in ("AUX_CAL", "AUX_INS", "AUX_PP1"):
        name = S1AuxName.parse(files[kind].name)
        draft = aux_safe_draft(files[kind])  # the checksums of its files are looked at
        assert (name.product_type, draft.product_type, draft.start.year) == (kind, kind, 2013)
        assert "Simulated" in (files[kind] / "manifest.safe").read_text()
        assert b"Simulated" in annotation(files[kind]).read_bytes()[:200]
        md5 = hashlib.md5(annotation(files[kind]).read_bytes()).hexdigest()
        assert etree.parse(files[kind] / "manifest.safe").findtext(".//checksum") == md5


def test_the_instrument_is_the_simulated_one(files: dict[str, Path]) -> None:
    path = annotation(files["AUX_INS"])
    said = read_instrument(path)
    assert (said.radar_frequency_hz, said.suppressed_s) == (CARRIER_HZ, SUPPRESSED_S)
    # Half the ramp rates of a real AUX_INS (S1A, 2014), and its steering rates.
    for swath, half_ramp, steering in (
        ("S3", 672466387275.4977, 0),
        ("IW1", 539115160627.9589, 1.590368784),
        ("IW2", 389640863756.0327, 0.979863325),
        ("IW3", 400725474535.2991, 1.397440818),
    ):
        assert said.swath(swath).phase[2] == pytest.approx(half_ramp, rel=1e-8)
        assert said.swath(swath).steering_deg_per_s == steering
        assert abs(said.swath(swath).phase[1]) < 2000
    assert said.calibration("S3", "VV").delay_s == 0
    aux = read_aux_ins(path)
    for one, other in zip(aux.baq.huffman_trees, simulated_tables().huffman_trees, strict=True):
        np.testing.assert_array_equal(one, other)


def test_patterns_are_those_of_the_simulated_antenna(files: dict[str, Path]) -> None:
    said = read_aux_cal(annotation(files["AUX_CAL"]))
    record = said.record("IW1", "VH")
    assert record.absolute_constant == GAIN**2
    angles, amplitude = record.elevation_angles_deg(), record.elevation_amplitude()
    assert amplitude.max() == pytest.approx(1, abs=1e-4)
    # Half the two-way power at the edges of the nominal beam, 26.72 and 31.67 degrees from nadir.
    edges = np.array([26.72, 31.67]) - 29.45
    np.testing.assert_allclose(np.interp(edges, angles, amplitude), math.sqrt(0.5), atol=1e-3)
    assert record.near_deg == pytest.approx(26.72)
    assert record.far_deg == pytest.approx(31.67)
    azimuth = np.interp([0.0, 0.1, -0.1], record.azimuth_angles_deg(), record.azimuth_amplitude())
    turns = 12.3 * math.sin(math.radians(0.1)) * CARRIER_HZ / 299_792_458.0
    np.testing.assert_allclose(azimuth, [1, np.sinc(turns) ** 2, np.sinc(turns) ** 2], rtol=1e-6)
    assert record.element_amplitude().tolist() == [1.0]


@pytest.mark.parametrize(("swath", "product", "bands"), [
    ("S3", "SM_SLC__1", (59.4e6, 0.75, 1399, 0.75)),
    ("IW1", "IW_SLC__1", (56.5e6, 0.75, 327, 0.70)),
    ("IW3", "IW_GRDH_1", (42.8e6, 0.75, 314, 0.75)),
])  # fmt: skip
def test_windows_are_those_of_the_swaths(
    files: dict[str, Path], swath: str, product: str, bands: tuple[float, ...]
) -> None:
    said = read_aux_pp1(annotation(files["AUX_PP1"])).product(product).swath(swath)
    found = [(band.processing_bandwidth_hz, band.window_coefficient) for band in (said.range_band, said.azimuth_band)]
    assert (*found[0], *found[1]) == bands
    assert said.gain("VV") == 1


def test_the_orbit_file_holds_the_orbit(files: dict[str, Path]) -> None:
    path = files["RESORB"]
    name = EofName.parse(path.name)
    assert name.product_type == "AUX_RESORB"
    said = read_orbit_file(path)
    assert (said.mission, said.start) == ("Sentinel-1A", EPOCH - timedelta(minutes=20))
    orbit = said.orbit(EPOCH, EPOCH - timedelta(seconds=60), EPOCH + timedelta(seconds=100))
    assert orbit.time_s.tolist() == [10.0 * k for k in range(-6, 11)]
    positions, velocities = states(SIMULATED_ORBIT, orbit.time_s)
    np.testing.assert_allclose(orbit.position_m, positions, rtol=0, atol=5.1e-7)
    np.testing.assert_allclose(orbit.velocity_m_s, velocities, rtol=0, atol=5.1e-7)
    # At the epoch the satellite has passed the node of orbit 100; twenty minutes earlier it had not.
    numbers = dict(zip(said.vectors.utc_ns.tolist(), said.vectors.absolute_orbit.tolist(), strict=True))
    assert numbers[int(EPOCH.timestamp()) * 1_000_000_000] == 100
    assert min(numbers.values()) == 99
    text = path.read_text()
    assert "<TAI>TAI=2013-06-01T12:00:35.000000</TAI>" in text
    assert "<UTC>UTC=2013-06-01T12:00:00.000000</UTC>" in text


def test_the_same_files_are_written_again(files: dict[str, Path], tmp_path: Path) -> None:
    for path in simulate_auxiliary(tmp_path, gain=GAIN)[:3]:
        assert annotation(path).read_bytes() == annotation(files[path.name[4:11]]).read_bytes()
