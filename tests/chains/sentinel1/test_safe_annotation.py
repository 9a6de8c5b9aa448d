"""Annotation, calibration and noise: round trips of made-up and real ones, schemas, and what a malformed file says."""

import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import s1_products as made
from lxml import etree

from refsys.chains.sentinel1.safe.annotation_files import (
    read_annotation,
    read_calibration,
    read_noise,
    write_annotation,
    write_calibration,
    write_noise,
)
from refsys.chains.sentinel1.safe.annotation_series import StateVectors, seconds_since
from refsys.model.errors import InputCorrupt, InputMissing

KINDS = {"stripmap": made.STRIPMAP, "tops": made.TOPS, "ground": made.GROUND}
Read = Callable[[Path | bytes], Any]
Write = Callable[[Path, Any], None]
FILES: dict[str, tuple[Read, Write]] = {
    "product": (read_annotation, write_annotation),
    "calibration": (read_calibration, write_calibration),
    "noise": (read_noise, write_noise),
}
# Elements of which our values know nothing: written as 0, false or an empty list whatever a real file says.
UNKNOWN = (
    *("bitErrorCount", "pointingStatus", "Bound", "Flag", "DataGaps", "meanPgProduct", "stdDevPgProduct"),
    *("numInstrumentInputMissingLines", "numSsbErrorInputMissingLines"),
    *("rfiMitigation", "burstId"),  # added by a later version of the schema
)


def kind_of(path: str) -> str:
    name = path.rpartition("/")[2]
    return next((kind for kind in ("calibration", "noise") if name.startswith(kind)), "product")


def same(one: Any, other: Any) -> bool:
    """Equal by content, arrays with their dtype."""
    if isinstance(one, np.ndarray):
        return one.dtype.kind == other.dtype.kind and np.array_equal(one, other)
    if isinstance(one, tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def values(root: etree._Element) -> dict[str, Any]:
    """Every attribute and text of a document by its path, numbers as numbers."""
    found: dict[str, Any] = {}
    tree = root.getroottree()
    for element in root.iter():
        text = (element.text or "").strip()
        try:
            said: Any = [float(word) for word in text.split()]
        except ValueError:
            said = text
        found[tree.getpath(element)] = (said, {str(key): str(value) for key, value in element.items()})
    return found


def real_files(shared: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(shared.glob("s1_l1/*.SAFE/annotation/**/*.xml")):
        yield path.name, path.read_bytes()
    for archive in sorted(shared.glob("s1_l1/zips/*.zip")):
        with zipfile.ZipFile(archive) as files:
            for name in files.namelist():
                if "/annotation/" in name and name.endswith(".xml") and "/rfi/" not in name:
                    yield name, files.read(name)


def made_up(kind: made.Kind, name: str) -> Any:
    builds: dict[str, Callable[..., Any]] = {
        "product": made.annotation,
        "calibration": made.calibration,
        "noise": made.noise,
    }
    return builds[name](kind, kind.swaths[0], "VV", 1)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", KINDS)
def test_made_up_values_come_back(kind: str, name: str, tmp_path: Path) -> None:
    read, write = FILES[name]
    value = made_up(KINDS[kind], name)
    write(tmp_path / "a.xml", value)
    assert same(read(tmp_path / "a.xml"), value)


@pytest.fixture(scope="module")
def schemas(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, etree.XMLSchema]:
    """Schemas that came with a real product."""
    folder = tmp_path_factory.mktemp("schemas")
    [archive] = shared_data.glob("s1_l1/zips/S1A_IW_GRDH*.zip")
    with zipfile.ZipFile(archive) as files:
        for name in files.namelist():
            if name.endswith(".xsd"):
                (folder / Path(name).name).write_bytes(files.read(name))
    return {name: etree.XMLSchema(etree.parse(folder / f"s1-level-1-{name}.xsd")) for name in FILES}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", KINDS)
def test_made_up_files_fit_the_schema(
    kind: str, name: str, tmp_path: Path, schemas: dict[str, etree.XMLSchema]
) -> None:
    FILES[name][1](tmp_path / "a.xml", made_up(KINDS[kind], name))
    schemas[name].assertValid(etree.parse(tmp_path / "a.xml"))


def test_every_real_file_is_read_and_written_again_as_it_was(shared_data: Path, tmp_path: Path) -> None:
    kinds = dict.fromkeys(FILES, 0)
    for name, data in real_files(shared_data):
        kinds[kind_of(name)] += 1
        read, write = FILES[kind_of(name)]
        write(tmp_path / "a.xml", read(data))
        theirs, ours = values(etree.fromstring(data)), values(etree.parse(tmp_path / "a.xml").getroot())
        for path, (said, attributes) in theirs.items():
            if not any(word in path for word in UNKNOWN):
                assert ours[path] == (said, attributes), f"{name} {path}"
        assert not [path for path in ours if path not in theirs], name
    assert kinds == {"product": 11, "calibration": 8, "noise": 7}


def test_written_real_annotation_fits_the_schema(
    shared_data: Path, tmp_path: Path, schemas: dict[str, etree.XMLSchema]
) -> None:
    for path in shared_data.glob("s1_l1/S1?_*_SLC*/annotation/*.xml"):
        write_annotation(tmp_path / "a.xml", read_annotation(path))
        schemas["product"].assertValid(etree.parse(tmp_path / "a.xml"))


def test_values_of_a_real_stripmap_annotation(shared_data: Path) -> None:
    [path] = shared_data.glob("s1_l1/S1A_S3_SLC*/annotation/*.xml")
    said = read_annotation(path)
    assert said.header.start == datetime(2021, 4, 1, 15, 28, 55, 111501, tzinfo=UTC)
    assert (said.header.swath, said.header.polarisation, said.header.data_take_id) == ("S3", "VH", 287630)
    assert said.downlink[0].pulse_ramp_hz_per_s == 1.344932774550966e12
    assert said.downlink[0].rank == 10
    assert said.processing.swaths[0].azimuth_band.total_bandwidth_hz == 1399.0
    assert (len(said.doppler), len(said.fm_rates), said.grid.line.size) == (2, 13, 945)
    assert said.doppler[0].data.tolist() == [-4.562060e00, 1.150696e04, -2.888315e08]
    assert said.orbit.position_m.shape == (14, 3)
    assert said.orbit.velocity_m_s[0].tolist() == [2635.416477, 148.0460810, 7119.213157]
    assert said.antenna[0].pattern.shape == said.antenna[0].elevation_deg.shape == (595,)


def test_values_of_a_real_tops_annotation(shared_data: Path) -> None:
    [path] = shared_data.glob("s1_l1/S1B_IW_SLC*/annotation/s1b-iw1-slc-vv*.xml")
    said = read_annotation(path)
    assert (len(said.bursts), said.lines_per_burst, said.image.lines) == (9, 1501, 9 * 1501)
    first = said.bursts[0]
    assert (first.byte_offset, first.first_valid[0], first.first_valid[25]) == (108387, -1, 529)
    assert said.bursts[1].byte_offset - first.byte_offset == 1501 * 21632 * 4
    assert said.product.azimuth_steering_deg_per_s == 1.590368784


def test_real_calibration_relations(shared_data: Path) -> None:
    """Incidence by asin(beta^2 / sigma^2) lies within what the geolocation grid says, up to ellipsoid and terrain."""
    [path] = shared_data.glob("s1_l1/S1A_IW_GRDH_1SDV_20210809*/annotation/calibration/calibration*-vv-*.xml")
    vector = read_calibration(path).vectors[0]
    incidence = np.degrees(np.arcsin((vector.beta_nought / vector.sigma_nought) ** 2))
    assert incidence[[0, -1]] == pytest.approx([30.7525, 46.2468], abs=2e-4)
    by_gamma = np.degrees(np.arctan((vector.beta_nought / vector.gamma) ** 2))
    assert by_gamma == pytest.approx(incidence, abs=1e-4)


def test_orbit_counts_from_the_epoch() -> None:
    said = made.orbit()
    epoch = datetime(2013, 6, 1, 11, 59, 0, tzinfo=UTC)
    orbit = said.orbit(epoch)
    assert orbit.time_s[0] == pytest.approx(0.0, abs=1e-9)
    assert np.diff(orbit.time_s) == pytest.approx(np.full(12, 10.0))
    assert same(StateVectors.of(orbit, epoch), said)
    assert seconds_since(epoch, said.utc_ns)[-1] == pytest.approx(120.0)


def changed(text: bytes, old: bytes, new: bytes) -> bytes:
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"<product>", b"<calibration>", "malformed"),
        (b"<rank>10</rank>", b"", "no element downlinkValues/rank"),
        (b"<rank>10</rank>", b"<rank>ten</rank>", "rank in line"),
        (b"<roll>3.0e+01</roll>", b"<roll>nan</roll>", "finite"),
        (b'<orbitList count="13">', b'<orbitList count="12">', "holds 13 elements but announces 12"),
        (b'<elevationAngle count="3">', b'<elevationAngle count="4">', "holds 3 values but announces 4"),
        (b'<elevationAngle count="3">27.0', b'<elevationAngle count="3">inf', "not finite"),
        (b"1.0 0.1 0.5 0.0</elev", b"1.0 0.1 0.5</elev", "odd number"),
        (b"<pass>Ascending</pass>", b"", "no element productInformation/pass"),
        (b"<startTime>2013", b"<startTime>the year 2013", "startTime in line"),
        (b"<detectionPerformed>false", b"<detectionPerformed>no", "neither true nor false"),
    ],
)
def test_malformed_annotation_names_the_element(old: bytes, new: bytes, message: str, tmp_path: Path) -> None:
    write_annotation(tmp_path / "a.xml", made.annotation(made.STRIPMAP, "S3", "VV", 1))
    with pytest.raises(InputCorrupt, match=message):
        read_annotation(changed((tmp_path / "a.xml").read_bytes(), old, new))


def test_other_files_are_refused(tmp_path: Path) -> None:
    write_noise(tmp_path / "a.xml", made.noise(made.STRIPMAP, "S3", "VV", 1))
    with pytest.raises(InputCorrupt, match="root element is noise, not calibration"):
        read_calibration(tmp_path / "a.xml")
    with pytest.raises(InputMissing):
        read_annotation(tmp_path / "b.xml")


def test_what_has_no_spelling_is_not_written(tmp_path: Path) -> None:
    said = made.annotation(made.STRIPMAP, "S3", "VV", 1)
    with pytest.raises(ValueError, match="cannot be written"):
        write_annotation(tmp_path / "a.xml", said._replace(quality_index=float("nan")))
    short = said.terrain._replace(height_m=np.zeros(1))
    with pytest.raises(ValueError, match="columns of"):
        write_annotation(tmp_path / "a.xml", said._replace(terrain=short))
    assert not (tmp_path / "a.xml").exists()
